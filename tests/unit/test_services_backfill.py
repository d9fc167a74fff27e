"""A back-fill takes in what is older than the cut-over date: in both directions, once, and as often as it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.support.builders_backfill_world import RUN, BackfillWorld
from tieout.domain.errors import ConnectionLost
from tieout.domain.hint import Cause, HintObject
from tieout.domain.planning.adoption import Same, Unclear
from tieout.domain.record import Kind, Link, RecordKey, State
from tieout.services.backfill import Phase, Step
from tieout.services.outcome import Result


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()


# -- the plan


def test_the_plan_names_every_invoice_of_both_systems_and_writes_nothing(world: BackfillWorld) -> None:
    made, draft = world.invoice(), world.invoice(status="draft")
    row = world.billed(TxnDate="2026-03-01")
    before = list(world.records)
    posts = _writes(world)
    steps = world.steps()
    assert steps == {made: Step.CREATE, draft: Step.LEAVE, str(row["Id"]): Step.CREATE}
    assert _writes(world) == posts
    assert list(world.records) == before
    assert not world.hints.pop_due(limit=10)


def test_what_is_dated_earlier_is_not_found(world: BackfillWorld) -> None:
    world.invoice(hs_invoice_date="2026-02-28T00:00:00Z")
    world.billed(TxnDate="2026-02-28")
    first = world.invoice(hs_invoice_date="2026-03-01T00:00:00Z")
    # A quarter to eight in the evening of the last of February in the portal's time zone.
    world.invoice(hs_invoice_date="2026-03-01T00:45:00Z")
    assert world.steps(since=date(2026, 3, 1)) == {first: Step.CREATE}


def test_a_direction_plans_only_its_own(world: BackfillWorld) -> None:
    made, row = world.invoice(), world.billed(TxnDate="2026-03-01")
    assert world.steps(to_hubspot=False) == {made: Step.CREATE}
    assert world.steps(to_quickbooks=False) == {str(row["Id"]): Step.CREATE}


def test_the_plan_says_who_when_and_how_much(world: BackfillWorld) -> None:
    made = world.invoice(company=world.company("Globex"))
    planned = world.planned(made)
    assert (planned.number, planned.day, str(planned.total)) == (world.number(made), date(2026, 3, 1), "360.00 USD")
    assert planned.customer == "Globex"


def test_how_far_it_has_come_is_told(world: BackfillWorld) -> None:
    world.invoice()
    world.billed(TxnDate="2026-03-01")
    told: list[tuple[Phase, int, int | None]] = []
    world.outlook(lambda *one: told.append(one))
    assert (Phase.FIND_HUBSPOT, 1, None) in told
    assert (Phase.FIND_QUICKBOOKS, 1, None) in told
    assert (Phase.PLAN, 1, 1) in told


# -- carrying it out


def test_both_directions_are_filled(world: BackfillWorld) -> None:
    made, row = world.invoice(), world.billed(TxnDate="2026-03-01")
    done = world.fill()
    assert {(one.result, one.state) for one in done} == {(Result.HANDLED, State.SYNCED)}
    assert world.record(made).run == world.mirror(row).run == RUN
    assert len(world.booked()) == 2
    assert str(world.standing(row).total) == "360.00 USD"


def test_a_second_run_finds_nothing_to_do_and_asks_nothing_but_what_is_there(world: BackfillWorld) -> None:
    made, row = world.invoice(), world.billed(TxnDate="2026-03-01")
    world.fill()
    calls, reads = world.calls, world.quickbooks.company.reads
    outlook = world.outlook()
    assert {one.step for one in outlook.planned} == {Step.IN_SYNC}
    assert {one.key.origin_id for one in outlook.planned} == {made, str(row["Id"])}
    assert outlook.to_be_done == ()
    # One search, and one page of QuickBooks' invoices.
    assert (world.calls - calls, world.quickbooks.company.reads - reads) == (2, 1)
    calls, reads = world.calls, world.quickbooks.company.reads
    world.outlook(to_hubspot=False)
    assert (world.calls - calls, world.quickbooks.company.reads - reads) == (1, 0)


def test_one_bad_invoice_stops_no_other(world: BackfillWorld) -> None:
    bad, good = world.invoice(product="Unheard of"), world.invoice()
    world.settings(cutover_date="2026-04-01", fallback_item_id=None)
    planned = world.outlook(to_hubspot=False)
    assert {one.key.origin_id: one.step for one in planned.planned} == {bad: Step.ATTENTION, good: Step.CREATE}
    world.fill(to_hubspot=False)
    assert (world.record(bad).state, world.record(bad).reason) == (State.ATTENTION, "item_missing")
    assert world.record(good).state is State.SYNCED
    assert world.outlook(to_hubspot=False).to_be_done == ()


def test_what_needs_a_person_is_sent_by_a_retry_whatever_its_date(world: BackfillWorld) -> None:
    bad = world.invoice(product="Unheard of")
    world.fill(to_hubspot=False)
    income = world.booked("Item")[0]["IncomeAccountRef"]
    world.book("Item", {"Name": "Unheard of", "Type": "Service", "IncomeAccountRef": income})
    assert world.sync(bad, Cause.RETRY).state is State.SYNCED


def _writes(world: BackfillWorld) -> int:
    bodies = [one for one in world.quickbooks.traffic.exchanges if one.method == "POST"]
    theirs = [one for one in world.hubspot.traffic.exchanges if one.method != "GET" and not _reads(one.url)]
    return len(bodies) + len(theirs)


def _reads(url: str) -> bool:
    return url.endswith(("/search", "/batch/read"))


def test_a_lost_connection_ends_the_run_and_another_goes_on(world: BackfillWorld) -> None:
    made = [world.invoice() for _ in range(3)]
    outlook = world.outlook(to_hubspot=False)
    world.fault("status_401", times=20, path="/v3/")
    with pytest.raises(ConnectionLost):
        list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    world.quickbooks.faults.clear()
    world.clock.advance(3600)
    world.fill(to_hubspot=False)
    assert {world.record(one).state for one in made} == {State.SYNCED}
    assert len(world.booked()) == 3


# -- adoption


def test_what_was_entered_by_hand_is_adopted_and_not_doubled(world: BackfillWorld) -> None:
    made = world.invoice()
    row = world.by_hand(made)
    outlook = world.outlook()
    assert outlook.matches == {made: Same(str(row["Id"]))}
    assert {one.key.origin_id: one.step for one in outlook.planned} == {made: Step.ADOPT}
    asked = len(world.quickbooks.traffic.exchanges)
    world.fill()
    record = world.record(made)
    assert (record.state, record.link and record.link.far_id, record.run) == (State.SYNCED, str(row["Id"]), RUN)
    assert [line.action for line in world.records.trail(record.key)] == ["adopted invoice"]
    assert world.row(row)["SyncToken"] == row["SyncToken"]
    assert {one.method for one in world.quickbooks.traffic.exchanges[asked:]} == {"GET"}
    assert len(world.booked()) == 1
    assert world.outlook().to_be_done == ()


def test_what_is_adopted_follows_hubspot_from_then_on(world: BackfillWorld) -> None:
    made = world.invoice()
    row = world.by_hand(made)
    world.fill()
    world.edit(made, hs_due_date="2026-05-31T00:00:00Z")
    assert world.sync(made).state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-05-31"
    world.rebook(row, DueDate="2026-06-30")
    world.edit(made, hs_due_date="2026-07-31T00:00:00Z")
    assert world.sync(made).reason == "edited_in_quickbooks"


def test_a_document_in_a_closed_period_is_adopted_because_nothing_is_written(world: BackfillWorld) -> None:
    made = world.invoice()
    world.by_hand(made)
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2026-03-31")
    world.clock.advance(3600)
    assert world.steps() == {made: Step.ADOPT}
    world.fill()
    assert world.record(made).state is State.SYNCED


@pytest.mark.parametrize(
    "change",
    [
        {"DocNumber": "1043"},
        {"TxnDate": "2026-03-02"},
        {"price": "120.01"},
    ],
)
def test_what_only_looks_like_it_needs_a_person_and_is_never_sent_by_itself(
    world: BackfillWorld, change: dict[str, str]
) -> None:
    made = world.invoice()
    row = world.by_hand(made, **change)
    outlook = world.outlook()
    assert isinstance(outlook.matches[made], Unclear)
    assert {one.key.origin_id: one.step for one in outlook.planned} == {
        made: Step.ATTENTION,
        str(row["Id"]): Step.LEAVE,
    }
    world.fill()
    assert world.record(made).reason == "adoption_unclear"
    assert str(row["Id"]) in world.record(made).detail
    # Whatever changes in HubSpot, no worker creates it meanwhile.
    world.edit(made, hs_due_date="2026-05-31T00:00:00Z")
    assert world.sync(made).reason == "adoption_unclear"
    assert len(world.booked()) == 1
    assert world.records.get(RecordKey("c1", Kind.INVOICE, "quickbooks", str(row["Id"]))) is None
    if "DocNumber" in change:
        # It is another invoice, as a person says.
        assert world.sync(made, Cause.RETRY).state is State.SYNCED
        assert len(world.booked()) == 2


def test_what_was_put_right_is_adopted_by_the_next_run(world: BackfillWorld) -> None:
    made = world.invoice()
    row = world.by_hand(made, DocNumber="1043")
    world.fill()
    world.rebook(row, DocNumber=world.number(made))
    world.fill()
    assert world.key_of(row) == world.record(made).key
    assert world.record(made).state is State.SYNCED


def test_what_changed_after_the_approval_is_not_adopted(world: BackfillWorld) -> None:
    made = world.invoice()
    row = world.by_hand(made)
    outlook = world.outlook()
    world.rebook(row, TxnDate="2026-03-05")
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    assert world.record(made).reason == "adoption_unclear"
    assert world.key_of(row) is None


def test_what_a_worker_linked_after_the_approval_keeps_its_place(world: BackfillWorld) -> None:
    made, other = world.invoice(), world.invoice()
    row = world.by_hand(made)
    outlook = world.outlook()
    held = world.claims.take_in_passing(RecordKey("c1", Kind.INVOICE, "hubspot", other), "other")
    assert held is not None
    world.claims.store(held, replace(held.record, link=Link(str(row["Id"]))))
    list(world.backfill.carry_out(outlook.matches).run([one for one in outlook.to_be_done if one.far_id], RUN))
    assert world.record(made).reason == "linked_elsewhere"


def test_in_direction_of_hubspot_alone_nothing_that_stands_there_is_doubled(world: BackfillWorld) -> None:
    made = world.invoice()
    row = world.by_hand(made)
    planned = world.planned(str(row["Id"]), to_quickbooks=False)
    assert (planned.step, planned.reason) == (Step.LEAVE, "stands_in_hubspot")
    assert world.fill(to_quickbooks=False) == []


# -- payments


def test_the_payments_of_what_is_taken_in_are_looked_at(world: BackfillWorld) -> None:
    made = world.invoice()
    payment = world.people.pay(made, "360.00")
    world.fill()
    about = {(hint.object, hint.id) for hint in world.hints.queued}
    assert (HintObject.HUBSPOT_PAYMENT, payment) in about
    world.run()
    assert world.payment(payment).state is State.SYNCED
    [row] = world.booked()
    assert row["Balance"] == 0
