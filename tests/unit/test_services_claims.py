"""Claims: one worker at a time, no hint lost, and nobody writes for a record that another took over."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.support.builders import KEY, NOW, a_hint
from tests.support.builders_world import World
from tests.support.memory import MemoryHints, MemoryRecords, VirtualClock
from tieout.domain.claim import ClaimVerdict
from tieout.domain.errors import NotReadyYet, Transient
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, State, SyncRecord
from tieout.ports import AuditEntry, Crm, RecordChanged
from tieout.services.claims import LEASE, Claims, Held, LeaseLost


class Desk:
    """A store, a queue and claims on them."""

    def __init__(self, records: MemoryRecords | None = None) -> None:
        self.clock = VirtualClock(NOW)
        self.records = records or MemoryRecords()
        self.hints = MemoryHints(self.clock)
        names = iter(f"w{number}" for number in range(99))
        self.claims = Claims(self.records, self.hints, self.clock, lambda: next(names))

    def take(self, **hint: Any) -> Held:
        held = self.claims.take(KEY, a_hint(**hint))
        assert isinstance(held, Held)
        return held

    def stored(self) -> SyncRecord:
        record = self.records.get(KEY)
        assert record is not None
        return record


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_claim_is_stored_before_anything_is_read(desk: Desk) -> None:
    held = desk.take()
    stored = desk.stored()
    assert held.record == stored
    assert (stored.lease_owner, stored.lease_until) == ("w0", NOW + LEASE)
    assert (stored.state, stored.created_at) == (State.SEEN, NOW)


def test_a_second_worker_is_told_busy_and_the_holder_hears_of_the_hint(desk: Desk) -> None:
    desk.take()
    assert desk.claims.take(KEY, a_hint()) is ClaimVerdict.BUSY
    assert desk.claims.take(KEY, a_hint(cause=Cause.RETRY)) is ClaimVerdict.BUSY
    assert desk.stored().rehints == 2


def test_a_hint_that_came_while_a_record_was_held_is_sent_again_once_when_it_is_given_back(desk: Desk) -> None:
    held = desk.take()
    desk.claims.take(KEY, a_hint())
    desk.claims.take(KEY, a_hint())
    desk.claims.release(held, held.record.to(State.SYNCED))
    [hint] = desk.hints.queued
    assert (hint.id, hint.cause, hint.trace_id) == ("42", Cause.AGAIN, "trace")
    assert desk.hints.next_due == NOW + timedelta(seconds=1)
    stored = desk.stored()
    assert (stored.lease_owner, stored.lease_until) == (None, None)
    assert stored.rehints == stored.rehints_answered == 2


def test_a_record_that_nobody_hinted_at_is_given_back_in_silence(desk: Desk) -> None:
    held = desk.take()
    desk.claims.release(held, held.record.to(State.SYNCED))
    assert len(desk.hints) == 0
    again = desk.take(cause=Cause.RETRY)
    desk.claims.release(again, again.record)
    assert len(desk.hints) == 0


def test_a_hint_that_cannot_be_sent_again_keeps_the_record_held_for_the_sweep(desk: Desk) -> None:
    held = desk.take()
    desk.claims.take(KEY, a_hint())
    desk.hints.refuse_next()
    with pytest.raises(Transient):
        desk.claims.release(held, held.record.to(State.SYNCED))
    assert desk.stored().wake_at() == NOW + LEASE


def test_an_expired_lease_is_taken_over_and_the_first_worker_stops(desk: Desk) -> None:
    first = desk.take()
    desk.clock.advance(LEASE.total_seconds())
    second = desk.take()
    assert second.record.lease_owner == "w1"
    with pytest.raises(LeaseLost):
        desk.claims.store(first, first.record.to(State.PLANNED))
    with pytest.raises(LeaseLost):
        desk.claims.release(first, first.record.to(State.SYNCED))
    assert desk.stored() == second.record
    assert len(desk.hints) == 0


def test_a_lease_is_not_lost_to_a_hint_in_between(desk: Desk) -> None:
    held = desk.take()
    desk.claims.take(KEY, a_hint())
    desk.claims.store(held, held.record.to(State.PLANNED), AuditEntry(NOW, "tieout", "planned", "trace"))
    assert desk.stored().state is State.PLANNED
    assert desk.stored().rehints == 1
    assert [line.action for line in desk.records.trail(KEY)] == ["planned"]


def test_what_is_covered_or_not_due_costs_one_read_and_no_write(desk: Desk) -> None:
    held = desk.take()
    desk.claims.release(held, replace(held.record.to(State.SYNCED), covered_until=NOW))
    version = desk.stored().version
    assert desk.claims.take(KEY, a_hint()) is ClaimVerdict.COVERED
    assert desk.stored().version == version


class Contended(MemoryRecords):
    """A store in which somebody is always a little faster."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        if self.left:
            self.left -= 1
            raise RecordChanged(self.get(record.key))
        return super().put(record, audit)


