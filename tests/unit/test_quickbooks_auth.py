"""The token refresh: once for all workers, stored before use, never in a loop, never in a text."""

import threading
import traceback
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise
from urllib.parse import parse_qs

import httpx
import pytest

from tests.support.memory import MemoryTokens, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.domain.errors import ConnectionLost, RateLimited, SyncError, Transient
from tieout.ports import TokenSet

INVALID_GRANT = {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
SECRETS = ("access-0", "refresh-0", "access-1", "refresh-1", "the-secret")


def good(number: int = 1) -> httpx.Response:
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
        self.requests.append(request)
        return self.answers[len(self.requests) - 1]()

    def source(self, clock: VirtualClock | None = None) -> TokenSource:
        http = make_client("https://oauth.test", transport=httpx.MockTransport(self.answer))
        return TokenSource(
            "c1", self.tokens, http, lambda: self.credentials, clock or self.clock, lambda: next(self.owners)
        )

    def lease_is_free(self) -> bool:
        return self.tokens.acquire_refresh("c1", "somebody", self.clock.now())

    def stored(self) -> TokenSet:
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
    raise httpx.ReadTimeout("no answer")


def test_a_token_with_five_minutes_left_is_used_and_one_with_less_is_refreshed() -> None:
    world = World([good], minutes=6)
    source = world.source()
    assert source.access_token() == "access-0"
    world.clock.advance(60)
    assert source.access_token() == "access-0"
    world.clock.advance(1)
    assert source.access_token() == "access-1"
    assert source.access_token() == "access-1"
    assert len(world.requests) == 1


def test_the_refresh_is_asked_for_as_intuit_documents_it() -> None:
    world = World([good])
    asked_at = world.clock.now()
    world.source().access_token()
    (request,) = world.requests
    assert request.url.path == "/oauth2/v1/tokens/bearer"
    assert request.headers["Authorization"] == "Basic dGhlLWlkOnRoZS1zZWNyZXQ="
    assert request.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(request.content.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-0"]}
    assert world.stored() == TokenSet(
        "access-1",
        "refresh-1",
        asked_at + timedelta(seconds=3600),
        asked_at + timedelta(seconds=8726400),
        asked_at + timedelta(seconds=157680000),
        version=2,
    )
    assert world.lease_is_free()


def test_two_workers_that_refresh_at_once_make_one_request() -> None:
    world = World()
    begun, finish = threading.Event(), threading.Event()

    def slow() -> httpx.Response:
        begun.set()
        assert finish.wait(5)
        return good()

    class WaitingClock(VirtualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            finish.set()
            first.join(5)

    world.answers = [slow]
    got: list[str] = []
    first = threading.Thread(target=lambda: got.append(world.source().access_token()))
    first.start()
    assert begun.wait(5)
    got.append(world.source(WaitingClock(world.clock.now())).access_token())
    first.join(5)
    assert got == ["access-1", "access-1"]
    assert len(world.requests) == 1


def test_many_threads_after_one_401_make_one_request() -> None:
    world = World([good], minutes=60)
    sources = [world.source() for _ in range(4)]
    barrier = threading.Barrier(8)
    got: list[str] = []

    def work(source: TokenSource) -> None:
        barrier.wait(5)
        got.append(source.refresh_after_401("access-0"))

    threads = [threading.Thread(target=work, args=(sources[number % 4],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert got == ["access-1"] * 8
    assert len(world.requests) == 1


def test_a_401_for_a_token_that_somebody_has_already_replaced_makes_no_request() -> None:
    world = World(minutes=60)
    assert world.source().refresh_after_401("older") == "access-0"
    assert world.requests == []


def test_a_refresh_by_somebody_else_just_before_the_lease_is_taken_makes_no_request() -> None:
    class Overtaken(MemoryTokens):
        def acquire_refresh(self, connection: str, owner: str, until: datetime) -> bool:
            later = world.clock.now() + timedelta(hours=1)
            assert self.save("c1", TokenSet("access-9", "refresh-9", later, version=2))
            return super().acquire_refresh(connection, owner, until)

    world = World()
    held = world.stored()
    world.tokens = Overtaken(world.clock)
    assert world.tokens.save("c1", held)
    assert world.source().access_token() == "access-9"
    assert world.requests == []


@pytest.mark.parametrize("failures", [1, 6])
def test_new_tokens_that_cannot_be_stored_at_once_are_stored_while_the_lease_is_held(failures: int) -> None:
    world = World([good])
    store = failing(world, failures)
    began = world.clock.now()
    assert world.source().access_token() == "access-1"
    assert world.stored().refresh_token == "refresh-1"
    assert len(store.tries) == failures + 1
    pauses = [(after - before).total_seconds() for before, after in pairwise(store.tries)]
    assert pauses == [0.5, 1, 2, 4, 8, 8][:failures]
    assert world.clock.now() - began < timedelta(seconds=30)
    assert world.lease_is_free()


def test_new_tokens_that_cannot_be_stored_at_all_serve_this_worker_and_are_stored_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World([good])
    store = failing(world)
    source = world.source()
    assert source.access_token() == "access-1"
    assert [record.getMessage() for record in caplog.records] == ["new tokens could not be stored"]
    assert world.stored().refresh_token == "refresh-0"
    # Another worker must not try the dead refresh token meanwhile.
    assert not world.lease_is_free()
    tried = len(store.tries)
    assert [source.access_token() for _ in range(3)] == ["access-1"] * 3
    assert len(store.tries) == tried, "not with each call"
    world.clock.advance(5)
    assert source.access_token() == "access-1"
    assert len(store.tries) == tried + 1
    store.failures = 0
    world.clock.advance(5)
    assert source.access_token() == "access-1"
    assert world.stored().refresh_token == "refresh-1"
    assert world.source().access_token() == "access-1"
    assert len(world.requests) == 1


def test_a_worker_with_unstored_tokens_goes_on_while_the_store_is_down_and_refreshes_nothing_more() -> None:
    world = World([good, lambda: good(2)])
    store = failing(world)
    source = world.source()
    source.access_token()
    store.down = True
    world.clock.advance(60)
    assert source.access_token() == "access-1"
    assert source.refresh_after_401("access-0") == "access-1"
    with pytest.raises(Transient):
        source.refresh_after_401("access-1")
    world.clock.advance(3600)
    with pytest.raises(Transient):
        source.access_token()
    assert len(world.requests) == 1
    store.down, store.failures = False, 0
    assert source.access_token() == "access-2"
    assert world.stored().version == 3
    assert parse_qs(world.requests[1].content.decode())["refresh_token"] == ["refresh-1"]


def test_unstored_tokens_give_way_to_those_of_a_person_who_reconnected() -> None:
    world = World([good])
    store = failing(world)
    source = world.source()
    source.access_token()
    store.failures = 0
    later = world.clock.now() + timedelta(hours=1)
    assert world.tokens.save("c1", TokenSet("access-5", "refresh-5", later, version=2))
    world.clock.advance(5)
    assert source.access_token() == "access-5"
    assert world.stored().refresh_token == "refresh-5"


def test_stored_tokens_are_used_even_when_the_lease_cannot_be_given_back() -> None:
    class Kept(MemoryTokens):
        def release_refresh(self, connection: str, owner: str) -> None:
            raise Transient

    world = World([good])
    held, world.tokens = world.stored(), Kept(world.clock)
    assert world.tokens.save("c1", held)
    assert world.source().access_token() == "access-1"


def test_a_rotated_client_secret_is_used_from_the_next_refresh_on() -> None:
    world = World([lambda: httpx.Response(401, json={"error": "invalid_client"}), good])
    source = world.source()
    with pytest.raises(ConnectionLost):
        source.access_token()
    world.credentials = ("the-id", "a-new-secret")
    assert source.access_token() == "access-1"
    sent = [request.headers["Authorization"].partition(" ")[2] for request in world.requests]
    assert [b64decode(one).decode() for one in sent] == ["the-id:the-secret", "the-id:a-new-secret"]


def test_tokens_that_somebody_stored_meanwhile_win() -> None:
    world = World()

    def overtaken() -> httpx.Response:
        later = world.clock.now() + timedelta(hours=1)
        assert world.tokens.save("c1", TokenSet("access-9", "refresh-9", later, version=2))
        return good()

    world.answers = [overtaken]
    assert world.source().access_token() == "access-9"


def test_a_worker_that_cannot_get_the_lease_waits_for_the_holder_and_then_gives_up() -> None:
    world = World()
    assert world.tokens.acquire_refresh("c1", "holder", world.clock.now() + timedelta(hours=1))
    began: datetime = world.clock.now()
    with pytest.raises(Transient):
        world.source().access_token()
    assert timedelta(seconds=5) <= world.clock.now() - began <= timedelta(seconds=15)
    assert world.requests == []


def test_an_invalid_grant_loses_the_connection_and_is_not_tried_again() -> None:
    world = World([lambda: httpx.Response(400, json=INVALID_GRANT)])
    source = world.source()
    for _ in range(3):
        with pytest.raises(ConnectionLost):
            source.access_token()
    assert len(world.requests) == 1
    assert world.lease_is_free()


def test_after_a_person_reconnected_the_dead_connection_works_again() -> None:
    world = World([lambda: httpx.Response(400, json=INVALID_GRANT)])
    source = world.source()
    with pytest.raises(ConnectionLost):
        source.access_token()
    assert world.tokens.save("c1", TokenSet("access-5", "refresh-5", world.clock.now() + timedelta(hours=1), version=2))
    assert source.access_token() == "access-5"


def test_an_invalid_grant_because_somebody_else_refreshed_is_no_loss() -> None:
    world = World()

    def overtaken() -> httpx.Response:
        later = world.clock.now() + timedelta(hours=1)
        assert world.tokens.save("c1", TokenSet("access-9", "refresh-9", later, version=2))
        return httpx.Response(400, json=INVALID_GRANT)

    world.answers = [overtaken]
    assert world.source().access_token() == "access-9"


@pytest.mark.parametrize("first", [lost, lambda: httpx.Response(502), lambda: httpx.Response(200, text="<html>")])
def test_a_lost_answer_is_repeated_once_with_the_old_value(first: Callable[[], httpx.Response]) -> None:
    world = World([first, good])
    assert world.source().access_token() == "access-1"
    assert [parse_qs(request.content.decode())["refresh_token"] for request in world.requests] == [["refresh-0"]] * 2


def test_two_lost_answers_are_transient_and_a_refused_repetition_is_a_lost_connection() -> None:
    world = World([lost, lost])
    with pytest.raises(Transient):
        world.source().access_token()
    assert len(world.requests) == 2
    world = World([lost, lambda: httpx.Response(400, json=INVALID_GRANT)])
    with pytest.raises(ConnectionLost):
        world.source().access_token()


def test_a_token_service_that_cannot_be_reached_or_throttles_is_not_a_lost_connection() -> None:
    def unreachable() -> httpx.Response:
        raise httpx.ConnectError("x")

    with pytest.raises(Transient):
        World([unreachable]).source().access_token()
    with pytest.raises(RateLimited) as caught:
        World([lambda: httpx.Response(429, headers={"Retry-After": "9"})]).source().access_token()
    assert caught.value.retry_after == 9


def test_a_connection_that_was_never_made_is_lost() -> None:
    world = World()
    source = TokenSource("c2", world.tokens, httpx.Client(), lambda: ("i", "s"), world.clock, lambda: "o")
    with pytest.raises(ConnectionLost):
        source.access_token()


@pytest.mark.parametrize(
    "answers",
    [
        [lost, lost],
        [lambda: httpx.Response(400, json=INVALID_GRANT)],
        [lambda: httpx.Response(400, json={"error": "refresh-0"})],
        [lambda: httpx.Response(401, json={"error": "invalid_client"})],
    ],
)
def test_no_secret_is_in_any_text(
    answers: list[Callable[[], httpx.Response]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    world = World(answers)
    source = world.source()
    with pytest.raises(SyncError) as caught:
        source.access_token()
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(source) + caplog.text
    assert not [secret for secret in SECRETS if secret in text]
