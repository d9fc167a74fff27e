"""Whether a webhook delivery comes from Intuit."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from tieout.domain.errors import Malformed

SIGNATURE_HEADER = "intuit-signature"


def sign(body: bytes, verifier_token: str) -> str:
    """The header's value for a delivery: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(_digest(body, verifier_token.encode())).decode()


def verify(body: bytes, signature: str | None, verifier_tokens: Sequence[str]) -> None:
    """Return when `signature` (the header's value) is the base64 HMAC-SHA256 of the raw body (Intuit: webhooks).

    Any of the verifier tokens will do, so that a token can be changed without losing deliveries. Otherwise raises
    Malformed, whose context holds the `reason`: no_verifier_token, signature_missing, signature_unreadable or
    signature_wrong.
    """
    # With an empty key anybody could sign.
    keys = [token.encode() for token in verifier_tokens if token.strip()]
    if not keys:
        raise _refused("no_verifier_token")
    if not signature or not signature.strip():
        raise _refused("signature_missing")
    try:
        given = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise _refused("signature_unreadable") from None
    # All are compared, each in constant time, so that the answer's time tells nothing about the tokens.
    fits = [hmac.compare_digest(_digest(body, key), given) for key in keys]
    if not any(fits):
        raise _refused("signature_wrong")


def _digest(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _refused(reason: str) -> Malformed:
    return Malformed(context={"system": "quickbooks", "reason": reason})
