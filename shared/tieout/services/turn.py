"""One worker's turn at a connection: the time that is left, and whose affair an error is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, Postponed, RateLimited, SyncError
from tieout.ports import Clock
from tieout.services.claims import LeaseLost
from tieout.services.work import Work

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Turn:
    """No write is begun after `deadline` (None: there is time). `vendor_timeout`: how long a vendor may still carry out
    a request that got no answer."""

    clock: Clock
    deadline: datetime | None
    vendor_timeout: timedelta

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and self.clock.now() >= self.deadline

    def stop_in_time(self) -> None:
        """Raises Postponed when the time is up, so that the record is parked and comes back at once."""
        if self.over:
            raise Postponed(reason="out_of_time")

    def each(self, work: Work[S], step: Callable[[], None]) -> None:
        """Run a step of one record; what goes wrong is that record's own affair."""
        try:
            step()
        except LeaseLost:
            work.done = work.lost = True
        except SyncError as error:
            work.park(error, self.clock.now(), self.vendor_timeout)
        except Exception as error:  # noqa: BLE001 - a bug in one record must not stop its neighbours
            work.done, work.bug = True, error

    def all(self, works: Sequence[Work[S]], step: Callable[[Sequence[Work[S]]], None]) -> None:
        """Run a step of all these records together. What one of them causes must not become the affair of the others,
        so after an error that may be one's own the halves are tried apart, as long as there is time."""
        if not works:
            return
        try:
            step(works)
        except Exception as error:  # noqa: BLE001 - as above
            if len(works) > 1 and _may_be_of_one(error) and not self.over:
                middle = len(works) // 2
                self.all(works[:middle], step)
                self.all(works[middle:], partial(self._in_time, step))
                return
            if len(works) > 1 and isinstance(error, NeedsAttention):
                # Which of them needs a person is found out when there is time.
                error = Postponed(reason="out_of_time")
            for work in works:
                self.each(work, partial(_raise, error))

    def _in_time(self, step: Callable[[Sequence[Work[S]]], None], works: Sequence[Work[S]]) -> None:
        self.stop_in_time()
        step(works)


def _raise(error: Exception) -> None:
    raise error


def _may_be_of_one(error: Exception) -> bool:
    """Whether one record of a group may have caused this: a bug, an answer that found fault with the request, or one
    with something in it that cannot be read. What got no answer, or a vendor's own failure, concerns all of them."""
    if isinstance(error, RateLimited | ConnectionLost):
        return False
    return not isinstance(error, SyncError) or error.context.get("status", "").startswith(("2", "4"))
