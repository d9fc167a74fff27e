"""Webhook deliveries of QuickBooks in their two formats, as one kind of event.

Each event is read by itself: what makes no sense in one that Tieout does not follow anyway must not cost the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tieout.domain.errors import Malformed

INVOICE = "invoice"
PAYMENT = "payment"
REFUND_RECEIPT = "refundreceipt"
CREDIT_MEMO = "creditmemo"
SALES_RECEIPT = "salesreceipt"
PURCHASE = "purchase"
_FOLLOWED = frozenset({INVOICE, PAYMENT, REFUND_RECEIPT, CREDIT_MEMO, SALES_RECEIPT, PURCHASE})


@dataclass(frozen=True, slots=True)
class QuickBooksEvent:
    """Something happened to an entity of a company.

    `entity` and `verb` are in lower case as the format words them ("invoice"; "update" or "updated", also a verb that
    is not known here): the entity is read again whatever the verb. `occurred_at` is aware. Of what is followed all
    of it makes sense; of anything else a text is empty where it does not.
    """

    realm_id: str
    entity: str
    entity_id: str
    occurred_at: datetime
    verb: str


_LARGEST_ID = 2**63 - 1
_DIGITS = re.compile(r"[0-9]{1,19}")
_REALM = re.compile(r"[0-9]{1,32}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_FRACTION = re.compile(r"(\.\d{6})\d+")
# A time far ahead would make every later event look old, one of long ago the event itself; clocks differ by a few
# minutes at most.
_EARLIEST, _AHEAD = datetime(2020, 1, 1, tzinfo=UTC), timedelta(minutes=5)


def parse(body: bytes, received_at: datetime) -> tuple[QuickBooksEvent, ...]:
    """The events of a delivery, in its order: CloudEvents (a list) or the older form (an object), of any realms.

    The content type is not looked at: Intuit sends more than one. An event without a time that makes sense happened
    when it arrived, `received_at`. Raises Malformed with a `reason` in its context for what is no delivery, and for an
    entity that is followed, or its company, whose id makes no sense; ids of merged or deleted entities beside the
    event's own are passed over.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _malformed("not_json") from None
    match document:
        case list():
            return tuple(_cloud_event(item, received_at) for item in document)
        case {"eventNotifications": list(notifications)}:
            return tuple(event for one in notifications for event in _notification(one, received_at))
        case {"specversion": _}:
            return (_cloud_event(document, received_at),)
        case _:
            raise _malformed("unknown_shape")


def _cloud_event(item: object, received_at: datetime) -> QuickBooksEvent:
    event = _object(item)
    # namespace, entity, verb, version (Intuit: webhooks)
    match _text(event, "type").split("."):
        case [_, entity, verb, _]:
            pass
        case _:
            entity = verb = ""
    return _event(
        event.get("intuitaccountid"), entity, event.get("intuitentityid"), _text(event, "time"), verb, received_at
    )


def _notification(item: object, received_at: datetime) -> list[QuickBooksEvent]:
    notification = _object(item)
    change = _object(notification.get("dataChangeEvent", {}))
    entities = change.get("entities", [])
    if not isinstance(entities, list):
        raise _malformed("unknown_shape")
    return [
        _event(
            notification.get("realmId"),
            _text(entity, "name"),
            entity.get("id"),
            _text(entity, "lastUpdated"),
            _text(entity, "operation"),
            received_at,
        )
        for entity in map(_object, entities)
    ]


def _event(realm: object, entity: str, id_: object, time: str, verb: str, received_at: datetime) -> QuickBooksEvent:
    event = QuickBooksEvent(
        realm_id=_realm(realm),
        entity=_word(entity),
        entity_id=_id(id_),
        occurred_at=_instant(time, received_at),
        verb=_word(verb),
    )
    if event.entity in _FOLLOWED and not event.entity_id:
        raise _malformed("bad_id")
    if event.entity in _FOLLOWED and not event.realm_id:
        raise _malformed("bad_realm")
    return event


def _word(text: str) -> str:
    return text.lower() if _WORD.fullmatch(text) else ""


def _realm(value: object) -> str:
    text = _digits(value)
    return text if _REALM.fullmatch(text) else ""


def _id(value: object) -> str:
    """A whole number greater than zero, "" for anything else."""
    text = _digits(value)
    return str(int(text)) if _DIGITS.fullmatch(text) and 0 < int(text) <= _LARGEST_ID else ""


def _digits(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _instant(text: str, received_at: datetime) -> datetime:
    try:
        # Intuit writes up to nine digits of a second, a datetime holds six.
        value = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        usable = value.utcoffset() is not None and _EARLIEST <= value <= received_at + _AHEAD
    except (ValueError, OverflowError):
        return received_at
    return value if usable else received_at


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _malformed("unknown_shape")
    return value


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _malformed(reason: str) -> Malformed:
    return Malformed(context={"system": "quickbooks", "reason": reason})
