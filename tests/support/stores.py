"""The store in memory and the one in DynamoDB, for suites that both have to pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.support import aws
from tests.support.memory import MemoryConnections, MemoryRecords, MemoryTokens, VirtualClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.ports import LinkTaken, RecordChanged, Records, Tokens

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


KINDS = ("memory", "dynamodb")


@dataclass
class Store:
    """Records, connections and tokens of one kind of store, and the clock that they go by."""

    records: Records
    connections: MemoryConnections | DynamoConnections
    tokens: Tokens
    clock: VirtualClock


@contextmanager
def open_store(kind: str) -> Iterator[Store]:
    """An empty store of one of the `KINDS`."""
    clock = VirtualClock(NOW)
    if kind == "memory":
        yield Store(MemoryRecords(), MemoryConnections(), MemoryTokens(clock), clock)
        return
    with aws.table() as client:
        yield Store(
            DynamoRecords(client, aws.TABLE, clock),
            DynamoConnections(client, aws.TABLE, clock),
            DynamoTokens(client, aws.TABLE, clock),
            clock,
        )


def at_once(calls: int, call: Callable[[int], object]) -> list[object]:
    """The answers (or the errors) of `calls` threads that start together."""
    barrier = threading.Barrier(calls)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return call(number)
        except (RecordChanged, LinkTaken) as error:
            return error

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(run, range(calls)))
