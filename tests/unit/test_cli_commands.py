"""The command line as a whole: which commands there are, what all of them keep to, and what its page says of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.cli import local, show
from infra.cli.main import GROUPS
from infra.cli.options import EXIT_CODES
from infra.cli.reference import COMMON, MARK, Command, commands, page
from tests.support.builders_money_world import MoneyWorld
from tests.support.cli_world import CommandLine, wide

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
PROMISED = (
    *("demo", "up", "down", "doctor", "connect", "disconnect", "status", "plan", "backfill", "push", "pull", "retry"),
    *("ignore", "resolve", "redrive", "reconcile", "fees", "undo", "settings", "audit", "pdf", "login-link", "show"),
)
ALL = {command.name: command for command in commands()}
# Of the local stack: they speak to no deployment.
LOCAL = {"demo", "up", "down"}


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a world of money."""
    wide(monkeypatch)
    return CommandLine(MoneyWorld(), capsys)


def paid(line: CommandLine) -> str:
    """An invoice with its payment, both in QuickBooks."""
    world = line.world
    assert isinstance(world, MoneyWorld)
    invoice = world.synced()
    world.look(world.people.pay(invoice))
    return invoice


def test_every_command_that_was_promised_is_there_and_in_a_group() -> None:
    assert {name for named in GROUPS.values() for name, _ in named} == set(PROMISED)


def test_the_help_shows_the_groups_and_how_it_ends(line: CommandLine) -> None:
    out = line.run("--help").out
    for group in GROUPS:
        assert f"─ {group} ─" in out
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in out.replace(" │", "")


@pytest.mark.parametrize("command", ALL.values(), ids=lambda one: one.name)
def test_every_command_explains_itself_with_an_example_and_takes_json(line: CommandLine, command: Command) -> None:
    ran = line.run(*command.arguments, "--help")
    assert ran.code == 0
    assert f"Example: tieout {command.name}" in ran.out
    names = {name for option in command.options for name in option.opts}
    assert "--json" in names
    assert command.name in LOCAL or "--stack" in names
    assert all(option.help for option in command.options if option.name != "help")


def test_the_page_says_what_the_commands_say() -> None:
    assert page(PAGE) == PAGE, "make cli-reference writes it anew"
    assert PAGE.count(MARK) == 1
    for name in COMMON:
        assert f"| `{name}` |" in PAGE


def test_the_page_lists_exactly_the_exit_codes() -> None:
    rows = [row for row in PAGE.partition(MARK)[0].splitlines() if row.startswith("| ") and row[2].isdigit()]
    assert rows == [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]


# -- standard output is one JSON document

Arguments = Callable[[CommandLine, pytest.MonkeyPatch], list[str]]


def _plain(*arguments: str) -> Arguments:
    return lambda _line, _patch: list(arguments)


def _of_invoice(*arguments: str) -> Arguments:
    return lambda line, _patch: [paid(line), *arguments]


def _typed(text: str, *arguments: str) -> Arguments:
    def prepared(_line: CommandLine, patch: pytest.MonkeyPatch) -> list[str]:
        patch.setattr("sys.stdin", io.StringIO(text))
        return list(arguments)

    return prepared


def _consents(line: CommandLine, patch: pytest.MonkeyPatch) -> list[str]:
    class Person(io.StringIO):
        def readline(self, *_: object) -> str:  # type: ignore[override]
            said = line.capture.readouterr().err.split()
            url = next(text for text in said if text.startswith("https://appcenter"))
            answer = line.connecting.consent(url)
            return "https://x.test/?" + "&".join(f"{name}={text}" for name, text in answer.items())

    patch.setattr("sys.stdin", Person())
    return ["--connection", "c1", "--paste", "--no-browser"]


def _saves_pdf(line: CommandLine, _patch: pytest.MonkeyPatch) -> list[str]:
    return [paid(line), "--output", "/dev/null"]


def _played(_line: CommandLine, patch: pytest.MonkeyPatch) -> list[str]:
    def plays(_arguments: list[str]) -> int:
        show.out.print("tables")
        return 0

    patch.setattr("infra.local.demo.__main__.main", plays)
    return []


