"""QuickBooks payments that people change or delete in HubSpot in between, and what settings and time decide."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_recorded import amounts, edit
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.payment import SourcePayment
from tieout.domain.record import State
from tieout.ports import PreparedWrite
from tieout.services.decisions import concerned_by_settings


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


# -- people in between


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_a_persons_change_of_a_recorded_payment_is_attention_and_stays(world: MoneyWorld, act: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    [mirror] = world.recorded(id_)
    if act == "edit":
        edit(world, mirror, hs_reference_number="mine")
    else:
        world.people.archive("commerce_payments", mirror)
    world.clock.advance(60)
    world.push(world.pay_hint(mirror))
    world.run()
    code = AttentionCode.EDITED_IN_HUBSPOT if act == "edit" else AttentionCode.RECORDED_PAYMENT_DELETED
    assert (world.pulled(payment).state, world.pulled(payment).reason) == (State.ATTENTION, code)
    assert len(world.recorded(id_)) == (act == "edit")


def test_a_retry_records_a_deleted_payment_again(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    [mirror] = world.recorded(id_)
    world.people.archive("commerce_payments", mirror)
    assert world.pull(payment).state is State.ATTENTION
    assert world.pull(payment, Cause.RETRY).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "sweep"])
def test_a_recorded_payment_that_tieout_deleted_and_a_person_restores_is_told(world: MoneyWorld, told: bool) -> None:
    invoice = world.synced()
    payment = world.received("360.00", {invoice: "360.00"})
    world.pull(payment)
    [mirror] = world.recorded(invoice)
    world.clock.advance(60)
    [row] = [row for row in world.booked("Payment") if row["Id"] == payment]
    world.bookkeeper.delete("Payment", row)
    world.pull(payment)
    # HubSpot tells of our own deletion, too, and that is no news.
    world.push(world.pay_hint(mirror))
    world.run()
    world.sweep()
    world.run()
    assert world.payment(mirror).state is State.IGNORED
    world.clock.advance(900)
    world.people.restore("commerce_payments", mirror)
    if told:
        world.push(world.pay_hint(mirror))
    else:
        world.sweep()
    world.run()
    record = world.payment(mirror)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)
    assert f"QuickBooks payment {payment}" in record.detail
    world.clock.advance(60)
    world.people.archive("commerce_payments", mirror)
    world.push(world.pay_hint(mirror))
    assert world.payment(mirror).state is State.IGNORED
    assert world.pulled(payment).state is State.IGNORED


def test_a_payment_deleted_between_our_read_and_our_write_is_told(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    update = world.crm.update_payment

    def meanwhile(mirror_id: str, write: PreparedWrite) -> SourcePayment:
        world.people.archive("commerce_payments", mirror_id)
        return update(mirror_id, write)

    monkeypatch.setattr(world.crm, "update_payment", meanwhile)
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.RECORDED_PAYMENT_DELETED)


def test_money_of_a_deleted_invoice_is_a_persons_decision(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.delete(id_)
    world.sync(id_)
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_HUBSPOT)


# -- accounts that take no recorded payments


def test_switched_off_nothing_is_written_and_what_is_recorded_waits(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.settings(pull_payments=False)
    assert world.pull(payment).reason == "switched_off"
    world.settings()
    world.pull(payment, Cause.RETRY)
    world.settings(pull_payments=False)
    world.bookkeeper.unapply(payment)
    record = world.pull(payment)
    assert record.due_at is not None
    assert amounts(world, id_) == [Decimal(100)]
    world.settings()
    world.run()
    assert amounts(world, id_) == []


def test_no_step_is_begun_after_the_deadline(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.push(world.pull_hint(payment), deadline=world.clock.now() - timedelta(seconds=1))
    assert amounts(world, id_) == []
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_hints_that_a_payment_changed_reach_its_invoices_once_for_each_version(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    told = [hint for hint in world.hints.queued if hint.object is HintObject.QUICKBOOKS_INVOICE]
    assert [hint.id for hint in told] == [world.far_id(id_)]
    world.run()
    world.pull(payment, Cause.DUE)
    assert not world.hints.queued


def test_other_settings_have_payments_looked_at_again_that_were_left_out_because_of_them(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.settings(record_payments_in_hubspot=False)
    payment = world.received("100.00", {id_: "100.00"})
    assert world.pull(payment).reason == "not_recorded"
    unrelated = world.received("10.00", customer=world.customer_of(id_))
    world.pull(unrelated)
    assert concerned_by_settings(world.records, "c1") == {world.pulled(payment).key: Cause.RETRY}
