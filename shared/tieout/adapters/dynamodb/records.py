"""The sync records in DynamoDB: conditional writes, uniqueness of far documents, the listings and the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import (
    CONDITION_FAILED,
    LOST_ANSWER,
    back_off,
    code_of,
    is_conflict,
    is_contended,
)
from tieout.adapters.dynamodb.document import audit_entry_of, audit_item, entries_in, record_item, record_of
from tieout.domain.errors import Transient
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.domain.register import entries_of, register_of
from tieout.ports import AuditEntry, Clock, LinkTaken, RecordChanged, RecordPage, UnreadableRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesTypeDef,
        PutTypeDef,
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
    )

_HOLDER_SORT = "HOLDER"
_BEFORE_ANY_TIME = "0"
_KEYS_A_BATCH = 100
_ATTEMPTS = 6
_REMEMBERED_LINKS = 10_000


class DynamoRecords:
    """Fulfils `ports.Records` on the table `table`. `clock` only waits between attempts."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        # A holder item never changes its holder, so what was once seen held needs no writing again.
        self._held: set[tuple[RecordKey, str]] = set()
        # The register's entries of a version that was read or written here, so that only what changes is written.
        self._listed: dict[RecordKey, tuple[int, frozenset[str]]] = {}

    @answering("dynamodb", "records.get")
    def get(self, key: RecordKey) -> SyncRecord | None:
        """The record, or None."""
        item = self._item(key)
        return None if item is None else self._record(item)

    @answering("dynamodb", "records.get_many")
    def get_many(self, keys_: Collection[RecordKey]) -> Mapping[RecordKey, SyncRecord]:
        """The records that exist among `keys_`, 100 a call; raises Transient when DynamoDB keeps leaving some out."""
        found, unreadable = self.readable(keys_)
        if unreadable:
            raise UnreadableRecord(unreadable[0])
        return found

    def readable(self, keys_: Collection[RecordKey]) -> tuple[dict[RecordKey, SyncRecord], list[RecordKey]]:
        """The same for a listing, which one record must not end: those that can be read, and which cannot."""
        items = [keys.item_key(keys.record_partition(key), keys.RECORD_SORT) for key in dict.fromkeys(keys_)]
        found: dict[RecordKey, SyncRecord] = {}
        unreadable: list[RecordKey] = []
        for item in self._batches(items):
            try:
                record = self._record(item)
            except UnreadableRecord as error:
                unreadable.append(error.key)
            else:
                found[record.key] = record
        return found, unreadable

    @answering("dynamodb", "records.put")
    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        """Store `record` if the stored one still has its version and rehints; see `ports.Records.put`.

        A write whose answer was lost is recognised by its id and counts as done. Raises RecordChanged, LinkTaken,
        RecordTooLarge, or Transient when other transactions stayed in the way.
        """
        stored = replace(record, version=record.version + 1)
        write_id = uuid.uuid4().hex
        writes = self._writes(record, stored, write_id, audit)
        for attempt in range(_ATTEMPTS):
            try:
                self._write(writes)
            except ClientError as error:
                if not is_conflict(error):
                    raise
            except LOST_ANSWER:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return self._remember(stored, entries_of(stored))
            if self._was_written(record, write_id):
                return self._remember(stored, entries_of(stored))
            self._clock.sleep(back_off(attempt))
        raise Transient(context={"store": "contended", "record": str(record.key)})

    @answering("dynamodb", "records.rehint")
    def rehint(self, key: RecordKey, lease_owner: str) -> bool:
        """Count one more hint for the worker that holds the record. False when `lease_owner` no longer holds it."""
        for attempt in range(_ATTEMPTS):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=keys.item_key(keys.record_partition(key), keys.RECORD_SORT),
                    UpdateExpression="ADD rehints :one",
                    ConditionExpression="lease_owner = :owner",
                    ExpressionAttributeValues={":one": {"N": "1"}, ":owner": {"S": lease_owner}},
                )
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return False
                if not is_contended(error):
                    raise
                self._clock.sleep(back_off(attempt))
            else:
                return True
        raise Transient(context={"store": "contended", "record": str(key)})

    @answering("dynamodb", "records.origin_of")
    def origin_of(self, connection: str, system: str, kind: str, far_id: str) -> RecordKey | None:
        """The record that an exclusive far document belongs to, by a consistent read."""
        holder = self._holder(keys.holder_partition(connection, system, kind, far_id))
        return None if holder is None else keys.record_key_of(holder)

    @answering("dynamodb", "records.origins_of")
    def origins_of(
        self, connection: str, system: str, documents: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], RecordKey]:
        """The same for many documents, 100 a call; raises Transient when DynamoDB keeps leaving some out."""
        places = {keys.holder_partition(connection, system, kind, id_): (kind, id_) for kind, id_ in documents}
        return {
            places[item["pk"]["S"]]: keys.record_key_of(item["origin"]["S"])
            for item in self._batches([keys.item_key(place, _HOLDER_SORT) for place in places])
        }

    @answering("dynamodb", "records.due")
    def due(
        self, connection: str, now: datetime, limit: int = 100, *, after: datetime | None = None
    ) -> Sequence[RecordKey]:
        """Records whose `wake_at` is not after `now`, oldest first, from the index alone: a record that cannot be read
        is named too, and must not hide the others."""
        if after is not None and after >= now:
            return []
        begin = _BEFORE_ANY_TIME if after is None else keys.sortable(after + timedelta(microseconds=1))
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": keys.BY_DUE,
            "KeyConditionExpression": "gsi2pk = :partition AND gsi2sk BETWEEN :begin AND :now",
            "ExpressionAttributeValues": {
                ":partition": {"S": keys.due_partition(connection)},
                ":begin": {"S": begin},
                ":now": {"S": keys.sortable(now)},
            },
        }
        return keys.known_record_keys(item["pk"]["S"] for item in self._query(query, limit))

    @answering("dynamodb", "records.in_state")
    def in_state(self, connection: str, state: State, limit: int = 100, after: str | None = None) -> RecordPage:
        """A page of the records in a state, most recently changed first. Raises BadPageToken."""
        partition = keys.state_partition(connection, state)
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": keys.BY_STATE,
            "KeyConditionExpression": "gsi1pk = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "ScanIndexForward": False,
        }
        if after is not None:
            pk, sort = keys.read_page_token(after, keys.connection_prefix(connection))
            query["ExclusiveStartKey"] = {
                **keys.item_key(pk, keys.RECORD_SORT),
                "gsi1pk": {"S": partition},
                "gsi1sk": {"S": sort},
            }
        listed = list(self._query(query, limit + 1))
        page = listed[:limit]
        wanted = keys.known_record_keys(item["pk"]["S"] for item in page)
        found, unreadable = self.readable(wanted)
        more = len(listed) > limit
        return RecordPage(
            tuple(found[key] for key in wanted if key in found and found[key].state is state),
            keys.page_token(page[-1]["pk"]["S"], page[-1]["gsi1sk"]["S"]) if more else None,
            tuple(unreadable),
        )

    @answering("dynamodb", "records.trail")
    def trail(self, key: RecordKey, limit: int = 50) -> Sequence[AuditEntry]:
        """The latest audit lines of a record, newest first."""
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :audit)",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.record_partition(key)},
                ":audit": {"S": keys.AUDIT_PREFIX},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        return [audit_entry_of(item) for item in self._query(query, limit)]

    def _writes(
        self, record: SyncRecord, stored: SyncRecord, write_id: str, audit: AuditEntry | None
    ) -> list[TransactWriteItemTypeDef]:
        put: PutTypeDef = {"TableName": self._table, "Item": record_item(stored, write_id)}
        if record.version == 0:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "version = :version AND rehints = :rehints"
            put["ExpressionAttributeValues"] = {
                ":version": {"N": str(record.version)},
                ":rehints": {"N": str(record.rehints)},
            }
        writes: list[TransactWriteItemTypeDef] = [{"Put": put}]
        origin = {"S": keys.record_partition(record.key)}
        for partition in _holder_partitions(record):
            if (record.key, partition) in self._held:
                continue
            holder: PutTypeDef = {
                "TableName": self._table,
                "Item": {**keys.item_key(partition, _HOLDER_SORT), "origin": origin},
                "ConditionExpression": "attribute_not_exists(pk) OR origin = :origin",
                "ExpressionAttributeValues": {":origin": origin},
            }
            writes.append({"Put": holder})
        writes += self._listing(record, stored)
        if audit is not None:
            writes.append({"Put": {"TableName": self._table, "Item": audit_item(stored, audit)}})
        return writes

    def _listing(self, record: SyncRecord, stored: SyncRecord) -> Iterator[TransactWriteItemTypeDef]:
        """What changes of the register's entries, with the record that they stand for."""
        register = register_of(record.key)
        if register is None:
            return
        partition = keys.register_partition(record.key.connection, register)
        before, after = self._entries_of(record), entries_of(stored)
        for entry in sorted(after - before):
            yield {"Put": {"TableName": self._table, "Item": keys.item_key(partition, entry)}}
        for entry in sorted(before - after):
            yield {"Delete": {"TableName": self._table, "Key": keys.item_key(partition, entry)}}

    def _entries_of(self, record: SyncRecord) -> frozenset[str]:
        """The entries that stand now. Where they are not those of the version that is replaced, nothing is written."""
        version, entries = self._listed.get(record.key, (0, frozenset()))
        if record.version == version:
            return entries
        return entries_in(self._item(record.key)) if record.version else frozenset()

    def _write(self, writes: Sequence[TransactWriteItemTypeDef]) -> None:
        if len(writes) == 1:
            # A claim writes nothing beside the record, and a plain write costs half of a transaction.
            self._client.put_item(**writes[0]["Put"])
            return
        self._client.transact_write_items(TransactItems=writes, ClientRequestToken=str(uuid.uuid4()))

    def _was_written(self, record: SyncRecord, write_id: str) -> bool:
        """Whether the write went through after all; False when it may be tried again.

        Raises RecordChanged or LinkTaken when a condition really fails.
        """
        item = self._item(record.key)
        if item is not None and item["write_id"]["S"] == write_id:
            return True
        current = None if item is None else self._record(item)
        expected = (0, record.rehints) if current is None else (current.version, current.rehints)
        if (record.version, record.rehints) != expected:
            raise RecordChanged(current)
        for partition in _holder_partitions(record):
            holder = self._holder(partition)
            if holder is not None and holder != keys.record_partition(record.key):
                raise LinkTaken(str(keys.record_key_of(holder)))
        return False

    def _item(self, key: RecordKey) -> dict[str, AttributeValueTypeDef] | None:
        answer = self._client.get_item(
            TableName=self._table,
            Key=keys.item_key(keys.record_partition(key), keys.RECORD_SORT),
            ConsistentRead=True,
        )
        return answer.get("Item")

    def _holder(self, partition: str) -> str | None:
        answer = self._client.get_item(
            TableName=self._table, Key=keys.item_key(partition, _HOLDER_SORT), ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else item["origin"]["S"]

    def _batches(
        self, items: Sequence[Mapping[str, AttributeValueTypeDef]]
    ) -> Iterator[dict[str, AttributeValueTypeDef]]:
        for start in range(0, len(items), _KEYS_A_BATCH):
            yield from self._batch_get(items[start : start + _KEYS_A_BATCH])

    def _batch_get(
        self, left: Sequence[Mapping[str, AttributeValueTypeDef]]
    ) -> Iterator[dict[str, AttributeValueTypeDef]]:
        fruitless = 0
        while left:
            request: KeysAndAttributesTypeDef = {"Keys": left, "ConsistentRead": True}
            answer = self._client.batch_get_item(RequestItems={self._table: request})
            yield from answer["Responses"].get(self._table, [])
            unprocessed = answer["UnprocessedKeys"].get(self._table)
            if unprocessed is None:
                return
            fruitless = fruitless + 1 if len(unprocessed["Keys"]) == len(left) else 0
            if fruitless == _ATTEMPTS:
                raise Transient(context={"store": "throttled"})
            left = unprocessed["Keys"]
            self._clock.sleep(back_off(fruitless))

    def _query(self, query: QueryInputTypeDef, limit: int) -> Iterator[dict[str, AttributeValueTypeDef]]:
        left, page = limit, query.copy()
        while left > 0:
            page["Limit"] = left
            answer = self._client.query(**page)
            yield from answer["Items"]
            left -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            page["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _record(self, item: Mapping[str, AttributeValueTypeDef]) -> SyncRecord:
        return self._remember(record_of(item), entries_in(item))

    def _remember(self, record: SyncRecord, entries: frozenset[str]) -> SyncRecord:
        held = [(record.key, partition) for partition in _holder_partitions(record)]
        if len(self._held) + len(held) > _REMEMBERED_LINKS:
            self._held.clear()
        self._held.update(held)
        if len(self._listed) >= _REMEMBERED_LINKS:
            self._listed.clear()
        self._listed[record.key] = (record.version, entries)
        return record


def _holder_partitions(record: SyncRecord) -> list[str]:
    key, system = record.key, keys.far_system(record.key)
    return [keys.holder_partition(key.connection, system, kind, far_id) for kind, far_id in record.far_documents]
