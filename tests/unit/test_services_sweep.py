"""The sweep of what is due, and its runs: nothing is passed over, whatever goes wrong."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.support.builders import NOW
from tests.support.changing import Yard, ids
from tieout.domain.errors import ConnectionLost, StoreUnavailable, Transient
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, State
from tieout.ports.payments import ChangePage, Feed
from tieout.ports.sweeping import SWEPT

MINUTE = timedelta(minutes=1)


# -- what is due


def test_what_is_due_and_what_was_left_behind_is_woken_for_every_connection() -> None:
    yard = Yard()
    yard.put("due", State.WAITING, due_at=NOW)
    yard.put("looking", State.VERIFYING, due_at=NOW - timedelta(hours=1))
    yard.put("abandoned", State.WRITING, lease_owner="dead", lease_until=NOW)
    yard.put("settled but held", State.SYNCED, lease_owner="dead", lease_until=NOW)
    yard.put("other", State.WAITING, connection="c2", due_at=NOW)
    yard.put("payment", State.WAITING, kind=Kind.PAYMENT, due_at=NOW)
    yard.put("bill", State.WAITING, kind=Kind.PAYMENT, system="quickbooks", due_at=NOW)
    yard.put("later", State.WAITING, due_at=NOW + timedelta(seconds=1))
    yard.put("busy", State.WRITING, lease_owner="alive", lease_until=NOW + timedelta(seconds=1))
    yard.put("done", State.SYNCED)
    yard.put("customer", State.WAITING, kind=Kind.CUSTOMER, due_at=NOW)
    assert yard.run().counts["records_woken"] == 7
    woken = yard.taken()
    assert {(hint.connection, hint.object, hint.id) for hint in woken} == {
        *(("c1", HintObject.HUBSPOT_INVOICE, id_) for id_ in ("due", "looking", "abandoned", "settled but held")),
        ("c2", HintObject.HUBSPOT_INVOICE, "other"),
        ("c1", HintObject.HUBSPOT_PAYMENT, "payment"),
        ("c1", HintObject.QUICKBOOKS_PAYMENT, "bill"),
    }
    assert {(hint.cause, hint.trace_id, hint.occurred_at) for hint in woken} == {(Cause.DUE, "sweep-1", NOW)}


def test_all_that_fell_due_since_the_last_run_is_woken_and_a_thousand_of_the_older_ones_again() -> None:
    yard = Yard()
    for number in range(1100):
        yard.put(f"old {number}", State.WAITING, due_at=NOW - timedelta(seconds=number))
    assert yard.run().counts["records_woken"] == 1000
    assert yard.taken()[0].id == "old 1099"
    for number in range(1200):
        yard.put(f"new {number}", State.WAITING, due_at=NOW + timedelta(seconds=1 + number % 60))
    yard.clock.advance(60)
    assert yard.run().counts["records_woken"] == 2200
    assert {id_ for id_ in ids(yard.taken()) if id_.startswith("new")} == {f"new {number}" for number in range(1200)}
    yard.clock.advance(60)
    assert yard.run().counts["records_woken"] == 1000


def test_what_fell_due_is_woken_again_when_the_queue_refused_it() -> None:
    yard = Yard()
    yard.run()
    yard.clock.advance(60)
    for number in range(1500):
        yard.put(f"{number}", State.WAITING, due_at=NOW + MINUTE)
    yard.hints.refuse_next()
    run = yard.run()
    assert isinstance(run.failure, Transient)
    assert run.counts["records_woken"] == 0
    assert yard.run().counts["records_woken"] == 1500


# -- trouble


@pytest.mark.parametrize("error", [Transient(), ConnectionLost(), ConnectionLost("no token")])
def test_a_vendor_that_does_not_answer_stops_neither_the_other_nor_other_connections(error: Exception) -> None:
    yard = Yard()
    yard.crm["c1"].error = error
    yard.put("due", State.WAITING, due_at=NOW)
    run = yard.run()
    assert run.failure is None
    assert {(one.connection, one.step) for one in run.troubles} == {
        ("c1", step) for step in (*(f"hubspot.{feed}" for feed in Feed), *(f"hubspot.{feed}.archived" for feed in Feed))
    }
    assert run.counts["records_woken"] == 1
    assert yard.cursors.load("c1", "quickbooks") == NOW
    assert yard.cursors.load("c2", SWEPT) == NOW
    assert yard.cursors.load("c1", SWEPT) is None
    yard.crm["c1"].error = None
    yard.invoices("1", at=NOW + MINUTE)
    yard.clock.advance(timedelta(days=2).total_seconds())
    yard.run()
    assert "1" in ids(yard.taken())


def test_our_own_store_that_does_not_answer_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard()

    def unavailable(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(yard.records, "get_many", unavailable)
    yard.invoices("1", at=NOW)
    run = yard.run()
    assert isinstance(run.failure, StoreUnavailable)
    assert yard.cursors.load("c1", "hubspot.invoices") is None


def test_a_bug_of_one_connection_fails_the_run_after_the_others_had_their_turn() -> None:
    yard = Yard()
    yard.ledger["c1"].error = ZeroDivisionError()
    run = yard.run()
    assert isinstance(run.failure, ZeroDivisionError)
    assert yard.cursors.load("c2", SWEPT) == NOW
    assert yard.cursors.load("c1", "hubspot.invoices") is not None


def test_a_connection_that_cannot_be_opened_is_its_own_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    yard, opened = Yard(), Yard.open

    def open_(self: Yard, connection: str) -> object:
        if connection == "c1":
            raise ValueError
        return opened(self, connection)

    monkeypatch.setattr(Yard, "open", open_)
    run = yard.run()
    assert [(one.connection, one.step) for one in run.troubles] == [("c1", "open")]
    assert isinstance(run.failure, ValueError)
    assert yard.cursors.load("c2", SWEPT) == NOW


def test_whose_turn_was_longest_ago_comes_first_and_a_run_says_that_it_was_cut_short() -> None:
    yard = Yard()
    yard.run()
    yard.clock.advance(900)
    real = yard.crm["c1"].changed

    def slow(feed: Feed, since: datetime, after: str | None = None) -> ChangePage:
        yard.clock.advance(300)
        return real(feed, since, after)

    yard.crm["c1"].changed = slow  # type: ignore[method-assign]
    run = yard.run()
    assert run.counts["sweep_cut_short"] == 1
    assert yard.cursors.load("c2", SWEPT) == NOW
    yard.run()
    assert yard.cursors.load("c2", SWEPT) == NOW + timedelta(seconds=900 + 300)


def test_a_run_tells_how_far_behind_the_oldest_connection_is_and_what_was_read() -> None:
    yard = Yard()
    assert yard.run().counts["sweep_behind_minutes"] == 0
    for _ in range(3):
        yard.meter.count("c1")
    yard.meter.flush()
    yard.crm["c2"].error = Transient()
    yard.clock.advance(1800)
    counts = yard.run().counts
    assert counts["sweep_behind_minutes"] == 30
    assert counts["metered_reads"] == 3
    assert counts["metered_reads_projected"] > 3


def test_what_a_run_did_is_told_although_the_reads_cannot_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard()
    yard.run()
    yard.clock.advance(1800)

    def away(connection: str | None, month: date) -> dict[date, int]:
        raise StoreUnavailable(context={"system": "dynamodb"})

    monkeypatch.setattr(yard.meter, "reads", away)
    run = yard.run()
    assert isinstance(run.failure, StoreUnavailable)
    assert [(one.connection, one.step) for one in run.troubles] == [("", "counts")]
    assert run.counts == {
        "records_woken": 0, "changes_queued": 0, "sweep_cut_short": 0, "sweep_behind_minutes": 0
    }  # fmt: skip


def test_an_idle_sweep_costs_two_searches_and_one_call_of_change_data_capture() -> None:
    yard = Yard()
    yard.run()
    for calls in (yard.crm["c1"].calls, yard.ledger["c1"].calls):
        calls.clear()
    yard.clock.advance(900)
    counts = yard.run().counts
    assert [(what, feed) for what, feed, _ in yard.crm["c1"].calls] == [
        ("changed", Feed.INVOICES), ("changed", Feed.PAYMENTS),
    ]  # fmt: skip
    assert [what for what, _, _ in yard.ledger["c1"].calls] == ["cdc"]
    assert counts["records_woken"] == counts["changes_queued"] == len(yard.hints) == 0
