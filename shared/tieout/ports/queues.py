"""What waits in the queues of hints, and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """One worker's queue. `waiting` are messages in it, those in a worker's hands too; `dead` those in its dead-letter
    queue. `oldest` is the age of the oldest waiting one, None where nobody told it."""

    worker: str
    waiting: int
    dead: int
    oldest: timedelta | None = None


class Queues(Protocol):
    """The queues of all workers."""

    def depths(self) -> Sequence[QueueDepth]:
        """About how it is now. Raises StoreUnavailable."""
        ...
