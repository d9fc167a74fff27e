"""The rules about the amounts of an invoice, sentence by sentence, each through the whole push over both sandboxes."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest

from infra.sandbox.hubspot.config import TaxRate
from tests.support.builders import usd
from tests.support.builders_forms import STATE_TAX, STOCK, adjusted, discounts, formed, sold, the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import SourceInvoice, UnreadableInvoice
from tieout.domain.money import Money
from tieout.domain.record import State
from tieout.ports import Crm

SPRING, VOUCHER = ("discounts", "Spring", "PERCENT", "10"), ("discounts", "Voucher", "FIXED", "20")
RUSH, CARD = ("fees", "Rush", "FIXED", "25"), ("fees", "Card", "PERCENT", "3")
CITY, GREEN = ("taxes", "City", "PERCENT", "6.5"), ("taxes", "Green", "FIXED", "4.20")
TAXED = {"hs_tax_rate_group_id": STATE_TAX}
AUTOMATED: dict[str, Any] = {"using_sales_tax": True, "partner_tax": True, "partner_tax_percent": Decimal("6.5")}
BRITAIN: dict[str, Any] = {"country": "GB", "home_currency": "GBP", "using_sales_tax": True}


class Says:
    """A HubSpot that says another total; everything else passes through."""

    def __init__(self, crm: Crm, total: Money | None) -> None:
        self._crm, self._total = crm, total

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)

    def invoices(
        self, ids: Collection[str], extra_properties: Collection[str] = ()
    ) -> Mapping[str, SourceInvoice | UnreadableInvoice]:
        found = self._crm.invoices(ids, extra_properties)
        return {id_: replace(cast("SourceInvoice", one), total=self._total) for id_, one in found.items()}


def needs(world: World, id_: str) -> tuple[AttentionCode, str]:
    """Why the invoice needs attention; nothing stands in QuickBooks then."""
    record = world.sync(id_)
    assert record.state is State.ATTENTION
    assert world.booked() == []
    return AttentionCode(record.reason), record.detail


def in_sync(world: World, id_: str) -> dict[str, Any]:
    """The invoice as it stands in QuickBooks, with HubSpot's total."""
    record = world.sync(id_)
    assert (record.state, record.detail) == (State.SYNCED, "")
    read = world.person.get(f"/crm/objects/2026-09/invoices/{id_}?properties=hs_amount_billed").json()
    assert the(world)["TotalAmt"] == Decimal(read["properties"]["hs_amount_billed"])
    return the(world)


# -- amounts and lines


def test_an_amount_is_rounded_to_the_cent_while_price_and_quantity_keep_their_decimals() -> None:
    world = World()
    [line] = sold(in_sync(world, adjusted(world, line={"quantity": "1.5", "price": "3.335"})))
    assert (line["Qty"], line["UnitPrice"], line["Amount"]) == (Decimal("1.5"), Decimal("3.335"), Decimal("5.00"))


def test_line_discounts_come_first_then_order_discounts_then_fees_then_taxes() -> None:
    world = World()
    world.settings(fee_item_id="1", tax_mode="as_item", tax_item_id="1")
    line = {"hs_discount_percentage": "10"}
    row = in_sync(world, adjusted(world, CITY, CARD, SPRING, line=line))
    # 360.00 - 36.00 = 324.00; - 32.40 = 291.60; + 8.75 = 300.35; + 19.52 = 319.87
    assert row["TotalAmt"] == Decimal("319.87")


@pytest.mark.parametrize(("per", "net"), [("unit", "345.00"), ("line", "355.00")])
def test_whether_a_fixed_discount_is_of_the_unit_or_of_the_line_is_told_by_hubspots_own_totals(
    per: str, net: str
) -> None:
    world = World(hubspot={"discount_per": per})
    assert in_sync(world, adjusted(world, line={"discount": "5"}))["TotalAmt"] == Decimal(net)


@pytest.mark.parametrize(
    ("total", "told"),
    [
        (usd("359.99"), "HubSpot says 359.99 USD, its lines and adjustments come to 360.00 USD."),
        (None, "HubSpot says no total."),
    ],
)
def test_a_total_that_no_reading_gives_is_attention_with_the_figures_and_never_a_guess(
    total: Money | None, told: str
) -> None:
    world = World()
    world.crm = cast("Crm", Says(world.crm, total))
    assert needs(world, world.invoice()) == (AttentionCode.TOTAL_DIFFERS, told)


