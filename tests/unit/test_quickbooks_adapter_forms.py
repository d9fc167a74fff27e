"""Discounts, taxes, currencies, terms and custom fields on invoices, through the ledger over the QuickBooks sandbox."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.test_quickbooks_adapter import World
from tieout.domain.attention import AttentionCode
from tieout.domain.company import TaxCode, Term
from tieout.domain.customer import CustomerDraft
from tieout.domain.errors import NeedsAttention, Transient
from tieout.domain.invoice import ContentLine, InvoiceContent, LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.planning.difference import changes

ONE = ContentLine("1", "Setup", Decimal(1), Decimal(60), Decimal(60))
TWO = ContentLine("1", "Training", Decimal(2), Decimal(20), Decimal(40))
DISCOUNT = "DiscountLineDetail"
BRITAIN = {"country": "GB", "home_currency": "GBP", "using_sales_tax": True}


def coded(code: str | None, *lines: ContentLine) -> tuple[ContentLine, ...]:
    return tuple(replace(line, tax_code=code) for line in lines or (ONE, TWO))


def make(world: World, **fields: Any) -> LedgerInvoice:
    """An invoice over 100.00, made as it was wanted."""
    wanted = world.content(**{"lines": (ONE, TWO), **fields})
    made = world.make(wanted)
    assert changes(made.content, wanted) == ()
    return made


def row(world: World, invoice: LedgerInvoice) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(world.sandbox.company.rows["Invoice"][invoice.id], default=str))
    return found


def by_hand(world: World, invoice: LedgerInvoice, **fields: Any) -> LedgerInvoice:
    """The invoice after a person changed it in QuickBooks."""
    now = world.ledger.invoice(invoice.id)
    head = {"Id": now.id, "SyncToken": now.sync_token, "sparse": True}
    world.raw("invoice", json.dumps({**head, **fields}), f"person-{now.sync_token}")
    return world.ledger.invoice(invoice.id)


def differing(stands: InvoiceContent, wanted: InvoiceContent) -> set[str]:
    return {change.field for change in changes(stands, wanted)}


def sent(world: World) -> dict[str, Any]:
    """The body of the last write."""
    bodies = [exchange.request_body for exchange in world.sandbox.traffic.exchanges if exchange.method == "POST"]
    found: dict[str, Any] = json.loads(bodies[-1] or "")
    return found


# -- the order discount


def test_a_discount_is_one_line_of_a_fixed_amount_on_the_companys_account() -> None:
    world = World()
    made = make(world, discount=Decimal("12.50"))
    assert sent(world)["Line"][-1] == {
        "Amount": 12.5,
        "DetailType": DISCOUNT,
        DISCOUNT: {"PercentBased": False, "DiscountAccountRef": {"value": "86"}},
    }
    assert sent(world)["ApplyTaxAfterDiscount"] is True
    assert made.total == made.content.total == Money(Decimal("87.50"), "USD")
    assert len(made.content.lines) == 2


def test_a_discount_changes_comes_and_goes_and_keeps_what_a_person_put_on_it() -> None:
    world = World()
    world.raw("class", '{"Name":"West"}', "class")
    made = make(world, discount=Decimal(10))
    lines = row(world, made)["Line"]
    lines[-1][DISCOUNT] |= {"ClassRef": {"value": "1"}, "DiscountAccountRef": {"value": "1"}}
    edited = by_hand(world, made, Line=lines)
    assert edited.content == made.content
    changed = world.update(edited, replace(edited.content, discount=Decimal(20)))
    [line] = [line for line in row(world, changed)["Line"] if DISCOUNT in line]
    assert (line["Id"], line["Amount"]) == (lines[-1]["Id"], "20.00")
    assert (line[DISCOUNT]["ClassRef"]["value"], line[DISCOUNT]["DiscountAccountRef"]["value"]) == ("1", "1")
    gone = world.update(changed, replace(changed.content, discount=Decimal(0)), "u2")
    assert (gone.total, gone.content.discount) == (Money(Decimal(100), "USD"), Decimal(0))
    back = world.update(gone, replace(gone.content, discount=Decimal(5)), "u3")
    assert back.total == Money(Decimal(95), "USD")


def test_an_update_of_the_memo_leaves_the_discount_as_it_stands() -> None:
    world = World()
    made = make(world, discount=Decimal(10))
    before = row(world, made)["Line"]
    changed = world.update(made, replace(made.content, memo="Other"))
    assert row(world, changed)["Line"] == before


def test_a_discount_that_a_person_made_one_by_percent_shows_as_a_difference() -> None:
    world = World()
    made = make(world, discount=Decimal(10))
    lines = row(world, made)["Line"]
    lines[-1] = {"Id": lines[-1]["Id"], "DetailType": DISCOUNT, DISCOUNT: {"PercentBased": True, "DiscountPercent": 10}}
    edited = by_hand(world, made, Line=lines)
    assert edited.total == edited.content.total == made.total
    assert differing(edited.content, made.content) == {"discount", "line 3"}


def test_a_discount_that_a_person_took_away_shows_as_a_difference() -> None:
    world = World()
    made = make(world, discount=Decimal(10))
    edited = by_hand(world, made, Line=row(world, made)["Line"][:-1])
    assert differing(edited.content, made.content) == {"discount"}


def test_a_company_without_discounts_says_so_and_refuses_one() -> None:
    world = World(allow_discount=False)
    assert not world.ledger.company().allow_discount
    with pytest.raises(NeedsAttention) as caught:
        world.make(world.content(discount=Decimal(10)))
    assert caught.value.code is AttentionCode.REFUSED_BY_QUICKBOOKS
    allowing = World().ledger.company()
    assert (allowing.allow_discount, allowing.discount_account_id) == (True, "86")


# -- sales tax


@pytest.mark.parametrize(("code", "total"), [("NON", "90.00"), ("TAX", "97.43")])
def test_lines_bear_the_planned_code_and_the_discount_lowers_what_is_taxed(code: str, total: str) -> None:
    world = World(using_sales_tax=True, partner_tax=True, partner_tax_percent=Decimal("8.25"))
    made = make(world, lines=coded(code), discount=Decimal(10))
    assert [line.tax_code for line in made.content.lines] == [code, code]
    assert made.content.total == Money(Decimal(90), "USD")
    # 8.25 % of 90.00; of 100.00 it would be 8.25.
    assert made.total == Money(Decimal(total), "USD")


def test_tax_of_the_lines_as_they_are_is_told_apart_from_tax_of_what_the_discount_leaves() -> None:
    world = World(using_sales_tax=True, partner_tax=True)
    made = make(world, lines=coded("TAX"), discount=Decimal(10), tax_before_discount=True)
    assert (sent(world)["ApplyTaxAfterDiscount"], made.total) == (False, Money(Decimal(98), "USD"))
    changed = world.update(made, replace(made.content, discount=Decimal(20)))
    assert (sent(world)["ApplyTaxAfterDiscount"], changed.total) == (True, Money(Decimal("86.40"), "USD"))


def test_lines_without_a_planned_code_bear_no_tax_though_the_item_is_taxable() -> None:
    world = World(using_sales_tax=True, partner_tax=True)
    items = world.sandbox.company.rows["Item"]
    items["1"] = {**items["1"], "Taxable": True}
    made = make(world)
    assert made.total == Money(Decimal(100), "USD")
    assert [line.tax_code for line in made.content.lines] == ["NON", "NON"]


def test_outside_the_united_states_each_line_has_its_code_and_an_update_computes_the_tax_anew() -> None:
    world = World(**BRITAIN)
    lines = (*coded("2", ONE), *coded("3", TWO))
    made = make(world, currency="GBP", lines=lines, tax_calculation="TaxExcluded")
    assert made.total == Money(Decimal("114.00"), "GBP")
    assert "TxnTaxDetail" not in sent(world)
    more = replace(ONE, quantity=Decimal(2), amount=Decimal(120), tax_code="2")
    changed = world.update(made, replace(made.content, lines=(more, lines[1])))
    assert "TxnTaxDetail" not in sent(world)
    assert changed.total == Money(Decimal("186.00"), "GBP")


def test_in_the_united_states_the_invoice_has_a_code_and_an_update_computes_the_tax_anew() -> None:
    world = World(using_sales_tax=True)
    made = make(world, lines=(*coded("TAX", ONE), *coded("NON", TWO)), tax_code="2")
    assert (made.content.tax_code, made.total) == ("2", Money(Decimal("104.80"), "USD"))
    assert sent(world)["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}
    more = replace(ONE, quantity=Decimal(2), amount=Decimal(120))
    changed = world.update(made, replace(made.content, lines=(*coded("TAX", more), *coded("NON", TWO))))
    assert (changed.content.tax_code, changed.total) == ("2", Money(Decimal("169.60"), "USD"))
    untaxed = world.update(changed, replace(changed.content, lines=coded("NON", more, TWO), tax_code=None), "u2")
    assert untaxed.total == Money(Decimal(160), "USD")


def test_outside_the_united_states_an_invoice_can_be_outside_of_tax() -> None:
    world = World(**BRITAIN)
    made = make(world, currency="GBP", tax_calculation="NotApplicable")
    assert made.total == Money(Decimal(100), "GBP")
    assert made.content.tax_calculation == "NotApplicable"


def test_the_tax_codes_are_read_once_in_ten_minutes_inactive_ones_too() -> None:
    world = World(**BRITAIN)
    company = world.sandbox.company
    company.rows["TaxCode"]["3"] = {**company.rows["TaxCode"]["3"], "Active": False}
    assert TaxCode("5", "Exempt", active=True, taxable=False) in world.ledger.tax_codes()
    assert TaxCode("3", "5.0% R", active=False, taxable=True) in world.ledger.tax_codes()
    before = world.exchanges
    assert len(world.ledger.tax_codes()) == 4
    assert world.exchanges == before
    world.clock.advance(600)
    world.ledger.tax_codes()
    assert world.exchanges == before + 1


# -- currencies


def test_a_foreign_invoice_bears_its_currency_and_rate_and_its_customer_the_currency() -> None:
    world = World(multicurrency=True)
    draft = world.ledger.prepare_customer(CustomerDraft("Acme EUR", currency="EUR"))
    customer = world.ledger.create_customer(draft, "c1")
    assert customer.currency == "EUR"
    rate = world.ledger.exchange_rate("EUR", date(2026, 3, 2))
    assert rate == Decimal("1.08")
    made = make(world, customer_id=customer.id, currency="EUR", exchange_rate=rate)
    assert (made.total, made.content.exchange_rate) == (Money(Decimal(100), "EUR"), rate)
    assert row(world, made)["HomeTotalAmt"] == "108.00"


def test_an_invoice_in_another_currency_than_its_customers_is_refused() -> None:
    world = World(multicurrency=True)
    with pytest.raises(NeedsAttention) as caught:
        world.make(world.content(currency="EUR", exchange_rate=Decimal("1.08")))
    assert "currency of the transaction is invalid for customer" in caught.value.detail


def test_a_rate_that_a_person_corrected_stays_until_the_date_changes() -> None:
    world = World(multicurrency=True)
    euro = world.ledger.create_customer(world.ledger.prepare_customer(CustomerDraft("Jo", currency="EUR")), "c1")
    made = make(world, customer_id=euro.id, currency="EUR", exchange_rate=Decimal("1.08"))
    edited = by_hand(world, made, ExchangeRate=1.2)
    assert changes(edited.content, made.content) == ()
    changed = world.update(edited, replace(made.content, memo="Other"))
    assert changed.content.exchange_rate == Decimal("1.2")
    moved = replace(made.content, invoice_date=date(2026, 3, 5), exchange_rate=Decimal("1.09"))
    assert world.update(changed, moved, "u2").content.exchange_rate == Decimal("1.09")


def test_a_currency_without_cents_is_written_in_whole_amounts() -> None:
    world = World(multicurrency=True)
    yen = world.ledger.create_customer(world.ledger.prepare_customer(CustomerDraft("Jo", currency="JPY")), "c1")
    line = ContentLine("1", "Setup", Decimal(3), Decimal(350), Decimal(1050))
    made = make(world, customer_id=yen.id, currency="JPY", lines=(line,), discount=Decimal(50))
    assert made.total == Money(Decimal(1000), "JPY")


@pytest.mark.parametrize("missing", ["fault_610", "no_rate"])
def test_a_rate_that_quickbooks_has_not_is_none_and_a_failure_is_not(missing: str) -> None:
    world = World(multicurrency=True, exchange_rate_missing=missing)
    day = date(2026, 3, 2)
    assert world.ledger.exchange_rate("CHF", day) is None
    world.fault("status_500", path="exchangerate")
    with pytest.raises(Transient):
        world.ledger.exchange_rate("EUR", day)
    assert world.ledger.exchange_rate("EUR", day) == Decimal("1.08")
    before = world.exchanges
    assert world.ledger.exchange_rate("EUR", day) == Decimal("1.08")
    assert world.ledger.exchange_rate("USD", day) == Decimal(1)
    assert world.exchanges == before
    world.ledger.exchange_rate("EUR", date(2026, 3, 3))
    assert world.exchanges == before + 1


def test_a_company_of_one_currency_has_no_rates_and_is_not_asked() -> None:
    world = World()
    world.ledger.company()
    before = world.exchanges
    assert world.ledger.exchange_rate("EUR", date(2026, 3, 2)) is None
    assert world.exchanges == before


# -- terms and custom fields


def test_terms_are_read_and_written_and_left_alone_when_none_are_planned() -> None:
    world = World()
    world.raw("term", '{"Name":"By the 15th","DayOfMonthDue":15}', "t1")
    assert Term("2", "Net 15", 15, active=True) in world.ledger.terms()
    assert Term("5", "By the 15th", None, active=True) in world.ledger.terms()
    made = make(world, terms_id="2")
    assert (made.content.terms_id, made.content.due_date) == ("2", date(2026, 4, 1))
    changed = world.update(made, replace(made.content, terms_id=None, memo="Other"))
    assert changed.content.terms_id == "2"


def test_custom_fields_are_written_and_those_of_a_person_kept() -> None:
    world = World(custom_fields=("PO", "Crew", "Deal"))
    made = make(world, custom_fields=(("1", "PO-7"), ("3", "")))
    assert made.content.custom_fields == (("1", "PO-7"),)
    entry = {"DefinitionId": "1", "Type": "StringType", "StringValue": "PO-7"}
    assert sent(world)["CustomField"] == [entry]
    theirs = {"DefinitionId": "2", "Type": "StringType", "StringValue": "Night"}
    edited = by_hand(world, made, CustomField=[entry, theirs])
    changed = world.update(edited, replace(made.content, custom_fields=(("1", "PO-8"), ("3", "D"))))
    assert changed.content.custom_fields == (("1", "PO-8"), ("2", "Night"), ("3", "D"))
    cleared = world.update(changed, replace(made.content, custom_fields=(("1", ""),)), "u2")
    assert cleared.content.custom_fields == (("2", "Night"), ("3", "D"))


def test_a_custom_field_that_is_switched_off_is_missing_in_the_answer() -> None:
    world = World(custom_fields=("PO",))
    wanted = world.content(custom_fields=(("1", "PO-7"), ("2", "lost")))
    made = world.make(wanted)
    assert differing(made.content, wanted) == {"custom field 2"}


# -- payments and voids


def pay(world: World, invoice: LedgerInvoice, amount: int) -> None:
    link: Mapping[str, Any] = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
    body = {"CustomerRef": {"value": world.customer}, "TotalAmt": amount, "Line": [link]}
    world.raw("payment", json.dumps(body), f"payment-{invoice.id}")


def test_a_paid_invoice_says_what_settles_it_and_an_update_keeps_the_payment() -> None:
    world = World()
    made = make(world, discount=Decimal(10))
    pay(world, made, 30)
    paid = world.ledger.invoice(made.id)
    assert (paid.settled_by, paid.balance, paid.content) == (("Payment",), Money(Decimal(60), "USD"), made.content)
    changed = world.update(paid, replace(paid.content, discount=Decimal(20)))
    assert (changed.balance, changed.settled_by) == (Money(Decimal(50), "USD"), ("Payment",))


def test_a_void_of_an_invoice_with_discount_and_tax_leaves_nothing() -> None:
    world = World(using_sales_tax=True)
    voided = world.void(make(world, lines=coded("TAX"), discount=Decimal(10)))
    assert voided.voided
    assert voided.total == voided.content.total == Money(Decimal(0), "USD")
