"""The trail as the command exports it: who did what, when, with what before and after."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from infra.cli.options import actor
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.ports import AuditEntry
from tieout.ports.audit import DEPLOYMENT


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a fresh world."""
    wide(monkeypatch)
    return CommandLine(World(), capsys)


def synced(world: World) -> str:
    """An invoice that is in sync."""
    id_ = world.invoice()
    world.sync(id_)
    return id_


def lines_of(line: CommandLine, *arguments: str) -> list[dict[str, object]]:
    """The lines as JSON."""
    found: list[dict[str, object]] = line.run("audit", "--json", *arguments).json["lines"]
    return found


def test_what_tieout_wrote_is_told_with_before_and_after_and_the_vendors_ids(line: CommandLine) -> None:
    world = line.world
    id_ = synced(world)
    world.edit(id_, hs_due_date="2026-04-30T00:00:00Z")
    world.sync(id_)
    updated, created = [one for one in lines_of(line) if one["action"] != "linked customer"]
    assert (created["action"], created["by"]) == ("created invoice", "tieout")
    assert created["changes"] == [{"field": "document", "before": "", "after": "invoice over 360.00 USD"}]
    assert updated["action"] == "updated invoice"
    assert updated["changes"] == [{"field": "due date", "before": "2026-03-31", "after": "2026-04-30"}]
    assert created["record"] == {"kind": "invoice", "origin": "hubspot", "id": id_}
    for one in (created, updated):
        assert one["request_id"]
        assert one["intuit_tid"]


def test_what_people_did_is_told_with_their_names(line: CommandLine) -> None:
    world = line.world
    id_ = synced(world)
    line.run("retry", id_)
    line.run("ignore", id_, "--note", "By hand")
    line.connecting.service.disconnect("c1", "Ada", "t")
    by = {str(one["action"]): one for one in lines_of(line)}
    assert by["asked for another look"]["by"] == actor()
    assert by["ignored invoice"]["changes"] == [{"field": "state", "before": "synced", "after": "ignored by_hand"}]
    assert by["ignored invoice"]["facts"] == {"note": "By hand"}
    assert by["paused connection"]["by"] == "Ada"
    assert [one["by"] for one in lines_of(line, "--who", "Ada")] == ["Ada", "Ada"]


def test_changed_settings_are_told_with_both_values(line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"push_invoices": false}'))
    assert line.run("settings", "apply", "-").code == 0
    [one] = lines_of(line)
    assert (one["action"], one["facts"]) == ("applied settings", {"version": "1"})
    assert {"field": "push_invoices", "before": "true", "after": "false"} in one["changes"]  # type: ignore[operator]


def test_one_record_alone(line: CommandLine) -> None:
    world = line.world
    one, other = synced(world), synced(world)
    found = lines_of(line, "--record", one)
    assert [entry["record"]["id"] for entry in found] == [one]  # type: ignore[index]
    assert other not in str(found)


def test_days_are_from_midnight_to_midnight_utc_both_included(line: CommandLine) -> None:
    trail, now = line.connecting.trail, line.world.clock.now()
    midnight = now.replace(hour=0, minute=0)
    for days in range(4):
        trail.add("c1", AuditEntry(midnight - timedelta(days=days), "Ada", f"{days}", "t"))
    day = f"{midnight - timedelta(days=2):%Y-%m-%d}"
    assert [one["action"] for one in lines_of(line, "--since", day, "--until", day)] == ["2"]
    assert [one["action"] for one in lines_of(line, "--until", day)] == ["2", "3"]


def test_several_pages_are_listed_whole_with_those_of_the_deployment_among_them(line: CommandLine) -> None:
    trail, now = line.connecting.trail, line.world.clock.now()
    for minutes in range(250):
        trail.add("c1", AuditEntry(now - timedelta(minutes=minutes), "Ada", "did", "t"))
    trail.add(DEPLOYMENT, AuditEntry(now - timedelta(minutes=100, seconds=1), "Bo", "made a link", "t"))
    found = lines_of(line)
    assert len(found) == 251
    assert (found[101]["by"], found[101]["connection"]) == ("Bo", None)
    assert len(lines_of(line, "--connection", "c1")) == 250


def test_csv_has_a_row_for_each_value_and_no_text_that_acts_as_a_formula(line: CommandLine) -> None:
    trail, now = line.connecting.trail, line.world.clock.now()
    trail.add("c1", AuditEntry(now, "Ada", '=HYPERLINK("x")', "t", {"request_id": "r", "note": "a"}))
    synced(line.world)
    ran = line.run("audit", "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.raw)))
    assert [row["action"] for row in rows if row["by"] == "Ada"] == ['\'=HYPERLINK("x")']
    [own] = [row for row in rows if row["by"] == "Ada"]
    assert (own["request_id"], own["facts"]) == ("r", "note=a")
    [created] = [row for row in rows if row["action"] == "created invoice"]
    assert (created["before"], created["after"]) == ("", "invoice over 360.00 USD")


def test_the_table_says_how_many_lines_there_are(line: CommandLine) -> None:
    id_ = synced(line.world)
    out = line.run("audit").out
    assert f"tieout created invoice c1 invoice/hubspot/{id_}" in out
    assert "document: - -> invoice over 360.00 USD" in out
    assert "line(s) from" in out


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--since", "2026-03-02", "--until", "2026-03-01"), "--since"),
        (("--since", "yesterday"), "--since"),
        (("--csv", "--json"), "--csv"),
    ],
)
def test_bad_input_names_the_option(line: CommandLine, arguments: tuple[str, ...], option: str) -> None:
    ran = line.run("audit", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert option in ran.err
