"""`tieout login-link`: whoever reaches the deployment lets one person in, once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine
from tests.support.console_world import ConsoleWorld
from tieout.domain.person import LONGEST_NAME, Role


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(World(), capsys, "https://tieout.example.test")


def test_the_link_signs_in_who_it_was_made_for(terminal: CommandLine) -> None:
    ran = terminal.run("login-link", "--role", "operator", "--name", "Ana Souza", "--json")
    assert ran.code == 0
    told = json.loads(ran.raw)
    assert (told["name"], told["role"], told["minutes"]) == ("Ana Souza", "operator", 15)
    assert told["url"].startswith("https://tieout.example.test/console/sign-in/")
    console = ConsoleWorld(terminal.world)
    console.sign_in.doors.tickets.update(terminal.doors.tickets)  # type: ignore[attr-defined]
    page = console.client().get(told["url"].removeprefix("https://tieout.example.test"))
    assert "Ana Souza" in page.submit().text
    [session] = console.doors.sessions.values()
    assert session.role is Role.OPERATOR


def test_the_link_stands_alone_on_standard_output_so_that_it_can_be_piped(terminal: CommandLine) -> None:
    ran = terminal.run("login-link")
    assert ran.out.startswith("https://tieout.example.test/console/sign-in/")
    assert " " not in ran.out
    assert "viewer" in ran.err
    [ticket] = terminal.doors.tickets.values()
    assert ticket.role is Role.VIEWER, "who may change things has to be said"
    assert ticket.expires_at - terminal.world.clock.now() == timedelta(minutes=15)


def test_no_ticket_is_stored_as_it_is(terminal: CommandLine) -> None:
    secret = terminal.run("login-link").out.rpartition("/")[2]
    assert len(secret) >= 43
    assert secret not in terminal.doors.tickets
    assert terminal.run("login-link").out.rpartition("/")[2] != secret


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), "a\nb", "a\x1b[31mb", "Tieout"])
def test_a_name_that_cannot_stand_in_the_trail_is_refused(terminal: CommandLine, name: str) -> None:
    ran = terminal.run("login-link", "--name", name)
    assert ran.code == 2
    assert "--name" in ran.err
    assert terminal.doors.tickets == {}


def test_a_name_is_told_as_it_is(terminal: CommandLine) -> None:
    ran = terminal.run("login-link", "--name", "Ana [/i] Souza")
    assert ran.code == 0
    assert "Signs Ana [/i] Souza in" in ran.err


def test_there_are_two_roles(terminal: CommandLine) -> None:
    assert terminal.run("login-link", "--role", "owner").code == 2
    assert terminal.doors.tickets == {}
