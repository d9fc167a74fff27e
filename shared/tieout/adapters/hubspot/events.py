"""A webhook body from HubSpot as plain events; property values are never kept, because events are only hints.

Each event is read by itself: what makes no sense in one that Tieout does not follow anyway must not cost the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tieout.domain.errors import Malformed

INVOICE_TYPE = "0-53"
PAYMENT_TYPE = "0-101"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_ID = 2**63 - 1
# HubSpot sends up to 100 events at a time; a few more are no reason to lose them.
_MOST_EVENTS = 1000
# A time far ahead would make every later event look old, one of long ago (seconds taken for milliseconds, say) the
# event itself; clocks differ by a few minutes at most.
_EARLIEST, _AHEAD = datetime(2020, 1, 1, tzinfo=UTC), timedelta(minutes=5)
_TYPE_ID = re.compile(r"[0-9]{1,9}-[0-9]{1,18}")
_DIGITS = re.compile(r"[0-9]{1,19}")
# Events on an object, then both ends of an association, then what a merge leaves behind.
_OBJECT_FIELDS = (
    ("objectId", "objectTypeId"),
    ("fromObjectId", "fromObjectTypeId"),
    ("toObjectId", "toObjectTypeId"),
    ("primaryObjectId", "objectTypeId"),
    ("newObjectId", "objectTypeId"),
)
_MERGED = "mergedObjectIds"
_ENDS = ("fromObjectId", "toObjectId")
_FOLLOWED = frozenset({INVOICE_TYPE, PAYMENT_TYPE})
# How older association events name the types in words: INVOICE_TO_CONTACT.
_WORDS = {"INVOICE": INVOICE_TYPE, "COMMERCE_PAYMENT": PAYMENT_TYPE}


@dataclass(frozen=True, slots=True)
class HubSpotEvent:
    """Something happened to the object `object_id` of the portal.

    `object_type_id` ("0-53" is an invoice, "0-101" a payment) is None where HubSpot did not say; `occurred_at` is aware
    UTC. Of an invoice or payment all of it makes sense; of anything else an id is empty where it does not.
    """

    portal_id: str
    object_type_id: str | None
    object_id: str
    occurred_at: datetime
    subscription_type: str
    property_name: str | None


def parse_events(body: bytes, received_at: datetime) -> tuple[HubSpotEvent, ...]:
    """The events of a webhook body: one for each object that an event names, so an association makes two.

    Unknown fields are ignored and missing ones tolerated: an event without a time that makes sense gets `received_at`,
    one that names no object is left out. Raises Malformed, with a `reason` safe to log, for what is no JSON array of
    objects, and for an invoice or payment, or its portal, whose id is missing or none.
    """
    events = _array(body)
    return tuple(event for raw in events for event in _events(raw, received_at))


def _array(body: bytes) -> list[Mapping[str, object]]:
    try:
        document = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _malformed("not_json") from None
    if not isinstance(document, list) or len(document) > _MOST_EVENTS:
        raise _malformed("not_an_array" if not isinstance(document, list) else "too_many_events")
    if not all(isinstance(item, dict) for item in document):
        raise _malformed("not_an_object")
    return document


def _events(raw: Mapping[str, object], received_at: datetime) -> Iterator[HubSpotEvent]:
    occurred_at = _instant(raw, received_at)
    subscription = _text(raw, "subscriptionType") or _text(raw, "eventType") or ""
    for type_, id_ in dict.fromkeys(_objects(raw)):
        portal = _id(raw.get("portalId"))
        if type_ in _FOLLOWED and not portal:
            raise _malformed("bad_portalId")
        yield HubSpotEvent(portal, type_, id_, occurred_at, subscription, _text(raw, "propertyName"))


def _objects(raw: Mapping[str, object]) -> Iterator[tuple[str | None, str]]:
    """Type and id of each object that the event names."""
    values = [
        (id_field, _type(raw, type_field, id_field), raw.get(id_field))
        for id_field, type_field in _OBJECT_FIELDS
        if raw.get(id_field) is not None or (id_field in _ENDS and _text(raw, type_field))
    ]
    merged = raw.get(_MERGED)
    if isinstance(merged, list):
        values += [(_MERGED, _type(raw, "objectTypeId", _MERGED), value) for value in merged]
    if not values and _text(raw, "objectTypeId") in _FOLLOWED:
        raise _malformed("bad_objectId")
    for field, type_, value in values:
        id_ = _id(value)
        if type_ in _FOLLOWED and not id_:
            raise _malformed(f"bad_{field}")
        yield type_, id_


def _type(raw: Mapping[str, object], type_field: str, id_field: str) -> str | None:
    text = _text(raw, type_field)
    if text is None and id_field == "fromObjectId":
        # Without types of its own, an association is told from its "from" side.
        text = _text(raw, "objectTypeId")
    return text if text and _TYPE_ID.fullmatch(text) else _associated_type(raw, id_field)


def _associated_type(raw: Mapping[str, object], id_field: str) -> str | None:
    one, _, other = (_text(raw, "associationType") or "").upper().partition("_TO_")
    return _WORDS.get({"fromObjectId": one, "toObjectId": other}.get(id_field, ""))


def _text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    """A whole number greater than zero, also as a text of digits; None for anything else."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ID:
        return None
    return value


def _id(value: object) -> str:
    number = _number(value)
    return "" if number is None else str(number)


def _instant(raw: Mapping[str, object], received_at: datetime) -> datetime:
    milliseconds = _number(raw.get("occurredAt"))
    try:
        value = _EPOCH + timedelta(milliseconds=milliseconds or 0)
    except OverflowError:
        return received_at
    return value if _EARLIEST <= value <= received_at + _AHEAD else received_at


def _malformed(reason: str) -> Malformed:
    return Malformed(context={"system": "hubspot", "reason": reason})
