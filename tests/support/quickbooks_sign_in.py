"""A QuickBooks sign-in whose tokens workers refresh, with a token service and a store that fail as they are told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import httpx

from tests.support.memory import MemoryTokens, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.domain.errors import Transient
from tieout.ports import TokenSet

INVALID_GRANT = {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
SECRETS = ("access-0", "refresh-0", "access-1", "refresh-1", "the-secret")


def good(number: int = 1) -> httpx.Response:
    """New tokens, as Intuit answers a refresh."""
    return httpx.Response(
        200,
        json={
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "expires_in": 3600,
            "x_refresh_token_expires_in": 8726400,
            "x_refresh_token_hard_expires_in": 157680000,
            "token_type": "bearer",
        },
    )


@dataclass
class World:
    """One connection whose access token has `minutes` left, and a token service that answers with `answers`."""

    answers: list[Callable[[], httpx.Response]] = field(default_factory=list)
    minutes: int = 0
    requests: list[httpx.Request] = field(default_factory=list)
    credentials: tuple[str, str] = ("the-id", "the-secret")

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.tokens = MemoryTokens(self.clock)
        self.owners = (f"owner-{number}" for number in count())
        expires = self.clock.now() + timedelta(minutes=self.minutes)
        assert self.tokens.save("c1", TokenSet("access-0", "refresh-0", expires, version=1))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The token service."""
        self.requests.append(request)
        return self.answers[len(self.requests) - 1]()

    def source(self, clock: VirtualClock | None = None) -> TokenSource:
        """What a worker refreshes by."""
        http = make_client("https://oauth.test", transport=httpx.MockTransport(self.answer))
        return TokenSource(
            "c1", self.tokens, http, lambda: self.credentials, clock or self.clock, lambda: next(self.owners)
        )

    def lease_is_free(self) -> bool:
        """Whether another may refresh now."""
        return self.tokens.acquire_refresh("c1", "somebody", self.clock.now())

    def stored(self) -> TokenSet:
        """The tokens in the store."""
        stored = self.tokens.load("c1")
        assert stored is not None
        return stored


class FailingStore(MemoryTokens):
    """Holds tokens and fails to store others the next `failures` times, or cannot be asked at all when `down`."""

    def __init__(self, clock: VirtualClock, held: TokenSet, failures: int = 10**9) -> None:
        super().__init__(clock)
        super().save("c1", held)
        self.failures = failures
        self.tries: list[datetime] = []
        self.down = False

    def load(self, connection: str) -> TokenSet | None:
        if self.down:
            raise Transient
        return super().load(connection)

    def save(self, connection: str, tokens: TokenSet) -> bool:
        self.tries.append(self._clock.now())
        if len(self.tries) <= self.failures:
            raise Transient
        return super().save(connection, tokens)

    def release_refresh(self, connection: str, owner: str) -> None:
        if self.down:
            raise Transient
        super().release_refresh(connection, owner)


def failing(world: World, failures: int = 10**9) -> FailingStore:
    """Give the world a store that fails."""
    store = FailingStore(world.clock, world.stored(), failures)
    world.tokens = store
    return store


def lost() -> httpx.Response:
    """An answer that never comes."""
    raise httpx.ReadTimeout("no answer")
