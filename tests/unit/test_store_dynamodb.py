"""What only the store in DynamoDB can get wrong: lost answers, contention, throttling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support import aws
from tests.support.memory import VirtualClock
from tests.support.table_wire import AUDIT, KEY, NOW, Wire
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.domain.errors import StoreUnavailable, Transient
from tieout.domain.record import Link, State, SyncRecord
from tieout.ports import AuditEntry, RecordChanged, TokenSet

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


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutItem")


LOST = ReadTimeoutError(endpoint_url="https://dynamodb")


# Answers that were lost.


@pytest.mark.parametrize("audit", [None, AUDIT], ids=["plain write", "transaction"])
def test_a_write_that_the_sdk_repeats_is_no_conflict(
    wire: Wire, records: DynamoRecords, audit: AuditEntry | None
) -> None:
    wire.repeat = 1

    stored = records.put(SyncRecord(KEY, lease_owner="worker-1"), audit)

    assert stored.version == 1
    assert records.get(KEY) == stored


@pytest.mark.parametrize("audit", [None, AUDIT], ids=["plain write", "transaction"])
def test_a_write_whose_answer_never_came_counts_as_done(
    wire: Wire, records: DynamoRecords, audit: AuditEntry | None
) -> None:
    wire.lose = [LOST]

    stored = records.put(SyncRecord(KEY), audit)

    assert stored == SyncRecord(KEY, version=1) == records.get(KEY)
    assert len(records.trail(KEY)) == (0 if audit is None else 1)


def test_a_lost_request_is_sent_again(wire: Wire, records: DynamoRecords) -> None:
    wire.refuse = [LOST, LOST]

    assert records.put(SyncRecord(KEY), AUDIT) == records.get(KEY) == SyncRecord(KEY, version=1)


def test_a_rehint_between_a_lost_write_and_its_repetition_does_not_hide_the_write(
    wire: Wire, records: DynamoRecords
) -> None:
    class HintThenFail(list[Exception]):
        def pop(self, *_: Any) -> Exception:
            super().pop(0)
            assert DynamoRecords(wire.real, aws.TABLE, VirtualClock()).rehint(KEY, "worker-1")
            return LOST

    wire.lose = HintThenFail([LOST])

    claimed = records.put(SyncRecord(KEY, lease_owner="worker-1"))

    assert claimed.version == 1
    with pytest.raises(RecordChanged) as refused:
        records.put(claimed.to(State.SYNCED))
    assert refused.value.current == replace(claimed, rehints=1)


def test_an_unreachable_table_is_reported_after_a_few_attempts(wire: Wire, records: DynamoRecords) -> None:
    wire.refuse = [LOST] * 6

    with pytest.raises(StoreUnavailable, match="ReadTimeoutError"):
        records.put(SyncRecord(KEY))


# Other transactions on the same items.


@pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionCanceledException"])
def test_a_write_waits_for_another_transaction(wire: Wire, records: DynamoRecords, code: str) -> None:
    wire.refuse = [refusal(code), refusal(code)]

    assert records.put(SyncRecord(KEY), AUDIT) == records.get(KEY)


def test_a_write_that_never_gets_its_turn_is_transient(wire: Wire, records: DynamoRecords) -> None:
    wire.refuse = [refusal("TransactionConflictException")] * 6

    with pytest.raises(Transient):
        records.put(SyncRecord(KEY))
    assert records.get(KEY) is None


def test_a_rehint_waits_for_another_transaction_and_is_never_taken_for_a_lost_lease(
    wire: Wire, records: DynamoRecords
) -> None:
    records.put(SyncRecord(KEY, lease_owner="worker-1"))
    wire.refuse = [refusal("TransactionConflictException")] * 2
    assert records.rehint(KEY, "worker-1")

    wire.refuse = [refusal("TransactionConflictException")] * 6
    with pytest.raises(Transient):
        records.rehint(KEY, "worker-1")


def test_an_error_that_is_no_conflict_is_not_swallowed(wire: Wire, records: DynamoRecords) -> None:
    for call in (lambda: records.put(SyncRecord(KEY)), lambda: records.rehint(KEY, "worker-1")):
        wire.refuse = [refusal("AccessDeniedException")]
        with pytest.raises(StoreUnavailable, match="AccessDenied"):
            call()


def test_a_mistake_of_ours_is_not_taken_for_a_store_that_does_not_answer(wire: Wire, records: DynamoRecords) -> None:
    wire.refuse = [refusal("ValidationException")]
    with pytest.raises(ClientError):
        records.put(SyncRecord(KEY))


# Cost of a write.


def test_a_claim_is_one_plain_write_and_a_known_document_is_not_reserved_again(
    wire: Wire, records: DynamoRecords
) -> None:
    claimed = records.put(SyncRecord(KEY, lease_owner="worker-1"))
    assert wire.calls == {"put_item": 1}

    linked = records.put(replace(claimed, link=Link("900")))
    assert wire.calls == {"put_item": 1, "transact_write_items": 1}

    fresh = DynamoRecords(cast("DynamoDBClient", wire), aws.TABLE, VirtualClock())
    for store in (records, fresh):
        current = store.get(KEY)
        assert current is not None
        store.put(replace(current, label=f"{linked.label}!"))
    assert wire.calls["put_item"] == 3
    assert wire.calls["transact_write_items"] == 1


# Throttled batch reads.


def test_keys_that_a_batch_read_leaves_out_are_asked_for_again(
    wire: Wire, client: DynamoDBClient, records: DynamoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = {
        record.key: record for record in (records.put(SyncRecord(replace(KEY, origin_id=str(n)))) for n in range(9))
    }
    real = wire.real.batch_get_item

    def one_at_a_time(**arguments: Any) -> Any:
        wanted = arguments["RequestItems"][aws.TABLE]["Keys"]
        assert arguments["RequestItems"][aws.TABLE]["ConsistentRead"]
        answer: Any = real(RequestItems={aws.TABLE: {"Keys": wanted[:1], "ConsistentRead": True}})
        answer["UnprocessedKeys"] = {aws.TABLE: {"Keys": wanted[1:]}} if wanted[1:] else {}
        return answer

    monkeypatch.setattr(wire.real, "batch_get_item", one_at_a_time)

    assert records.get_many(list(stored)) == stored


def test_a_batch_read_that_gives_nothing_any_more_is_transient(
    wire: Wire, records: DynamoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(**arguments: Any) -> Any:
        return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}

    monkeypatch.setattr(wire.real, "batch_get_item", nothing)

    with pytest.raises(Transient):
        records.get_many([KEY])


def test_tokens_that_the_sdk_saves_twice_count_as_saved(wire: Wire, client: DynamoDBClient) -> None:
    tokens = DynamoTokens(client, aws.TABLE, VirtualClock())
    wire.repeat = 1

    assert tokens.save("acme", TokenSet("access", "refresh", NOW, version=1))
