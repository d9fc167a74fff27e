"""`tieout doctor` on pairs of fields: what is not switched on, what is missing, of which type, and creating it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.support.builders_fields import BOOKS, METHOD, ORDER, PAIRS, SHIPPED, TRACKING, with_properties
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.ports.notices import Notice
from tieout.services.carrying import REFUSED


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a world that has all that the pairs need."""
    wide(monkeypatch)
    world = World(**BOOKS)
    with_properties(world)
    world.settings(field_pairs=list(PAIRS))
    return CommandLine(world, capsys)


def found(line: CommandLine, *options: str) -> dict[str, tuple[str, str, str]]:
    """Check -> level, what was found, advice."""
    ran = line.run("doctor", "--json", *options)
    named = {one["name"].removeprefix("c1: "): (one["level"], one["found"], one["advice"]) for one in ran.json}
    assert (ran.code == 1) == any(level == "problem" for level, _, _ in named.values())
    return named


def prefer(line: CommandLine, *pairs: Any) -> None:
    line.world.settings(field_pairs=list(pairs))


def a_property(world: World, name: str, kind: str, field: str, **more: Any) -> None:
    body = {"name": name, "label": name, "type": kind, "fieldType": field, "groupName": "invoiceinformation", **more}
    assert world.person.post("/crm/properties/2026-09/invoices", json=body).status_code == 201


def test_what_is_there_and_fits_is_said(line: CommandLine) -> None:
    told = f"{ORDER}: Order no, {TRACKING}: tracking number, {METHOD}: shipping method, {SHIPPED}: shipping date"
    checks = found(line)
    assert checks["fields in QuickBooks"] == ("ok", told, "")
    assert checks["fields in HubSpot"][:2] == ("ok", "4 named, all of them are there and fit")
    assert checks["fields from QuickBooks"][0] == "ok"


def test_who_has_no_pairs_hears_nothing_of_them(line: CommandLine) -> None:
    prefer(line)
    assert not {name for name in found(line) if name.startswith("fields")}


@pytest.mark.parametrize("field", ["3", "custom:Colour"])
def test_a_custom_field_that_is_not_switched_on_is_a_problem(line: CommandLine, field: str) -> None:
    prefer(line, {"hubspot": ORDER, "quickbooks": field})
    name = field.removeprefix("custom:")
    told = f"not switched on in QuickBooks: custom field {name} (for {ORDER})"
    assert found(line)["fields in QuickBooks"][:2] == ("problem", told)


def test_a_custom_field_that_only_invoices_show_is_known_by_its_place(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefer(line, {"hubspot": ORDER, "quickbooks": "1"})
    company = line.world.ledger.company()
    monkeypatch.setattr(QuickBooksLedger, "company", lambda _: replace(company, custom_fields={}))
    assert found(line)["fields in QuickBooks"][0] == "problem"
    line.world.sync(line.world.invoice())
    assert found(line)["fields in QuickBooks"][:2] == ("ok", f"{ORDER}: Order no")


def test_shipping_that_is_switched_off_is_a_warning(line: CommandLine) -> None:
    line.world.quickbooks.company.prefer("SalesFormsPrefs", "AllowShipping", value=False)
    level, told, _ = found(line)["fields in QuickBooks"]
    assert (level, "shipping is switched off" in told, "tracking number" in told) == ("warning", True, True)
    prefer(line, {"hubspot": ORDER, "quickbooks": "PONumber"})
    level, _, advice = found(line)["fields in QuickBooks"]
    assert (level, "does not say" in advice) == ("ok", True)


def test_a_property_that_is_missing_is_named_and_created_on_request(line: CommandLine) -> None:
    prefer(
        line,
        {"hubspot": "project_code", "quickbooks": "1"},
        {"hubspot": "goods_sent_on", "quickbooks": "ShipDate"},
        {"hubspot": "hs_nothing", "quickbooks": "2", "direction": "to_quickbooks"},
    )
    missing = "HubSpot's invoices have no property project_code, goods_sent_on, hs_nothing"
    level, told, advice = found(line)["fields in HubSpot"]
    assert (level, told, "tieout doctor --create-properties" in advice) == ("problem", missing, True)
    created = found(line, "--create-properties")
    assert "project_code, goods_sent_on" in created["properties to create"][1]
    assert "tieout_status" in created["properties to create"][1]
    assert created["fields in HubSpot"][1] == "HubSpot's invoices have no property hs_nothing"
    shown = line.world.person.get("/crm/properties/2026-09/invoices/goods_sent_on").json()
    assert (shown["type"], shown["label"], shown["groupName"]) == ("date", "Goods sent on", "tieout")
    assert found(line, "--create-properties")["properties to create"][1] == "nothing to create in HubSpot"


@pytest.mark.parametrize(
    ("pair", "level", "told"),
    [
        ({"hubspot": "count", "quickbooks": "1"}, "problem", "count is a number, custom field 1 a text"),
        ({"hubspot": "count", "quickbooks": "1", "direction": "to_quickbooks"}, "ok", "1 named"),
        ({"hubspot": "count", "quickbooks": "ShipDate"}, "problem", "count is a number, shipping date a date"),
        ({"hubspot": "carrier", "quickbooks": "ShipMethodRef"}, "warning", "carrier takes its own options only"),
        ({"hubspot": "hs_invoice_latest_company_name", "quickbooks": "2"}, "problem", "cannot be written in HubSpot"),
        ({"hubspot": SHIPPED, "quickbooks": "2"}, "problem", f"{SHIPPED} is a date, custom field 2 a text"),
    ],
)
def test_types_that_do_not_fit_are_told(line: CommandLine, pair: dict[str, str], level: str, told: str) -> None:
    a_property(line.world, "count", "number", "number")
    options = [{"label": "UPS", "value": "ups", "displayOrder": 0, "hidden": False}]
    a_property(line.world, "carrier", "enumeration", "select", options=options)
    prefer(line, pair)
    check = found(line)["fields in HubSpot"]
    assert (check[0], told in check[1]) == (level, True)


def test_what_hubspot_refused_is_told(line: CommandLine) -> None:
    at: datetime = line.world.clock.now()
    line.world.notices.save("c1", REFUSED, Notice("it cannot be edited", at))
    level, told, _ = found(line)["fields from QuickBooks"]
    assert (level, told) == ("warning", f"HubSpot refused a value of QuickBooks ({at:%Y-%m-%d}: it cannot be edited)")
