"""The arithmetic of the limiter: the generic cell rate algorithm with permits that are handed out for later times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget of calls. All times are whole microseconds.

    interval: between two calls, in the long run.
    burst: calls that may come at once after a rest.
    block: permits that one process takes at a time, so that not every call costs a write.
    shelf: how long a permit may be used after its time; an unused one is then lost.

    In any window of length `w` (its end excluded) at most `burst - 1 + ceil((w + shelf) / interval)` calls are made.
    """

    interval: int
    burst: int
    block: int
    shelf: int

    def __post_init__(self) -> None:
        if self.interval < 1 or self.burst < 1 or self.block < 1 or self.shelf < 0:
            raise ValueError(f"not a limit: {self}")

    def most_in(self, window: int) -> int:
        """The most calls that any window of this length can see."""
        return self.burst - 1 - (-(window + self.shelf) // self.interval)


@dataclass(frozen=True, slots=True)
class Lease:
    """The times from which the permits may be used, earliest first, and the theoretical arrival time to store."""

    times: tuple[int, ...]
    arrival: int


def lease(arrival: int, now: int, count: int, horizon: int, limit: Limit) -> Lease:
    """Take up to `count` permits, given the stored theoretical `arrival` time.

    A permit that could only be used later than `horizon` after `now` is not taken; with none taken, the arrival time
    stays as it is and `first_time` says when the next one would be.
    """
    times: list[int] = []
    while len(times) < count and (time := first_time(arrival, now, limit)) <= now + horizon:
        times.append(time)
        arrival = max(arrival, now) + limit.interval
    return Lease(tuple(times), arrival)


def first_time(arrival: int, now: int, limit: Limit) -> int:
    """When the next permit may be used."""
    return max(now, arrival - (limit.burst - 1) * limit.interval)


def paused(until: int, limit: Limit) -> int:
    """The arrival time with which the next permit is for `until`, and no burst follows the pause."""
    return until + (limit.burst - 1) * limit.interval
