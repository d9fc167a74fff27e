"""Non-billable HubSpot invoices that show QuickBooks invoices: reading them as they stand, and writing them.

HubSpot has no request ids. A unique property finds the invoice again; its lines and adjustments belong to it alone, so
what stands there tells which of them are still missing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from tieout.adapters.hubspot.batches import RECORDS_PER_CALL, chunks, read_records
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import NOT_FOUND, PROPERTY_MISSING, Refused
from tieout.adapters.hubspot.parts import Part, own_records, read_part
from tieout.adapters.hubspot.properties import KEY, ensure_properties, undefined_properties
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import ErrorItem, Record, RecordBatch
from tieout.domain.dates import calendar_date
from tieout.domain.errors import NotInCrm, OutcomeUnknown, Transient
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.mirrored_invoice import (
    MirrorContent,
    MirrorLine,
    StandingAdjustment,
    StandingLine,
    StandingMirror,
)
from tieout.domain.money import Money
from tieout.domain.planning.mirror_edits import DISCOUNT, FEE, TAX, adjustment, line_key, standing_key

INVOICES = "invoices"
_MODIFIED = "hs_lastmodifieddate"
_HEAD = (
    "hs_number",
    "hs_invoice_status",
    "hs_currency",
    "hs_invoice_date",
    "hs_due_date",
    "hs_amount_billed",
    "hs_comments",
    _MODIFIED,
)
_LINES = "line_items"
_LINE = ("name", "description", "quantity", "price", "discount", "hs_discount_percentage", "hs_position_on_quote")
_ADJUSTMENT = ("hs_type", "hs_value")
_PARTS: Mapping[str, Sequence[str]] = {
    _LINES: _LINE,
    DISCOUNT: _ADJUSTMENT,
    FEE: _ADJUSTMENT,
    TAX: _ADJUSTMENT,
}
# Association types (HubSpot: associations): from the invoice to its parties, and to the invoice from its parts.
_TO_CONTACT, _TO_COMPANY = 177, 179
_OF_INVOICE = {_LINES: 410, DISCOUNT: 412, TAX: 416}
_LABELS = {DISCOUNT: "Discount", TAX: "Sales tax"}


# -- reading


def read_mirrors(
    client: HubSpotClient, time_zone: str, ids: Collection[str], properties: Collection[str] = ()
) -> dict[str, StandingMirror]:
    """The mirrors among `ids` that exist, by id, drafts too, with these `properties` besides. `time_zone` is the
    portal's (IANA)."""
    wanted = sorted(set(properties))
    records = read_records(client, INVOICES, ids, [*_HEAD, *(name for name in wanted if name not in _HEAD)])
    parts = {kind: read_part(client, INVOICES, kind, records, names) for kind, names in _PARTS.items() if records}
    return {
        id_: replace(_understand(record, parts, time_zone), properties=_told(record, wanted))
        for id_, record in records.items()
    }


def _told(record: Record, names: Sequence[str]) -> dict[str, str | None]:
    return {name: record.properties[name] for name in names if name in record.properties}


def find_by_key(client: HubSpotClient, keys: Collection[str]) -> dict[str, str]:
    """Ids by the unique key; a portal that lacks the property holds no mirror."""
    path = client.versions.objects_path(f"{INVOICES}/batch/read")
    found: dict[str, str] = {}
    for chunk in chunks(sorted(keys), RECORDS_PER_CALL):
        body = {"inputs": [{"id": key} for key in chunk], "idProperty": KEY, "properties": [KEY]}
        try:
            batch = client.read(path, body, RecordBatch)
        except (Refused, Transient) as refusal:
            # How HubSpot refuses a property that it does not know here is not documented; who bears none is not there.
            if refusal.context.get("status") == "400" and undefined_properties(client, [KEY]):
                return {}
            raise
        if batch.status != "COMPLETE":
            raise Transient("", {"system": "hubspot", "call": f"POST {path}", "failure": "the batch is not complete"})
        for record in batch.results:
            key = record.properties.get(KEY)
            if key and not record.archived:
                found[key] = record.id
    return found


def _understand(record: Record, parts: Mapping[str, Part], time_zone: str) -> StandingMirror:
    try:
        return _mirror(record, parts, time_zone)
    except BadValue as error:
        return StandingMirror(record.id, unreadable=str(error))