def test_every_line_is_quantity_times_price_to_the_cent_and_names_an_item() -> None:
    world = World()
    world.settings(fee_item_id="1", tax_mode="as_item", tax_item_id="1")
    lines = ({"quantity": "7", "price": "19.99", "hs_discount_percentage": "33"}, {"discount": "1.5"}, {"price": "0"})
    row = in_sync(world, formed(world, SPRING, RUSH, CARD, CITY, GREEN, lines=lines))
    assert len(sold(row)) == 7
    for line in sold(row):
        assert line["ItemRef"]["value"] == "1"
        assert line["Amount"] == (line["Qty"] * line["UnitPrice"]).quantize(Decimal("0.01"))


# -- discounts and fees


def test_a_line_discount_is_a_net_unit_price_with_the_gross_and_the_discount_in_the_description() -> None:
    world = World()
    [line] = sold(in_sync(world, adjusted(world, line={"hs_discount_percentage": "10"})))
    assert (line["Qty"], line["UnitPrice"], line["Amount"]) == (3, 108, 324)
    assert line["Description"] == "Services\n3 x 120 = 360.00, less 36.00"


def test_where_the_net_does_not_divide_exactly_it_is_one_piece_with_the_quantity_in_the_description() -> None:
    world = World()
    line = {"quantity": "7", "price": "19.99", "hs_discount_percentage": "33"}
    [stands] = sold(in_sync(world, adjusted(world, line=line)))
    assert (stands["Qty"], stands["UnitPrice"], stands["Amount"]) == (1, Decimal("93.75"), Decimal("93.75"))
    assert stands["Description"] == "Services\n7 x 19.99 = 139.93, less 46.18"


def test_stock_keeps_gross_lines_and_its_discount_is_added_to_the_order_discount() -> None:
    world = World()
    world.book("Item", {"Name": "Pump", **STOCK})
    row = in_sync(world, adjusted(world, VOUCHER, line={"name": "Pump", "hs_discount_percentage": "10"}))
    [line] = sold(row)
    assert (line["Qty"], line["UnitPrice"], line["Amount"]) == (3, 120, 360)
    assert [one["Amount"] for one in discounts(row)] == [56]


def test_order_discounts_are_exactly_one_line_of_a_fixed_amount_never_a_percentage() -> None:
    world = World()
    world.settings(fee_item_id="1")
    row = in_sync(world, adjusted(world, SPRING, VOUCHER, RUSH))
    [line] = discounts(row)
    assert (line["Amount"], line["DiscountLineDetail"]["PercentBased"]) == (56, False)
    assert "DiscountPercent" not in line["DiscountLineDetail"]
    assert row["TotalAmt"] == 329


def test_a_discount_where_quickbooks_has_them_switched_off_is_attention() -> None:
    world = World(allow_discount=False)
    assert needs(world, adjusted(world, VOUCHER))[0] is AttentionCode.DISCOUNT_UNSUPPORTED


