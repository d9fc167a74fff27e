"""The command that sends dead letters again."""

from __future__ import annotations

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.domain.record import State


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a world with one dead letter about an invoice that fails, and rubbish in another queue."""
    wide(monkeypatch)
    line = CommandLine(World(), capsys)
    world = line.world
    id_ = world.invoice()
    record = world.sync(id_)
    world.records.put(record.to(State.PLANNED).to(State.WAITING, reason="internal_error"))
    line.letters.bury("invoice_push", world.hint(id_).to_json())
    line.letters.bury("payment_pull", "rubbish", "not a hint")
    return line


def test_dead_letters_are_shown_with_what_is_known_of_them_and_sent_again(line: CommandLine) -> None:
    shown = line.run("redrive", "invoice_push", "--dry-run")
    assert shown.code == 0
    assert "would be sent again" in shown.out
    assert "something went wrong inside Tieout" in shown.out
    assert line.letters.sent == []
    ran = line.run("redrive", "--all")
    assert ran.code == 1
    assert "payment_pull: stays: nobody can work on it: rubbish" in ran.out
    assert ran.out.endswith("2 dead letter(s): 1 sent again, 1 cannot be worked on.")
    assert [queue for queue, _ in line.letters.sent] == ["invoice_push"]


def test_redrive_as_json(line: CommandLine) -> None:
    facts = line.run("redrive", "--all", "--json").json
    assert facts["dry_run"] is False
    assert [(one["queue"], one["outcome"], one["reason"]) for one in facts["letters"]] == [
        ("invoice_push", "sent", "internal_error"),
        ("payment_pull", "not_a_hint", None),
    ]
    assert facts["letters"][0]["hint"]["trace_id"] == "trace"


def test_what_was_sent_before_the_queue_failed_is_told(line: CommandLine) -> None:
    line.letters.bury("payment_push", line.world.hint("9").to_json())
    line.letters.dies = "delete"
    ran = line.run("redrive", "--all", "--json")
    assert ran.code == 2
    assert ran.json["letters"] == []
    assert ran.err.startswith("error AWS:")


@pytest.mark.parametrize(("arguments", "says"), [((), "--all"), (("x",), "invoice_push"), (("x", "--all"), "one of")])
def test_bad_input_is_told_with_what_to_do(line: CommandLine, arguments: tuple[str, ...], says: str) -> None:
    ran = line.run("redrive", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "QUEUE" in ran.err
    assert says in ran.err


def test_a_queue_may_be_named_as_status_shows_it(line: CommandLine) -> None:
    assert line.run("redrive", "invoice push").code == 0
    assert len(line.letters.sent) == 1
