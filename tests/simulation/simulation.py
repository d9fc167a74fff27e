"""One seed: two companies, a queue, two workers and a storm of faults, played to the end and judged."""

from __future__ import annotations

import gc
import heapq
import random
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation import books, grounds
from tests.simulation.agreement import Items
from tests.simulation.changes import changed_since
from tests.simulation.judge import Judge
from tests.simulation.office import CONNECTION, Office
from tests.simulation.operators import Operators
from tests.simulation.queue import Message, Queue
from tests.simulation.sabotage import Sabotage
from tests.simulation.scene import Scene
from tests.simulation.stage import START, TIMEOUT, Stage, Worker
from tests.simulation.watch import Broken, Watch
from tests.simulation.wire import FollowingClock, Silent, Wire
from tests.simulation.world import World
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import BY_HAND, Kind, State, SyncRecord
from tieout.ports import Delivery
from tieout.services.push_invoices import PushInvoices

WORKERS = 2
SWEEP_EVERY = 300.0
TIDY_UP_AFTER = 660.0
# Times by which changes are looked for again, so that none falls between two looks.
_OVERLAP = timedelta(seconds=60)
_RESERVE = timedelta(seconds=45)
_LONGEST = timedelta(hours=12)
_WEBHOOK_KINDS = ("webhook_drop", "webhook_duplicate", "webhook_reorder")
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


@dataclass(slots=True)
class _Slot:
    """One of the concurrent workers; its process lives until it crashes."""

    name: str
    push: PushInvoices | None = None
    busy: Worker | None = None


