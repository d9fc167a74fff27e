"""What is read from QuickBooks once in ten minutes, because it changes seldom and reads are metered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tieout.ports import Clock

_KEPT = timedelta(minutes=10)
_T = TypeVar("_T")


class Kept(Generic[_T]):
    """The answer of `read`, asked again when it is ten minutes old by `clock`. A failure is kept by nobody."""

    def __init__(self, clock: Clock, read: Callable[[], _T]) -> None:
        self._clock = clock
        self._read = read
        self._found: tuple[datetime, _T] | None = None

    def get(self) -> _T:
        """The kept answer, or a new one; raises what `read` raises."""
        now = self._clock.now()
        if self._found is None or now - self._found[0] >= _KEPT:
            self._found = (now, self._read())
        return self._found[1]
