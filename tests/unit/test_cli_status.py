"""`tieout status`: how much is where, what needs a person, and which way documents go."""

from __future__ import annotations

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.domain.record import State
from tieout.domain.settings import Settings
from tieout.domain.settings_document import BadSettings


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a fresh world."""
    wide(monkeypatch)
    return CommandLine(World(), capsys)


@pytest.fixture
def world(line: CommandLine) -> World:
    """What the terminal stands in front of."""
    return line.world


def unknown_product(world: World) -> str:
    """An invoice that needs a person, because QuickBooks does not have its product."""
    id_ = world.invoice(product="Drone")
    assert world.sync(id_).state is State.ATTENTION
    return id_


def test_status_counts_states_and_says_what_needs_a_person(line: CommandLine, world: World) -> None:
    world.sync(world.invoice())
    needy = unknown_product(world)
    ran = line.run("status")
    assert ran.code == 1
    assert "synced" in ran.out
    assert world.number(needy) in ran.out
    assert "item_missing" in ran.out
    facts = line.run("status", "--json").json
    [connection] = facts["connections"]
    assert (connection["states"]["synced"], connection["states"]["attention"]) == (1, 1)
    assert [one["invoice_id"] for one in connection["needs_a_person"]] == [needy]
    assert facts["queues"] == {"invoice push": 0, "dead letters": 0}


def test_status_is_fine_while_nothing_needs_a_person(line: CommandLine, world: World) -> None:
    world.sync(world.invoice())
    assert line.run("status").code == 0


def test_a_dead_letter_needs_a_person(line: CommandLine) -> None:
    line.queues = {"invoice push": 0, "dead letters": 1}
    assert line.run("status").code == 1


def test_status_is_shown_also_when_the_settings_cannot_be_read(
    line: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync(world.invoice())

    def unreadable(_: str) -> Settings:
        raise BadSettings([("of_another_version", "unknown setting")])

    monkeypatch.setattr(world.connections, "settings", unreadable)
    ran = line.run("status")
    assert (ran.code, "Directions: unknown" in ran.out, "Queues" in ran.out) == (0, True, True)
    assert line.run("status", "--json").json["connections"][0]["directions"] is None


def test_status_says_which_way_invoices_and_payments_go(line: CommandLine, world: World) -> None:
    world.settings(invoices="both", payments="to_quickbooks")
    assert "Directions: invoices both ways, payments to QuickBooks only." in line.run("status").out
    [facts] = line.run("status", "--json").json["connections"]
    assert facts["directions"] == {"invoices": "both", "payments": "to_quickbooks"}


def test_status_shows_the_metered_reads_of_the_month_and_the_last_complete_sweep(
    line: CommandLine, world: World
) -> None:
    assert line.run("status", "--json").json["connections"][0]["last_complete_sweep"] is None
    world.sweep()
    world.meter.flush()
    facts = line.run("status", "--json").json
    [connection] = facts["connections"]
    assert connection["last_complete_sweep"] == str(world.clock.now())
    assert facts["metered_reads"] == connection["metered_reads"]
    assert facts["metered_reads"]["so_far"] == 1
    assert facts["metered_reads"]["projected"] > 1
    assert facts["metered_reads"]["included"] == 500_000
    out = line.run("status").out
    assert "500,000 included" in out
    assert f"{world.clock.now():%Y-%m-%d %H:%M:%S} UTC" in out


def test_what_a_command_reads_is_counted(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    line.run("plan", id_)
    reads = line.run("status", "--json").json["metered_reads"]["so_far"]
    assert reads == world.meter.counted > 0


def test_status_shows_what_waits_and_until_when(line: CommandLine, world: World) -> None:
    world.fault("status_500", times=10)
    id_ = world.invoice()
    assert world.sync(id_).state is State.VERIFYING
    ran = line.run("status", "--json")
    [waiting] = ran.json["connections"][0]["waiting"]
    assert ran.code == 0
    assert (waiting["invoice_id"], waiting["reason"]) == (id_, "outcome_unknown")
    assert waiting["due_at"]
