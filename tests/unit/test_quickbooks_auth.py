"""The token refresh: once for all workers, stored before use, never in a loop."""

import threading
from base64 import b64decode
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs

import httpx
import pytest

from tests.support.memory import MemoryTokens, VirtualClock
from tests.support.quickbooks_sign_in import World, failing, good
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.domain.errors import ConnectionLost, Transient
from tieout.ports import TokenSet


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
