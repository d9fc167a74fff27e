"""Payments at the command line: listed, shown with their documents, retried and left alone."""

from __future__ import annotations

import pytest

from tests.support.builders_money_world import MoneyWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import BY_HAND, State


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(MoneyWorld(), capsys)


@pytest.fixture
def world(cli: CommandLine) -> MoneyWorld:
    assert isinstance(cli.world, MoneyWorld)
    return cli.world


def without_account(world: MoneyWorld) -> str:
    """A payment that needs a person."""
    world.settings(deposit_accounts={})
    payment = world.people.pay(world.synced())
    world.look(payment)
    return payment


def test_status_counts_payments_apart_and_names_those_that_need_a_person(cli: CommandLine, world: MoneyWorld) -> None:
    payment = without_account(world)
    ran = cli.run("status")
    assert ran.code == 1
    assert "│ invoice │ synced │ 1 │" in ran.out
    assert "│ payment │ attention │ 1 │" in ran.out
    assert f"payment:{payment} │ deposit_account_missing" in ran.out
    facts = cli.run("status", "--json").json["connections"][0]
    assert (facts["states"]["synced"], facts["payments"]["attention"]) == (1, 1)
    assert (facts["needs_a_person"][0]["kind"], facts["needs_a_person"][0]["id"]) == ("payment", payment)


def test_show_lists_the_documents_of_a_payment_with_links(cli: CommandLine, world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "60.00")
    world.look(payment)
    ran = cli.run("show", f"payment:{payment}")
    assert ran.code == 0
    assert "payment │" in ran.out
    assert "60.00 USD" in ran.out
    documents = cli.run("show", f"payment:{payment}", "--json").json["documents"]
    assert [one["document"] for one in documents] == ["payment", "refund receipt"]
    assert all(one["id"] in one["link"] for one in documents)


def test_a_payment_is_retried_by_name_and_by_code(cli: CommandLine, world: MoneyWorld) -> None:
    payment = without_account(world)
    for arguments in ((f"payment:{payment}",), ("--code", "deposit_account_missing")):
        assert cli.run("retry", *arguments).code == 0
        hint = [one for one in world.hints.queued if one.cause is Cause.RETRY][-1]
        assert (hint.object, hint.id, hint.cause) == (HintObject.HUBSPOT_PAYMENT, payment, Cause.RETRY)


def test_a_payment_is_left_alone_and_resolved(cli: CommandLine, world: MoneyWorld) -> None:
    payment = without_account(world)
    assert cli.run("resolve", f"payment:{payment}", "--note", "Entered").code == 0
    assert cli.run("ignore", f"payment:{payment}").code == 0
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.IGNORED, BY_HAND)
    actions = [one.action for one in world.records.trail(record.key)]
    assert {"ignored payment", "resolved payment"} <= set(actions)


def test_a_payment_that_tieout_does_not_know_is_not_found(cli: CommandLine) -> None:
    ran = cli.run("show", "payment:1")
    assert (ran.code, ran.err) == (2, "error Tieout keeps no record of 'payment:1'.")
