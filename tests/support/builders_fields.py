"""Worlds with pairs of fields: their properties in HubSpot, and their values on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.builders_world import OBJECTS, World

ORDER, TRACKING, METHOD, SHIPPED = "order_number", "tracking_number", "shipping_method", "shipping_date"
PAIRS = (
    {"hubspot": ORDER, "quickbooks": "custom:Order no", "direction": "both", "winner": "ask"},
    {"hubspot": TRACKING, "quickbooks": "TrackingNum", "direction": "both", "winner": "quickbooks"},
    {"hubspot": METHOD, "quickbooks": "ShipMethodRef", "direction": "both", "winner": "hubspot"},
    {"hubspot": SHIPPED, "quickbooks": "ShipDate", "direction": "to_hubspot"},
)
BOOKS: Mapping[str, Any] = {"custom_fields": ("Order no", "Crew"), "allow_shipping": True}
"""The company of the worlds: its custom fields, and shipping on its sales forms."""


def with_properties(world: World, *names: str) -> None:
    """The properties of the pairs exist in HubSpot; dates are dates."""
    for name in names or (ORDER, TRACKING, METHOD, SHIPPED):
        kind, field = ("date", "date") if name == SHIPPED else ("string", "text")
        body = {"name": name, "label": name, "type": kind, "fieldType": field, "groupName": "invoiceinformation"}
        answer = world.person.post("/crm/properties/2026-09/invoices", json=body)
        assert answer.status_code == 201, answer.text


def there(world: World, id_: str, name: str) -> str:
    """A property of a HubSpot invoice, "" where it is empty."""
    answer = world.person.get(f"{OBJECTS}/invoices/{id_}", params={"properties": name})
    return str(answer.json()["properties"].get(name) or "")


def custom(row: Mapping[str, Any], id_: str = "1") -> str:
    """A custom field of a QuickBooks invoice, "" where it is empty."""
    found = [one.get("StringValue", "") for one in row["CustomField"] if one["DefinitionId"] == id_]
    return str(found[0]) if found else ""


def filled(row: Mapping[str, Any], text: str, id_: str = "1") -> list[dict[str, Any]]:
    """The custom fields of a QuickBooks invoice as a person leaves them who enters a text in one."""
    return [{**one, "StringValue": text} if one["DefinitionId"] == id_ else dict(one) for one in row["CustomField"]]
