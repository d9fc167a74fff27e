"""Reading HubSpot invoices with their lines, adjustments and parties, in grouped calls, as neutral invoices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tieout.adapters.hubspot.batches import is_id, read_records, sorted_ids
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.parts import PARTIES, Associated, Part, company_of, contact_of, own_records, read_part
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record
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
# What belongs to an invoice: HubSpot's object type, and the properties to read of it.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "line_items": _LINE,
    **PARTIES,
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
_T = TypeVar("_T")


def read_invoices(
    client: HubSpotClient, time_zone: str, ids: Collection[str], extra_properties: Collection[str]
) -> dict[str, SourceInvoice | UnreadableInvoice]:
    """The invoices among `ids` that exist, by id; see `Crm.invoices`. `time_zone` is the portal's (IANA).

    A draft is still being edited: it is answered without lines, adjustments and parties.
    """
    properties = [*_INVOICE, *sorted(set(extra_properties) - set(_INVOICE))]
    records = read_records(client, "invoices", [id_ for id_ in ids if is_id(id_)], properties)
    with_parts = [i for i, record in records.items() if record.properties.get("hs_invoice_status") != "draft"]
    parts = (
        {type_: read_part(client, "invoices", type_, with_parts, properties) for type_, properties in _PARTS.items()}
        if with_parts
        else {}
    )
    return {
        id_: _understand(records[id_], {t: p for t, p in parts.items() if id_ in with_parts}, time_zone, properties)
        for id_ in sorted_ids(records)
    }


def _understand(
    record: Record, parts: Mapping[str, Part], time_zone: str, properties: Iterable[str]
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
        properties=_told(record, properties),
    )


def _told(record: Record, properties: Iterable[str]) -> dict[str, str | None]:
    """The raw texts; HubSpot leaves out what it has no such property for, and answers null for an empty one (HubSpot:
    retrieve records)."""
    return {name: record.properties[name] for name in properties if name in record.properties}


def _if_readable(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except BadValue:
        return None


def _invoice(record: Record, parts: Mapping[str, Part], time_zone: str, properties: Iterable[str]) -> SourceInvoice:
    values = Values(record.properties)
    currency = values.currency("hs_currency")
    if currency is None:
        raise values.bad("hs_currency", "is missing")
    billed = values.decimal("hs_amount_billed")
    own = {type_: own_records(record.id, type_, part) for type_, part in parts.items()}
    return SourceInvoice(
        id=record.id,
        number=values.text("hs_number"),
        status=_status(values),
        currency=currency,
        invoice_date=_invoice_date(values, time_zone),
        due_date=_date(values, "hs_due_date", time_zone),
        total=None if billed is None else Money(billed, currency),
        company=company_of(own.get("companies", [])),
        contact=contact_of(own.get("contacts", [])),
        lines=_lines(own.get("line_items", [])),
        adjustments=tuple(
            adjustment for type_, kind in _ADJUSTMENTS.items() for adjustment in _adjustments(kind, own.get(type_, []))
        ),
        comments=values.text("hs_comments"),
        purchase_order=values.text("hs_purchase_order_number"),
        origin=values.text("hs_invoice_source"),
        billable=values.flag("hs_invoice_billable", default=True),
        properties=_told(record, properties),
        modified_at=values.instant("hs_lastmodifieddate"),
    )


def _status(values: Values) -> InvoiceStatus:
    text = values.text("hs_invoice_status")
    try:
        return InvoiceStatus(text or "")
    except ValueError:
        problem = f'"{text[:40]}" is not a known status' if text else "is missing"
        raise values.bad("hs_invoice_status", problem) from None


def _date(values: Values, name: str, time_zone: str) -> date | None:
    instant = values.instant(name)
    return None if instant is None else calendar_date(instant, time_zone)


def _invoice_date(values: Values, time_zone: str) -> date:
    day = _date(values, "hs_invoice_date", time_zone) or _date(values, "hs_createdate", time_zone)
    if day is None:
        raise values.bad("hs_invoice_date", "is missing")
    return day


def _lines(items: Iterable[Associated]) -> tuple[SourceLine, ...]:
    """In the order of the invoice: by position, then by id; lines without a position come last."""
    return tuple(_line(one.id, one.values) for one in sorted(items, key=lambda one: _rank(one, "hs_position_on_quote")))


def _rank(one: Associated, property_name: str) -> tuple[bool, Decimal, int]:
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


def _adjustments(kind: AdjustmentKind, items: Iterable[Associated]) -> Iterable[Adjustment]:
    for one in sorted(items, key=lambda one: _rank(one, "hs_sort_order")):
        type_ = one.values.text("hs_type")
        if type_ not in ("PERCENT", "FIXED"):
            raise one.values.bad("hs_type", f'"{(type_ or "")[:40]}" is neither PERCENT nor FIXED')
        value = one.values.required_decimal("hs_value")
        yield Adjustment(kind, one.values.text("hs_label") or "", value, percent=type_ == "PERCENT")
