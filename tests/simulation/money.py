"""One seed of money: people pay, refund and dispute in HubSpot and receive, split and void in QuickBooks."""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from infra.sandbox.hubspot import HubSpotConfig, HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from tests.simulation import grounds
from tests.simulation.cashiers import CLEARING, PLATFORM, PROCESSING, RECEIVABLE, STRIPE, Cashiers
from tests.simulation.course import Slot
from tests.simulation.money_judge import MoneyJudge
from tests.simulation.money_watch import MoneyWatch
from tests.simulation.payers import Payers
from tests.simulation.sabotage import Sabotage
from tests.simulation.scene import Scene
from tests.simulation.swept import SWEEP_EVERY, SweptCourse
from tests.simulation.tellers import Counting, Queues, Tellers
from tests.simulation.watch import Broken
from tests.simulation.wire import FollowingClock
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint
from tieout.domain.record import Kind, SyncRecord, own_hint_object

_GROUNDS = ("no tax", "tax as item", "automated")
_INVOICE = re.compile(r"invoices? [\w-]+")


class MoneySimulation(SweptCourse):
    """Payments, refunds and both directions. In every third world no webhook ever arrives."""

    watch: MoneyWatch
    office: Counting

    def __init__(self, seed: int, sabotage: Sabotage = Sabotage.NONE) -> None:
        super().__init__(seed)
        chance, clock = self._chance, FollowingClock(self.stage.clock)
        ground = chance.choice([one for one in grounds.GROUNDS if one.name in _GROUNDS])
        self.hubspot = HubSpotSandbox(_hubspot(self, ground), clock, seed)
        self.quickbooks = QuickBooksSandbox(_quickbooks(self, ground), clock, seed)
        self.watch = MoneyWatch(self.hubspot, self.quickbooks, self._tell)
        self.queue = Queues(self.stage.clock, chance, self._tell)
        self._connect(linked=True)
        self.scene = scene = Scene(
            self.hubspot, self.quickbooks, self.watch, self.stage.clock, chance, ground, self._tell, self._changed
        )
        self.payers, self.cashiers = (
            Payers(scene, most=chance.randint(3, 6), watch=self.watch),
            Cashiers(scene, self.watch),
        )
        self.cashiers.settle_in()
        self.payers.settle_in()
        self.office = Counting(
            self.stage,
            self.queue,
            self.watch.records,
            self.hubspot,
            self.quickbooks,
            self.wires,
            _settings(self, ground),
            sabotage,
        )
        self.tellers = Tellers(scene, self.office)
        self.judge = MoneyJudge(
            self.hubspot,
            self.watch,
            lambda: self.office.settings,
            self.office.reconcile,
            self.office.proofs,
            self.payers.restored,
        )
        self.deaf = chance.random() < 1 / 3
        self._bookers = [Slot("F", takes_messages=False), Slot("G", takes_messages=False)]
        self._slots += self._bookers
        self._tell(f"{ground.name}, {'deaf' if self.deaf else 'told'}: {self.office.document}")

    # -- the course of events

    def _raise_storm(self) -> None:
        chance, at = self._chance, 0.0
        self._make_trouble()
        for _ in range(2):
            self._in(0.0, self.payers.begin)
        for _ in range(chance.randint(14, 26)):
            at += chance.choice((chance.uniform(0, 2), chance.uniform(20, 240), chance.uniform(20, 240)))
            self._in(at, self._act)
        for _ in range(chance.randint(0, 2)):
            self._in(chance.uniform(0, at), self._kill_token)
        for _ in range(chance.randint(1, 3)):
            self._in(chance.uniform(at / 2, at + 300), self.tellers.act)
        for _ in range(chance.randint(2, 5)):
            self._in(chance.uniform(at / 4, at + 200), self._book)
        self._in(at + chance.uniform(0, 200), self._calm_down)
        self._in(chance.uniform(1, SWEEP_EVERY), self._sweep)

    def _act(self) -> None:
        self._one_of({**self.payers.acts, **self.cashiers.acts})

    def _reads(self) -> int:
        return self.watch.reads

    def _calm_down(self) -> None:
        self._end_trouble()
        # Later than any preference of QuickBooks is remembered; and again, when what it depends on has come to rest.
        self._in(1800, self.tellers.tidy_up)
        self._in(5400, self.tellers.tidy_up)
        # The schedule of the fees tries again every hour what it has not finished.
        for hour in (2, 3, 4, 30):
            self._in(hour * 3600, self._book)
        # What was deleted in HubSpot is listed once a day.
        self._in(timedelta(hours=31).total_seconds(), self._rest)

    def _book(self) -> None:
        """The schedule starts the booking of fees, perhaps while it runs already."""
        slot = next((one for one in self._bookers if one.busy is None), None)
        if slot is None:
            return
        book = self.office.start_booking()

        def work() -> None:
            try:
                book()
            except SyncError as error:
                self._tell(f"the booking fails: {error}")
            except Exception as error:
                raise Broken("".join(traceback.format_exception(error))) from error

        slot.busy = self.stage.start(slot.name, work)

    # -- the end

    def _judge(self) -> None:
        self.judge.judge()
        self._look_again_at_everything()

    def _look_again_at_everything(self) -> None:
        """A further look at everything must change nothing in either system, and no record."""
        before = self._standing()
        writes = self.watch.writes.copy()
        now = self.stage.clock.time
        again = [
            Hint(one.key.connection, own, one.key.origin_id, now, Cause.AGAIN, "again")
            for one in self.watch.records
            if one.key.kind is not Kind.INVOICE and (own := own_hint_object(one.key)) is not None
        ]
        self.queue.send(again)
        self._play()
        if self.watch.writes != writes:
            raise Broken(f"a further look at everything wrote {dict(self.watch.writes - writes)}")
        for old, new in zip(before, self._standing(), strict=True):
            if old != new and not self._is_told_late(str(old[2]), str(new[2])):
                raise Broken(f"a further look at everything changed {old} into {new}")

    @staticmethod
    def _is_told_late(*reasons: str) -> bool:
        """What an invoice came to since, when it was voided or deleted, is told by the next look at its payments; so is
        that the books were closed since. No money depends on it."""
        late = {"deleted_in_hubspot", "invoice_ignored", "payment_reassigned", "period_closed"}
        return not late.isdisjoint(reasons)

    def _standing(self) -> list[tuple[object, ...]]:
        # What a refund made in QuickBooks may belong to changes with its customer's invoices, and is suggested anew.
        records = [one for one in self.watch.records if one.key.kind is not Kind.REFUND]
        return [(one.key, one.state, one.reason, _said(one), len(one.postings)) for one in records]

    def _count(self) -> None:
        self.result.played, self.result.ends = self.scene.reached, self.judge.ends


