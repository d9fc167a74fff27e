"""Who gets into the console and who does not: every refusal is a clear page, and nothing is changed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.console_client import FORM, ORIGIN, ConsoleClient, event
from tests.support.console_world import KEY, ConsoleWorld
from tieout.console.guard import SESSION_COOKIE, Guard
from tieout.console.pages import PAGES
from tieout.console.routing import Needs, Page, Route, Scope, changes
from tieout.console.site import Site
from tieout.console.visit import Visit
from tieout.console.web import BASE, Reply, own_path
from tieout.domain.person import Role
from tieout.runtime.console import run_console
from tieout.services.sign_in import SESSION_LIFE, TICKET_LIFE

# POST routes that are open to others than operators, and why.
OPEN = {
    "/sign-in/{ticket}": "it makes the session; the ticket is what no other site knows",
    "/sign-out": "viewers sign out, too",
    "/language": "it changes nothing but what this browser is shown",
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
    reads: list[str] = []
    original = world.doors.session
    world.doors.session = lambda digest: (reads.append(digest), original(digest))[1]  # type: ignore[method-assign]
    answer = client.get(world.path("/overview"))
    assert answer.status == 401
    assert reads == []


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


# -- what comes in


@pytest.mark.parametrize(
    ("body", "encoded", "headers", "status"),
    [
        ("back=" + "x" * 70_000, False, {}, 413),
        (base64.b64encode(b"back=" + b"x" * 70_000).decode(), True, {}, 413),
        ("&".join(f"f{number}=1" for number in range(2001)), False, {}, 413),
        ("this is not base64!", True, {}, 400),
        (base64.b64encode(b"back=\xff\xfe").decode(), True, {}, 400),
        ("back=%ff%fe", False, {}, 400),
        ("back=a%00b", False, {}, 400),
        ("back=a%0d%0aSet-Cookie:%20x&language=en&language=pt-BR", False, {}, 400),
        ("language=klingon", False, {}, 400),
        ("", False, {}, 400),
        ('{"language": "en"}', False, {"content-type": "application/json"}, 415),
        ("language=en", False, {"content-type": "text/plain"}, 415),
        ("language=en", False, {"content-type": ""}, 415),
    ],
)  # fmt: skip
def test_a_body_that_no_page_sends_is_refused(
    world: ConsoleWorld, body: str, encoded: bool, headers: dict[str, str], status: int
) -> None:
    given = event("POST", "/console/language", headers={"origin": ORIGIN, "content-type": FORM, **headers})
    answer = world.client().send({**given, "body": body, "isBase64Encoded": encoded})
    assert answer.status == status
    assert answer.set_cookies == ()
    assert "nothing was changed" in answer.text


@pytest.mark.parametrize("query", ["q=%ff", "q=%00", "q=a%08b"])
def test_a_query_that_is_no_text_is_refused(world: ConsoleWorld, query: str) -> None:
    assert world.signed_in().get(f"{world.path('/overview')}?{query}").status == 400


def test_a_query_that_is_too_long_is_refused(world: ConsoleWorld) -> None:
    assert world.signed_in().get(world.path("/overview"), q="x" * 5000).status == 413


def test_an_encoded_form_and_a_plain_one_are_the_same(world: ConsoleWorld) -> None:
    for encoded in (True, False):
        body = b"language=pt-BR&back=%2Fconsole"
        text = base64.b64encode(body).decode() if encoded else body.decode()
        given = event("POST", "/console/language", headers={"origin": ORIGIN, "content-type": f"{FORM}; charset=UTF-8"})
        answer = world.client().send({**given, "body": text, "isBase64Encoded": encoded})
        assert answer.status == 303
        assert answer.headers["location"] == "/console"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/\\evil.example",
        "/console/../../evil",
        "/console/%2e%2e/x",
        "/console/%2E%2e/x",
        "/consolevil",
        "javascript:alert(1)",
        "/console\\..\\x",
        "/console/ä",
        "/console/\tx",
        "/webhooks/hubspot",
        "",
        "console",
    ],
)
def test_nothing_leads_out_of_the_console(back: str) -> None:
    assert own_path(back) == BASE


@pytest.mark.parametrize(
    "back", ["/console", "/console?x=1", "/console/c/c1/invoices?q=..%2f&page=2", "/console/c/a%20b"]
)
def test_a_page_of_the_console_is_come_back_to(back: str) -> None:
    assert own_path(back) == back


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/console/\r\nSet-Cookie: a=b"])
def test_the_switch_of_language_leads_to_our_own_pages_only(world: ConsoleWorld, back: str) -> None:
    answer = world.client().post("/console/language", {"language": "pt-BR", "back": back}, follow=False)
    assert answer.headers["location"] == "/console"
    assert len(answer.set_cookies) == 1


# -- what goes out

HOSTILE = "\"><script>alert(1)</script>{{ 7*7 }}'\r\nSet-Cookie: a=b"


def test_a_hostile_name_is_shown_and_does_nothing(world: ConsoleWorld) -> None:
    name = '"><script>alert(1)</script>{{ 7*7 }}'
    page = world.client().get(world.link(name=name))
    assert "<script>" not in page.html
    assert name in page.text
    overview = page.submit()
    assert "<script>" not in overview.html
    assert name in overview.text


@pytest.mark.parametrize("path", ["/console/<script>", "/console/c/<script>/overview", "/console/%0d%0aSet-Cookie:a=b"])
def test_a_hostile_address_is_not_found_and_not_repeated(world: ConsoleWorld, path: str) -> None:
    answer = world.signed_in().get(path)
    assert answer.status == 404
    assert "<script>" not in answer.html
    assert answer.set_cookies == ()


def _pages(world: ConsoleWorld) -> list[tuple[ConsoleClient, str]]:
    client = world.signed_in()
    own = [(client, world.path(page.start) if page.scope is Scope.CONNECTION else BASE + page.start) for page in PAGES]
    return [*own, (world.client(), world.link()), (world.client(), "/console"), (client, "/console/nowhere")]


def test_every_page_is_strict_and_never_stored(world: ConsoleWorld) -> None:
    for client, path in _pages(world):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["style-src"] == policy["img-src"] == "'self'"
        assert "script-src" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "max-age" in answer.headers["strict-transport-security"]
        for word in ("<script", " style=", "<style", "javascript:", " onclick", "http://", "@import"):
            assert word not in answer.html, f"{word} in {path}"


def test_what_is_kept_for_good_has_its_content_in_its_name(world: ConsoleWorld) -> None:
    html = world.client().get("/console").html
    for kind, name in (("text/css", "style."), ("image/svg+xml", "icon.")):
        path = f"/console/static/{name}" + html.partition(f"/console/static/{name}")[2].partition('"')[0]
        answer = world.client().get(path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
        assert "http:" not in answer.html.replace("http://www.w3.org/2000/svg", "")
    assert world.client().get("/console/static/style.css").status == 404
    assert world.client().get("/console/static/..%2fsite.py").status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/console/sign-out", 405), ("POST", "/console/c/c1/overview", 405), ("GET", "/console/c/other/overview", 404),
     ("GET", "/console/nowhere", 404), ("POST", "/console/nowhere", 404)],
)  # fmt: skip
def test_what_is_not_there_is_said_to_be_not_there(world: ConsoleWorld, method: str, path: str, status: int) -> None:
    client = world.signed_in()
    token = next(iter(world.doors.sessions.values())).csrf
    answer = client.get(path) if method == "GET" else client.post(path, {"csrf": token})
    assert answer.status == status
    assert "no such page" in answer.text
    assert ("allow" in answer.headers) == (status == 405)


# -- when something fails


def test_our_own_failure_is_a_page_without_details(world: ConsoleWorld, capsys: pytest.CaptureFixture[str]) -> None:
    client = world.signed_in()

    def failing() -> object:
        raise RuntimeError("hush: Acme Ltd owes 120.00")

    world.world.connections.all = failing  # type: ignore[method-assign, assignment]
    answer = client.get(world.path("/overview"))
    assert answer.status == 500
    assert "req-1" in answer.text
    assert "hush" not in answer.html + capsys.readouterr().out


def test_the_log_names_neither_secrets_nor_people(world: ConsoleWorld, capsys: pytest.CaptureFixture[str]) -> None:
    link = world.link(name="Olga Operator")
    client = world.client()
    client.get(link).submit()
    client.get(world.path("/overview"), q="Acme Ltd")
    log = capsys.readouterr().out
    assert '"route":"GET /c/{connection}/overview"' in log
    for word in (link.rpartition("/")[2], client.cookies[SESSION_COOKIE], "Olga", "Acme"):
        assert word not in log
