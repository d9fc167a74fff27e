"""Undoing while a worker is at it, while answers are lost, and when the process dies: nothing is made again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_undo import (
    invoice_key,
    left_alone,
    live,
    paid,
    payment_key,
    planned,
    quiet,
    refunded,
    refusal,
    undone,
)
from tieout.domain.hint import Cause
from tieout.domain.planning.undo import Hindrance
from tieout.domain.record import SyncRecord


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def test_a_record_that_a_worker_holds_is_not_disturbed(world: MoneyWorld) -> None:
    invoice, payment = paid(world)
    held = world.claims.take(payment_key(payment), world.pay_hint(payment, Cause.RETRY))
    before = held.record  # type: ignore[union-attr]
    found = undone(world, invoice_key(invoice))
    assert refusal(found.stopped) is Hindrance.BUSY
    assert world.payment(payment) == before
    assert world.record(invoice).lease_owner is None
    assert len(live(world)) == 2


@pytest.mark.parametrize("path", ["/refundreceipt$", "/payment$", "/invoice$"])
def test_a_lost_answer_is_found_out_about_and_undo_goes_on(world: MoneyWorld, path: str) -> None:
    invoice, payment = refunded(world)
    world.fault("timeout_after", path=path)
    found = undone(world, invoice_key(invoice))
    assert refusal(found.stopped) is Hindrance.OUTCOME_UNKNOWN
    if path == "/invoice$":
        assert refusal(planned(world, invoice_key(invoice)).plan) is Hindrance.OUTCOME_UNKNOWN
    world.run()
    again = undone(world, invoice_key(invoice))
    assert again.stopped is None
    assert live(world) == []
    assert left_alone(world.record(invoice))
    assert left_alone(world.payment(payment))
    quiet(world, invoice, payment)


@pytest.mark.parametrize("path", ["/refundreceipt$", "/payment$", "/invoice$"])
def test_a_request_that_never_arrived_is_sent_by_the_next_undo(world: MoneyWorld, path: str) -> None:
    invoice, payment = refunded(world)
    world.fault("timeout_before", path=path)
    assert undone(world, invoice_key(invoice)).stopped is not None
    world.run()
    assert undone(world, invoice_key(invoice)).stopped is None
    assert live(world) == []
    quiet(world, invoice, payment)


@pytest.mark.parametrize("path", ["/refundreceipt$", "/payment$", "/invoice$"])
def test_a_quickbooks_that_slows_down_stops_it_and_the_next_undo_goes_on(world: MoneyWorld, path: str) -> None:
    invoice, payment = refunded(world)
    world.fault("status_429", path=path)
    assert refusal(undone(world, invoice_key(invoice)).stopped) is Hindrance.NOT_REACHED
    world.clock.advance(120)
    world.run()
    assert undone(world, invoice_key(invoice)).stopped is None
    assert live(world) == []
    quiet(world, invoice, payment)


def test_an_edit_in_hubspot_before_it_is_known_what_became_of_the_void_makes_nothing_again(world: MoneyWorld) -> None:
    invoice = world.synced()
    world.fault("timeout_after", path="/invoice$")
    assert undone(world, invoice_key(invoice)).stopped is not None
    world.edit(invoice, hs_due_date="2026-06-30T00:00:00Z")
    world.run()
    world.sync(invoice)
    assert live(world) == []
    assert left_alone(world.record(invoice))


class Dies(Exception):
    """The process is gone."""


@pytest.mark.parametrize("write", range(1, 14))
def test_a_process_that_dies_anywhere_leaves_nothing_that_is_made_again(world: MoneyWorld, write: int) -> None:
    invoice, payment = refunded(world)
    put, left = world.records.put, [write]

    def dying(record: SyncRecord, audit: object = None) -> SyncRecord:
        left[0] -= 1
        if left[0] == 0:
            raise Dies
        return put(record, audit)  # type: ignore[arg-type]

    world.records.put = dying  # type: ignore[method-assign]
    with suppress(Dies):
        undone(world, invoice_key(invoice))
    world.records.put = put  # type: ignore[method-assign]
    stands = live(world)
    world.clock.advance(3600)
    world.run()
    assert set(live(world)) <= set(stands)
    assert undone(world, invoice_key(invoice)).stopped is None
    assert live(world) == []
    quiet(world, invoice, payment)
