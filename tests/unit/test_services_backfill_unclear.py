"""What a back-fill could not compare, or was not sure about, is made a second time by no run and by no worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders_backfill_world import RUN, BackfillWorld
from tieout.domain.hint import Cause
from tieout.domain.planning.adoption import Unclear
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.backfill import Step
from tieout.services.decisions import ignore


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()


def test_what_cannot_be_described_yet_is_not_doubled_in_either_system(world: BackfillWorld) -> None:
    made = world.invoice(product="Unheard of")
    row = world.by_hand(made)
    world.settings(cutover_date="2026-04-01", fallback_item_id=None)
    outlook = world.outlook()
    assert isinstance(outlook.matches[made], Unclear)
    assert {one.key.origin_id: one.step for one in outlook.planned} == {
        made: Step.ATTENTION,
        str(row["Id"]): Step.LEAVE,
    }
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    assert world.record(made).reason == "adoption_unclear"
    # The product comes to QuickBooks afterwards, and HubSpot tells of the invoice again.
    income = world.booked("Item")[0]["IncomeAccountRef"]
    world.book("Item", {"Name": "Unheard of", "Type": "Service", "IncomeAccountRef": income})
    world.edit(made, hs_due_date="2026-05-31T00:00:00Z")
    assert world.sync(made).reason == "adoption_unclear"
    assert len(world.booked()) == 1
    assert world.steps()[made] is Step.ADOPT
    world.fill()
    assert world.key_of(row) == world.record(made).key
    assert world.record(made).unclear == ""


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({}, Step.ATTENTION),
        ({"DocNumber": "1043"}, Step.ATTENTION),
        ({"TxnDate": "2026-02-01", "DocNumber": "7"}, Step.WAIT),
    ],
)
def test_what_could_not_be_planned_is_left_to_another_run(
    world: BackfillWorld, change: dict[str, str], step: Step
) -> None:
    """Its customer is being created by a worker, so nobody can say yet what of QuickBooks' is the same."""
    made = world.invoice()
    row = world.by_hand(made, **change)
    workspace = world.open("c1")
    assert workspace is not None
    party = workspace.crm.invoices([made])[made].company  # type: ignore[union-attr]
    assert party is not None
    now = world.clock.now()
    key = RecordKey("c1", Kind.CUSTOMER, "hubspot", party.origin_id)
    busy = SyncRecord(key, lease_owner="a worker", lease_until=now + timedelta(seconds=30), updated_at=now)
    world.records.put(replace(busy, created_at=now))
    planned = {one.key.origin_id: one for one in world.outlook().planned}
    assert planned[made].step is step
    assert (planned[str(row["Id"])].step is Step.LEAVE) == (step is Step.ATTENTION)
    outlook = world.outlook(to_hubspot=False)
    world.clock.advance(3600)
    list(world.backfill.carry_out(outlook.matches).run(outlook.to_be_done, RUN))
    assert len(world.booked()) == 1
    world.fill(to_hubspot=False)
    after = world.records.get(RecordKey("c1", Kind.INVOICE, "hubspot", made))
    assert after is not None
    assert (after.reason, len(world.booked())) == (
        ("", 1) if not change else ("adoption_unclear", 1) if step is Step.ATTENTION else ("", 2)
    )


def test_what_may_stand_there_is_not_created_because_sending_was_off_for_a_while(world: BackfillWorld) -> None:
    made = world.invoice()
    world.by_hand(made, DocNumber="1043")
    world.fill()
    world.settings(cutover_date="2026-04-01", push_invoices=False)
    world.edit(made, hs_due_date="2026-05-31T00:00:00Z")
    assert (world.sync(made).state, world.record(made).reason) == (State.IGNORED, "switched_off")
    world.settings(cutover_date="2026-04-01")
    world.edit(made, hs_due_date="2026-06-30T00:00:00Z")
    record = world.sync(made)
    assert (record.reason, "1043" in record.detail) == ("adoption_unclear", True)
    assert len(world.booked()) == 1
    # A person says that it is another one, and nothing asks that again.
    assert world.sync(made, Cause.RETRY).state is State.SYNCED
    assert world.record(made).unclear == ""
    assert len(world.booked()) == 2


@pytest.mark.parametrize("change", [{"DocNumber": "1043"}, {"TxnDate": "2026-03-02"}])
def test_what_a_person_left_alone_because_it_stands_there_is_not_shown_a_second_time(
    world: BackfillWorld, change: dict[str, str]
) -> None:
    made = world.invoice()
    row = world.by_hand(made, **change)
    world.fill()
    assert world.record(made).reason == "adoption_unclear"
    ignore(world.records, world.clock, world.record(made).key, "entered by hand", "anna", "cli")
    outlook = world.outlook()
    assert {one.key.origin_id: one.step for one in outlook.planned} == {made: Step.LEAVE, str(row["Id"]): Step.LEAVE}
    assert outlook.to_be_done == ()
