"""The commands that connect and disconnect: what they ask for, where secrets do not appear, and how they end."""

from __future__ import annotations

import io
import socket
import urllib.request
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from infra.cli.loopback import Loopback
from infra.sandbox.quickbooks.config import ACCESS_TOKEN
from tests.support.builders_connecting import REDIRECT, SECOND_REALM
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide

TOKEN = "pat-na1-sandbox"


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a world with two companies, of which the first is connected."""
    wide(monkeypatch)
    return CommandLine(World(extra_realms=(SECOND_REALM,)), capsys)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What standard input holds."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


# -- hubspot


def test_a_token_from_standard_input_is_stored_and_never_shown(line: CommandLine, typed: Callable[[str], None]) -> None:
    line.connecting.portal_tokens.stored.clear()
    typed(f"{TOKEN}\n")
    ran = line.run("connect", "hubspot")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "The token of HubSpot portal 62515001 is stored."
    assert line.connecting.portal_tokens.stored == {"62515001": TOKEN}


def test_a_token_is_asked_for_at_a_terminal_without_showing_it(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: TOKEN)
    assert line.run("connect", "hubspot", "--json").json == {
        "portal_id": "62515001",
        "time_zone": "US/Eastern",
        "connection": "c1",
        "missing_scopes": [],
        "unproven_scopes": [],
    }


def test_the_token_is_no_argument(line: CommandLine) -> None:
    ran = line.run("connect", "hubspot", TOKEN)
    assert ran.code == 2
    assert ran.out == ""


def test_a_token_that_hubspot_does_not_take_is_a_line_that_does_not_repeat_it(
    line: CommandLine, typed: Callable[[str], None]
) -> None:
    typed("pat-wrong-one")
    ran = line.run("connect", "hubspot")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error HubSpot does not take this token.")
    assert "pat-wrong-one" not in ran.err


# -- quickbooks, with an address that is pasted


class Pasting(io.StringIO):
    """A person who follows the address on standard error, agrees, and pastes where the browser ended up."""

    def __init__(self, line: CommandLine, realm: str | None = None) -> None:
        super().__init__()
        self._line, self._realm = line, realm

    def readline(self, *_: object) -> str:  # type: ignore[override]
        url = next(text for text in self._line.capture.readouterr().err.split() if text.startswith("https://appcenter"))
        redirect = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]
        return f"{redirect}?{urlencode(self._line.connecting.consent(url, self._realm))}\n"


def test_signing_in_again_by_a_pasted_address(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Pasting(line))
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--paste", "--no-browser", "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    assert (facts["connection"], facts["again"], facts["company"]) == ("c1", True, "Sandbox Company")
    tokens = line.world.tokens.load("c1")
    assert tokens is not None
    assert tokens.access_token != ACCESS_TOKEN
    assert tokens.access_token not in ran.raw + ran.err


def test_what_the_settings_pair_is_checked_against_what_was_connected(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.world.settings(field_pairs=[{"hubspot": "no_such_property", "quickbooks": "TrackingNum"}])
    monkeypatch.setattr("sys.stdin", Pasting(line))
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--paste", "--no-browser", "--json")
    assert ran.code == 1
    [missing] = [one for one in ran.json["checks"] if one["level"] == "problem"]
    assert "no_such_property" in missing["found"]
    assert line.world.tokens.load("c1") is not None


def test_without_a_redirect_address_of_its_own_the_consoles_is_used(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("webbrowser.open", seen.append)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    for more in ((), ("--redirect", REDIRECT)):
        assert line.run("connect", "quickbooks", "--connection", "c1", "--paste", *more).code == 1
    redirects = [dict(parse_qsl(urlsplit(url).query))["redirect_uri"] for url in seen]
    assert redirects == ["http://127.0.0.1:9/console/connect/quickbooks/callback", REDIRECT]


def test_another_company_is_refused_with_both_named(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Pasting(line, SECOND_REALM))
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--paste", "--no-browser")
    assert (ran.code, ran.out) == (1, "")
    assert SECOND_REALM in ran.err
    assert line.world.connection.realm_id in ran.err
    tokens = line.world.tokens.load("c1")
    assert tokens is not None
    assert tokens.access_token == ACCESS_TOKEN


@pytest.mark.parametrize("text", ["no address", "http://[", ""])
def test_nonsense_that_is_pasted_is_a_clear_line(line: CommandLine, typed: Callable[[str], None], text: str) -> None:
    typed(f"{text}\n")
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--paste", "--no-browser")
    assert ran.code == 1
    assert "Begin it again." in ran.err


# -- quickbooks, with a browser that comes back to this machine


def test_a_browser_that_comes_back_to_this_machine_completes_the_sign_in(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    def opened(url: str) -> bool:
        """A person agrees; the browser follows the redirect, and asks for its icon first."""
        redirect = dict(parse_qsl(urlsplit(url).query))["redirect_uri"].replace("localhost", "127.0.0.1")
        answer = urlencode(line.connecting.consent(url))

        def come_back() -> None:
            with pytest.raises(HTTPError):
                urllib.request.urlopen(redirect.replace("/callback", "/favicon.ico"), timeout=10)
            with urllib.request.urlopen(f"{redirect}?{answer}", timeout=10) as page:
                pages.append(page.read().decode())

        # As a browser in the terminal does it: it is back before the command waits.
        come_back()
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--port", "0")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("c1 is again connected: HubSpot portal 62515001, QuickBooks company ")
    assert "You can close this page" in pages[0]
    assert "code=" not in ran.err


def test_a_port_that_is_taken_is_told_with_what_to_do(line: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = line.run("connect", "quickbooks", "--connection", "c1", "--port", port)
    assert ran.code == 2
    assert "--port" in ran.err
    assert "--paste" in ran.err


def test_a_browser_that_never_comes_back_ends_the_waiting() -> None:
    with Loopback(0) as listening:
        assert listening.wait(0.05) is None


def test_a_page_of_somebody_else_that_sends_a_browser_here_ends_nothing() -> None:
    with Loopback(0) as listening:
        for state in ("", "?state=", "?state=guessed", "?state=right"):
            with pytest.raises(HTTPError):
                urllib.request.urlopen(f"{listening.redirect_uri}{state}", timeout=10)
        listening.expect("right")
        with pytest.raises(HTTPError):
            urllib.request.urlopen(f"{listening.redirect_uri}?state=guessed&code=theirs", timeout=10)
        assert listening.wait(0.05) is None
        with urllib.request.urlopen(f"{listening.redirect_uri}?state=right&code=ours", timeout=10):
            assert listening.wait(5) == {"state": "right", "code": "ours"}


def test_the_redirect_option_needs_paste(line: CommandLine) -> None:
    ran = line.run("connect", "quickbooks", "--connection", "c1", "--redirect", REDIRECT)
    assert ran.code == 2
    assert "--redirect" in ran.err


# -- disconnect


def test_disconnect_asks_nobody_where_nobody_is(line: CommandLine, typed: Callable[[str], None]) -> None:
    typed("")
    ran = line.run("disconnect", "--connection", "c1")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert line.world.tokens.load("c1") is not None


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("n\n", 1)])
def test_disconnect_asks_first(line: CommandLine, monkeypatch: pytest.MonkeyPatch, said: str, code: int) -> None:
    answer = io.StringIO(said)
    answer.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", answer)
    assert line.run("disconnect", "--connection", "c1").code == code
    assert (line.world.tokens.load("c1") is None) == (code == 0)


def test_disconnect_tells_what_became_of_the_sign_in(line: CommandLine) -> None:
    ran = line.run("disconnect", "--connection", "c1", "--yes")
    assert (ran.code, ran.out) == (0, "c1 is disconnected. The sign-in was revoked. Its records wait.")
    again = line.run("disconnect", "--connection", "c1", "--yes", "--hubspot", "--json")
    assert again.json == {"connection": "c1", "revoked": None, "hubspot_token_removed": True}
    assert line.run("disconnect", "--connection", "c9", "--yes").err == "error There is no connection c9."


def test_doctor_says_that_a_connection_was_disconnected_and_how_it_goes_on(line: CommandLine) -> None:
    line.run("disconnect", "--connection", "c1", "--yes")
    out = line.run("doctor").out
    assert "somebody disconnected it" in out
    assert "tieout connect quickbooks --connection c1" in out
