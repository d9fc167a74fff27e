"""Access tokens that are always valid: refreshed once, under a lease that all workers share, and never lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import httpx

from tieout.adapters.http import decode_json, nothing_sent, retry_after
from tieout.adapters.quickbooks.faults import THROTTLE_SECONDS
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.errors import ConnectionLost, RateLimited, Transient
from tieout.ports import Clock, Tokens, TokenSet

_log = logging.getLogger(__name__)

TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path
# The header that has Intuit tell when a sign-in ends for good.
HARD_EXPIRY = "x-include-refresh-token-hard-expires-in"

_EARLY = timedelta(minutes=5)
# Longer than two calls to the token service and storing their answer can take.
_LEASE = timedelta(seconds=150)
_POLL_SECONDS = 0.5
_POLLS = 20
_SECONDS_TO_LIVE = 3600
# How long a worker goes on trying to store new tokens before it works with them unstored; the pauses between these
# tries; and how often the worker tries afterwards.
_STORE_FOR = timedelta(seconds=30)
_STORE_AGAIN_SECONDS = 0.5
_LONGEST_STORE_AGAIN_SECONDS = 8.0
_STORE_LATER = timedelta(seconds=5)
_KNOWN_ERRORS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_request"})


class TokenSource:
    """The access token of one connection. Threads may share it.

    `oauth` is an httpx client for Intuit's token host. `credentials` gives the app's client id and secret, asked for
    with each refresh because a secret may be rotated. `new_owner` gives a fresh name for each lease.

    A refresh kills the refresh token that it was made with, so its answer must not be lost: while the store fails, this
    object keeps it, works with it, and stores it as soon as that works. Until then nothing else is refreshed.
    """

    def __init__(
        self,
        connection_id: str,
        tokens: Tokens,
        oauth: httpx.Client,
        credentials: Callable[[], tuple[str, str]],
        clock: Clock,
        new_owner: Callable[[], str],
    ) -> None:
        self._connection = connection_id
        self._tokens = tokens
        self._oauth = oauth
        self._credentials = credentials
        self._clock = clock
        self._new_owner = new_owner
        self._held: TokenSet | None = None
        self._dead_version: int | None = None
        self._unstored: TokenSet | None = None
        self._store_again_at = clock.now()

    def access_token(self) -> str:
        """A token that is valid for at least some minutes.

        Raises ConnectionLost when a person has to connect again, Transient or RateLimited when it may work later.
        """
        self._store_later()
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
        unstored = self._unstored
        if unstored is not None:
            if self._held is unstored and usable(unstored):
                return unstored.access_token
            self._store(unstored)
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
                    self._release(owner)
            self._clock.sleep(_POLL_SECONDS)
        raise Transient(context=self._facts("another worker refreshes the token"))

    def _release(self, owner: str) -> None:
        # With tokens unstored the others would try the dead ones; the lease keeps them from it until it ends.
        if self._unstored is None:
            with suppress(Transient):
                self._tokens.release_refresh(self._connection, owner)

    def _hold(self, tokens: TokenSet) -> str:
        self._held = tokens
        return tokens.access_token

    def _load(self) -> TokenSet:
        stored = self._tokens.load(self._connection)
        if stored is None:
            raise ConnectionLost(context=self._facts("never connected"))
        return stored

    def _exchange(self, stored: TokenSet) -> TokenSet:
        """Trade the refresh token in; the new pair is stored when this returns, or kept to be stored."""
        if stored.version == self._dead_version:
            raise ConnectionLost(context=self._facts("refresh token refused before"))
        # A second time with the same value only when the first answer was lost: whether Intuit still takes the old
        # value then is not documented, and if it does not, the connection is lost anyway.
        answer = self._ask(stored) or self._ask(stored)
        if answer is None:
            raise Transient(context=self._facts("no answer from the token service"))
        if isinstance(answer, httpx.Response):
            return self._after_refusal(stored, answer)
        return self._keep(answer)

    def _keep(self, answer: TokenSet) -> TokenSet:
        self._unstored = answer
        until, wait = self._clock.now() + _STORE_FOR, _STORE_AGAIN_SECONDS
        while True:
            try:
                return self._store(answer)
            except Transient:
                if self._unstored is not answer:
                    raise
                if self._clock.now() + timedelta(seconds=wait) > until:
                    self._store_again_at = self._clock.now() + _STORE_LATER
                    _log.error("new tokens could not be stored", extra=dict(self._facts("kept by this worker")))
                    return answer
            self._clock.sleep(wait)
            wait = min(wait * 2, _LONGEST_STORE_AGAIN_SECONDS)

    def _store(self, answer: TokenSet) -> TokenSet:
        """Store new tokens; gives them, or those that somebody stored meanwhile. Raises Transient."""
        stored = self._tokens.save(self._connection, answer)
        if self._unstored is answer:
            self._unstored = None
        if stored:
            return answer
        newest = self._load()
        if self._fresh(newest):
            return newest
        raise Transient(context=self._facts("tokens were stored by somebody else"))

    def _store_later(self) -> None:
        """Try again to store what could not be stored."""
        unstored, now = self._unstored, self._clock.now()
        if unstored is None or now < self._store_again_at:
            return
        self._store_again_at = now + _STORE_LATER
        with suppress(Transient):
            self._hold(self._store(unstored))

    def _ask(self, stored: TokenSet) -> TokenSet | httpx.Response | None:
        """One call: the new tokens, the refusal, or None when the answer was lost, unreadable or a server error."""
        # Lifetimes count from before the request, so that a token never seems to live longer than it does.
        asked_at, credentials = self._clock.now(), self._credentials()
        try:
            response = self._oauth.post(
                TOKEN_PATH,
                auth=credentials,
                data={"grant_type": "refresh_token", "refresh_token": stored.refresh_token},
                headers={"Accept": "application/json", HARD_EXPIRY: "true"},
            )
        except httpx.RequestError as error:
            if nothing_sent(error):
                raise Transient(context=self._facts("token service not reached")) from None
            return None
        if response.status_code >= 500:
            return None
        if response.status_code != 200:
            return response
        # Refreshing does not move the hard end, so the last known one stays true.
        return read_tokens(response, asked_at, stored.version + 1, stored.hard_expires_at)

    def _after_refusal(self, stored: TokenSet, response: httpx.Response) -> TokenSet:
        if response.status_code == 429:
            wait = retry_after(response)
            raise RateLimited(
                context=self._facts("token service throttles", response),
                retry_after=THROTTLE_SECONDS if wait is None else wait,
            )
        error = oauth_error(response)
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


def oauth_error(response: httpx.Response) -> str | None:
    """Intuit's word for why the token service refused, None for an answer that is none of its own."""
    try:
        error = Node.of(decode_json(response)).optional_text("error")
    except ValueError:
        return None
    return error if error in _KNOWN_ERRORS else None


def read_tokens(
    response: httpx.Response, asked_at: datetime, version: int = 0, hard_end: datetime | None = None
) -> TokenSet | None:
    """The token set in an answer, asked for at `asked_at`; None when it has no tokens. `hard_end` is what was known of
    the hard end before."""
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
            hard_expires_at=until("x_refresh_token_hard_expires_in") or hard_end,
            version=version,
        )
    except (Unreadable, ValueError, OverflowError):
        return None
