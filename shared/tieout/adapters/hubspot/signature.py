"""Whether a webhook request was signed by HubSpot, signature version 3 alone (HubSpot: "Validating requests")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tieout.domain.errors import Malformed

SIGNATURE_HEADER = "X-HubSpot-Signature-v3"
TIMESTAMP_HEADER = "X-HubSpot-Request-Timestamp"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOW_MS = 300_000
_TIMESTAMP = re.compile(r"[0-9]{1,15}")
# The only sequences that HubSpot decodes before it signs, each once.
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
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


def decoded_uri(uri: str) -> str:
    """`uri` in the form that HubSpot signs."""
    return _ENCODED.sub(lambda match: _DECODED[match.group().upper()], uri)


def sign(*, method: str, url: str, body: bytes, timestamp: str, secret: str) -> str:
    """The version 3 signature: base64 of HMAC-SHA256 over method, URI, body and timestamp without separators."""
    source = f"{method}{decoded_uri(url)}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
    secrets: Sequence[str],
    now: datetime,
) -> None:
    """Return when one of `secrets` made `signature` within five minutes of `now`.

    `url` is the whole public URL with its query as configured at HubSpot, never made from a Host header; `body` the
    bytes as received; `timestamp` and `signature` the texts of their headers. Versions 1 and 2 of the signature bear
    no timestamp and could be replayed for ever, so their headers are not looked at. Raises Malformed whose context
    holds a `reason` that is safe to log: no_secret, timestamp_missing, timestamp_malformed, timestamp_out_of_window,
    signature_missing or signature_differs.
    """
    # HMAC takes an empty key, which anybody could sign with.
    keys = [secret for secret in secrets if secret]
    if not keys:
        raise _refused("no_secret")
    if not timestamp:
        raise _refused("timestamp_missing")
    if not signature:
        raise _refused("signature_missing")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise _refused("timestamp_malformed")
    if abs((now - _EPOCH) // timedelta(milliseconds=1) - int(timestamp)) > _WINDOW_MS:
        raise _refused("timestamp_out_of_window")
    given = signature.encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(sign(method=method, url=url, body=body, timestamp=timestamp, secret=secret).encode(), given)
        for secret in keys
    ]
    if not any(matches):
        raise _refused("signature_differs")


def _refused(reason: str) -> Malformed:
    return Malformed(context={"system": "hubspot", "reason": reason})
