"""HubSpot's deals: which belong to what, associating invoices with them, and showing an invoice on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from tieout.adapters.hubspot.batches import RECORDS_PER_CALL, chunks, is_id, read_associations, read_records
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import Refused, take_apart
from tieout.adapters.hubspot.properties import create_definition
from tieout.adapters.hubspot.updates import PropertyWriter
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import AssociationsMade, PropertyList, Record, RecordPage
from tieout.domain.dates import calendar_date
from tieout.domain.errors import OutcomeUnknown, Transient
from tieout.domain.planning.deal import Deal, DealInvoice, DealInvoiceStatus

DEALS = "deals"
NUMBER = "tieout_invoice_number"
AMOUNT = "tieout_invoice_amount"
BALANCE = "tieout_invoice_balance"
STATUS = "tieout_invoice_status"
DUE_DATE = "tieout_invoice_due_date"
LINK = "tieout_invoice_link"

_GROUP = "tieout"
_TO_DEAL = 175
_READ = ("hs_is_closed", "hs_is_closed_won", "createdate", "closedate")
_SEARCHED = 200
_STATUSES = {
    DealInvoiceStatus.OPEN: "Open",
    DealInvoiceStatus.PARTLY_PAID: "Partly paid",
    DealInvoiceStatus.PAID: "Paid",
    DealInvoiceStatus.VOIDED: "Voided",
    DealInvoiceStatus.DELETED: "Deleted in QuickBooks",
}
# Name -> label, type, field type, description.
_DEFINITIONS: Mapping[str, tuple[str, str, str, str]] = {
    NUMBER: ("QuickBooks invoice number", "string", "text", "The number of the deal's latest QuickBooks invoice."),
    AMOUNT: ("QuickBooks invoice amount", "number", "number", "Its total in QuickBooks, in the invoice's currency."),
    BALANCE: ("QuickBooks invoice balance", "number", "number", "What is still open of it, in its currency."),
    STATUS: ("QuickBooks invoice status", "enumeration", "select", "Whether it is open, paid or voided."),
    DUE_DATE: ("QuickBooks invoice due date", "date", "date", "The day on which it is due."),
    LINK: ("QuickBooks invoice link", "string", "text", "Opens it in QuickBooks."),
}


def deals_of(client: HubSpotClient, object_type: str, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """See `DealCrm.deals_of`."""
    wanted = [id_ for id_ in ids if is_id(id_)]
    if not wanted:
        return {}
    found = read_associations(client, object_type, DEALS, wanted)
    return {id_: tuple(one.id for one in to) for id_, to in found.items()}


def invoices_of(client: HubSpotClient, deal_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """See `DealCrm.invoices_of_deals`."""
    found = read_associations(client, DEALS, "invoices", [id_ for id_ in deal_ids if is_id(id_)])
    return {id_: tuple(one.id for one in to) for id_, to in found.items()}


def read_deals(
    client: HubSpotClient, time_zone: str, ids: Collection[str], order_property: str | None
) -> dict[str, Deal]:
    """See `DealCrm.deals`."""
    properties = [*_READ, *([order_property] if order_property else [])]
    found = read_records(client, DEALS, [id_ for id_ in ids if is_id(id_)], properties)
    return {id_: _deal(record, time_zone, order_property) for id_, record in found.items()}


def deals_by_order(client: HubSpotClient, time_zone: str, order_property: str, numbers: Collection[str]) -> list[Deal]:
    """See `DealCrm.deals_by_order`."""
    found: list[Deal] = []
    path = client.versions.objects_path(f"{DEALS}/search")
    # HubSpot: values of IN are lower-case texts (search guide).
    for chunk in chunks(sorted({number.lower() for number in numbers}), RECORDS_PER_CALL):
        body: dict[str, object] = {
            "filterGroups": [{"filters": [{"propertyName": order_property, "operator": "IN", "values": chunk}]}],
            "properties": [*_READ, order_property],
            "limit": _SEARCHED,
        }
        after: str | None = None
        while True:
            page = client.search(path, {**body, **({"after": after} if after else {})}, RecordPage)
            found += [_deal(record, time_zone, order_property) for record in page.results]
            if page.after is None or page.after == after:
                break
            after = page.after
    return found


def _deal(record: Record, time_zone: str, order_property: str | None) -> Deal:
    """A deal with a value that makes no sense is one without it: it is a guess less."""
    values = Values(record.properties)
    won = record.properties.get("hs_is_closed_won") == "true"
    return Deal(
        id=record.id,
        open=not won and record.properties.get("hs_is_closed") != "true",
        won=won,
        created_on=_day(values, "createdate", time_zone),
        closed_on=_day(values, "closedate", time_zone),
        order=(record.properties.get(order_property) or "") if order_property else "",
    )


def _day(values: Values, name: str, time_zone: str) -> date | None:
    try:
        instant = values.instant(name)
    except BadValue:
        return None
    return None if instant is None else calendar_date(instant, time_zone)


def associate(client: HubSpotClient, deal_ids: Mapping[str, str]) -> dict[str, str]:
    """See `DealCrm.associate_deals`. Doing it again does no harm, so an unknown outcome is Transient here."""
    refused: dict[str, str] = {}
    for chunk in chunks(sorted(deal_ids.items()), RECORDS_PER_CALL):
        refused |= _associate(client, chunk)
    return refused


def _associate(client: HubSpotClient, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_DEAL}]
    inputs = [{"from": {"id": invoice}, "to": {"id": deal}, "types": types} for invoice, deal in pairs]
    path = client.versions.associations_path(f"invoices/{DEALS}/batch/create")
    try:
        made = client.write(path, {"inputs": inputs}, AssociationsMade)
    except OutcomeUnknown as lost:
        raise Transient(lost.detail, lost.context) from lost
    except Refused as refusal:
        if refusal.status not in (400, 404):
            raise
        message = refusal.detail
    else:
        if not made.errors:
            return {}
        message = take_apart(made.errors[0]).message
    if len(pairs) == 1:
        return {pairs[0][0]: message}
    # Which one it was need not be said, and one that exists already stays.
    return {id_: text for pair in pairs for id_, text in _associate(client, [pair]).items()}


def show(client: HubSpotClient, invoices: Mapping[str, DealInvoice | None]) -> dict[str, str]:
    """See `DealCrm.show_on_deals`."""
    writer = PropertyWriter(client, DEALS, ensure_deal_properties)
    refused = writer.write({id_: _texts(one) for id_, one in invoices.items()})
    if not refused:
        return {}
    # A deal that was deleted meanwhile shows nothing any more.
    there = read_records(client, DEALS, [id_ for id_ in refused if is_id(id_)], ())
    return {id_: text for id_, text in refused.items() if id_ in there}


def _texts(invoice: DealInvoice | None) -> dict[str, str]:
    if invoice is None:
        return dict.fromkeys(_DEFINITIONS, "")
    return {
        NUMBER: invoice.number,
        AMOUNT: format(invoice.amount.amount, "f"),
        BALANCE: format(invoice.balance.amount, "f"),
        STATUS: invoice.status.value,
        DUE_DATE: invoice.due_date.isoformat() if invoice.due_date else "",
        LINK: invoice.url,
    }


def missing_deal_properties(client: HubSpotClient, *more: str) -> tuple[str, ...]:
    """The names of the deal properties, and of these others, that the portal lacks. Raises as any read."""
    present = _present(client)
    return tuple(name for name in (*_DEFINITIONS, *more) if name not in present)


def ensure_deal_properties(client: HubSpotClient) -> tuple[str, ...]:
    """Create the group and the properties that the portal lacks; returns the properties' names. May be repeated and may
    run twice at a time."""
    missing = missing_deal_properties(client)
    if missing:
        create_definition(client, f"{DEALS}/groups", {"name": _GROUP, "label": "Tieout", "displayOrder": -1})
    for name in missing:
        create_definition(client, DEALS, _definition(name))
    return missing


def _present(client: HubSpotClient) -> frozenset[str]:
    answer = client.get(client.versions.properties_path(DEALS), PropertyList)
    return frozenset(one.name for one in answer.results)


def _definition(name: str) -> dict[str, object]:
    label, type_, field_type, description = _DEFINITIONS[name]
    body: dict[str, object] = {
        "name": name,
        "label": label,
        "type": type_,
        "fieldType": field_type,
        "groupName": _GROUP,
        "description": description,
    }
    if name == STATUS:
        body["options"] = [
            {"label": shown, "value": value.value, "displayOrder": at, "hidden": False}
            for at, (value, shown) in enumerate(_STATUSES.items())
        ]
    return body
