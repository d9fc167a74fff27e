"""The HTTP API's requests as deliveries, and what the vendors are answered."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from tieout.domain.errors import Malformed
from tieout.ports import Delivery, Webhooks
from tieout.runtime.observability import count, flushed, loggable, logger
from tieout.services.intake import Intake

_TOO_LARGE = "body_too_large"
_UNREADABLE = frozenset({"not_json", "not_an_array", "not_an_object", "too_many_events", "unknown_shape", "bad_body"})


class WebhookApi:
    """The webhook routes. `public_url` is scheme and host as the vendors call it."""

    def __init__(self, intake: Intake, public_url: str) -> None:
        self._intake = intake
        self._public_url = public_url.rstrip("/")
        self.app = APIGatewayHttpResolver()

    def receive(self, webhooks: Webhooks, system: str) -> Response[str]:
        """Take the present request as a delivery of `system`: 200 when all is queued, 4xx for what the vendor did not
        sign or nobody can read, 503 to have it sent again. No answer tells more than its status says."""
        event = self.app.current_event.raw_event
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

    def handler(self) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
        """The Lambda handler for the routes."""

        def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
            with flushed():
                return self.app.resolve(dict(event), context)

        return handle


def _delivery(event: Mapping[str, Any], public_url: str) -> Delivery:
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


def _answer(status: int) -> Response[str]:
    return Response(status_code=status, content_type="application/json", body=json.dumps({"status": status}))
