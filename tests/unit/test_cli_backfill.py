"""`tieout backfill`: the plan is printed and asked about, carried out, and told by outcome."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from infra.cli import backfill_show
from tests.support.builders_backfill_world import RUN, BackfillWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Hint
from tieout.domain.record import State
from tieout.services.backfill import Step
from tieout.services.outcome import Outcome
from tieout.services.push_invoices import PushInvoices


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()


@pytest.fixture
def cli(world: BackfillWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(world, capsys)


def answer(monkeypatch: pytest.MonkeyPatch, yes: bool) -> list[str]:
    """The person's answer; gives what they were asked."""
    asked: list[str] = []

    def confirm(text: str) -> bool:
        asked.append(text)
        return yes

    monkeypatch.setattr("typer.confirm", confirm)
    return asked


def test_a_dry_run_prints_every_invoice_with_its_fields_and_writes_nothing(
    world: BackfillWorld, cli: CommandLine
) -> None:
    made, adopted = world.invoice(), world.invoice()
    world.invoice(status="draft")
    row, own = world.by_hand(adopted), world.billed(TxnDate="2026-03-01", DocNumber="QB-7")
    records, booked = list(world.records), len(world.booked())
    asked = len(world.hubspot.traffic.exchanges)
    ran = cli.run("backfill", "--since", "2026-01-01", "--dry-run")
    asked_for = world.hubspot.traffic.exchanges[asked:]
    assert ran.code == 0
    assert f"+ {world.number(made)} 2026-03-01 Acme" in ran.out
    assert "360.00 USD create" in ran.out
    assert "due date: (empty) -> 2026-03-31" in ran.out
    assert "line 1: (empty) -> Services: 3 x 120 = 360.00" in ran.out
    assert f"= {world.number(adopted)}" in ran.out
    assert f"adopt (QuickBooks id {row['Id']})" in ran.out
    assert "The invoice is still a draft." in ran.out
    assert "+ QB-7 2026-03-01" in ran.out
    assert "To be adopted as they stand" in ran.out
    assert "Metered reads of QuickBooks: " in ran.out
    assert (list(world.records), len(world.booked())) == (records, booked)
    assert len(world.hints) == 0
    assert {one.url.rpartition("/")[2] for one in asked_for} <= {"search", "read"}
    assert own["Id"]


