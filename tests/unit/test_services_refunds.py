"""Refunds of HubSpot payments in QuickBooks, over both sandboxes: once, out of clearing, and what people do to them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.builders_money_world import CLEARING, RECEIVABLE, MoneyWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import State


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


# -- refunds


def test_a_refund_is_posted_once_and_takes_the_money_out_of_the_clearing_account(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.clock.advance(3600)
    world.people.refund(payment, "100.00")
    for _ in range(2):
        assert world.look(payment).state is State.SYNCED
    refund = world.one("RefundReceipt")
    assert (refund["TotalAmt"], refund["DepositToAccountRef"]["value"]) == (100, CLEARING)
    assert refund["CustomerRef"] == world.one("Payment")["CustomerRef"]
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")
    assert world.one("Invoice")["Balance"] == 0


def test_several_refunds_first_seen_at_once_are_posted_one_by_one_in_one_look(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    for amount in ("50.00", "70.00", None):
        world.clock.advance(86_400)
        world.people.refund(payment, amount)
    assert world.look(payment).state is State.SYNCED
    assert [row["TotalAmt"] for row in world.booked("RefundReceipt")] == [50, 70, 240]
    assert [row["TxnDate"] for row in world.booked("RefundReceipt")] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert world.bookkeeper.account_balance(CLEARING) == 0


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "sweep"])
def test_an_expense_of_a_refund_that_a_person_changes_is_shown(world: MoneyWorld, told: bool) -> None:
    world.settings(refunds="credit_memo", receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "60.00")
    assert world.look(payment).state is State.SYNCED
    world.sweep()
    world.clock.advance(900)
    world.hints.pop_due(limit=1000)
    world.bookkeeper.change("Purchase", world.one("Purchase"), TxnDate="2026-02-01")
    if told:
        world.push(world.hint(world.one("Purchase")["Id"], object=HintObject.QUICKBOOKS_PURCHASE))
    else:
        world.sweep()
    world.run()
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "2026-02-01" in record.detail


def test_a_refund_by_credit_memo_leaves_receivables_and_clearing_as_a_refund_receipt_does(world: MoneyWorld) -> None:
    world.settings(refunds="credit_memo", receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    assert world.look(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 2, "CreditMemo": 1, "Purchase": 1}
    assert world.one("CreditMemo")["RemainingCredit"] == 0
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")
    assert world.bookkeeper.account_balance(RECEIVABLE) == 0


def test_a_refund_that_fails_is_attention_and_settles_when_a_person_deletes_its_document(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    world.look(payment)
    world.clock.advance(3600)
    world.people.fail_refund(payment)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_DIFFERS)
    refund = world.one("RefundReceipt")
    world.clock.advance(60)
    world.bookkeeper.delete("RefundReceipt", refund)
    world.push(world.posted_hint("refund_receipt", refund["Id"]))
    assert world.payment(payment).state is State.SYNCED
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("360.00")


def test_a_failed_and_a_disputed_payment_are_attention(world: MoneyWorld) -> None:
    failing, disputed = world.people.pay(world.synced()), world.people.pay(world.synced())
    world.look(failing)
    world.clock.advance(60)
    world.people.fail(failing)
    world.people.dispute(disputed, "disputed_lost")
    assert world.look(failing).reason == AttentionCode.PAYMENT_FAILED
    record = world.look(disputed)
    assert record.reason == AttentionCode.PAYMENT_DISPUTED
    assert "lost" in record.detail
    assert world.counts() == {"Payment": 2}


def test_what_a_person_changed_beside_hubspots_fields_is_taken_over_when_a_person_says_so(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced())
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    moved = {"DepositToAccountRef": {"value": CLEARING}}
    world.bookkeeper.change("Payment", world.bookkeeper.read("Payment", row["Id"]), **moved)
    world.push(world.posted_hint("payment", row["Id"]))
    assert world.payment(payment).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["DepositToAccountRef"]["value"] == CLEARING


def test_customers_merged_in_quickbooks_keep_their_payments_and_refunds_go_to_the_survivor(world: MoneyWorld) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    survivor = world.customer_of(world.synced())
    world.bookkeeper.merge_customers(survivor, world.customer_of(invoice))
    world.clock.advance(60)
    world.push(world.posted_hint("payment", world.booked("Payment")[0]["Id"]))
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    world.people.refund(payment, "100.00", slow=False)
    assert world.look(payment).state is State.SYNCED
    assert world.one("RefundReceipt")["CustomerRef"]["value"] == survivor