def test_an_order_level_fee_is_a_line_with_the_configured_item_and_a_fixed_amount() -> None:
    world = World()
    fees = {
        name: world.book("Item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}})["Id"]
        for name in ("Fees", "Rush fees")
    }
    world.settings(fee_item_id=fees["Fees"], fee_items={"Rush": fees["Rush fees"]})
    lines = sold(in_sync(world, adjusted(world, RUSH, CARD)))[1:]
    assert [(one["ItemRef"]["value"], one["Qty"], one["Amount"], one["Description"]) for one in lines] == [
        (fees["Rush fees"], 1, 25, "Rush"),
        (fees["Fees"], 1, Decimal("11.55"), "Card"),
    ]


def test_a_fee_without_an_item_is_attention() -> None:
    world = World()
    assert needs(world, adjusted(world, RUSH)) == (AttentionCode.FEE_UNSUPPORTED, "Rush: 25.00 USD.")


# -- taxes


@pytest.mark.parametrize("order", [True, False])
def test_in_mode_none_an_invoice_with_a_tax_is_attention(*, order: bool) -> None:
    world = World()
    id_ = adjusted(world, CITY) if order else adjusted(world, line=TAXED)
    assert needs(world, id_)[0] is AttentionCode.TAX_UNSUPPORTED


def test_as_item_each_tax_is_a_line_and_every_line_bears_the_code_for_no_tax() -> None:
    world = World(using_sales_tax=True)
    tax = world.book("Item", {"Name": "Sales tax", "Type": "Service", "IncomeAccountRef": {"value": "89"}})["Id"]
    world.settings(tax_mode="as_item", tax_item_id=tax)
    row = in_sync(world, formed(world, CITY, GREEN, lines=(TAXED, {})))
    assert {line["TaxCodeRef"]["value"] for line in sold(row)} == {"NON"}
    taxes = [(line["ItemRef"]["value"], line["Amount"]) for line in sold(row)[2:]]
    assert taxes == [(tax, Decimal("23.40")), (tax, Decimal("46.80")), (tax, Decimal("4.20"))]
    assert row["TxnTaxDetail"]["TotalTax"] == 0


def test_automated_marks_what_is_taxed_sends_no_tax_line_and_takes_quickbooks_own_tax() -> None:
    world = World(**AUTOMATED)
    world.settings(tax_mode="automated")
    row = in_sync(world, formed(world, lines=(TAXED, {"price": "10"})))
    assert [line["TaxCodeRef"]["value"] for line in sold(row)] == ["TAX", "NON"]
    assert (row["TxnTaxDetail"]["TotalTax"], row["TotalAmt"]) == (Decimal("23.40"), Decimal("413.40"))


def test_by_code_a_rate_group_is_a_tax_code_of_the_line_and_there_is_no_tax_line() -> None:
    world = World(**BRITAIN, hubspot={"tax_rates": (TaxRate("77", "vat", "VAT", Decimal(20)),)})
    world.settings(tax_mode="codes", tax_codes={"77": "2"}, untaxed_code="5")
    lines = ({"hs_tax_rate_group_id": "77"}, {"price": "10"})
    row = in_sync(world, formed(world, lines=lines, hs_currency="GBP"))
    assert [line["TaxCodeRef"]["value"] for line in sold(row)] == ["2", "5"]
    assert (row["GlobalTaxCalculation"], row["TotalAmt"]) == ("TaxExcluded", 462)


def test_by_code_in_the_united_states_the_code_is_the_invoices_and_its_lines_bear_it_or_not() -> None:
    world = World(using_sales_tax=True, hubspot={"tax_rates": (TaxRate("77", "ca", "California", Decimal(8)),)})
    world.settings(tax_mode="codes", tax_codes={"77": "2"})
    row = in_sync(world, formed(world, lines=({"hs_tax_rate_group_id": "77"}, {"price": "10"})))
    assert [line["TaxCodeRef"]["value"] for line in sold(row)] == ["TAX", "NON"]
    assert (row["TxnTaxDetail"]["TxnTaxCodeRef"]["value"], row["TotalAmt"]) == ("2", Decimal("418.80"))


@pytest.mark.parametrize(
    ("company", "settings", "currency"),
    [
        (AUTOMATED, {"tax_mode": "automated"}, "USD"),
        ({"using_sales_tax": True}, {"tax_mode": "codes", "tax_codes": {"77": "2"}}, "USD"),
        (BRITAIN, {"tax_mode": "codes", "tax_codes": {"77": "2"}, "untaxed_code": "5"}, "GBP"),
    ],
)
@pytest.mark.parametrize("after", [True, False])
def test_taxes_of_lines_and_an_order_discount_come_to_hubspots_total_whichever_comes_first(
    company: dict[str, Any], settings: dict[str, Any], currency: str, *, after: bool
) -> None:
    percent = {"automated": "6.5", "USD": "8", "GBP": "20"}
    rate = Decimal(percent.get(settings["tax_mode"]) or percent[currency])
    rates = (TaxRate("77", "tax", "Tax", rate),)
    world = World(**company, hubspot={"tax_rates": rates, "line_tax_after_discount": after})
    world.settings(**settings)
    lines = ({"hs_tax_rate_group_id": "77"}, {"price": "10"})
    row = in_sync(world, formed(world, SPRING, lines=lines, hs_currency=currency))
    assert row["TotalAmt"] == Decimal(351) + (Decimal(324) if after else Decimal(360)) * rate / 100


@pytest.mark.parametrize(
    ("percent", "settings", "state", "total"),
    [
        ("6.5", {}, State.SYNCED, "383.40"),
        ("6.51", {}, State.SYNCED_WITH_VARIANCE, "383.44"),
        ("6.51", {"total_tolerance": "0.04"}, State.SYNCED, "383.44"),
        ("6.51", {"variance_tolerance": "0.00"}, State.ATTENTION, "0"),
        ("8", {}, State.ATTENTION, "0"),
        ("8", {"beyond_tolerance": "keep"}, State.ATTENTION, "388.80"),
    ],
)
def test_the_answers_total_is_compared_and_an_invoice_beyond_the_tolerances_never_stands_unmarked(
    percent: str, settings: dict[str, str], state: State, total: str
) -> None:
    world = World(**{**AUTOMATED, "partner_tax_percent": Decimal(percent)})
    world.settings(tax_mode="automated", **settings)
    id_ = adjusted(world, CITY)
    record = world.sync(id_)
    assert record.state is state
    assert the(world)["TotalAmt"] == Decimal(total)
    if state is State.ATTENTION:
        assert record.reason == AttentionCode.TOTAL_DIFFERS
        assert record.detail.startswith("HubSpot says 383.40 USD, QuickBooks says ")
        assert world.shown(id_) == "needs_attention"
