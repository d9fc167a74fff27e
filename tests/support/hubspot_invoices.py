"""A scripted HubSpot that holds invoices with lines and parties, as tests of reading them need it."""

from tests.support.scripted_hubspot import (
    ASSOCIATIONS,
    OBJECTS,
    ScriptedHubSpot,
    associated,
    batch,
    record,
)
from tieout.domain.invoice import (
    SourceInvoice,
    UnreadableInvoice,
)

PARTS = ("line_items", "companies", "contacts", "discounts", "fees", "taxes")


def read_path(type_: str) -> str:
    """Where records of a type are read."""
    return f"{OBJECTS}/{type_}/batch/read"


def of_invoices(type_: str) -> str:
    """Where it is asked what of a type belongs to invoices."""
    return f"{ASSOCIATIONS}/invoices/{type_}/batch/read"


def invoice(id_: str = "44446244097", /, **changed: str | None) -> dict[str, object]:
    """An open invoice over 360.00, but for what is changed."""
    properties: dict[str, str | None] = {
        "hs_number": "INV-1001",
        "hs_invoice_status": "open",
        "hs_currency": "USD",
        "hs_invoice_date": "2026-11-01T00:00:00Z",
        "hs_due_date": "2026-12-01T00:00:00Z",
        "hs_createdate": "2026-11-01T09:00:00.000Z",
        "hs_amount_billed": "360.00",
        "hs_invoice_billable": "true",
    }
    return record(id_, **(properties | changed))


def line(id_: str = "501", /, **changed: str | None) -> dict[str, object]:
    properties: dict[str, str | None] = {"name": "Consulting", "quantity": "3", "price": "120.00", "amount": "360.00"}
    return record(id_, **(properties | changed))


def portal(*invoices: dict[str, object], lines: tuple[dict[str, object], ...] = ()) -> ScriptedHubSpot:
    """The first invoice has `lines`, by default one; nothing has anything else."""
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), batch(*invoices))
    lines = lines or (line(),)
    ids = [int(str(one["id"])) for one in lines]
    for type_ in PARTS:
        found = [associated(str(invoices[0]["id"]), *ids)] if type_ == "line_items" and invoices else []
        hubspot.on(of_invoices(type_), batch(*found))
    hubspot.on(read_path("line_items"), batch(*lines))
    return hubspot


def only(hubspot: ScriptedHubSpot, id_: str = "44446244097") -> SourceInvoice:
    found = hubspot.crm.invoices([id_])[id_]
    assert isinstance(found, SourceInvoice), found
    return found


def unreadable(hubspot: ScriptedHubSpot, id_: str = "44446244097") -> str:
    found = hubspot.crm.invoices([id_])[id_]
    assert isinstance(found, UnreadableInvoice), found
    return found.reason