def _mirror(record: Record, parts: Mapping[str, Part], time_zone: str) -> StandingMirror:
    values = Values(record.properties)
    currency, billed = values.currency("hs_currency"), values.decimal("hs_amount_billed")
    own = {kind: own_records(record.id, kind, part) for kind, part in parts.items()}
    status = values.text("hs_invoice_status") or "draft"
    if status not in set(InvoiceStatus):
        raise values.bad("hs_invoice_status", f'"{status[:40]}" is not a known status')
    return StandingMirror(
        id=record.id,
        number=values.text("hs_number"),
        status=InvoiceStatus(status),
        invoice_date=_day(values, "hs_invoice_date", time_zone),
        due_date=_day(values, "hs_due_date", time_zone),
        total=Money(billed, currency) if billed is not None and currency else None,
        memo=values.text("hs_comments"),
        lines=tuple(_line(one.id, one.values) for one in own.get(_LINES, [])),
        adjustments=tuple(
            StandingAdjustment(
                kind, one.id, one.values.required_decimal("hs_value"), one.values.text("hs_type") == "PERCENT"
            )
            for kind in (DISCOUNT, FEE, TAX)
            for one in own.get(kind, [])
        ),
        modified_at=values.instant(_MODIFIED),
    )


def _line(id_: str, values: Values) -> StandingLine:
    return StandingLine(
        id=id_,
        name=values.text("name") or "",
        quantity=values.required_decimal("quantity"),
        unit_price=values.required_decimal("price"),
        description=values.text("description"),
        discounted=bool(values.decimal("discount") or values.decimal("hs_discount_percentage")),
    )


def _day(values: Values, name: str, time_zone: str) -> date | None:
    instant = values.instant(name)
    return None if instant is None else calendar_date(instant, time_zone)


# -- writing


def create_body(content: MirrorContent, key: str) -> str:
    """The body of the draft; equal arguments give equal bytes."""
    head = {name: text for name, text in _head(content).items() if text}
    properties = {"hs_currency": content.currency, "hs_invoice_billable": "false", KEY: key, **head}
    parties = ((content.contact_id, _TO_CONTACT), (content.company_id, _TO_COMPANY))
    return json.dumps(
        {"properties": properties, "associations": [_association(id_, type_) for id_, type_ in parties if id_]}
    )


def _head(content: MirrorContent) -> dict[str, str]:
    """What an invoice says itself; an empty text clears. A day at midnight UTC is a calendar date."""
    return {
        "hs_number": content.number or "",
        "hs_invoice_date": f"{content.invoice_date.isoformat()}T00:00:00Z",
        "hs_due_date": f"{content.due_date.isoformat()}T00:00:00Z",
        "hs_amount_billed": format(content.total.amount, "f"),
        "hs_comments": content.memo or "",
    }


def _association(id_: str, type_id: int) -> Mapping[str, object]:
    return {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}


