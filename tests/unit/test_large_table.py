"""The table that the benchmark of the console's pages reads answers as moto's does, and counts units as AWS says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.console_pages import keys_of, record_of
from tests.benchmarks.large_table import LargeTable
from tests.support import aws
from tests.support.memory import VirtualClock
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.register import Health, Register
from tieout.ports import RecordPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NUMBER, NEEDY = 160, 20
INVOICES = (Kind.INVOICE, "hubspot")


def made(key: RecordKey) -> SyncRecord:
    return record_of(key, NUMBER, NEEDY)


@pytest.fixture(scope="module")
def tables() -> Iterator[tuple[LargeTable, DynamoDBClient]]:
    with aws.table() as client:
        large = LargeTable(made, client)
        large.add(map(made, keys_of(NUMBER)))
        records = DynamoRecords(client, aws.TABLE, VirtualClock())
        for key in keys_of(NUMBER):
            records.put(made(key))
        yield large, client


@pytest.fixture
def beside(tables: tuple[LargeTable, DynamoDBClient]) -> DynamoDBClient:
    return tables[1]


def registers(client: DynamoDBClient) -> DynamoRegisters:
    return DynamoRegisters(client, aws.TABLE, DynamoRecords(client, aws.TABLE, VirtualClock()))


Ask = Callable[[DynamoRegisters, str | None], RecordPage]


@pytest.mark.parametrize(
    "ask",
    [
        lambda one, after: one.newest("c1", Register.INVOICES, None, 7, after),
        lambda one, after: one.newest("c1", Register.PAYMENTS, None, 80, after),
        lambda one, after: one.newest("c1", Register.INVOICES, Health.ATTENTION, 7, after),
        lambda one, after: one.search("c1", Register.INVOICES, "cafe 3", None, 3, after),
        lambda one, after: one.search("c1", Register.INVOICES, "cafe", Health.WAITING, 3, after),
        lambda one, after: one.search("c1", Register.INVOICES, "inv-00001", None, 3, after),
        lambda one, after: one.search("c1", Register.PAYMENTS, "inv-000012", None, 3, after),
    ],
)
def test_both_tables_list_the_same_on_every_page(tables: tuple[LargeTable, DynamoDBClient], ask: Ask) -> None:
    large, real = tables
    after: str | None = None
    for _ in range(60):
        mine, theirs = ask(registers(large.client), after), ask(registers(real), after)
        assert [one.key for one in mine.records] == [one.key for one in theirs.records]
        assert mine.next == theirs.next
        after = mine.next
        if after is None:
            return
    raise AssertionError("no end")


def test_both_tables_count_the_same(tables: tuple[LargeTable, DynamoDBClient]) -> None:
    large, real = tables
    for health in Health:
        for most in (3, 500):
            mine = registers(large.client).count("c1", INVOICES, health, most)
            assert mine == registers(real).count("c1", INVOICES, health, most)


@pytest.mark.parametrize("state", [State.ATTENTION, State.WAITING, State.VOIDED])
def test_both_tables_list_the_same_of_a_state(tables: tuple[LargeTable, DynamoDBClient], state: State) -> None:
    large, real = tables
    after: str | None = None
    for _ in range(20):
        mine, theirs = (
            DynamoRecords(one, aws.TABLE, VirtualClock()).in_state("c1", state, 3, after)
            for one in (large.client, real)
        )
        assert [one.key for one in mine.readable] == [one.key for one in theirs.readable]
        assert mine.next == theirs.next
        after = mine.next
        if after is None:
            return
    raise AssertionError("no end")


def test_a_count_ends_after_a_megabyte_and_goes_on(beside: DynamoDBClient) -> None:
    number = 20_000
    large = LargeTable(lambda key: record_of(key, number, number), beside)
    large.add(record_of(key, number, number) for key in keys_of(number))
    found, after, parts = 0, None, 0
    while True:
        tally = registers(large.client).tally("c1", INVOICES, Health.ATTENTION, after)
        spent = large.take()
        assert spent.units <= 129
        found, after, parts = found + tally.number, tally.next, parts + 1
        if after is None:
            break
    assert (found, parts > 1) == (number // 2, True)


def test_units_are_those_of_what_is_read_whole_or_half(beside: DynamoDBClient) -> None:
    key = RecordKey("c1", Kind.INVOICE, "hubspot", "1")
    large = LargeTable(made, beside)
    large.add([made(key)])
    where = keys.item_key(keys.record_partition(key), keys.RECORD_SORT)
    large.client.get_item(TableName=aws.TABLE, Key=where, ConsistentRead=True)
    assert large.take().units == 1
    large.client.get_item(TableName=aws.TABLE, Key=where)
    assert large.take().units == 0.5


def test_what_is_no_record_lies_beside_and_is_counted_too(beside: DynamoDBClient) -> None:
    client = LargeTable(made, beside).client
    client.put_item(TableName=aws.TABLE, Item={**keys.item_key("p", "s"), "text": {"S": "x" * 5000}})
    assert beside.get_item(TableName=aws.TABLE, Key=keys.item_key("p", "s"))["Item"]["text"] == {"S": "x" * 5000}
    large = LargeTable(made, beside)
    large.client.get_item(TableName=aws.TABLE, Key=keys.item_key("p", "s"), ConsistentRead=True)
    assert large.take().units == 2
    large.client.query(
        TableName=aws.TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "p"}}
    )
    spent = large.take()
    assert (spent.units, spent.requests) == (1, 1)
    assert spent.outside > 0
