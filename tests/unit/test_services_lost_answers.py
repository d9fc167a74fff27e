"""A write whose answer was lost: wait out the vendor, look, and only then repeat the same request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders_world import VENDOR_TIMEOUT, World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> World:
    return World()


def posts(world: World) -> list[str]:
    return [one.url for one in world.quickbooks.traffic.exchanges if one.method == "POST" and "/invoice?" in one.url]


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "status_500"])
def test_after_a_lost_answer_there_is_one_invoice_whatever_had_happened(world: World, kind: str) -> None:
    id_ = world.invoice()
    world.fault(kind)
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.VERIFYING, "outcome_unknown")
    assert record.intent is not None
    assert record.due_at == record.intent.stored_at + VENDOR_TIMEOUT
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.record(id_).intent is None
    assert len(world.booked()) == 1
    assert world.shown(id_) == "in_sync"


def test_before_the_vendors_time_out_is_over_nobody_looks_or_repeats(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    world.clock.advance(100)
    before = len(world.quickbooks.traffic.exchanges)
    for cause in (Cause.WEBHOOK, Cause.RETRY):
        assert world.sync(id_, cause).state is State.VERIFYING
    assert len(world.quickbooks.traffic.exchanges) == before


def test_what_had_happened_is_found_by_its_marker_and_not_sent_again(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    before = len(posts(world))
    world.run()
    assert len(posts(world)) == before
    assert [line.action for line in world.records.trail(world.record(id_).key)] == [
        "created invoice (found after a lost answer)"
    ]


def test_what_had_not_happened_is_repeated_under_the_same_request_id_with_the_same_body(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_before")
    first = world.sync(id_).intent
    assert first is not None
    sent = posts(world)
    world.edit(id_, hs_comments="Changed meanwhile")
    world.run(lambda: len(world.booked()) == 1)
    world.run()
    [repeated] = posts(world)[len(sent) : len(sent) + 1]
    assert f"requestid={first.request_id}" in repeated
    record = world.record(id_)
    assert record.state is State.SYNCED
    assert world.booked()[0]["CustomerMemo"] == {"value": "Changed meanwhile"}


def test_a_lost_answer_that_is_lost_again_ends_in_one_invoice(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_before", times=2)
    world.sync(id_)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert len(world.booked()) == 1


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
def test_an_update_whose_answer_was_lost_stands_in_the_end(world: World, kind: str) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    world.fault(kind)
    assert world.sync(id_).state is State.VERIFYING
    world.run()
    record = world.record(id_)
    assert record.state is State.SYNCED
    assert world.booked()[0]["DueDate"] == "2026-04-15"
    assert record.revision == (2 if kind == "timeout_after" else 3)


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
def test_a_void_whose_answer_was_lost_stands_in_the_end(world: World, kind: str) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_invoice_status="voided")
    world.fault(kind)
    assert world.sync(id_).state is State.VERIFYING
    world.run()
    assert world.record(id_).state is State.VOIDED
    assert world.booked()[0]["TotalAmt"] == 0


def test_a_document_that_was_deleted_before_it_was_looked_for_is_told_and_not_made_again(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.DELETED_IN_LEDGER, AttentionCode.DELETED_IN_QUICKBOOKS)
    again = world.sync(id_, Cause.RETRY)
    assert (again.state, again.generation) == (State.SYNCED, 1)


def test_a_persons_edit_of_what_the_lost_answer_wrote_is_seen(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-06-01")
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert world.booked()[0]["DueDate"] == "2026-06-01"


def test_a_person_who_moved_the_document_out_of_sight_is_seen_when_the_repetition_gives_it_back(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, TxnDate="2026-03-02")
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert len(world.booked()) == 1
    assert world.booked()[0]["TxnDate"] == "2026-03-02"


def test_a_change_in_hubspot_whose_hint_found_only_a_refused_repetition_is_still_to_be_looked_at(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_before")
    world.sync(id_)
    world.clock.advance(121)
    world.edit(id_, hs_comments="Put right")
    hint = world.hint(id_)
    world.fault("fault_400", code="6000", detail="No.")
    assert world.push(hint)[0].state == State.ATTENTION
    assert world.push(hint)[0].state == State.SYNCED
    assert world.booked()[0]["CustomerMemo"] == {"value": "Put right"}


def test_while_quickbooks_cannot_be_asked_the_intent_stays(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    world.clock.advance(121)
    world.fault("status_500", method="GET", path="/query$", times=3)
    for _ in range(3):
        record = world.sync(id_)
        assert record.state is State.VERIFYING
        assert record.intent is not None
        world.clock.advance(1000)
    assert world.sync(id_).state is State.SYNCED
    assert len(world.booked()) == 1


def test_a_worker_that_died_after_storing_the_intent_is_followed_by_one_that_looks(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    record = world.record(id_)
    left_behind = world.records.put(
        replace(record, state=State.WRITING, due_at=None, lease_owner="dead", lease_until=world.clock.now())
    )
    assert left_behind.wake_at() == world.clock.now()
    world.clock.advance(1)
    assert world.sync(id_).state is State.VERIFYING
    world.clock.advance(VENDOR_TIMEOUT.total_seconds())
    assert world.sync(id_).state is State.SYNCED
    assert len(world.booked()) == 1


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
def test_a_customer_whose_answer_was_lost_exists_once(world: World, kind: str) -> None:
    id_ = world.invoice()
    world.fault(kind, path="/customer$")
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.WAITING, "not_ready")
    assert record.due_at is not None
    assert record.due_at - world.clock.now() <= VENDOR_TIMEOUT + timedelta(seconds=1)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert len(world.booked("Customer")) == 1
