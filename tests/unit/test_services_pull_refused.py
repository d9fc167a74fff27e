"""Recorded payments for which HubSpot has no room: tried again by themselves, more and more rarely."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.builders_money_world import MoneyWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State, SyncRecord

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def refused(world: MoneyWorld, invoice: str) -> str:
    """A payment of an invoice that a person has filled in HubSpot: every quick try was in vain."""
    world.people.record(invoice, "360.00")
    payment = world.received("100.00", {invoice: "100.00"})
    world.pull(payment)
    for _ in range(4):
        world.clock.advance(300)
        world.pull(payment, Cause.DUE)
    return payment


def wait(world: MoneyWorld, payment: str) -> SyncRecord:
    """Let the time pass until it is due, and look."""
    due_at = world.pulled(payment).due_at
    assert due_at is not None
    world.clock.advance((due_at - world.clock.now()).total_seconds())
    return world.pull(payment, Cause.DUE)


def test_it_is_recorded_once_what_had_filled_the_invoice_is_gone(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = refused(world, id_)
    record = world.pulled(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)
    assert record.due_at is not None
    assert record.due_at <= world.clock.now() + HOUR
    [filled] = world.recorded(id_)
    world.people.archive("commerce_payments", filled)
    assert wait(world, payment).state is State.SYNCED
    assert [one.amount.amount for one in world.recorded(id_).values()] == [Decimal(100)]


def test_looks_become_rarer_and_end(world: MoneyWorld) -> None:
    payment = refused(world, world.synced())
    began, looks = world.clock.now(), 0
    while world.pulled(payment).due_at is not None:
        record = wait(world, payment)
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)
        looks += 1
        assert looks < 20
    assert looks <= 12
    assert 32 * DAY <= world.clock.now() - began <= 70 * DAY


def test_somebody_who_asks_has_it_tried_as_if_it_were_new(world: MoneyWorld) -> None:
    payment = refused(world, world.synced())
    assert world.pull(payment, Cause.RETRY).state is State.WAITING
