"""Webhook deliveries of QuickBooks in their two formats, as one kind of event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tieout.domain.errors import Malformed


@dataclass(frozen=True, slots=True)
class QuickBooksEvent:
    """Something happened to an entity of a company.

    `entity` and `verb` are in lower case as the format words them ("invoice"; "update" or "updated", also a verb that
    is not known here): the entity is read again whatever the verb. `occurred_at` is aware.
    """

    realm_id: str
    entity: str
    entity_id: str
    occurred_at: datetime
    verb: str


_ID = re.compile(r"[0-9A-Za-z_:-]{1,64}")
_REALM = re.compile(r"[0-9]{1,32}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_FRACTION = re.compile(r"(\.\d{6})\d+")


def parse(body: bytes) -> tuple[QuickBooksEvent, ...]:
    """The events of a delivery, in its order: CloudEvents (a list) or the older form (an object), of any realms.

    The content type is not looked at: Intuit sends more than one. Raises Malformed with a `reason` in its context;
    ids of merged or deleted entities beside the event's own are passed over.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _malformed("not_json") from None
    match document:
        case list():
            return tuple(_cloud_event(item) for item in document)
        case {"eventNotifications": list(notifications)}:
            return tuple(event for one in notifications for event in _notification(one))
        case {"specversion": _}:
            return (_cloud_event(document),)
        case _:
            raise _malformed("unknown_shape")


def _cloud_event(item: object) -> QuickBooksEvent:
    event = _object(item)
    parts = _text(event, "type").split(".")
    # namespace, entity, verb, version (Intuit: webhooks)
    if len(parts) != 4:
        raise _malformed("bad_type")
    return _event(event.get("intuitaccountid"), parts[1], event.get("intuitentityid"), _text(event, "time"), parts[2])


def _notification(item: object) -> list[QuickBooksEvent]:
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
        )
        for entity in map(_object, entities)
    ]


def _event(realm: object, entity: str, id_: object, time: str, verb: str) -> QuickBooksEvent:
    if not _WORD.fullmatch(entity) or not _WORD.fullmatch(verb):
        raise _malformed("bad_type")
    return QuickBooksEvent(
        realm_id=_identity(realm, _REALM, "bad_realm"),
        entity=entity.lower(),
        entity_id=_identity(id_, _ID, "bad_id"),
        occurred_at=_instant(time),
        verb=verb.lower(),
    )


def _identity(value: object, form: re.Pattern[str], reason: str) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not form.fullmatch(text):
        raise _malformed(reason)
    return text


def _instant(text: str) -> datetime:
    try:
        # Intuit writes up to nine digits of a second, a datetime holds six.
        value = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError:
        raise _malformed("bad_time") from None
    if value.utcoffset() is None:
        raise _malformed("bad_time")
    return value


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _malformed("unknown_shape")
    return value


def _text(fields: Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise _malformed("unknown_shape")
    return value


def _malformed(reason: str) -> Malformed:
    return Malformed(context={"system": "quickbooks", "reason": reason})