def _said(record: SyncRecord) -> str:
    """What a person accepted of an edit by a retry is told again by the next look, as long as something else is left to
    decide; and an invoice is called by its number once that is known."""
    return "" if record.reason == AttentionCode.EDITED_IN_QUICKBOOKS else _INVOICE.sub("invoice", record.detail)


def _hubspot(world: MoneySimulation, ground: grounds.Ground) -> HubSpotConfig:
    """The account, with what HubSpot does not document of payments drawn too."""
    chance = world._chance
    return replace(
        grounds.hubspot_config(chance, ground),
        payment_processors=chance.choice((*[("hs_payments", "byo_stripe")] * 9, ())),
        no_processor_status=chance.choice((400, 403)),
        refunds_negative=chance.random() < 0.3,
        refund_counts_while_processing=chance.random() < 0.5,
        fees_include_platform_fee=chance.random() < 0.3,
        net_after_refunds=chance.random() < 0.5,
        processing_pays=chance.random() < 0.3,
        refund_reopens_invoice=chance.random() < 0.3,
        lost_payment_reopens_invoice=chance.random() < 0.7,
        overpayments=chance.random() < 0.5,
        restore_touches=chance.random() < 0.5,
        association_read_reports_missing=chance.random() < 0.5,
        index_lag_seconds=chance.choice((0.0, 0.0, 60.0)),
    )


def _quickbooks(world: MoneySimulation, ground: grounds.Ground) -> QuickBooksConfig:
    drawn = grounds.quickbooks_config(world._chance, ground, world.stage.clock.time.date())
    return replace(
        drawn, allow_discount=True, partner_tax_percent=Decimal("6.5"), book_close_date=None, default_term="3"
    )


def _settings(world: MoneySimulation, ground: grounds.Ground) -> dict[str, object]:
    """The document of settings with which a world begins."""
    chance, items = world._chance, world.cashiers.items
    return {
        "customer_level": chance.choice(("company", "contact")),
        "fallback_item_id": "1",
        "write_status_to_hubspot": chance.random() < 0.5,
        "closed_period": chance.choice(("hold", "first_open_day", "ignore")),
        "deposit_accounts": {"hs_payments": CLEARING, "byo_stripe": STRIPE},
        "payments_without_invoice": chance.choice(("sales_receipt", "unapplied", "ignore")),
        "sales_receipt_item_id": "1",
        "refunds": chance.choice(("refund_receipt", "credit_memo")),
        "receivable_account_id": RECEIVABLE,
        "payment_wait_days": 1,
        "fee_booking": chance.choice(("report_only", "monthly", "daily", "daily")),
        "fee_vendors": world.cashiers.vendors,
        "processing_fee_account_id": PROCESSING,
        "platform_fee_account_id": PLATFORM,
        **ground.settings(items),
    }
