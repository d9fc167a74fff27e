"""What a back-fill takes in is followed whatever its date, and nothing else is."""

from __future__ import annotations

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_world import World
from tieout.domain.claim import ClaimVerdict, judge_claim
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.services.outcome import Result
from tieout.services.work import strongest

RUN = "backfill-20260301-120000"


def test_an_invoice_from_before_the_cutover_date_is_taken_in_by_a_back_fill_and_by_nothing_else() -> None:
    world = World()
    world.settings(cutover_date="2026-03-15")
    invoice = world.invoice()
    assert world.sync(invoice).reason == "before_cutover"
    assert world.sync(invoice, Cause.RETRY).reason == "before_cutover"
    [outcome] = world.push(world.hint(invoice, Cause.BACKFILL, trace_id=RUN))
    assert (outcome.result, world.record(invoice).state, world.record(invoice).run) == (
        Result.HANDLED,
        State.SYNCED,
        RUN,
    )
    world.edit(invoice, hs_due_date="2026-04-30T00:00:00Z")
    assert world.sync(invoice).state is State.SYNCED
    [row] = world.booked()
    assert row["DueDate"] == "2026-04-30"


def test_what_was_taken_in_and_could_not_be_finished_is_finished_by_any_worker() -> None:
    world = World()
    world.settings(cutover_date="2026-03-15")
    invoice = world.invoice()
    world.fault("status_500", times=1)
    [outcome] = world.push(world.hint(invoice, Cause.BACKFILL, trace_id=RUN))
    assert outcome.result is Result.PARKED
    world.run()
    assert world.record(invoice).state is State.SYNCED
    assert len(world.booked()) == 1


def test_its_trail_bears_the_run() -> None:
    world = World()
    invoice = world.invoice()
    world.push(world.hint(invoice, Cause.BACKFILL, trace_id=RUN))
    assert {line.trace_id for line in world.records.trail(world.record(invoice).key)} == {RUN}


def test_the_run_that_took_it_in_stays() -> None:
    world = World()
    invoice = world.invoice()
    world.push(world.hint(invoice, Cause.BACKFILL, trace_id=RUN))
    world.push(world.hint(invoice, Cause.BACKFILL, trace_id="backfill-20260302-120000"))
    world.sync(invoice, Cause.RETRY)
    assert world.record(invoice).run == RUN


def test_a_quickbooks_invoice_from_before_the_cutover_date_is_taken_in_and_followed() -> None:
    world = MirrorWorld()
    world.settings(cutover_date="2026-03-15")
    row = world.billed(TxnDate="2026-03-01", DueDate="2026-03-31")
    assert world.show(row).reason == "before_cutover"
    world.push(world.hint(str(row["Id"]), Cause.BACKFILL, trace_id=RUN, object=world.own_hint(row).object))
    assert (world.mirror(row).state, world.mirror(row).run) == (State.SYNCED, RUN)
    world.rebook(row, DueDate="2026-04-30")
    assert world.show(row).state is State.SYNCED
    shown = world.in_hubspot(world.shown_id(row), "hs_due_date")
    assert shown["hs_due_date"].startswith("2026-04-30")


def test_a_back_fill_looks_at_what_is_covered() -> None:
    world = World()
    invoice = world.invoice()
    world.sync(invoice)
    record, now = world.record(invoice), world.clock.now()
    assert judge_claim(record, world.hint(invoice, occurred_at=record.covered_until), now) is ClaimVerdict.COVERED
    taken = world.hint(invoice, Cause.BACKFILL, occurred_at=record.covered_until)
    assert judge_claim(record, taken, now) is ClaimVerdict.TAKE


@pytest.mark.parametrize("cause", [Cause.WEBHOOK, Cause.SWEEP, Cause.DUE, Cause.AGAIN])
def test_of_several_hints_about_a_record_the_back_fill_stands_for_all_but_a_person(cause: Cause) -> None:
    world = World()
    taken, other = world.hint("1", Cause.BACKFILL), world.hint("1", cause)
    assert strongest([other, taken]) is taken
    assert strongest([taken, world.hint("1", Cause.RETRY)]).cause is Cause.RETRY
