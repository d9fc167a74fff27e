"""HubSpot invoices of every form, entered in the sandbox as a person would, and how they stand in QuickBooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.builders_world import LINE_OF, World

# HubSpot's association types to an invoice (HubSpot: discounts, fees, taxes).
OF = {"discounts": 412, "fees": 414, "taxes": 416}
STATE_TAX = "15970230"
"""HubSpot's tax rate group of 6.5 %."""
STOCK = {
    "Type": "Inventory",
    "TrackQtyOnHand": True,
    "QtyOnHand": 100,
    "InvStartDate": "2026-01-01",
    "IncomeAccountRef": {"value": "79"},
    "ExpenseAccountRef": {"value": "80"},
    "AssetAccountRef": {"value": "81"},
}


def formed(
    world: World,
    *adjustments: tuple[str, str, str, str],
    lines: tuple[Mapping[str, str], ...] = ({},),
    **properties: str,
) -> str:
    """An open invoice: `lines` (each 3 Services for 120.00, else) and adjustments (kind, label, type, value)."""
    id_ = world.invoice(status="draft", lines=0, **properties)
    for line in lines:
        world.create(
            "line_items", to={id_: LINE_OF}, **{"name": "Services", "quantity": "3", "price": "120.00", **line}
        )
    for order, (kind, label, type_, value) in enumerate(adjustments):
        values = {"hs_label": label, "hs_type": type_, "hs_value": value, "hs_sort_order": str(order)}
        world.create(kind, to={id_: OF[kind]}, **values)
    world.edit(id_, hs_invoice_status="open")
    return id_


def adjusted(world: World, *adjustments: tuple[str, str, str, str], line: Mapping[str, str] | None = None) -> str:
    """The same with one line."""
    return formed(world, *adjustments, lines=(line or {},))


def the(world: World) -> dict[str, Any]:
    """The only invoice in QuickBooks."""
    [row] = world.booked()
    return row


def sold(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sales lines of an invoice in QuickBooks, what belongs to the item beside the rest."""
    lines = [line for line in row["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    return [{**line, **line["SalesItemLineDetail"]} for line in lines]


def discounts(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its discount lines."""
    return [line for line in row["Line"] if line["DetailType"] == "DiscountLineDetail"]
