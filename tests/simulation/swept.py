"""A course in which the real sweep runs on its schedule, and in every third world no webhook ever arrives."""

from __future__ import annotations

import traceback
from datetime import timedelta

from tests.simulation.course import Course, Slot
from tests.simulation.scene import Acts, Scene
from tests.simulation.stage import TIMEOUT
from tests.simulation.tellers import Counting
from tests.simulation.watch import Broken
from tieout.domain.errors import SyncError
from tieout.domain.record import State, SyncRecord, own_hint_object
from tieout.services.outcome import Run

# The schedule's default, and how often it comes once nothing happens any more.
SWEEP_EVERY, SWEEP_IN_PEACE = 900.0, 14_400.0
WEBHOOKS = ("webhook_drop", "webhook_duplicate", "webhook_reorder")
_RESERVE = timedelta(seconds=45)


class SweptCourse(Course):
    """What worlds with the real sweep share. `deaf`: no webhook arrives."""

    office: Counting
    scene: Scene
    longest = timedelta(days=5)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.deaf = False
        self._sweeper = Slot("S", takes_messages=False)
        self._slots.append(self._sweeper)
        self._run: Run | None = None

    def _make_trouble(self) -> None:
        """From now on the network, the queue and the workers fail, and webhooks are lost, doubled and reordered."""
        chance = self._chance
        for wire in self.wires.values():
            wire.trouble = chance.choice((0.0, 0.02, 0.05, 0.1))
        self.stage.crashes_left = chance.choice((0, 1, 2, 4))
        self.stage.chance_of_crash = chance.choice((0.002, 0.01))
        self.queue.unreliable = chance.choice((0.0, 0.05, 0.25))
        for app in self._apps.values():
            for kind in WEBHOOKS:
                lost = self.deaf and kind == "webhook_drop"
                app.faults.add(
                    {"kind": kind, "probability": 1 if lost else chance.choice((0.05, 0.3)), "seed": self.result.seed}
                )

    def _end_trouble(self) -> None:
        self._tell("--- the storm is over")
        for wire in self.wires.values():
            wire.trouble = 0.0
        for app in self._apps.values():
            app.faults.rules[:] = [
                rule for rule in app.faults.rules if rule.kind not in WEBHOOKS or (self.deaf and rule.probability == 1)
            ]
        self.stage.crashes_left = 0
        self.queue.unreliable = 0.0

    def _rest(self) -> None:
        self._calm = True

    def _one_of(self, acts: Acts) -> None:
        """Somebody does one of these things, if any of them is possible."""
        left = dict(acts)
        while left:
            act = self._chance.choices(list(left), list(left.values()))[0]
            if act():
                self.scene.reached[act.__name__.strip("_").replace("_", " ")] += 1
                return
            del left[act]

    def _kill_token(self) -> None:
        self._tell("the access token dies")
        for grant in self.quickbooks.grants._grants:
            grant.access.update(dict.fromkeys(grant.access, self.stage.clock.time))
        self._changed("quickbooks")

    def _reads(self) -> int:
        """QuickBooks' metered reads so far."""
        raise NotImplementedError

    def _sweep(self) -> None:
        """The schedule starts the real function, in a process of its own."""
        peace = not self._unrest(but_sweep=True) and not self.wires["quickbooks"].trouble
        self._in(SWEEP_IN_PEACE if peace else SWEEP_EVERY, self._sweep)
        slot = self._sweeper
        if slot.busy is not None:
            return
        sweep, before, idle = self.office.start_sweep(), self._reads(), self._calm and peace

        def work() -> None:
            try:
                run = sweep.run("sweep", self.stage.clock.time + TIMEOUT - _RESERVE)
            except SyncError as error:
                self._tell(f"the sweep fails: {error}")
                return
            except Exception as error:
                raise Broken("".join(traceback.format_exception(error))) from error
            if run.failure is not None and not isinstance(run.failure, SyncError):
                raise Broken("".join(traceback.format_exception(run.failure)))
            found = run.counts["records_woken"] + run.counts["changes_queued"]
            self._tell(f"swept: {found} hints, {len(run.troubles)} troubles")
            if idle and not found and self._reads() - before > 1:
                raise Broken(f"an idle sweep cost {self._reads() - before} metered reads")
            self._quiet_sweeps = self._quiet_sweeps + 1 if idle and not found else 0

        slot.busy = self.stage.start(slot.name, work)

    def _unrest(self, *, but_sweep: bool = False) -> str:
        unsettled = [f"{one.key} {one.state} {one.reason}" for one in self.watch.records if self._restless(one)]
        waiting = [f"{len(self.queue.messages)} messages"] if self.queue.messages else []
        busy = [one.name for one in self._slots if one.busy is not None and not (but_sweep and one is self._sweeper)]
        events = [name for name, app in self._apps.items() if app.outbox.pending]
        late = [name for name, wire in self.wires.items() if wire.late]
        return "; ".join([*unsettled, *waiting, *busy, *events, *late])

    def _restless(self, record: SyncRecord) -> bool:
        """Whether it is on its way. What belongs to no invoice may still get one, and HubSpot may still get room for
        what it refused: both are looked at for a month."""
        if own_hint_object(record.key) is None:
            return False
        due = record.wake_at()
        later = record.state in (State.IGNORED, State.ATTENTION) and due is not None and due > self.stage.clock.time
        return not record.settled or (due is not None and not later)
