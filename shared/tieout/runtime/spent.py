"""Counting what one command reads of QuickBooks, beside what is counted for the month."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date

from tieout.ports import ReadMeter


class Spent:
    """A `ports.ReadMeter` that passes everything on. `so_far` are the reads that were counted here."""

    def __init__(self, meter: ReadMeter) -> None:
        self._meter = meter
        self._lock = threading.Lock()
        self.so_far = 0

    def count(self, connection: str) -> None:
        """One more."""
        with self._lock:
            self.so_far += 1
        self._meter.count(connection)

    def flush(self) -> None:
        """Passed on."""
        self._meter.flush()

    def reads(self, connection: str | None, month: date) -> Mapping[date, int]:
        """Passed on."""
        return self._meter.reads(connection, month)
