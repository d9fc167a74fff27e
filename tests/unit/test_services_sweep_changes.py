"""The sweep of HubSpot: what changed and what was deleted is found once, page by page, whatever clocks say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.support.builders import NOW
from tests.support.changing import Yard, ids
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, Link, RecordKey, State
from tieout.ports.payments import ChangePage, Feed
from tieout.ports.sweeping import SWEPT

MINUTE = timedelta(minutes=1)

OVERLAP = 15 * MINUTE


# -- what changed in HubSpot


def test_a_change_is_told_with_hubspots_own_time_of_it() -> None:
    yard = Yard()
    yard.invoices("1", at=NOW + MINUTE)
    yard.crm["c1"].modified[Feed.PAYMENTS]["7"] = NOW + 2 * MINUTE
    yard.clock.advance(180)
    run = yard.run()
    assert run.counts["changes_queued"] == 2
    assert {(hint.connection, hint.object, hint.id, hint.occurred_at, hint.cause) for hint in yard.taken()} == {
        ("c1", HintObject.HUBSPOT_INVOICE, "1", NOW + MINUTE, Cause.SWEEP),
        ("c1", HintObject.HUBSPOT_PAYMENT, "7", NOW + 2 * MINUTE, Cause.SWEEP),
    }


def test_the_first_run_begins_when_the_connection_was_made() -> None:
    yard = Yard()
    yard.invoices("before", at=NOW - timedelta(hours=1))
    yard.clock.advance(timedelta(days=3).total_seconds())
    yard.invoices("since", at=NOW + MINUTE)
    yard.run()
    assert ids(yard.taken()) == ["since"]
    earliest = NOW - 15 * MINUTE - OVERLAP
    assert [since for what, _, since in yard.crm["c1"].calls if what == "changed"] == [earliest] * 2


def test_a_connection_whose_beginning_is_not_known_is_followed_from_a_day_before() -> None:
    yard = Yard()
    object.__setattr__(yard.connections.get("c1"), "connected_at", None)
    yard.run()
    assert yard.crm["c1"].calls[0] == ("changed", Feed.INVOICES, NOW - timedelta(days=1) - 15 * MINUTE - OVERLAP)


def test_what_the_records_show_already_is_no_news_and_what_a_worker_holds_is() -> None:
    yard = Yard()
    yard.put("known", covered_until=NOW + MINUTE)
    yard.put("older", covered_until=NOW)
    yard.put("held", covered_until=NOW, lease_owner="alive", lease_until=NOW + timedelta(hours=1))
    yard.put("attention", State.ATTENTION, covered_until=NOW + MINUTE)
    yard.invoices("known", "older", "held", "attention", "new", at=NOW + MINUTE)
    yard.clock.advance(60)
    yard.run()
    assert sorted(ids(yard.taken())) == ["held", "new", "older"]


def test_a_record_of_a_later_version_hides_no_other_change_and_is_news_itself() -> None:
    yard = Yard()
    yard.put("later", covered_until=NOW + MINUTE)
    yard.put("known", covered_until=NOW + MINUTE)
    yard.put("bill", system="quickbooks", link=Link("shown", ledger_updated_at=NOW + MINUTE))
    for id_, system in (("later", "hubspot"), ("bill", "quickbooks")):
        yard.records.unreadable.add(RecordKey("c1", Kind.INVOICE, system, id_))
    yard.invoices("later", "known", "shown", "new", at=NOW + MINUTE)
    yard.clock.advance(60)
    run = yard.run()
    assert (run.failure, run.troubles) == (None, ())
    assert sorted((hint.object, hint.id) for hint in yard.taken()) == [
        (HintObject.HUBSPOT_INVOICE, "later"),
        (HintObject.HUBSPOT_INVOICE, "new"),
        (HintObject.MIRRORED_INVOICE, "shown"),
    ]


def test_what_is_indexed_late_is_found_by_the_overlap() -> None:
    yard = Yard()
    yard.invoices("1", at=NOW + 10 * MINUTE)
    yard.clock.advance(600)
    yard.run()
    yard.taken()
    yard.invoices("late", at=NOW + 6 * MINUTE)
    yard.clock.advance(600)
    yard.put("1", covered_until=NOW + 10 * MINUTE)
    yard.run()
    assert ids(yard.taken()) == ["late"]


@pytest.mark.parametrize("ahead", [-14 * MINUTE, timedelta(), 14 * MINUTE, timedelta(hours=2)])
def test_a_clock_of_hubspot_that_differs_costs_no_change(ahead: timedelta) -> None:
    yard, expected = Yard(), []
    for number in range(12):
        for second in (0, 10, 500):
            yard.clock.advance(second)
            yard.invoices(f"{number}/{second}", at=yard.clock.now() + ahead)
            expected.append(f"{number}/{second}")
        yard.run()
    assert set(ids(yard.taken())) == set(expected)


def test_a_single_time_far_ahead_does_not_make_the_sweep_pass_over_the_others() -> None:
    yard = Yard()
    yard.invoices("odd", at=datetime.max.replace(tzinfo=NOW.tzinfo) - timedelta(days=1))
    yard.run()
    yard.taken()
    yard.clock.advance(1800)
    yard.invoices("1", at=yard.clock.now())
    yard.run()
    assert "1" in ids(yard.taken())


def test_an_account_where_nothing_happens_is_not_searched_from_further_and_further_back() -> None:
    yard = Yard()
    for _ in range(10):
        yard.clock.advance(3600)
        yard.run()
    since = yard.crm["c1"].calls[-2][2]
    assert since == yard.clock.now() - timedelta(hours=1) - 15 * MINUTE - OVERLAP


def test_the_cursor_moves_only_once_everything_before_it_is_queued() -> None:
    yard = Yard()
    yard.invoices("1", "2", at=NOW + MINUTE)
    yard.clock.advance(120)
    yard.hints.refuse_next()
    run = yard.run()
    assert isinstance(run.failure, Transient)
    assert [(one.connection, one.step) for one in run.troubles] == [("c1", "hubspot.invoices")]
    assert yard.cursors.load("c1", "hubspot.invoices") is None
    assert yard.cursors.load("c1", SWEPT) is None
    assert yard.cursors.load("c1", "hubspot.payments") is not None
    yard.run()
    assert ids(yard.taken()) == ["1", "2"]


def test_a_run_that_dies_between_queue_and_cursor_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard()
    yard.invoices("1", at=NOW + MINUTE)
    yard.clock.advance(120)

    save = yard.cursors.save

    def dies(connection: str, name: str, position: datetime) -> None:
        if name == "hubspot.invoices":
            raise ConnectionError
        save(connection, name, position)

    with monkeypatch.context() as broken:
        broken.setattr(yard.cursors, "save", dies)
        assert isinstance(yard.run().failure, ConnectionError)
    assert ids(yard.taken()) == ["1"]
    yard.run()
    assert ids(yard.taken()) == ["1"]


def test_two_sweeps_at_once_lose_nothing_and_leave_the_cursor_where_the_further_one_came() -> None:
    yard = Yard()
    yard.invoices("1", at=NOW + MINUTE)
    yard.clock.advance(60)
    crm, slow = yard.crm["c1"], iter([True])

    class Overtaken(type(crm)):  # type: ignore[misc]  # the fake's own class
        def changed(self, feed: Feed, since: datetime, after: str | None = None) -> ChangePage:
            found: ChangePage = super().changed(feed, since, after)
            if feed is Feed.INVOICES and next(slow, False):
                # While this run holds its answer, another one comes and finds more.
                yard.clock.advance(60)
                yard.invoices("2", at=NOW + 2 * MINUTE)
                yard.run()
            return found

    overtaken = Overtaken()
    overtaken.modified = crm.modified
    yard.crm["c1"] = overtaken
    yard.run()
    assert set(ids(yard.taken())) == {"1", "2"}
    assert yard.cursors.load("c1", "hubspot.invoices") == NOW + 2 * MINUTE


def test_many_changes_are_followed_page_by_page_and_a_run_that_ends_in_between_goes_on_there() -> None:
    yard = Yard()
    yard.crm["c1"].page = 10
    for number in range(95):
        yard.invoices(f"{number}", at=NOW + number * MINUTE)
    yard.clock.advance(6000)
    found: list[str] = []
    real = yard.hints.send

    def slow(hints: object, delay: float = 0) -> None:
        yard.clock.advance(30)
        real(hints, delay)  # type: ignore[arg-type]  # passed on as it came

    yard.hints.send = slow  # type: ignore[method-assign]
    runs = 0
    while len(set(found)) < 95 and runs < 10:
        run = yard.run(timedelta(minutes=2))
        assert run.failure is None
        found += ids(hint for hint in yard.taken() if hint.object is HintObject.HUBSPOT_INVOICE)
        runs += 1
        if len(set(found)) < 95:
            assert run.counts["sweep_cut_short"] == 1
    assert set(found) == {f"{number}" for number in range(95)}
    assert runs in (3, 4, 5)


def archived_calls(yard: Yard) -> int:
    return sum(what == "archived" for what, _, _ in yard.crm["c1"].calls)


# -- what was deleted in HubSpot


def test_deleted_records_that_we_hold_are_found_once_a_day() -> None:
    yard = Yard()
    yard.run()
    calls = archived_calls(yard)
    yard.put("1", covered_until=NOW)
    yard.put("gone long ago", covered_until=NOW - timedelta(days=9))
    deleted = yard.crm["c1"].deleted[Feed.INVOICES]
    deleted |= {"1": NOW + MINUTE, "never seen": NOW + MINUTE, "gone long ago": NOW - timedelta(days=8)}
    yard.clock.advance(3600)
    yard.run()
    assert archived_calls(yard) == calls
    assert yard.taken() == []
    yard.clock.advance(23 * 3600)
    yard.run()
    [hint] = yard.taken()
    assert (hint.id, hint.object, hint.occurred_at, hint.cause) == (
        "1", HintObject.HUBSPOT_INVOICE, NOW + MINUTE, Cause.SWEEP,
    )  # fmt: skip
    for _ in range(2):
        yard.clock.advance(86400)
        yard.run()
    assert yard.taken() == []


def test_a_long_list_of_deleted_records_is_gone_through_over_several_runs() -> None:
    yard = Yard()
    yard.run()
    yard.clock.advance(86400)
    crm = yard.crm["c1"]
    crm.page = 10
    for number in range(45):
        yard.put(f"{number}", covered_until=NOW)
        crm.deleted[Feed.INVOICES][f"{number}"] = NOW + MINUTE
    real = yard.hints.send

    def slow(hints: object, delay: float = 0) -> None:
        yard.clock.advance(50)
        real(hints, delay)  # type: ignore[arg-type]  # passed on as it came

    yard.hints.send = slow  # type: ignore[method-assign]
    assert yard.run(2 * MINUTE).counts["sweep_cut_short"] == 1
    assert yard.cursors.mark("c1", "hubspot.invoices.archived") is not None
    yard.run(6 * MINUTE)
    assert yard.cursors.mark("c1", "hubspot.invoices.archived") is None
    assert sorted(ids(yard.taken())) == sorted(f"{number}" for number in range(45))
    assert yard.cursors.load("c1", "hubspot.invoices.archived") == NOW + timedelta(days=1)
