"""Waiting out what passes: for whoever has time, such as a command that a person started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, RateLimited, Transient
from tieout.ports import Clock, Limiter

T = TypeVar("T")

_NAP = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again what failed for a while. A wait of more than `longest` seconds is somebody else's: it is told."""

    clock: Clock
    longest: float = 900.0

    def keep_trying(self, work: Callable[[], T]) -> T:
        """What `work`, which only reads, gives in the end. Raises ConnectionLost and NeedsAttention at once, any other
        SyncError after the last of several tries."""
        for attempt in range(_TRIES):
            try:
                return work()
            except (ConnectionLost, NeedsAttention):
                raise
            except RateLimited as error:
                if attempt == _TRIES - 1 or error.retry_after > self.longest:
                    raise
                self.wait(error.retry_after)
            except Transient:
                if attempt == _TRIES - 1:
                    raise
                self.wait(min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE))
        raise AssertionError("the last try returns or raises")

    def wait(self, seconds: float) -> None:
        """Sleep so long, in naps."""
        until = self.clock.now().timestamp() + seconds
        while (left := until - self.clock.now().timestamp()) > 0:
            self.clock.sleep(min(left, _NAP))


@dataclass(frozen=True, slots=True)
class PatientLimiter:
    """A `ports.Limiter` that waits where workers would park the record: for at most `patience.longest` seconds."""

    limiter: Limiter
    patience: Patience

    def permit(self, connection: str, system: str) -> None:
        """Return when one call may be made; raises RateLimited when that would take too long even so."""
        waited = 0.0
        while True:
            try:
                self.limiter.permit(connection, system)
            except RateLimited as error:
                waited += max(error.retry_after, _NAP / _TRIES)
                if waited > self.patience.longest:
                    raise
                self.patience.wait(error.retry_after)
            else:
                return

    def pause(self, connection: str, system: str, seconds: float) -> None:
        """Passed on."""
        self.limiter.pause(connection, system, seconds)
