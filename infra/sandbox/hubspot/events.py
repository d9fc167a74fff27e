"""Webhook events: which changes are subscribed to, what an event says, and how a batch is signed and tried again."""

import base64
import hashlib
import hmac
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.sandbox.hubspot.config import HubSpotConfig, Subscription
from infra.sandbox.hubspot.record import Change
from infra.sandbox.kernel import Delivery
from infra.sandbox.kernel.wire import dumps

_DAY = 24 * 3600
MAX_RETRIES = 10
# "Validating requests" guide: what HubSpot decodes in the URI before it signs; the query's own ? stays.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
# Changed with every write, and not subscribable.
_SILENT = frozenset({"hs_lastmodifieddate", "lastmodifieddate", "num_unique_conversion_events"})


def signed_uri(uri: str) -> str:
    """The URI as it goes into the signature."""
    for code, character in _DECODED.items():
        uri = uri.replace(code, character).replace(code.lower(), character)
    return uri


def signature_v3(secret: str, method: str, uri: str, body: str, timestamp: str) -> str:
    """X-HubSpot-Signature-v3: base64 of the HMAC-SHA256 of method, URI, body and timestamp (ms)."""
    source = f"{method}{signed_uri(uri)}{body}{timestamp}"
    return base64.b64encode(hmac.digest(secret.encode(), source.encode(), hashlib.sha256)).decode()


@dataclass(frozen=True)
class HubSpotWebhooks:
    """Delivery: up to 100 events a request, 5 s time-out, 10 at once; up to 10 retries over 24 h, randomly spread."""

    config: HubSpotConfig
    batch_limit: int = 100
    timeout_seconds: float = 5
    max_concurrent: int = 10

    def build(self, events: list[dict[str, Any]], attempt: int, url: str, now: datetime) -> Delivery:
        """The signed request for a batch."""
        body = dumps([{**event, "attemptNumber": attempt} for event in events])
        timestamp = str(int(now.timestamp() * 1000))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubapi.com) - WebhooksServer",
            "X-HubSpot-Request-Timestamp": timestamp,
            "X-HubSpot-Signature-v3": signature_v3(self.config.client_secret, "POST", url, body, timestamp),
        }
        return Delivery(url, headers, body.encode())

    def accepted(self, status: int) -> bool:
        """Any 4xx or 5xx is tried again."""
        return status < 400

    def retry_after(self, attempt: int, _: int | None, chance: random.Random, /) -> float | None:
        """The waits double from about 45 s, so that ten of them fill most of 24 hours."""
        if attempt >= MAX_RETRIES:
            return None
        return min(45.0 * float(2**attempt) * chance.uniform(0.8, 1.2), _DAY / 2)


class EventMaker:
    """Turns changes into the events of the subscriptions."""

    def __init__(self, config: HubSpotConfig, chance: random.Random) -> None:
        self._config, self._chance = config, chance
        self._wanted: dict[tuple[str, str, str | None], list[Subscription]] = {}
        for one in config.subscriptions:
            key = (one.subscription_type, one.object_type_id, one.property_name)
            self._wanted.setdefault(key, []).append(one)

    def events(self, changes: Iterable[Change]) -> Iterator[dict[str, Any]]:
        """The events to send, in the order of the changes."""
        for change in changes:
            if change.name in _SILENT or (change.calculated and not self._config.calculated_events):
                continue
            key = (change.kind, change.record.type.type_id, change.name)
            for subscription in self._wanted.get(key, ()):
                yield self._event(change, subscription)

    def _event(self, change: Change, subscription: Subscription) -> dict[str, Any]:
        by = {"CRM_UI": "userId:1", "INTEGRATION": str(self._config.app_id)}
        event: dict[str, Any] = {
            "eventId": self._chance.getrandbits(31),
            "subscriptionId": subscription.subscription_id,
            "portalId": self._config.portal_id,
            "appId": self._config.app_id,
            "occurredAt": int(change.at.timestamp() * 1000),
            "subscriptionType": change.kind,
            "attemptNumber": 0,
            "objectId": int(change.record.id),
            "objectTypeId": change.record.type.type_id,
            "changeSource": "CALCULATED" if change.calculated else change.source,
            "sourceId": by.get(change.source, change.source),
        }
        if change.kind == "object.creation":
            event["changeFlag"] = "NEW"
        elif change.kind == "object.propertyChange":
            event |= {"propertyName": change.name, "propertyValue": change.value, "isSensitive": False}
        elif change.kind == "object.associationChange" and change.other is not None:
            record, other = change.record, change.other
            event |= {
                "associationType": f"{record.type.singular}_TO_{other.type.singular}".upper(),
                "associationTypeId": change.association_type,
                "associationCategory": "HUBSPOT_DEFINED",
                "fromObjectId": int(record.id),
                "fromObjectTypeId": record.type.type_id,
                "toObjectId": int(other.id),
                "toObjectTypeId": other.type.type_id,
                "associationRemoved": change.removed,
                "isPrimaryAssociation": False,
            }
        return event
