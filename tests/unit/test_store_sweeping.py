"""Cursors, notices and the meter of reads: one suite for those in memory and those in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from tests.support import aws
from tests.support.memory import VirtualClock
from tests.support.memory_sweep import MemoryCursors, MemoryNotices, MemoryReadMeter
from tieout.adapters.dynamodb.cursors import DynamoCursors
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.adapters.dynamodb.notices import DynamoNotices
from tieout.ports import Cursors, ReadMeter
from tieout.ports.notices import Notice, Notices

NOW = datetime(2026, 11, 29, 23, 50, tzinfo=UTC)
TODAY = date(2026, 11, 29)
TOMORROW = date(2026, 11, 30)


@dataclass
class Store:
    cursors: Cursors
    meter: ReadMeter
    clock: VirtualClock
    notices: Notices


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    clock = VirtualClock(NOW)
    if request.param == "memory":
        yield Store(MemoryCursors(), MemoryReadMeter(clock), clock, MemoryNotices())
        return
    with aws.table() as client:
        meter = DynamoReadMeter(client, aws.TABLE, clock)
        yield Store(DynamoCursors(client, aws.TABLE), meter, clock, DynamoNotices(client, aws.TABLE))


# -- cursors


def test_a_cursor_is_unknown_before_its_first_run_and_then_where_it_was_put(store: Store) -> None:
    assert store.cursors.load("c1", "quickbooks") is None
    store.cursors.save("c1", "quickbooks", NOW)
    assert store.cursors.load("c1", "quickbooks") == NOW
    assert store.cursors.load("c1", "hubspot.invoices") is None
    assert store.cursors.load("c2", "quickbooks") is None


def test_a_cursor_never_moves_back(store: Store) -> None:
    for minutes in (5, 0, 3):
        store.cursors.save("c1", "quickbooks", NOW + timedelta(minutes=minutes))
    assert store.cursors.load("c1", "quickbooks") == NOW + timedelta(minutes=5)


def test_positions_in_other_time_zones_are_compared_as_instants(store: Store) -> None:
    west = timezone(timedelta(hours=-8))
    store.cursors.save("c1", "quickbooks", NOW)
    store.cursors.save("c1", "quickbooks", (NOW + timedelta(seconds=1)).astimezone(west))
    assert store.cursors.load("c1", "quickbooks") == NOW + timedelta(seconds=1)


def test_of_two_runs_at_once_the_one_that_came_further_counts(store: Store) -> None:
    positions = [NOW + timedelta(seconds=number) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda position: store.cursors.save("c1", "quickbooks", position), positions))
    assert store.cursors.load("c1", "quickbooks") == positions[-1]


def test_a_mark_is_kept_until_the_listing_ends_and_is_none_of_the_cursors_business(store: Store) -> None:
    assert store.cursors.mark("c1", "hubspot.archived") is None
    store.cursors.set_mark("c1", "hubspot.archived", None)
    store.cursors.set_mark("c1", "hubspot.archived", "page-2")
    assert store.cursors.mark("c1", "hubspot.archived") == "page-2"
    assert store.cursors.load("c1", "hubspot.archived") is None
    store.cursors.save("c1", "hubspot.archived", NOW)
    assert store.cursors.mark("c1", "hubspot.archived") == "page-2"
    assert store.cursors.mark("c2", "hubspot.archived") is None
    store.cursors.set_mark("c1", "hubspot.archived", None)
    assert store.cursors.mark("c1", "hubspot.archived") is None
    assert store.cursors.load("c1", "hubspot.archived") == NOW


# -- the meter


def test_reads_are_stored_by_connection_and_for_all_once_they_are_flushed(store: Store) -> None:
    for connection in ("c1", "c2", "c1"):
        store.meter.count(connection)
    assert store.meter.reads("c1", TODAY) == {}
    store.meter.flush()
    store.meter.flush()
    assert store.meter.reads("c1", TODAY) == {TODAY: 2}
    assert store.meter.reads("c2", TODAY) == {TODAY: 1}
    assert store.meter.reads(None, TODAY) == {TODAY: 3}
    assert store.meter.reads("c3", TODAY) == {}


def test_several_functions_add_to_the_same_count(store: Store) -> None:
    for _ in range(3):
        store.meter.count("c1")
        store.meter.flush()
    store.clock.advance(600)
    store.meter.count("c1")
    store.meter.flush()
    assert store.meter.reads("c1", TODAY) == {TODAY: 3, TOMORROW: 1}


def test_a_new_month_begins_at_midnight_utc_also_between_two_flushes(store: Store) -> None:
    store.clock.advance(86400)
    store.meter.count("c1")
    store.clock.advance(600)
    store.meter.count("c1")
    store.meter.flush()
    assert store.meter.reads("c1", TODAY) == {TOMORROW: 1}
    assert store.meter.reads("c1", date(2026, 12, 24)) == {date(2026, 12, 1): 1}


class _Failing:
    """A client whose updates of one partition fail."""

    def __init__(self, client: Any, partition: str, error: Exception) -> None:
        self.client, self.partition, self.error = client, partition, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def update_item(self, **arguments: Any) -> Any:
        if arguments["Key"]["pk"]["S"] == self.partition:
            raise self.error
        return self.client.update_item(**arguments)


@pytest.mark.parametrize(
    "error",
    [ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"), ConnectTimeoutError(endpoint_url="x")],
    ids=["refused", "no answer"],
)
def test_what_cannot_be_stored_raises_nothing_and_is_kept_for_the_next_time(error: Exception) -> None:
    with aws.table() as client:
        failing = _Failing(client, "C#c1#READS", error)
        meter = DynamoReadMeter(failing, aws.TABLE, VirtualClock(NOW))  # type: ignore[arg-type]  # a client all the same
        meter.count("c1")
        meter.flush()
        assert meter.reads("c1", TODAY) == {}
        assert meter.reads(None, TODAY) == {TODAY: 1}
        failing.partition = ""
        meter.count("c1")
        meter.flush()
        assert meter.reads("c1", TODAY) == {TODAY: 2}
        assert meter.reads(None, TODAY) == {TODAY: 2}


# -- notices


def test_a_notice_stands_for_its_connection_and_code_until_it_is_cleared(store: Store) -> None:
    assert store.notices.load("c1", "recording_refused") is None
    store.notices.clear("c1", "recording_refused")
    for minutes in (0, 5):
        store.notices.save("c1", "recording_refused", Notice("no", NOW + timedelta(minutes=minutes)))
    assert store.notices.load("c1", "recording_refused") == Notice("no", NOW + timedelta(minutes=5))
    assert store.notices.load("c2", "recording_refused") is None
    assert store.notices.load("c1", "another") is None
    store.notices.clear("c1", "recording_refused")
    assert store.notices.load("c1", "recording_refused") is None
