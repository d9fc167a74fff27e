"""What connecting a portal with a company needs: sign-ins under way, Intuit's authorisation, HubSpot's tokens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tieout.domain.company import Connection
from tieout.domain.settings import Settings
from tieout.ports import TokenSet


class PairedElsewhere(ValueError):
    """A HubSpot portal or a QuickBooks company that already belongs to another connection, or a connection whose
    portal or company would change."""


class CodeRefused(Exception):
    """Intuit does not take an authorisation code: it was used, expired, or given out for another address."""


class TokenRefused(Exception):
    """A vendor does not take a token; the text is the vendor's own and holds no secret."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in at Intuit that somebody began. It may be completed once, before `expires_at`, at `redirect_uri`, and by
    the `holder` who began it (a browser's session, or a command); `by` is the person's name for the trail."""

    connection: str
    portal_id: str
    portal_time_zone: str
    redirect_uri: str
    holder: str
    by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Portal:
    """A HubSpot account and what a token of it may do. `scopes` is None where HubSpot does not tell them."""

    portal_id: str
    time_zone: str
    currency: str
    scopes: frozenset[str] | None = None


class SignIns(Protocol):
    """The sign-ins under way. May raise StoreUnavailable."""

    def keep(self, state: str, sign_in: SignIn) -> None:
        """Remember it under `state`, of which only a hash is stored."""
        ...

    def take(self, state: str, holder: str) -> SignIn | None:
        """The sign-in, for the last time; None when there is none, or it was taken before, expired, or belongs to
        another holder. Another holder's try does not spend it."""
        ...


class Authorisation(Protocol):
    """Intuit's OAuth. Raises Transient or RateLimited when it does not answer, ConnectionLost when it does not know the
    app."""

    def url(self, state: str, redirect_uri: str) -> str:
        """Where a person signs in and consents."""
        ...

    def exchange(self, code: str, redirect_uri: str) -> TokenSet:
        """The first tokens (version 0), for a code that is worth something once. Raises CodeRefused, and OutcomeUnknown
        when the answer was lost: then the code may be spent, and must not be tried again."""
        ...

    def company_name(self, realm_id: str, access_token: str) -> str:
        """The company that the token opens, in one metered read. Raises TokenRefused when it does not open this one."""
        ...

    def revoke(self, tokens: TokenSet) -> bool:
        """End the authorisation; False when Intuit says that it had ended before."""
        ...


class Portals(Protocol):
    """HubSpot's accounts, as a token opens them. Raises Transient or RateLimited when HubSpot does not answer."""

    def inspect(self, token: str) -> Portal:
        """The account behind a token that is not stored yet. Raises TokenRefused."""
        ...

    def unreadable(self, token: str, scopes: Collection[str]) -> Collection[str]:
        """Which of these scopes a try shows to be missing: only those that let read can be tried."""
        ...


class PortalTokens(Protocol):
    """HubSpot's tokens by portal, in Secrets Manager. Raises ConnectionLost for a secret that cannot be read, and
    StoreUnavailable."""

    def token(self, portal_id: str) -> str | None:
        """The stored token of a portal."""
        ...

    def keep(self, portal_id: str, token: str) -> None:
        """Store it in place of an earlier one."""
        ...

    def forget(self, portal_id: str) -> bool:
        """Remove it; False when there was none."""
        ...


class ConnectionBook(Protocol):
    """The connections, and changing them."""

    def get(self, connection: str) -> Connection | None:
        """One connection."""
        ...

    def settings(self, connection: str) -> Settings:
        """Its settings; defaults when none were applied."""
        ...

    def by_portal(self, portal_id: str) -> Connection | None:
        """The connection of a HubSpot portal."""
        ...

    def by_realm(self, realm_id: str) -> Connection | None:
        """The connection of a QuickBooks company."""
        ...

    def add_connection(self, connection: Connection) -> None:
        """Store a connection; one that is there already is no longer paused. Raises PairedElsewhere."""
        ...

    def pause(self, connection: str) -> None:
        """Its records wait from now on."""
        ...


class ConnectedTokens(Protocol):
    """The tokens of the connections, as whoever connects or disconnects changes them. May raise StoreUnavailable."""

    def load(self, connection: str) -> TokenSet | None:
        """The newest tokens."""
        ...

    def replace(self, connection: str, tokens: TokenSet) -> None:
        """Store `tokens` as the newest version, whatever is stored."""
        ...

    def remove(self, connection: str) -> None:
        """Forget them; what somebody else is about to store of the same sign-in is refused."""
        ...

    def acquire_refresh(self, connection: str, owner: str, until: datetime) -> bool:
        """See `Tokens.acquire_refresh`."""
        ...

    def release_refresh(self, connection: str, owner: str) -> None:
        """See `Tokens.release_refresh`."""
        ...