class MirrorWriter:
    """Sends what was prepared, for one portal."""

    def __init__(self, client: HubSpotClient, time_zone: str) -> None:
        self._client = client
        self._time_zone = time_zone

    def create(self, body: str) -> StandingMirror:
        """See `MirrorCrm.create_mirror`. The property is created where the portal lacks it."""
        sent = json.loads(body)
        try:
            record = self._post(INVOICES, sent)
        except Refused as refusal:
            if PROPERTY_MISSING not in refusal.codes:
                return self._standing_instead(sent["properties"][KEY], refusal)
            self._ensure()
            record = self._post(INVOICES, sent)
        whole = record.model_copy(update={"properties": {**sent["properties"], **record.properties}})
        return _understand(whole, {}, self._time_zone)

    def _ensure(self) -> None:
        try:
            ensure_properties(self._client)
        except OutcomeUnknown as lost:
            # Only the properties are in question: nothing of the invoice was sent.
            raise Transient(lost.detail, lost.context) from lost

    def _standing_instead(self, key: str, refusal: Refused) -> StandingMirror:
        """HubSpot holds each key once, so a refusal may mean that it is there already."""
        id_ = find_by_key(self._client, [key]).get(key)
        standing = read_mirrors(self._client, self._time_zone, [id_]).get(id_) if id_ else None
        if standing is None:
            raise refusal
        return standing

    def fill(self, standing: StandingMirror, content: MirrorContent, before: MirrorContent | None) -> datetime | None:
        """See `MirrorCrm.fill_mirror`. New parts come before old ones go: a finalised invoice always has lines."""
        self._add_lines(standing, content)
        surplus = _surplus(standing, content)
        for kind in (DISCOUNT, TAX):
            self._add_adjustment(standing, content, kind)
        for kind, ids in surplus.items():
            self._archive(kind, ids)
        self._change_parties(standing.id, content, before)
        properties = {**_head(content), "hs_invoice_status": content.status.value}
        path = self._client.versions.objects_path(f"{INVOICES}/{standing.id}")
        try:
            answer = self._client.write(path, {"properties": properties}, Record, method="PATCH")
        except Refused as refusal:
            if NOT_FOUND in refusal.codes:
                raise NotInCrm(refusal.detail, refusal.context) from refusal
            raise
        return Values(answer.properties).instant(_MODIFIED)

    def _add_lines(self, standing: StandingMirror, content: MirrorContent) -> None:
        there = Counter(standing_key(line) for line in standing.lines if not line.discounted)
        missing: list[tuple[int, MirrorLine]] = []
        for position, line in enumerate(content.lines):
            key = line_key(line)
            if there[key]:
                there[key] -= 1
            else:
                missing.append((position, line))
        path = self._client.versions.objects_path(f"{_LINES}/batch/create")
        for chunk in chunks(missing, RECORDS_PER_CALL):
            inputs = [_line_input(standing.id, position, line, content.currency) for position, line in chunk]
            self._client.write(path, {"inputs": inputs}, RecordBatch)

    def _add_adjustment(self, standing: StandingMirror, content: MirrorContent, kind: str) -> None:
        amount = adjustment(content, kind)
        if not amount or any(_is(one, kind, content) for one in standing.adjustments):
            return
        properties = {"hs_label": _LABELS[kind], "hs_type": "FIXED", "hs_value": format(amount, "f")}
        if kind == DISCOUNT:
            properties["hs_duration"] = "ONCE"
        associations = [_association(standing.id, _OF_INVOICE[kind])]
        self._post(kind, {"properties": properties, "associations": associations})

    def _archive(self, kind: str, ids: Sequence[str]) -> None:
        path = self._client.versions.objects_path(f"{kind}/batch/archive")
        for chunk in chunks(ids, RECORDS_PER_CALL):
            self._client.post_without_answer(path, {"inputs": [{"id": id_} for id_ in chunk]})

    def _change_parties(self, id_: str, content: MirrorContent, before: MirrorContent | None) -> None:
        if before is None:
            return
        pairs = (
            ("contacts", _TO_CONTACT, before.contact_id, content.contact_id),
            ("companies", _TO_COMPANY, before.company_id, content.company_id),
        )
        for kind, type_id, old, new in pairs:
            if old == new:
                continue
            path = self._client.versions.objects_path(f"{INVOICES}/{id_}/associations/{kind}")
            if new is not None:
                type_ = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
                self._client.write(f"{path}/{new}", type_, ErrorItem, method="PUT")
            if old is not None:
                self._client.delete(f"{path}/{old}")

    def _post(self, kind: str, body: object) -> Record:
        return self._client.write(self._client.versions.objects_path(kind), body, Record)


def _surplus(standing: StandingMirror, content: MirrorContent) -> dict[str, list[str]]:
    """Lines and adjustments that stand there and are not meant to, by kind. The oldest of equal ones stay."""
    wanted = Counter(line_key(line) for line in content.lines)
    lines = []
    for line in sorted(standing.lines, key=lambda one: int(one.id)):
        key = standing_key(line)
        if wanted[key] and not line.discounted:
            wanted[key] -= 1
        else:
            lines.append(line.id)
    found: dict[str, list[str]] = {_LINES: lines}
    for kind in (DISCOUNT, FEE, TAX):
        right = [one.id for one in standing.adjustments if _is(one, kind, content)]
        found[kind] = [one.id for one in standing.adjustments if one.kind == kind and one.id not in right[:1]]
    return found


def _is(one: StandingAdjustment, kind: str, content: MirrorContent) -> bool:
    return one.kind == kind and not one.percent and one.value == adjustment(content, kind) and bool(one.value)


def _line_input(invoice_id: str, position: int, line: MirrorLine, currency: str) -> Mapping[str, object]:
    said = {
        "name": line.name,
        "description": line.description,
        "quantity": format(line.quantity, "f"),
        "price": format(line.unit_price, "f"),
        "hs_sku": line.sku,
        "hs_product_id": line.product_id,
        "hs_line_item_currency_code": currency,
        "hs_position_on_quote": str(position),
    }
    associations = [_association(invoice_id, _OF_INVOICE[_LINES])]
    return {"properties": {name: text for name, text in said.items() if text}, "associations": associations}
