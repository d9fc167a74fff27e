"""QuickBooks payments whose recording goes wrong: lost answers, crashes, outages, accounts that take none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from infra.sandbox.hubspot.object_types import COMMERCE_SCOPE, all_scopes
from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_recorded import amounts, hubspot_calls
from tests.support.builders_world import OBJECTS, VENDOR_TIMEOUT
from tieout.domain.attention import AttentionCode
from tieout.domain.claim import ClaimVerdict
from tieout.domain.errors import NeedsAttention
from tieout.domain.hint import Cause
from tieout.domain.payment import PaymentStatus, SourcePayment
from tieout.domain.record import State
from tieout.ports import PreparedWrite
from tieout.services.claims import LEASE
from tieout.services.outcome import Result

CREATE = "/commerce_payments$"

ONE = "/commerce_payments/"

LOST = ["timeout_after", "timeout_before", "status_500"]


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


# -- lost answers, crashes, outages


@pytest.mark.parametrize("kind", LOST)
def test_after_a_lost_answer_there_is_one_recorded_payment_whatever_had_happened(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault(kind, CREATE, method="POST")
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.VERIFYING, "outcome_unknown")
    assert record.intent is not None
    assert record.due_at == record.intent.stored_at + VENDOR_TIMEOUT
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_recorded_payment_that_cannot_be_read_is_told_and_not_recorded_once_more(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    with monkeypatch.context() as unknown:
        # HubSpot makes something of what was sent that nobody knows yet.
        unknown.setattr(PaymentStatus, "_value2member_map_", {})
        assert world.pull(payment).state is State.VERIFYING
        world.run()
        record = world.pulled(payment)
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)
        assert "hs_latest_status" in record.detail
    assert amounts(world, id_) == [Decimal(100)]
    assert world.pull(payment, Cause.RETRY).state is State.SYNCED


@pytest.mark.parametrize("kind", LOST)
def test_a_correction_whose_answer_was_lost_stands_in_the_end(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    world.hubspot_fault(kind, ONE, method="PATCH")
    assert world.pull(payment).state is State.VERIFYING
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(70)]


@pytest.mark.parametrize("kind", LOST)
def test_a_deletion_whose_answer_was_lost_is_no_persons_doing(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.unapply(payment)
    world.hubspot_fault(kind, ONE, method="DELETE")
    assert world.pull(payment).state is State.VERIFYING
    world.bookkeeper.allocate(payment, world.applied({id_: "100.00"}))
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_crash_in_the_middle_of_several_goes_on_where_it_stopped(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, contact = world.company(), world.contact()
    ids = [world.synced(company=company, contact=contact) for _ in range(3)]
    payment = world.received("60.00", dict.fromkeys(ids, "20.00"))
    record, calls = world.crm.record_payment, []

    def crash(write: PreparedWrite) -> SourcePayment:
        calls.append(write)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return record(write)

    monkeypatch.setattr(world.crm, "record_payment", crash)
    with pytest.raises(KeyboardInterrupt):
        world.pull(payment)
    world.clock.advance(LEASE.total_seconds() + 1)
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert [amounts(world, id_) for id_ in ids] == [[Decimal(20)]] * 3


def test_the_same_message_twice_records_once(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    hint = world.pull_hint(payment)
    world.push(hint)
    [again] = world.push(hint)
    assert again.result is Result.COVERED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_second_worker_leaves_a_payment_alone_while_the_first_is_busy(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    record, results = world.crm.record_payment, []

    def meanwhile(write: PreparedWrite) -> SourcePayment:
        results.extend(world.make_pulls().pull([world.pull_hint(payment)]))
        return record(write)

    monkeypatch.setattr(world.crm, "record_payment", meanwhile)
    world.pull(payment)
    assert [one.result.value for one in results] == [ClaimVerdict.BUSY.value]
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_a_token_that_died_waits_and_goes_on(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault("status_401", CREATE, method="POST")
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.WAITING, "connection_lost")
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_a_payment_that_makes_room_later_is_waited_for(world: MoneyWorld) -> None:
    id_ = world.synced()
    first = world.received("360.00", {id_: "360.00"})
    world.pull(first)
    world.bookkeeper.unapply(first)
    second = world.received("360.00", {id_: "360.00"})
    assert world.pull(second).state is State.WAITING
    world.pull(first)
    world.run()
    assert world.pulled(second).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(360)]


def test_more_than_hubspot_has_open_is_attention_in_the_end(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.people.record(id_, "300.00")
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.run(until=lambda: world.pulled(payment).state is State.ATTENTION)
    record = world.pulled(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)


# -- accounts that take no recorded payments


def test_where_hubspot_takes_none_the_connection_says_so_once_and_no_payment_needs_a_person() -> None:
    world = MoneyWorld(hubspot={"payment_processors": []})
    ids = [world.synced() for _ in range(2)]
    payments = [world.received("100.00", {id_: "100.00"}) for id_ in ids]
    for payment in payments:
        record = world.pull(payment)
        assert (record.state, record.reason) == (State.IGNORED, "recording_refused")
    assert hubspot_calls(world, "POST", f"{OBJECTS}/commerce_payments") == 1
    assert world.notices.load("c1", AttentionCode.RECORDING_REFUSED) is not None


def refuse(_write: PreparedWrite) -> SourcePayment:
    raise NeedsAttention("No processor is set up.", code=AttentionCode.RECORDING_REFUSED)


# -- accounts that take no recorded payments


def test_when_hubspot_takes_them_again_those_it_refused_are_recorded(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [world.synced() for _ in range(2)]
    first, second = (world.received("100.00", {id_: "100.00"}) for id_ in ids)
    with monkeypatch.context() as refusing:
        refusing.setattr(world.crm, "record_payment", refuse)
        assert world.pull(first).reason == "recording_refused"
    world.clock.advance(timedelta(days=1).total_seconds())
    world.pull(second)
    world.run()
    assert [amounts(world, id_) for id_ in ids] == [[Decimal(100)]] * 2
    assert world.notices.load("c1", AttentionCode.RECORDING_REFUSED) is None


def test_what_is_refused_after_a_lost_answer_is_planned_anew(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("360.00", {id_: "360.00"})
    world.hubspot_fault("timeout_before", "/commerce_payments$", method="POST")
    assert world.pull(payment).state is State.VERIFYING
    world.people.pay(id_)
    world.bookkeeper.unapply(payment)
    world.run()
    record = world.pulled(payment)
    assert (record.state, record.reason, record.intent) == (State.IGNORED, "no_synced_invoice", None)


def test_where_hubspot_takes_none_a_lost_answer_changes_nothing() -> None:
    world = MoneyWorld(hubspot={"payment_processors": []})
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault("timeout_before", "/commerce_payments$", method="POST")
    assert world.pull(payment).state is State.VERIFYING
    world.run()
    record = world.pulled(payment)
    assert (record.state, record.reason, record.intent) == (State.IGNORED, "recording_refused", None)


@pytest.mark.parametrize("act", ["void", "change"])
def test_what_cannot_be_put_right_any_more_is_attention_after_one_call(act: str) -> None:
    scopes = {"pat-na1-sandbox": all_scopes()}
    world = MoneyWorld(hubspot={"tokens": scopes})
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    if act == "void":
        world.bookkeeper.void_payment(payment)
    else:
        world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    method = "DELETE" if act == "void" else "PATCH"
    scopes["pat-na1-sandbox"] = all_scopes() - {"crm.objects.commercepayments.write", COMMERCE_SCOPE}
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.RECORDING_REFUSED)
    assert hubspot_calls(world, method) == 1
    scopes["pat-na1-sandbox"] = all_scopes()
    assert world.pull(payment, Cause.RETRY).settled
    assert amounts(world, id_) == ([] if act == "void" else [Decimal(70)])
