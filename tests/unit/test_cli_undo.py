"""The command that undoes: shown first, done after a yes, told with what became of it."""

from __future__ import annotations

import io

import pytest

from infra.cli.options import actor
from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_undo import live
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause
from tieout.domain.record import State

RUN = "backfill-20260302-150000"


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a world of money."""
    wide(monkeypatch)
    return CommandLine(MoneyWorld(), capsys)


def world_of(line: CommandLine) -> MoneyWorld:
    """Its world."""
    assert isinstance(line.world, MoneyWorld)
    return line.world


def paid(line: CommandLine) -> tuple[str, str]:
    """An invoice with its payment, both in QuickBooks."""
    world = world_of(line)
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    return invoice, payment


def test_the_plan_is_shown_and_a_dry_run_changes_nothing(line: CommandLine) -> None:
    invoice, _ = paid(line)
    ran = line.run("undo", world_of(line).number(invoice), "--dry-run")
    assert ran.code == 0
    assert "payment 1" in ran.out or "payment" in ran.out
    assert ran.out.index("payment") < ran.out.index("invoice")
    assert "360.00 USD" in ran.out
    assert ran.out.endswith("Nothing was changed (--dry-run).")
    assert sorted(live(world_of(line))) == ["Invoice", "Payment"]


def test_nothing_is_done_where_nobody_can_be_asked(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice, _ = paid(line)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ran = line.run("undo", invoice)
    assert ran.code == 2
    assert "--yes" in ran.err
    assert len(live(world_of(line))) == 2


@pytest.mark.parametrize(("said", "left"), [("y\n", 0), ("n\n", 2)])
def test_it_asks_first(line: CommandLine, monkeypatch: pytest.MonkeyPatch, said: str, left: int) -> None:
    invoice, _ = paid(line)
    answer = io.StringIO(said)
    answer.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", answer)
    assert line.run("undo", invoice).code == (0 if left == 0 else 1)
    assert len(live(world_of(line))) == left


def test_what_was_taken_back_is_told_and_in_the_trail(line: CommandLine) -> None:
    invoice, payment = paid(line)
    ran = line.run("undo", invoice, "--yes", "--note", "Entered twice")
    assert ran.code == 0
    assert ran.out.endswith("2 document(s) were taken back. The trail (`tieout audit`) keeps them.")
    lines = line.run("audit", "--json", "--who", actor()).json["lines"]
    assert {one["action"] for one in lines} == {
        "took back payment",
        "undid payment",
        "voided invoice",
        "undid invoice",
    }
    assert world_of(line).record(invoice).detail == f"Undone by {actor()}. Entered twice"
    assert line.run("undo", f"payment:{payment}", "--yes").code == 0


def test_json_tells_every_document_and_what_was_refused(line: CommandLine) -> None:
    invoice, _ = paid(line)
    world = world_of(line)
    shown = line.run("undo", invoice, "--dry-run", "--json").json
    assert shown["dry_run"] is True
    [group] = shown["groups"]
    assert [(one["document"], one["how"], one["done"]) for one in group["documents"]] == [
        ("payment", "voided", False),
        ("invoice", "voided", False),
    ]
    other = world.synced()
    world.received("60.00", {other: "60.00"})
    refused = line.run("undo", other, "--yes", "--json")
    assert refused.code == 1
    [group] = refused.json["groups"]
    assert group["refused"]["code"] == "paid"
    done = line.run("undo", invoice, "--yes", "--json").json["groups"][0]
    assert [one["done"] for one in done["documents"]] == [True, True]


def test_what_stopped_it_half_way_is_on_standard_error(line: CommandLine) -> None:
    invoice, _ = paid(line)
    world_of(line).fault("timeout_after", path="/invoice$")
    ran = line.run("undo", invoice, "--yes")
    assert ran.code == 1
    assert "1 document(s) were taken back; then it stopped." in ran.err


def test_a_run_is_undone_as_a_whole_but_for_what_must_stay(line: CommandLine) -> None:
    world = world_of(line)
    made, theirs = world.invoice(), world.invoice()
    for id_ in (made, theirs):
        world.push(world.hint(id_, Cause.BACKFILL, trace_id=RUN))
    world.received("60.00", {theirs: "60.00"})
    ran = line.run("undo", RUN, "--yes")
    assert ran.code == 1
    assert f"{world.number(theirs)}: stays. QuickBooks invoice" in ran.out
    assert world.record(made).state is State.IGNORED
    assert world.record(theirs).state is State.SYNCED


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("backfill-x", "RUN"),
        ("backfill-20250101-000000", "Nothing in QuickBooks was made by backfill-20250101-000000."),
        ("payment:9", "keeps no record"),
    ],
)
def test_what_is_not_there_is_a_clear_line(line: CommandLine, target: str, says: str) -> None:
    ran = line.run("undo", target, "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_what_was_entered_in_quickbooks_is_nobodys_to_undo_here(line: CommandLine) -> None:
    world = world_of(line)
    invoice = world.synced()
    id_ = world.received("60.00", {invoice: "60.00"})
    world.pull(id_)
    ran = line.run("undo", f"qbo-payment:{id_}", "--yes")
    assert ran.code == 2
    assert "was entered in QuickBooks" in ran.err
