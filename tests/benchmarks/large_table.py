"""A DynamoDB table with any number of invoices and payments, for reading alone, that counts its read units.

moto looks at every item of a table for each query, so that with a million of them only moto would be measured. This
one finds keys as DynamoDB does, in sorted partitions, and makes a record's item when somebody reads it, in the
adapter's own form. `tests/unit/test_large_table.py` compares its answers with moto's. What is neither a record nor a
listing of them lies in a table of moto beside it, and is counted, too. Units are as AWS says: half a unit for each 4 KB
read, a whole one when the read is consistent; a query adds up what it read and rounds once, other reads round for each
item.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, cast

from tests.benchmarks.table_units import read_units, size
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.document import record_item
from tieout.domain.record import RecordKey, SyncRecord
from tieout.domain.register import entries_of, health_of, place_of, register_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
_BLOCK = 4096
_LARGEST_ANSWER = 1 << 20
_LAST = "\U0010ffff"
_SORT = {None: "sk", keys.BY_HEALTH: "gsi3sk", keys.BY_STATE: "gsi1sk"}
_HASH = {None: "pk", keys.BY_HEALTH: "gsi3pk", keys.BY_STATE: "gsi1pk"}
# Sorts of the state's index are times, which several records may share: they are kept with the record's partition.
_APART = "|"


@dataclass(slots=True)
class Spent:
    """What was read since it was asked last. `outside`: processor seconds of the table beside."""

    units: float = 0.0
    requests: int = 0
    outside: float = 0.0


class LargeTable:
    """`make` gives the record of a key. Its entries and indexes are those of the records that were added; what else
    there is lies in the table of `beside`."""

    def __init__(self, make: Callable[[RecordKey], SyncRecord], beside: DynamoDBClient) -> None:
        self._make = make
        self._beside = beside
        self._sorted: dict[tuple[str | None, str], list[str]] = defaultdict(list)
        self._records: set[str] = set()
        self._spent = Spent()

    @property
    def client(self) -> DynamoDBClient:
        """Itself, by the name of what it stands for."""
        return cast("DynamoDBClient", self)

    def add(self, records: Iterable[SyncRecord]) -> None:
        """Their entries in the registers and in the index."""
        for record in records:
            key = record.key
            register = register_of(key)
            if register is None:
                raise ValueError(f"{key} stands in no register")
            self._records.add(keys.record_partition(key))
            self._sorted[None, keys.register_partition(key.connection, register)] += entries_of(record)
            partition = keys.health_partition(key.connection, (key.kind, key.origin_system), health_of(record.state))
            self._sorted[keys.BY_HEALTH, partition].append(place_of(record))
            if record.updated_at is None:
                raise ValueError(f"{key} was never written")
            at = f"{keys.sortable(record.updated_at)}{_APART}{keys.record_partition(key)}"
            self._sorted[keys.BY_STATE, keys.state_partition(key.connection, record.state)].append(at)
        for listed in self._sorted.values():
            listed.sort()

    def take(self) -> Spent:
        """What was spent since the last time."""
        spent, self._spent = self._spent, Spent()
        return spent

    # -- what the adapters call

    def __getattr__(self, name: str) -> Any:
        return partial(self._outside, name)

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        """One item."""
        item = self._record(request["Key"])
        if item is None:
            return self._outside("get_item", **request)
        self._count([size(item)], whole=request.get("ConsistentRead", False))
        return {"Item": item}

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:
        """Several records, all of which fit; or items of the table beside."""
        [(table, asked)] = request["RequestItems"].items()
        found = [item for key in asked["Keys"] if (item := self._record(key)) is not None]
        if not found:
            return self._outside("batch_get_item", **request)
        self._count([size(item) for item in found], whole=asked.get("ConsistentRead", False))
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def query(self, **request: Any) -> Mapping[str, Any]:
        """Keys of a register or of an index; whole items of the table beside."""
        index, values = request.get("IndexName"), request["ExpressionAttributeValues"]
        partition, *rest = (one["S"] for one in values.values())
        condition = request["KeyConditionExpression"]
        listed = self._sorted.get((index, partition))
        if listed is None:
            return self._outside("query", **request)
        low, high = _range(condition, rest)
        first, last = bisect_left(listed, low), bisect_right(listed, high)
        if " < :" in condition:
            last = bisect_left(listed, rest[0])
        backwards = not request.get("ScanIndexForward", True)
        start = request.get("ExclusiveStartKey")
        if start is not None:
            at = start[_SORT[index]]["S"] + (_APART + start["pk"]["S"] if index == keys.BY_STATE else "")
            first, last = (first, bisect_left(listed, at)) if backwards else (bisect_right(listed, at), last)
        found, sizes, more = self._read(request, index, partition, _order(listed, first, last, backwards=backwards))
        self._count([sum(sizes)], whole=request.get("ConsistentRead", False))
        answer: dict[str, Any] = {"Count": len(found)}
        if request.get("Select") != "COUNT":
            answer["Items"] = found
        if more:
            answer["LastEvaluatedKey"] = {name: found[-1][name] for name in ("pk", "sk", *_index_names(index))}
        return answer

    def _read(
        self, request: Mapping[str, Any], index: str | None, partition: str, order: Iterator[str]
    ) -> tuple[list[Item], list[int], bool]:
        found: list[Item] = []
        sizes: list[int] = []
        for sort in order:
            if len(found) == request.get("Limit") or _about(sizes) >= _LARGEST_ANSWER:
                return found, sizes, True
            item = _key_item(index, partition, sort)
            found.append(item)
            sizes.append(size(item))
        return found, sizes, False

    def _record(self, key: Item) -> Item | None:
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        if sk != keys.RECORD_SORT or pk not in self._records:
            return None
        return record_item(self._make(keys.record_key_of(pk)), "bench")

    def _outside(self, name: str, **request: Any) -> Mapping[str, Any]:
        began = time.process_time()
        answer: Mapping[str, Any] = getattr(self._beside, name)(**request)
        self._spent.outside += time.process_time() - began
        self._spent.requests += 1
        self._spent.units += sum(read_units(name, request, answer))
        return answer

    def _count(self, sizes: Sequence[int], *, whole: bool) -> None:
        self._spent.requests += 1
        self._spent.units += sum(max(1, ceil(size / _BLOCK)) for size in sizes) * (1.0 if whole else 0.5)


def _order(listed: Sequence[str], first: int, last: int, *, backwards: bool) -> Iterator[str]:
    numbers = range(last - 1, first - 1, -1) if backwards else range(first, last)
    return (listed[number] for number in numbers)


def _range(condition: str, rest: Sequence[str]) -> tuple[str, str]:
    if "begins_with" in condition:
        return rest[0], rest[0] + _LAST
    if ">=" in condition:
        return rest[0], _LAST
    return "", _LAST


def _index_names(index: str | None) -> tuple[str, ...]:
    return () if index is None else (_HASH[index], _SORT[index])


def _key_item(index: str | None, partition: str, sort: str) -> Item:
    if index is None:
        return {"pk": {"S": partition}, "sk": {"S": sort}}
    if index == keys.BY_STATE:
        at, _, pk = sort.partition(_APART)
        return {
            "pk": {"S": pk},
            "sk": {"S": keys.RECORD_SORT},
            _HASH[index]: {"S": partition},
            _SORT[index]: {"S": at},
        }
    connection = partition.split("#")[1]
    _, kind, system, id_ = sort.split("#", 3)
    return {
        "pk": {"S": f"C#{connection}#REC#{kind}#{system}#{id_}"},
        "sk": {"S": keys.RECORD_SORT},
        _HASH[index]: {"S": partition},
        _SORT[index]: {"S": sort},
    }


def _about(sizes: Sequence[int]) -> int:
    # Keys of one partition are of about one size, so they need not be added up each time.
    return sizes[-1] * len(sizes) if sizes else 0
