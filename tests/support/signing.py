"""Signs webhook events as the vendors document it, written apart from the code that verifies.

`python -m tests.support.signing tests/events/hubspot_invoice_changed.json` prints the event with a fresh time and
signature, for `sam local invoke`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
from pathlib import Path
from typing import Any

# Secrets of the test events, which protect nothing.
HUBSPOT_SECRET = "test-hubspot-client-secret"
INTUIT_VERIFIER = "test-intuit-verifier-token"
PUBLIC_URL = "https://hooks.example.test"


def _hmac(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def body_of(event: dict[str, Any]) -> bytes:
    """The bytes that the vendor sent."""
    text = event.get("body") or ""
    return base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()


def signed_by_hubspot(
    event: dict[str, Any], secret: str = HUBSPOT_SECRET, seconds: float = 0, public_url: str = PUBLIC_URL
) -> dict[str, Any]:
    """The event as HubSpot would send it `seconds` from now, signature version 3 (HubSpot: validating requests)."""
    stamp = str(int((time.time() + seconds) * 1000))
    query = f"?{event['rawQueryString']}" if event.get("rawQueryString") else ""
    source = f"{event['requestContext']['http']['method']}{public_url}{event['rawPath']}{query}".encode()
    signature = _hmac(secret, source + body_of(event) + stamp.encode())
    fresh = {"x-hubspot-request-timestamp": stamp, "x-hubspot-signature-v3": signature}
    return {**event, "headers": {**event["headers"], **fresh}}


def signed_by_intuit(event: dict[str, Any], verifier: str = INTUIT_VERIFIER) -> dict[str, Any]:
    """The event as Intuit would send it (Intuit: webhooks)."""
    return {**event, "headers": {**event["headers"], "intuit-signature": _hmac(verifier, body_of(event))}}


def signed(event: dict[str, Any]) -> dict[str, Any]:
    """Signed by the vendor to whose path the event goes."""
    return signed_by_hubspot(event) if event["rawPath"].endswith("/hubspot") else signed_by_intuit(event)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(signed(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), indent=2) + "\n")
