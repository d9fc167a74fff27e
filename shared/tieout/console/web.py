"""Requests and replies, as the console sees them: no AWS, no sockets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, quote, urlsplit

HTML = "text/html; charset=utf-8"
# Everything of the console is below it; the vendors' webhooks share the host.
BASE = "/console"
_MOST_FIELDS = 2000


class BadRequest(Exception):
    """A request that no page of ours sends. `status` is what it is answered."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class NotFound(Exception):
    """What a URL names is not there."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a query or a form; a name may come several times."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Fields:
        """`text` as URL-encoded fields. Raises BadRequest for what is no UTF-8, holds control characters, or is too
        much."""
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except UnicodeDecodeError:
            raise BadRequest("not_utf8") from None
        except ValueError:
            raise BadRequest("too_many_fields", 413) from None
        found: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            if any(ord(one) < 32 and one not in "\r\n\t" for one in name + value) or "\x7f" in value:
                raise BadRequest("control_characters")
            found[name] = (*found.get(name, ()), value)
        return cls(found)

    def one(self, name: str) -> str:
        """The only value of a field, without blanks around it; empty when it is not there. Raises BadRequest when it
        comes twice, because then it is not clear what was meant."""
        values = self.values.get(name, ())
        if len(values) > 1:
            raise BadRequest("field_twice")
        return values[0].strip() if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in order: of ticked boxes, for instance."""
        return self.values.get(name, ())


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is below `BASE` and begins with a slash. Names of `headers` are in lower case. `trace_id` follows the
    request through the logs."""

    method: str
    path: str
    query: Fields = field(default_factory=Fields)
    form: Fields = field(default_factory=Fields)
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    trace_id: str = ""


class Cached(StrEnum):
    """What a browser may keep of a reply."""

    NOTHING = "no-store"
    # Of what has its content's hash in its name.
    FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is text or bytes. `form_to`: further origins that a form of the page may lead to (CSP `form-action`)."""

    status: int
    body: str | bytes = ""
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    cached: Cached = Cached.NOTHING
    form_to: tuple[str, ...] = ()


def redirect(path: str, *cookies: str) -> Reply:
    """Go to a page of the console (`path` below the host) with GET, whatever the method was."""
    return Reply(303, headers={"Location": path}, cookies=cookies)


def own_path(text: str) -> str:
    """`text` when it is a path within the console, else the console's first page: what comes with a request never
    leads to another site."""
    plain = text.isascii() and text.isprintable() and not set(text) & set('\\"<> ')
    inside = text == BASE or text.startswith((f"{BASE}/", f"{BASE}?"))
    # "." and ".." would leave the console once the browser has resolved them.
    steps = urlsplit(text).path.replace("%2e", ".").replace("%2E", ".").split("/") if plain and inside else [".."]
    return BASE if {".", ".."} & set(steps) else text


def joined(*parts: str) -> str:
    """A path within the console of these segments, quoted."""
    return "/".join((BASE, *(quote(part, safe="") for part in parts)))


def cookie(name: str, value: str, *, max_age: int | None = None) -> str:
    """A Set-Cookie line: for this host alone, over TLS, out of reach of scripts, and not sent along by other sites'
    forms. Without `max_age` it ends with the browser; 0 deletes it."""
    parts: Iterable[str] = (f"{name}={value}", "Path=/", "Secure", "HttpOnly", "SameSite=Lax")
    lasting = () if max_age is None else (f"Max-Age={max_age}",)
    return "; ".join((*parts, *lasting))