def _started(_line: CommandLine, patch: pytest.MonkeyPatch) -> list[str]:
    names = ("api_url", "hubspot_url", "quickbooks_url", "aws_endpoint_url", "connection", "portal_id", "realm_id")
    patch.setattr("infra.local.stack.up", lambda: type("Stack", (), dict.fromkeys(names, "x")))
    patch.setattr("infra.local.stack.down", lambda: None)
    return []


RUNS: dict[str, Arguments] = {
    "status": _plain(),
    "show": _of_invoice(),
    "plan": _of_invoice(),
    "audit": _plain(),
    "pdf": _saves_pdf,
    "doctor": _plain(),
    "push": _of_invoice(),
    "pull": _of_invoice(),
    "retry": _of_invoice(),
    "resolve": _plain("--all"),
    "ignore": _of_invoice(),
    "undo": _of_invoice("--dry-run"),
    "redrive": _plain("--all"),
    "backfill": _plain("--since", "2026-01-01", "--dry-run"),
    "reconcile": _plain(),
    "fees": _plain("--month", "2026-02"),
    "connect hubspot": _typed("pat-na1-sandbox"),
    "connect quickbooks": _consents,
    "disconnect": _plain("--connection", "c1", "--yes"),
    "settings show": _plain(),
    "settings check": _typed("{}", "-"),
    "settings apply": _typed("{}", "-"),
    "settings history": _plain(),
    "login-link": _plain(),
    "demo": _played,
    "up": _started,
    "down": _started,
}


def test_every_command_is_tried_with_json() -> None:
    assert set(RUNS) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_with_json_standard_output_is_exactly_one_document(
    line: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    arguments = RUNS[name](line, monkeypatch)
    ran = line.run(*name.split(), *arguments, "--json")
    assert ran.code in (0, 1), ran.err
    assert isinstance(ran.json, dict | list), ran.raw


# -- bad input


def _bad_values() -> list[tuple[str, str, str]]:
    """Command, option, and a value that it cannot take: of those options that take not any text."""
    found = []
    for command in ALL.values():
        for option in command.options:
            name = next((one for one in option.opts if one.startswith("--")), None)
            kind = _kind(option)
            if name is not None and kind:
                found.append((command.name, name, kind))
    return found


def _kind(option: Any) -> str:
    day = getattr(option, "metavar", None) in ("DAY", "DATE", "MONTH")
    named = option.name in ("code", "role", "take", "direction", "port", "version")
    return "nonsense" if day or named else ""


def test_there_are_options_that_can_be_wrong() -> None:
    assert len(_bad_values()) >= 14


@pytest.mark.parametrize(("name", "option", "value"), _bad_values())
def test_a_bad_value_is_one_line_that_names_the_option(line: CommandLine, name: str, option: str, value: str) -> None:
    required = {"plan": ["1"], "push": ["1"], "settings check": ["-"], "settings apply": ["-"]}.get(name, [])
    if name == "connect quickbooks":
        required = ["--connection", "c1"]
    ran = line.run(*name.split(), *required, option, value)
    assert (ran.code, ran.out) == (2, "")
    assert option in ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error ")


@pytest.mark.parametrize(
    "arguments", [("nope",), ("--nope",), ("status", "--nope"), ("status", "extra"), ("plan",), ("settings", "nope")]
)
def test_what_is_no_command_is_one_line_with_what_to_read(line: CommandLine, arguments: tuple[str, ...]) -> None:
    ran = line.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error ")
    assert "--help" in ran.err


@pytest.mark.parametrize("group", [(), ("connect",), ("settings",)])
def test_a_group_without_a_command_shows_its_help(line: CommandLine, group: tuple[str, ...]) -> None:
    ran = line.run(*group)
    assert "Usage: tieout" in ran.out + ran.err
    assert "error" not in ran.err.split()


def test_an_interruption_has_a_code_of_its_own(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.local.stack.down", interrupted)
    assert line.run("down").code == 130


def test_a_local_stack_that_does_not_start_is_one_line(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.local.tools import ToolFailed

    def fails() -> None:
        raise ToolFailed("no package index")

    monkeypatch.setattr("infra.local.stack.up", fails)
    ran = line.run("up")
    assert (ran.code, ran.out) == (2, "")
    assert "no package index" in ran.err
    assert local.up.__doc__
