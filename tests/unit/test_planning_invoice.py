"""Which invoices are for the ledger, what should stand there, and what an invoice says that cannot be posted."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import COMPANY, CONTACT, a_company, a_line, an_invoice, some_books, some_content, usd
from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import Adjustment, AdjustmentKind, InvoiceContent, InvoiceStatus, SourceInvoice, SourceLine
from tieout.domain.money import Money
from tieout.domain.planning.books import Books, Found
from tieout.domain.planning.content import desired_content, represent
from tieout.domain.planning.invoice import billed_party, screen
from tieout.domain.planning.plan import Attend, Skip
from tieout.domain.settings import CustomerLevel, Filter, FilterOperator, Settings

ITEMS = {str(number): "5" for number in range(1, 30)}


def desired(invoice: SourceInvoice, company: LedgerCompany | None = None) -> InvoiceContent | Attend:
    return desired_content(invoice, Found("58", ITEMS), some_books(company))


def adjusted(kind: str, value: str, total: str, *, percent: bool = False) -> dict[str, Any]:
    """An invoice over 360.00 with one adjustment, and what it comes to."""
    adjustment = Adjustment(AdjustmentKind(kind), "Of all", Decimal(value), percent)
    return {"adjustments": (adjustment,), "total": usd(total)}


def attention(found: object) -> AttentionCode:
    assert isinstance(found, Attend), found
    return found.code


# -- screen


@pytest.mark.parametrize("status", [InvoiceStatus.OPEN, InvoiceStatus.PAID])
def test_a_finalised_invoice_is_for_the_ledger(status: InvoiceStatus) -> None:
    assert screen(an_invoice(status=status), Settings(), linked=False) is None


@pytest.mark.parametrize(
    ("invoice", "settings", "reason"),
    [
        ({}, {"push_invoices": False}, "switched_off"),
        ({"billable": False}, {}, "not_billable"),
        ({"origin": "data_sync"}, {}, "data_sync"),
        ({"status": InvoiceStatus.DRAFT}, {}, "draft"),
        ({"status": InvoiceStatus.VOIDED}, {}, "voided"),
        ({}, {"cutover_date": date(2026, 3, 2)}, "before_cutover"),
        ({}, {"filters": (Filter("hs_currency", FilterOperator.EQUALS, ("EUR",)),)}, "filtered"),
    ],
)
def test_an_invoice_that_is_not_for_the_ledger_is_skipped_and_the_reason_is_told(
    invoice: dict[str, Any], settings: dict[str, Any], reason: str
) -> None:
    plan = screen(an_invoice(**invoice), Settings(**settings), linked=False)
    assert isinstance(plan, Skip)
    assert plan.reason == reason
    assert plan.detail


def test_the_cut_over_date_itself_is_within_and_data_sync_invoices_can_be_wanted() -> None:
    assert screen(an_invoice(), Settings(cutover_date=date(2026, 3, 1)), linked=False) is None
    assert screen(an_invoice(origin="data_sync"), Settings(skip_data_sync_invoices=False), linked=False) is None


def test_all_filters_must_pass_and_the_one_that_stops_is_named() -> None:
    rules = (
        Filter("hs_currency", FilterOperator.IN, ("USD", "CAD")),
        Filter("region", FilterOperator.NOT_EQUALS, ("north",)),
    )
    settings = Settings(filters=rules)
    assert screen(an_invoice(properties={"hs_currency": "USD"}), settings, linked=False) is None
    plan = screen(an_invoice(properties={"hs_currency": "USD", "region": "north"}), settings, linked=False)
    assert plan == Skip("filtered", "A filter excludes it: region not_equals north.")


@pytest.mark.parametrize(
    "settings",
    [
        Settings(cutover_date=date(2030, 1, 1)),
        Settings(filters=(Filter("x", FilterOperator.KNOWN),)),
    ],
)
def test_an_invoice_that_stands_in_the_ledger_is_not_forgotten_because_a_setting_changed(settings: Settings) -> None:
    assert screen(an_invoice(), settings, linked=True) is None


def test_the_main_switch_stops_what_stands_in_the_ledger_too() -> None:
    plan = screen(an_invoice(), Settings(push_invoices=False), linked=True)
    assert isinstance(plan, Skip)
    assert plan.reason == "switched_off"


def test_an_invoice_that_stands_in_the_ledger_and_is_a_draft_again_is_attention() -> None:
    again = screen(an_invoice(status=InvoiceStatus.DRAFT), Settings(), linked=True)
    assert attention(again) is AttentionCode.REOPENED_IN_HUBSPOT
    assert screen(an_invoice(status=InvoiceStatus.VOIDED), Settings(), linked=True) is None


# -- represent


@pytest.mark.parametrize(
    ("invoice", "company", "code"),
    [
        (adjusted("discount", "10", "324", percent=True), {}, "discount_unsupported"),
        (adjusted("fee", "5", "365"), {}, "fee_unsupported"),
        (adjusted("tax", "10", "396", percent=True), {}, "tax_unsupported"),
        (adjusted("discount", "361", "-1"), {"allow_discount": True}, "discount_unsupported"),
        (adjusted("discount", "-1", "361"), {"allow_discount": True}, "discount_unsupported"),
        ({"lines": ()}, {}, "no_lines"),
        ({"lines": (a_line(tax_rate_id="15970230"),)}, {}, "tax_unsupported"),
        ({"lines": (a_line("-1"),)}, {}, "negative_line"),
        ({"lines": (a_line(), a_line("1", "-0.01"))}, {}, "negative_line"),
        ({"currency": "EUR"}, {}, "currency_unsupported"),
        ({}, {"automated_sales_tax": True, "uses_sales_tax": True}, "tax_unsupported"),
        ({}, {"country": "GB", "uses_sales_tax": True}, "tax_unsupported"),
    ],
)
def test_what_cannot_be_posted_exactly_is_attention(
    invoice: dict[str, Any], company: dict[str, Any], code: str
) -> None:
    assert attention(represent(an_invoice(**invoice), some_books(a_company(**company)))) == code


@pytest.mark.parametrize(
    "company", [{}, {"uses_sales_tax": True}, {"country": "GB"}, {"multicurrency": True}, {"custom_numbers": False}]
)
def test_an_invoice_of_plain_lines_can_be_posted(company: dict[str, Any]) -> None:
    free = a_line("2", "0")
    assert represent(an_invoice(a_line(), free), some_books(a_company(**company))) is None


@pytest.mark.parametrize(
    ("invoice", "told"),
    [
        (
            adjusted("discount", "10", "324", percent=True),
            "Of all: 36.00 USD. Discounts are switched off in QuickBooks.",
        ),
        (adjusted("fee", "1E+2", "460"), "Of all: 100.00 USD."),
        (adjusted("tax", "6.5", "383.4", percent=True), "Of all: 23.40 USD. The setting tax_mode is none."),
    ],
)
def test_an_adjustment_that_cannot_be_posted_is_told_with_its_amount(invoice: dict[str, Any], told: str) -> None:
    found = represent(an_invoice(**invoice), some_books())
    assert isinstance(found, Attend)
    assert found.detail == told


# -- whom it is billed to


@pytest.mark.parametrize(
    ("level", "company", "contact", "billed"),
    [
        (CustomerLevel.COMPANY, COMPANY, CONTACT, COMPANY),
        (CustomerLevel.COMPANY, None, CONTACT, CONTACT),
        (CustomerLevel.CONTACT, COMPANY, CONTACT, CONTACT),
        (CustomerLevel.CONTACT, COMPANY, None, COMPANY),
        (CustomerLevel.COMPANY, None, None, None),
    ],
)
def test_an_invoice_is_billed_at_the_level_of_the_settings_or_else_the_other(
    level: CustomerLevel, company: object, contact: object, billed: object
) -> None:
    invoice = an_invoice(company=company, contact=contact)
    assert billed_party(invoice, Books(a_company(), Settings(customer_level=level))) == billed


# -- what should stand


def test_what_should_stand_is_the_invoice_in_the_ledgers_words() -> None:
    assert desired(an_invoice()) == some_content(billed=usd("360"))


@pytest.mark.parametrize(
    ("invoice", "field", "value"),
    [
        ({"comments": "  two\r\nlines \n"}, "memo", "two\nlines"),
        ({"comments": " \n"}, "memo", None),
        ({"comments": None}, "memo", None),
        ({"contact": None}, "email", None),
        ({"number": None}, "number", None),
        ({"due_date": None}, "due_date", None),
    ],
)
def test_a_field_is_cleaned_and_an_empty_one_is_nothing(invoice: dict[str, Any], field: str, value: object) -> None:
    assert getattr(desired(an_invoice(**invoice)), field) == value


@pytest.mark.parametrize(
    ("name", "description", "told"),
    [
        ("Consulting", "March", "Consulting - March"),
        ("Consulting", None, "Consulting"),
        ("Consulting", " Consulting ", "Consulting"),
        (" ", "March", "March"),
        ("", None, None),
    ],
)
def test_a_line_is_described_by_name_and_description_once(name: str, description: str | None, told: str | None) -> None:
    content = desired(an_invoice(a_line(name=name, description=description)))
    assert isinstance(content, InvoiceContent)
    assert content.lines[0].description == told


def test_without_custom_numbers_the_ledger_numbers_and_no_number_is_too_long() -> None:
    own = a_company(custom_numbers=False)
    content = desired(an_invoice(number="N" * 99), own)
    assert isinstance(content, InvoiceContent)
    assert content.number is None


@pytest.mark.parametrize(
    ("invoice", "code"),
    [
        (an_invoice(number="N" * 22), AttentionCode.NUMBER_TOO_LONG),
        (an_invoice(comments="c" * 1001), AttentionCode.TEXT_TOO_LONG),
        (an_invoice(contact=replace(CONTACT, email=f"{'e' * 88}@example.test")), AttentionCode.TEXT_TOO_LONG),
        (an_invoice(a_line(description="d" * 3988)), AttentionCode.TEXT_TOO_LONG),
        (an_invoice(total=usd("360.01")), AttentionCode.TOTAL_DIFFERS),
        (an_invoice(total=usd("359.99")), AttentionCode.TOTAL_DIFFERS),
        (an_invoice(total=None), AttentionCode.TOTAL_DIFFERS),
        (an_invoice(total=Money(Decimal(360), "EUR")), AttentionCode.TOTAL_DIFFERS),
    ],
)
def test_what_does_not_fit_is_attention(invoice: SourceInvoice, code: AttentionCode) -> None:
    assert attention(desired(invoice)) is code


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice(number="N" * 21),
        an_invoice(comments="c" * 1000),
        an_invoice(contact=replace(CONTACT, email=f"{'e' * 87}@example.test")),
        an_invoice(a_line(description="d" * 3987)),
    ],
)
def test_what_just_fits_is_taken(invoice: SourceInvoice) -> None:
    assert isinstance(desired(invoice), InvoiceContent)


quantities = st.decimals(Decimal(0), Decimal(10_000), places=3)
prices = st.decimals(Decimal(0), Decimal(10_000), places=4)
some_lines = st.lists(st.tuples(quantities, prices), min_size=1, max_size=20)


def priced(amounts: list[tuple[Decimal, Decimal]]) -> list[SourceLine]:
    return [replace(a_line(), quantity=quantity, unit_price=price, amount=None) for quantity, price in amounts]


@given(some_lines)
def test_the_total_that_stands_is_hubspots_own_and_the_sum_of_the_lines(amounts: list[tuple[Decimal, Decimal]]) -> None:
    invoice = an_invoice(*priced(amounts))
    content = desired(invoice)
    assert isinstance(content, InvoiceContent)
    assert content.total == invoice.total
    assert content.total.amount == sum((line.amount for line in content.lines), Decimal(0))
    for line in content.lines:
        assert line.quantity is not None
        assert line.unit_price is not None
        assert abs(line.amount - line.quantity * line.unit_price) <= Decimal("0.005")


@given(some_lines, st.integers(1, 10_000_000), st.sampled_from([1, -1]))
def test_a_total_that_differs_by_more_than_rounding_can_explain_is_never_posted(
    amounts: list[tuple[Decimal, Decimal]], cents: int, sign: int
) -> None:
    invoice = an_invoice(*priced(amounts))
    assert invoice.total is not None
    other = invoice.total + Money(sign * (cents + len(amounts)) * Decimal("0.01"), "USD")
    found = desired(replace(invoice, total=other))
    assert attention(found) is AttentionCode.TOTAL_DIFFERS
    assert isinstance(found, Attend)
    assert str(other) in found.detail
    assert str(invoice.total) in found.detail


@given(some_lines)
def test_in_a_currency_without_cents_the_total_is_whole(amounts: list[tuple[Decimal, Decimal]]) -> None:
    content = desired(an_invoice(*priced(amounts), currency="JPY"), a_company(home_currency="JPY"))
    assert isinstance(content, InvoiceContent)
    assert all(line.amount == line.amount.to_integral_value() for line in content.lines)
