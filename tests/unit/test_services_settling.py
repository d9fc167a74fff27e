"""Everything comes to rest: what died, waits, was refused, or was asked for by a person ends, and ends once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders_world import World
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause
from tieout.domain.record import BY_HAND, Kind, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry
from tieout.services import decisions
from tieout.services.outcome import Result


class Death(BaseException):
    """The worker dies."""


@dataclass
class Instead:
    """A port of which some methods do something else."""

    port: Any
    methods: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.methods[name] if name in self.methods else getattr(self.port, name)


def dies_after_the_write(world: World, id_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies when it wants to store what QuickBooks answered."""
    real = world.records.put

    def put(record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        if record.link and record.key.kind is Kind.INVOICE:
            raise Death
        return real(record, audit)

    with monkeypatch.context() as patch:
        patch.setattr(world.records, "put", put)
        with pytest.raises(Death):
            world.sync(id_)


def test_running_out_of_time_before_a_look_does_not_end_an_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(custom_txn_numbers=False)
    both = [world.invoice(), world.invoice()]
    for id_ in both:
        dies_after_the_write(world, id_, monkeypatch)
    world.clock.advance(300)
    ledger: Any = world.ledger

    def slow(*arguments: Any) -> Any:
        world.clock.advance(40)
        return ledger.find_invoice(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(world, "ledger", Instead(ledger, {"find_invoice": slow}))
        hints = [world.hint(id_, Cause.DUE) for id_ in both]
        world.push(*hints, deadline=world.clock.now() + timedelta(seconds=30))
    world.run()
    assert len(world.booked()) == 2
    assert [world.record(id_).state for id_ in both] == [State.SYNCED, State.SYNCED]


def test_when_our_own_store_does_not_take_the_answer_the_intent_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    real = world.records.put

    def contended(record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        if record.link and record.key.kind is Kind.INVOICE:
            raise Transient(context={"store": "contended"})
        return real(record, audit)

    with monkeypatch.context() as patch:
        patch.setattr(world.records, "put", contended)
        record = world.sync(id_)
    assert (record.state, record.intent is not None) == (State.VERIFYING, True)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert len(world.booked()) == 1


def test_a_retry_whose_status_hubspot_refuses_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.run()
    world.records.put(replace(world.record(id_), shown="something else"))

    def refuse(statuses: Mapping[str, object]) -> Collection[str]:
        return set(statuses)

    monkeypatch.setattr(world, "crm", Instead(world.crm, {"show_statuses": refuse}))
    world.sync(id_, Cause.RETRY)
    world.run(most=20)
    assert world.record(id_).due_at is None


def test_an_ignored_invoice_comes_to_rest_although_hubspot_was_down() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.clock.advance(5)
    key = RecordKey("c1", Kind.INVOICE, "hubspot", id_)
    decisions.ignore(world.records, world.clock, key, "entered by hand", "ann", "t1")
    world.hubspot_fault("status_500", "/invoices/batch/update", times=1, method="POST")
    world.sync(id_, Cause.WEBHOOK)
    world.run(most=20)
    record = world.record(id_)
    assert (record.state, record.reason, record.due_at) == (State.IGNORED, BY_HAND, None)
    assert world.shown(id_) == "excluded"


def test_a_due_date_that_quickbooks_filled_in_is_no_edit_after_a_lost_answer() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice(hs_due_date="")
    world.fault("timeout_after")
    world.sync(id_)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED


def test_an_invoice_that_cannot_be_looked_at_for_long_no_longer_says_that_it_is_in_sync() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    world.clock.advance(10)
    world.hubspot_fault("status_500", "/batch/read", times=8)
    for _ in range(5):
        world.sync(id_, Cause.RETRY)
    assert (world.record(id_).state, world.record(id_).reason) == (State.WAITING, "vendor_unavailable")


def test_the_wish_of_a_person_survives_a_wait_that_is_longer_than_a_message_can_be_delayed() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.clock.advance(10)
    assert world.sync(id_, Cause.RETRY).state is State.DELETED_IN_LEDGER
    world.hubspot_fault("status_500", "/batch/read", times=1)
    assert world.sync(id_, Cause.RETRY).asked
    world.clock.advance(3600)
    assert world.sync(id_, Cause.DUE).state is State.SYNCED
    assert len(world.booked()) == 1


def test_a_repetition_that_cannot_be_confirmed_does_not_make_a_second_invoice() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    world.fault("timeout_before")
    world.sync(id_)
    # The repetition succeeds; the look whether it still stands there does not.
    world.fault("status_429", method="GET", path=r"/invoice/\d+")
    world.run()
    assert len(world.booked()) == 1
    assert world.record(id_).state is State.SYNCED


def test_one_invoice_that_cannot_be_planned_does_not_hold_up_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    ids = [world.invoice() for _ in range(4)]
    crm: Any = world.crm

    def unreadable(wanted: Collection[str], properties: Collection[str] = ()) -> Any:
        if ids[2] in wanted:
            raise Transient(context={"status": "200", "failure": "unreadable"})
        return crm.invoices(wanted, properties)

    with monkeypatch.context() as patch:
        patch.setattr(world, "crm", Instead(crm, {"invoices": unreadable}))
        world.push(*(world.hint(id_) for id_ in ids))
    states = [world.record(id_).state for id_ in ids]
    assert states == [State.SYNCED, State.SYNCED, State.WAITING, State.SYNCED]


def test_what_could_not_be_given_back_is_told_again_and_nothing_is_lost() -> None:
    """Hints that came meanwhile are sent before a record is given back; when the queue refuses them, the record stays
    as it was, so the message must not count as handled."""
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    ledger: Any = world.ledger

    def meanwhile(*arguments: Any) -> Any:
        held = world.record(id_)
        assert held.lease_owner is not None
        world.records.rehint(held.key, held.lease_owner)
        world.hints.refuse_next()
        return ledger.invoices(*arguments)

    world.ledger = Instead(ledger, {"invoices": meanwhile})
    [outcome] = world.push(world.ledger_hint(row))
    assert outcome.result is Result.FAILED
    assert world.record(id_).state is State.SYNCED
    world.ledger = ledger
    world.clock.advance(300)
    world.push(outcome.hint)
    assert world.record(id_).state is State.DELETED_IN_LEDGER
