"""Who gets into the console and who does not: every refusal is a clear page, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.console_client import FORM, ORIGIN, event
from tests.support.console_world import KEY, ConsoleWorld
from tieout.console.guard import SESSION_COOKIE, Guard
from tieout.console.pages import PAGES
from tieout.console.routing import Needs, Page, Route, Scope, changes
from tieout.console.site import Site
from tieout.console.visit import Visit
from tieout.console.web import BASE, Reply
from tieout.domain.person import Role
from tieout.runtime.console import run_console
from tieout.services.sign_in import SESSION_LIFE, TICKET_LIFE

# POST routes that are open to others than operators, and why.
OPEN = {
    "/sign-in/{ticket}": "it makes the session; the ticket is what no other site knows",
    "/sign-out": "viewers sign out, too",
    "/language": "it changes nothing but what this browser is shown",
    "/c/{connection}/invoices": "a search, which changes nothing; as a form no name reaches an address",
    "/c/{connection}/payments": "as for invoices",
}


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


# -- tickets


def test_a_link_signs_in_once_and_leads_to_the_overview(world: ConsoleWorld) -> None:
    client, link = world.client(), world.link(name="Ana Souza")
    page = client.get(link)
    assert page.status == 200
    assert "Ana Souza" in page.text
    assert world.doors.sessions == {}, "only looking at the link signs nobody in"
    entered = page.submit()
    assert (entered.status, entered.path) == (200, world.path("/overview"))
    again = world.client().get(link)
    assert again.status == 410
    assert "used already" in again.text


def test_a_ticket_that_two_send_at_once_lets_one_in(world: ConsoleWorld) -> None:
    link = world.link()
    pages = [world.client().get(link) for _ in range(2)]
    answers = [page.submit() for page in pages]
    assert sorted(answer.status for answer in answers) == [200, 410]
    assert len(world.doors.sessions) == 1


def test_an_expired_ticket_lets_nobody_in(world: ConsoleWorld) -> None:
    client, link = world.client(), world.link()
    page = client.get(link)
    world.world.clock.advance(TICKET_LIFE.total_seconds())
    for answer in (page.submit(), client.get(link)):
        assert answer.status == 410
        assert "expired" in answer.text
    assert world.doors.sessions == {}


@pytest.mark.parametrize("ticket", ["", "secret", "%00", "a" * 3000, "..", "<script>"])
def test_an_invented_ticket_lets_nobody_in(world: ConsoleWorld, ticket: str) -> None:
    for answer in (world.client().get(f"/console/sign-in/{ticket}"), world.client().post(f"/console/sign-in/{ticket}")):
        assert answer.status in (404, 405, 410)
        assert "<script" not in answer.html
    assert world.doors.sessions == {}


def test_another_site_cannot_sign_a_browser_in(world: ConsoleWorld) -> None:
    link = world.link()
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert world.client().post(link, headers=headers).status == 403
    assert world.doors.sessions == {}
    assert world.client().get(link).status == 200, "the ticket is still good"


# -- sessions


def test_a_session_ends_after_twelve_hours(world: ConsoleWorld) -> None:
    client = world.signed_in()
    world.world.clock.advance(SESSION_LIFE.total_seconds() - 1)
    assert client.get(world.path("/overview")).status == 200
    world.world.clock.advance(1)
    answer = client.get(world.path("/overview"))
    assert answer.status == 401
    assert "tieout login-link" in answer.text
    assert SESSION_COOKIE not in client.cookies, "the browser forgets what is no use any more"


def test_who_signs_out_is_out_even_with_the_old_cookie(world: ConsoleWorld) -> None:
    client = world.signed_in()
    kept = dict(client.cookies)
    answer = client.get(world.path("/overview")).form("/sign-out").submit()
    assert answer.status == 200
    assert client.cookies == {}
    assert world.doors.sessions == {}
    client.cookies = kept
    assert client.get(world.path("/overview")).status == 401


def test_who_signs_in_again_is_no_longer_who_they_were(world: ConsoleWorld) -> None:
    client = world.signed_in(Role.OPERATOR)
    client.get(world.link(Role.VIEWER, "Vera")).submit()
    assert [one.name for one in world.doors.sessions.values()] == ["Vera"]


def forged(value: str) -> str:
    return "a" * 43 + "." + "b" * 64


def unsigned(value: str) -> str:
    return value.partition(".")[0]


def tampered(value: str) -> str:
    return ("b" if value[0] == "a" else "a") + value[1:]


def of_another_key(value: str) -> str:
    secret = value.partition(".")[0]
    other = Guard(lambda: "somebody else's key", ORIGIN).session_cookie(secret, timedelta(hours=1))
    return other.partition("=")[2].partition(";")[0]


def of_another_purpose(value: str) -> str:
    """What we signed as a message for the next page is no session."""
    secret = value.partition(".")[0]
    return f"{secret}.{Guard(lambda: KEY, ORIGIN)._mark('said', secret)}"


def empty(value: str) -> str:
    return ""


def unusual(value: str) -> str:
    return "\u00e9.\u00e9"


@pytest.mark.parametrize("forge", [forged, unsigned, tampered, of_another_key, of_another_purpose, empty, unusual])
def test_a_forged_cookie_opens_nothing_and_costs_no_read(world: ConsoleWorld, forge: Callable[[str], str]) -> None:
    client = world.signed_in()
    client.cookies[SESSION_COOKIE] = forge(client.cookies[SESSION_COOKIE])
    before = world.doors.reads
    answer = client.get(world.path("/overview"))
    assert answer.status == 401
    assert world.doors.reads == before


def test_a_cookie_that_comes_twice_counts_for_nothing(world: ConsoleWorld) -> None:
    client = world.signed_in()
    given = event("GET", world.path("/overview"), cookies=[f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"] * 2)
    assert client.send(given).status == 401


def test_the_cookie_holds_no_more_than_a_secret_whose_hash_is_stored(world: ConsoleWorld) -> None:
    client = world.signed_in()
    secret = client.cookies[SESSION_COOKIE].partition(".")[0]
    assert secret not in world.doors.sessions
    assert "Olga" not in client.cookies[SESSION_COOKIE]


# -- every POST route


def _post_routes() -> list[Route]:
    return [route for page in PAGES for route in page.routes if route.method == "POST"]


def _address(route: Route) -> str:
    return BASE + route.pattern.replace("{connection}", "c1").replace("{", "").replace("}", "")


def test_every_route_either_shows_or_changes() -> None:
    for page in PAGES:
        for route in page.routes:
            assert route.method in ("GET", "POST")
            if route.needs is Needs.NOBODY:
                assert route.scope is Scope.SITE, f"{route.pattern} shows a connection to everybody"
            if route.method == "POST" and route.needs is not Needs.OPERATOR:
                assert route.pattern in OPEN, f"{route.pattern} is open to more than operators"


@pytest.mark.parametrize("route", _post_routes(), ids=lambda route: route.pattern)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN.replace("https", "http")},
        {"origin": f"{ORIGIN}.evil.example"},
        {},
    ],
    ids=str,
)
def test_no_form_counts_that_was_sent_from_elsewhere(route: Route, headers: dict[str, str]) -> None:
    world = ConsoleWorld()
    client = world.signed_in()
    token = next(iter(world.doors.sessions.values())).csrf
    before = _state(world)
    answer = client.post(_address(route), {"csrf": token}, headers={"content-type": FORM, **headers}, bare=True)
    assert answer.status == 403
    assert "nothing was changed" in answer.text
    assert _state(world) == before


@pytest.mark.parametrize(
    "route", [one for one in _post_routes() if one.pattern not in OPEN], ids=lambda one: one.pattern
)
def test_every_change_requires_session_token_and_operator(route: Route) -> None:
    refuses_strangers(ConsoleWorld(), _address(route))


def refuses_strangers(world: ConsoleWorld, path: str) -> None:
    """A POST route is closed to who is not signed in, to forms without the session's token, and to viewers."""
    assert world.client().post(path, {"csrf": "guess"}).status == 401
    operator, viewer = world.signed_in(), world.signed_in(Role.VIEWER, "Vera")
    tokens = [one.csrf for one in world.doors.sessions.values()]
    before = _state(world)
    for values in ({}, {"csrf": ""}, {"csrf": "guess"}, {"csrf": tokens[1]}, {"csrf": [tokens[0], tokens[0]]}):
        answer = operator.post(path, values)
        assert answer.status == 403
        assert "earlier sign-in" in answer.text
    answer = viewer.post(path, {"csrf": tokens[1]})
    assert answer.status == 403
    assert "viewer" in answer.text
    assert _state(world) == before


def _state(world: ConsoleWorld) -> object:
    own = world.world
    return (
        list(own.records),
        own.hints.queued,
        list(own.connections.all()),
        own.tokens.load("c1"),
        sorted(world.doors.sessions),
        own.calls,
    )


def test_the_checks_are_those_of_changes_whatever_the_page(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def change(_desk: object, visit: Visit) -> Reply:
        done.append(visit.actor)
        return visit.back(visit.url("/overview"), "Done, <b>really</b>.")

    page = Page("probe", (changes("/probe", change),))
    monkeypatch.setattr("tieout.console.site.PAGES", (*PAGES, page))
    world.site = Site(world.desk, world.guard)
    world.handler = run_console(world.site, world.world.meter)
    refuses_strangers(world, world.path("/probe"))
    assert done == []
    client = world.signed_in()
    token = list(world.doors.sessions.values())[-1].csrf
    answer = client.post(world.path("/probe"), {"csrf": token})
    assert done == ["Olga Operator"]
    assert "Done, &lt;b&gt;really&lt;/b&gt;." in answer.html
    assert "Done" not in client.get(world.path("/overview")).text, "it is told once"
    assert client.post("/console/c/nobody/probe", {"csrf": token}).status == 404