def test_the_plan_is_asked_about_and_nothing_is_done_without_a_yes(
    world: BackfillWorld, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.invoice()
    asked = answer(monkeypatch, yes=False)
    ran = cli.run("backfill", "--since", "2026-01-01")
    assert asked == ["Carry this out?"]
    assert ran.code == 0
    assert "Nothing was done." in ran.out
    assert world.booked() == []
    assert list(world.records) == []


def test_a_yes_carries_it_out_and_tells_by_outcome(
    world: BackfillWorld, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, adopted = world.invoice(), world.invoice()
    world.by_hand(adopted)
    world.billed(TxnDate="2026-03-01")
    answer(monkeypatch, yes=True)
    ran = cli.run("backfill", "--since", "2026-01-01")
    assert ran.code == 0, ran.out
    assert "to HubSpot │ created │ 1 │ 360.00 USD" in ran.out
    assert "to QuickBooks │ adopted │ 1 │ 360.00 USD" in ran.out
    assert "to QuickBooks │ created │ 1 │ 360.00 USD" in ran.out
    assert world.record(made).state is world.record(adopted).state is State.SYNCED
    assert world.record(made).run.startswith("backfill-202603")


def test_scripts_say_yes_and_read_json(world: BackfillWorld, cli: CommandLine) -> None:
    good, bad = world.invoice(), world.invoice(product="Unheard of")
    ran = cli.run("backfill", "--since", "2026-01-01", "--yes", "--json", "--run", RUN)
    assert ran.code == 1
    assert ran.json["run"] == RUN
    assert ran.json["metered_reads"] > 0
    outcomes = {one["id"]: one["outcome"] for one in ran.json["done"]}
    assert outcomes == {good: "created", bad: "needs a person: item_missing"}
    assert world.record(good).run == RUN
    assert cli.run("backfill", "--since", "2026-01-01", "--json").code == 2


def test_a_dry_run_as_json_and_as_files(world: BackfillWorld, cli: CommandLine, tmp_path: Path) -> None:
    made = world.invoice(company=world.company("=cmd()"))
    ran = cli.run(
        "backfill", "--since", "2026-01-01", "--dry-run", "--json", "--run", RUN, "--save", str(tmp_path / "plans")
    )
    assert ran.code == 0
    [one] = ran.json["invoices"]
    assert (one["id"], one["what"], one["direction"], one["total"], one["currency"]) == (
        made,
        "create",
        "to_quickbooks",
        "360.00",
        "USD",
    )
    assert {"field": "invoice date", "from": "", "to": "2026-03-01"} in one["changes"]
    saved = json.loads((tmp_path / "plans" / f"{RUN}-c1.json").read_text())
    assert saved["invoices"] == ran.json["invoices"]
    with (tmp_path / "plans" / f"{RUN}-c1.csv").open(newline="") as file:
        [line] = list(csv.DictReader(file))
    assert (line["what"], line["number"], line["total"], line["customer"]) == (
        "create",
        world.number(made),
        "360.00",
        "'=cmd()",
    )


def test_what_needs_a_person_is_told_before_and_gives_another_exit_code(world: BackfillWorld, cli: CommandLine) -> None:
    made = world.invoice()
    world.by_hand(made, DocNumber="1043")
    ran = cli.run("backfill", "--since", "2026-01-01", "--dry-run")
    assert ran.code == 1
    assert "adoption_unclear" in ran.out
    assert "Customer, date and total are the same, but not the number" in ran.out


def test_directions_go_by_the_settings(world: BackfillWorld, cli: CommandLine) -> None:
    made, row = world.invoice(), world.billed(TxnDate="2026-03-01")
    world.settings(pull_invoices=False)
    ran = cli.run("backfill", "--since", "2026-01-01", "--dry-run", "--json")
    assert [one["id"] for one in ran.json["invoices"]] == [made]
    refused = cli.run("backfill", "--since", "2026-01-01", "--dry-run", "--direction", "to_hubspot")
    assert (refused.code, "pull_invoices" in refused.err) == (2, True)
    assert cli.run("backfill", "--since", "2026-01-01", "--direction", "both").code == 2
    world.settings(pull_invoices=True, push_invoices=False)
    ran = cli.run("backfill", "--since", "2026-01-01", "--dry-run", "--json")
    assert [one["id"] for one in ran.json["invoices"]] == [str(row["Id"])]
    world.settings(pull_invoices=False, push_invoices=False)
    assert cli.run("backfill", "--since", "2026-01-01", "--dry-run").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", "2026-01-01", "--run", "mine"),
        ("--since", "2026-01-01", "--direction", "up"),
    ],
)
def test_what_makes_no_sense_is_refused(cli: CommandLine, arguments: Sequence[str]) -> None:
    assert cli.run("backfill", *arguments).code == 2


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The person presses it when so many batches are done."""
    push, done = PushInvoices.push, count()

    def pushed(self: PushInvoices, hints: Sequence[Hint], deadline: Any = None) -> Sequence[Outcome]:
        if next(done) >= after:
            raise KeyboardInterrupt
        return push(self, hints, deadline)

    monkeypatch.setattr(PushInvoices, "push", pushed)


def test_who_presses_ctrl_c_is_told_how_to_go_on(
    world: BackfillWorld, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [world.invoice() for _ in range(5)]
    with monkeypatch.context() as patch:
        patch.setattr("tieout.services.backfill_run._BATCH", 2)
        press_ctrl_c(patch, after=1)
        ran = cli.run("backfill", "--since", "2026-01-01", "--yes", "--run", RUN)
    assert ran.code == 1
    assert f"--run {RUN}" in ran.err
    assert "left to do │ 3" in ran.out
    assert len(world.booked()) == 2
    ran = cli.run("backfill", "--since", "2026-01-01", "--yes", "--run", RUN)
    assert ran.code == 0
    assert len(world.booked()) == 5
    assert {world.record(one).run for one in made} == {RUN}


def test_a_lost_connection_says_so(world: BackfillWorld, cli: CommandLine) -> None:
    world.invoice()
    world.fault("status_401", times=50, path="/v3/.*invoice")
    ran = cli.run("backfill", "--since", "2026-01-01", "--yes")
    assert ran.code == 1
    assert ran.err


def test_every_step_and_outcome_has_words() -> None:
    assert set(backfill_show._SIGNS) == set(backfill_show._STEPS) == set(Step)
