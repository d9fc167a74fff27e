"""Refunds entered in QuickBooks, confirmed at the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.builders_money_world import CLEARING, MoneyWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(MoneyWorld(), capsys)


@pytest.fixture
def world(cli: CommandLine) -> MoneyWorld:
    assert isinstance(cli.world, MoneyWorld)
    return cli.world


def entered(world: MoneyWorld, id_: str) -> str:
    """A refund receipt that was entered in QuickBooks for the customer of an invoice, and looked at."""
    receipt = str(world.bookkeeper.refund(world.customer_of(id_), Decimal("25.00"), CLEARING)["Id"])
    world.clock.advance(60)
    world.push(world.hint(receipt, object=HintObject.QUICKBOOKS_REFUND_RECEIPT))
    return receipt


def record_of(world: MoneyWorld, receipt: str) -> SyncRecord:
    found = world.records.get(RecordKey("c1", Kind.REFUND, "quickbooks", receipt))
    assert found is not None
    return found


def number_of(world: MoneyWorld, id_: str) -> str:
    return world.record(id_).label


@pytest.mark.parametrize("by", ["id", "number"])
def test_a_refund_is_confirmed_for_an_invoice_by_id_or_number(cli: CommandLine, world: MoneyWorld, by: str) -> None:
    id_ = world.synced()
    receipt = entered(world, id_)
    name = id_ if by == "id" else number_of(world, id_)
    ran = cli.run("resolve", f"refund:{receipt}", "--as", f"invoice:{name}", "--note", "Told by phone")
    assert (ran.code, ran.out) == (0, "Queued 1 record(s); `tieout status` shows what becomes of them.")
    [hint] = [one for one in world.hints.queued if one.cause is Cause.RETRY]
    assert (hint.object, hint.id) == (HintObject.QUICKBOOKS_REFUND_RECEIPT, receipt)
    world.run()
    assert record_of(world, receipt).state is State.SYNCED
    assert [one.amount.amount for one in world.record(id_).given_back] == [Decimal(25)]
    [entry] = [one for one in world.records.trail(record_of(world, receipt).key) if one.action == "confirmed refund"]
    assert entry.facts == {"hubspot_id": f"invoice:{id_}", "note": "Told by phone"}


def test_a_refund_is_confirmed_for_a_payment_that_hubspot_took_or_that_was_recorded_there(
    cli: CommandLine, world: MoneyWorld
) -> None:
    taken, paid = world.synced(), world.synced()
    payment = world.people.pay(taken, "50.00")
    world.look(payment)
    world.pull(world.received("50.00", {paid: "50.00"}))
    [recorded] = world.recorded(paid)
    for id_, own in ((taken, payment), (paid, recorded)):
        receipt = entered(world, id_)
        assert cli.run("resolve", f"refund:{receipt}", "--as", f"payment:{own}").code == 0
        world.run()
        assert record_of(world, receipt).state is State.SYNCED
        assert len(world.record(id_).given_back) == 1


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("payment:4711", "Tieout keeps no record of 'payment:4711'."),
        ("invoice:INV-0", "HubSpot has no invoice with the id or number 'INV-0'."),
        ("4711", "--as takes payment:ID or invoice:ID, not '4711'"),
        ("payment:", "--as takes payment:ID or invoice:ID, not 'payment:'"),
        ("refund:1", "--as takes payment:ID or invoice:ID, not 'refund:1'"),
    ],
)
def test_what_no_refund_can_give_back_is_said_and_nothing_is_kept(
    cli: CommandLine, world: MoneyWorld, named: str, says: str
) -> None:
    receipt = entered(world, world.synced())
    ran = cli.run("resolve", f"refund:{receipt}", "--as", named)
    assert ran.code == 2
    assert says in ran.err
    assert record_of(world, receipt).link is None


def test_only_one_refund_that_is_named_can_be_confirmed(cli: CommandLine, world: MoneyWorld) -> None:
    id_ = world.synced()
    first, second = entered(world, id_), entered(world, id_)
    for named in ((f"refund:{first}", f"refund:{second}"), (id_,), ("--code", "refund_in_quickbooks")):
        ran = cli.run("resolve", *named, "--as", f"invoice:{id_}")
        assert (ran.code, "--as is for one refund" in ran.err) == (2, True)
    assert record_of(world, first).link is None


def test_a_refund_cannot_be_resolved_without_saying_what_it_gives_back(cli: CommandLine, world: MoneyWorld) -> None:
    receipt = entered(world, world.synced())
    ran = cli.run("resolve", f"refund:{receipt}")
    assert (ran.code, "--as payment:ID" in ran.err) == (1, True)


def test_a_confirmed_refund_is_not_moved_to_another_invoice(cli: CommandLine, world: MoneyWorld) -> None:
    right, wrong = world.synced(), world.synced()
    receipt = entered(world, right)
    cli.run("resolve", f"refund:{receipt}", "--as", f"invoice:{right}")
    world.run()
    ran = cli.run("resolve", f"refund:{receipt}", "--as", f"invoice:{wrong}")
    assert (ran.code, f"confirmed as invoice:{right} already" in ran.err) == (1, True)
    assert not world.record(wrong).given_back
