"""What stands between a request and a page: signed cookies, CSRF tokens, where a form was sent from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tieout.console.web import Request, cookie
from tieout.ports.access import Session

# The prefix has browsers refuse the cookie unless it is Secure, for this very host, and for the path "/" (RFC 6265bis).
SESSION_COOKIE = "__Host-tieout"
SAID_COOKIE = "__Host-tieout-said"
CSRF_FIELD = "csrf"
_SAID_LIVES = timedelta(minutes=2)
_LONGEST_SAID = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What a change came to, told on the next page. `tone` is ok, warning or problem."""

    text: str
    tone: str = "ok"


@dataclass(frozen=True, slots=True)
class Guard:
    """`key` gives the key that signs cookies. `origin` is scheme and host of the console, as browsers name it."""

    key: Callable[[], str]
    origin: str

    def session_cookie(self, secret: str, lasts: timedelta) -> str:
        """The cookie of who signed in."""
        return cookie(SESSION_COOKIE, self._sealed("session", secret), max_age=int(lasts.total_seconds()))

    def session_secret(self, request: Request) -> str | None:
        """The secret in the session cookie; None when there is none, or none that we signed."""
        return self._opened("session", request.cookies.get(SESSION_COOKIE, ""))

    def said_cookie(self, said: Said) -> str:
        """The cookie that carries a message to the next page."""
        text = json.dumps([said.tone, said.text[:_LONGEST_SAID]]).encode()
        value = self._sealed("said", base64.urlsafe_b64encode(text).decode())
        return cookie(SAID_COOKIE, value, max_age=int(_SAID_LIVES.total_seconds()))

    def said(self, request: Request) -> Said | None:
        """The message that a change before left."""
        text = self._opened("said", request.cookies.get(SAID_COOKIE, ""))
        if text is None:
            return None
        try:
            tone, told = json.loads(base64.urlsafe_b64decode(text))
        except (ValueError, binascii.Error):
            return None
        return Said(told, tone)

    def comes_from_here(self, headers: Mapping[str, str]) -> bool:
        """Whether a form was sent from a page of this console: browsers say so in headers that no page can set."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            return False
        return site in (None, "same-origin") and origin in (None, self.origin)

    def _sealed(self, purpose: str, text: str) -> str:
        return f"{text}.{self._mark(purpose, text)}"

    def _opened(self, purpose: str, value: str) -> str | None:
        text, dot, mark = value.rpartition(".")
        # Compared as bytes: a cookie may hold anything.
        genuine = hmac.compare_digest(mark.encode(), self._mark(purpose, text).encode()) if dot else False
        return text if genuine else None

    def _mark(self, purpose: str, text: str) -> str:
        message = f"tieout-console/{purpose}/{text}".encode()
        return hmac.new(self.key().encode(), message, hashlib.sha256).hexdigest()


def has_token(session: Session, request: Request) -> bool:
    """Whether the form bears the session's own CSRF token."""
    given = request.form.all(CSRF_FIELD)
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), session.csrf.encode())


def forgotten(name: str) -> str:
    """The line that deletes a cookie."""
    return cookie(name, "", max_age=0)
