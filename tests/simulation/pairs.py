"""One seed of pairs of fields: people fill in, change and clear tracking numbers and shipping methods on both sides, on
invoices that are born in QuickBooks, among everything else that happens to those."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import httpx

from infra.sandbox.kernel.transport import SandboxTransport
from tests.simulation.clerks import Clerks
from tests.simulation.invoicers import Invoicers
from tests.simulation.mirror_judge import MirrorJudge, Shown
from tests.simulation.mirrors import MirrorSimulation
from tests.simulation.office import HUBSPOT_TOKEN
from tests.simulation.pair_watch import PairWatch
from tests.simulation.sabotage import Sabotage
from tests.simulation.scene import Scene
from tieout.domain.conflict import Side
from tieout.domain.field_pairs import Direction, FieldPair
from tieout.domain.record import State

_FIELDS = {"tracking_number": "TrackingNum", "shipping_method": "ShipMethodRef"}


class PairSimulation(MirrorSimulation):
    """As a world of QuickBooks' own invoices, with pairs."""

    watch: PairWatch
    watch_type = PairWatch

    def __init__(self, seed: int, sabotage: Sabotage = Sabotage.NONE) -> None:
        super().__init__(seed, sabotage)
        for name in _FIELDS:
            self._define(name)
        self.watch.watch_pairs(self.office.settings.pairs)
        self.shippers = Shippers(self.scene, self.watch, self.invoicers, self.clerks)
        self.judge = PairJudge.of(self.judge)

    def _document(self) -> dict[str, object]:
        chance = self._chance
        pairs = [
            {
                "hubspot": name,
                "quickbooks": field,
                "direction": chance.choice(("both", "both", "to_hubspot", "to_quickbooks")),
                "winner": chance.choice(("ask", "hubspot", "quickbooks")),
            }
            for name, field in _FIELDS.items()
        ]
        return {"field_pairs": pairs}

    def _act(self) -> None:
        ship = {self.shippers.in_quickbooks: 12, self.shippers.in_hubspot: 12}
        self._one_of({**self.invoicers.acts, **self.clerks.acts, **ship})

    def _define(self, name: str) -> None:
        """A person makes the property."""
        http = httpx.Client(transport=SandboxTransport(self.hubspot), base_url="https://api.hubapi.test")
        body = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "invoiceinformation"}
        headers = {"Authorization": f"Bearer {HUBSPOT_TOKEN}", "x-sandbox-actor": "CRM_UI"}
        http.post("/crm/properties/2026-09/invoices", json=body, headers=headers).raise_for_status()


@dataclass(slots=True)
class Shippers:
    """They work in both systems, mostly with values of their own."""

    scene: Scene
    watch: PairWatch
    invoicers: Invoicers
    clerks: Clerks
    _marks: count[int] = field(default_factory=lambda: count(1))

    def in_quickbooks(self) -> bool:
        """One of them fills in a field of a QuickBooks invoice, or clears it."""
        pair, text = self._wish("Q")
        value: object = text if pair.quickbooks == "TrackingNum" else {"value": text}
        row_id = self.invoicers.change_one({pair.quickbooks: value})
        if row_id:
            self.watch.entered(Side.QUICKBOOKS, row_id, pair)
        return bool(row_id)

    def in_hubspot(self) -> bool:
        """One of them does so in HubSpot."""
        pair, text = self._wish("H")
        mirror = self.clerks.change_mirror(pair.hubspot, text)
        if mirror:
            self.watch.entered(Side.HUBSPOT, self.watch.mirrors(deleted=True)[mirror], pair)
        return bool(mirror)

    def _wish(self, system: str) -> tuple[FieldPair, str]:
        chance = self.scene.chance
        text = chance.choice((f"{system}{next(self._marks)}", f"{system}{next(self._marks)}", "", "the same"))
        return chance.choice(self.watch.pairs), text


class PairJudge(MirrorJudge):
    """Whether both sides of each pair say the same in the end, or a person is asked, or wanted it otherwise."""

    watch: PairWatch

    @classmethod
    def of(cls, judge: MirrorJudge) -> PairJudge:
        """In its place."""
        return cls(judge.watch, judge.settings, judge.url, judge.ignored, judge.titles, judge.was_off, judge.ends)

    def _differs(self, row_id: str) -> bool:
        return any(self._difference(row_id, pair) for pair in self.watch.pairs)

    def _difference(self, row_id: str, pair: FieldPair) -> str:
        hubspot, quickbooks = (self.watch.stands(side, row_id, pair) for side in (Side.HUBSPOT, Side.QUICKBOOKS))
        if hubspot is None or quickbooks is None or hubspot == quickbooks:
            return ""
        return f"{pair.hubspot} is {hubspot!r} in HubSpot, and {quickbooks!r} in QuickBooks"

    def _untrue(self, one: Shown) -> str | None:
        row_id = one.record.key.origin_id
        if one.record.state is State.SYNCED:
            for pair in self.watch.pairs:
                said = self._difference(row_id, pair)
                if said and not self._may_differ(row_id, pair):
                    return f"{said}, and nobody is asked"
                self.ends["pair differs" if said else "pair agrees"] += 1
        return MirrorJudge._untrue(self, one)

    def _may_differ(self, row_id: str, pair: FieldPair) -> bool:
        """What was never carried and stands only where the pair leads, or a person left as it is."""
        if pair.direction is Direction.BOTH:
            return False
        source = Side.QUICKBOOKS if pair.direction is Direction.TO_HUBSPOT else Side.HUBSPOT
        return not self.watch.stands(source, row_id, pair) or bool(self.watch.decided_for[row_id])
