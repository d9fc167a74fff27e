"""Cursors, notices and the meter of reads in dictionaries, with the semantics of the real ones."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime

from tests.support.memory import VirtualClock
from tieout.ports.notices import Notice


class MemoryCursors:
    """How far the sweep has come. `saved` are all positions that were saved, in order."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], datetime] = {}
        self._marks: dict[tuple[str, str], str] = {}
        self.saved: list[tuple[str, str, datetime]] = []
        self._lock = threading.RLock()

    def load(self, connection: str, name: str) -> datetime | None:
        with self._lock:
            return self._positions.get((connection, name))

    def save(self, connection: str, name: str, position: datetime) -> None:
        with self._lock:
            self.saved.append((connection, name, position))
            stored = self._positions.get((connection, name))
            self._positions[connection, name] = position if stored is None else max(stored, position)

    def mark(self, connection: str, name: str) -> str | None:
        with self._lock:
            return self._marks.get((connection, name))

    def set_mark(self, connection: str, name: str, mark: str | None) -> None:
        with self._lock:
            if mark is None:
                self._marks.pop((connection, name), None)
            else:
                self._marks[connection, name] = mark


class MemoryNotices:
    """Standing notices."""

    def __init__(self) -> None:
        self._notices: dict[tuple[str, str], Notice] = {}
        self._lock = threading.RLock()

    def load(self, connection: str, code: str) -> Notice | None:
        with self._lock:
            return self._notices.get((connection, code))

    def save(self, connection: str, code: str, notice: Notice) -> None:
        with self._lock:
            self._notices[connection, code] = notice

    def clear(self, connection: str, code: str) -> None:
        with self._lock:
            self._notices.pop((connection, code), None)


class MemoryReadMeter:
    """Counts reads; only what was flushed is stored."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._pending: Counter[tuple[str | None, date]] = Counter()
        self._stored: Counter[tuple[str | None, date]] = Counter()
        self._lock = threading.RLock()

    def count(self, connection: str) -> None:
        day = self._clock.now().astimezone(UTC).date()
        with self._lock:
            self._pending.update([(connection, day), (None, day)])

    def flush(self) -> None:
        with self._lock:
            self._stored.update(self._pending)
            self._pending.clear()

    def reads(self, connection: str | None, month: date) -> Mapping[date, int]:
        with self._lock:
            return {
                day: number
                for (whose, day), number in self._stored.items()
                if whose == connection and (day.year, day.month) == (month.year, month.month)
            }

    @property
    def counted(self) -> int:
        """Every read so far, stored or not."""
        with self._lock:
            return sum(number for (whose, _), number in (*self._stored.items(), *self._pending.items()) if not whose)
