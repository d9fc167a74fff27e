"""Reading HubSpot invoices with their lines, adjustments and parties, in grouped calls, as neutral invoices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tieout.adapters.hubspot.batches import is_id, read_associations, read_records, sorted_ids
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import AssociatedRecord, Record
from tieout.domain.customer import Party, PartyKind
from tieout.domain.dates import calendar_date
from tieout.domain.invoice import (
    Adjustment,
    AdjustmentKind,
    InvoiceStatus,
    SourceInvoice,
    SourceLine,
    UnreadableInvoice,
)
from tieout.domain.money import Money

_INVOICE = (
    "hs_number",
    "hs_invoice_status",
    "hs_currency",
    "hs_invoice_date",
    "hs_due_date",
    "hs_createdate",
    "hs_lastmodifieddate",
    "hs_amount_billed",
    "hs_comments",
    "hs_purchase_order_number",
    "hs_invoice_source",
    "hs_invoice_billable",
)
# HubSpot's dumps show a line's tax under several names; the first that is not zero counts. All zero: it bears none.
_TAX_AMOUNTS = ("hs_tax_amount", "hs_auto_tax_amount", "tax")
_LINE = (
    "name",
    "description",
    "hs_sku",
    "hs_product_id",
    "quantity",
    "price",
    "amount",
    "hs_position_on_quote",
    "hs_tax_rate_group_id",
    "hs_tax_rate",
    "discount",
    "hs_discount_percentage",
    *_TAX_AMOUNTS,
)
_ADJUSTMENT = ("hs_label", "hs_type", "hs_value", "hs_sort_order")
_MERGED = "hs_merged_object_ids"
# What belongs to an invoice: HubSpot's object type, and the properties to read of it.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "line_items": _LINE,
    "companies": ("name", _MERGED),
    "contacts": ("firstname", "lastname", "email", _MERGED),
    "discounts": _ADJUSTMENT,
    "fees": _ADJUSTMENT,
    "taxes": _ADJUSTMENT,
}
# In the order in which HubSpot applies them.
_ADJUSTMENTS = {
    "discounts": AdjustmentKind.DISCOUNT,
    "fees": AdjustmentKind.FEE,
    "taxes": AdjustmentKind.TAX,
}
_CURRENCY_LENGTH = 3
_PRIMARY = "primary"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Part:
    """The records of one type that belong to the invoices, and to which of them they belong."""

    associated: Mapping[str, tuple[AssociatedRecord, ...]]
    records: Mapping[str, Record]


def read_invoices(
    client: HubSpotClient, time_zone: str, ids: Collection[str], extra_properties: Collection[str]
) -> dict[str, SourceInvoice | UnreadableInvoice]:
    """The invoices among `ids` that exist, by id; see `Crm.invoices`. `time_zone` is the portal's (IANA).

    A draft is still being edited: it is answered without lines, adjustments and parties.
    """
    properties = [*_INVOICE, *sorted(set(extra_properties) - set(_INVOICE))]
    records = read_records(client, "invoices", [id_ for id_ in ids if is_id(id_)], properties)
    with_parts = [i for i, record in records.items() if record.properties.get("hs_invoice_status") != "draft"]
    parts = {type_: _read_part(client, type_, with_parts) for type_ in _PARTS} if with_parts else {}
    return {
        id_: _understand(records[id_], {t: p for t, p in parts.items() if id_ in with_parts}, time_zone, properties)
        for id_ in sorted_ids(records)
    }


def _read_part(client: HubSpotClient, object_type: str, invoice_ids: Collection[str]) -> _Part:
    associated = read_associations(client, "invoices", object_type, invoice_ids)
    ids = {one.id for to in associated.values() for one in to}
    found = read_records(client, object_type, ids, _PARTS[object_type]) if ids else {}
    # The id of a record that was merged just now is answered with the record that it became (HubSpot changelog:
    # updated merge functionality for contacts and companies).
    led = {former: record for record in found.values() for former in _former_ids(Values(record.properties))}
    return _Part(associated, {**led, **found})


def _former_ids(values: Values) -> tuple[str, ...]:
    """The ids of the records that HubSpot merged into this one."""
    parts = (values.text(_MERGED) or "").split(";")
    return tuple(sorted_ids(part for part in map(str.strip, parts) if is_id(part)))


def _understand(
    record: Record, parts: Mapping[str, _Part], time_zone: str, properties: Iterable[str]
) -> SourceInvoice | UnreadableInvoice:
    try:
        return _invoice(record, parts, time_zone, properties)
    except BadValue as error:
        return _outline(record, time_zone, properties, str(error))


def _outline(record: Record, time_zone: str, properties: Iterable[str], reason: str) -> UnreadableInvoice:
    """What can still be told of an invoice, so that one that is not for the ledger bothers nobody."""
    values = Values(record.properties)
    return UnreadableInvoice(
        record.id,
        reason,
        status=_if_readable(lambda: _status(values)),
        invoice_date=_if_readable(lambda: _invoice_date(values, time_zone)),
        origin=values.text("hs_invoice_source"),
        billable=_if_readable(lambda: values.flag("hs_invoice_billable", default=True)) is not False,
        properties={name: record.properties.get(name) for name in properties},
    )


def _if_readable(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except BadValue:
        return None


def _invoice(record: Record, parts: Mapping[str, _Part], time_zone: str, properties: Iterable[str]) -> SourceInvoice:
    values = Values(record.properties)
    currency = _currency(values)
    billed = values.decimal("hs_amount_billed")
    own = {type_: _own(record.id, type_, part) for type_, part in parts.items()}
    return SourceInvoice(
        id=record.id,
        number=values.text("hs_number"),
        status=_status(values),
        currency=currency,
        invoice_date=_invoice_date(values, time_zone),
        due_date=_date(values, "hs_due_date", time_zone),
        total=None if billed is None else Money(billed, currency),
        company=_company(own.get("companies", [])),
        contact=_contact(own.get("contacts", [])),
        lines=_lines(own.get("line_items", [])),
        adjustments=tuple(
            adjustment for type_, kind in _ADJUSTMENTS.items() for adjustment in _adjustments(kind, own.get(type_, []))
        ),
        comments=values.text("hs_comments"),
        purchase_order=values.text("hs_purchase_order_number"),
        origin=values.text("hs_invoice_source"),
        billable=values.flag("hs_invoice_billable", default=True),
        properties={name: record.properties.get(name) for name in properties},
        modified_at=values.instant("hs_lastmodifieddate"),
    )


@dataclass(frozen=True, slots=True)
class _Associated:
    """A record that belongs to an invoice. `primary`: HubSpot calls this association the primary one."""

    id: str
    values: Values
    primary: bool


def _own(invoice_id: str, object_type: str, part: _Part) -> list[_Associated]:
    """The invoice's records of one type; an invoice of which a part could not be read must not look complete."""
    own = []
    for one in part.associated.get(invoice_id, ()):
        record = part.records.get(one.id)
        kind = object_type.replace("_", " ")
        if record is None:
            raise BadValue(f"{kind}: HubSpot does not give the associated record {one.id}")
        primary = any((type_.label or "").lower().startswith(_PRIMARY) for type_ in one.types)
        own.append(_Associated(record.id, Values(record.properties, f"record {one.id} in {kind}"), primary))
    return own


