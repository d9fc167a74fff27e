"""Invoices of all forms that bookkeepers make, shown in HubSpot; pulling after pushing, and the reverse, is nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.sandbox.kernel.traffic import Exchange
from tests.support.builders_mirror_world import MirrorWorld, discount, sale
from tests.unit.test_services_payments_traffic import judged
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, State
from tieout.domain.tie_out import Figures
from tieout.services.reconcile import Reconcile

EUROS: dict[str, Any] = {
    "multicurrency": True,
    "exchange_rates": ("EUR 1.08",),
    "hubspot": {"additional_currencies": ("EUR",)},
}


def discounting(**options: Any) -> MirrorWorld:
    world = MirrorWorld(**options)
    world.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
    return world


def percent(rate: str) -> dict[str, Any]:
    detail = {"PercentBased": True, "DiscountPercent": Decimal(rate)}
    return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def text(words: str) -> dict[str, Any]:
    return {"DetailType": "DescriptionOnly", "Description": words, "DescriptionLineDetail": {}}


def in_hubspot(world: MirrorWorld, id_: str) -> tuple[Decimal, Decimal]:
    """What HubSpot says was billed, and what its own figures of the parts come to."""
    found = world.in_hubspot(id_, "hs_amount_billed", "hs_subtotal", "hs_total_discount")
    mirror = world.crm.mirrors([id_])[id_]
    taxes = sum((one.value for one in mirror.adjustments if one.kind == "taxes"), Decimal(0))
    parts = Decimal(found["hs_subtotal"]) - Decimal(found["hs_total_discount"]) + taxes
    return Decimal(found["hs_amount_billed"]), parts


FORMS = {
    "plain": [sale("3", "120.00")],
    "fractions": [sale("1.5", "33.33"), sale("0.25", "19.999")],
    "discount": [sale("3", "33.33"), discount("10.00")],
    "percent": [sale("3", "33.33"), percent("12.5")],
    "note": [sale("1", "10.00"), text("Thank you for your business")],
    "amount alone": [
        {"Amount": Decimal("12.34"), "DetailType": "SalesItemLineDetail",
         "SalesItemLineDetail": {"ItemRef": {"value": "1"}}},
    ],
    "same line twice": [sale("1", "10.00"), sale("1", "10.00")],
    "negative": [sale("2", "10.00"), sale("-1", "5.00")],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_hubspots_figures_are_quickbooks_to_the_cent(form: str) -> None:
    world = discounting()
    row = world.billed(*FORMS[form])
    assert world.show(row).state is State.SYNCED
    billed, parts = in_hubspot(world, world.shown_id(row))
    assert billed == parts == row["TotalAmt"]
    assert world.show(row, Cause.RETRY).state is State.SYNCED


@pytest.mark.parametrize(
    "switch",
    [
        {"mirror_needs_line_item": True},
        {"batch_read_reports_missing": False},
        {"association_read_reports_missing": False},
        {"refuse_unknown_in_read": True},
        {"associations_touch": False},
        {"calculated_events": False},
        {"adjustments_compound": False},
        {"discount_per": "line"},
        {"time_zone": "Pacific/Auckland"},
    ],
    ids=lambda switch: next(iter(switch)),
)
def test_it_holds_however_hubspot_does_what_it_does_not_document(switch: dict[str, Any]) -> None:
    world = discounting(hubspot=switch)
    row = world.billed(sale("3", "33.33"), discount("5.00"))
    world.hubspot_fault("timeout_after", "/invoices$")
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    billed, parts = in_hubspot(world, world.shown_id(row))
    assert billed == parts == row["TotalAmt"]
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("1", "2.00")])
    assert world.show(row).state is State.SYNCED
    assert str(world.standing(row).total) == "2.00 USD"
    world.delete(world.shown_id(row))
    assert world.show(row, Cause.DUE).state is State.ATTENTION


def test_a_foreign_invoice_is_shown_in_its_currency() -> None:
    world = discounting(**EUROS)
    customer = world.customer("Société", CurrencyRef={"value": "EUR"})
    row = world.billed(sale("3", "10.00"), customer=customer, CurrencyRef={"value": "EUR"}, ExchangeRate="1.08")
    assert world.show(row).state is State.SYNCED
    assert str(world.standing(row).total) == "30.00 EUR"


def test_sales_tax_that_quickbooks_computes_is_one_tax_in_hubspot() -> None:
    world = discounting(using_sales_tax=True, partner_tax=True)
    row = world.billed(taxed("3", "33.33"), discount("5.00"))
    assert row["TxnTaxDetail"]["TotalTax"] > 0
    assert world.show(row).state is State.SYNCED
    billed, parts = in_hubspot(world, world.shown_id(row))
    assert billed == parts == row["TotalAmt"]
    [tax] = [one for one in world.standing(row).adjustments if one.kind == "taxes"]
    assert tax.value == row["TxnTaxDetail"]["TotalTax"]


def taxed(quantity: str, price: str) -> dict[str, Any]:
    line = sale(quantity, price)
    detail = {**line["SalesItemLineDetail"], "TaxCodeRef": {"value": "TAX"}}
    return {**line, "SalesItemLineDetail": detail}


def test_a_customer_that_is_changed_in_quickbooks_is_changed_in_hubspot() -> None:
    world = discounting()
    old, new = world.company("Globex"), world.company("Initech")
    row = world.billed(customer=world.customer("Globex"))
    world.show(row)
    assert _companies(world, row) == [old]
    world.bookkeeper.change("Invoice", world.row(row), CustomerRef={"value": world.customer("Initech")})
    world.show(row)
    assert _companies(world, row) == [new]


def _companies(world: MirrorWorld, row: dict[str, Any]) -> list[str]:
    path = f"/crm/objects/2026-09/invoices/{world.shown_id(row)}"
    found = world.person.get(path, params={"associations": "companies"}).json().get("associations", {})
    return [one["id"] for one in found.get("companies", {}).get("results", [])]


def test_the_traffic_is_what_the_vendors_document(tmp_path: Path) -> None:
    world = discounting()
    world.settings(unknown_in_hubspot="create")
    world.company("Globex")
    world.create("products", name="Services", price="1.00")
    email = {"BillEmail": {"Address": "ada@globex.test"}}
    row = world.billed(sale("3", "10.00"), discount("1.00"), customer=world.customer("Globex"), DocNumber="7", **email)
    world.hubspot_fault("timeout_after", "/invoices$")
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    world.hubspot_fault("timeout_after", "/line_items/batch/create$")
    world.bookkeeper.change(
        "Invoice",
        world.row(row),
        Line=[sale("2", "11.00"), discount("2.00")],
        CustomerRef={"value": world.customer("Initech")},
    )
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    world.bookkeeper.void("Invoice", world.row(row))
    world.show(row)
    assert world.mirror(row).state is State.VOIDED
    for app in (world.quickbooks, world.hubspot):
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(app.traffic.lines()))
        judged(recorded)


sold = st.tuples(st.integers(1, 5).map(str), st.decimals(Decimal("0.01"), Decimal(99), places=2).map(str))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sold, min_size=1, max_size=3), st.sampled_from(["0", "0.01", "3.00"]), st.booleans())
def test_pulling_after_pushing_and_pushing_after_pulling_change_nothing(
    lines: list[tuple[str, str]], off: str, both: bool
) -> None:
    world = discounting()
    gross = sum(Decimal(quantity) * Decimal(price) for quantity, price in lines)
    extra = [discount(off)] if 0 < Decimal(off) <= gross else []
    row = world.billed(*[sale(quantity, price) for quantity, price in lines], *extra)
    pushed = world.synced(price="12.34") if both else None
    world.show(row)
    world.sweep()
    world.run()
    before = len(world.hubspot.traffic.exchanges), len(world.quickbooks.traffic.exchanges)
    shown = world.shown_id(row)
    hints = [world.hint(shown, Cause.RETRY), world.ledger_hint(row), world.own_hint(row, Cause.RETRY)]
    if pushed:
        far = {"Id": world.far_id(pushed)}
        hints += [world.hint(pushed, Cause.RETRY), world.ledger_hint(far), world.own_hint(far, Cause.RETRY)]
    world.push(*hints)
    world.run()
    world.sweep()
    world.run()
    exchanges = world.hubspot.traffic.exchanges[before[0] :] + world.quickbooks.traffic.exchanges[before[1] :]
    assert [one for one in exchanges if _writes(one)] == []
    assert len(world.invoices_there()) == len(world.booked()) == 1 + both
    assert len([one for one in world.records if one.key.kind is Kind.INVOICE and one.link]) == 1 + both
    workspace = world.open("c1")
    assert workspace is not None
    report = Reconcile(world.records, world.clock).run(workspace)
    assert report.ties_out
    figures: Figures = report.totals.by_currency["USD"]
    assert figures.billed.hubspot == figures.billed.quickbooks


def _writes(exchange: Exchange) -> bool:
    reads = exchange.url.endswith(("read", "search")) or "/query" in exchange.url or "oauth" in exchange.url
    return exchange.method != "GET" and not reads
