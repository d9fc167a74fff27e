"""Undoing what Tieout made in QuickBooks: newest first, all of it or nothing, and nothing makes it again by itself."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.support.builders_money_world import UNDEPOSITED, MoneyWorld
from tests.support.builders_undo import (
    invoice_key,
    left_alone,
    live,
    paid,
    payment_key,
    planned,
    quiet,
    refunded,
    refusal,
    undo_of,
    undone,
)
from tieout.domain.hint import Cause
from tieout.domain.planning.undo import Hindrance, Refused
from tieout.domain.record import State


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


# -- what is taken back


def test_an_invoice_is_taken_back_with_its_payment_and_refund_newest_first(world: MoneyWorld) -> None:
    invoice, payment = refunded(world)
    plan = planned(world, invoice_key(invoice)).plan
    assert isinstance(plan, tuple)
    assert [(step.document, step.deletes) for step in plan] == [
        ("refund_receipt", True),
        ("payment", False),
        ("invoice", False),
    ]
    found = undone(world, invoice_key(invoice), "Entered twice")
    assert found.stopped is None
    assert found.done == plan
    assert live(world) == []
    assert left_alone(world.record(invoice))
    assert left_alone(world.payment(payment))
    assert world.record(invoice).detail == "Undone by Ada. Entered twice"
    quiet(world, invoice, payment)
    assert world.shown(invoice) == "excluded"


def test_the_trail_says_who_undid_what_with_the_vendors_ids(world: MoneyWorld) -> None:
    invoice, payment = refunded(world)
    undone(world, invoice_key(invoice), "Entered twice")
    of_invoice = world.records.trail(invoice_key(invoice))
    assert [(line.actor, line.action) for line in of_invoice[:2]] == [
        ("Ada", "undid invoice"),
        ("Ada", "voided invoice"),
    ]
    assert [(one.before, one.after) for one in of_invoice[0].changes] == [("synced", "ignored by_hand")]
    assert [(one.before, one.after) for one in of_invoice[1].changes] == [("invoice over 360.00 USD", "taken back")]
    assert of_invoice[0].facts == {"note": "Entered twice"}
    assert of_invoice[1].facts["intuit_tid"]
    of_payment = world.records.trail(payment_key(payment))
    assert [(line.actor, line.action) for line in of_payment[:3]] == [
        ("Ada", "undid payment"),
        ("Ada", "took back payment"),
        ("Ada", "took back refund receipt"),
    ]


def test_a_payment_by_itself_leaves_its_invoice_open(world: MoneyWorld) -> None:
    invoice, payment = refunded(world)
    assert undone(world, payment_key(payment)).stopped is None
    assert live(world) == ["Invoice"]
    assert world.one("Invoice")["Balance"] == 360
    assert left_alone(world.payment(payment))
    assert world.record(invoice).state is State.SYNCED
    quiet(world, invoice, payment)


def test_a_refund_by_credit_memo_is_three_documents(world: MoneyWorld) -> None:
    world.settings(refunds="credit_memo", receivable_account_id="84")
    invoice, payment = paid(world)
    world.people.refund(payment, Decimal("60.00"))
    world.look(payment)
    plan = planned(world, invoice_key(invoice)).plan
    assert isinstance(plan, tuple)
    assert [step.document for step in plan] == ["application", "expense", "credit_memo", "payment", "invoice"]
    assert undone(world, invoice_key(invoice)).stopped is None
    assert live(world) == []


def test_two_payments_of_an_invoice_go_the_latest_first(world: MoneyWorld) -> None:
    invoice = world.synced()
    one = world.people.pay(invoice, Decimal("100.00"))
    world.look(one)
    other = world.people.pay(invoice, Decimal("260.00"))
    world.look(other)
    found = undone(world, invoice_key(invoice))
    assert found.stopped is None
    assert [str(step.amount.amount) for step in found.done] == ["260.00", "100.00", "360.00"]
    assert left_alone(world.payment(one))
    assert left_alone(world.payment(other))


def test_twice_is_as_good_as_once(world: MoneyWorld) -> None:
    invoice, _ = paid(world)
    undone(world, invoice_key(invoice))
    before = world.record(invoice)
    assert planned(world, invoice_key(invoice)).plan == ()
    again = undone(world, invoice_key(invoice))
    assert (again.done, again.stopped) == ((), None)
    assert world.record(invoice).detail == before.detail
    assert [line.action for line in world.records.trail(invoice_key(invoice))].count("undid invoice") == 1


def test_a_person_who_retries_has_it_made_again() -> None:
    world = MoneyWorld(custom_txn_numbers=False)
    invoice, payment = refunded(world)
    undone(world, invoice_key(invoice))
    world.sync(invoice, Cause.RETRY)
    world.look(payment, Cause.RETRY)
    world.run()
    assert sorted(live(world)) == ["Invoice", "Payment", "RefundReceipt"]
    assert world.record(invoice).state is State.SYNCED
    assert world.payment(payment).state is State.SYNCED


def test_where_hubspots_numbers_are_used_the_voided_invoice_still_bears_its_number(world: MoneyWorld) -> None:
    invoice = world.synced()
    undone(world, invoice_key(invoice))
    again = world.sync(invoice, Cause.RETRY)
    assert (again.state, again.reason) == (State.ATTENTION, "duplicate_number")
    assert live(world) == []
    # As the runbook says: the voided one is deleted, and then it goes.
    world.unbook(world.one("Invoice"))
    assert world.sync(invoice, Cause.RETRY).state is State.SYNCED
    assert live(world) == ["Invoice"]


# -- what is refused


def test_an_invoice_that_somebody_else_paid_is_not_touched(world: MoneyWorld) -> None:
    invoice = world.synced()
    world.received("60.00", {invoice: "60.00"})
    group = planned(world, invoice_key(invoice))
    assert refusal(group.plan) is Hindrance.PAID
    assert sorted(live(world)) == ["Invoice", "Payment"]


def test_a_payment_that_is_on_a_bank_deposit_keeps_its_invoice_too(world: MoneyWorld) -> None:
    world.settings(deposit_accounts={"hs_payments": UNDEPOSITED})
    invoice, _ = refunded(world)
    world.bookkeeper.deposit("35", [world.one("Payment")["Id"]])
    assert refusal(planned(world, invoice_key(invoice)).plan) is Hindrance.DEPOSITED
    assert len(live(world)) == 3


def test_what_quickbooks_refuses_leaves_the_record_as_it_was(world: MoneyWorld) -> None:
    invoice, payment = paid(world)
    before = world.payment(payment)
    world.fault("fault_400", path="/payment$", code="6540", detail="This transaction has been deposited.")
    found = undone(world, invoice_key(invoice))
    assert refusal(found.stopped) is Hindrance.REFUSED
    assert (world.payment(payment).state, world.payment(payment).left_alone) == (before.state, None)
    assert world.payment(payment).intent is None
    assert sorted(live(world)) == ["Invoice", "Payment"]


def test_what_quickbooks_refuses_half_way_needs_a_person(world: MoneyWorld) -> None:
    invoice, payment = refunded(world)
    world.fault("fault_400", path="/payment$", code="6540", detail="This transaction has been deposited.")
    found = undone(world, invoice_key(invoice))
    assert [step.document for step in found.done] == ["refund_receipt"]
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, "deposited_in_quickbooks")
    assert record.detail.startswith("Undoing it stopped half way:")
    assert world.record(invoice).state is State.SYNCED


def test_closed_books_are_not_touched(world: MoneyWorld) -> None:
    invoice, payment = paid(world)
    world.bookkeeper.close_books(date(2026, 3, 1))
    world.clock.advance(3600)
    assert refusal(planned(world, invoice_key(invoice)).plan) is Hindrance.PERIOD_CLOSED
    assert isinstance(planned(world, payment_key(payment)).plan, tuple)
    world.bookkeeper.close_books(date(2026, 3, 2))
    world.clock.advance(3600)
    assert refusal(planned(world, payment_key(payment)).plan) is Hindrance.PERIOD_CLOSED


def test_what_a_person_changed_is_not_touched(world: MoneyWorld) -> None:
    invoice, payment = paid(world)
    world.book("Payment", {"Id": world.one("Payment")["Id"], "SyncToken": world.one("Payment")["SyncToken"],
                           "sparse": True, "PaymentRefNum": "by hand"})  # fmt: skip
    assert refusal(planned(world, invoice_key(invoice)).plan) is Hindrance.EDITED
    assert refusal(planned(world, payment_key(payment)).plan) is Hindrance.EDITED


def test_an_invoice_that_a_person_edited_is_not_touched(world: MoneyWorld) -> None:
    invoice = world.synced()
    world.rebook(world.one("Invoice"), DueDate="2026-05-31")
    group = planned(world, invoice_key(invoice))
    assert refusal(group.plan) is Hindrance.EDITED
    assert isinstance(group.plan, Refused)
    assert "due date 2026-03-31 is 2026-05-31" in group.plan.detail


def test_an_invoice_that_was_there_before_is_not_touched(world: MoneyWorld) -> None:
    invoice = world.synced()
    for lines in world.records._trail.values():
        lines.clear()
    assert refusal(planned(world, invoice_key(invoice)).plan) is Hindrance.NOT_MADE_BY_TIEOUT


def test_a_payment_that_pays_another_invoice_too_is_not_taken_from_it(world: MoneyWorld) -> None:
    company = world.company()
    one, other = world.synced(company=company), world.synced(company=company)
    payment = world.people.pay(one)
    world.look(payment)
    row = world.one("Payment")
    on = {world.far_id(one): Decimal("300.00"), world.far_id(other): Decimal("60.00")}
    world.bookkeeper.allocate(row["Id"], on)
    assert refusal(planned(world, invoice_key(one)).plan) is Hindrance.EDITED
    assert refusal(planned(world, invoice_key(other)).plan) is Hindrance.EDITED


def test_what_a_person_does_between_showing_and_doing_is_seen(world: MoneyWorld) -> None:
    invoice = world.synced()
    workspace = world.open("c1")
    assert workspace is not None
    group = planned(world, invoice_key(invoice))
    world.received("60.00", {invoice: "60.00"})
    found = undo_of(world).carry_out(workspace, group, "Ada", "cli-1")
    assert found.done == ()
    assert refusal(found.stopped) is Hindrance.PAID
    assert world.record(invoice).state is State.SYNCED
    assert world.record(invoice).left_alone is None


def test_what_was_not_shown_is_not_taken_back(world: MoneyWorld) -> None:
    invoice = world.synced()
    workspace = world.open("c1")
    assert workspace is not None
    alone = planned(world, invoice_key(invoice))
    payment = world.people.pay(invoice)
    world.look(payment)
    with_payment = planned(world, invoice_key(invoice))
    found = undo_of(world).carry_out(
        workspace, type(alone)(alone.key, alone.label, with_payment.keys, alone.plan), "Ada", "cli-1"
    )
    assert found.done == ()
    assert refusal(found.stopped) is Hindrance.EDITED


# -- runs


def test_a_run_takes_back_what_it_made_and_nothing_else(world: MoneyWorld) -> None:
    before = world.synced()
    world.clock.advance(60)
    began = world.clock.now()
    run = "backfill-20260302-150000"
    made, there = world.invoice(), world.invoice()
    world.sync(there)
    for id_ in (made, before):
        world.push(world.hint(id_, Cause.BACKFILL, trace_id=run))
    payment = world.people.pay(made)
    world.look(payment)
    assert world.record(before).run == run
    workspace = world.open("c1")
    assert workspace is not None
    groups = undo_of(world).of_run(workspace, run, began)
    assert [(group.key.origin_id, len(group.keys)) for group in groups] == [(made, 2)]
    for group in groups:
        assert undo_of(world).carry_out(workspace, group, "Ada", "cli-1").stopped is None
    assert {world.record(id_).state for id_ in (before, there)} == {State.SYNCED}
    assert left_alone(world.record(made))
    assert undo_of(world).of_run(workspace, run, datetime(2027, 1, 1, tzinfo=began.tzinfo)) == []
