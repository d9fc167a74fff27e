"""The rounds of the demo's day on the running stack: who acts when, and the wait until all is as it must be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rich.progress import Progress

from infra.cli import fee_books
from infra.cli.deployment import Deployment, open_deployment
from infra.local import hubspot_app
from infra.local.demo.business_day import invoices
from infra.local.demo.deal import LAST_ROUND, Deal, Desk
from infra.local.demo.entry import Entry, enters
from infra.local.demo.entry_day import cast, entries
from infra.local.demo.entry_proof import EntryFinding, prove_entries
from infra.local.demo.money_day import deals
from infra.local.demo.money_proof import MoneyFinding, prove_money
from infra.local.demo.month_end import MonthEnd, close_october
from infra.local.demo.morning import as_finalised, morning, settings, used_number
from infra.local.demo.people import HubSpotPerson, QuickBooksPerson, Sandbox
from infra.local.demo.processors import enter_payouts, open_accounts
from infra.local.demo.proof import Finding, prove
from infra.local.demo.story import FIELD_PAIRS, HUBSPOT_ACCOUNT, QUICKBOOKS_COMPANY, Invoice
from infra.local.demo.summer import Filled, Summer, close_books, summer, take_in
from infra.local.deployment import Aws
from infra.local.stack import Stack
from tieout.domain.conflict import Side
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey
from tieout.services import take_side
from tieout.services.backfill import new_run
from tieout.services.decisions import confirm_refund
from tieout.services.reconcile import Reconcile, Report

# Nothing has become right for so long: it will not any more. A machine that is busy with other things is only slower.
PATIENCE_SECONDS = 180.0
# So that a change of a pair of fields is told at once; without these the sweep finds it.
_PAIRED = [
    {"subscriptionType": "object.propertyChange", "objectType": "invoice", "propertyName": pair["hubspot"]}
    for pair in FIELD_PAIRS
]
POLL_SECONDS = 1.0
_TITLES = {
    1: ("Invoices changed, money received", "Settled on both sides"),
    2: ("Refunds, disputes, edits, voids", "Settled on both sides again"),
    LAST_ROUND: ("Money moved, and no webhook comes", "Found by the sweep"),
}


@dataclass(frozen=True)
class Played:
    """What came of the day. `report` is the tie-out and `month` what closing October came to, both None when patience
    ended before all was as it must be; `filled` is the back-fill before it."""

    invoices: Sequence[Finding]
    money: Sequence[MoneyFinding]
    entries: Sequence[EntryFinding]
    report: Report | None = None
    month: MonthEnd | None = None
    filled: Filled | None = None

    @property
    def wrong(self) -> int:
        """How much is not as it must be."""
        found = [one.problem for one in self.invoices] + [one.problem for one in self.money]
        return sum(map(bool, [*found, *(one.problem for one in self.entries)]))

    @property
    def seen(self) -> int:
        """How much was looked at."""
        return len(self.invoices) + len(self.money) + len(self.entries)


@dataclass(frozen=True)
class Rounds:
    """The day and its cast."""

    running: Stack
    bar: Progress
    deployment: Deployment
    desk: Desk
    cases: Sequence[Invoice]
    deals: Sequence[Deal]
    entries: Sequence[Entry]
    summer: Summer

    def play(self) -> Played:
        """The whole day; it ends early when something does not become what it must be."""
        filled = self._filled()
        break_things(self.running)
        bills = [bill for deal in self.deals if not deal.late for bill in deal.invoices]
        new = [one for one in (*self.cases, *bills) if not one.id]
        for invoice in self.bar.track(new, description="Invoices finalised in HubSpot"):
            self.desk.day.finalise(invoice)
        for entry in self.bar.track(self._entered(0), description="Invoices entered in QuickBooks"):
            entry.enter(self.desk)
        played = self._settled("Settled in QuickBooks and shown in HubSpot", 0)
        for number, (title, settled) in _TITLES.items():
            if played.wrong:
                return played
            with self._deaf() if number == LAST_ROUND else _all_ears():
                self._act(title, number)
            if number == LAST_ROUND:
                self.sweep()
            played = self._settled(settled, number)
        if played.wrong:
            return played
        return replace(played, report=self._tied_out(), month=self._october_closed(), filled=filled)

    def _entered(self, number: int) -> Sequence[Entry]:
        return [one for one in self.entries if enters(one, number) and not one.id]

    def _act(self, title: str, number: int) -> None:
        changed = [one for one in self.cases if one.later and number == 1]
        turns = [(turn, deal) for deal in self.deals if (turn := deal.turn(number)) is not None]
        booked = [(one.turns[number - 1], one) for one in self.entries if one.id and len(one.turns) >= number]
        entered = self._entered(number)
        task = self.bar.add_task(title, total=len(changed) + len(turns) + len(booked) + len(entered))
        for invoice in changed:
            if invoice.later is not None:
                invoice.later(self.desk.day, invoice)
            self.bar.advance(task)
        for turn, deal in turns:
            turn.act(self.desk, deal)
            self.bar.advance(task)
        for change, entry in booked:
            change.act(self.desk, entry)
            self.bar.advance(task)
        for entry in entered:
            entry.enter(self.desk)
            self.bar.advance(task)

    def _settled(self, description: str, number: int) -> Played:
        """Both sides once all is as it must be, or when less was wrong before and patience has ended."""
        task = self.bar.add_task(description, total=None)
        fewest, until = None, 0.0
        while True:
            played = self._looked(number)
            wrong, seen = played.wrong, played.seen
            self.bar.update(task, total=seen, completed=seen - wrong)
            if fewest is None or wrong < fewest:
                fewest, until = wrong, time.monotonic() + PATIENCE_SECONDS
            if not wrong or time.monotonic() > until:
                return played
            time.sleep(POLL_SECONDS)

    def _looked(self, number: int) -> Played:
        money = [bill for deal in self.deals for bill in deal.invoices if bill.id]
        cases = [*(self.cases if number else map(as_finalised, self.cases)), *money]
        if number <= 1:
            cases = [as_finalised(one) if one in money else one for one in cases]
        by_hand = self.summer.left_there + sum(bool(one.id) and not one.deleted for one in self.entries)
        found = prove(self.desk.day, cases, by_hand)
        return Played(found, prove_money(self.desk, self.deals, number), prove_entries(self.desk, self.entries, number))

    @contextmanager
    def _deaf(self) -> Iterator[None]:
        """Whatever happens meanwhile, no webhook comes through."""
        systems = [Sandbox.at(url) for url in (self.running.hubspot_url, self.running.quickbooks_url)]
        for system in systems:
            system.fault({"kind": "webhook_drop"})
        yield
        for system in systems:
            while system.undelivered():
                time.sleep(POLL_SECONDS / 4)
            system.mend()

    def sweep(self) -> None:
        """The sweep runs now, as it does on its schedule."""
        client = Aws(self.running.aws_endpoint_url).client("lambda")
        client.invoke(FunctionName=self.running.functions["sweep"], Payload=b'{"id":"demo"}')["Payload"].read()

    def _filled(self) -> Filled:
        """Last summer happens and is taken in, while the workers hear of it, too; then its books are closed."""
        task = self.bar.add_task("Last summer taken in: tieout backfill", total=None)
        self.summer.happen(self.desk)
        backfill, now = self.deployment.backfill(), self.deployment.store.clock.now()
        filled = take_in(backfill, self.deployment.workspace(self.running.connection), new_run(now))
        self.bar.update(task, completed=len(filled.done), total=len(filled.outlook.to_be_done))
        close_books(self.desk.quickbooks)
        return filled

    def _tied_out(self) -> Report:
        """As `tieout reconcile` does."""
        store = self.deployment.store
        task = self.bar.add_task("Tied out: tieout reconcile", total=None)
        return Reconcile(store.records, store.clock).run(
            self.deployment.workspace(self.running.connection),
            progress=lambda done, of: self.bar.update(task, completed=done, total=of),
        )

    def _october_closed(self) -> MonthEnd:
        """As `tieout fees --month 2026-10 --book --check` does; the first answer to an expense is lost."""
        task = self.bar.add_task("October closed: tieout fees --book --check", total=2)
        enter_payouts(self.desk.quickbooks, self.desk.accounts)
        self.bar.advance(task)
        lost = {"kind": "timeout_after", "method": "POST", "path": "/purchase$", "times": 1}
        Sandbox.at(self.running.quickbooks_url).fault(lost)
        workspace = self.deployment.workspace(self.running.connection)
        month = close_october(
            workspace,
            self.deployment.store.records,
            self.deployment.store.clock.now(),
            lambda report: fee_books.book(self.deployment, workspace, report),
            lambda: time.sleep(POLL_SECONDS),
        )
        self.bar.advance(task)
        return month


def begin(running: Stack, bar: Progress) -> Rounds:
    """The two companies as they are in the morning, the connection's settings, and everybody at their desks."""
    Sandbox.at(running.hubspot_url).reset(
        {**HUBSPOT_ACCOUNT, "subscriptions": [*hubspot_app.subscriptions(), *_PAIRED]}
    )
    Sandbox.at(running.quickbooks_url).reset(QUICKBOOKS_COMPANY)
    hubspot = HubSpotPerson.at(running.hubspot_url, running.hubspot_token)
    quickbooks = QuickBooksPerson.at(running.quickbooks_url, running.realm_id)
    deployment, connection = open_deployment(None), running.connection
    store = deployment.store

    def retry(about: HintObject, id_: str) -> None:
        store.hints.send([Hint(connection, about, id_, store.clock.now(), Cause.RETRY, "demo-retry")])

    def confirm(refund: str, target: str) -> None:
        key = RecordKey(connection, Kind.REFUND, "quickbooks", refund)
        patiently(lambda: confirm_refund(store.records, store.clock, key, target, "demo", "demo-confirm"))
        retry(HintObject.QUICKBOOKS_REFUND_RECEIPT, refund)

    def take(invoice: str, side: Side) -> None:
        key = RecordKey(connection, Kind.INVOICE, "quickbooks", invoice)
        patiently(lambda: take_side.take(store.records, store.clock, key, side, "", "demo", "demo-take"))
        retry(HintObject.QUICKBOOKS_OWN_INVOICE, invoice)

    accounts = open_accounts(quickbooks)
    store.connections.apply_settings(connection, settings(quickbooks, accounts), by="demo", at=store.clock.now())
    day = morning(
        hubspot,
        quickbooks,
        lambda id_: retry(HintObject.HUBSPOT_INVOICE, id_),
        lambda steps: bar.track(steps, description="Customers and products"),
    )
    desk = Desk(day, Sandbox.at(running.hubspot_url), store.records, connection, accounts, retry, confirm, take)
    cases, before = invoices(), summer()
    booked = entries(used_number(cases, len(before.of_hubspot)))
    cast(desk)
    # Before HubSpot gives its number away.
    booked[0].enter(desk)
    cases, booked = [*before.of_hubspot, *cases], [*before.entries, *booked]
    return Rounds(running, bar, deployment, desk, cases, deals(), booked, before)


def break_things(running: Stack) -> None:
    """Webhooks come twice and in another order; QuickBooks drops connections before and after its work, and fails."""
    hubspot, quickbooks = Sandbox.at(running.hubspot_url), Sandbox.at(running.quickbooks_url)
    hubspot.fault({"kind": "webhook_duplicate", "probability": 0.3, "seed": 1})
    hubspot.fault({"kind": "webhook_reorder", "probability": 0.3, "seed": 2})
    for entity in ("invoice", "payment"):
        creating = {"method": "POST", "path": f"/{entity}$"}
        for kind, times in (("timeout_after", 2), ("timeout_before", 1), ("status_500", 1)):
            quickbooks.fault({"kind": kind, **creating, "times": times})


def patiently(decide: Callable[[], object], pause: float = POLL_SECONDS) -> None:
    """As a person does whom the console asks to try again: a late webhook may have a worker look at the record just
    now. Raises NotReadyYet when that does not end."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            decide()
        except NotReadyYet:
            if time.monotonic() > until:
                raise
            time.sleep(pause)
        else:
            return


@contextmanager
def _all_ears() -> Iterator[None]:
    yield
