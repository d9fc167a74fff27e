"""The console as AWS runs it: its own process, exactly the template's environment, the table and secrets of a cloud."""

from __future__ import annotations

import pytest

from tests.functions.cloud import CONSOLE_KEY, Cloud
from tests.support.console_client import ConsoleClient
from tests.support.lambda_runtime import Function
from tests.support.signing import PUBLIC_URL


@pytest.fixture
def client(console: Function) -> ConsoleClient:
    """A browser whose requests go to the function."""

    def handle(given: object, _context: object) -> dict[str, object]:
        answer = console.invoke(given)
        assert answer.error is None
        payload: dict[str, object] = answer.payload
        return payload

    return ConsoleClient(handle, {"origin": PUBLIC_URL})


@pytest.fixture
def link(cloud: Cloud) -> str:
    return cloud.link("Ana Souza")


def test_a_link_signs_in_and_every_page_of_the_menu_opens(client: ConsoleClient, link: str, console: Function) -> None:
    page = client.get(link).submit()
    assert (page.status, page.path) == (200, "/console/c/acme/overview")
    menu = [one for one in page.links if one.startswith("/console/")]
    assert menu
    for path in menu:
        assert client.get(path).status == 200, path
    log = console.logged()
    assert '"route":"GET /c/{connection}/overview"' in log
    for word in (CONSOLE_KEY, "Ana Souza", link.rpartition("/")[2], *client.cookies.values()):
        assert word not in log


def test_who_has_no_session_costs_no_read_of_the_table(client: ConsoleClient, cloud: Cloud) -> None:
    client.get("/console")
    before = len(cloud.operations)
    client.cookies["__Host-tieout"] = "forged.forged"
    assert client.get("/console/c/acme/overview").status == 401
    assert cloud.operations[before:] == []


def test_a_page_costs_a_session_and_a_list_of_connections(client: ConsoleClient, link: str, cloud: Cloud) -> None:
    client.get(link).submit()
    before = len(cloud.operations)
    assert client.get("/console/nowhere").status == 404
    assert cloud.operations[before:] == [], "what is not there costs nothing"
    assert client.get("/console").status == 200
    assert len([one for one in cloud.operations[before:] if one.startswith("DynamoDB")]) >= 2


def test_a_script_that_is_sent_as_a_form_is_not_read(client: ConsoleClient) -> None:
    answer = client.post("/console/language", b"\xff" * 100, headers={"content-type": "multipart/form-data"})
    assert answer.status == 415
