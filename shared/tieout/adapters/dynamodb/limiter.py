"""The budget of vendor calls that all workers of a connection share, kept as one arrival time in DynamoDB."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.arrival import Limit, first_time, lease, paused
from tieout.adapters.dynamodb.conflicts import CONDITION_FAILED, code_of
from tieout.domain.errors import RateLimited, StoreUnavailable
from tieout.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_WAIT = 5 * _SECOND
_ATTEMPTS = 20
_log = logging.getLogger(__name__)

# QuickBooks allows 10 calls in a second, and 500 in a minute for a company whichever apps make them (Intuit: limits and
# throttles); these numbers give at most 10 in any second and leave a part of the minute to others. HubSpot allows an
# app 190 calls in ten seconds and 5 searches in a second (HubSpot: usage guidelines).
DEFAULT_LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "quickbooks": Limit(interval=60 * _SECOND // 440, burst=2, block=3, shelf=_SECOND // 5),
        "hubspot": Limit(interval=_SECOND // 16, burst=12, block=10, shelf=_SECOND),
        "hubspot_search": Limit(interval=_SECOND // 4, burst=2, block=1, shelf=0),
    }
)


@dataclass(slots=True)
class _Shelf:
    """One process's permits for one budget."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    times: deque[int] = field(default_factory=deque)
    arrival: int | None = None
    block: int = 1
    fresh_until: int = 0


class DynamoLimiter:
    """Fulfils `ports.Limiter` on the table `table`. Safe for threads and for processes with clocks that agree."""

    def __init__(
        self, client: DynamoDBClient, table: str, clock: Clock, limits: Mapping[str, Limit] = DEFAULT_LIMITS
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._limits = limits
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        self._lock = threading.Lock()

    @answering("dynamodb", "limiter.permit")
    def permit(self, connection: str, system: str) -> None:
        """Return when one call may be made, after a wait of at most five seconds; else raises RateLimited."""
        limit, shelf = self._limit(system), self._shelf(connection, system)
        with shelf.lock:
            now = self._now()
            while shelf.times and shelf.times[0] + limit.shelf < now:
                shelf.times.popleft()
            if not shelf.times:
                self._restock(connection, system, limit, shelf, now)
            time = shelf.times.popleft()
        # Outside the lock, so that other threads can take their own permits meanwhile.
        self._clock.sleep((time - now) / _SECOND)

    def pause(self, connection: str, system: str, seconds: float) -> None:
        """Nobody calls `system` for this connection for so long; permits already taken elsewhere soon spoil. What keeps
        this from being stored is only logged: what the vendor asked for matters more to the caller."""
        try:
            self._pause(connection, system, seconds)
        except StoreUnavailable as error:
            _log.warning("pause not stored", extra={"connection": connection, **error.context})

    @answering("dynamodb", "limiter.pause")
    def _pause(self, connection: str, system: str, seconds: float) -> None:
        limit, shelf = self._limit(system), self._shelf(connection, system)
        with shelf.lock:
            arrival = paused(self._now() + int(seconds * _SECOND), limit)
            shelf.times.clear()
            shelf.arrival = None
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(connection, system),
                    UpdateExpression="SET arrival = :arrival",
                    ConditionExpression="attribute_not_exists(arrival) OR arrival < :arrival",
                    ExpressionAttributeValues={":arrival": {"N": str(arrival)}},
                )
            except ClientError as error:
                # A longer pause is already in force.
                if code_of(error) != CONDITION_FAILED:
                    raise

    def _restock(self, connection: str, system: str, limit: Limit, shelf: _Shelf, now: int) -> None:
        """Lease a block of permits: a bigger one while calls are dense, a single one when the last block had time to
        spoil, because a spoilt permit is a call that nobody gets to make."""
        shelf.block = min(shelf.block * 2, limit.block) if now <= shelf.fresh_until else 1
        if shelf.arrival is None:
            shelf.arrival = self._read(connection, system)
        for _ in range(_ATTEMPTS):
            taken = lease(shelf.arrival, now, shelf.block, _LONGEST_WAIT, limit)
            if not taken.times:
                wait = first_time(shelf.arrival, now, limit) - now
                # An operator lifts a pause by deleting the item; do not go on believing what was read once.
                shelf.arrival = None
                raise RateLimited("", {"system": system, "limiter": "budget"}, wait / _SECOND)
            if self._replace(connection, system, shelf.arrival, taken.arrival):
                shelf.arrival = taken.arrival
                shelf.times.extend(taken.times)
                shelf.fresh_until = taken.times[-1] + limit.shelf
                return
            shelf.arrival = self._read(connection, system)
        raise RateLimited("", {"system": system, "limiter": "contended"}, 1.0)

    def _read(self, connection: str, system: str) -> int:
        answer = self._client.get_item(TableName=self._table, Key=_key(connection, system), ConsistentRead=True)
        return int(answer["Item"]["arrival"]["N"]) if "Item" in answer else 0

    def _replace(self, connection: str, system: str, known: int, arrival: int) -> bool:
        """Store `arrival` if `known` is what is stored.

        What is stored after a refusal proves nothing: another process may have reckoned the same new time.
        """
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(connection, system),
                UpdateExpression="SET arrival = :arrival",
                ConditionExpression="arrival = :known OR (:known = :never AND attribute_not_exists(arrival))",
                ExpressionAttributeValues={
                    ":arrival": {"N": str(arrival)},
                    ":known": {"N": str(known)},
                    ":never": {"N": "0"},
                },
            )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            return False
        return True

    def _limit(self, system: str) -> Limit:
        try:
            return self._limits[system]
        except KeyError:
            raise ValueError(f"no limit is set for {system}") from None

    def _shelf(self, connection: str, system: str) -> _Shelf:
        with self._lock:
            return self._shelves.setdefault((connection, system), _Shelf())

    def _now(self) -> int:
        return (self._clock.now() - _EPOCH) // timedelta(microseconds=1)


def _key(connection: str, system: str) -> dict[str, AttributeValueTypeDef]:
    return keys.item_key(f"{keys.connection_prefix(connection)}LIMIT#{system}", "ARRIVAL")
