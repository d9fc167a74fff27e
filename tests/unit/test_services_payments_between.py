"""People and settings in between: what they do to a payment while it is posted is told, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_money_world import MoneyWorld, mirrored
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


# -- people and settings in between


def test_a_deposited_payment_that_hubspot_corrects_is_attention(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    row = world.one("Payment")
    world.bookkeeper.create(
        "Deposit",
        DepositToAccountRef={"value": "36"},
        Line=[{"Amount": Decimal(100), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}],
    )
    world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DEPOSITED_IN_QUICKBOOKS)
    assert world.one("Payment")["TotalAmt"] == 100


def test_an_edit_between_our_read_and_our_write_is_planned_again_with_the_fresh_state(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    real = world.ledger.post

    def post(*arguments: Any) -> Any:
        monkeypatch.setattr(world.ledger, "post", real)
        world.bookkeeper.change("Payment", world.one("Payment"), PrivateNote="Mine")
        return real(*arguments)

    monkeypatch.setattr(world.ledger, "post", post)
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["TotalAmt"] == 120


def test_a_payment_of_a_voided_invoice_is_a_credit_and_attention(world: MoneyWorld) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.clock.advance(60)
    world.bookkeeper.void("Invoice", world.one("Invoice"))
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.OVERPAYMENT)
    assert world.one("Payment")["UnappliedAmt"] == 360


def test_an_invoice_voided_after_its_payment_unapplies_it_and_that_is_told(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.clock.advance(60)
    world.bookkeeper.void("Invoice", world.one("Invoice"))
    world.push(world.posted_hint("payment", world.one("Payment")["Id"]))
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "applied to Invoice" in record.detail


def test_switched_off_nothing_is_posted_and_nothing_of_a_posted_payment_is_forgotten(world: MoneyWorld) -> None:
    posted, new = world.people.pay(world.synced()), world.people.pay(world.synced())
    world.look(posted)
    world.people.refund(posted, "100.00")
    world.settings(push_payments=False)
    assert (world.look(new).state, world.look(new).reason) == (State.IGNORED, "switched_off")
    record = world.look(posted)
    assert (record.state, record.reason) == (State.WAITING, "switched_off")
    world.settings()
    world.clock.advance(timedelta(hours=7).total_seconds())
    world.run()
    assert {world.payment(one).state for one in (posted, new)} == {State.SYNCED}
    assert world.counts() == {"Payment": 2, "RefundReceipt": 1}


def test_a_missing_account_is_attention_until_the_setting_names_it(world: MoneyWorld) -> None:
    world.settings(deposit_accounts={})
    payment = world.people.pay(world.synced())
    assert world.look(payment).reason == AttentionCode.DEPOSIT_ACCOUNT_MISSING
    world.settings()
    assert world.look(payment, Cause.RETRY).state is State.SYNCED


def test_one_bad_payment_does_not_stop_its_neighbours(world: MoneyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = world.people.pay(world.synced()), world.people.pay(world.synced())
    real = world.crm.payments

    def read(ids: Any) -> Any:
        return {id_: object() if id_ == bad else one for id_, one in real(ids).items()}

    monkeypatch.setattr(world.crm, "payments", read)
    outcomes = world.push(world.pay_hint(good), world.pay_hint(bad))
    assert [one.result for one in outcomes] == ["handled", "failed"]
    assert world.payment(good).state is State.SYNCED
    monkeypatch.setattr(world.crm, "payments", real)
    world.run()
    assert world.payment(bad).state is State.SYNCED


def test_a_refund_that_a_person_changed_before_its_lost_answer_was_looked_for_stays_and_is_told(
    world: MoneyWorld,
) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "100.00", slow=False)
    world.fault("timeout_after", path="/refundreceipt$")
    assert world.look(payment).state is State.VERIFYING
    row = world.one("RefundReceipt")
    [line] = [one for one in row["Line"] if "SalesItemLineDetail" in one]
    detail = {**line["SalesItemLineDetail"], "Qty": 1, "UnitPrice": 90}
    world.bookkeeper.change("RefundReceipt", row, Line=[{**line, "Amount": 90, "SalesItemLineDetail": detail}])
    world.run()
    assert world.one("RefundReceipt")["TotalAmt"] == 90
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)


# -- echoes of what Tieout recorded in HubSpot


def test_a_payment_that_tieout_recorded_in_hubspot_is_told_to_the_other_worker_and_never_pushed(
    world: MoneyWorld,
) -> None:
    mirror, posting = mirrored(world, "777")
    before = world.calls
    echo = world.pay_hint("777")
    assert posting.updated_at == echo.occurred_at
    assert [one.result for one in world.push(echo)] == ["not_ours"]
    assert not world.hints.pop_due()
    world.clock.advance(60)
    assert [one.result for one in world.push(world.pay_hint("777"))] == ["not_ours"]
    [told] = world.hints.pop_due()
    assert (told.object.value, told.id, told.cause) == ("quickbooks.payment", mirror.origin_id, Cause.AGAIN)
    assert world.calls == before
