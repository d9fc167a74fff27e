"""The people at Tieout where HubSpot shows QuickBooks' invoices: they retry, ignore, switch it off or decide anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.mirror_watch import MirrorWatch
from tests.simulation.office import CONNECTION
from tests.simulation.scene import Acts
from tests.simulation.tellers import Tellers
from tieout.domain.conflict import Side
from tieout.domain.errors import NotReadyYet, SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, SyncRecord
from tieout.services import decisions
from tieout.services.take_side import choices, take

_POLICIES: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("voided_in_quickbooks", ("void", "attention")),
    ("deleted_in_quickbooks", ("attention", "void", "ignore")),
    ("unknown_in_hubspot", ("leave", "create")),
    ("cutover_date", (None, "2026-03-01", "2026-03-02")),
)


@dataclass(slots=True)
class Deciders(Tellers):
    """`ignored` are the QuickBooks invoices that a person had left alone and nobody retried since; `was_off`:
    taking invoices over was switched off in between; `watch` is told whose values are overruled."""

    ignored: set[str] = field(default_factory=set)
    was_off: bool = False
    watch: MirrorWatch = field(kw_only=True)

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {
            self._retry: 4,
            self._take_a_side: 4,
            self._ignore: 1,
            self._switch: 1,
            self._decide_otherwise: 2,
        }

    def act(self) -> None:
        """One of them does one thing."""
        chance = self.scene.chance
        act = chance.choices(list(self.acts), list(self.acts.values()))[0]
        if act():
            self.scene.reached[act.__name__.strip("_").replace("_", " ")] += 1

    def tidy_up(self) -> None:
        """What was switched off is on again, and everybody who needs something is looked at once more."""
        if not self.office.document.get("pull_invoices"):
            self._apply(pull_invoices=True)
        for record in self._own():
            if choices(record) is not None and self.scene.chance.random() < 0.5:
                self._take_of(record)
        for record in self._in_need():
            if record.key.kind is not Kind.INVOICE or record.key.origin_system == "hubspot":
                self._ask(record)

    def _ask(self, record: SyncRecord) -> None:
        Tellers._ask(self, record)
        if record.key.kind is Kind.INVOICE and record.key.origin_system == "quickbooks":
            self.ignored.discard(record.key.origin_id)

    def _own(self) -> list[SyncRecord]:
        return [
            one for one in self.office.records if one.key.kind is Kind.INVOICE and one.key.origin_system != "hubspot"
        ]

    def _ignore(self) -> bool:
        some = self._own()
        if not some:
            return False
        key = self.scene.chance.choice(some).key
        self.scene.tell(f"somebody has QuickBooks invoice {key.origin_id} ignored")
        try:
            decisions.ignore(self.office.records, self.scene.clock, key, "By hand.", "person", "ignore")
        except NotReadyYet:
            self.scene.tell("and is told to try again later")
            return False
        self.ignored.add(key.origin_id)
        hint = Hint(CONNECTION, HintObject.QUICKBOOKS_OWN_INVOICE, key.origin_id, self.scene.clock.time, Cause.DUE, "x")
        try:
            self.office.queue.send([hint])
        except SyncError:
            self.scene.tell("and the new status is not shown at once")
        return True

    def _take_a_side(self) -> bool:
        """Of what they see of an invoice, which may be old by then."""
        some = [one for one in self._own() if choices(one) is not None]
        return bool(some) and self._take_of(self.scene.chance.choice(some))

    def _take_of(self, record: SyncRecord) -> bool:
        conflict, id_ = choices(record), record.key.origin_id
        sides = (*conflict.sides[:1], *conflict.sides) if conflict else (Side.QUICKBOOKS,)
        side = self.scene.chance.choice(sides)
        self.scene.tell(f"somebody takes {side.label}'s values of QuickBooks invoice {id_}")
        try:
            take(self.office.records, self.scene.clock, record.key, side, "", "person", "take")
        except NotReadyYet:
            self.scene.tell("and is told to try again later")
            return False
        self.scene.reached[f"take {side}"] += 1
        self.watch.decided(record, side)
        hint = Hint(CONNECTION, HintObject.QUICKBOOKS_OWN_INVOICE, id_, self.scene.clock.time, Cause.RETRY, "take")
        try:
            self.office.queue.send([hint])
        except SyncError:
            self.scene.tell("and it is not carried out at once")
        self.ignored.discard(id_)
        return True

    def _switch(self) -> bool:
        self.was_off = True
        self._apply(pull_invoices=not self.office.document.get("pull_invoices"))
        return True

    def _decide_otherwise(self) -> bool:
        name, values = self.scene.chance.choice(_POLICIES)
        self._apply(**{name: self.scene.chance.choice(values)})
        return True
