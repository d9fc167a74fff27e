"""The virtual clock of several threads: time passes when all of them sleep, and only until the first one wakes."""

from __future__ import annotations

import pytest

from tests.support.builders_world import START
from tests.support.parallel_clock import ParallelClock, VirtualLanes


def _clock() -> ParallelClock:
    return ParallelClock(START, [])


def test_what_happens_at_the_same_time_takes_as_long_as_the_longest() -> None:
    clock = _clock()

    def work(seconds: float) -> float:
        clock.sleep(seconds)
        clock.sleep(seconds)
        return (clock.now() - START).total_seconds()

    ended = list(VirtualLanes(clock, 3).each([lambda s=s: work(s) for s in (1.0, 2.0, 5.0)]))  # type: ignore[misc]
    assert ended == [2.0, 4.0, 10.0]
    assert (clock.now() - START).total_seconds() == 10


def test_no_more_lanes_work_than_there_are() -> None:
    clock = _clock()
    list(VirtualLanes(clock, 2).each([lambda: clock.sleep(10)] * 6))
    assert (clock.now() - START).total_seconds() == 30


def test_an_error_of_one_ends_it_once_the_others_are_done() -> None:
    clock = _clock()

    def fail() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError):
        list(VirtualLanes(clock, 2).each([fail, lambda: clock.sleep(7), lambda: clock.sleep(100)]))
    clock.sleep(1)
    assert 1 <= (clock.now() - START).total_seconds() <= 108
