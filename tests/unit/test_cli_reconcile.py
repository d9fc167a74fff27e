"""`tieout reconcile` over both sandboxes: what it prints, and how it ends."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tests.support.builders import usd
from tests.support.builders_money_world import MoneyWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost
from tieout.domain.record import Kind, RecordKey, State
from tieout.domain.tie_out import Equation, Finding, TieOut
from tieout.ports import Workspace
from tieout.services.drift_report import as_csv
from tieout.services.reconcile import Report


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(MoneyWorld(), capsys)


@pytest.fixture
def world(cli: CommandLine) -> MoneyWorld:
    assert isinstance(cli.world, MoneyWorld)
    return cli.world


def test_everything_that_ties_out_ends_with_0_and_shows_the_figures(cli: CommandLine, world: MoneyWorld) -> None:
    world.look(world.people.pay(world.synced(), "100.00"))
    ran = cli.run("reconcile")
    assert ran.code == 0
    assert "1 invoice(s) tie out." in ran.out
    assert "│ received │ 100.00 │ 100.00 │ │" in ran.out
    assert "│ open │ 260.00 │ 260.00 │ │" in ran.out


def test_what_does_not_hold_is_listed_with_figures_and_reason_and_ends_with_1(
    cli: CommandLine, world: MoneyWorld
) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice, "100.00")
    ran = cli.run("reconcile", "--connection", "c1")
    assert ran.code == 1
    assert f"{world.number(invoice)} │ received │ 100.00 USD / 0.00 USD │ HubSpot payment {payment}" in ran.out
    assert "1 of 1 invoice(s) do not tie out." in ran.out
    assert "-100.00" in ran.out


def test_json_says_the_same_with_amounts_as_texts(cli: CommandLine, world: MoneyWorld) -> None:
    world.people.pay(world.synced(), "100.00")
    ran = cli.run("reconcile", "--json")
    [report] = ran.json["connections"]
    assert (ran.code, report["ties_out"], report["invoices"], report["not_looked_at"]) == (1, False, 1, 0)
    assert report["totals"]["USD"]["billed"] == {"hubspot": "360.00", "quickbooks": "360.00"}
    [finding] = report["findings"]
    assert (finding["equation"], finding["left"], finding["right"]) == ("received", "100.00", "0.00")


def test_a_connection_that_cannot_be_read_does_not_keep_the_others_from_being_compared(
    cli: CommandLine, world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.synced()
    world.connections.add_connection(Connection("a0", "1", "11"))
    opened = world.open
    monkeypatch.setattr(world, "open", lambda id_: lost() if id_ == "a0" else opened(id_))
    ran = cli.run("reconcile")
    assert ran.code == 1
    assert "Connection a0 was not compared: sign in again" in ran.err
    assert "1 invoice(s) tie out." in ran.out
    ran = cli.run("reconcile", "--json")
    assert (ran.code, ran.json["not_compared"]) == (1, ["a0"])
    assert [one["connection"] for one in ran.json["connections"]] == ["c1"]


def lost() -> Workspace:
    raise ConnectionLost("sign in again")


def test_invoices_that_are_left_alone_are_counted_and_not_compared(cli: CommandLine, world: MoneyWorld) -> None:
    invoice = world.synced()
    world.people.pay(invoice, "100.00")
    assert cli.run("ignore", invoice).code == 0
    ran = cli.run("reconcile")
    assert ran.code == 0
    assert "1 invoice(s) in QuickBooks are ignored, and were not compared." in ran.out
    assert cli.run("reconcile", "--json").json["connections"][0]["left_alone"] == 1


def test_only_invoices_since_a_day_are_looked_at(cli: CommandLine, world: MoneyWorld) -> None:
    world.people.pay(world.synced())
    assert cli.run("reconcile", "--since", "2026-03-02").code == 0
    assert cli.run("reconcile", "--since", "soon").code == 2


def test_a_spreadsheet_gets_a_row_a_finding_and_no_formula() -> None:
    finding = Finding(Equation.BILLED, "=1+1", usd("-5.00"), usd("5.00"))
    one = TieOut(RecordKey("c1", Kind.INVOICE, "hubspot", "42"), "@INV", State.SYNCED, None, (finding,))
    report = Report("c1", MoneyWorld().clock.now(), (one, replace(one, findings=())))
    header, row = csv.reader(io.StringIO(as_csv(report)))
    assert header[:4] == ["invoice", "hubspot_id", "state", "equation"]
    assert row == ["'@INV", "42", "synced", "billed", "-5.00", "5.00", "USD", "'=1+1", ""]
