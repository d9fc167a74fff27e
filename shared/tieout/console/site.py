"""Answers requests: finds the page, lets in only whom it is open to, and makes a page of what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from tieout.console.desk import Desk
from tieout.console.explaining import unreadable_told
from tieout.console.guard import CSRF_FIELD, SESSION_COOKIE, Guard, forgotten, has_token
from tieout.console.language import chosen, message
from tieout.console.layout import Layout
from tieout.console.pages import PAGES
from tieout.console.pages.settings import UNREADABLE
from tieout.console.routing import Found, Needs, Scope, Table
from tieout.console.visit import Visit
from tieout.console.web import BASE, BadRequest, NotFound, Reply, Request
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.person import Role
from tieout.domain.settings_document import BadSettings
from tieout.ports import UnreadableRecord

_FROM_ELSEWHERE = message(
    "This form was not sent from this console, so nothing was changed. Open the console at {origin} and try again."
)
_STALE_FORM = message(
    "This form is of an earlier sign-in, so nothing was changed. Go back, reload the page and try again."
)
_VIEWER = message("You are signed in as a viewer, who may look at everything and change nothing.")
_SIGN_IN = message("You are not signed in, or your sign-in has ended.")
_NO_PAGE = message("There is no such page.")
_TOO_LARGE = message("What was sent is too large, so nothing was changed.")
_UNREADABLE = message("What was sent cannot be read, so nothing was changed.")
_BROKEN = message("Something went wrong inside Tieout. The log tells more about it under {trace_id}.")
_STORE = message("Tieout's own store did not answer. Try again in a moment.")
_VENDOR = message("HubSpot or QuickBooks did not answer as it should. Try again in a moment.")


class _Refused(Exception):
    """The page is not for this visitor. `text` is a message."""

    def __init__(self, status: int, text: str, **values: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.values = values


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, and what may be logged of how it came about."""

    reply: Reply
    facts: Mapping[str, str]


class Site:
    """The console over a desk."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk = desk
        self._guard = guard
        self._layout = Layout(tuple(page for page in PAGES if page.menu))
        self.table = Table(PAGES)

    def answer(self, request: Request) -> Answered:
        """The page, or one that says why there is none. Raises what our own code is to blame for; then `broken` makes
        the page."""
        visit = self._visit(request)
        found = self.table.find(request.method, request.path)
        if found is None:
            return Answered(self._no_route(visit), {"route": ""})
        facts = {"route": f"{found.route.method} {found.route.pattern}"}
        try:
            visit = self._admitted(visit, found)
            facts |= {"role": visit.session.role.value} if visit.session else {}
            visit = self._about(visit, found)
            reply = found.route.handle(self._desk, visit)
        except _Refused as refused:
            reply = self._told(visit, refused.status, refused.text, **refused.values)
            if refused.status == 401 and SESSION_COOKIE in request.cookies:
                reply = replace(reply, cookies=(*reply.cookies, forgotten(SESSION_COOKIE)))
        except NotFound:
            reply = self._told(visit, 404, _NO_PAGE)
        except BadRequest as bad:
            reply = self._unreadable(visit, bad)
        except BadSettings as bad:
            # Read before anything is done; after a way back to an earlier version, for instance.
            reply = self._told(visit, 409, UNREADABLE, problem=str(bad))
        except UnreadableRecord as unreadable:
            reply = self._told(visit, 409, unreadable_told(visit.language, [unreadable.key]))
        except StoreUnavailable:
            reply = self._told(visit, 503, _STORE, "", _again(visit))
        except SyncError as error:
            # Not a failure of ours, of which an alarm would tell.
            reply = self._told(visit, 424, _VENDOR, error.detail, _again(visit))
        return Answered(reply, facts)

    def refused(self, request: Request, bad: BadRequest) -> Reply:
        """For a request that could not be read; `request` is what could be."""
        return self._unreadable(self._visit(request), bad)

    def broken(self, request: Request) -> Reply:
        """When our own code failed: without details, which the log has."""
        return self._told(self._visit(request), 500, _BROKEN, trace_id=request.trace_id)

    def _visit(self, request: Request) -> Visit:
        language = chosen(request.cookies, request.headers)
        return Visit(request, language, self._desk.clock.now(), self._guard, self._layout)

    def _admitted(self, visit: Visit, found: Found) -> Visit:
        """With the session of who asks. Raises _Refused."""
        request, needs = visit.request, found.route.needs
        if request.method == "POST" and not self._guard.comes_from_here(request.headers):
            raise _Refused(403, _FROM_ELSEWHERE, origin=self._guard.origin)
        secret = self._guard.session_secret(request)
        session = self._desk.sign_in.session(secret) if secret else None
        visit = replace(visit, values=found.values, page=found.page, session=session)
        if needs is Needs.NOBODY:
            return visit
        if session is None:
            raise _Refused(401, _SIGN_IN)
        if request.method == "POST" and not has_token(session, request):
            raise _Refused(403, _STALE_FORM)
        if needs is Needs.OPERATOR and session.role is not Role.OPERATOR:
            raise _Refused(403, _VIEWER)
        return visit

    def _about(self, visit: Visit, found: Found) -> Visit:
        """With the connections, and the one that the page is about. Raises NotFound."""
        if visit.session is None:
            return visit
        connections = tuple(self._desk.connections.all())
        visit = replace(visit, connections=connections)
        if found.route.scope is Scope.CONNECTION:
            wanted = found.values["connection"]
            connection = next((one for one in connections if one.id == wanted), None)
            if connection is None:
                raise NotFound
            visit = replace(visit, connection=connection)
        # A message is shown once, on the page after the change.
        return replace(visit, said=self._guard.said(visit.request)) if visit.request.method == "GET" else visit

    def _no_route(self, visit: Visit) -> Reply:
        allowed = self.table.methods(visit.request.path)
        reply = self._told(visit, 405 if allowed else 404, _NO_PAGE)
        return replace(reply, headers={"Allow": ", ".join(allowed)}) if allowed else reply

    def _unreadable(self, visit: Visit, bad: BadRequest) -> Reply:
        return self._told(visit, bad.status, _TOO_LARGE if bad.status == 413 else _UNREADABLE)

    def _told(
        self, visit: Visit, status: int, text: str, detail: str = "", again: Again | None = None, /, **values: str
    ) -> Reply:
        """A page that says `text`. It reads nothing, so that it can be made whatever has failed."""
        told = visit.say(text, **values)
        return self._layout.page(visit, "told.html", status=status, code=status, text=told, detail=detail, again=again)


@dataclass(frozen=True, slots=True)
class Again:
    """A form as it was sent, to be sent once more."""

    action: str
    fields: Sequence[tuple[str, str]]


def _again(visit: Visit) -> Again | None:
    """What was typed into a form that met somebody who did not answer. A token is never sent back."""
    sent = visit.request.form.values
    if visit.request.method != "POST" or visit.session is None or "token" in sent:
        return None
    fields = [(name, value) for name, values in sent.items() for value in values if name != CSRF_FIELD]
    return Again(quote(f"{BASE}{visit.request.path}", safe="/%:@"), fields)
