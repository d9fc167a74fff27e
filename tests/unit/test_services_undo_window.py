"""What a person does to a document after an undo was planned, and before it is written: nothing of theirs is voided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.builders_money_world import UNDEPOSITED, MoneyWorld
from tests.support.builders_undo import invoice_key, live, payment_key, planned, undone
from tieout.domain.planning.undo import Hindrance
from tieout.domain.record import State
from tieout.services.posting import look_at


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def before_last_read(world: MoneyWorld, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` happens once, just before the invoice is read to be voided."""
    read, left = type(world.ledger).invoice, [act]

    def reading(ledger: Any, id_: str) -> Any:
        if left:
            left.pop()()
        return read(ledger, id_)

    monkeypatch.setattr(type(world.ledger), "invoice", reading)


@pytest.mark.parametrize("what", ["edited", "paid", "voided"])
def test_an_invoice_that_a_person_touches_at_the_last_moment_stays(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    invoice = world.synced()
    row = world.one("Invoice")
    acts: dict[str, Callable[[], object]] = {
        "edited": lambda: world.rebook(row, DueDate="2026-05-31"),
        "paid": lambda: world.received("60.00", {invoice: "60.00"}),
        "voided": lambda: world.unbook(row, "void"),
    }
    before_last_read(world, monkeypatch, acts[what])
    found = undone(world, invoice_key(invoice))
    if what == "voided":
        # Gone is gone: it is what was wanted.
        assert found.stopped is None
        return
    assert found.done == ()
    assert found.stopped is not None
    assert found.stopped.why is {"edited": Hindrance.EDITED, "paid": Hindrance.PAID}[what]
    assert "Invoice" in live(world)
    assert world.record(invoice).state is State.SYNCED
    assert world.record(invoice).left_alone is None


def test_an_invoice_that_is_paid_while_its_own_payment_is_taken_back_stays_and_is_told(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    before_last_read(world, monkeypatch, lambda: world.received("60.00", {invoice: "60.00"}))
    found = undone(world, invoice_key(invoice))
    assert [step.document for step in found.done] == ["payment"]
    assert found.stopped is not None
    assert found.stopped.why is Hindrance.PAID
    assert sorted(live(world)) == ["Invoice", "Payment"]


@pytest.mark.parametrize("what", ["edited", "deposited"])
def test_a_payment_that_a_person_touches_at_the_last_moment_stays(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    world.settings(deposit_accounts={"hs_payments": UNDEPOSITED})
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    plan = planned(world, payment_key(payment)).plan
    assert isinstance(plan, tuple), plan
    row = world.one("Payment")

    def touch() -> None:
        if what == "deposited":
            world.bookkeeper.deposit("35", [row["Id"]])
        else:
            fields = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "PaymentRefNum": "by hand"}
            world.book("Payment", fields)

    reads = [0]

    def looking(*asked: Any) -> Any:
        reads[0] += 1
        # The first is that of `planned`, the second that of the plan under the claim.
        if reads[0] == 3:
            touch()
        return look_at(*asked)

    monkeypatch.setattr("tieout.services.undo.look_at", looking)
    found = undone(world, payment_key(payment))
    assert reads[0] == 3
    assert found.done == ()
    assert found.stopped is not None
    assert found.stopped.why is {"edited": Hindrance.EDITED, "deposited": Hindrance.DEPOSITED}[what]
    assert "Payment" in live(world)
    assert world.payment(payment).state is State.SYNCED
