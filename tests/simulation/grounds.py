"""The companies to choose from: how QuickBooks and HubSpot are set up, and which settings fit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from infra.sandbox.hubspot import NO_LIMITS, HubSpotConfig
from infra.sandbox.hubspot.config import TaxRate
from infra.sandbox.quickbooks import QuickBooksConfig

STATE_TAX, NO_TAX, UNKNOWN_TAX = "15970230", "15970231", "15970233"
FOREIGN = ("EUR", "JPY", "CHF")
# QuickBooks has no rate for the franc, and the euro's changes on the day after the first.
_RATES = ("EUR 1.08", "EUR 1.0955 2026-03-03", "JPY 0.0067")
FEES, FREIGHT, SALES_TAX, CITY_TAX = "Fees", "Freight", "Sales tax", "City tax"
# Filled in by the id that an item, entered by its name, gets.
_Items = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ground:
    """A kind of company. `quickbooks` and `settings` are what differs from the defaults, `percent` is HubSpot's tax
    rate, `weight` how often it is chosen. `taxing`: its sellers charge tax; the others do so by mistake only."""

    name: str
    quickbooks: Mapping[str, Any] = field(default_factory=dict)
    settings: Callable[[_Items], Mapping[str, object]] = lambda _: {}
    home: str = "USD"
    percent: str = "6.5"
    weight: int = 2
    taxing: bool = True


def _as_item(items: _Items) -> Mapping[str, object]:
    named = {"VAT": items[CITY_TAX]}
    return {"tax_mode": "as_item", "tax_item_id": items[SALES_TAX], "tax_items": named}


def _automated(_: _Items) -> Mapping[str, object]:
    return {"tax_mode": "automated"}


_AUTOMATED = {"using_sales_tax": True, "partner_tax": True}
_BRITISH = {"country": "GB", "home_currency": "GBP", "using_sales_tax": True}
_CODES = {"tax_mode": "codes", "tax_codes": {STATE_TAX: "2", "VAT": "2"}, "untaxed_code": "5"}
_AMERICAN_CODES = {"tax_mode": "codes", "tax_codes": {STATE_TAX: "2", "VAT": "2"}}

GROUNDS = (
    Ground("no tax", weight=6, taxing=False),
    Ground("no tax, taxes in use", {"using_sales_tax": True}, taxing=False),
    Ground("tax as item", {}, _as_item, weight=6),
    Ground("tax as item, taxes in use", {"using_sales_tax": True}, _as_item, weight=4),
    Ground("tax as item, none named", {}, lambda _: {"tax_mode": "as_item"}, weight=1, taxing=False),
    Ground("automated", {**_AUTOMATED, "partner_tax_percent": Decimal("6.5")}, _automated, weight=3),
    Ground("automated, another rate", _AUTOMATED, _automated),
    Ground("automated, nobody knew", _AUTOMATED, weight=1, taxing=False),
    Ground("automated in vain", {"using_sales_tax": True}, _automated, weight=1, taxing=False),
    Ground("American codes", {"using_sales_tax": True}, lambda _: _AMERICAN_CODES, percent="8"),
    Ground("British, codes", _BRITISH, lambda _: _CODES, "GBP", "20", weight=3),
    Ground("British, another rate", _BRITISH, lambda _: _CODES, "GBP", "19", weight=1),
    Ground("British, as item", _BRITISH, lambda items: {**_as_item(items), "untaxed_code": "5"}, "GBP", "20", 4),
    Ground("British, untaxed", _BRITISH, lambda _: {"untaxed_code": "5"}, "GBP", "20", weight=1, taxing=False),
    Ground("British, nothing set", _BRITISH, lambda _: {}, "GBP", "20", weight=1, taxing=False),
)


def choose_ground(chance: random.Random) -> Ground:
    """One of them."""
    return chance.choices(GROUNDS, [one.weight for one in GROUNDS])[0]


def hubspot_config(chance: random.Random, ground: Ground) -> HubSpotConfig:
    """The account, with what HubSpot does not document drawn."""
    percent = Decimal(ground.percent)
    rates = (
        TaxRate(STATE_TAX, "state-sales-tax", "State sales tax", percent),
        TaxRate(NO_TAX, "no-tax", "No tax", Decimal(0)),
        TaxRate(UNKNOWN_TAX, "other-tax", "Another tax", Decimal(3)),
    )
    return HubSpotConfig(
        limits=NO_LIMITS,
        currency=ground.home,
        additional_currencies=FOREIGN,
        tax_rates=rates,
        discount_per=chance.choice(("unit", "line")),
        both_discounts=chance.choice(("percent", "amount")),
        rounding=chance.choice(("ROUND_HALF_UP", "ROUND_HALF_EVEN")),
        adjustments_compound=chance.random() < 0.5,
        calculated_events=chance.random() < 0.5,
        associations_touch=chance.random() < 0.5,
        batch_read_reports_missing=chance.random() < 0.5,
        numeric_to_object_id=chance.random() < 0.5,
    )


def quickbooks_config(chance: random.Random, ground: Ground, today: date) -> QuickBooksConfig:
    """The company, with what Intuit does not document drawn."""
    closed = chance.choice((*[None] * 4, date.fromordinal(today.toordinal() - chance.randint(-1, 4))))
    return QuickBooksConfig(
        **ground.quickbooks,
        custom_txn_numbers=chance.random() < 0.5,
        multicurrency=chance.random() < 0.7,
        exchange_rates=_RATES,
        exchange_rate_missing=chance.choice(("fault_610", "no_rate")),
        allow_discount=chance.random() < 0.95,
        book_close_date=closed,
        closed_period_code=chance.choice(("6200", "6210")),
        default_term=chance.choice((None, "3")),
        allow_shipping=True,
        custom_fields=chance.choice((("PO number", "Project"), ("PO number", "Project", "Crew #"), ("PO number",), ())),
        requests_per_minute=None,
        requests_per_second=None,
        refresh_rotation_seconds=chance.choice((0, 86_400)),
        # Whether Intuit takes a refresh token whose successor was lost is not documented; without it a person has to
        # connect again, which is not what is played here.
        rotation_grace_seconds=86_400,
        requestid_other_body=chance.choice(("fault_600", "replay")),
        requestid_replays_faults=chance.random() < 0.5,
        unauthorized_form=chance.choice(("json", "xml")),
        webhook_format=chance.choice(("cloudevents", "legacy")),
        void_sets_txn_status=chance.random() < 0.5,
        filter_by_email=chance.random() < 0.7,
    )


def drawn_settings(chance: random.Random, ground: Ground, items: _Items) -> dict[str, object]:
    """The document of settings with which a world begins; `items` are QuickBooks' item ids by name."""
    synced, variance = chance.choice((("0.00", "0.05"), ("0.00", "0.05"), ("0.00", "0.00"), ("0.01", "0.03")))
    internal = {"property": "hs_title", "operator": "not_equals", "values": ["Internal"]}
    return {
        "customer_level": chance.choice(("company", "contact")),
        "match_customers_by_email": chance.random() < 0.8,
        "create_customers": chance.random() < 0.97,
        "fallback_item_id": chance.choice(("1", "1", None)),
        "fee_item_id": chance.choice((*[items[FEES]] * 5, None)),
        "fee_items": chance.choice(({}, {"Freight": items[FREIGHT]})),
        "write_status_to_hubspot": chance.random() < 0.8,
        "total_tolerance": synced,
        "variance_tolerance": variance,
        "beyond_tolerance": chance.choice(("void", "void", "keep")),
        "closed_period": chance.choice(("hold", "first_open_day", "ignore")),
        "deleted_in_hubspot": chance.choice(("attention", "void", "ignore")),
        "terms": chance.choice(({}, {"30": "3", "0": "1"})),
        "custom_fields": chance.choice(({}, {"hs_title": "2"})),
        "purchase_order_field": chance.choice((None, "1")),
        "filters": chance.choice(([], [], [internal])),
        "cutover_date": chance.choice((*[None] * 5, "2026-03-01")),
        **ground.settings(items),
    }
