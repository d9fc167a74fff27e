"""Items as they lie in DynamoDB: their sizes, keys, indexes and times to live."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from tests.support import aws
from tests.support.memory import VirtualClock
from tests.support.table_wire import AUDIT, KEY, NOW, Wire
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.errors import BadPageToken, RecordTooLarge, UnreadableItem
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.domain.company import Connection
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.record import Intent, Link, Operation, State, SyncRecord
from tieout.ports import TokenSet, UnreadableRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def wire() -> Iterator[Wire]:
    with aws.table() as client:
        yield Wire(client)


@pytest.fixture
def client(wire: Wire) -> DynamoDBClient:
    return cast("DynamoDBClient", wire)


@pytest.fixture
def records(client: DynamoDBClient) -> DynamoRecords:
    return DynamoRecords(client, aws.TABLE, VirtualClock(NOW))


# Sizes.


def noise(length: int) -> str:
    """The same text every time, which compresses badly."""
    return base64.b64encode(hashlib.shake_256(b"tieout").digest(length)).decode()[:length]


@pytest.mark.parametrize("described_in", [100, 400], ids=["short descriptions", "long descriptions"])
def test_an_invoice_of_750_lines_fits_as_intent_and_as_link(records: DynamoRecords, described_in: int) -> None:
    text = noise(750 * described_in)
    lines = tuple(
        ContentLine(
            item_id=str(number),
            description=text[number * described_in : (number + 1) * described_in],
            quantity=Decimal(number * 7919).scaleb(-2),
            unit_price=Decimal(number * 104_729).scaleb(-4),
            amount=Decimal(number * 1299).scaleb(-2),
        )
        for number in range(750)
    )
    content = InvoiceContent("77", "INV-1", date(2026, 3, 2), None, "USD", lines)
    intent = Intent(Operation.UPDATE, "r" * 40, 2, repr(content), NOW, content, "900")

    stored = records.put(
        SyncRecord(KEY, State.WRITING, intent=intent, link=Link("900", sent=content, written=content)), AUDIT
    )

    assert records.get(KEY) == stored


def test_a_record_that_fits_no_item_is_refused_with_its_key_and_size(records: DynamoRecords) -> None:
    with pytest.raises(RecordTooLarge, match=r"acme/invoice/hubspot/1: \d+ bytes"):
        records.put(SyncRecord(KEY, detail=noise(600_000)))


# Items as they lie in the table.


def test_an_audit_line_expires_after_400_days_and_a_record_never(wire: Wire, records: DynamoRecords) -> None:
    records.put(SyncRecord(KEY), AUDIT)

    items = {item["sk"]["S"].split("#")[0]: item for item in wire.real.scan(TableName=aws.TABLE)["Items"]}
    assert items["AUDIT"]["expires_at"]["N"] == str(int((NOW + timedelta(days=400)).timestamp()))
    assert "expires_at" not in items["RECORD"]
    assert aws.table_properties()["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_only_what_has_to_wake_is_in_the_index_of_due_records(wire: Wire, records: DynamoRecords) -> None:
    claimed = records.put(SyncRecord(KEY, lease_owner="worker-1", lease_until=NOW))
    assert wire.real.scan(TableName=aws.TABLE, IndexName=keys.BY_DUE)["Count"] == 1
    records.put(replace(claimed, lease_owner=None, lease_until=None).to(State.SYNCED))

    assert wire.real.scan(TableName=aws.TABLE, IndexName=keys.BY_DUE)["Count"] == 0
    assert not records.rehint(KEY, "worker-1")


def test_pointers_are_apart_from_everything_else_and_enough_by_themselves(wire: Wire, client: DynamoDBClient) -> None:
    connections = DynamoConnections(client, aws.TABLE, VirtualClock())
    acme = Connection("acme", "11", "21", "America/Sao_Paulo")
    connections.add_connection(acme)
    for item in wire.real.scan(TableName=aws.TABLE)["Items"]:
        if not item["pk"]["S"].startswith(("PORTAL#", "REALM#")):
            wire.real.delete_item(TableName=aws.TABLE, Key=keys.item_key(item["pk"]["S"], item["sk"]["S"]))

    assert connections.by_portal("11") == connections.by_realm("21") == acme


@pytest.mark.parametrize("connection", ["", "acme#REC", "#"])
def test_a_connection_id_that_could_reach_into_another_is_refused(
    client: DynamoDBClient, records: DynamoRecords, connection: str
) -> None:
    with pytest.raises(ValueError, match="not a connection id"):
        DynamoConnections(client, aws.TABLE, VirtualClock()).add_connection(Connection(connection, "11", "21"))
    with pytest.raises(ValueError, match="not a connection id"):
        records.get(replace(KEY, connection=connection))


def test_any_origin_id_comes_back_from_its_key() -> None:
    for id_ in ("1", "company:7", "a#b#c", "ü"):
        key = replace(KEY, origin_id=id_)
        assert keys.record_key_of(keys.record_partition(key)) == key


def test_an_item_that_cannot_be_read_is_named_without_its_content(wire: Wire, records: DynamoRecords) -> None:
    records.put(SyncRecord(KEY, detail="Maria"))
    wire.real.update_item(
        TableName=aws.TABLE,
        Key=keys.item_key(keys.record_partition(KEY), keys.RECORD_SORT),
        UpdateExpression="SET document = :document",
        ExpressionAttributeValues={":document": {"B": b"Maria"}},
    )
    with pytest.raises(UnreadableRecord) as unreadable:
        records.get(KEY)
    assert "Maria" not in str(unreadable.value)

    tokens = DynamoTokens(cast("DynamoDBClient", wire), aws.TABLE, VirtualClock())
    tokens.save("acme", TokenSet("hush", "hush", NOW, version=1))
    wire.real.update_item(
        TableName=aws.TABLE,
        Key=keys.item_key("C#acme#TOKENS", "CURRENT"),
        UpdateExpression="SET tokens = :tokens",
        ExpressionAttributeValues={":tokens": {"S": '{"access_token": "hush"}'}},
    )
    with pytest.raises(UnreadableItem) as refused:
        tokens.load("acme")
    assert "hush" not in str(refused.value)


# Indexes that lag behind.


def test_a_state_that_an_index_still_lists_after_it_changed_is_not_given(
    wire: Wire, records: DynamoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = records.put(SyncRecord(KEY, State.WAITING, due_at=NOW, updated_at=NOW))
    real = wire.real.query
    lagging = {
        index: real(
            TableName=aws.TABLE,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
        )
        for index, attribute, partition in (
            (keys.BY_DUE, "gsi2pk", keys.due_partition("acme")),
            (keys.BY_STATE, "gsi1pk", keys.state_partition("acme", State.WAITING)),
        )
    }
    records.put(waiting.to(State.SYNCED))
    monkeypatch.setattr(wire.real, "query", lambda **arguments: lagging[arguments["IndexName"]])

    # A hint too many does no harm, and a record that cannot be read must not hide the others: no reading here.
    assert records.due("acme", NOW) == [waiting.key]
    assert records.in_state("acme", State.WAITING).records == ()


def test_a_page_mark_of_another_connection_is_refused(records: DynamoRecords) -> None:
    other = keys.page_token("C#other#REC#invoice#hubspot#1", "2026")

    with pytest.raises(BadPageToken):
        records.in_state("acme", State.SYNCED, after=other)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        keys.sortable(NOW.replace(tzinfo=None))
