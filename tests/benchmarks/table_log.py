"""The real DynamoDB adapters on moto's table, with every request noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tests.support import aws
from tieout.adapters.dynamodb import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items", "batch_write_item"})
_LIMIT = "LIMIT#"
_REGISTER = "#REG#"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the client's method and the (partition, sort) keys it names."""

    operation: str
    items: Sequence[tuple[str, str]]

    @property
    def writes(self) -> bool:
        """Whether it writes."""
        return self.operation in _WRITES

    @property
    def of_limiter(self) -> bool:
        """Whether it is about the budget of vendor calls."""
        return all(_LIMIT in partition for partition, _ in self.items)

    @property
    def register_entries(self) -> int:
        """How many of its items are entries of a register."""
        return sum(_REGISTER in partition for partition, _ in self.items)

    @property
    def of_record(self) -> bool:
        """Whether it is about a sync record."""
        return any(sort == keys.RECORD_SORT for _, sort in self.items)


class TableLog:
    """A client that notes in `requests` what it is asked; SDK retries are not seen."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self.requests: list[Request] = []

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute

        def call(**arguments: Any) -> Any:
            self.requests.append(Request(name, tuple(_items(arguments))))
            return attribute(**arguments)

        return call

    @property
    def client(self) -> DynamoDBClient:
        """Itself, by the name of what it stands for."""
        return cast("DynamoDBClient", self)

    def take(self) -> list[Request]:
        """What was noted since it was taken last."""
        taken, self.requests = self.requests, []
        return taken


@contextmanager
def logged_table() -> Iterator[TableLog]:
    """The empty table `tests.support.aws.TABLE`."""
    with aws.table() as client:
        yield TableLog(client)


def _items(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "Key" in arguments or "Item" in arguments:
        yield _key(arguments.get("Key") or arguments["Item"])
    for request in arguments.get("RequestItems", {}).values():
        yield from map(_key, request["Keys"])
    for action in arguments.get("TransactItems", []):
        for one in action.values():
            yield from _items(one)


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
