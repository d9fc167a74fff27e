"""The HTTP API's requests to the console, and its replies with the headers that keep browsers strict."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from tieout.console.site import Site
from tieout.console.web import BASE, BadRequest, Fields, Reply, Request
from tieout.ports import ReadMeter
from tieout.runtime.observability import count, flushed, loggable, logger

Event = Mapping[str, Any]
Answer = dict[str, Any]

_LARGEST_BODY = 65_536
_LONGEST_QUERY = 4_096
_FORM = "application/x-www-form-urlencoded"
_STRICT = {
    # Nobody else's frames, scripts, images or addresses, and no scripts at all.
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer, browsers send "Origin: null" with our own forms, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Robots-Tag": "noindex",
}


def run_console(site: Site, meter: ReadMeter) -> Callable[[Event, Any], Answer]:
    """A Lambda handler for an HTTP API (payload 2.0) whose routes lead everything below `BASE` here."""

    def handler(event: Event, _context: Any) -> Answer:
        bare = _without_body(event)
        facts: Mapping[str, str] = {}
        with flushed():
            try:
                answered = site.answer(_with_form(bare, event))
                reply, facts = answered.reply, answered.facts
            except BadRequest as bad:
                reply, facts = site.refused(bare, bad), {"reason": bad.reason}
            except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for a page
                logger.error("page failed", extra={"trace_id": bare.trace_id, **loggable(error)})
                count("page_failed")
                reply = site.broken(bare)
            finally:
                meter.flush()
            logger.info("page", extra={**facts, "status": reply.status, "trace_id": bare.trace_id})
        return _answer(reply)

    return handler


def _without_body(event: Event) -> Request:
    """What of a request can be read without fail."""
    path = str(event["rawPath"]).removeprefix(BASE) or "/"
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    # HTTP APIs take them out of the headers; the local stack's emulator leaves them there.
    lines = event.get("cookies") or headers.get("cookie", "").split("; ")
    http = event["requestContext"]["http"]
    return Request(
        http["method"], path, cookies=_cookies(lines), headers=headers, trace_id=event["requestContext"]["requestId"]
    )


def _with_form(bare: Request, event: Event) -> Request:
    query = str(event.get("rawQueryString") or "")
    if len(query) > _LONGEST_QUERY:
        raise BadRequest("query_too_long", 413)
    form = _form(bare, event) if bare.method == "POST" else Fields()
    return Request(bare.method, bare.path, Fields.read(query), form, bare.cookies, bare.headers, bare.trace_id)


def _form(bare: Request, event: Event) -> Fields:
    body = str(event.get("body") or "")
    # Base64 takes a third more.
    if len(body) > _LARGEST_BODY * 4 // 3 + 4:
        raise BadRequest("body_too_large", 413)
    kind = bare.headers.get("content-type", _FORM if not body else "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise BadRequest("not_a_form", 415)
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        text = raw.decode()
    except (binascii.Error, ValueError):
        raise BadRequest("bad_body") from None
    if len(raw) > _LARGEST_BODY:
        raise BadRequest("body_too_large", 413)
    return Fields.read(text)


def _cookies(lines: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = str(line).partition("=")
        # A name that comes twice may have been planted: neither counts.
        found[name] = "" if name in found else value
    return found


def _answer(reply: Reply) -> Answer:
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": " ".join(("'self'", *reply.form_to)),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    headers = {
        **_STRICT,
        "Content-Type": reply.content_type,
        "Cache-Control": reply.cached.value,
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        **reply.headers,
    }
    text = isinstance(reply.body, str)
    lines = [*headers.values(), *reply.cookies]
    if any(not line.isprintable() for line in lines):
        raise ValueError("a header with control characters")
    return {
        "statusCode": reply.status,
        "headers": headers,
        "cookies": list(reply.cookies),
        "body": reply.body if isinstance(reply.body, str) else base64.b64encode(reply.body).decode(),
        "isBase64Encoded": not text,
    }
