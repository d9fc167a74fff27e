"""The HTTP API's requests as deliveries, and what the vendors are answered."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from tieout.domain.errors import Malformed
from tieout.ports import Delivery, Webhooks
from tieout.runtime.observability import count, flushed, loggable, logger
from tieout.services.intake import Intake

Event = Mapping[str, Any]
Answer = dict[str, Any]
Route = Callable[[Event], Answer]

_TOO_LARGE = "body_too_large"
_UNREADABLE = frozenset({"not_json", "not_an_array", "not_an_object", "too_many_events", "unknown_shape", "bad_body"})


def run_routes(routes: Mapping[tuple[str, str], Route]) -> Callable[[Event, Any], Answer]:
    """A Lambda handler for an HTTP API (payload 2.0) with these routes, by method and path.

    Anything else is answered 404, or 405 where only the method is another.
    """

    def handler(event: Event, _context: Any) -> Answer:
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        with flushed():
            if route := routes.get((method, path)):
                return route(event)
            allowed = sorted(verb for verb, known in routes if known == path)
            return _answer(405, Allow=", ".join(allowed)) if allowed else _answer(404)

    return handler


class WebhookApi:
    """What the webhook routes do. `public_url` is scheme and host as the vendors call it."""

    def __init__(self, intake: Intake, public_url: str) -> None:
        self._intake = intake
        self._public_url = public_url.rstrip("/")

    def receive(self, webhooks: Webhooks, system: str, event: Event) -> Answer:
        """Take a request as a delivery of `system`: 200 when all is queued, 4xx for what the vendor did not sign or
        nobody can read, 503 to have it sent again. No answer tells more than its status says."""
        trace_id = event["requestContext"]["requestId"]
        facts: dict[str, object] = {"system": system, "trace_id": trace_id}
        try:
            received = self._intake.receive(webhooks, _delivery(event, self._public_url), trace_id)
        except Malformed as refused:
            reason = refused.context.get("reason", "")
            logger.warning("delivery refused", extra={**facts, "reason": reason})
            count("delivery_refused")
            return _answer(_status(reason))
        except Exception as error:  # noqa: BLE001 - the vendor keeps what we could not queue and sends it again
            logger.error("delivery not queued", extra={**facts, **loggable(error)})
            count("delivery_not_queued")
            return _answer(503)
        counts = {"events_queued": received.queued, "events_foreign": received.foreign}
        counts["events_unfollowed"] = received.unfollowed
        for name, value in counts.items():
            count(name, value)
        logger.info("delivery taken", extra={**facts, **counts, "hints": received.hints})
        return _answer(200)


def _delivery(event: Event, public_url: str) -> Delivery:
    query = event.get("rawQueryString") or ""
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError):
        raise Malformed(context={"reason": "bad_body"}) from None
    return Delivery(
        method=event["requestContext"]["http"]["method"],
        url=f"{public_url}{event['rawPath']}{'?' + query if query else ''}",
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=raw,
    )


def _status(reason: str) -> int:
    if reason == _TOO_LARGE:
        return 413
    return 400 if reason in _UNREADABLE or reason.startswith("bad_") else 401


def _answer(status: int, **headers: str) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **headers},
        "body": json.dumps({"status": status}),
        "isBase64Encoded": False,
    }
