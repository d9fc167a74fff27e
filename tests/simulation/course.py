"""The course of events of one seed: a queue, workers that crash, webhooks, a network, and what happens when."""

from __future__ import annotations

import heapq
import random
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation.office import Office
from tests.simulation.queue import Message, Queue
from tests.simulation.stage import START, TIMEOUT, Stage, Worker
from tests.simulation.watch import Broken, Watch
from tests.simulation.wire import Silent, Wire
from tieout.domain.errors import SyncError
from tieout.domain.hint import Hint
from tieout.ports import Delivery
from tieout.services.outcome import Outcome

WORKERS = 2
_RESERVE = timedelta(seconds=45)
_LONGEST = timedelta(hours=12)
_TAIL = 40


class Failed(AssertionError):
    """A seed that did not hold; the text says why, shows the last steps and how to play it again."""


@dataclass(slots=True)
class Result:
    """What happened in one seed."""

    seed: int
    steps: int = 0
    crashes: int = 0
    lost: int = 0
    minutes: int = 0
    writes: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)


class Desk(Protocol):
    """What a worker's process is made of."""

    def push(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch."""
        ...


@dataclass(slots=True)
class Slot:
    """One of the concurrent workers; its process lives until it crashes."""

    name: str
    desk: Desk | None = None
    busy: Worker | None = None
    takes_messages: bool = True


class Course:
    """One world and its clock. All chance comes from `seed`."""

    hubspot: HubSpotSandbox
    quickbooks: QuickBooksSandbox
    watch: Watch
    queue: Queue
    office: Office
    longest = _LONGEST

    def __init__(self, seed: int) -> None:
        self.result = Result(seed)
        self._chance = random.Random(seed)  # noqa: S311 - must be the same for the same seed
        self.stage = Stage(self._chance, self._tell)
        self.wires: dict[str, Wire] = {}
        self._apps: Mapping[str, SandboxApp] = {}
        self._slots = [Slot("AB"[number]) for number in range(WORKERS)]
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._quiet_sweeps = 0
        self._calm = False

    def _connect(self, *, linked: bool = False) -> None:
        """Build the network between the workers and both systems; `linked`: see `Wire`."""
        self._apps = {"hubspot": self.hubspot, "quickbooks": self.quickbooks}
        for name, app in self._apps.items():
            app.traffic = Silent(name)
            app.outbox.target_url = f"https://tieout.test/webhooks/{name}"
            self.wires[name] = Wire(name, app, self.stage, self._chance, self.watch, linked=linked)

    # -- the course of events

    def run(self) -> Result:
        """Play to the end. Raises Failed."""
        try:
            self._raise_storm()
            self._play()
            self._judge()
        except Broken as broken:
            raise Failed(self._report(str(broken))) from None
        finally:
            self.stage.end()
            result = self.result
            result.steps, result.crashes = self.stage.steps, self.stage.crashes
            result.lost = sum(wire.lost for wire in self.wires.values())
            result.writes, result.states = self.watch.writes, self.watch.states
            result.minutes = int((self.stage.clock.time - START).total_seconds() // 60)
            self._count()
        return result

    def _raise_storm(self) -> None:
        """Put everything that will happen on the agenda."""
        raise NotImplementedError

    def _judge(self) -> None:
        """Say whether the end is right. Raises Broken."""
        raise NotImplementedError

    def _count(self) -> None:
        """Add what was counted to the result."""
        raise NotImplementedError

    def _unrest(self) -> str:
        """What still has to happen, empty when nothing has."""
        raise NotImplementedError

    def _play(self) -> None:
        self._quiet_sweeps = 0
        end = self.stage.clock.time + self.longest
        while self._quiet_sweeps < 2:
            if self.stage.clock.time > end:
                raise Broken(f"it does not come to rest: {self._unrest()}")
            self._step()
        if self.queue.dead:
            raise Broken(f"in the dead-letter queue: {[message.body for message in self.queue.dead]}")

    def _step(self) -> None:
        now = self.stage.clock.time
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2]()
        for wire in self.wires.values():
            if wire.late:
                wire.carry_out_late()
        for name, app in self._apps.items():
            due = app.outbox.next_due()
            if due is not None and due <= now:
                app.deliver_webhooks(lambda *request, system=name: self._deliver(system, *request))
        slots = [slot for slot in self._slots if slot.busy is not None and slot.busy.wake_at <= now]
        visible = self.queue.next_visible()
        if visible is not None and visible <= now:
            slots += [slot for slot in self._slots if slot.busy is None and slot.takes_messages][:1]
        if slots:
            self._let(self._chance.choice(slots))
        else:
            self._wait()

    def _wait(self) -> None:
        times: list[datetime | None] = [self._agenda[0][0]]
        if any(slot.busy is None and slot.takes_messages for slot in self._slots):
            times.append(self.queue.next_visible())
        times += [slot.busy.wake_at for slot in self._slots if slot.busy is not None]
        times += [app.outbox.next_due() for app in self._apps.values()]
        times += [at for wire in self.wires.values() for at, _ in wire.late]
        next_ = min(time for time in times if time is not None)
        self.stage.clock.time = max(self.stage.clock.time, next_)

    def _let(self, slot: Slot) -> None:
        if slot.busy is None:
            batch = self.queue.receive()
            if not batch:
                return
            slot.busy = self._invoke(slot, batch)
        worker = slot.busy
        self.stage.run(worker)
        if worker.ended:
            slot.busy = None
            if worker.dead:
                slot.desk = None

    def _invoke(self, slot: Slot, batch: list[Message]) -> Worker:
        desk = slot.desk = slot.desk or self.office.start_worker()
        hints = [Hint.from_json(message.body) for message in batch]
        self._tell(f"worker {slot.name} takes {', '.join(f'{hint.cause} {hint.object}/{hint.id}' for hint in hints)}")

        def work() -> None:
            try:
                outcomes = desk.push(hints, self.stage.clock.time + TIMEOUT - _RESERVE)
            except SyncError as error:
                self._tell(f"the whole batch fails: {error}")
                return
            except Exception as error:
                raise Broken("".join(traceback.format_exception(error))) from error
            for outcome in outcomes:
                if outcome.error is not None and not isinstance(outcome.error, SyncError):
                    raise Broken("".join(traceback.format_exception(outcome.error)))
            told = [f"{one.hint.id} {one.result} {one.state} {one.reason}".strip() for one in outcomes]
            self._tell(f"done: {', '.join(told)}")
            self.stage.point("the end of its batch")
            done = [message for message, outcome in zip(batch, outcomes, strict=True) if outcome.result != "failed"]
            self.queue.delete(done)

        return self.stage.start(slot.name, work)

    # -- hints

    def _deliver(self, system: str, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        delivery = Delivery(method, url, {name.lower(): value for name, value in headers.items()}, body)
        try:
            self.office.intake.receive(self.office.webhooks(system), delivery, "webhook")
        except SyncError:
            return 500
        return 200

    # -- small things

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.stage.clock.time + timedelta(seconds=seconds), next(self._order), act))

    def _changed(self, system: str) -> None:
        self.wires[system].forget()

    def _tell(self, text: str) -> None:
        seconds = (self.stage.clock.time - START).total_seconds()
        self.result.trace.append(f"{seconds:9.2f} {self.stage.who:5} {text}")

    def _report(self, why: str) -> str:
        seed = self.result.seed
        tail = "\n".join(self.result.trace[-_TAIL:])
        return f"seed {seed}: {why}\n\n{tail}\n\nplay it again: make simulate SEEDS=1 FIRST={seed}"
