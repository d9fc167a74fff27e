"""Where people open a record in HubSpot or QuickBooks, and in the console."""

from __future__ import annotations

from urllib.parse import quote

from tieout.console.visit import Visit
from tieout.domain.record import Kind, RecordKey
from tieout.ports import Workspace

# HubSpot leads to the region of the portal by itself.
_HUBSPOT = "https://app.hubspot.com"
# HubSpot's own names of the types of object.
_TYPES = {Kind.INVOICE: "0-53", Kind.PAYMENT: "0-101"}


def card_url(visit: Visit, key: RecordKey, step: str = "", /, **query: object) -> str:
    """The address of a record's card, or of something that can be done there."""
    parts = (key.kind.value, key.origin_system, key.origin_id)
    return visit.url("/record/" + "/".join(quote(part, safe="") for part in parts) + step, **query)


def decide_url(visit: Visit, key: RecordKey, step: str = "") -> str:
    """The address at which people decide about a record."""
    parts = (key.kind.value, key.origin_system, key.origin_id)
    return visit.url("/attention/" + "/".join(quote(part, safe="") for part in parts) + step)


def hubspot_url(visit: Visit, kind: Kind, id_: str | None) -> str:
    """The record in HubSpot; empty for what has none there."""
    type_ = _TYPES.get(kind)
    if type_ is None or not id_:
        return ""
    return f"{_HUBSPOT}/contacts/{quote(visit.here.portal_id, safe='')}/record/{type_}/{quote(id_, safe='')}"


def quickbooks_invoice_url(workspace: Workspace, id_: str | None) -> str:
    """The invoice in QuickBooks; empty where it has none there."""
    return workspace.ledger.invoice_url(id_) if id_ else ""
