"""One seed of QuickBooks' own invoices: people bill there and in HubSpot, and change what they see on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from infra.sandbox.hubspot import HubSpotConfig, HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from tests.simulation import grounds
from tests.simulation.clerks import Clerks
from tests.simulation.deciders import Deciders
from tests.simulation.invoicers import Invoicers
from tests.simulation.mirror_judge import MirrorJudge
from tests.simulation.mirror_watch import MirrorWatch
from tests.simulation.sabotage import Sabotage
from tests.simulation.scene import Scene
from tests.simulation.swept import SWEEP_EVERY, SweptCourse
from tests.simulation.tellers import Counting, Queues
from tests.simulation.watch import Broken
from tests.simulation.wire import FollowingClock
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import BY_HAND, Kind, SyncRecord

_GROUNDS = ("no tax", "no tax, taxes in use", "automated")


class MirrorSimulation(SweptCourse):
    """Invoices of both systems. In every third world no webhook ever arrives."""

    watch: MirrorWatch
    watch_type: type[MirrorWatch] = MirrorWatch

    def __init__(self, seed: int, sabotage: Sabotage = Sabotage.NONE) -> None:
        super().__init__(seed)
        chance, clock = self._chance, FollowingClock(self.stage.clock)
        ground = chance.choice([one for one in grounds.GROUNDS if one.name in _GROUNDS])
        self.hubspot = HubSpotSandbox(_hubspot(self, ground), clock, seed)
        self.quickbooks = QuickBooksSandbox(_quickbooks(self, ground), clock, seed)
        self.watch = self.watch_type(self.hubspot, self.quickbooks, self._tell)
        self.queue = Queues(self.stage.clock, chance, self._tell)
        self._connect(linked=True)
        self.scene = scene = Scene(
            self.hubspot, self.quickbooks, self.watch, self.stage.clock, chance, ground, self._tell, self._changed
        )
        self.invoicers = Invoicers(scene, self.watch, most=chance.randint(3, 6))
        self.clerks = Clerks(scene, most=chance.randint(1, 2), watch=self.watch)
        self.invoicers.settle_in()
        self.clerks.settle_in()
        document = _settings(self, ground) | self._document()
        self.office = Counting(
            self.stage, self.queue, self.watch.records, self.hubspot, self.quickbooks, self.wires, document, sabotage
        )
        self.deciders = Deciders(scene, self.office, watch=self.watch)
        self.judge = MirrorJudge(
            self.watch,
            lambda: self.office.settings,
            self.office.ledger_url,
            self.deciders.ignored,
            self.clerks.titles,
            lambda: self.deciders.was_off,
        )
        self.deaf = chance.random() < 1 / 3
        self._tell(f"{ground.name}, {'deaf' if self.deaf else 'told'}: {document}")

    def _document(self) -> dict[str, object]:
        """More settings of such worlds."""
        return {}

    # -- the course of events

    def _raise_storm(self) -> None:
        # By then HubSpot's search shows what was there before.
        chance, at = self._chance, 90.0
        self._make_trouble()
        for _ in range(2):
            self._in(at, self.invoicers.begin)
        for _ in range(chance.randint(10, 22)):
            at += chance.choice((chance.uniform(0, 2), chance.uniform(20, 240), chance.uniform(20, 240)))
            self._in(at, self._act)
        for _ in range(chance.randint(0, 2)):
            self._in(chance.uniform(0, at), self._kill_token)
        for _ in range(chance.randint(1, 3)):
            self._in(chance.uniform(at / 2, at + 300), self.deciders.act)
        self._in(at + chance.uniform(0, 200), self._calm_down)
        self._in(chance.uniform(1, SWEEP_EVERY), self._sweep)

    def _act(self) -> None:
        self._one_of({**self.invoicers.acts, **self.clerks.acts})

    def _calm_down(self) -> None:
        self._end_trouble()
        self._in(1800, self.deciders.tidy_up)
        # What was deleted in HubSpot is listed once a day.
        self._in(timedelta(hours=31).total_seconds(), self._rest)

    def _reads(self) -> int:
        return self.watch.reads

    # -- the end

    def _judge(self) -> None:
        self.judge.judge()
        self._look_again_at_everything()

    def _look_again_at_everything(self) -> None:
        """A further look at everything, from both sides, writes nothing to either system and changes no record."""
        before, writes = self._standing(), self.watch.writes.copy()
        shown = self.wires["hubspot"].writes
        now, again = self.stage.clock.time, []
        for record in self.watch.records:
            key = record.key
            if key.kind is not Kind.INVOICE or key.origin_system != "quickbooks" or self._cannot_be_told(record):
                continue
            again.append(
                Hint(key.connection, HintObject.QUICKBOOKS_OWN_INVOICE, key.origin_id, now, Cause.AGAIN, "again")
            )
            if record.link is not None:
                about = Hint(key.connection, HintObject.MIRRORED_INVOICE, record.link.far_id, now, Cause.AGAIN, "again")
                again.append(about)
        self.queue.send(again)
        self._play()
        if self.watch.writes != writes:
            raise Broken(f"a further look at everything wrote {dict(self.watch.writes - writes)}")
        for old, new in zip(before, self._standing(), strict=True):
            if old != new:
                raise Broken(f"a further look at everything changed {old} into {new}")
        if self.wires["hubspot"].writes != shown:
            raise Broken("a further look at everything wrote to HubSpot")
        self.judge.judge()

    def _cannot_be_told(self, record: SyncRecord) -> bool:
        """HubSpot refuses the status of a deleted invoice each time, and what a person has ignored is not read."""
        gone = record.link is not None and record.link.far_id not in self.watch.mirrors()
        return gone and record.reason == BY_HAND

    def _standing(self) -> list[tuple[object, ...]]:
        return [
            (one.key, one.state, one.reason, one.detail, _content(one), one.shown)
            for one in self.watch.records
            if one.key.kind is Kind.INVOICE and one.key.origin_system == "quickbooks"
        ]

    def _count(self) -> None:
        self.result.played, self.result.ends = self.scene.reached, self.judge.ends


def _content(record: SyncRecord) -> object:
    """What is linked. What Tieout itself did beside the invoice (a deal, a status) may be a later version of it to
    HubSpot, which the next look notes."""
    return replace(record.link, ledger_updated_at=None) if record.link is not None else None


def _hubspot(world: MirrorSimulation, ground: grounds.Ground) -> HubSpotConfig:
    """The account, with what HubSpot does not document of such invoices drawn too."""
    chance = world._chance
    return replace(
        grounds.hubspot_config(chance, ground),
        mirror_needs_line_item=chance.random() < 0.5,
        refuse_unknown_in_read=chance.random() < 0.5,
        association_read_reports_missing=chance.random() < 0.5,
        time_zone=chance.choice(("America/New_York", "Pacific/Auckland", "UTC")),
        index_lag_seconds=chance.choice((0.0, 0.0, 60.0)),
    )


def _quickbooks(world: MirrorSimulation, ground: grounds.Ground) -> QuickBooksConfig:
    drawn = grounds.quickbooks_config(world._chance, ground, world.stage.clock.time.date())
    return replace(drawn, partner_tax_percent=Decimal("6.5"), book_close_date=None)


def _settings(world: MirrorSimulation, ground: grounds.Ground) -> dict[str, object]:
    """The document of settings with which a world begins."""
    chance = world._chance
    return {
        "pull_invoices": True,
        "fallback_item_id": "1",
        "write_status_to_hubspot": chance.random() < 0.7,
        "voided_in_quickbooks": chance.choice(("void", "attention")),
        "deleted_in_quickbooks": chance.choice(("attention", "attention", "void", "ignore")),
        "unknown_in_hubspot": chance.choice(("leave", "create")),
        "deals": chance.choice(("off", "show", "associate")),
        "deal_field": "1",
        "pdf": chance.choice(("off", "off", "company")),
        "cutover_date": chance.choice((None, None, "2026-03-01")),
        **ground.settings(world.invoicers.items),
    }
