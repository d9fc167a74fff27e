"""The table seen through a client that loses, refuses or repeats what it sends, as a network and the SDK may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tieout.domain.record import Kind, RecordKey
from tieout.ports import AuditEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = RecordKey("acme", Kind.INVOICE, "hubspot", "1")
AUDIT = AuditEntry(NOW, "worker", "claimed", "trace-1")
CHANGES = frozenset({"put_item", "update_item", "transact_write_items"})


@dataclass
class Wire:
    """A client whose next changes fail before the table sees them (`refuse`), succeed while the answer is lost
    (`lose`), or are sent twice as the SDK does after a lost answer (`repeat`)."""

    real: DynamoDBClient
    refuse: list[Exception] = field(default_factory=list)
    lose: list[Exception] = field(default_factory=list)
    repeat: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.real, name)

        def call(**arguments: Any) -> Any:
            self.calls[name] += 1
            if name in CHANGES and self.refuse:
                raise self.refuse.pop(0)
            answer = method(**arguments)
            if name in CHANGES and self.repeat:
                self.repeat -= 1
                answer = method(**arguments)
            if name in CHANGES and self.lose:
                raise self.lose.pop(0)
            return answer

        return call