def test_a_lost_race_for_a_claim_is_tried_again() -> None:
    assert Desk(Contended(3)).take().record.version == 1


def test_a_wake_up_that_meets_a_busy_record_is_left_to_its_holder(desk: Desk) -> None:
    held = desk.take()
    assert desk.claims.take(KEY, a_hint(cause=Cause.DUE)) is ClaimVerdict.BUSY
    assert desk.claims.take_in_passing(KEY, "trace") is None
    desk.claims.release(held, held.record.to(State.SYNCED))
    assert desk.hints.queued == []


def test_what_came_while_a_record_was_held_is_looked_at_although_the_record_waits(desk: Desk) -> None:
    held = desk.take()
    desk.claims.take(KEY, a_hint())
    waits = held.record.to(State.WAITING, reason="internal_error", due_at=NOW + timedelta(hours=6))
    desk.claims.release(held, waits)
    desk.clock.advance(1)
    [again] = desk.hints.pop_due()
    assert isinstance(desk.claims.take(KEY, again), Held)


def test_a_claim_that_is_never_won_is_given_up_without_anything_written() -> None:
    desk = Desk(Contended(99))
    with pytest.raises(NotReadyYet) as raised:
        desk.claims.take(KEY, a_hint())
    assert raised.value.context["why"] == "contention"
    assert desk.records.get(KEY) is None


def test_only_invoices_have_a_queue(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no queue works on customer"):
        desk.claims.hint_for(replace(KEY, kind=Kind.CUSTOMER), Cause.DUE, "trace")


def test_of_many_workers_at_once_exactly_one_gets_the_record(desk: Desk) -> None:
    barrier, got = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        got.append(desk.claims.take(KEY, a_hint()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Held) for one in got) == 1
    assert got.count(ClaimVerdict.BUSY) == 7
    assert desk.stored().rehints == 7


# -- two workers in the push


class _Interrupted:
    """HubSpot; while it is first read, another worker does something."""

    def __init__(self, crm: Crm, act: Any) -> None:
        self._crm, self._act = crm, act

    def invoices(self, *given: Any) -> Any:
        act, self._act = self._act, None
        if act is not None:
            act()
        return self._crm.invoices(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)


def test_two_workers_with_the_same_invoice_make_one_and_the_second_hint_is_looked_at_again() -> None:
    world = World()
    id_ = world.invoice()
    other = world.make_service()
    seen = []
    world.crm = cast("Crm", _Interrupted(world.crm, lambda: seen.extend(other.push([world.hint(id_)]))))
    world.push(world.hint(id_))
    assert [outcome.result for outcome in seen] == ["busy"]
    [again] = world.hints.queued
    assert again.cause is Cause.AGAIN
    world.run()
    assert len(world.booked()) == 1
    assert world.record(id_).state is State.SYNCED


def test_a_persons_retry_while_a_worker_holds_the_record_comes_back_as_a_retry() -> None:
    world = World()
    id_ = world.invoice()
    other = world.make_service()
    retry = world.hint(id_, Cause.RETRY)
    world.crm = cast("Crm", _Interrupted(world.crm, lambda: other.push([retry])))
    world.push(world.hint(id_))
    assert Cause.RETRY in {hint.cause for hint in world.hints.queued}


def test_a_worker_that_lost_its_lease_writes_nothing_and_acknowledges() -> None:
    world = World()
    id_ = world.invoice()
    other = world.make_service()

    def overtake() -> None:
        world.clock.advance(LEASE.total_seconds() + 1)
        other.push([world.hint(id_)])

    world.crm = cast("Crm", _Interrupted(world.crm, overtake))
    [outcome] = world.push(world.hint(id_))
    assert outcome.result == "busy"
    assert len(world.booked()) == 1
    assert world.record(id_).revision == 1
    assert world.record(id_).state is State.SYNCED
