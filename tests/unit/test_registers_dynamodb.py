"""What keeping the registers costs in DynamoDB, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.table_log import TableLog, logged_table
from tests.support.aws import TABLE
from tests.support.memory import VirtualClock
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.domain.about import About
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry, RecordChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = RecordKey("acme", Kind.INVOICE, "hubspot", "1")
PARTITION = "C#acme#REG#invoices"


@pytest.fixture
def log() -> Iterator[TableLog]:
    with logged_table() as log:
        yield log


def entries(client: DynamoDBClient) -> list[str]:
    """The entries that stand in the register of invoices."""
    answer = client.query(
        TableName=TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": PARTITION}}
    )
    return [item["sk"]["S"] for item in answer["Items"]]


def new_record() -> SyncRecord:
    about = About("Acme Ltd", day=date(2026, 3, 1))
    return SyncRecord(key=KEY, state=State.WAITING, label="INV-1001", about=about, created_at=NOW, updated_at=NOW)


def test_entries_are_written_with_the_record_once_and_never_again(log: TableLog) -> None:
    records = DynamoRecords(log.client, TABLE, VirtualClock(NOW))
    stored = records.put(new_record())
    place = "2026-03-01#invoice#hubspot#1"
    standing = [f"c#acme ltd#{place}", f"d#{place}", f"n#1001#{place}", f"n#inv-1001#{place}"]
    assert entries(log.client) == standing
    log.take()
    stored = records.put(replace(stored, lease_owner="me"))
    stored = records.put(replace(stored, lease_owner=None).to(State.SYNCED))
    assert [one.operation for one in log.take()] == ["put_item", "put_item"]
    assert entries(log.client) == standing


def test_a_worker_that_has_just_started_writes_no_more_than_one_that_knows_the_record(log: TableLog) -> None:
    DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(new_record())
    fresh = DynamoRecords(log.client, TABLE, VirtualClock(NOW))
    read = fresh.get(KEY)
    assert read is not None
    log.take()
    fresh.put(read.to(State.SYNCED))
    assert [one.operation for one in log.take()] == ["put_item"]


def test_a_record_that_was_read_elsewhere_costs_one_read_to_find_out_what_stands(log: TableLog) -> None:
    stored = DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(new_record())
    log.take()
    DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(replace(stored, label="INV-7"))
    assert [one.operation for one in log.take()] == ["get_item", "transact_write_items"]
    assert [one for one in entries(log.client) if one.startswith("n")] == [
        "n#7#2026-03-01#invoice#hubspot#1",
        "n#inv-7#2026-03-01#invoice#hubspot#1",
    ]


def test_what_is_not_true_any_more_is_taken_out_in_the_same_transaction(log: TableLog) -> None:
    records = DynamoRecords(log.client, TABLE, VirtualClock(NOW))
    stored = records.put(new_record())
    log.take()
    about = About("Ácme", day=date(2026, 3, 5))
    records.put(replace(stored, about=about, link=Link("9", number="77")), AuditEntry(NOW, "w", "linked", "t"))
    assert [one.operation for one in log.take()] == ["transact_write_items"]
    place = "2026-03-05#invoice#hubspot#1"
    assert entries(log.client) == [
        f"c#acme#{place}", f"d#{place}", f"n#1001#{place}", f"n#77#{place}", f"n#inv-1001#{place}"
    ]  # fmt: skip


def test_a_write_that_is_refused_leaves_the_entries_as_they_were(log: TableLog) -> None:
    records = DynamoRecords(log.client, TABLE, VirtualClock(NOW))
    stored = records.put(new_record())
    DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(replace(stored, label="INV-2"))
    before = entries(log.client)
    with pytest.raises(RecordChanged):
        records.put(replace(stored, about=About("Nobody"), label="INV-3"))
    assert entries(log.client) == before


def test_the_item_of_a_record_names_its_entries_so_that_all_of_it_can_be_deleted(log: TableLog) -> None:
    DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(new_record())
    answer = log.client.get_item(
        TableName=TABLE, Key={"pk": {"S": "C#acme#REC#invoice#hubspot#1"}, "sk": {"S": "RECORD"}}
    )
    assert sorted(answer["Item"]["entries"]["SS"]) == entries(log.client)


def test_a_payment_of_hundreds_of_invoices_fits_into_one_transaction(log: TableLog) -> None:
    about = About("Acme", day=date(2026, 3, 1), invoices=tuple(f"INV-{number}" for number in range(1, 900)))
    key = RecordKey("acme", Kind.PAYMENT, "quickbooks", "9")
    DynamoRecords(log.client, TABLE, VirtualClock(NOW)).put(SyncRecord(key=key, state=State.SYNCED, about=about))
    [written] = log.take()
    assert len(written.items) < 50
