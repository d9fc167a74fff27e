"""What both systems say about an invoice, as plain texts by field, read from the sandboxes without any adapter."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, INVOICE, LINE_ITEM
from infra.sandbox.hubspot.record import Record

Entity = Mapping[str, Any]
View = dict[str, str]


def in_quickbooks(invoice: Entity) -> View:
    """The owned fields as they stand in the ledger. Lines without their item."""
    view = {
        "date": str(invoice["TxnDate"]),
        "due": str(invoice.get("DueDate", "")),
        "memo": str(invoice.get("CustomerMemo", {}).get("value", "")),
        "email": str(invoice.get("BillEmail", {}).get("Address", "")),
        "customer": str(invoice["CustomerRef"]["value"]),
        "number": str(invoice.get("DocNumber", "")),
        "total": _plain(invoice["TotalAmt"]),
    }
    sold = [line for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    for position, line in enumerate(sold, 1):
        detail = line["SalesItemLineDetail"]
        view[f"line {position}"] = _line(
            line.get("Description", ""), detail.get("Qty", ""), detail.get("UnitPrice", ""), line["Amount"]
        )
    return view


def in_hubspot(hubspot: HubSpotSandbox, invoice: Record) -> View:
    """The same fields as HubSpot has them; without customer, and with HubSpot's own number."""
    contact = next(iter(linked(hubspot, invoice, CONTACT)), None)
    view = {
        "date": (invoice.get("hs_invoice_date") or "")[:10],
        "due": (invoice.get("hs_due_date") or "")[:10],
        "memo": invoice.get("hs_comments") or "",
        "email": (contact.get("email") if contact else None) or "",
        "number": invoice.get("hs_number") or "",
        "total": _plain(Decimal(invoice.get("hs_amount_billed") or 0)),
    }
    for position, line in enumerate(linked(hubspot, invoice, LINE_ITEM), 1):
        texts = [text for text in (line.get("name"), line.get("description")) if text]
        view[f"line {position}"] = _line(
            " - ".join(texts), line.get("quantity") or "", line.get("price") or "", line.get("amount") or ""
        )
    return view


def linked(hubspot: HubSpotSandbox, invoice: Record, type_id: str) -> list[Record]:
    """The invoice's records of a type."""
    return hubspot.store.linked(invoice, type_id)


def billed_to(hubspot: HubSpotSandbox, invoice: Record, *, contact_first: bool) -> Record | None:
    """The company or contact that the setting's level means."""
    levels = (CONTACT, COMPANY) if contact_first else (COMPANY, CONTACT)
    found = [one for level in levels for one in linked(hubspot, invoice, level)[:1]]
    return found[0] if found else None


def invoices(hubspot: HubSpotSandbox) -> dict[str, Record]:
    """All of HubSpot's invoices, archived ones too."""
    return hubspot.store.records[INVOICE]


def dead(invoice: Entity) -> bool:
    """Whether a ledger invoice is void."""
    return invoice["TotalAmt"] == 0 and str(invoice.get("PrivateNote", "")).startswith("Voided")


def _line(description: str, quantity: object, price: object, amount: object) -> str:
    return f"{description}: {_plain(quantity)} x {_plain(price)} = {_plain(amount)}"


def _plain(number: object) -> str:
    text = str(number)
    return f"{Decimal(text).normalize():f}" if text else ""
