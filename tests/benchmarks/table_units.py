"""What requests to the table cost in DynamoDB's units, by the sizes of the items (DynamoDB: read and write operations).

moto does not tell them, so they are counted here: a write unit for each begun kilobyte of the larger of the item before
and after, twice that within a transaction, and one for each key that an index loses or gets; a read unit for each begun
4 kB, half of it where the read need not be consistent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from tests.support import aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WRITE_BYTES, _READ_BYTES = 1024, 4096
_INDEXES = (("gsi1pk", "gsi1sk"), ("gsi2pk", "gsi2sk"), ("gsi3pk", "gsi3sk"))
_EMPTY: Mapping[str, Any] = {}
Keys = tuple[str, str]


@dataclass(slots=True)
class Units:
    """Write and read units so far."""

    write: float = 0
    read: float = 0


class UnitCounter:
    """Wraps a client and counts the units of what it is asked."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self.units = Units()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute

        def call(**arguments: Any) -> Any:
            named = list(_written(name, arguments))
            before = {key: self._item(key) for key, _ in named}
            answer = attribute(**arguments)
            for key, factor in named:
                self.units.write += factor * _write_units(before[key], self._item(key))
            self.units.read += sum(read_units(name, arguments, answer))
            return answer

        return call

    def stored(self) -> int:
        """The bytes of all items."""
        found = self._client.scan(TableName=aws.TABLE)["Items"]
        return sum(size(item) for item in found)

    def take(self) -> Units:
        """What was counted since it was taken last."""
        taken, self.units = self.units, Units()
        return taken

    def _item(self, key: Keys) -> Mapping[str, Any]:
        asked = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
        return self._client.get_item(TableName=aws.TABLE, Key=asked, ConsistentRead=True).get("Item", _EMPTY)


def size(item: Mapping[str, Any]) -> int:
    """The bytes of an item, near enough: names and values, and a little for each level."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, held)] = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) // 2 + 2
        case "B":
            return len(held)
        case "L":
            return 3 + sum(1 + _value_size(one) for one in held)
        case "M":
            return 3 + len(held) + size(held)
        case "SS":
            return sum(len(one.encode()) for one in held)
        case _:
            return 1


def _written(name: str, arguments: Mapping[str, Any]) -> Iterable[tuple[Keys, int]]:
    """The keys that a request writes, with how many times over each counts."""
    if name in ("put_item", "update_item", "delete_item"):
        yield _key(arguments.get("Key") or arguments["Item"]), 1
    for action in arguments.get("TransactItems", []):
        for one in action.values():
            yield _key(one.get("Key") or one["Item"]), 2


def _key(item: Mapping[str, Any]) -> Keys:
    return item["pk"]["S"], item["sk"]["S"]


def _write_units(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    base = max(1, ceil(max(size(before), size(after)) / _WRITE_BYTES))
    return base + sum(_index_units(before, after, names) for names in _INDEXES)


def _index_units(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]) -> int:
    old, new = (tuple(item.get(name) for name in names) for item in (before, after))
    return 0 if old == new else (None not in old) + (None not in new)


def read_units(name: str, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterable[float]:
    """What a request that reads costs; none for one that does not."""
    if name == "get_item":
        yield _of_read([answer.get("Item", _EMPTY)], consistent=arguments.get("ConsistentRead", False))
    elif name == "query":
        consistent = arguments.get("ConsistentRead", False)
        # What one page holds is rounded up together.
        total = sum(size(item) for item in answer.get("Items", []))
        yield max(1, ceil(total / _READ_BYTES)) * (1 if consistent else 0.5)
    elif name == "batch_get_item":
        for table, asked in arguments["RequestItems"].items():
            items = answer["Responses"].get(table, [])
            missing = [_EMPTY] * (len(asked["Keys"]) - len(items))
            yield _of_read([*items, *missing], consistent=asked.get("ConsistentRead", False))


def _of_read(items: Iterable[Mapping[str, Any]], *, consistent: bool) -> float:
    return sum(max(1, ceil(size(item) / _READ_BYTES)) for item in items) * (1 if consistent else 0.5)
