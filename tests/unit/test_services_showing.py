"""A status that cannot be shown, and a bug: how often it is tried again, and who hears of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.support.builders_world import VENDOR_TIMEOUT, World
from tieout.domain.errors import ConnectionLost, OutcomeUnknown, RateLimited, StoreUnavailable, Transient
from tieout.domain.hint import Cause
from tieout.domain.record import SHOWN_UNKNOWN, State
from tieout.ports import Crm, Ledger, PreparedWrite
from tieout.services.outcome import Result


class Instead:
    """A port of which one method does something else."""

    def __init__(self, port: object, method: str, instead: Any) -> None:
        self._port = port
        setattr(self, method, instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


@contextmanager
def statuses_fail(world: World, error: Exception) -> Iterator[list[int]]:
    """HubSpot answers every status update with `error`; gives how many statuses each try had."""
    tries: list[int] = []

    def fail(statuses: Mapping[str, object]) -> Collection[str]:
        tries.append(len(statuses))
        raise error

    crm = world.crm
    world.crm = cast("Crm", Instead(crm, "show_statuses", fail))
    yield tries
    world.crm = crm


def pauses(world: World, id_: str, times: int) -> list[float]:
    """How long it is until each next look, letting the time pass."""
    found = []
    for _ in range(times):
        due_at = world.record(id_).due_at
        assert due_at is not None
        found.append((due_at - world.clock.now()).total_seconds())
        world.clock.advance(found[-1])
        world.sync(id_, Cause.DUE)
    return found


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Transient(), [60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (OutcomeUnknown(), [60, 120, 240]),
        (ConnectionLost(), [900, 900, 900, 900, 960, 1920, 3600, 3600]),
        (RateLimited(retry_after=3000), [3000, 3000]),
    ],
)
def test_a_status_that_cannot_be_shown_is_tried_less_and_less(error: Exception, expected: list[float]) -> None:
    world = World()
    id_ = world.invoice()
    with statuses_fail(world, error):
        world.sync(id_)
        assert pauses(world, id_, len(expected)) == expected
        record = world.record(id_)
        assert (record.state, record.shown) == (State.SYNCED, SHOWN_UNKNOWN)
    world.run()
    assert world.shown(id_) == "in_sync"
    assert (world.record(id_).attempts, world.record(id_).due_at) == (0, None)


def test_a_record_that_waits_anyhow_does_not_wake_earlier_because_its_status_cannot_be_shown() -> None:
    world = World()
    id_ = world.invoice()
    world.ledger = cast("Ledger", Instead(world.ledger, "company", lambda: raised(ConnectionLost())))
    with statuses_fail(world, Transient()) as tries:
        world.sync(id_)
        assert pauses(world, id_, 6) == [900] * 6
        assert tries


def raised(error: Exception) -> None:
    raise error


def test_that_the_status_cannot_be_shown_is_told_with_the_outcome() -> None:
    world = World()
    id_ = world.invoice()
    with statuses_fail(world, ConnectionLost()):
        [outcome] = world.push(world.hint(id_))
    assert (outcome.result, outcome.state, outcome.unshown) == (Result.HANDLED, State.SYNCED, "connection_lost")
    [outcome] = world.push(world.hint(id_, Cause.RETRY))
    assert outcome.unshown == ""


def broken_updates(world: World) -> None:
    """Planning an update hits a bug."""

    def bug(*_: object) -> PreparedWrite:
        raise ZeroDivisionError

    world.ledger = cast("Ledger", Instead(world.ledger, "prepare_invoice_update", bug))


def test_a_bug_on_a_settled_record_fails_its_message_each_time_it_is_delivered() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_comments="Changed")
    broken_updates(world)
    hint = world.hint(id_)
    assert [world.push(hint)[0].result for _ in range(5)] == [Result.FAILED] * 5


def test_a_bug_that_lasts_is_shown_although_the_record_was_in_sync() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_comments="Changed")
    broken_updates(world)
    world.sync(id_)
    record = world.record(id_)
    assert (record.state, record.due_at) == (State.SYNCED, world.clock.now() + VENDOR_TIMEOUT)
    for _ in range(3):
        record = world.sync(id_)
    assert (record.state, record.reason) == (State.WAITING, "internal_error")
    assert world.shown(id_) == "working"


def test_a_group_that_keeps_failing_is_not_halved_after_the_deadline() -> None:
    world = World()
    ids = [world.invoice() for _ in range(16)]
    asked: list[int] = []

    def slow(wanted: Collection[str], _: Sequence[str] = ()) -> Any:
        asked.append(len(wanted))
        world.clock.advance(4)
        raise Transient(context={"status": "400"})

    world.crm = cast("Crm", Instead(world.crm, "invoices", slow))
    world.push(*map(world.hint, ids), deadline=world.clock.now() + timedelta(seconds=10))
    assert asked == [16, 8, 4]
    reasons = [world.record(id_).reason for id_ in ids]
    assert reasons == ["vendor_unavailable"] * 4 + ["out_of_time"] * 12
    assert {world.record(id_).lease_owner for id_ in ids} == {None}


def test_a_settled_record_whose_tries_were_in_vain_starts_anew_after_a_success() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.records.put(replace(world.record(id_), attempts=5, shown="something else"))
    assert world.sync(id_, Cause.RETRY).attempts == 0


def test_a_store_that_does_not_answer_is_asked_once_for_the_whole_group(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    ids = [world.invoice() for _ in range(8)]
    asked: list[int] = []

    def throttled(keys: Collection[object]) -> Any:
        asked.append(len(keys))
        raise StoreUnavailable(context={"system": "dynamodb", "says": "ThrottlingException"})

    with monkeypatch.context() as patch:
        patch.setattr(world.records, "get_many", throttled)
        outcomes = world.push(*map(world.hint, ids))
    assert len(asked) == 1
    assert {(one.result, one.reason) for one in outcomes} == {(Result.PARKED, "store_unavailable")}
    world.run()
    assert {world.record(id_).state for id_ in ids} == {State.SYNCED}
