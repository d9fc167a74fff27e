"""A back-fill that is stopped anywhere goes on: nothing is doubled, nothing is left, and workers may run beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from infra.sandbox.kernel.transport import SandboxTransport
from tests.support.builders_backfill_world import RUN, BackfillWorld
from tieout.domain.claim import ClaimVerdict
from tieout.domain.errors import StoreUnavailable
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.backfill import Step
from tieout.services.outcome import Result
from tieout.services.patience import Patience

Calls = Callable[[SandboxTransport, httpx.Request], httpx.Response]


class _Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, at: int, *, answered: bool) -> Iterator[None]:
    """The process dies at this vendor call: before it is sent, or after it was carried out and before its answer."""
    call: Calls = SandboxTransport.handle_request
    calls = count()

    def handle(self: SandboxTransport, request: httpx.Request) -> httpx.Response:
        here = next(calls) == at
        if here and not answered:
            raise _Killed
        response = call(self, request)
        if here:
            raise _Killed
        return response

    with monkeypatch.context() as patch:
        patch.setattr(SandboxTransport, "handle_request", handle)
        yield


def _scene() -> tuple[BackfillWorld, str, str, dict[str, Any]]:
    """One to be sent, one to be adopted, one to be shown."""
    world = BackfillWorld()
    made, adopted = world.invoice(), world.invoice()
    world.by_hand(adopted)
    return world, made, adopted, world.billed(TxnDate="2026-03-01", DocNumber="QB-1")


def _calls() -> int:
    world, *_ = _scene()
    outlook = world.outlook()
    before = world.calls
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    return world.calls - before


@pytest.mark.parametrize("answered", [False, True])
def test_a_process_that_dies_at_any_call_leaves_nothing_that_the_next_run_does_not_mend(
    monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    for at in range(0, _calls(), 1 if answered else 3):
        world, made, adopted, row = _scene()
        outlook = world.outlook()
        with killed(monkeypatch, at, answered=answered), pytest.raises(_Killed):
            list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
        # Longer than a lease, and than QuickBooks may still carry a request out.
        world.clock.advance(300)
        world.fill()
        states = {world.record(made).state, world.record(adopted).state, world.mirror(row).state}
        assert states == {State.SYNCED}, at
        assert len(world.booked()) == 3, at
        shown = [one for one in world.hubspot.store.records["0-53"].values() if one.get("hs_number") == "QB-1"]
        assert len(shown) == 1, at
        assert {world.record(made).run, world.record(adopted).run, world.mirror(row).run} == {RUN}, at


def test_what_a_worker_holds_is_looked_at_again_when_it_is_done() -> None:
    world = BackfillWorld()
    made = world.invoice()
    outlook = world.outlook()
    held = world.claims.take(RecordKey("c1", Kind.INVOICE, "hubspot", made), world.hint(made))
    assert not isinstance(held, ClaimVerdict)
    done = [one for some in world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN) for one in some]
    # The lease ran out meanwhile: the back-fill waited for it.
    assert [(one.result, one.state) for one in done] == [(Result.HANDLED, State.SYNCED)]
    assert len(world.booked()) == 1


def test_a_worker_that_is_done_soon_is_not_waited_for_until_its_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world = BackfillWorld()
    made = world.invoice()
    outlook = world.outlook()
    held = world.claims.take(RecordKey("c1", Kind.INVOICE, "hubspot", made), world.hint(made))
    assert not isinstance(held, ClaimVerdict)
    began, sleep = world.clock.now(), world.clock.sleep

    def working(seconds: float) -> None:
        sleep(seconds)
        mine = world.record(made).lease_owner == held.record.lease_owner
        if mine and began + timedelta(seconds=5) <= world.clock.now():
            world.claims.release(held, held.record)

    monkeypatch.setattr(world.clock, "sleep", working)
    done = [one for some in world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN) for one in some]
    assert [(one.result, one.state) for one in done] == [(Result.HANDLED, State.SYNCED)]
    assert world.clock.now() - began < timedelta(seconds=15)


def test_a_worker_that_does_not_end_is_waited_for_no_longer_than_patience_lasts() -> None:
    world = BackfillWorld()
    made = world.invoice()
    outlook = world.outlook()
    world.claims.take(RecordKey("c1", Kind.INVOICE, "hubspot", made), world.hint(made))
    began = world.clock.now()
    carrying = replace(world.backfill, patience=Patience(world.clock, longest=10.0)).carry_out(outlook.matches)
    done = [one for some in carrying.run(outlook.to_be_done, RUN) for one in some]
    assert [one.result for one in done] == [Result.BUSY]
    # Eight looks, and between them no more than that.
    assert world.clock.now() - began == timedelta(seconds=7 * 10)


def test_a_store_that_does_not_answer_while_a_worker_is_waited_for_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = BackfillWorld()
    made = world.invoice()
    outlook = world.outlook()
    assert not isinstance(
        world.claims.take(RecordKey("c1", Kind.INVOICE, "hubspot", made), world.hint(made)), ClaimVerdict
    )
    asked, real = count(), world.records.get_many

    def failing(keys: Collection[RecordKey]) -> Mapping[RecordKey, SyncRecord]:
        if next(asked) == 0:
            raise StoreUnavailable
        return real(keys)

    monkeypatch.setattr(world.records, "get_many", failing)
    done = [one for some in world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN) for one in some]
    assert [(one.result, one.state) for one in done] == [(Result.HANDLED, State.SYNCED)]
    assert next(asked) > 1


def test_a_worker_that_takes_the_same_invoice_meanwhile_makes_no_second_one() -> None:
    world = BackfillWorld()
    world.settings(cutover_date=None)
    made = world.invoice()
    outlook = world.outlook()
    world.sync(made)
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    assert len(world.booked()) == 1
    assert world.record(made).state is State.SYNCED


def test_an_outage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world = BackfillWorld()
    made = [world.invoice() for _ in range(3)]
    outlook = world.outlook()
    world.fault("status_500", times=4)
    done = [one for some in world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN) for one in some]
    assert {one.planned.key.origin_id for one in done} == set(made)
    assert {(one.result, one.state) for one in done} == {(Result.HANDLED, State.SYNCED)}
    assert len(world.booked()) == 3


def test_a_vendor_that_asks_for_a_pause_while_it_is_planned_gets_one() -> None:
    world = BackfillWorld()
    made = world.invoice()
    world.hubspot_fault("status_429", "/invoices/search", times=1)
    world.fault("status_500", times=1, method="GET", path="/query")
    before = world.clock.now()
    assert world.steps() == {made: Step.CREATE}
    assert world.clock.now() > before


def test_what_has_to_wait_longer_is_told_and_left_to_the_workers() -> None:
    world = BackfillWorld()
    world.invoice()
    outlook = world.outlook()
    world.fault("status_500", times=1000)
    done = [one for some in world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN) for one in some]
    assert [one.result for one in done] == [Result.PARKED]
    assert done[0].reason
    world.quickbooks.faults.clear()
    world.run(most=60)
    assert len(world.booked()) == 1


def test_hints_of_a_back_fill_name_their_run() -> None:
    world = BackfillWorld()
    made = world.invoice()
    [planned] = world.outlook().to_be_done
    hint = planned.hint(RUN, world.clock.now())
    assert (hint.id, hint.cause, hint.trace_id) == (made, Cause.BACKFILL, RUN)


@pytest.mark.parametrize("change", [{}, {"DocNumber": "1043"}])
@pytest.mark.parametrize("at", range(5))
def test_what_a_run_left_behind_is_not_created_by_a_worker_where_it_may_stand_already(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], at: int
) -> None:
    world = BackfillWorld()
    made = world.invoice()
    row = world.by_hand(made, **change)
    outlook = world.outlook()
    with killed(monkeypatch, at, answered=False), suppress(_Killed):
        list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    # Nobody calls the back-fill again: the sweep finds the record, and a worker looks at it.
    world.clock.advance(3600)
    world.run()
    assert len(world.booked()) == 1
    assert world.record(made).reason in ("", "adoption_unclear")
    if change:
        world.rebook(row, DocNumber=world.number(made))
    world.fill()
    assert world.key_of(row) == world.record(made).key
    assert len(world.booked()) == 1


def test_what_had_to_wait_is_not_created_by_a_worker_where_it_stands_already() -> None:
    world = BackfillWorld()
    made = world.invoice()
    row = world.by_hand(made)
    outlook = world.outlook()
    world.fault("status_500", times=500, method="GET", path="/query")
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    world.quickbooks.faults.clear()
    world.clock.advance(3600)
    world.run()
    assert len(world.booked()) == 1
    world.fill()
    assert world.key_of(row) == world.record(made).key