class Simulation:
    """One world. All chance comes from `seed`."""

    def __init__(self, seed: int, sabotage: Sabotage = Sabotage.NONE) -> None:
        self.result = Result(seed)
        self._chance = chance = random.Random(seed)  # noqa: S311 - must be the same for the same seed
        self.stage = Stage(chance, self._tell)
        clock, ground = FollowingClock(self.stage.clock), grounds.choose_ground(chance)
        today = self.stage.clock.time.date()
        self.hubspot = HubSpotSandbox(grounds.hubspot_config(chance, ground), clock, seed)
        self.quickbooks = QuickBooksSandbox(grounds.quickbooks_config(chance, ground, today), clock, seed)
        self.watch = Watch(self.hubspot, self.quickbooks, self._tell)
        self.queue = Queue(self.stage.clock, chance, self._tell)
        self._apps: Mapping[str, SandboxApp] = {"hubspot": self.hubspot, "quickbooks": self.quickbooks}
        self.wires: dict[str, Wire] = {}
        for name, app in self._apps.items():
            app.traffic = Silent(name)
            app.outbox.target_url = f"https://tieout.test/webhooks/{name}"
            self.wires[name] = Wire(name, app, self.stage, chance, self.watch)
        self.scene = scene = Scene(
            self.hubspot, self.quickbooks, self.watch, self.stage.clock, chance, ground, self._tell, self._changed
        )
        self.world = World(scene)
        items = self.world.bookkeepers.items
        document = grounds.drawn_settings(chance, ground, items)
        self.office = Office(
            self.stage, self.queue, self.watch.records, self.hubspot, self.quickbooks, self.wires, document, sabotage
        )
        self.operators = Operators(scene, self.office, items)
        self.judge = Judge(
            CONNECTION,
            self.hubspot,
            self.watch,
            lambda: self.office.settings,
            self.office.ledger_url,
            Items.of(items),
            self.operators.ignored,
            scene.turned,
        )
        self._tell(f"{ground.name}: {document}")
        self._slots = [_Slot("AB"[number]) for number in range(WORKERS)]
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._looked_until = self.stage.clock.time
        self._quiet_sweeps = 0
        self._calm = False

    # -- the course of events

    def run(self) -> Result:
        """Play to the end. Raises Failed."""
        try:
            self._raise_storm()
            self._play()
            self.judge.judge()
            self._look_again_at_everything()
        except Broken as broken:
            raise Failed(self._report(str(broken))) from None
        finally:
            self.stage.end()
            result = self.result
            result.steps, result.crashes = self.stage.steps, self.stage.crashes
            result.lost = sum(wire.lost for wire in self.wires.values())
            result.writes, result.states = self.watch.writes, self.watch.states
            result.played, result.ends = self.scene.reached, self.judge.ends
            result.minutes = int((self.stage.clock.time - START).total_seconds() // 60)
        return result

    def _raise_storm(self) -> None:
        chance, at = self._chance, 0.0
        for wire in self.wires.values():
            wire.trouble = chance.choice((0.0, 0.02, 0.05, 0.12))
        self.stage.crashes_left = chance.choice((0, 1, 2, 4))
        self.stage.chance_of_crash = chance.choice((0.002, 0.01))
        self.queue.unreliable = chance.choice((0.0, 0.03, 0.1))
        for app in self._apps.values():
            for kind in _WEBHOOK_KINDS:
                app.faults.add({"kind": kind, "probability": chance.choice((0.05, 0.3)), "seed": self.result.seed})
        for _ in range(chance.randint(8, 16)):
            at += chance.choice((chance.uniform(0, 2), chance.uniform(0, 2), chance.uniform(20, 240)))
            self._in(at, self.world.act)
        for _ in range(chance.randint(0, 2)):
            self._in(chance.uniform(0, at), self.world.kill_token)
        for _ in range(chance.randint(1, 3)):
            self._in(chance.uniform(at / 2, at + 300), self.operators.act)
        self._in(at + chance.uniform(0, 200), self._calm_down)
        self._in(SWEEP_EVERY, self._sweep)

    def _calm_down(self) -> None:
        self._tell("--- the storm is over")
        for wire in self.wires.values():
            wire.trouble = 0.0
        for app in self._apps.values():
            app.faults.rules[:] = [rule for rule in app.faults.rules if rule.kind not in _WEBHOOK_KINDS]
        self.stage.crashes_left = 0
        self.queue.unreliable = 0.0
        # Later than any preference of QuickBooks is remembered.
        self._in(TIDY_UP_AFTER, self.operators.tidy_up)
        # And once more: what was refused as inactive is looked for anew by the next look only.
        self._in(TIDY_UP_AFTER + SWEEP_EVERY, self._tidy_up)

    def _tidy_up(self) -> None:
        self.operators.tidy_up()
        self._calm = True

    def _play(self) -> None:
        self._quiet_sweeps = 0
        end = self.stage.clock.time + _LONGEST
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
            slots += [slot for slot in self._slots if slot.busy is None][:1]
        if slots:
            self._let(self._chance.choice(slots))
        else:
            self._wait()

    def _wait(self) -> None:
        times: list[datetime | None] = [self._agenda[0][0]]
        if any(slot.busy is None for slot in self._slots):
            times.append(self.queue.next_visible())
        times += [slot.busy.wake_at for slot in self._slots if slot.busy is not None]
        times += [app.outbox.next_due() for app in self._apps.values()]
        times += [at for wire in self.wires.values() for at, _ in wire.late]
        next_ = min(time for time in times if time is not None)
        self.stage.clock.time = max(self.stage.clock.time, next_)

    def _let(self, slot: _Slot) -> None:
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
                slot.push = None

    def _invoke(self, slot: _Slot, batch: list[Message]) -> Worker:
        push = slot.push = slot.push or self.office.start_worker()
        hints = [Hint.from_json(message.body) for message in batch]
        self._tell(f"worker {slot.name} takes {', '.join(f'{hint.cause} {hint.object}/{hint.id}' for hint in hints)}")

        def work() -> None:
            try:
                outcomes = push.push(hints, self.stage.clock.time + TIMEOUT - _RESERVE)
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

    def _sweep(self) -> None:
        """What the schedule does: wake what is due, and look for what changed in either system."""
        self._in(SWEEP_EVERY, self._sweep)
        rested = self._calm and not self._unrest()
        found = changed_since(self.scene, self._looked_until)
        try:
            woken = self.office.wake()
            self.queue.send(found)
        except SyncError:
            return
        self._looked_until = self.stage.clock.time - _OVERLAP
        self._quiet_sweeps = self._quiet_sweeps + 1 if rested and not woken and not found else 0

    # -- the end

    def _look_again_at_everything(self) -> None:
        """A further look at everything must change nothing."""
        before, writes = self._standing(), sum(self.watch.writes.values())
        shown = self.wires["hubspot"].writes
        now = self.stage.clock.time
        for record in self.watch.records:
            if record.key.kind is not Kind.INVOICE:
                continue
            # HubSpot refuses the status of a deleted invoice each time, and what a person has ignored is not read. What
            # was deleted in QuickBooks and cannot be made again says the one or the other.
            gone = books.invoices(self.hubspot)[record.key.origin_id].archived and record.reason == BY_HAND
            gone = gone or self._cannot_be_made_again(record)
            if not gone:
                hint = Hint(CONNECTION, HintObject.HUBSPOT_INVOICE, record.key.origin_id, now, Cause.SWEEP, "again")
                again = [hint]
                if record.link is not None:
                    again.append(replace(hint, object=HintObject.QUICKBOOKS_INVOICE, id=record.link.far_id))
                self.queue.send(again)
        self._play()
        if sum(self.watch.writes.values()) != writes:
            raise Broken("a further look at everything wrote to QuickBooks")
        for old, new in zip(before, self._standing(), strict=True):
            if old != new:
                raise Broken(f"a further look at everything changed {old} into {new}")
        if self.wires["hubspot"].writes != shown:
            raise Broken("a further look at everything wrote to HubSpot")
        self.judge.judge()

    def _cannot_be_made_again(self, record: SyncRecord) -> bool:
        standing = record.link is None or record.link.far_id in self.quickbooks.company.rows["Invoice"]
        return not standing and record.state is not State.DELETED_IN_LEDGER

    def _standing(self) -> list[tuple[object, ...]]:
        return [
            (record.key, record.state, record.reason, record.detail, record.link, record.shown)
            for record in self.watch.records
        ]

    def _unrest(self) -> str:
        """What still has to happen, empty when nothing has."""
        unsettled = [
            f"{one.key} {one.state} {one.reason}"
            for one in self.watch.records
            if one.key.kind is Kind.INVOICE and (not one.settled or one.wake_at() is not None)
        ]
        waiting = [f"{len(self.queue.messages)} messages"] if self.queue.messages else []
        busy = [slot.name for slot in self._slots if slot.busy is not None]
        events = [name for name, app in self._apps.items() if app.outbox.pending]
        late = [name for name, wire in self.wires.items() if wire.late]
        return "; ".join([*unsettled, *waiting, *busy, *events, *late])

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


def simulate(seed: int, sabotage: Sabotage = Sabotage.NONE) -> Result:
    """Play one seed. Raises Failed, which shows the end of the trace."""
    # A world is small and soon over; collecting in the midst of it costs a tenth of the time.
    gc.disable()
    try:
        with sabotage.applied():
            return Simulation(seed, sabotage).run()
    finally:
        gc.enable()
