"""The count of the reads that Intuit meters, in DynamoDB: one item a month for each connection and one for all."""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.domain.errors import StoreUnavailable
from tieout.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_log = logging.getLogger(__name__)
_ALL = "READS"
_DAY = "day_"


class DynamoReadMeter:
    """Fulfils `ports.ReadMeter` on the table `table`. Threads may share it.

    A flush whose answer was lost is repeated and may count twice: of a limit, rather too much is known than too little.
    """

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._counted: Counter[tuple[str, date]] = Counter()
        self._lock = threading.Lock()

    def count(self, connection: str) -> None:
        """One more successful read, now; kept in memory until `flush`."""
        day = self._clock.now().astimezone(UTC).date()
        with self._lock:
            self._counted.update([(_partition(connection), day), (_ALL, day)])

    def flush(self) -> None:
        """Add what was counted to what is stored. Never raises: what cannot be stored is kept for the next time."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        months: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
        for (partition, day), number in counted.items():
            months[partition, _month(day)][day] = number
        for (partition, month), days in months.items():
            try:
                self._add(partition, month, days)
            except StoreUnavailable as error:
                _log.warning("reads not stored", extra={**error.context, "reads": sum(days.values())})
                with self._lock:
                    self._counted.update({(partition, day): number for day, number in days.items()})

    @answering("dynamodb", "meter.reads")
    def reads(self, connection: str | None, month: date) -> Mapping[date, int]:
        """What is stored of the month that `month` lies in, by day: of one connection, or with None of all."""
        partition = _ALL if connection is None else _partition(connection)
        answer = self._client.get_item(TableName=self._table, Key=keys.item_key(partition, _month(month)))
        return {
            month.replace(day=int(name.removeprefix(_DAY))): int(value["N"])
            for name, value in answer.get("Item", {}).items()
            if name.startswith(_DAY)
        }

    @answering("dynamodb", "meter.flush", mistakes=True)
    def _add(self, partition: str, month: str, days: Mapping[date, int]) -> None:
        names = {f"{_DAY}{day:%d}": number for day, number in days.items()}
        self._client.update_item(
            TableName=self._table,
            Key=keys.item_key(partition, month),
            UpdateExpression="ADD " + ", ".join(f"{name} :{name}" for name in names),
            ExpressionAttributeValues={f":{name}": {"N": str(number)} for name, number in names.items()},
        )


def _partition(connection: str) -> str:
    return f"{keys.connection_prefix(connection)}READS"


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
