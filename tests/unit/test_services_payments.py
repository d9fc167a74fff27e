"""HubSpot payments in QuickBooks, over both sandboxes: receipts, what HubSpot and people change, costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_money_world import CLEARING, RECEIVABLE, STRIPE, UNDEPOSITED, MoneyWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def test_a_payment_closes_its_invoice_and_lies_on_the_clearing_account(world: MoneyWorld) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert record.state is State.SYNCED
    row = world.one("Payment")
    assert (row["TotalAmt"], row["UnappliedAmt"], row["DepositToAccountRef"]["value"]) == (360, 0, CLEARING)
    assert row["PrivateNote"] == f"tieout:c1/payment/{payment}/1"
    assert world.one("Invoice")["Balance"] == 0
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("360.00")
    assert world.bookkeeper.account_balance(RECEIVABLE) == 0


def test_the_same_message_twice_and_a_hint_that_is_covered_post_nothing(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    hint = world.pay_hint(payment)
    world.push(hint, hint)
    calls = world.calls
    assert [one.result for one in world.push(hint)] == ["covered"]
    assert world.calls == calls
    assert world.counts() == {"Payment": 1}


def test_stripe_and_money_recorded_by_hand_go_to_their_own_accounts(world: MoneyWorld) -> None:
    world.look(world.people.pay(world.synced(), processor="byo_stripe"))
    world.look(world.people.record(world.synced(), reference="1042"))
    stripe, by_hand = world.booked("Payment")
    assert stripe["DepositToAccountRef"]["value"] == STRIPE
    assert by_hand["DepositToAccountRef"]["value"] == UNDEPOSITED
    assert by_hand["PaymentRefNum"] == "1042"


def test_partial_payments_add_up(world: MoneyWorld) -> None:
    invoice = world.synced()
    for amount in ("100.00", "200.00", "60.00"):
        world.look(world.people.pay(invoice, amount))
    assert world.one("Invoice")["Balance"] == 0
    assert world.counts() == {"Payment": 3}


def test_payments_of_one_invoice_in_one_batch_share_what_is_open(world: MoneyWorld) -> None:
    invoice = world.synced()
    first, second = world.people.pay(invoice, "200.00"), world.people.pay(invoice, "160.00")
    world.clock.advance(60)
    world.bookkeeper.create(
        "Payment",
        CustomerRef=world.one("Invoice")["CustomerRef"],
        TotalAmt=Decimal(100),
        Line=[{"Amount": Decimal(100), "LinkedTxn": [{"TxnId": world.one("Invoice")["Id"], "TxnType": "Invoice"}]}],
    )
    before = len(world.quickbooks.traffic.exchanges)
    world.push(world.pay_hint(first), world.pay_hint(second))
    # What the first one leaves open is known without asking again.
    methods = [one.method for one in world.quickbooks.traffic.exchanges[before:]]
    assert (methods.count("GET"), methods.count("POST")) == (1, 2)
    assert world.one("Invoice")["Balance"] == 0
    assert world.payment(first).state is State.SYNCED
    record = world.payment(second)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.OVERPAYMENT)
    assert "100.00 USD" in record.detail


def test_a_payment_over_two_invoices_closes_both(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    invoices = [world.synced(company=company, contact=contact) for _ in range(2)]
    payment = world.people.pay(invoices)
    assert world.look(payment).state is State.SYNCED
    assert [row["Balance"] for row in world.booked()] == [0, 0]
    assert world.counts() == {"Payment": 1}


def test_an_overpayment_applied_elsewhere_by_a_person_settles_by_itself(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    first, second = [world.synced(company=company, contact=contact) for _ in range(2)]
    row = world.booked()[0]
    world.bookkeeper.create(
        "Payment",
        CustomerRef=row["CustomerRef"],
        TotalAmt=Decimal(60),
        Line=[{"Amount": Decimal(60), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}],
    )
    payment = world.people.pay(first)
    assert world.look(payment).reason == AttentionCode.OVERPAYMENT
    ours = world.booked("Payment")[-1]
    other = {"Amount": Decimal(60), "LinkedTxn": [{"TxnId": world.booked()[1]["Id"], "TxnType": "Invoice"}]}
    world.clock.advance(60)
    world.bookkeeper.change("Payment", ours, Line=[*ours["Line"], other])
    world.push(world.posted_hint("payment", ours["Id"]))
    assert world.payment(payment).state is State.SYNCED
    assert second


# -- refunds


def test_a_payment_under_way_is_ignored_until_it_succeeds(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced(), status="processing", method="ach")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.IGNORED, "processing")
    world.clock.advance(3600)
    world.people.succeed(payment)
    assert world.look(payment).state is State.SYNCED


# -- payments without an invoice


def test_a_payment_by_link_becomes_a_sales_receipt_of_its_customer(world: MoneyWorld) -> None:
    world.settings(payments_without_invoice="sales_receipt", sales_receipt_item_id="1")
    payment = world.people.pay_link("25.00", "buyer@example.test")
    assert world.look(payment).reason == "invoice_may_follow"
    world.run()
    assert world.payment(payment).state is State.SYNCED
    receipt = world.one("SalesReceipt")
    assert (receipt["TotalAmt"], receipt["DepositToAccountRef"]["value"]) == (25, CLEARING)
    [customer] = [one for one in world.booked("Customer") if one["Id"] == receipt["CustomerRef"]["value"]]
    assert customer["PrimaryEmailAddr"]["Address"] == "buyer@example.test"
    world.people.refund(payment, "10.00")
    assert world.look(payment).state is State.SYNCED
    assert world.one("RefundReceipt")["TotalAmt"] == 10


def test_a_payment_by_link_is_ignored_by_default(world: MoneyWorld) -> None:
    record = world.look(world.people.pay_link("25.00", "buyer@example.test"))
    assert (record.state, record.reason) == (State.IGNORED, "without_invoice")


# -- what HubSpot changes and deletes


def test_an_amount_that_a_person_corrects_in_hubspot_is_corrected_in_quickbooks(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    world.clock.advance(60)
    answer = world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    assert answer.status_code == 200, answer.text
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["TotalAmt"] == 120
    assert world.one("Invoice")["Balance"] == 240


def test_a_payment_deleted_in_hubspot_is_attention_and_its_document_stays(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced())
    world.look(payment)
    world.clock.advance(60)
    world.people.archive("commerce_payments", payment)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_HUBSPOT)
    assert world.one("Payment")["TotalAmt"] == 360


# -- what people do in QuickBooks


def test_the_echo_of_what_was_posted_costs_no_vendor_call(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    record = world.look(payment)
    calls = world.calls
    [posting] = record.postings
    assert [one.result for one in world.push(world.posted_hint("payment", posting.far_id))] == ["covered"]
    assert world.calls == calls


@pytest.mark.parametrize("deed", ["edit", "unapply", "void", "delete"])
def test_what_a_person_did_to_a_receipt_is_attention_and_not_overwritten(world: MoneyWorld, deed: str) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    match deed:
        case "edit":
            world.bookkeeper.change("Payment", row, TxnDate="2026-03-01")
        case "unapply":
            world.bookkeeper.change("Payment", row, Line=[])
        case "void":
            world.bookkeeper.void("Payment", row)
        case "delete":
            world.bookkeeper.delete("Payment", row)
    world.push(world.posted_hint("payment", row["Id"]))
    record = world.payment(payment)
    states = {
        "edit": (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS),
        "unapply": (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS),
        "void": (State.ATTENTION, AttentionCode.VOIDED_IN_QUICKBOOKS),
        "delete": (State.DELETED_IN_LEDGER, AttentionCode.DELETED_IN_QUICKBOOKS),
    }
    assert (record.state, record.reason) == states[deed]
    if deed == "edit":
        assert "date: 2026-03-02 -> 2026-03-01" in record.detail
    posts = len([one for one in world.quickbooks.traffic.exchanges if one.method == "POST"])
    assert world.look(payment).reason == states[deed][1]
    assert len([one for one in world.quickbooks.traffic.exchanges if one.method == "POST"]) == posts


@pytest.mark.parametrize("deed", ["void", "delete"])
def test_a_retry_posts_a_receipt_again_that_a_person_took_away(world: MoneyWorld, deed: str) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    row = world.one("Payment")
    getattr(world.bookkeeper, deed)("Payment", row)
    world.look(payment)
    record = world.look(payment, Cause.RETRY)
    assert record.state is State.SYNCED
    assert len(record.postings) == 1
    assert world.one("Invoice")["Balance"] == 0


def test_a_persons_own_fields_on_a_payment_stay_through_a_correction(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    world.bookkeeper.change("Payment", row, PrivateNote=f"Asked Anna.\n{row['PrivateNote']}")
    world.push(world.posted_hint("payment", row["Id"]))
    assert world.payment(payment).state is State.SYNCED
    world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["PrivateNote"] == f"Asked Anna.\ntieout:c1/payment/{payment}/2"


# -- documents of HubSpot's own workflow actions


def test_a_document_of_hubspots_workflow_is_reported_and_not_doubled(world: MoneyWorld) -> None:
    world.settings(recognise_workflow_documents=True)
    invoice = world.synced()
    theirs = world.bookkeeper.create(
        "Payment", CustomerRef=world.one("Invoice")["CustomerRef"], TotalAmt=Decimal(360), TxnDate="2026-03-02"
    )
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.POSSIBLE_DUPLICATE)
    assert f"payment {theirs['Id']}" in record.detail
    assert world.counts() == {"Payment": 1}
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.counts() == {"Payment": 2}


# -- costs


def test_a_batch_of_payments_costs_one_query_and_one_write_each(world: MoneyWorld) -> None:
    payments = [world.people.pay(world.synced()) for _ in range(5)]
    world.ledger.company()
    before, hubspot = len(world.quickbooks.traffic.exchanges), len(world.hubspot.traffic.exchanges)
    world.push(*map(world.pay_hint, payments))
    calls = world.quickbooks.traffic.exchanges[before:]
    assert [one.method for one in calls].count("GET") == 1
    assert [one.method for one in calls].count("POST") == 5
    assert len(world.hubspot.traffic.exchanges) - hubspot <= 4
    assert {world.payment(one).state for one in payments} == {State.SYNCED}


def test_a_refund_costs_no_read_of_quickbooks(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "10.00")
    before = len(world.quickbooks.traffic.exchanges)
    world.look(payment)
    assert [one.method for one in world.quickbooks.traffic.exchanges[before:]] == ["POST"]


def test_no_further_document_is_begun_after_the_deadline(world: MoneyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "10.00")
    real = world.ledger.post

    def slow(*arguments: Any) -> Any:
        answer = real(*arguments)
        world.clock.advance(30)
        return answer

    monkeypatch.setattr(world.ledger, "post", slow)
    world.push(world.pay_hint(payment), deadline=world.clock.now() + timedelta(seconds=20))
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.WAITING, "out_of_time")
    assert world.counts() == {"Payment": 1}
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


def test_nothing_is_begun_after_the_deadline_and_the_rest_follows(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "10.00")
    world.push(world.pay_hint(payment), deadline=world.clock.now() + timedelta(seconds=0))
    assert world.counts() == {}
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}
