"""While sending invoices is switched off nothing is written, and nothing that happened meanwhile is forgotten."""

from __future__ import annotations

from tests.support.builders_world import World
from tieout.domain.hint import Cause
from tieout.domain.record import State


def test_a_change_of_a_booked_invoice_waits_until_it_is_switched_on_again() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.settings(push_invoices=False)
    world.edit(id_, hs_comments="Changed while off")
    record = world.sync(id_)
    assert (record.state, record.reason, record.attempts) == (State.WAITING, "switched_off", 0)
    assert world.shown(id_) == "working"
    assert "CustomerMemo" not in world.booked()[0]
    world.settings(push_invoices=True)
    record = world.sync(id_, Cause.SWEEP)
    assert (record.state, record.due_at) == (State.SYNCED, None)
    assert world.booked()[0]["CustomerMemo"] == {"value": "Changed while off"}
    assert world.shown(id_) == "in_sync"


def test_a_lost_wake_up_after_switching_on_is_made_good_by_the_sweep() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.settings(push_invoices=False)
    world.edit(id_, hs_comments="Changed while off")
    world.sync(id_)
    world.settings(push_invoices=True)
    world.run()
    assert world.booked()[0]["CustomerMemo"] == {"value": "Changed while off"}


def test_what_needs_a_person_keeps_saying_so() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-06-01")
    world.edit(id_, hs_due_date="2026-05-01T00:00:00Z")
    before = world.sync(id_)
    assert before.state is State.ATTENTION
    world.settings(push_invoices=False)
    world.edit(id_, hs_comments="Changed while off")
    after = world.sync(id_)
    assert (after.state, after.reason) == (before.state, before.reason)


def test_a_create_whose_answer_was_lost_is_looked_for_but_not_repeated() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    world.fault("timeout_before")
    world.sync(id_)
    world.settings(push_invoices=False)
    world.clock.advance(200)
    record = world.sync(id_, Cause.DUE)
    assert (record.state, record.reason, record.intent is not None) == (State.VERIFYING, "switched_off", True)
    assert world.booked() == []
    assert world.shown(id_) == "working"
    world.settings(push_invoices=True)
    assert world.sync(id_, Cause.SWEEP).state is State.SYNCED
    assert len(world.booked()) == 1


def test_a_create_that_did_arrive_is_found_and_linked() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    world.settings(push_invoices=False)
    world.clock.advance(200)
    world.sync(id_, Cause.DUE)
    record = world.record(id_)
    assert (record.link is not None, record.intent) == (True, None)
    assert len(world.booked()) == 1


def test_an_invoice_that_was_deleted_in_hubspot_is_not_voided() -> None:
    world = World()
    world.settings(deleted_in_hubspot="void")
    id_ = world.invoice()
    world.sync(id_)
    world.settings(deleted_in_hubspot="void", push_invoices=False)
    world.delete(id_)
    assert world.sync(id_).reason == "switched_off"
    assert world.booked()[0]["TotalAmt"] == 360
    world.settings(deleted_in_hubspot="void")
    assert world.sync(id_, Cause.SWEEP).state is State.VOIDED