def _status(values: Values) -> InvoiceStatus:
    text = values.text("hs_invoice_status")
    try:
        return InvoiceStatus(text or "")
    except ValueError:
        problem = f'"{text[:40]}" is not a known status' if text else "is missing"
        raise values.bad("hs_invoice_status", problem) from None


def _currency(values: Values) -> str:
    text = (values.text("hs_currency") or "").upper()
    if len(text) != _CURRENCY_LENGTH or not (text.isascii() and text.isalpha()):
        raise values.bad("hs_currency", f'"{text[:40]}" is not a currency code' if text else "is missing")
    return text


def _date(values: Values, name: str, time_zone: str) -> date | None:
    instant = values.instant(name)
    return None if instant is None else calendar_date(instant, time_zone)


def _invoice_date(values: Values, time_zone: str) -> date:
    day = _date(values, "hs_invoice_date", time_zone) or _date(values, "hs_createdate", time_zone)
    if day is None:
        raise values.bad("hs_invoice_date", "is missing")
    return day


def _lines(items: Iterable[_Associated]) -> tuple[SourceLine, ...]:
    """In the order of the invoice: by position, then by id; lines without a position come last."""
    return tuple(_line(one.id, one.values) for one in sorted(items, key=lambda one: _rank(one, "hs_position_on_quote")))


def _rank(one: _Associated, property_name: str) -> tuple[bool, Decimal, int]:
    place = one.values.decimal(property_name)
    return place is None, place or Decimal(0), int(one.id)


def _line(id_: str, values: Values) -> SourceLine:
    return SourceLine(
        id=id_,
        name=values.text("name") or "",
        quantity=values.required_decimal("quantity"),
        unit_price=values.required_decimal("price"),
        amount=values.decimal("amount"),
        description=values.text("description"),
        sku=values.text("hs_sku"),
        product_id=values.text("hs_product_id"),
        discount=values.decimal("discount") or None,
        discount_percent=values.decimal("hs_discount_percentage") or None,
        tax_rate_id=values.text("hs_tax_rate_group_id"),
        tax_rate=values.decimal("hs_tax_rate") or None,
        tax_amount=_tax_amount(values),
    )


def _tax_amount(values: Values) -> Decimal | None:
    told = [tax for name in _TAX_AMOUNTS if (tax := values.decimal(name)) is not None]
    return next((tax for tax in told if tax), told[0] if told else None)


def _adjustments(kind: AdjustmentKind, items: Iterable[_Associated]) -> Iterable[Adjustment]:
    for one in sorted(items, key=lambda one: _rank(one, "hs_sort_order")):
        type_ = one.values.text("hs_type")
        if type_ not in ("PERCENT", "FIXED"):
            raise one.values.bad("hs_type", f'"{(type_ or "")[:40]}" is neither PERCENT nor FIXED')
        value = one.values.required_decimal("hs_value")
        yield Adjustment(kind, one.values.text("hs_label") or "", value, percent=type_ == "PERCENT")


def _chosen(items: Iterable[_Associated]) -> _Associated | None:
    """Of several companies or contacts the primary one, else the one with the lowest id: always the same."""
    return min(items, key=lambda one: (not one.primary, int(one.id)), default=None)


def _company(items: Iterable[_Associated]) -> Party | None:
    one = _chosen(items)
    if one is None:
        return None
    return Party(PartyKind.COMPANY, one.id, one.values.text("name") or "", merged=_former_ids(one.values))


def _contact(items: Iterable[_Associated]) -> Party | None:
    one = _chosen(items)
    if one is None:
        return None
    given, family = one.values.text("firstname"), one.values.text("lastname")
    name = " ".join(part for part in (given, family) if part)
    email, merged = one.values.text("email"), _former_ids(one.values)
    return Party(PartyKind.CONTACT, one.id, name, email, given, family, merged=merged)
