"""Connect: HubSpot's token, the sign-in to QuickBooks at Intuit, both again, and the end; the first steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tieout.console.desk import Desk
from tieout.console.language import message
from tieout.console.routing import Needs, Page, Route, Scope, changes, shows
from tieout.console.visit import Visit
from tieout.console.web import Reply
from tieout.domain.company import Connection
from tieout.domain.connecting import TEXTS, ConnectCode, ConnectProblem
from tieout.ports import TokenSet
from tieout.services.connect import redirect_address
from tieout.services.sign_in import digest_of

# Intuit tells a person that a sign-in ends; so do we, in time to do it on a working day.
_SOON = timedelta(days=14)
# Intuit leads on between its own hosts, to sign in for instance.
_INTUIT = "https://*.intuit.com"
_ANSWER = ("state", "code", "realmId", "error")
_STORED = message("The token of HubSpot account {portal} is stored. It has every scope that the settings need.")
_STORED_UNPROVEN = message(
    "The token of HubSpot account {portal} is stored. HubSpot does not tell whether it may write: {scopes}."
)
_STORED_LACKING = message("The token of HubSpot account {portal} is stored, although it lacks {scopes}.")
_CONNECTED = message("{connection} is connected with the QuickBooks company {company}. Look what would be done:")
_RECONNECTED = message("{connection} is signed in to {company} again. What waited goes on.")
_REVOKED = message("{connection} is disconnected, and the sign-in at Intuit was ended. Its records and settings stay.")
_ENDED = message("{connection} is disconnected; its sign-in at Intuit had ended before. Its records and settings stay.")
_NOT_SURE = message("Tick the box if you are sure.")
# Beside which field a problem is told.
_FIELDS: Mapping[ConnectCode, str] = {
    ConnectCode.TOKEN_EMPTY: "token",
    ConnectCode.TOKEN_REFUSED: "token",
    ConnectCode.MISSING_SCOPES: "token",
    ConnectCode.BAD_CONNECTION_ID: "connection",
    ConnectCode.PORTAL_NEEDED: "portal",
    ConnectCode.HUBSPOT_FIRST: "portal",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a connection stands. `ends` is when its sign-in to QuickBooks ends, None when nobody knows; `soon`: a person
    should sign in again. `token`: one for HubSpot is stored."""

    connection: Connection
    token: bool
    signed_in: bool
    ends: datetime | None
    soon: bool

    @property
    def state(self) -> tuple[str, str]:
        """In words, and their tone."""
        if self.connection.paused:
            return message("Disconnected"), "problem"
        if not self.signed_in or not self.token:
            return message("Has to be connected again"), "problem"
        return (message("Ends soon"), "warning") if self.soon else (message("Connected"), "ok")


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that was refused: of which connection (empty: the one for new ones), what was typed, what is wrong, by
    field. A token is never sent back."""

    form: str
    about: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


def connect(desk: Desk, visit: Visit) -> Reply:
    """The page."""
    return _page(desk, visit, Typed(""))


def store_token(desk: Desk, visit: Visit) -> Reply:
    """Store HubSpot's token, for a connection or for one that is about to be made."""
    form = visit.request.form
    about = form.one("connection")
    try:
        found = desk.connect.store_hubspot_token(
            form.one("token"),
            visit.actor,
            visit.trace_id,
            connection=about or None,
            accept_missing=form.one("accept_missing") == "yes",
        )
    except ConnectProblem as problem:
        accepting = {"accept_missing": "yes"} if problem.code is ConnectCode.MISSING_SCOPES else {}
        return _page(desk, visit, _typed(visit, "hubspot", about, accepting, problem, "token"))
    portal = found.portal.portal_id
    back = visit.site_url("/connect", portal="" if found.connection else portal)
    if found.lacks:
        return visit.back(back, visit.say(_STORED_LACKING, portal=portal, scopes=", ".join(found.lacks)), "warning")
    if found.unproven:
        return visit.back(back, visit.say(_STORED_UNPROVEN, portal=portal, scopes=", ".join(found.unproven)))
    return visit.back(back, visit.say(_STORED, portal=portal))


