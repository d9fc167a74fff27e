"""The trail by time in DynamoDB: lines about records and about connections, found by month in the index `by_state`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import back_off
from tieout.adapters.dynamodb.document import audit_attributes, audit_entry_of
from tieout.domain.errors import Transient
from tieout.ports import AuditEntry, Clock
from tieout.ports.audit import AuditLine, AuditPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, KeysAndAttributesTypeDef, QueryInputTypeDef

_KEYS_A_BATCH = 100
_ATTEMPTS = 6


class DynamoTrail:
    """Fulfils `ports.audit.Trail` on the table `table`. The index lags a moment behind. `clock` only waits."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @answering("dynamodb", "trail.add")
    def add(self, connection: str, entry: AuditEntry) -> None:
        """Keep a line about a connection. After a lost answer it may stand there twice."""
        pk = keys.audit_partition(connection)
        item = audit_attributes(pk, connection, entry, uuid.uuid4().hex[:12])
        self._client.put_item(TableName=self._table, Item=item)

    @answering("dynamodb", "trail.between")
    def between(
        self, connection: str, since: datetime, until: datetime, limit: int = 100, after: str | None = None
    ) -> AuditPage:
        """A page of all lines of a connection with `since` <= time < `until`, newest first. Raises BadPageToken."""
        begin, end = keys.sortable(since), keys.sortable(until)
        start: tuple[str, str] | None = None
        if after is not None:
            start = keys.read_page_token(after, keys.connection_prefix(connection))
        found: list[Mapping[str, AttributeValueTypeDef]] = []
        for month in _months(since, until, start[1] if start else None):
            found += self._listed(connection, month, begin, end, limit + 1 - len(found), start)
            start = None
            if len(found) > limit:
                break
        page = found[:limit]
        more = len(found) > limit
        return AuditPage(
            tuple(self._lines(connection, page)),
            keys.page_token(page[-1]["pk"]["S"], page[-1]["gsi1sk"]["S"]) if more else None,
        )

    def _listed(
        self, connection: str, month: str, begin: str, end: str, most: int, start: tuple[str, str] | None
    ) -> list[Mapping[str, AttributeValueTypeDef]]:
        partition = keys.audit_month_partition(connection, month)
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": keys.BY_STATE,
            # What stands behind the time makes a mark later than the time alone.
            "KeyConditionExpression": "gsi1pk = :partition AND gsi1sk BETWEEN :begin AND :end",
            "ExpressionAttributeValues": {
                ":partition": {"S": partition},
                ":begin": {"S": begin},
                ":end": {"S": end},
            },
            "ScanIndexForward": False,
        }
        if start is not None:
            pk, mark = start
            query["ExclusiveStartKey"] = {
                **keys.item_key(pk, f"{keys.AUDIT_PREFIX}{mark}"),
                "gsi1pk": {"S": partition},
                "gsi1sk": {"S": mark},
            }
        found: list[Mapping[str, AttributeValueTypeDef]] = []
        while len(found) < most:
            query["Limit"] = most - len(found)
            answer = self._client.query(**query)
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    def _lines(self, connection: str, listed: Sequence[Mapping[str, AttributeValueTypeDef]]) -> Iterator[AuditLine]:
        places = [(one["pk"]["S"], one["sk"]["S"]) for one in listed]
        items: dict[tuple[str, str], Mapping[str, AttributeValueTypeDef]] = {}
        for at in range(0, len(places), _KEYS_A_BATCH):
            wanted = [keys.item_key(*place) for place in places[at : at + _KEYS_A_BATCH]]
            items |= {(one["pk"]["S"], one["sk"]["S"]): one for one in self._read(wanted)}
        own = keys.audit_partition(connection)
        for place in places:
            # A line may have expired since the index named it.
            if place in items:
                record = None if place[0] == own else keys.record_key_of(place[0])
                yield AuditLine(connection, record, audit_entry_of(items[place]))

    def _read(
        self, left: Sequence[Mapping[str, AttributeValueTypeDef]]
    ) -> Iterator[Mapping[str, AttributeValueTypeDef]]:
        for attempt in range(_ATTEMPTS):
            request: KeysAndAttributesTypeDef = {"Keys": left}
            answer = self._client.batch_get_item(RequestItems={self._table: request})
            yield from answer["Responses"].get(self._table, [])
            unprocessed = answer["UnprocessedKeys"].get(self._table)
            if unprocessed is None:
                return
            left = unprocessed["Keys"]
            self._clock.sleep(back_off(attempt))
        raise Transient(context={"store": "throttled"})


def _months(since: datetime, until: datetime, mark: str | None) -> Iterator[str]:
    """The months from the last to the first, beginning with that of `mark`."""
    first, day = since.astimezone(UTC).date().replace(day=1), until.astimezone(UTC).date().replace(day=1)
    while day >= first:
        month = f"{day:%Y-%m}"
        if mark is None or month <= mark[: len(month)]:
            yield month
        day = (day - timedelta(days=1)).replace(day=1)
