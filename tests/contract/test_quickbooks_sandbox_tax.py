"""The QuickBooks sandbox computes sales tax by the rules of the company's country and settings."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor


def visit(**settings: Any) -> Visitor:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    visitor = Visitor(QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC))))
    visitor.create("Customer", DisplayName="Amy")
    return visitor


def sale(amount: str, code: str | None = None, **detail: Any) -> dict[str, Any]:
    tax = {} if code is None else {"TaxCodeRef": {"value": code}}
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **tax, **detail},
    }


def invoice(visitor: Visitor, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return visitor.create("Invoice", CustomerRef={"value": "1"}, Line=list(lines), **fields)


def test_a_company_without_sales_tax_ignores_tax_detail() -> None:
    made = invoice(visit(), sale("100", "TAX"), TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 8})
    assert made["TxnTaxDetail"] == {"TotalTax": 0}
    assert made["TotalAmt"] == 100


def test_us_lines_know_tax_and_non_only() -> None:
    with pytest.raises(RefusedError, match=r"^6100 "):
        invoice(visit(using_sales_tax=True), sale("100", "2"))


def test_one_us_code_taxes_the_lines_marked_tax() -> None:
    code = {"TxnTaxCodeRef": {"value": "2"}}
    made = invoice(visit(using_sales_tax=True), sale("335.25", "TAX"), sale("10", "NON"), TxnTaxDetail=code)
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("26.82")
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == Decimal("335.25")
    assert made["TotalAmt"] == Decimal("372.07")


@pytest.mark.parametrize(("after", "tax"), [(True, "7.20"), (False, "8.00")])
def test_the_discount_comes_before_or_after_the_tax(*, after: bool, tax: str) -> None:
    made = invoice(
        visit(using_sales_tax=True),
        sale("100", "TAX"),
        {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {"PercentBased": False}},
        TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}},
        ApplyTaxAfterDiscount=after,
    )
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal(tax)


def test_automated_tax_is_quickbooks_own_whatever_was_sent() -> None:
    visitor = visit(using_sales_tax=True, partner_tax=True, partner_tax_percent="8.25")
    made = invoice(visitor, sale("100", "TAX"), TxnTaxDetail={"TotalTax": 1})
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("8.25")
    assert made["TotalAmt"] == Decimal("108.25")


def test_outside_the_us_mode_and_codes_are_required() -> None:
    visitor = visit(country="GB", home_currency="GBP", using_sales_tax=True)
    with pytest.raises(RefusedError, match=r"^6000 "):
        invoice(visitor, sale("100", "2"))
    with pytest.raises(RefusedError, match=r"^6000 "):
        invoice(visitor, sale("100"), GlobalTaxCalculation="TaxExcluded")
    with pytest.raises(RefusedError, match=r"^2500 "):
        invoice(visitor, sale("100", "TAX"), GlobalTaxCalculation="TaxExcluded")
    with pytest.raises(RefusedError, match=r"^6170 "):
        invoice(visitor, sale("100"), GlobalTaxCalculation="NotApplicable", TxnTaxDetail={"TotalTax": 1})
    assert invoice(visitor, sale("100"), GlobalTaxCalculation="NotApplicable")["TotalAmt"] == 100


def test_outside_the_us_tax_is_added_or_included() -> None:
    visitor = visit(country="GB", home_currency="GBP", using_sales_tax=True)
    added = invoice(visitor, sale("100", "2"), sale("100", "3"), GlobalTaxCalculation="TaxExcluded")
    assert (added["TxnTaxDetail"]["TotalTax"], added["TotalAmt"]) == (25, 225)
    line = sale("120", "2", Qty=2, UnitPrice=60)
    included = invoice(visitor, line, GlobalTaxCalculation="TaxInclusive")
    assert included["Line"][0]["Amount"] == 100
    assert included["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 120
    assert included["TotalAmt"] == 120
    again = visitor.change("Invoice", included, PrivateNote="unchanged amounts")
    assert again["TotalAmt"] == 120


def test_outside_the_us_a_tax_detail_that_is_sent_wins() -> None:
    visitor = visit(country="GB", home_currency="GBP", using_sales_tax=True)
    made = invoice(visitor, sale("100", "2"), GlobalTaxCalculation="TaxExcluded")
    lines = [sale("200", "2")]
    stale = visitor.change("Invoice", made, Line=lines, TxnTaxDetail=made["TxnTaxDetail"])
    assert stale["TotalAmt"] == 220
    assert visitor.change("Invoice", stale, Line=lines)["TotalAmt"] == 240
