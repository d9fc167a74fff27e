"""The QuickBooks sandbox keeps custom fields and shipping on sales forms as Intuit describes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.seed import custom_field_preferences
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor

START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LINE = {
    "Amount": Decimal(1),
    "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
}
SHIPPED = {"ShipMethodRef": {"value": "UPS"}, "TrackingNum": "1Z 999", "ShipDate": "2026-11-25"}


def company(**settings: Any) -> Visitor:
    """A visitor of a new company with one customer (id 1) that ships goods."""
    config = QuickBooksConfig().with_settings({"allow_shipping": True, **settings})
    visitor = Visitor(QuickBooksSandbox(config, clock=SandboxClock(START)))
    visitor.create("Customer", DisplayName="Amy's Bird Sanctuary")
    return visitor


def invoice(visitor: Visitor, **fields: Any) -> dict[str, Any]:
    return visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[LINE], **fields)


def text(row: dict[str, Any], id_: str) -> str | None:
    found: list[str | None] = [one.get("StringValue") for one in row["CustomField"] if one["DefinitionId"] == id_]
    assert found, f"custom field {id_} is not shown"
    return found[0]


def test_preferences_name_the_custom_fields_that_are_switched_on() -> None:
    visitor = company(custom_fields=("Order no", "", "Crew"))
    groups = visitor.read("Preferences", "1")["SalesFormsPrefs"]["CustomField"]
    told = {one["Name"]: one.get("BooleanValue", one.get("StringValue")) for of in groups for one in of["CustomField"]}
    assert told == {
        "SalesFormsPrefs.UseSalesCustom1": True,
        "SalesFormsPrefs.UseSalesCustom2": False,
        "SalesFormsPrefs.UseSalesCustom3": True,
        "SalesFormsPrefs.SalesCustomName1": "Order no",
        "SalesFormsPrefs.SalesCustomName3": "Crew",
    }


def test_an_invoice_shows_the_fields_that_are_switched_on_filled_or_not() -> None:
    visitor = company(custom_fields=("Order no", "", "Crew"))
    sent = [{"DefinitionId": id_, "StringValue": f"text {id_}"} for id_ in ("1", "2")]
    made = invoice(visitor, CustomField=sent)
    assert [(one["DefinitionId"], one.get("StringValue")) for one in made["CustomField"]] == [
        ("1", "text 1"),
        ("3", None),
    ]


def test_a_field_that_is_switched_off_is_shown_on_no_form_any_more() -> None:
    visitor = company(custom_fields=("Order no", "Crew"))
    made = invoice(visitor, CustomField=[{"DefinitionId": "1", "StringValue": "a"}])
    preferences = custom_field_preferences(("", "Crew"))
    visitor.app.company.prefer("SalesFormsPrefs", "CustomField", preferences)
    assert [one["DefinitionId"] for one in visitor.read("Invoice", made["Id"])["CustomField"]] == ["2"]
    visitor.app.company.prefer("SalesFormsPrefs", "CustomField", custom_field_preferences(("Order no", "Crew")))
    assert text(visitor.read("Invoice", made["Id"]), "1") == "a"


def test_an_empty_text_clears_a_field() -> None:
    visitor = company()
    made = invoice(visitor, CustomField=[{"DefinitionId": "1", "StringValue": "a"}], **SHIPPED)
    cleared = visitor.change("Invoice", made, CustomField=[{"DefinitionId": "1", "StringValue": ""}], TrackingNum="")
    assert text(cleared, "1") is None
    assert "TrackingNum" not in cleared


def test_a_reference_without_a_value_clears_nothing_and_a_full_update_empties_what_it_leaves_out() -> None:
    visitor = company()
    made = invoice(visitor, **SHIPPED)
    same = visitor.change("Invoice", made, ShipMethodRef={"value": ""})
    assert same["ShipMethodRef"]["value"] == "UPS"
    whole = {key: value for key, value in same.items() if key not in ("ShipMethodRef", "ShipDate")}
    emptied = visitor.write("Invoice", {**whole, "sparse": False})
    assert "ShipMethodRef" not in emptied
    assert "ShipDate" not in emptied
    assert (emptied["TrackingNum"], emptied["TotalAmt"]) == ("1Z 999", made["TotalAmt"])


def test_a_shipping_method_is_a_text_in_the_form_of_a_reference() -> None:
    made = invoice(company(), **SHIPPED)
    assert made["ShipMethodRef"] == {"value": "UPS", "name": "UPS"}
    assert (made["TrackingNum"], made["ShipDate"]) == ("1Z 999", "2026-11-25")


@pytest.mark.parametrize(("reading", "kept"), [("dropped", set()), ("kept", set(SHIPPED))])
def test_what_becomes_of_shipping_where_it_is_switched_off_is_not_documented(reading: str, kept: set[str]) -> None:
    made = invoice(company(allow_shipping=False, shipping_when_off=reading), **SHIPPED)
    assert set(SHIPPED) & set(made) == kept


@pytest.mark.parametrize(
    ("settings", "fields", "code"),
    [
        ({}, {"CustomField": [{"DefinitionId": "1", "StringValue": "x" * 32}]}, "2050"),
        ({}, {"TrackingNum": "x" * 32}, "2050"),
        ({}, {"ShipMethodRef": {"value": "x" * 32}}, "2050"),
        ({}, {"PONumber": "x" * 16}, "2050"),
        ({}, {"ShipDate": "next week"}, "2010"),
        ({"shipping_methods": ("UPS", "FedEx")}, {"ShipMethodRef": {"value": "DHL"}}, "2500"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], fields: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError, match=rf"^{code} "):
        invoice(company(**settings), **fields)


def test_fields_that_are_not_sent_stay_as_they_are() -> None:
    visitor = company(custom_fields=("Order no", "Crew"))
    made = invoice(visitor, CustomField=[{"DefinitionId": "1", "StringValue": "a"}], PONumber="PO-1", **SHIPPED)
    changed = visitor.change("Invoice", made, TrackingNum="1Z 111")
    assert (changed["TrackingNum"], changed["PONumber"], text(changed, "1")) == ("1Z 111", "PO-1", "a")
