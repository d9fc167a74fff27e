"""What comes into the console and what goes out: nothing hostile gets in, nothing leads away, nothing fails badly."""

from __future__ import annotations

import base64

import pytest

from tests.support.builders_logs import written
from tests.support.console_client import FORM, ORIGIN, ConsoleClient, event
from tests.support.console_world import ConsoleWorld
from tieout.console.guard import SESSION_COOKIE
from tieout.console.pages import PAGES
from tieout.console.routing import Scope
from tieout.console.web import BASE, own_path
from tieout.domain.errors import StoreUnavailable


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


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
    [
        ("GET", "/console/sign-out", 405),
        ("POST", "/console/c/c1/overview", 405),
        ("GET", "/console/c/other/overview", 404),
        ("GET", "/console/nowhere", 404),
        ("POST", "/console/nowhere", 404),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(world: ConsoleWorld, method: str, path: str, status: int) -> None:
    client = world.signed_in()
    token = next(iter(world.doors.sessions.values())).csrf
    answer = client.get(path) if method == "GET" else client.post(path, {"csrf": token})
    assert answer.status == status
    assert "no such page" in answer.text
    assert ("allow" in answer.headers) == (status == 405)


# -- when something fails


def test_our_own_failure_is_a_page_without_details(world: ConsoleWorld) -> None:
    client = world.signed_in()

    def failing() -> object:
        raise RuntimeError("hush: Acme Ltd owes 120.00")

    world.world.connections.all = failing  # type: ignore[method-assign, assignment]
    with written() as log:
        answer = client.get(world.path("/overview"))
    assert answer.status == 500
    assert "req-1" in answer.text
    assert "hush" not in answer.html + log.text
    assert log.counts == {"page_failed": 1}
    assert log.lines[0]["error"] == "RuntimeError"


def test_a_store_that_does_not_answer_is_said_to(world: ConsoleWorld) -> None:
    client = world.signed_in()

    def failing() -> object:
        raise StoreUnavailable("hush")

    world.world.connections.all = failing  # type: ignore[method-assign, assignment]
    answer = client.get(world.path("/overview"))
    assert answer.status == 503
    assert "store did not answer" in answer.text
    assert "hush" not in answer.html


def test_the_log_names_neither_secrets_nor_people(world: ConsoleWorld) -> None:
    link = world.link(name="Olga Operator")
    client = world.client()
    with written() as log:
        client.get(link).submit()
        client.get(world.path("/overview"), q="Acme Ltd")
    assert log.lines[-1]["route"] == "GET /c/{connection}/overview"
    assert {line["status"] for line in log.lines} == {200, 303}
    for word in (link.rpartition("/")[2], client.cookies[SESSION_COOKIE], "Olga", "Acme"):
        assert word not in log.text
