"""When a vendor, the queue or our own code fails: what waits, what is told, and that neighbours do not suffer."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from tests.support.builders import usd
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause
from tieout.domain.record import SHOWN_UNKNOWN, State
from tieout.domain.status import ShownStatus
from tieout.ports import Crm, Ledger, Workspace
from tieout.services.outcome import Result


@pytest.fixture
def world() -> World:
    return World()


class Broken:
    """A port of which one method does something else."""

    def __init__(self, port: object, method: str, instead: Callable[..., Any]) -> None:
        self._port = port
        setattr(self, method, instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


def test_a_throttled_call_waits_as_long_as_the_vendor_asks(world: World) -> None:
    id_ = world.invoice()
    world.fault("status_429")
    record = world.sync(id_)
    assert (record.state, record.reason, record.intent) == (State.WAITING, "rate_limited", None)
    assert record.due_at == world.clock.now() + timedelta(seconds=60)
    assert world.shown(id_) is None
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert len(world.booked()) == 1


def test_when_our_own_limiter_refuses_nothing_is_called_and_the_record_waits(world: World) -> None:
    id_ = world.invoice()
    world.limiter.refuse("c1", "hubspot", 30)
    before = world.calls
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.WAITING, "rate_limited")
    assert world.calls == before
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_a_dead_token_makes_every_record_wait_without_a_flood_and_one_later_success_ends_it(world: World) -> None:
    ids = [world.invoice() for _ in range(3)]
    good = world.tokens.load("c1")
    assert good is not None
    world.tokens.save("c1", replace(good, access_token="revoked", refresh_token="revoked", version=2))
    world.push(*map(world.hint, ids))
    for id_ in ids:
        record = world.record(id_)
        assert (record.state, record.reason) == (State.WAITING, "connection_lost")
        assert record.due_at == world.clock.now() + timedelta(minutes=15)
    before = world.calls
    world.push(*(world.hint(id_, Cause.DUE) for id_ in ids))
    assert world.calls == before
    world.tokens.save("c1", replace(good, version=3))
    world.run()
    assert {world.record(id_).state for id_ in ids} == {State.SYNCED}
    assert len(world.booked()) == 3


def test_a_closed_period_is_attention_with_quickbooks_own_words_and_a_retry_after_opening_succeeds() -> None:
    world = World(book_close_date=date(2026, 3, 31))
    id_ = world.invoice()
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.PERIOD_CLOSED)
    assert record.detail
    assert record.intent is None
    assert world.hints.queued == []
    assert world.shown(id_) == "needs_attention"


def test_quickbooks_down_is_waited_for_with_growing_pauses(world: World) -> None:
    id_ = world.invoice()
    world.fault("status_500", method="GET", path="/query$", times=3)
    pauses = []
    for _ in range(3):
        record = world.sync(id_)
        assert (record.state, record.reason) == (State.WAITING, "vendor_unavailable")
        assert record.due_at is not None
        pauses.append((record.due_at - world.clock.now()).total_seconds())
        world.clock.advance(pauses[-1])
    assert pauses == [5, 10, 20]
    assert world.sync(id_).attempts == 0


def test_hubspot_down_is_waited_for(world: World) -> None:
    id_ = world.invoice()
    world.hubspot_fault("status_500", "/batch/read")
    assert world.sync(id_).reason == "vendor_unavailable"
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_hubspot_down_at_the_write_back_does_not_hold_up_the_books_and_the_status_follows(world: World) -> None:
    id_ = world.invoice()
    world.hubspot_fault("status_500", "/batch/update")
    record = world.sync(id_)
    assert (record.state, record.shown) == (State.SYNCED, SHOWN_UNKNOWN)
    assert len(world.booked()) == 1
    assert world.shown(id_) is None
    [hint] = world.hints.queued
    assert hint.cause is Cause.DUE
    world.run()
    assert world.shown(id_) == "in_sync"
    assert world.record(id_).shown
    assert len(world.booked()) == 1


def test_a_status_that_hubspot_refuses_is_tried_once_more_and_not_for_ever(world: World) -> None:
    id_ = world.invoice()
    refusals = []

    def refuse(statuses: Mapping[str, ShownStatus]) -> Mapping[str, str]:
        refusals.append(statuses)
        return dict.fromkeys(statuses, "no")

    world.crm = cast("Crm", Broken(world.crm, "show_statuses", refuse))
    assert world.sync(id_).state is State.SYNCED
    world.run()
    assert len(refusals) == 2
    assert world.record(id_).wake_at() is None


def test_a_bug_in_showing_the_status_gives_every_record_back_and_fails_their_messages(world: World) -> None:
    ids = [world.invoice() for _ in range(2)]

    def broken(_: Mapping[str, ShownStatus]) -> Mapping[str, str]:
        raise ZeroDivisionError

    world.crm = cast("Crm", Broken(world.crm, "show_statuses", broken))
    outcomes = world.push(*map(world.hint, ids))
    assert {outcome.result for outcome in outcomes} == {"failed"}
    assert {(world.record(id_).state, world.record(id_).lease_owner) for id_ in ids} == {(State.SYNCED, None)}


def test_a_bug_in_one_record_fails_its_message_and_not_its_neighbours(world: World) -> None:
    ids = [world.invoice() for _ in range(3)]
    bad = world.number(ids[1])
    create = world.ledger.prepare_invoice

    def broken(content: Any, *rest: Any) -> Any:
        if content.number == bad:
            raise ZeroDivisionError("a bug")
        return create(content, *rest)

    world.ledger = cast("Ledger", Broken(world.ledger, "prepare_invoice", broken))
    outcomes = world.push(*map(world.hint, ids))
    assert [outcome.result for outcome in outcomes] == ["handled", "failed", "handled"]
    assert isinstance(outcomes[1].error, ZeroDivisionError)
    assert world.record(ids[0]).state is world.record(ids[2]).state is State.SYNCED
    stuck = world.record(ids[1])
    assert (stuck.state, stuck.reason, stuck.lease_owner) == (State.WAITING, "internal_error", None)
    assert stuck.wake_at() == stuck.due_at == world.clock.now() + VENDOR_TIMEOUT
    world.ledger = cast("Ledger", world.ledger._port)  # type: ignore[attr-defined]  # the bug is mended
    world.run()
    assert world.record(ids[1]).state is State.SYNCED


def test_a_failed_grouped_read_parks_the_whole_batch_and_loses_none(world: World) -> None:
    ids = [world.invoice() for _ in range(3)]
    world.hubspot_fault("timeout_before", "/batch/read")
    outcomes = world.push(*map(world.hint, ids))
    assert {(outcome.result, outcome.state) for outcome in outcomes} == {(Result.PARKED, "waiting")}
    world.run()
    assert {world.record(id_).state for id_ in ids} == {State.SYNCED}


def test_an_invoice_whose_own_read_hubspot_refuses_does_not_stop_the_others(world: World) -> None:
    ids = [world.invoice() for _ in range(4)]
    read = world.crm.invoices

    def picky(asked: Collection[str], *rest: Any) -> Any:
        if ids[2] in asked:
            raise Transient(context={"status": "400"})
        return read(asked, *rest)

    world.crm = cast("Crm", Broken(world.crm, "invoices", picky))
    outcomes = world.push(*map(world.hint, ids))
    assert [outcome.result for outcome in outcomes] == [Result.HANDLED, Result.HANDLED, Result.PARKED, Result.HANDLED]
    assert len(world.booked()) == 3


def test_a_connection_that_cannot_be_opened_fails_its_own_hints_alone(world: World) -> None:
    id_ = world.invoice()
    opened = world.open

    def broken(connection: str) -> Workspace | None:
        if connection == "c2":
            raise KeyError(connection)
        return opened(connection)

    setattr(world, "open", broken)  # noqa: B010 - a connection without its secret
    outcomes = world.push(replace(world.hint(id_), connection="c2"), world.hint(id_))
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.HANDLED]


def test_what_comes_after_the_deadline_is_handed_back_to_the_queue_untouched(world: World) -> None:
    id_ = world.invoice()
    hint = world.hint(id_)
    before = world.calls
    [outcome] = world.push(hint, deadline=world.clock.now())
    assert (outcome.result, outcome.reason) == (Result.BUSY, "out_of_time")
    assert world.calls == before
    assert world.hints.queued == [hint]
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_when_the_deadline_passes_during_the_read_nothing_is_written_and_the_record_comes_back_at_once(
    world: World,
) -> None:
    id_ = world.invoice()
    read = world.crm.invoices

    def slow(*given: Any) -> Any:
        world.clock.advance(30)
        return read(*given)

    world.crm = cast("Crm", Broken(world.crm, "invoices", slow))
    world.push(world.hint(id_), deadline=world.clock.now() + timedelta(seconds=30))
    record = world.record(id_)
    assert (record.state, record.reason, record.attempts) == (State.WAITING, "out_of_time", 0)
    assert world.booked() == world.booked("Customer") == []
    assert record.due_at == world.clock.now() + timedelta(seconds=1)
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_a_wait_within_the_queues_reach_is_a_delayed_message_and_a_longer_one_is_left_to_the_sweep(
    world: World,
) -> None:
    id_ = world.invoice()
    world.limiter.refuse("c1", "hubspot", 600)
    world.sync(id_)
    assert [hint.cause for hint in world.hints.queued] == [Cause.DUE]
    other = world.invoice()
    world.hints.pop_due(world.clock.now() + timedelta(hours=1))
    world.limiter.refuse("c1", "hubspot", 7200)
    record = world.sync(other)
    assert world.hints.queued == []
    assert record.wake_at() == record.due_at


def test_a_persons_retry_that_has_to_wait_stays_a_persons_retry(world: World) -> None:
    id_ = world.invoice()
    world.limiter.refuse("c1", "hubspot", 30)
    world.sync(id_, Cause.RETRY)
    assert [hint.cause for hint in world.hints.queued] == [Cause.RETRY]


def test_a_wish_to_create_a_deleted_invoice_again_survives_a_failure(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.push(world.ledger_hint(row))
    world.hubspot_fault("status_500", "/batch/read")
    record = world.sync(id_, Cause.RETRY)
    assert record.state is State.DELETED_IN_LEDGER
    assert [hint.cause for hint in world.hints.queued] == [Cause.RETRY]
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.record(id_).generation == 1


def test_when_the_queue_refuses_the_wake_up_the_sweep_finds_the_record(world: World) -> None:
    id_ = world.invoice()
    world.hubspot_fault("status_500", "/batch/read")
    world.hints.refuse_next(1)
    world.push(world.hint(id_))
    record = world.record(id_)
    assert world.hints.queued == []
    assert record.wake_at() is not None
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_a_total_that_quickbooks_answers_differently_is_attention_and_says_both(world: World) -> None:
    id_ = world.invoice()
    create = world.ledger.post_invoice
    world.ledger = cast(
        "Ledger", Broken(world.ledger, "post_invoice", lambda *given: replace(create(*given), total=usd("361.00")))
    )
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    told = "HubSpot says 360.00 USD, QuickBooks says 361.00 USD. Tieout voided the new QuickBooks invoice again."
    assert record.detail == told
    assert record.link is not None
