"""Two workers on one virtual clock: threads of which only one runs at a time, handed over at each call of a port."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
# The function's time-out in the template.
TIMEOUT = timedelta(seconds=120)
_CALL_SECONDS = 0.12
_CHANCE_OF_HANDING_OVER = 0.25
_CHANCE_WHEN_ALONE = 0.06


class Crash(BaseException):
    """The worker's process ends here; no `except Exception` may survive it."""


class Clock:
    """Fulfils `ports.Clock`. A worker that sleeps lets the others go on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self._stage.pause(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Worker:
    """One invocation of the worker, in its own thread."""

    def __init__(self, name: str, started: datetime, work: Callable[[], None]) -> None:
        self.name = name
        self.started = started
        self.wake_at = started
        self.dead = False
        self.ended = False
        self.error: BaseException | None = None
        self.baton = threading.Lock()
        self.baton.acquire()
        self._work = work
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.give_back: Callable[[], None] = lambda: None

    def _run(self) -> None:
        self.baton.acquire()
        try:
            if not self.dead:
                self._work()
        except Crash:
            self.dead = True
        except BaseException as error:  # noqa: BLE001 - carried over to the thread of the test
            self.error = error
        self.ended = True
        self.give_back()


class Stage:
    """Hands the baton over, lets time pass and workers crash, all by one source of chance."""

    def __init__(self, chance: random.Random, tell: Callable[[str], None]) -> None:
        self.chance = chance
        self.tell = tell
        self.clock = Clock(self)
        self.workers: list[Worker] = []
        self.steps = 0
        self.crashes = 0
        self.crashes_left = 0
        self.chance_of_crash = 0.0
        self._running: Worker | None = None
        self._home = threading.Lock()
        self._home.acquire()

    @property
    def who(self) -> str:
        """Who is at work: a worker's name, or the world."""
        return self._running.name if self._running else "world"

    def start(self, name: str, work: Callable[[], None]) -> Worker:
        """A new worker, ready to run."""
        worker = Worker(name, self.clock.time, work)
        worker.give_back = self._home.release
        worker.thread.start()
        self.workers.append(worker)
        return worker

    def run(self, worker: Worker) -> None:
        """Let a worker go on until it hands the baton back; raises what ended it, unless that was a crash."""
        self._running = worker
        worker.baton.release()
        self._home.acquire()
        self._running = None
        if worker.ended:
            self.workers.remove(worker)
            worker.thread.join()
            if worker.error is not None:
                raise worker.error

    def point(self, what: str) -> None:
        """A moment at which the worker may crash, be killed, or be overtaken by others."""
        worker = self._running
        if worker is None:
            return
        if worker.dead:
            raise Crash
        self.steps += 1
        self.clock.advance(self.chance.random() * _CALL_SECONDS)
        if self.clock.time - worker.started >= TIMEOUT:
            self._crash(worker, f"is killed at its time-out, at {what}")
        if self.crashes_left and self.chance.random() < self.chance_of_crash:
            self.crashes_left -= 1
            self._crash(worker, f"crashes at {what}")
        alone = len(self.workers) == 1
        if self.chance.random() < (_CHANCE_WHEN_ALONE if alone else _CHANCE_OF_HANDING_OVER):
            self._hand_over(worker)

    def pause(self, seconds: float) -> None:
        """The worker waits; in the world's own thread time simply passes."""
        worker = self._running
        if worker is None:
            self.clock.advance(seconds)
            return
        if worker.dead:
            raise Crash
        worker.wake_at = self.clock.time + timedelta(seconds=seconds)
        self._hand_over(worker)

    def end(self) -> None:
        """No thread stays behind."""
        for worker in list(self.workers):
            worker.dead = True
            while not worker.ended:
                worker.baton.release()
                self._home.acquire()
            worker.thread.join()
        self.workers.clear()

    def _hand_over(self, worker: Worker) -> None:
        self._home.release()
        worker.baton.acquire()
        if worker.dead:
            raise Crash

    def _crash(self, worker: Worker, how: str) -> None:
        worker.dead = True
        self.crashes += 1
        self.tell(how)
        raise Crash
