"""Money in: which document is posted for a HubSpot payment, applied to what, deposited where, dated when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.support.builders import usd
from tests.support.builders_payments import CLEARING, STRIPE, PlainLedger, a_payment, one_invoice
from tieout.domain.attention import AttentionCode
from tieout.domain.payment import (
    Allocation,
    Document,
    PaymentStatus,
    Processor,
    UnreadablePayment,
)
from tieout.domain.planning.plan import Agreement, Attend, Nothing, Skip

RECEIVED = [one for one in PaymentStatus if one not in (PaymentStatus.PROCESSING, PaymentStatus.FAILED)]

DISPUTES = [one for one in PaymentStatus if one.value.startswith("disputed_")]


def test_a_payment_is_applied_to_its_invoice_in_full_and_deposited_to_its_processors_account() -> None:
    ledger = one_invoice(payment_methods={"card": "3"})
    assert ledger.look(a_payment()) == Nothing(Agreement())
    [content] = ledger.written
    assert (content.document, content.amount, content.day) == (Document.PAYMENT, usd("360.00"), date(2026, 3, 2))
    assert (content.account_id, content.method_id, content.reference) == (CLEARING, "3", "ch_1")
    assert content.customer_id == "58"
    assert content.allocations == (Allocation("Invoice", "130", usd("360.00")),)


def test_a_payment_that_was_posted_and_did_not_change_asks_nothing_of_quickbooks() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.asked.clear()
    assert ledger.look(a_payment()) == Nothing(Agreement())
    assert not ledger.asked
    assert len(ledger.written) == 1


def test_a_part_payment_leaves_the_rest_of_the_invoice_open() -> None:
    ledger = one_invoice()
    assert ledger.look(a_payment("100.00")) == Nothing(Agreement())
    assert ledger.invoices["130"].balance == usd("260.00")


@pytest.mark.parametrize("status", RECEIVED)
def test_money_that_was_received_is_posted_whatever_became_of_it_later(status: PaymentStatus) -> None:
    ledger = one_invoice()
    ledger.look(a_payment(status=status))
    assert ledger.total(Document.PAYMENT) == Decimal("360.00")


@pytest.mark.parametrize("status", [PaymentStatus.PROCESSING, PaymentStatus.FAILED])
def test_money_that_was_not_received_is_not_posted(status: PaymentStatus) -> None:
    ledger = one_invoice()
    plan = ledger.look(a_payment(status=status))
    assert isinstance(plan, Skip)
    assert plan.reason == status.value
    assert not ledger.written


@pytest.mark.parametrize("status", [PaymentStatus.PROCESSING, PaymentStatus.FAILED])
def test_a_received_payment_that_fails_is_attention_and_its_receipt_stays(status: PaymentStatus) -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    plan = ledger.look(a_payment(status=status))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PAYMENT_FAILED
    assert "payment 501" in plan.detail
    assert len(ledger.written) == 1


def test_a_failed_payment_is_settled_when_a_person_voided_its_receipt() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.change("501", voided=True, total=usd("0"))
    plan = ledger.look(a_payment(status=PaymentStatus.FAILED), look=True)
    assert isinstance(plan, Skip)
    assert plan.reason == "failed"
    assert ledger.postings == ()


def test_a_failed_payment_whose_refund_still_stands_is_attention_though_its_receipt_is_gone() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    refunded = a_payment(status=PaymentStatus.REFUNDED, refunded=usd("360.00"))
    ledger.look(refunded)
    ledger.change("501", voided=True, total=usd("0"))
    plan = ledger.look(a_payment(status=PaymentStatus.FAILED), look=True)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PAYMENT_FAILED
    assert "refund receipt 502" in plan.detail


def test_a_dispute_that_was_won_needs_nobody_and_says_so() -> None:
    plan = one_invoice().look(a_payment(status=PaymentStatus.DISPUTED_WON))
    assert isinstance(plan, Nothing)
    assert "won" in plan.agreement.detail


@pytest.mark.parametrize("status", [one for one in DISPUTES if one is not PaymentStatus.DISPUTED_WON])
def test_a_dispute_is_attention_with_its_outcome_after_the_receipt_was_posted(status: PaymentStatus) -> None:
    ledger = one_invoice()
    plan = ledger.look(a_payment(status=status))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PAYMENT_DISPUTED
    assert plan.detail
    assert ledger.total(Document.PAYMENT) == Decimal("360.00")


def test_more_than_is_open_stays_unapplied_and_is_attention() -> None:
    ledger = one_invoice("300.00")
    plan = ledger.look(a_payment())
    [content] = ledger.written
    assert content.amount == usd("360.00")
    assert content.allocations == (Allocation("Invoice", "130", usd("300.00")),)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.OVERPAYMENT
    assert "60.00 USD" in plan.detail


@pytest.mark.parametrize("voided", [False, True])
def test_a_payment_of_an_invoice_that_takes_nothing_any_more_is_a_credit_and_attention(voided: bool) -> None:
    ledger = one_invoice()
    ledger.invoices["130"] = replace(ledger.invoices["130"], balance=usd("360.00" if voided else "0"), voided=voided)
    plan = ledger.look(a_payment())
    assert ledger.written[0].allocations == ()
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.OVERPAYMENT


def test_an_overpayment_that_a_person_applies_elsewhere_is_settled() -> None:
    ledger = one_invoice("300.00")
    ledger.look(a_payment())
    both = (Allocation("Invoice", "130", usd("300.00")), Allocation("Invoice", "999", usd("60.00")))
    ledger.change("501", allocations=both, unapplied=usd("0"))
    assert ledger.look(a_payment(), look=True) == Nothing(Agreement())


def test_a_payment_over_several_invoices_is_applied_when_it_is_all_that_is_open_on_them() -> None:
    ledger = PlainLedger.with_invoices("100.00", "260.00")
    assert ledger.look(a_payment(invoice_ids=("42", "43"))) == Nothing(Agreement())
    assert [(one.far_id, one.amount) for one in ledger.written[0].allocations] == [
        ("130", usd("100.00")),
        ("131", usd("260.00")),
    ]


@pytest.mark.parametrize("amount", ["359.99", "360.01"])
def test_a_payment_over_several_invoices_is_else_left_unapplied_with_attention(amount: str) -> None:
    ledger = PlainLedger.with_invoices("100.00", "260.00")
    plan = ledger.look(a_payment(amount, invoice_ids=("42", "43")))
    assert ledger.written[0].allocations == ()
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.ALLOCATION_UNKNOWN
    assert "INV-42, INV-43" in plan.detail


def test_a_payment_over_invoices_of_two_customers_is_not_posted() -> None:
    ledger = PlainLedger.with_invoices("100.00", "260.00")
    other = ledger.invoices["131"]
    ledger.invoices["131"] = replace(other, content=replace(other.content, customer_id="59"))
    plan = ledger.look(a_payment(invoice_ids=("42", "43")))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.ALLOCATION_UNKNOWN
    assert not ledger.written


def test_the_customer_is_the_one_that_the_invoice_has_now() -> None:
    ledger = one_invoice()
    moved = ledger.invoices["130"]
    ledger.invoices["130"] = replace(moved, content=replace(moved.content, customer_id="60"))
    ledger.look(a_payment())
    assert ledger.written[0].customer_id == "60"


# -- deposit accounts and processors


@pytest.mark.parametrize(
    ("processor", "account"), [(Processor.HUBSPOT, CLEARING), (Processor.STRIPE, STRIPE), (Processor.BY_HAND, None)]
)
def test_the_account_is_the_processors_and_undeposited_funds_for_what_was_recorded_by_hand(
    processor: Processor, account: str | None
) -> None:
    ledger = one_invoice()
    ledger.look(a_payment(processor=processor))
    assert ledger.written[0].account_id == account


def test_an_account_can_be_set_for_what_was_recorded_by_hand() -> None:
    ledger = one_invoice(deposit_accounts={"none": "40"})
    ledger.look(a_payment(processor=Processor.BY_HAND))
    assert ledger.written[0].account_id == "40"


@pytest.mark.parametrize("processor", [Processor.HUBSPOT, Processor.STRIPE])
def test_money_at_a_processor_without_an_account_is_attention_and_costs_no_read(processor: Processor) -> None:
    ledger = one_invoice(deposit_accounts={})
    plan = ledger.look(a_payment(processor=processor))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.DEPOSIT_ACCOUNT_MISSING
    assert not ledger.asked


@pytest.mark.parametrize(
    ("processor", "reason"),
    [(Processor.QUICKBOOKS, "recorded_from_quickbooks"), (Processor.XERO, "other_ledger")],
)
def test_what_an_accounting_system_recorded_in_hubspot_is_never_pushed(processor: Processor, reason: str) -> None:
    ledger = one_invoice()
    plan = ledger.look(a_payment(processor=processor), look=True, by_person=True)
    assert isinstance(plan, Skip)
    assert plan.reason == reason
    assert not ledger.asked


def test_nothing_is_posted_while_sending_payments_is_switched_off() -> None:
    plan = one_invoice(push_payments=False).look(a_payment())
    assert isinstance(plan, Skip)
    assert plan.reason == "switched_off"


# -- dates, references, amounts


def test_a_payment_is_dated_in_the_companys_time_zone() -> None:
    ledger = one_invoice()
    ledger.look(a_payment(initiated_at=datetime(2026, 3, 2, 2, 0, tzinfo=UTC)))
    assert ledger.written[0].day == date(2026, 3, 1)


def test_a_date_that_a_person_picked_is_taken_as_it_is() -> None:
    ledger = one_invoice()
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    ledger.look(a_payment(initiated_at=midnight, processor=Processor.BY_HAND))
    ledger.invoices["130"] = replace(ledger.invoices["130"], balance=usd("360.00"))
    ledger.postings = ()
    ledger.look(a_payment(initiated_at=midnight))
    assert [one.day for one in ledger.written] == [date(2026, 3, 2), date(2026, 3, 1)]


def test_a_long_reference_is_cut_and_the_whole_one_is_in_the_private_note() -> None:
    ledger = one_invoice()
    ledger.look(a_payment(reference="pi_3QabcdefghijklmnopQRSTUV"))
    assert ledger.written[0].reference == "pi_3Qabcdefghijklmnop"
    assert ledger.written[0].notice == "Reference: pi_3QabcdefghijklmnopQRSTUV"
    assert ledger.look(a_payment(reference="pi_3QabcdefghijklmnopQRSTUV")) == Nothing(Agreement())


def test_a_payment_over_nothing_is_ignored_and_a_negative_one_is_attention() -> None:
    nothing = one_invoice().look(a_payment("0"))
    assert isinstance(nothing, Skip)
    assert nothing.reason == "no_amount"
    negative = one_invoice().look(a_payment("-1"))
    assert isinstance(negative, Attend)
    assert negative.code is AttentionCode.REFUSED_BY_HUBSPOT


def test_a_payment_that_cannot_be_read_is_attention() -> None:
    plan = one_invoice().look(UnreadablePayment("900", "hs_initial_amount: abc"))
    assert plan == Attend(AttentionCode.REFUSED_BY_HUBSPOT, "hs_initial_amount: abc")
