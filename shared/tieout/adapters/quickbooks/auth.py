"""Access tokens that are always valid: refreshed once, under a lease that all workers share, and stored before use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx

from tieout.adapters.http import decode_json, nothing_sent, retry_after
from tieout.adapters.quickbooks.faults import THROTTLE_SECONDS
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.errors import ConnectionLost, RateLimited, Transient
from tieout.ports import Clock, Tokens, TokenSet

TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path

_EARLY = timedelta(minutes=5)
# Longer than two calls to the token service can take.
_LEASE = timedelta(seconds=120)
_POLL_SECONDS = 0.5
_POLLS = 20
_SECONDS_TO_LIVE = 3600
_KNOWN_ERRORS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_request"})


class TokenSource:
    """The access token of one connection. Threads may share it.

    `oauth` is an httpx client for Intuit's token host. `new_owner` gives a fresh name for each lease.
    """

    def __init__(
        self,
        connection_id: str,
        tokens: Tokens,
        oauth: httpx.Client,
        client_id: str,
        client_secret: str,
        clock: Clock,
        new_owner: Callable[[], str],
    ) -> None:
        self._connection = connection_id
        self._tokens = tokens
        self._oauth = oauth
        self._credentials = (client_id, client_secret)
        self._clock = clock
        self._new_owner = new_owner
        self._held: TokenSet | None = None
        self._dead_version: int | None = None

    def access_token(self) -> str:
        """A token that is valid for at least some minutes.

        Raises ConnectionLost when a person has to connect again, Transient or RateLimited when it may work later.
        """
        held = self._held
        if held is not None and self._fresh(held):
            return held.access_token
        return self._renew(self._fresh)

    def refresh_after_401(self, stale_access_token: str) -> str:
        """Another token than the one that QuickBooks has just refused; raises like `access_token`."""
        return self._renew(lambda tokens: tokens.access_token != stale_access_token and self._fresh(tokens))

    def _fresh(self, tokens: TokenSet) -> bool:
        return tokens.access_expires_at - self._clock.now() >= _EARLY

    def _renew(self, usable: Callable[[TokenSet], bool]) -> str:
        for _ in range(_POLLS):
            stored = self._load()
            if usable(stored):
                return self._hold(stored)
            owner = self._new_owner()
            if self._tokens.acquire_refresh(self._connection, owner, self._clock.now() + _LEASE):
                try:
                    # Somebody may have refreshed between the read and the lease.
                    stored = self._load()
                    return self._hold(stored if usable(stored) else self._exchange(stored))
                finally:
                    self._tokens.release_refresh(self._connection, owner)
            self._clock.sleep(_POLL_SECONDS)
        raise Transient(context=self._facts("another worker refreshes the token"))

    def _hold(self, tokens: TokenSet) -> str:
        self._held = tokens
        return tokens.access_token

    def _load(self) -> TokenSet:
        stored = self._tokens.load(self._connection)
        if stored is None:
            raise ConnectionLost(context=self._facts("never connected"))
        return stored

    def _exchange(self, stored: TokenSet) -> TokenSet:
        """Trade the refresh token in; the new pair is stored when this returns."""
        if stored.version == self._dead_version:
            raise ConnectionLost(context=self._facts("refresh token refused before"))
        # A second time with the same value only when the first answer was lost: whether Intuit still takes the old
        # value then is not documented, and if it does not, the connection is lost anyway.
        answer = self._ask(stored) or self._ask(stored)
        if answer is None:
            raise Transient(context=self._facts("no answer from the token service"))
        if isinstance(answer, httpx.Response):
            return self._after_refusal(stored, answer)
        if self._tokens.save(self._connection, answer):
            return answer
        newest = self._load()
        if self._fresh(newest):
            return newest
        raise Transient(context=self._facts("tokens were stored by somebody else"))

    def _ask(self, stored: TokenSet) -> TokenSet | httpx.Response | None:
        """One call: the new tokens, the refusal, or None when the answer was lost, unreadable or a server error."""
        # Lifetimes count from before the request, so that a token never seems to live longer than it does.
        asked_at = self._clock.now()
        try:
            response = self._oauth.post(
                TOKEN_PATH,
                auth=self._credentials,
                data={"grant_type": "refresh_token", "refresh_token": stored.refresh_token},
                headers={"Accept": "application/json", "x-include-refresh-token-hard-expires-in": "true"},
            )
        except httpx.RequestError as error:
            if nothing_sent(error):
                raise Transient(context=self._facts("token service not reached")) from None
            return None
        if response.status_code >= 500:
            return None
        return _parse(response, stored, asked_at) if response.status_code == 200 else response

    def _after_refusal(self, stored: TokenSet, response: httpx.Response) -> TokenSet:
        if response.status_code == 429:
            wait = retry_after(response)
            raise RateLimited(
                context=self._facts("token service throttles", response),
                retry_after=THROTTLE_SECONDS if wait is None else wait,
            )
        error = _oauth_error(response)
        if error is None:
            raise Transient(context=self._facts("token service refused without a reason", response))
        newest = self._load()
        if newest.version != stored.version and self._fresh(newest):
            return newest
        if error == "invalid_grant":
            self._dead_version = stored.version
        raise ConnectionLost(context=self._facts(f"token service: {error}", response))

    def _facts(self, why: str, response: httpx.Response | None = None) -> Mapping[str, str]:
        facts = {"system": "quickbooks", "connection": self._connection, "says": why}
        if response is not None:
            facts |= {"status": str(response.status_code), "intuit_tid": response.headers.get("intuit_tid", "")}
        return facts


def _oauth_error(response: httpx.Response) -> str | None:
    try:
        error = Node.of(decode_json(response)).optional_text("error")
    except ValueError:
        return None
    return error if error in _KNOWN_ERRORS else None


def _parse(response: httpx.Response, stored: TokenSet, asked_at: datetime) -> TokenSet | None:
    """The next token set, None when the answer has no tokens."""
    try:
        node = Node.of(decode_json(response))

        def until(key: str) -> datetime | None:
            seconds = node.optional_number(key)
            return None if seconds is None else asked_at + timedelta(seconds=int(seconds))

        return TokenSet(
            access_token=node.text("access_token"),
            refresh_token=node.text("refresh_token"),
            access_expires_at=until("expires_in") or asked_at + timedelta(seconds=_SECONDS_TO_LIVE),
            refresh_expires_at=until("x_refresh_token_expires_in"),
            # Refreshing does not move the hard end, so the last known one stays true.
            hard_expires_at=until("x_refresh_token_hard_expires_in") or stored.hard_expires_at,
            version=stored.version + 1,
        )
    except (Unreadable, ValueError, OverflowError):
        return None
