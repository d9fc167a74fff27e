"""The registers in DynamoDB: entries beside the records, and the index `by_health`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.domain.record import RecordKey, SyncRecord
from tieout.domain.register import (
    FLOWS,
    Column,
    Flow,
    Health,
    Register,
    beginning,
    health_of,
    id_in,
    is_place,
    normalised,
    place_in,
)
from tieout.ports import RecordPage
from tieout.ports.registers import BadPageMark, Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

# What is searched first is what fewer records share.
_SEARCHED = (Column.NUMBER, Column.CUSTOMER)
# Pages that a search passes over for want of the wanted health before it gives what it has.
_MOST_PASSED = 4


class DynamoRegisters:
    """Fulfils `ports.registers.Registers` on the table `table`."""

    def __init__(self, client: DynamoDBClient, table: str, records: DynamoRecords) -> None:
        self._client = client
        self._table = table
        self._records = records

    @answering("dynamodb", "registers.newest")
    def newest(
        self, connection: str, register: Register, health: Health | None, limit: int, after: str | None = None
    ) -> RecordPage:
        """One query, or with a health one for each flow of the register, and one read of the records."""
        if after is not None and not is_place(after):
            raise BadPageMark("not the beginning of a page of this listing")
        if health is None:
            begin = beginning(Column.DAY)
            start = None if after is None else f"{begin}{after}"
            found = [place_in(entry) for entry in self._entries(connection, register, begin, limit + 1, start)]
        else:
            flows = [self._places(connection, flow, health, limit + 1, after) for flow in FLOWS[register]]
            found = list(islice(merge(*flows, reverse=True), limit + 1))
        return self._page(connection, found, health, limit)

    @answering("dynamodb", "registers.search")
    def search(
        self,
        connection: str,
        register: Register,
        text: str,
        health: Health | None,
        limit: int,
        after: str | None = None,
    ) -> RecordPage:
        """One query for each column that is searched and one read of the records; `_MOST_PASSED` times as much where
        many of them are of another health."""
        begins = {column: beginning(column, text) for column in _SEARCHED}
        if not normalised(text):
            return RecordPage((), None)
        if after is not None and not _is_entry(after, begins.values()):
            raise BadPageMark("not the beginning of a page of this listing")
        kept: dict[RecordKey, SyncRecord] = {}
        unreadable: dict[RecordKey, None] = {}
        for _ in range(_MOST_PASSED):
            entries = self._found(connection, register, begins, limit + 1, after)
            page = entries[:limit]
            wanted = [_key(connection, place_in(entry)) for entry in page]
            found, unread = self._records.readable(wanted)
            for entry, key in zip(page, wanted, strict=True):
                if len(kept) + len(unreadable) == limit:
                    return RecordPage(tuple(kept.values()), after, tuple(unreadable))
                after = entry
                if key in unread:
                    # Of whatever health: nobody can tell.
                    unreadable[key] = None
                elif key in found and _fits(found[key], health):
                    kept[key] = found[key]
            if len(entries) <= limit:
                return RecordPage(tuple(kept.values()), None, tuple(unreadable))
            if len(kept) + len(unreadable) == limit:
                break
        return RecordPage(tuple(kept.values()), after, tuple(unreadable))

    @answering("dynamodb", "registers.count")
    def count(self, connection: str, flow: Flow, health: Health, most: int) -> int:
        """One query that reads at most `most` keys of the index."""
        query = self._counting(connection, flow, health)
        query["Limit"] = most
        return self._client.query(**query)["Count"]

    @answering("dynamodb", "registers.tally")
    def tally(self, connection: str, flow: Flow, health: Health, after: str | None = None) -> Tally:
        """One query, which DynamoDB ends after 1 MB of keys: 128 read units."""
        query = self._counting(connection, flow, health)
        if after is not None:
            query["ExclusiveStartKey"] = {name: {"S": text} for name, text in json.loads(after).items()}
        answer = self._client.query(**query)
        last = answer.get("LastEvaluatedKey")
        return Tally(answer["Count"], json.dumps({name: one["S"] for name, one in last.items()}) if last else None)

    def _counting(self, connection: str, flow: Flow, health: Health) -> QueryInputTypeDef:
        return {
            "TableName": self._table,
            "IndexName": keys.BY_HEALTH,
            "KeyConditionExpression": "gsi3pk = :partition",
            "ExpressionAttributeValues": {":partition": {"S": keys.health_partition(connection, flow, health)}},
            "Select": "COUNT",
        }

    def _found(
        self, connection: str, register: Register, begins: Mapping[Column, str], limit: int, after: str | None
    ) -> list[str]:
        """The next entries, those of the first column before those of the second."""
        reached = None if after is None else Column(after[0])
        columns = list(begins)
        found: list[str] = []
        for column in columns[columns.index(reached) if reached else 0 :]:
            start = after if column is reached else None
            found += self._entries(connection, register, begins[column], limit - len(found), start)
            if len(found) >= limit:
                break
        return found

    def _entries(self, connection: str, register: Register, begin: str, limit: int, start: str | None) -> list[str]:
        partition = keys.register_partition(connection, register)
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :begin)",
            "ExpressionAttributeValues": {":pk": {"S": partition}, ":begin": {"S": begin}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if start is not None:
            query["ExclusiveStartKey"] = keys.item_key(partition, start)
        return [item["sk"]["S"] for item in self._client.query(**query)["Items"]]

    def _places(self, connection: str, flow: Flow, health: Health, limit: int, after: str | None) -> list[str]:
        # Places are unique, so a page goes on from a place alone, whichever flow it is of.
        values = {":partition": {"S": keys.health_partition(connection, flow, health)}}
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": keys.BY_HEALTH,
            "KeyConditionExpression": "gsi3pk = :partition",
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is not None:
            query["KeyConditionExpression"] = "gsi3pk = :partition AND gsi3sk < :after"
            query["ExpressionAttributeValues"] = {**values, ":after": {"S": after}}
        return [item["gsi3sk"]["S"] for item in self._client.query(**query)["Items"]]

    def _page(self, connection: str, found: list[str], health: Health | None, limit: int) -> RecordPage:
        page = found[:limit]
        wanted = [_key(connection, place) for place in page]
        read, unreadable = self._records.readable(wanted)
        fitting = tuple(read[key] for key in wanted if key in read and _fits(read[key], health))
        return RecordPage(fitting, page[-1] if len(found) > limit else None, tuple(unreadable))


def _key(connection: str, place: str) -> RecordKey:
    return RecordKey(connection, *id_in(place))


def _fits(record: SyncRecord, health: Health | None) -> bool:
    return health in (None, health_of(record.state))


def _is_entry(text: str, begins: Iterable[str]) -> bool:
    return any(map(text.startswith, begins)) and is_place(place_in(text))
