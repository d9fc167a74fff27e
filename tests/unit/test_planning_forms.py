"""How discounts, fees, taxes, currencies, terms and custom fields stand in QuickBooks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_company, a_line, found_for, some_books, usd
from tests.support.builders_billing import RATE_GROUP, a_discount, a_fee, a_tax, billed
from tests.unit.test_planning_amounts import invoices
from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany, TaxCode
from tieout.domain.invoice import ContentLine, InvoiceContent, SourceInvoice, SourceLine, line_amount
from tieout.domain.planning.amounts import line_tax
from tieout.domain.planning.books import Found
from tieout.domain.planning.content import desired_content, fingerprint
from tieout.domain.planning.plan import Attend

US = a_company(allow_discount=True)
US_TAXED = a_company(allow_discount=True, uses_sales_tax=True)
US_AUTOMATED = a_company(allow_discount=True, uses_sales_tax=True, automated_sales_tax=True)
GB = a_company(allow_discount=True, uses_sales_tax=True, country="GB")
CODES = (TaxCode("2", "20.0% S", active=True, taxable=True), TaxCode("5", "Exempt", active=True, taxable=False))
ITEMS = {"fee_item_id": "80", "tax_item_id": "90"}


def content(invoice: SourceInvoice, company: LedgerCompany = US, found: Found | None = None, **settings: Any) -> Any:
    return desired_content(invoice, found or found_for(invoice), some_books(company, CODES, **ITEMS, **settings))


def stands(invoice: SourceInvoice, company: LedgerCompany = US, **more: Any) -> InvoiceContent:
    made = content(invoice, company, **more)
    assert isinstance(made, InvoiceContent), made
    return made


def refusal(invoice: SourceInvoice, company: LedgerCompany = US, **more: Any) -> tuple[AttentionCode, str]:
    made = content(invoice, company, **more)
    assert isinstance(made, Attend), made
    return made.code, made.detail


def of_no_tax(*lines: SourceLine, **changes: Any) -> SourceInvoice:
    """An invoice whose lines are in a rate group of 0 %."""
    plain = billed(lines or (a_line(),), **changes)
    untaxed = (replace(line, tax_rate_id="15970231", tax_amount=Decimal(0)) for line in plain.lines)
    return replace(plain, lines=tuple(untaxed))


# -- line discounts


def test_a_line_discount_is_a_net_unit_price_and_said_in_the_description() -> None:
    [line] = stands(billed((a_line(discount_percent=Decimal(10)),))).lines
    told = "Consulting - March\n3 x 120 = 360.00, less 36.00"
    assert line == ContentLine("5", told, Decimal(3), Decimal(108), Decimal(324))


def test_a_net_amount_that_does_not_divide_exactly_is_one_piece_with_the_quantity_in_the_description() -> None:
    [line] = stands(billed((a_line("3", "33.33", discount_percent=Decimal(10)),))).lines
    told = "Consulting - March\n3 x 33.33 = 99.99, less 10.00"
    assert line == ContentLine("5", told, Decimal(1), Decimal("89.99"), Decimal("89.99"))


def test_stock_keeps_its_quantity_and_its_discount_becomes_part_of_the_order_discount() -> None:
    invoice = billed((a_line("3", "33.33", discount_percent=Decimal(10)), a_line("1", "10")), (a_discount("5"),))
    stock = found_for(invoice, inventory=frozenset({"5"}))
    made = stands(invoice, found=stock)
    assert [(line.quantity, line.amount) for line in made.lines] == [(Decimal(3), Decimal("99.99")), (1, Decimal(10))]
    assert made.discount == Decimal("15.00")
    assert made.total == invoice.total
    off = a_company(allow_discount=False)
    assert refusal(invoice, off, found=stock)[0] is AttentionCode.DISCOUNT_UNSUPPORTED


def test_stock_billed_in_yen_keeps_its_quantity_at_a_price_that_comes_to_the_amount() -> None:
    """QuickBooks refuses 7 x 0.125 = 1 (error 6070), and of stock the quantity matters."""
    invoice = billed((a_line("7", "0.125"),), currency="JPY")
    yen = replace(US, home_currency="JPY")
    [line] = stands(invoice, yen, found=found_for(invoice, inventory=frozenset({"5"}))).lines
    assert (line.quantity, line.unit_price, line.amount) == (Decimal(7), Decimal("0.1428571"), Decimal(1))
    assert "7 x 0.125" in str(line.description)


def test_a_line_that_hubspot_gives_away_stands_there_for_nothing() -> None:
    [line] = stands(billed((a_line(discount_percent=Decimal(100)),))).lines
    assert line.quantity == Decimal(3)
    assert line.unit_price == line.amount == Decimal(0)


# -- order discounts and fees


def test_all_order_discounts_are_one_fixed_amount() -> None:
    invoice = billed((a_line("1", "100"),), (a_discount("10", percent=True), a_discount("7.5")))
    made = stands(invoice)
    assert (made.discount, made.total) == (Decimal("17.50"), invoice.total)


def test_a_fee_is_a_line_with_its_own_item_or_the_one_for_its_label() -> None:
    invoice = billed((a_line("1", "100"),), (a_fee("5", percent=True), replace(a_fee("2"), label="Freight")))
    made = stands(invoice, fee_items={"Freight": "81"})
    assert made.lines[1:] == (
        ContentLine("80", "Rush", Decimal(1), Decimal("5.00"), Decimal("5.00")),
        ContentLine("81", "Freight", Decimal(1), Decimal("2.00"), Decimal("2.00")),
    )
    bare = desired_content(invoice, found_for(invoice), some_books(US, fee_items={"Freight": "81"}))
    assert bare == Attend(AttentionCode.FEE_UNSUPPORTED, "Rush: 5.00 USD.")


def test_a_fee_or_tax_of_nothing_is_no_line_and_needs_no_item() -> None:
    assert len(stands(billed(adjustments=(a_fee("0"),))).lines) == 1
    invoice = billed((a_line("1", "0"),), (a_fee("5", percent=True), a_tax("10")))
    for mode in ("none", "as_item"):
        bare = desired_content(invoice, found_for(invoice), some_books(US, tax_mode=mode))
        assert isinstance(bare, InvoiceContent), bare
        assert len(bare.lines) == 1


# -- taxes


def test_taxes_as_items_are_lines_and_every_line_bears_no_tax_of_its_own() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP), a_line("1", "10")), (a_tax("10"), a_fee("5")))
    made = stands(invoice, US_TAXED, tax_mode="as_item", tax_items={"VAT": "91"})
    assert [(line.item_id, line.description, line.amount) for line in made.lines[2:]] == [
        ("80", "Rush", Decimal("5.00")),
        ("90", "Sales tax", Decimal("23.40")),
        ("91", "VAT", Decimal("37.50")),
    ]
    assert {line.tax_code for line in made.lines} == {"NON"}
    assert made.total == invoice.total


def test_outside_the_united_states_taxes_as_items_need_the_code_for_what_is_not_taxed() -> None:
    invoice = billed(adjustments=(a_tax("10"),))
    assert refusal(invoice, GB, tax_mode="as_item")[0] is AttentionCode.TAX_UNSUPPORTED
    made = stands(invoice, GB, tax_mode="as_item", untaxed_code="5")
    assert {line.tax_code for line in made.lines} == {"5"}
    assert made.tax_calculation == "TaxExcluded"


def test_in_automated_mode_only_what_hubspot_taxes_is_taxable_and_no_line_is_a_tax() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP), a_line("1", "10")), (a_fee("5"),))
    made = stands(invoice, US_AUTOMATED, tax_mode="automated")
    assert [line.tax_code for line in made.lines] == ["TAX", "NON", "NON"]
    assert made.billed == invoice.total == made.total + usd("23.40")
    everything = stands(billed((a_line(),), (a_tax("8"), a_fee("5"))), US_AUTOMATED, tax_mode="automated")
    assert [line.tax_code for line in everything.lines] == ["TAX", "TAX"]


def test_in_codes_mode_each_rate_group_is_a_tax_code() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP), a_line("1", "10")), (a_fee("5"),))
    named: dict[str, Any] = {"tax_mode": "codes", "tax_codes": {RATE_GROUP: "2"}, "untaxed_code": "5"}
    made = stands(invoice, GB, **named)
    assert [line.tax_code for line in made.lines] == ["2", "5", "5"]
    assert made.tax_calculation == "TaxExcluded"
    whole = stands(billed((a_line(),), (a_tax("20"), a_fee("5"))), GB, tax_mode="codes", tax_codes={"VAT": "2"})
    assert [line.tax_code for line in whole.lines] == ["2", "2"]


def test_hubspots_own_amounts_tell_whether_lines_are_taxed_before_or_after_the_order_discount() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP),), (a_discount("10", percent=True),))
    assert stands(invoice, US_AUTOMATED, tax_mode="automated").tax_before_discount
    # 6.5 % of 324.00 instead of 360.00.
    less = replace(invoice, lines=(replace(invoice.lines[0], tax_amount=Decimal("21.06")),), total=usd("345.06"))
    untold = replace(invoice, lines=(replace(invoice.lines[0], tax_rate=None),))
    of_all = billed((a_line(),), (a_discount("10", percent=True), a_tax("6.5")))
    for other in (less, untold, of_all, billed((a_line(tax_rate_id=RATE_GROUP),))):
        assert not stands(other, US_AUTOMATED, tax_mode="automated").tax_before_discount


def test_in_the_united_states_the_invoice_has_one_code_and_its_lines_bear_it_or_not() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP), a_line("1", "10")), (a_fee("5"),))
    made = stands(invoice, US_TAXED, tax_mode="codes", tax_codes={RATE_GROUP: "2", "VAT": "2"})
    assert ([line.tax_code for line in made.lines], made.tax_code) == (["TAX", "NON", "NON"], "2")
    assert made.tax_calculation is None
    assert made.billed == invoice.total == made.total + usd("23.40")
    whole = stands(billed((a_line(),), (a_tax("20"), a_fee("5"))), US_TAXED, tax_mode="codes", tax_codes={"VAT": "2"})
    assert ([line.tax_code for line in whole.lines], whole.tax_code) == (["TAX", "TAX"], "2")
    untaxed = stands(billed(), US_TAXED, tax_mode="codes", tax_codes={"VAT": "2"})
    assert ([line.tax_code for line in untaxed.lines], untaxed.tax_code) == (["NON"], None)


@pytest.mark.parametrize(
    ("invoice", "company", "settings", "told"),
    [
        (billed(adjustments=(a_tax("8"),)), US, {}, "tax_mode is none"),
        (billed((a_line(tax_rate_id=RATE_GROUP),)), US, {}, "tax_mode is none"),
        (billed(), US_AUTOMATED, {}, "computes sales tax by itself"),
        (billed(), GB, {}, "untaxed_code is not set"),
        (billed(), GB, {"untaxed_code": "NON"}, "untaxed_code"),
        (billed(), GB, {"untaxed_code": "77"}, "no active tax code with the id 77"),
        (billed(adjustments=(a_tax("8"),)), US_TAXED, {"tax_mode": "automated"}, "does not compute sales tax"),
        (billed(adjustments=(a_tax("8", percent=False),)), US_AUTOMATED, {"tax_mode": "automated"}, "A fixed amount"),
        (billed(adjustments=(a_tax("8"),)), US_AUTOMATED, {"tax_mode": "codes"}, "chooses tax codes by itself"),
        (billed(adjustments=(a_tax("8"),)), US, {"tax_mode": "codes"}, "Sales tax is not set up"),
        (billed(adjustments=(a_tax("8"),)), US_TAXED, {"tax_mode": "codes"}, "No QuickBooks tax code is set for “VAT”"),
        (
            billed((a_line(tax_rate_id=RATE_GROUP), a_line(tax_rate_id="15970231"))),
            US_TAXED,
            {"tax_mode": "codes", "tax_codes": {RATE_GROUP: "2", "15970231": "3"}},
            "an invoice has one code",
        ),
        (
            billed((a_line(tax_rate_id=RATE_GROUP),)),
            US_TAXED,
            {"tax_mode": "codes", "tax_codes": {RATE_GROUP: "77"}},
            "no active tax code with the id 77",
        ),
        (billed(adjustments=(a_tax("8"),)), GB, {"tax_mode": "codes"}, "No QuickBooks tax code is set for “VAT”"),
        (billed(adjustments=(a_tax("8"), a_tax("1"))), GB, {"tax_mode": "codes"}, "the only one"),
        (billed((a_line(tax_rate_id=RATE_GROUP),)), GB, {"tax_mode": "codes"}, f"tax rate group {RATE_GROUP}"),
        (
            billed((a_line(tax_rate_id=RATE_GROUP), a_line())),
            GB,
            {"tax_mode": "codes", "tax_codes": {RATE_GROUP: "2"}},
            "untaxed lines",
        ),
        (
            billed((a_line(tax_rate_id=RATE_GROUP),)),
            GB,
            {"tax_mode": "codes", "tax_codes": {RATE_GROUP: "3"}},
            "no active tax code with the id 3",
        ),
    ],
)
def test_what_a_tax_mode_cannot_express_is_attention(
    invoice: SourceInvoice, company: LedgerCompany, settings: dict[str, Any], told: str
) -> None:
    code, detail = refusal(invoice, company, **settings)
    assert code is AttentionCode.TAX_UNSUPPORTED
    assert told in detail


@pytest.mark.parametrize(
    ("company", "settings", "code"),
    [
        (US, {"tax_mode": "none"}, None),
        (US_TAXED, {"tax_mode": "as_item"}, "NON"),
        (US_AUTOMATED, {"tax_mode": "automated"}, "NON"),
        (GB, {"tax_mode": "none", "untaxed_code": "5"}, "5"),
        (GB, {"tax_mode": "codes", "untaxed_code": "5"}, "5"),
    ],
)
def test_a_rate_group_of_nothing_is_no_tax_in_any_mode(
    company: LedgerCompany, settings: dict[str, Any], code: str | None
) -> None:
    invoice = of_no_tax()
    made = stands(invoice, company, **settings)
    assert [line.tax_code for line in made.lines] == [code]
    assert made.total == invoice.total


def test_beside_taxed_lines_a_rate_group_of_nothing_bears_its_own_code_or_the_one_for_what_is_not_taxed() -> None:
    taxed, free = a_line(tax_rate_id=RATE_GROUP), a_line("1", "10")
    plain = billed((taxed, free))
    mixed = replace(plain, lines=(plain.lines[0], *of_no_tax(free).lines))
    mixed = replace(mixed, lines=(mixed.lines[0], replace(mixed.lines[1], id="2")))
    codes = {RATE_GROUP: "2"}
    unnamed = stands(mixed, GB, tax_mode="codes", tax_codes=codes, untaxed_code="5")
    assert [line.tax_code for line in unnamed.lines] == ["2", "5"]
    named = stands(mixed, GB, tax_mode="codes", tax_codes=codes | {"15970231": "2"})
    assert [line.tax_code for line in named.lines] == ["2", "2"]
    american = stands(mixed, US_TAXED, tax_mode="codes", tax_codes=codes)
    assert [line.tax_code for line in american.lines] == ["TAX", "NON"]


def test_a_tax_without_an_item_or_without_an_amount_is_attention() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP),))
    bare = desired_content(invoice, found_for(invoice), some_books(US, tax_mode="as_item"))
    assert bare == Attend(AttentionCode.TAX_UNSUPPORTED, f"No QuickBooks item is set for the tax “{RATE_GROUP}”.")
    silent = replace(invoice, lines=(replace(invoice.lines[0], tax_amount=None),))
    assert "does not say how much" in refusal(silent, tax_mode="as_item")[1]


def test_an_untaxed_invoice_outside_the_united_states_bears_the_code_for_that() -> None:
    made = stands(billed(), GB, untaxed_code="5")
    assert ([line.tax_code for line in made.lines], made.tax_calculation) == (["5"], "TaxExcluded")


# -- currencies


def test_a_foreign_invoice_bears_the_rate_and_without_one_it_is_attention() -> None:
    books = a_company(multicurrency=True)
    invoice = billed(currency="EUR")
    assert stands(invoice, books, found=found_for(invoice, rate=Decimal("1.08"))).exchange_rate == Decimal("1.08")
    for rate in (None, Decimal(0)):
        assert refusal(invoice, books, found=found_for(invoice, rate=rate)) == (
            AttentionCode.CURRENCY_UNSUPPORTED,
            "QuickBooks has no exchange rate from EUR to USD for 2026-03-01.",
        )
    assert "multicurrency is off" in refusal(invoice, found=found_for(invoice, rate=Decimal(1)))[1]
    assert stands(billed(), books).exchange_rate is None


# -- terms and custom fields


@pytest.mark.parametrize(("days", "terms"), [(30, "3"), (0, "1"), (29, None), (None, None)])
def test_the_days_between_the_two_dates_name_the_terms(days: int | None, terms: str | None) -> None:
    due = None if days is None else date.fromordinal(date(2026, 3, 1).toordinal() + days)
    assert stands(billed(due_date=due), terms={"30": "3", "0": "1"}).terms_id == terms


def test_properties_and_the_purchase_order_go_into_custom_fields() -> None:
    invoice = billed(purchase_order=" PO-17 ", properties={"region": "north", "unused": "x"})
    settings: dict[str, Any] = {"custom_fields": {"region": "2"}, "purchase_order_field": "1"}
    assert stands(invoice, **settings).custom_fields == (("1", "PO-17"), ("2", "north"))
    emptied = replace(invoice, purchase_order=None)
    assert stands(emptied, **settings).custom_fields == (("2", "north"),)
    assert refusal(replace(invoice, purchase_order="P" * 32), **settings)[0] is AttentionCode.TEXT_TOO_LONG


# -- what holds for all of them


@given(invoices, st.sampled_from(["none", "as_item", "automated", "codes"]), st.booleans())
def test_lines_less_discount_and_taxes_come_to_what_hubspot_billed(
    invoice: SourceInvoice,
    mode: str,
    stock: bool,
) -> None:
    company = replace(
        GB if mode == "codes" else US_AUTOMATED if mode == "automated" else US, home_currency=invoice.currency
    )
    found = found_for(invoice, inventory=frozenset({"5"} if stock else ()))
    named = {"tax_codes": {RATE_GROUP: "2", "Some": "2"}, "untaxed_code": "5"} if mode == "codes" else {}
    made = content(invoice, company, found, tax_mode=mode, **named)
    if isinstance(made, Attend):
        return
    added = made.billed.amount - made.total.amount
    assert made.billed == invoice.total
    assert made.discount >= 0
    if mode in ("none", "as_item"):
        assert added == 0
    else:
        assert added >= (line_tax(invoice) or 0)
    for line in made.lines:
        assert line.amount == line_amount(line.quantity, line.unit_price, invoice.currency)


@given(invoices)
def test_as_items_nearly_every_invoice_can_be_posted(invoice: SourceInvoice) -> None:
    """What is refused is refused for a reason, never for a cent that would not fit."""
    made = content(invoice, replace(US, home_currency=invoice.currency), tax_mode="as_item")
    if isinstance(made, Attend):
        assert "two ways" in made.detail or made.code is AttentionCode.DISCOUNT_UNSUPPORTED, made


# -- what HubSpot says


def test_the_fingerprint_sees_what_is_posted_and_nothing_beside() -> None:
    invoice = billed(properties={"region": "north"})
    # Pairs of fields are compared by themselves.
    same = replace(invoice, modified_at=None, purchase_order="PO", properties={"region": "south", "x": "y"})
    assert fingerprint(invoice) == fingerprint(same)
    rewritten = replace(invoice, lines=(replace(invoice.lines[0], quantity=Decimal("3.00")),))
    assert fingerprint(invoice) == fingerprint(rewritten)
    for change in (
        {"comments": "x"},
        {"due_date": None},
        {"lines": (replace(invoice.lines[0], discount=Decimal(1)),)},
        {"adjustments": (a_fee("1"),)},
        {"contact": None},
        {"total": usd("1")},
    ):
        assert fingerprint(replace(invoice, **change)) != fingerprint(invoice)
