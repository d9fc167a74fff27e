"""Connects a HubSpot portal with a QuickBooks company, reconnects them, and ends it: for a command or a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from tieout.domain.company import Connection
from tieout.domain.connecting import CONNECTION_ID, ConnectCode, ConnectProblem
from tieout.domain.errors import OutcomeUnknown, Transient
from tieout.domain.planning.plan import Change
from tieout.domain.scopes import scopes_for
from tieout.domain.settings import Settings
from tieout.ports import AuditEntry, Clock, TokenSet
from tieout.ports.audit import DEPLOYMENT, Trail
from tieout.ports.connecting import (
    Authorisation,
    CodeRefused,
    ConnectedTokens,
    ConnectionBook,
    PairedElsewhere,
    Portal,
    Portals,
    PortalTokens,
    SignIn,
    SignIns,
    TokenRefused,
)

SIGN_IN_TIME = timedelta(minutes=15)
"""How long a person has for the sign-in at Intuit."""

# Every token of an app holds it, and HubSpot need not list it.
_NOT_LISTED = frozenset({"oauth"})
# An older scope that holds some of the newer ones.
_ALSO_HELD = {
    "e-commerce": frozenset(
        {"crm.objects.line_items.read", "crm.objects.line_items.write", "crm.objects.products.read"}
    )
}
_REALM = re.compile(r"[0-9]{1,30}")
_REVOKED: Mapping[bool | None, str] = {True: "yes", False: "had ended before", None: "there was no sign-in"}
_LEASE = timedelta(seconds=150)
_POLLS, _POLL_SECONDS = 20, 0.5


@dataclass(frozen=True, slots=True)
class PortalConnected:
    """A token that is stored. `lacks` are the scopes that are missing and were accepted to be; `unproven` those of
    which HubSpot does not tell whether the token has them. `connection` is the portal's, if it has one."""

    portal: Portal
    connection: str | None
    lacks: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection whose QuickBooks company is signed in to. `again`: it was there before. `tokens` tell how long."""

    connection: Connection
    company: str
    again: bool
    tokens: TokenSet


@dataclass(frozen=True, slots=True)
class Disconnected:
    """`revoked`: whether Intuit ended the sign-in now; False when it had ended before, None when there was none."""

    connection: Connection
    revoked: bool | None
    token_removed: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """Every method raises ConnectProblem for what a person can put right, and SyncError for what has to pass.

    `new_state` gives a text that nobody can guess, `new_owner` a name for a lease. `by` is always the person's name.
    """

    connections: ConnectionBook
    tokens: ConnectedTokens
    sign_ins: SignIns
    authorisation: Authorisation
    portals: Portals
    portal_tokens: PortalTokens
    trail: Trail
    clock: Clock
    new_state: Callable[[], str]
    new_owner: Callable[[], str]

    # -- HubSpot

    def store_hubspot_token(
        self,
        token: str,
        by: str,
        trace_id: str,
        *,
        connection: str | None = None,
        portal_id: str | None = None,
        accept_missing: bool = False,
    ) -> PortalConnected:
        """Store the token of a HubSpot app for the portal that it opens, once that is the right one (`connection`'s, or
        `portal_id`) and the token has the scopes that the settings need, unless `accept_missing`."""
        token = token.strip()
        if not token or not token.isascii() or any(character.isspace() for character in token):
            raise ConnectProblem(ConnectCode.TOKEN_EMPTY)
        known = self._named(connection) if connection else None
        try:
            portal = self.portals.inspect(token)
        except TokenRefused:
            raise ConnectProblem(ConnectCode.TOKEN_REFUSED) from None
        for expected in (known.portal_id if known else None, portal_id):
            if expected not in (None, portal.portal_id):
                raise ConnectProblem(ConnectCode.WRONG_PORTAL, found=portal.portal_id, expected=str(expected))
        paired = self.connections.by_portal(portal.portal_id)
        if paired is not None and connection not in (None, paired.id):
            raise ConnectProblem(ConnectCode.PORTAL_TAKEN, portal=portal.portal_id, other=paired.id)
        settings = self.connections.settings(paired.id) if paired else Settings()
        lacks, unproven = self._missing(portal, token, settings)
        if lacks and not accept_missing:
            raise ConnectProblem(ConnectCode.MISSING_SCOPES, scopes=", ".join(lacks))
        before = self.portal_tokens.token(portal.portal_id)
        self.portal_tokens.keep(portal.portal_id, token)
        where, facts = paired.id if paired else DEPLOYMENT, {"portal_id": portal.portal_id}
        changed = ("HubSpot token", "one" if before else "none", "another" if before else "one")
        self._note(where, by, "stored HubSpot token", trace_id, facts, changed)
        return PortalConnected(portal, paired.id if paired else None, lacks, unproven)

    def _missing(self, portal: Portal, token: str, settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
        needed = [scope for scope in scopes_for(settings) if scope not in _NOT_LISTED]
        if portal.scopes is not None:
            held = portal.scopes.union(*(_ALSO_HELD[one] for one in portal.scopes if one in _ALSO_HELD))
            return tuple(scope for scope in needed if scope not in held), ()
        missing = set(self.portals.unreadable(token, needed))
        lacks = tuple(scope for scope in needed if scope in missing)
        return lacks, tuple(scope for scope in needed if scope.endswith(".write"))

    # -- QuickBooks

    def begin(self, connection: str, redirect_uri: str, holder: str, by: str, *, portal_id: str | None = None) -> str:
        """Where the person signs in at Intuit, which sends the browser back to `redirect_uri`. `portal_id` is needed
        for a connection that is new. Whoever calls `complete` has to be the same `holder`."""
        if not CONNECTION_ID.fullmatch(connection):
            raise ConnectProblem(ConnectCode.BAD_CONNECTION_ID)
        known = self.connections.get(connection)
        portal = known.portal_id if known else portal_id
        if portal is None:
            raise ConnectProblem(ConnectCode.PORTAL_NEEDED, connection=connection)
        if portal_id not in (None, portal):
            raise ConnectProblem(ConnectCode.WRONG_PORTAL, found=str(portal_id), expected=portal)
        paired = self.connections.by_portal(portal)
        if paired is not None and paired.id != connection:
            raise ConnectProblem(ConnectCode.PORTAL_TAKEN, portal=portal, other=paired.id)
        token = self.portal_tokens.token(portal)
        if token is None:
            raise ConnectProblem(ConnectCode.HUBSPOT_FIRST, portal=portal)
        try:
            found = self.portals.inspect(token)
        except TokenRefused:
            raise ConnectProblem(ConnectCode.TOKEN_REFUSED) from None
        if found.portal_id != portal:
            raise ConnectProblem(ConnectCode.WRONG_PORTAL, found=found.portal_id, expected=portal)
        state, until = self.new_state(), self.clock.now() + SIGN_IN_TIME
        self.sign_ins.keep(state, SignIn(connection, portal, found.time_zone, redirect_uri, holder, by, until))
        return self.authorisation.url(state, redirect_uri)

    def complete(self, answer: Mapping[str, str], holder: str, trace_id: str) -> Connected:
        """Finish a sign-in with the parameters with which Intuit sent the browser back (`state`, `code`, `realmId`, or
        `error`). A connection never changes its company: for another one nothing is stored, nor is the code used."""
        sign_in = self.sign_ins.take(answer.get("state", ""), holder) if answer.get("state") else None
        if sign_in is None:
            raise ConnectProblem(ConnectCode.SIGN_IN_UNKNOWN)
        if answer.get("error"):
            raise ConnectProblem(ConnectCode.CONSENT_REFUSED)
        code, realm = answer.get("code", ""), answer.get("realmId", "")
        if not code or not _REALM.fullmatch(realm):
            raise ConnectProblem(ConnectCode.BAD_ANSWER)
        wanted = Connection(sign_in.connection, sign_in.portal_id, realm, sign_in.portal_time_zone)
        known = self._fitting(wanted)
        tokens = self._exchange(code, sign_in.redirect_uri)
        try:
            company = self.authorisation.company_name(realm, tokens.access_token)
        except TokenRefused:
            raise ConnectProblem(ConnectCode.COMPANY_REFUSED, found=realm) from None
        # A new pair is stored first, because that is where two who connect at once meet; a known one gets its tokens
        # first, because its records go on as soon as it is not paused any more.
        if known is None:
            self._pair(wanted)
        self.tokens.replace(wanted.id, tokens)
        if known is not None:
            self._pair(replace(wanted, connected_at=known.connected_at))
        facts = {"portal_id": wanted.portal_id, "realm_id": realm}
        before = "none" if known is None else "paused" if known.paused else "connected"
        self._note(wanted.id, sign_in.by, "connected QuickBooks", trace_id, facts, ("connection", before, "connected"))
        return Connected(self.connections.get(wanted.id) or wanted, company, known is not None, tokens)

    def _fitting(self, wanted: Connection) -> Connection | None:
        """The connection as it is, if it has this portal and company; None when it is new."""
        known = self.connections.get(wanted.id)
        if known is not None and known.realm_id != wanted.realm_id:
            facts = {"found": wanted.realm_id, "expected": known.realm_id, "connection": known.id}
            raise ConnectProblem(ConnectCode.WRONG_COMPANY, **facts)
        if known is not None and known.portal_id != wanted.portal_id:
            raise ConnectProblem(ConnectCode.WRONG_PORTAL, found=wanted.portal_id, expected=known.portal_id)
        other = self.connections.by_realm(wanted.realm_id)
        if other is not None and other.id != wanted.id:
            raise ConnectProblem(ConnectCode.COMPANY_TAKEN, found=wanted.realm_id, other=other.id)
        return known

    def _exchange(self, code: str, redirect_uri: str) -> TokenSet:
        try:
            return self.authorisation.exchange(code, redirect_uri)
        except CodeRefused:
            raise ConnectProblem(ConnectCode.CODE_REFUSED) from None
        except OutcomeUnknown:
            raise ConnectProblem(ConnectCode.ANSWER_LOST) from None

    def _pair(self, wanted: Connection) -> None:
        try:
            self.connections.add_connection(wanted)
        except PairedElsewhere:
            # Somebody else connected meanwhile; what stands there now says how it does not fit.
            self._fitting(wanted)
            other = self.connections.by_portal(wanted.portal_id)
            raise ConnectProblem(
                ConnectCode.PORTAL_TAKEN, portal=wanted.portal_id, other=other.id if other else "?"
            ) from None

    # -- the end

    def disconnect(self, connection: str, by: str, trace_id: str, *, forget_hubspot: bool = False) -> Disconnected:
        """Pause a connection, end its sign-in at Intuit, and forget the tokens; with `forget_hubspot` HubSpot's, too.

        Records, settings and trail stay, and what is to be done waits until it is connected again. When Intuit cannot
        be asked, the connection is paused and its tokens stay, so that it can be tried again: a repetition does no
        harm.
        """
        found = self._named(connection)
        if not found.paused:
            self.connections.pause(connection)
            self._note(connection, by, "paused connection", trace_id, {}, ("connection", "connected", "paused"))
        revoked = self._end(connection)
        removed = self.portal_tokens.forget(found.portal_id) if forget_hubspot else False
        facts = {"realm_id": found.realm_id, "revoked": _REVOKED[revoked]}
        if forget_hubspot:
            facts["hubspot_token"] = "removed" if removed else "none"
        self._note(connection, by, "disconnected QuickBooks", trace_id, facts)
        return Disconnected(replace(found, paused=True), revoked, removed)

    def _end(self, connection: str) -> bool | None:
        owner = self.new_owner()
        for _ in range(_POLLS):
            # While a worker refreshes, the tokens that count are about to be others.
            if self.tokens.acquire_refresh(connection, owner, self.clock.now() + _LEASE):
                break
            self.clock.sleep(_POLL_SECONDS)
        else:
            raise Transient("A worker is just renewing the tokens. Try again in a few minutes.")
        try:
            stored = self.tokens.load(connection)
            if stored is None:
                return None
            revoked = self.authorisation.revoke(stored)
            self.tokens.remove(connection)
            return revoked
        finally:
            with suppress(Transient):
                self.tokens.release_refresh(connection, owner)

    def _named(self, connection: str) -> Connection:
        found = self.connections.get(connection)
        if found is None:
            raise ConnectProblem(ConnectCode.UNKNOWN_CONNECTION, connection=connection)
        return found

    def _note(
        self,
        connection: str,
        by: str,
        action: str,
        trace_id: str,
        facts: Mapping[str, str],
        changed: tuple[str, str, str] | None = None,
    ) -> None:
        changes = (Change(*changed),) if changed else ()
        self.trail.add(connection, AuditEntry(self.clock.now(), by, action, trace_id, facts, changes))


def redirect_address(public_url: str) -> str:
    """Where Intuit sends a browser back to when the console began the sign-in; the Intuit app has to list it."""
    return f"{public_url}/console/connect/quickbooks/callback"
