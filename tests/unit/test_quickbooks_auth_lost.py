"""A sign-in to QuickBooks that is lost or only seems to be; a token service that is away; no secret in any text."""

import traceback
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from tests.support.quickbooks_sign_in import INVALID_GRANT, SECRETS, World, good, lost
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.domain.errors import ConnectionLost, RateLimited, SyncError, Transient
from tieout.ports import TokenSet


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
