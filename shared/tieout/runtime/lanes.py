"""Running several batches at a time, in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ThreadLanes:
    """Fulfils `services.backfill.Lanes` with `count` threads."""

    count: int

    def each(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results, as they come. When the caller stops or is interrupted, what is under way is waited for."""
        left = iter(tasks)
        pending: set[Future[T]] = set()
        with ThreadPoolExecutor(self.count, thread_name_prefix="lane") as pool:
            while True:
                while len(pending) < self.count and (task := next(left, None)) is not None:
                    pending.add(pool.submit(task))
                if not pending:
                    return
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
