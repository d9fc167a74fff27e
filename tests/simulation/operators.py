"""The people at Tieout: they retry and ignore invoices, and change settings while everything is under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation import grounds
from tests.simulation.office import CONNECTION, Office
from tests.simulation.scene import Acts, Scene
from tieout.domain.conflict import Side
from tieout.domain.errors import NotReadyYet, SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services import decisions
from tieout.services.take_side import choices, take

_INTERNAL = {"property": "hs_title", "operator": "not_equals", "values": ["Internal"]}
# A setting, and from what value it is changed to what; an item's name stands for its id.
_CHANGES: tuple[tuple[str, Callable[[Any, Mapping[str, str]], object]], ...] = (
    ("fee_item_id", lambda _, items: items[grounds.FEES]),
    ("fee_items", lambda now, items: {} if now else {"Freight": items[grounds.FREIGHT]}),
    ("fallback_item_id", lambda now, _: None if now else "1"),
    ("tax_item_id", lambda _, items: items[grounds.SALES_TAX]),
    # Wider only: what is in sync with a variance is not looked at again because of a narrower one.
    ("variance_tolerance", lambda _, __: "90.00"),
    ("beyond_tolerance", lambda now, _: "keep" if now == "void" else "void"),
    ("closed_period", lambda now, _: "first_open_day" if now == "hold" else "hold"),
    ("deleted_in_hubspot", lambda now, _: "void" if now != "void" else "attention"),
    ("customer_level", lambda now, _: "contact" if now == "company" else "company"),
    ("create_customers", lambda _, __: True),
    ("filters", lambda now, _: [] if now else [_INTERNAL]),
    ("cutover_date", lambda now, _: None if now else "2026-03-02"),
    ("push_invoices", lambda _, __: False),
)


@dataclass(slots=True)
class Operators:
    """`ignored` are the HubSpot invoices that a person told Tieout to leave alone and nobody retried since; `refused`:
    the last settings are in force, and not everything could be queued to be looked at again. Of `took` a person took
    QuickBooks' values."""

    scene: Scene
    office: Office
    items: Mapping[str, str]
    ignored: set[str] = field(default_factory=set)
    took: set[str] = field(default_factory=set)
    refused: bool = False

    @property
    def acts(self) -> Acts:
        """What they do."""
        return {self._retry: 4, self._take_a_side: 4, self._ignore: 1, self._change_settings: 2}

    def act(self) -> None:
        """One of them does one thing."""
        acts = self.acts
        act = self.scene.chance.choices(list(acts), list(acts.values()))[0]
        if act():
            self.scene.reached[act.__name__.strip("_").replace("_", " ")] += 1

    def tidy_up(self) -> None:
        """What was switched off is switched on again, and whoever changed something in between has what needs a person
        looked at again, as the attention says. That is preferences of QuickBooks; settings see to it themselves."""
        if not self.office.settings.push_invoices:
            self._apply(push_invoices=True)
        if self.refused:
            self._look_again()
        for record in self._invoices():
            if choices(record) is not None and self.scene.chance.random() < 0.5:
                self._take_of(record)
        if self.scene.turned:
            for record in self._invoices():
                if record.state in (State.ATTENTION, State.DELETED_IN_LEDGER) or record.reason == "period_closed":
                    self._ask(record.key)

    def _retry(self) -> bool:
        """Most likely one that needs it."""
        records = self._invoices()
        wanting = [one for one in records if one.state in (State.ATTENTION, State.DELETED_IN_LEDGER)]
        for record in self.scene.chance.sample(wanting or records, min(1, len(records))):
            self._ask(record.key)
        return bool(records)

    def _ask(self, key: RecordKey) -> None:
        self.scene.tell(f"somebody retries {key.origin_id}")
        try:
            self.office.queue.send([self._wish(key)])
        except SyncError:
            self.scene.tell("and is told that it did not work")
            return
        self.ignored.discard(key.origin_id)

    def _wish(self, key: RecordKey) -> Hint:
        now = self.scene.clock.time
        return Hint(CONNECTION, HintObject.HUBSPOT_INVOICE, key.origin_id, now, Cause.RETRY, "retry")

    def _ignore(self) -> bool:
        records = [one for one in self._invoices() if one.state is not State.SYNCED]
        for record in self.scene.chance.sample(records, min(1, len(records))):
            self.scene.tell(f"somebody has {record.key.origin_id} ignored")
            store, clock = self.office.records, self.scene.clock
            try:
                decisions.ignore(store, clock, record.key, "By hand.", "person", "ignore")
            except NotReadyYet:
                self.scene.tell("and is told to try again later")
                return False
            self.ignored.add(record.key.origin_id)
            hint = Hint(CONNECTION, HintObject.HUBSPOT_INVOICE, record.key.origin_id, clock.time, Cause.DUE, "ignore")
            try:
                self.office.queue.send([hint])
            except SyncError:
                self.scene.tell("and the new status is not shown at once")
        return bool(records)

    def _take_a_side(self) -> bool:
        """Of what they see of an invoice, which may be old by then."""
        records = [one for one in self._invoices() if choices(one) is not None]
        return bool(records) and self._take_of(self.scene.chance.choice(records))

    def _take_of(self, record: SyncRecord) -> bool:
        conflict = choices(record)
        side = self.scene.chance.choice(conflict.sides) if conflict else Side.HUBSPOT
        self.scene.tell(f"somebody takes {side.label}'s values of {record.key.origin_id}")
        try:
            take(self.office.records, self.scene.clock, record.key, side, "", "person", "take")
        except NotReadyYet:
            self.scene.tell("and is told to try again later")
            return False
        self.scene.reached[f"take {side}"] += 1
        if side is Side.QUICKBOOKS:
            self.took.add(record.key.origin_id)
        else:
            self.scene.watch.overrule(record)
        self._ask(record.key)
        return True

    def _change_settings(self) -> bool:
        name, change = self.scene.chance.choice(_CHANGES)
        self._apply(**{name: change(self.office.document.get(name), self.items)})
        return True

    def _apply(self, **change: object) -> None:
        self.scene.tell(f"somebody applies the settings {change}")
        self.office.apply(self.office.document | change)
        self._look_again()

    def _look_again(self) -> None:
        self.refused = False
        keys = decisions.concerned_by_settings(self.office.records, CONNECTION)
        try:
            self.office.queue.send([self._wish(key) for key in keys])
        except SyncError:
            self.refused = True
            self.scene.tell("and is told that not all invoices are looked at again")

    def _invoices(self) -> list[SyncRecord]:
        return [record for record in self.office.records if record.key.kind is Kind.INVOICE]
