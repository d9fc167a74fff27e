"""Virtual time for several threads: it passes when all of them sleep, and then to the next one's waking."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from tests.support.builders_world import LinkedClock

T = TypeVar("T")


class ParallelClock(LinkedClock):
    """Counts the threads that are busy; the one that makes it is the first. Who sleeps must hold no lock that a busy
    thread may want, or time stands still."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._changed = threading.Condition()
        self._busy = 1
        self._asleep: list[tuple[datetime, int, threading.Event]] = []
        self._order = count()

    def sleep(self, seconds: float) -> None:
        """Let other threads work meanwhile."""
        if seconds <= 0:
            return
        awake = threading.Event()
        with self._changed:
            heapq.heappush(self._asleep, (self.now() + timedelta(seconds=seconds), next(self._order), awake))
            self._busy -= 1
            self._pass_time()
        awake.wait()

    def enter(self) -> None:
        """One more thread is busy."""
        with self._changed:
            self._busy += 1

    def leave(self) -> None:
        """One less."""
        with self._changed:
            self._busy -= 1
            self._pass_time()

    def _pass_time(self) -> None:
        if self._busy or not self._asleep:
            return
        self.advance(max(0.0, (self._asleep[0][0] - self.now()).total_seconds()))
        while self._asleep and self._asleep[0][0] <= self.now():
            _, _, awake = heapq.heappop(self._asleep)
            self._busy += 1
            awake.set()


class VirtualLanes:
    """`runtime.lanes.ThreadLanes` on such a clock."""

    def __init__(self, clock: ParallelClock, lanes: int) -> None:
        self._clock = clock
        self._count = lanes

    def each(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results, as they come."""
        left = iter(tasks)
        pending: set[Future[T]] = set()
        pool = ThreadPoolExecutor(self._count)
        try:
            while True:
                while len(pending) < self._count and (task := next(left, None)) is not None:
                    # Before it begins, so that no time passes until then.
                    self._clock.enter()
                    pending.add(pool.submit(task))
                if not pending:
                    return
                self._clock.leave()
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                # A thread that is done counts as busy until here, so that no time passes before the next begins.
                self._clock.enter()
                for one in done:
                    self._clock.leave()
                    yield one.result()
        finally:
            self._clock.leave()
            pool.shutdown()
            self._clock.enter()
            for _ in pending:
                self._clock.leave()
