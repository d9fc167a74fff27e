"""Over which items a refund is posted, with which tax, and totals that QuickBooks computes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.support.builders import some_content, usd
from tests.support.builders_payments import (
    PlainLedger,
    a_payment,
    one_invoice,
    refunded,
)
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import ContentLine
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.plan import Agreement, Attend, Nothing
from tieout.domain.planning.standing import seen


def lines(*rows: tuple[str, str, str | None]) -> tuple[ContentLine, ...]:
    return tuple(ContentLine(item, f"Item {item}", Decimal(1), Decimal(a), Decimal(a), code) for item, a, code in rows)


# -- over which items


def test_the_original_items_and_tax_codes_are_refunded_pro_rata_by_the_largest_remainder() -> None:
    ledger = PlainLedger()
    content = some_content(lines=lines(("1", "100.00", "TAX"), ("2", "100.00", "NON"), ("3", "100.00", None)))
    ledger.add_invoice("42", "130", content)
    ledger.look(refunded(a_payment("300.00"), "100.00"))
    assert [(one.item_id, one.amount, one.tax_code) for one in ledger.written[1].lines] == [
        ("1", Decimal("33.34"), "TAX"),
        ("2", Decimal("33.33"), "NON"),
        ("3", Decimal("33.33"), None),
    ]


def test_an_order_discount_shrinks_all_lines_of_a_refund_alike() -> None:
    ledger = PlainLedger()
    content = some_content(lines=lines(("1", "60.00", None), ("2", "40.00", None)), discount=Decimal("10.00"))
    ledger.add_invoice("42", "130", content)
    ledger.look(refunded(a_payment("90.00"), "90.00"))
    assert [one.amount for one in ledger.written[1].lines] == [Decimal("54.00"), Decimal("36.00")]


def test_where_quickbooks_adds_the_tax_the_lines_leave_room_for_it() -> None:
    ledger = PlainLedger()
    content = some_content(
        lines=lines(("1", "100.00", "5"), ("2", "100.00", "10")), billed=usd("220.00"), tax_calculation="TaxExcluded"
    )
    ledger.add_invoice("42", "130", content)
    ledger.look(refunded(a_payment("220.00"), "110.00"))
    refund = ledger.written[1]
    assert (refund.amount, refund.tax_calculation) == (usd("110.00"), "TaxExcluded")
    assert [(one.amount, one.tax_code) for one in refund.lines] == [
        (Decimal("50.00"), "5"),
        (Decimal("50.00"), "10"),
    ]


def test_tax_on_what_an_order_discount_took_off_is_given_back_too() -> None:
    ledger = PlainLedger()
    content = some_content(
        lines=lines(("1", "100.00", "5")), discount=Decimal("10.00"), tax_before_discount=True, billed=usd("110.00")
    )
    ledger.add_invoice("42", "130", content)
    ledger.look(refunded(a_payment("110.00"), "60.00"))
    # 50.00 and 20 % of it.
    assert [one.amount for one in ledger.written[1].lines] == [Decimal("50.00")]


def test_the_tax_code_of_an_american_invoice_is_the_refunds_too() -> None:
    ledger = PlainLedger()
    content = some_content(lines=lines(("1", "100.00", "TAX")), billed=usd("108.00"), tax_code="2")
    ledger.add_invoice("42", "130", content)
    ledger.look(refunded(a_payment("108.00"), "108.00"))
    assert ledger.written[1].tax_code == "2"
    assert [one.amount for one in ledger.written[1].lines] == [Decimal("100.00")]


def test_a_refund_of_several_invoices_is_over_the_items_of_all_of_them() -> None:
    ledger = PlainLedger.with_invoices("100.00", "260.00")
    ledger.look(refunded(a_payment(invoice_ids=("42", "43")), "36.00"))
    assert [one.amount for one in ledger.written[1].lines] == [Decimal("10.00"), Decimal("26.00")]


def test_invoices_that_are_taxed_in_different_ways_are_attention() -> None:
    ledger = PlainLedger.with_invoices("100.00")
    ledger.add_invoice("43", "131", some_content(lines=lines(("1", "260.00", "TAX")), tax_code="2"))
    plan = ledger.look(refunded(a_payment(invoice_ids=("42", "43")), "36.00"))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.TAX_UNSUPPORTED


def test_a_refund_of_a_sales_receipt_is_over_its_item_and_of_an_unapplied_payment_over_the_one_set() -> None:
    sale = one_invoice(payments_without_invoice="sales_receipt", sales_receipt_item_id="17")
    link = a_payment(invoice_ids=(), source="SALES_CHECKOUT")
    sale.look(refunded(link, "60.00"), waited=timedelta(minutes=5))
    assert [(one.item_id, one.amount) for one in sale.written[1].lines] == [("17", Decimal("60.00"))]
    credit = one_invoice(payments_without_invoice="unapplied", fallback_item_id="9")
    credit.look(refunded(link, "60.00"), waited=timedelta(minutes=5))
    assert [(one.item_id, one.amount) for one in credit.written[1].lines] == [("9", Decimal("60.00"))]
    bare = one_invoice(payments_without_invoice="unapplied")
    plan = bare.look(refunded(link, "60.00"), waited=timedelta(minutes=5))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.ITEM_MISSING


def test_a_payment_by_hand_is_refunded_from_where_quickbooks_deposited_it() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(processor=Processor.BY_HAND), "60.00"))
    assert ledger.written[0].account_id is None
    assert ledger.written[1].account_id == "4"


def answered(ledger: PlainLedger, total: str, *, taken_back: bool) -> None:
    """QuickBooks made the last refund another total."""
    *others, last = ledger.postings
    present = replace(ledger.documents[f"{last.sent.document.value}:{last.far_id}"], total=usd(total))
    ledger.documents[f"{last.sent.document.value}:{last.far_id}"] = present
    ledger.postings = (*others, replace(seen(last, present), voided=taken_back))


# -- totals that QuickBooks computes


def test_a_cent_that_quickbooks_rounds_otherwise_is_a_variance() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00"))
    answered(ledger, "50.01", taken_back=False)
    plan = ledger.look(refunded(a_payment(), "50.00"))
    assert isinstance(plan, Nothing)
    assert plan.agreement.variance
    assert "50.01 USD instead of HubSpot's 50.00 USD" in plan.agreement.detail


def test_a_total_beyond_the_tolerance_is_attention() -> None:
    ledger = one_invoice(beyond_tolerance="keep")
    ledger.look(refunded(a_payment(), "50.00"))
    answered(ledger, "54.00", taken_back=False)
    plan = ledger.look(refunded(a_payment(), "50.00"))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.TOTAL_DIFFERS


def test_a_refund_that_was_taken_back_is_tried_again_only_by_a_person() -> None:
    ledger = one_invoice()
    source = refunded(a_payment(), "50.00", "80.00")
    ledger.look(refunded(a_payment(), "50.00"))
    answered(ledger, "54.00", taken_back=True)
    for _ in range(2):
        plan = ledger.look(source)
        assert isinstance(plan, Attend)
        assert plan.code is AttentionCode.TOTAL_DIFFERS
        assert "Tieout took the new refund receipt back" in plan.detail
    assert len(ledger.written) == 2
    assert ledger.look(source, look=True, by_person=True) == Nothing(Agreement())
    assert ledger.total(Document.REFUND_RECEIPT) == Decimal("80.00")
