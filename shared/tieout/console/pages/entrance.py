"""The way in and out: the first page, sign-in by a ticket, sign-out, the language, the stylesheet."""

from __future__ import annotations

from dataclasses import replace

from tieout.console.desk import Desk
from tieout.console.guard import SESSION_COOKIE, forgotten
from tieout.console.language import LANGUAGE_COOKIE, by_code, message
from tieout.console.layout import static_files
from tieout.console.routing import Needs, Page, Route, Scope, shows
from tieout.console.visit import Visit
from tieout.console.web import BadRequest, NotFound, Reply, cookie, own_path, redirect
from tieout.ports.access import Ticket
from tieout.services.sign_in import SESSION_LIFE, NoEntry

_YEAR = 365 * 86_400
_NO_ENTRY = {
    NoEntry.UNKNOWN: message("This sign-in link is not known. It may be old, or cut off when it was copied."),
    NoEntry.EXPIRED: message("This sign-in link has expired."),
    NoEntry.SPENT: message("This sign-in link was used already. If that was not you, tell who gave it to you."),
}


def first_page(_desk: Desk, visit: Visit) -> Reply:
    """To the overview of the only or first connection."""
    if not visit.connections:
        return visit.draw("nothing_connected.html")
    return redirect(replace(visit, connection=visit.connections[0]).url("/overview"))


def ask(desk: Desk, visit: Visit) -> Reply:
    """The page that a sign-in link opens: a button, because mail scanners open links, too, and must not spend them."""
    found = desk.sign_in.look(visit.values["ticket"])
    return visit.draw("sign_in.html", ticket=found) if isinstance(found, Ticket) else _refused(visit, found)


def enter(desk: Desk, visit: Visit) -> Reply:
    """Spend the ticket."""
    entered = desk.sign_in.enter(visit.values["ticket"], visit.trace_id)
    if isinstance(entered, NoEntry):
        return _refused(visit, entered)
    # Who is signed in on this browser already, is so no longer.
    _leave(desk, visit)
    return redirect(visit.site_url(), visit.guard.session_cookie(entered.secret, SESSION_LIFE))


def leave(desk: Desk, visit: Visit) -> Reply:
    """Sign out."""
    _leave(desk, visit)
    gone = replace(visit, session=None, connections=(), connection=None)
    return replace(gone.draw("signed_out.html"), cookies=(forgotten(SESSION_COOKIE),))


def speak(_desk: Desk, visit: Visit) -> Reply:
    """Another language, kept in a cookie for a year."""
    language = by_code(visit.request.form.one("language"))
    if language is None:
        raise BadRequest("no_such_language")
    return redirect(own_path(visit.request.form.one("back")), cookie(LANGUAGE_COOKIE, language.code, max_age=_YEAR))


def static(_desk: Desk, visit: Visit) -> Reply:
    """The stylesheet or the icon, under its present name."""
    try:
        return static_files()[visit.values["name"]]
    except KeyError:
        raise NotFound from None


def _leave(desk: Desk, visit: Visit) -> None:
    secret = visit.guard.session_secret(visit.request)
    if secret is not None:
        desk.sign_in.leave(secret, visit.trace_id)


def _refused(visit: Visit, why: NoEntry) -> Reply:
    return visit.draw("told.html", status=410, code=410, text=visit.say(_NO_ENTRY[why]), detail="", again=None)


PAGE = Page(
    "entrance",
    (
        shows("/", first_page, Scope.SITE),
        Route("GET", "/sign-in/{ticket}", ask, Needs.NOBODY, Scope.SITE),
        # Needs no session, because it makes one; the ticket is what no other site knows.
        Route("POST", "/sign-in/{ticket}", enter, Needs.NOBODY, Scope.SITE),
        Route("POST", "/sign-out", leave, Needs.VIEWER, Scope.SITE),
        # Changes nothing but what this browser is shown.
        Route("POST", "/language", speak, Needs.NOBODY, Scope.SITE),
        Route("GET", "/static/{name}", static, Needs.NOBODY, Scope.SITE),
    ),
)
