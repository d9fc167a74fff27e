"""Taking one side's values at the command line."""

from __future__ import annotations

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def line(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(world, capsys)


def edited(world: World) -> tuple[str, str]:
    """An invoice that a bookkeeper changed in QuickBooks: id and number."""
    id_ = world.invoice()
    world.sync(id_)
    [row] = [one for one in world.booked() if one["DocNumber"] == world.number(id_)]
    world.rebook(row, DueDate="2026-05-01")
    world.push(world.ledger_hint(row))
    world.hints.pop_due(limit=100)
    return id_, world.number(id_)


def test_both_values_are_shown_with_the_ways_to_take_one(line: CommandLine, world: World) -> None:
    _, number = edited(world)
    ran = line.run("show", number)
    assert "due date" in ran.out
    assert "2026-03-31" in ran.out
    assert "2026-05-01" in ran.out
    assert "tieout resolve INVOICE --take hubspot or --take quickbooks" in ran.out
    told = line.run("show", number, "--json").json
    assert told["values"] == [{"field": "due date", "hubspot": "2026-03-31", "quickbooks": "2026-05-01"}]
    assert told["take"] == ["hubspot", "quickbooks"]


@pytest.mark.parametrize(("side", "due"), [("hubspot", "2026-03-31"), ("quickbooks", "2026-05-01")])
def test_a_side_is_taken_and_looked_at_as_a_persons_wish(line: CommandLine, world: World, side: str, due: str) -> None:
    id_, number = edited(world)
    ran = line.run("resolve", number, "--take", side, "--note", "As agreed")
    assert ran.code == 0
    assert "Queued 1 record(s)" in ran.out
    [hint] = world.hints.queued
    assert (hint.id, hint.cause) == (id_, Cause.RETRY)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.booked()[0]["DueDate"] == due
    told = line.run("show", number, "--json").json
    [entry] = [one for one in told["trail"] if one["action"].startswith("took")]
    assert entry["note"] == "As agreed"
    assert len(entry["changes"]) == 1
    assert "values" not in told


@pytest.mark.parametrize("arguments", [["--all"], ["--code", "edited_in_quickbooks"], ["INV-A", "INV-B"]])
def test_a_side_is_taken_of_one_named_invoice_only(line: CommandLine, world: World, arguments: list[str]) -> None:
    names = [edited(world)[1], edited(world)[1]]
    given = [names["AB".index(one[-1])] if one.startswith("INV") else one for one in arguments]
    ran = line.run("resolve", *given, "--take", "hubspot")
    assert ran.code == 2
    assert "--take is for one invoice" in ran.err
    assert world.hints.queued == []


def test_a_side_and_a_refunds_home_are_not_given_together(line: CommandLine, world: World) -> None:
    _, number = edited(world)
    ran = line.run("resolve", number, "--take", "hubspot", "--as", "invoice:1")
    assert (ran.code, "not with --as" in ran.err) == (2, True)


def test_what_cannot_be_taken_is_said(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    ran = line.run("resolve", world.number(id_), "--take", "hubspot")
    assert (ran.code, "does not need a person" in ran.err) == (1, True)
    assert line.run("resolve", id_, "--take", "xero").code == 2
