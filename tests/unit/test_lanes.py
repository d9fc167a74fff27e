"""Lanes: several batches at a time, results as they come, and nothing begun after the caller stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tieout.runtime.lanes import ThreadLanes


def test_tasks_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    def work() -> int:
        return together.wait()

    assert sorted(ThreadLanes(3).each([work] * 3)) == [0, 1, 2]


def test_no_more_are_taken_than_there_are_lanes() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Callable[[], int]]:
        for number in range(5):
            taken.append(number)
            yield lambda number=number: number  # type: ignore[misc]

    lanes = ThreadLanes(2).each(tasks())
    next(lanes)
    assert len(taken) <= 2
    assert len([*lanes]) == 4


def test_who_stops_listening_has_no_further_task_begun() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    lanes = ThreadLanes(1).each([lambda number=number: work(number) for number in range(5)])  # type: ignore[misc]
    next(lanes)
    lanes.close()  # type: ignore[attr-defined]
    assert begun == [0]


def test_an_error_reaches_the_caller() -> None:
    def fail() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError):
        list(ThreadLanes(2).each([fail]))
