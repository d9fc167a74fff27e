"""One seed: two companies, a queue, two workers and a storm of faults, played to the end and judged."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation import books, grounds
from tests.simulation.agreement import Items
from tests.simulation.changes import changed_since
from tests.simulation.course import Course, Result
from tests.simulation.judge import Judge
from tests.simulation.mirrors import MirrorSimulation
from tests.simulation.money import MoneySimulation
from tests.simulation.office import CONNECTION, Office
from tests.simulation.operators import Operators
from tests.simulation.pairs import PairSimulation
from tests.simulation.queue import Queue
from tests.simulation.sabotage import Sabotage
from tests.simulation.scene import Scene
from tests.simulation.watch import Broken, Watch
from tests.simulation.wire import FollowingClock
from tests.simulation.world import World
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import BY_HAND, Kind, State, SyncRecord

WORKERS = 2
SWEEP_EVERY = 300.0
TIDY_UP_AFTER = 660.0
# Times by which changes are looked for again, so that none falls between two looks.
_OVERLAP = timedelta(seconds=60)
_RESERVE = timedelta(seconds=45)
_LONGEST = timedelta(hours=12)
_WEBHOOK_KINDS = ("webhook_drop", "webhook_duplicate", "webhook_reorder")
_TAIL = 40


class Simulation(Course):
    """The push of invoices."""

    def __init__(self, seed: int, sabotage: Sabotage = Sabotage.NONE) -> None:
        super().__init__(seed)
        chance = self._chance
        clock, ground = FollowingClock(self.stage.clock), grounds.choose_ground(chance)
        today = self.stage.clock.time.date()
        self.hubspot = HubSpotSandbox(grounds.hubspot_config(chance, ground), clock, seed)
        self.quickbooks = QuickBooksSandbox(grounds.quickbooks_config(chance, ground, today), clock, seed)
        self.watch = Watch(self.hubspot, self.quickbooks, self._tell)
        self.queue = Queue(self.stage.clock, chance, self._tell)
        self._connect()
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
            self.operators.took,
        )
        self._tell(f"{ground.name}: {document}")
        self._looked_until = self.stage.clock.time

    # -- the course of events

    def _judge(self) -> None:
        self.judge.judge()
        self._look_again_at_everything()

    def _count(self) -> None:
        self.result.played, self.result.ends = self.scene.reached, self.judge.ends

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

    # -- hints

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


WORLDS: Mapping[str, Callable[[int, Sabotage], Course]] = {
    "invoices": Simulation,
    "money": MoneySimulation,
    "mirrors": MirrorSimulation,
    "pairs": PairSimulation,
}
"""The kinds of world by name."""


def simulate(seed: int, sabotage: Sabotage = Sabotage.NONE, *, of: str = "invoices") -> Result:
    """Play one seed of a kind of world (see `WORLDS`). Raises Failed, which shows the end of the trace."""
    # A world is small and soon over; collecting in the midst of it costs a tenth of the time.
    gc.disable()
    try:
        with sabotage.applied():
            return WORLDS[of](seed, sabotage).run()
    finally:
        gc.enable()