def sign_in(desk: Desk, visit: Visit) -> Reply:
    """To Intuit, to sign in to a QuickBooks company."""
    form = visit.request.form
    name, portal = form.one("connection"), form.one("portal")
    try:
        address = desk.connect.begin(
            name, redirect_address(visit.guard.origin), _holder(visit), visit.actor, portal_id=portal or None
        )
    except ConnectProblem as problem:
        known = desk.connections.get(name) is not None
        values = {"connection": name, "portal": portal}
        typed = _typed(visit, "quickbooks", name if known else "", values, problem, "connection")
        return _page(desk, visit, typed)
    return Reply(303, headers={"Location": address})


def come_back(desk: Desk, visit: Visit) -> Reply:
    """Intuit sends the browser here. What it brings counts once, and only for the session that began the sign-in."""
    answer = {name: text for name in _ANSWER if (text := visit.request.query.one(name))}
    try:
        found = desk.connect.complete(answer, _holder(visit), visit.trace_id)
    except ConnectProblem as problem:
        return visit.back(visit.site_url("/connect"), _told(visit, problem), "problem")
    about = replace(visit, connection=found.connection)
    text = visit.say(_RECONNECTED if found.again else _CONNECTED, connection=found.connection.id, company=found.company)
    return visit.back(visit.site_url("/connect") if found.again else about.url("/dry-run"), text)


def disconnect(desk: Desk, visit: Visit) -> Reply:
    """End the sign-in to QuickBooks; with `hubspot` forget HubSpot's token, too."""
    form, name = visit.request.form, visit.here.id
    if form.one("sure") != "yes":
        return _page(desk, visit, Typed("disconnect", name, wrong={"sure": visit.say(_NOT_SURE)}))
    try:
        done = desk.connect.disconnect(name, visit.actor, visit.trace_id, forget_hubspot=form.one("hubspot") == "yes")
    except ConnectProblem as problem:
        return visit.back(visit.site_url("/connect"), _told(visit, problem), "problem")
    text = visit.say(_REVOKED if done.revoked else _ENDED, connection=name)
    return visit.back(visit.site_url("/connect"), text)


def _page(desk: Desk, visit: Visit, typed: Typed) -> Reply:
    standings = [_standing(desk, visit, one) for one in visit.connections]
    portal = visit.request.query.one("portal") if visit.request.method == "GET" else typed.values.get("portal", "")
    reply = visit.draw(
        "connect.html",
        status=422 if typed.wrong else 200,
        standings=standings,
        typed=typed,
        # What a token was stored for just now, in the form for a new connection.
        portal=portal if portal.isdigit() else "",
        redirect_uri=redirect_address(visit.guard.origin),
        webhooks=[f"{visit.guard.origin}/webhooks/{one}" for one in ("hubspot", "quickbooks")],
    )
    # Browsers hold the target of a form against the policy even when it is redirected there, once or several times.
    return replace(reply, form_to=(desk.sign_in_origin, _INTUIT))


def _standing(desk: Desk, visit: Visit, connection: Connection) -> Standing:
    tokens = desk.tokens.load(connection.id)
    ends = _ends(tokens) if tokens else None
    over = ends is not None and ends <= visit.now
    return Standing(
        connection,
        token=desk.connect.portal_tokens.token(connection.portal_id) is not None,
        signed_in=tokens is not None and not over,
        ends=ends,
        soon=ends is not None and ends - visit.now < _SOON,
    )


def _ends(tokens: TokenSet) -> datetime | None:
    """When a person has to sign in again at the latest."""
    return min((one for one in (tokens.refresh_expires_at, tokens.hard_expires_at) if one is not None), default=None)


def _holder(visit: Visit) -> str:
    """Names this session, and no other, without telling its secrets."""
    return f"console-{digest_of(visit.person.csrf)}"


def _typed(
    visit: Visit, form: str, about: str, values: Mapping[str, str], problem: ConnectProblem, field_: str
) -> Typed:
    return Typed(form, about, values, {_FIELDS.get(problem.code, field_): _told(visit, problem)})


def _told(visit: Visit, problem: ConnectProblem) -> str:
    return visit.say(TEXTS[problem.code], **problem.facts)


PAGE = Page(
    "connect",
    (
        shows("/connect", connect, Scope.SITE),
        changes("/connect/hubspot", store_token, Scope.SITE),
        changes("/connect/quickbooks", sign_in, Scope.SITE),
        # A GET, because Intuit sends the browser; it needs the operator's session that holds the state.
        Route("GET", "/connect/quickbooks/callback", come_back, Needs.OPERATOR, Scope.SITE),
        changes("/disconnect", disconnect),
    ),
    message("Connect"),
    "/connect",
    Scope.SITE,
)
