"""Money of adopted invoices is counted once, on whichever side people entered it, or shown to a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_backfill_world import BackfillWorld
from tests.support.builders_undo import undo_of
from tieout.domain.hint import Cause
from tieout.domain.planning.undo import Hindrance, Refused
from tieout.domain.record import Kind, State
from tieout.services.reconcile import Reconcile

DAY = "2026-03-02"


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()


def adopted(world: BackfillWorld) -> tuple[str, dict[str, Any]]:
    """A HubSpot invoice and what a bookkeeper had entered for it; not taken in yet."""
    made = world.invoice()
    return made, world.by_hand(made)


def enter(world: BackfillWorld, row: dict[str, Any], amount: str = "360.00", day: str = DAY, **fields: Any) -> str:
    """The bookkeeper enters a payment of it."""
    customer = str(row["CustomerRef"]["value"])
    made = world.bookkeeper.receive(customer, Decimal(amount), {str(row["Id"]): Decimal(amount)}, TxnDate=day, **fields)
    return str(made["Id"])


def recorded(world: BackfillWorld, made: str) -> int:
    """How many payments the HubSpot invoice has."""
    return len(world.crm.payments_of([made])[made])


def test_what_was_paid_and_entered_on_both_sides_is_one_payment(world: BackfillWorld) -> None:
    made, row = adopted(world)
    there = enter(world, row)
    here = world.people.pay(made, "360.00")
    world.fill()
    world.run(most=60)
    record = world.payment(here)
    assert (record.state, [one.far_id for one in record.postings]) == (State.SYNCED, [there])
    assert "adopted payment" in [line.action for line in world.records.trail(record.key)]
    assert len(world.booked("Payment")) == 1
    assert recorded(world, made) == 1
    assert world.record(made).state is State.SYNCED


def test_what_was_taken_in_with_its_payments_ties_out(world: BackfillWorld) -> None:
    both, row = adopted(world)
    enter(world, row)
    there, other = adopted(world)
    enter(world, other)
    here, new = world.invoice(), world.invoice()
    for made in (both, here):
        world.people.pay(made, "360.00")
    own = world.billed(TxnDate="2026-03-01")
    world.fill()
    world.run(most=80)
    workspace = world.open("c1")
    assert workspace is not None
    report = Reconcile(world.records, world.clock).run(workspace)
    assert [one.findings for one in report.drifted] == []
    assert {one.key.origin_id for one in report.results} == {both, there, here, new, str(own["Id"])}


def test_it_is_one_payment_in_a_closed_period_too(world: BackfillWorld) -> None:
    made, row = adopted(world)
    there = enter(world, row)
    here = world.people.pay(made, "360.00")
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2026-03-02")
    world.clock.advance(3600)
    world.fill()
    world.run(most=60)
    assert [one.far_id for one in world.payment(here).postings] == [there]


def test_a_refund_of_it_is_posted_afterwards(world: BackfillWorld) -> None:
    made, row = adopted(world)
    enter(world, row)
    here = world.people.pay(made, "360.00")
    world.fill()
    world.run(most=60)
    world.clock.advance(3600)
    world.people.refund(here, "60.00", slow=False)
    world.look(here)
    [receipt] = world.booked("RefundReceipt")
    assert receipt["TotalAmt"] == Decimal("60.00")


@pytest.mark.parametrize(("amount", "day"), [("360.00", "2026-03-04"), ("300.00", DAY)])
def test_what_only_looks_like_it_is_told_on_both_sides_and_doubled_on_none(
    world: BackfillWorld, amount: str, day: str
) -> None:
    made, row = adopted(world)
    there = enter(world, row, amount, day)
    here = world.people.pay(made, "360.00")
    world.fill()
    world.run(most=60)
    assert (world.payment(here).state, world.payment(here).reason) == (State.ATTENTION, "possible_duplicate")
    assert (world.pulled(there).state, world.pulled(there).reason) == (State.ATTENTION, "possible_duplicate")
    assert here in world.pulled(there).detail
    assert (len(world.booked("Payment")), recorded(world, made)) == (1, 1)


def test_a_person_who_says_that_it_is_another_has_it_posted(world: BackfillWorld) -> None:
    made, row = adopted(world)
    enter(world, row, "60.00", "2026-03-01")
    here = world.people.pay(made, "300.00")
    world.fill()
    world.run(most=60)
    # What is open there takes it, so nothing is in doubt.
    assert world.payment(here).state is State.SYNCED
    assert sum(one["TotalAmt"] for one in world.booked("Payment")) == Decimal("360.00")


def test_what_is_paid_in_quickbooks_alone_is_recorded_in_hubspot(world: BackfillWorld) -> None:
    made, row = adopted(world)
    there = enter(world, row)
    world.fill()
    world.run(most=60)
    assert world.pulled(there).state is State.SYNCED
    assert recorded(world, made) == 1
    assert world.record(made).facts is not None


def test_what_is_paid_in_hubspot_alone_is_posted(world: BackfillWorld) -> None:
    made, row = adopted(world)
    here = world.people.pay(made, "360.00")
    world.fill()
    world.run(most=60)
    assert world.payment(here).state is State.SYNCED
    assert world.row(row)["Balance"] == 0


def test_a_payment_that_was_looked_at_too_early_learns_whose_it_is(world: BackfillWorld) -> None:
    made, row = adopted(world)
    there = enter(world, row)
    here = world.people.pay(made, "360.00")
    world.fill()
    assert world.pull(there).reason == "possible_duplicate"
    world.run(most=60)
    assert world.payment(here).state is State.SYNCED
    assert (world.pulled(there).state, world.pulled(there).reason) == (State.IGNORED, "posted_by_tieout")
    assert recorded(world, made) == 1


def test_an_undo_takes_back_neither_what_was_adopted_nor_its_money(world: BackfillWorld) -> None:
    made, row = adopted(world)
    there = enter(world, row)
    here = world.people.pay(made, "360.00")
    world.fill()
    world.run(most=60)
    workspace = world.open("c1")
    assert workspace is not None
    for key in (world.record(made).key, world.payment(here).key):
        group = undo_of(world).of_record(workspace, key)
        assert isinstance(group.plan, Refused)
        assert group.plan.why is Hindrance.NOT_MADE_BY_TIEOUT
    assert world.one("Payment")["Id"] == there


def test_one_document_is_not_two_payments(world: BackfillWorld) -> None:
    first, second = world.invoice(company=world.company("Twice")), world.invoice(company=world.company("Once"))
    row = world.by_hand(first)
    there = enter(world, row)
    here = world.people.pay(first, "360.00")
    world.fill()
    world.run(most=60)
    assert world.records.origin_of("c1", "quickbooks", Kind.PAYMENT, there) == world.payment(here).key
    assert world.look(here, Cause.RETRY).state is State.SYNCED
    assert second
