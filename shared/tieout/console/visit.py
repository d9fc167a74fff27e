"""One request on its way through a page: who asks, about which connection, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieout.console.guard import Guard, Said
from tieout.console.language import Language
from tieout.console.routing import Page
from tieout.console.web import Reply, Request, joined, redirect
from tieout.domain.company import Connection
from tieout.domain.person import Role
from tieout.ports.access import Session


class Painter(Protocol):
    """Makes pages (see `layout`)."""

    def page(self, visit: Visit, template: str, /, *, status: int = 200, **model: object) -> Reply:
        """The page of a template."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """`values` are those of the route's names. `session` is None only where nobody has to be signed in, `connection`
    only on pages about the whole site. `said` is what the change before came to."""

    request: Request
    language: Language
    now: datetime
    guard: Guard
    painter: Painter
    values: Mapping[str, str] = field(default_factory=dict)
    page: Page | None = None
    session: Session | None = None
    connection: Connection | None = None
    connections: tuple[Connection, ...] = ()
    said: Said | None = None

    @property
    def here(self) -> Connection:
        """The connection that the page is about."""
        if self.connection is None:
            raise LookupError("a page about the whole site asked for its connection")
        return self.connection

    @property
    def person(self) -> Session:
        """Who is signed in."""
        if self.session is None:
            raise LookupError("a page for everybody asked who is signed in")
        return self.session

    @property
    def actor(self) -> str:
        """The name for the audit trail."""
        return self.person.name

    @property
    def may_change(self) -> bool:
        """Whether buttons are shown."""
        return self.session is not None and self.session.role is Role.OPERATOR

    @property
    def trace_id(self) -> str:
        """What follows this request through logs and audit trail."""
        return self.request.trace_id

    @property
    def zone(self) -> tzinfo:
        """In which times are shown: the portal's, or UTC."""
        try:
            return ZoneInfo(self.connection.portal_time_zone) if self.connection else UTC
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def url(self, path: str = "", /, **query: object) -> str:
        """The address of a page about this connection; empty or None values of `query` are left out. Segments of `path`
        that come from data are quoted by the caller (`quote(id, safe="")`)."""
        return _with_query(f"{joined('c', self.here.id)}{path}", query)

    def site_url(self, path: str = "", /, **query: object) -> str:
        """The address of a page about the whole site."""
        return _with_query(f"{joined()}{path}", query)

    def say(self, text: str, **values: object) -> str:
        """A message in the visitor's language."""
        return self.language.say(text, **values)

    def draw(self, template: str, /, *, status: int = 200, **model: object) -> Reply:
        """The page `templates/<template>`, with the names of `model`."""
        return self.painter.page(self, template, status=status, **model)

    def back(self, url: str, text: str = "", tone: str = "ok") -> Reply:
        """After a change: to the page at `url`, which then tells `text` (translated already)."""
        return redirect(url, *([self.guard.said_cookie(Said(text, tone))] if text else []))


def _with_query(path: str, query: Mapping[str, object]) -> str:
    pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "")]
    return f"{path}?{urlencode(pairs)}" if pairs else path
