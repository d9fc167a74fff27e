"""Grants: which tokens open which company, their expiry, rotation, and the revocation that reuse brings."""

import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from infra.sandbox.quickbooks.config import QuickBooksConfig

BAD_REFRESH_TOKEN = "Incorrect or invalid refresh token"  # noqa: S105

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class InvalidGrantError(Exception):
    """A code or refresh token that is worth nothing; the text is the error_description."""


@dataclass
class Grant:
    """One authorisation of one company. `dead` are refresh tokens that were rotated away, with the moment."""

    realm: str
    authorised: datetime
    refresh_token: str
    issued: datetime
    extended: datetime
    dead: dict[str, datetime] = field(default_factory=dict)
    access: dict[str, datetime] = field(default_factory=dict)
    revoked: bool = False
    person: bool = False  # not the app: neither throttled nor metered


@dataclass
class Code:
    """An authorisation code and what it is bound to."""

    realm: str
    redirect_uri: str
    issued: datetime
    grant: Grant | None = None


class Grants:
    """All grants and codes of the app."""

    def __init__(self, config: QuickBooksConfig, chance: random.Random, now: Callable[[], datetime]) -> None:
        self._config, self._chance, self._now = config, chance, now
        self._grants: list[Grant] = []
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}
        for realm in config.realms:
            suffix = "" if realm == config.realm_id else f"-{realm}"
            grant = self._open(realm, config.refresh_token + suffix)
            self._give_access(grant, config.access_token + suffix)

    def _open(self, realm: str, refresh_token: str) -> Grant:
        now = self._now()
        grant = Grant(realm, now, refresh_token, now, now)
        self._grants.append(grant)
        self._by_refresh[refresh_token] = grant
        return grant

    def _token(self, length: int) -> str:
        alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return "".join(self._chance.choices(alphabet, k=length))

    def _give_access(self, grant: Grant, token: str) -> str:
        grant.access[token] = self._now() + timedelta(seconds=self._config.access_token_seconds)
        self._by_access[token] = grant
        return token

    def client_is(self, id_: str, secret: str) -> bool:
        """Whether these are the app's credentials."""
        return id_ == self._config.client_id and hmac.compare_digest(
            secret.encode(), self._config.client_secret.encode()
        )

    def realm_of(self, access_token: str) -> str | None:
        """The company an access token opens now, None when it is unknown, expired or revoked."""
        grant = self._by_access.get(access_token)
        if grant is None or grant.revoked or grant.access[access_token] <= self._now():
            return None
        return grant.realm

    def person_token(self, realm: str) -> str:
        """The token of somebody who works in the company itself; it does not expire and is no grant of the app's."""
        token = f"person-{realm}"
        if token not in self._by_access:
            now = self._now()
            self._by_access[token] = Grant(realm, now, "", now, now, access={token: FOR_EVER}, person=True)
        return token

    def is_person(self, access_token: str) -> bool:
        """Whether this is a token of `person_token`."""
        return self._by_access[access_token].person

    def knows(self, access_token: str) -> bool:
        """Whether this was ever an access token."""
        return access_token in self._by_access

    def authorise(self, realm: str, redirect_uri: str) -> str:
        """A person's consent; gives the code."""
        code = "AB1" + self._token(47)
        self._codes[code] = Code(realm, redirect_uri, self._now())
        return code

    def exchange(self, code: str, redirect_uri: str) -> tuple[Grant, str]:
        """A code for a new grant and its access token. A code used twice revokes what it gave."""
        known = self._codes.get(code)
        if known is None or self._now() - known.issued >= timedelta(seconds=self._config.code_seconds):
            raise InvalidGrantError("Invalid authorization code")
        if known.grant is not None:
            known.grant.revoked = True
            raise InvalidGrantError("Authorization code was already used")
        if known.redirect_uri != redirect_uri:
            raise InvalidGrantError("Invalid redirect_uri")
        known.grant = self._open(known.realm, "RT1" + self._token(47))
        return known.grant, self._give_access(known.grant, self._token(64))

    def refresh(self, refresh_token: str) -> tuple[Grant, str]:
        """A new access token, and after the rotation interval a new refresh token.

        The value before dies with the rotation; to use a dead one revokes the grant, unless within the grace.
        """
        grant = self._by_refresh.get(refresh_token)
        if grant is None or grant.revoked or self._over(grant):
            raise InvalidGrantError(BAD_REFRESH_TOKEN)
        now = self._now()
        if refresh_token in grant.dead:
            if now - grant.dead[refresh_token] >= timedelta(seconds=self._config.rotation_grace_seconds):
                grant.revoked = True
                raise InvalidGrantError(BAD_REFRESH_TOKEN)
        elif now - grant.issued >= timedelta(seconds=self._config.refresh_rotation_seconds):
            grant.dead[refresh_token] = now
            grant.refresh_token, grant.issued = "RT1" + self._token(47), now
            self._by_refresh[grant.refresh_token] = grant
        grant.extended = now
        return grant, self._give_access(grant, self._token(64))

    def _over(self, grant: Grant) -> bool:
        return self._now() >= grant.extended + timedelta(seconds=self._config.refresh_token_seconds) or (
            self.hard_expiry(grant) <= 0
        )

    def hard_expiry(self, grant: Grant) -> int:
        """Seconds until the grant ends for good, whatever is refreshed."""
        end = grant.authorised + timedelta(seconds=self._config.hard_expiry_seconds)
        return int((end - self._now()).total_seconds())

    def revoke(self, token: str) -> bool:
        """Ends the grant of an access or refresh token; whether there was one."""
        grant = self._by_access.get(token) or self._by_refresh.get(token)
        if grant is None or grant.revoked:
            return False
        grant.revoked = True
        return True

    def describe(self) -> list[dict[str, object]]:
        """The grants without their secrets."""
        return [
            {"realm": grant.realm, "revoked": grant.revoked, "rotations": len(grant.dead), "tokens": len(grant.access)}
            for grant in self._grants
        ]
