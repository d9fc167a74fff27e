"""The system's clock: the only place that reads the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Real time, in UTC."""

    def now(self) -> datetime:
        """The time, aware."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block this thread; nothing happens for a negative time."""
        if seconds > 0:
            time.sleep(seconds)
