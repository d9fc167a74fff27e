"""QuickBooks' webhooks: CloudEvents or the legacy form, signed, and tried again by Intuit's schedule."""

import base64
import hashlib
import hmac
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.sandbox.kernel import Delivery
from infra.sandbox.kernel.wire import dumps
from infra.sandbox.quickbooks.config import QuickBooksConfig

# Intuit: webhooks. After the last of these the same wait is used for ever.
RETRY_SECONDS = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
LEGACY_OPERATIONS: Mapping[str, str] = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "void": "Void",
    "merged": "Merge",
    "emailed": "Emailed",
}


def signature(body: bytes, verifier_token: str) -> str:
    """The value of `intuit-signature`: base64 of the HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


class QuickBooksWebhooks:
    """How Intuit sends webhooks."""

    max_concurrent = 4
    timeout_seconds = 3.0

    def __init__(self, config: QuickBooksConfig) -> None:
        self._config = config
        self.batch_limit = config.webhook_batch
        self._source = base64.b64encode(hashlib.sha256(config.client_id.encode()).digest()).decode()

    def build(self, events: list[dict[str, Any]], attempt: int, url: str, now: datetime) -> Delivery:
        """One delivery; events are `{"id", "realm", "entity", "entity_id", "verb", "at"}` with `at` aware, and the
        id that was `merged` into the entity."""
        cloud = self._config.webhook_format == "cloudevents"
        body = dumps([self._cloud_event(event) for event in events] if cloud else self._legacy(events)).encode()
        transmission = hashlib.sha256(body + str(attempt).encode()).hexdigest()[:24]
        headers = {
            "Content-Type": self._config.webhook_content_type if cloud else "application/json",
            "intuit-signature": signature(body, self._config.verifier_token),
            "intuit-created-time": now.isoformat(),
            "intuit-t-id": f"1-{int(now.timestamp()):08x}-{transmission}",
            "intuit-notification-schema-version": "cloudevents-1.0" if cloud else "1.0.0",
        }
        return Delivery(url, headers, body)

    def accepted(self, status: int) -> bool:
        """Only 200 ends a delivery."""
        return status == 200

    def retry_after(self, attempt: int, status: int | None, chance: random.Random) -> float | None:
        """Seconds until the next try; Intuit does not give up."""
        del status, chance
        return RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]

    def _cloud_event(self, event: dict[str, Any]) -> dict[str, Any]:
        verb = self._config.webhook_void_verb if event["verb"] == "void" else event["verb"]
        at: datetime = event["at"].astimezone(UTC)
        return {
            "specversion": "1.0",
            "id": event["id"],
            "source": f"intuit.{self._source}",
            "type": f"qbo.{event['entity'].lower()}.{verb}.v1",
            "datacontenttype": "application/json",
            "time": f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z",
            "intuitentityid": event["entity_id"],
            "intuitaccountid": event["realm"],
            "data": {"deletedid": event["merged"]} if self._config.webhook_tells_merged and "merged" in event else {},
        }

    def _verb(self, event: dict[str, Any]) -> str:
        """The verb; a void may show as an update."""
        shown: str = event["verb"]
        return "updated" if shown == "void" and self._config.webhook_void_verb == "updated" else shown

    def _legacy(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        realms: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            at: datetime = event["at"].astimezone(UTC)
            entry = {
                "id": event["entity_id"],
                "operation": LEGACY_OPERATIONS[self._verb(event)],
                "name": event["entity"],
                "lastUpdated": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
            if "merged" in event:
                entry["deletedId"] = event["merged"]
            realms.setdefault(event["realm"], []).append(entry)
        notifications = [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in realms.items()
        ]
        return {"eventNotifications": notifications}
