"""Tieout's side of the worlds of money: the workers of invoices and payments, the sweep, and who asks for retries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from tests.simulation.observed import Observed
from tests.simulation.office import CONNECTION, VENDOR_TIMEOUT, Office, Workspaces
from tests.simulation.queue import Message, Queue
from tests.simulation.scene import Scene
from tests.simulation.stage import START
from tests.support.memory import MemoryConnections, VirtualClock
from tests.support.memory_sweep import MemoryNotices, MemoryReadMeter
from tieout.domain.errors import SyncError
from tieout.domain.fee import Period
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.planning.clearing import Proof
from tieout.domain.record import Kind, State, SyncRecord, own_hint_object
from tieout.ports import Cursors, Hints
from tieout.ports import Records as RecordsPort
from tieout.services import decisions
from tieout.services.assess import Assessor
from tieout.services.assess_payments import PaymentAssessor
from tieout.services.beside_mirrors import of_mirrored, pdf_of_mirrored
from tieout.services.book_fees import BookFees
from tieout.services.carrying import CarryFields
from tieout.services.check_clearing import check_clearing
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.deals import Deals
from tieout.services.items import Items
from tieout.services.mirroring import MirrorWriter
from tieout.services.on_deals import OnDeals
from tieout.services.outcome import Outcome
from tieout.services.pdfs import Pdfs
from tieout.services.pull_invoices import PullInvoices
from tieout.services.pull_payments import PullPayments
from tieout.services.push_invoices import PushInvoices
from tieout.services.push_payments import PushPayments
from tieout.services.reconcile import Reconcile, Report
from tieout.services.report_fees import fee_report
from tieout.services.sweep import Sweep

INVOICES, PUSH, PULL, MIRRORS = "invoice_push", "payment_push", "payment_pull", "invoice_pull"
# As in the template.
ROUTES = {
    HintObject.HUBSPOT_INVOICE: INVOICES,
    HintObject.QUICKBOOKS_INVOICE: INVOICES,
    HintObject.QUICKBOOKS_OWN_INVOICE: MIRRORS,
    HintObject.MIRRORED_INVOICE: MIRRORS,
    HintObject.HUBSPOT_PAYMENT: PUSH,
    HintObject.POSTED_DOCUMENT: PUSH,
    HintObject.QUICKBOOKS_PAYMENT: PULL,
    HintObject.QUICKBOOKS_REFUND_RECEIPT: PULL,
    HintObject.QUICKBOOKS_CREDIT_MEMO: PULL,
    HintObject.QUICKBOOKS_SALES_RECEIPT: PULL,
    HintObject.QUICKBOOKS_PURCHASE: PULL,
}


class Queues(Queue):
    """The queues as one: a batch comes from one of them."""

    def receive(self) -> list[Message]:
        """1 to 10 of the visible messages of a queue that has some."""
        now, everything = self._clock.time, self.messages
        found = sorted({_route(one) for one in everything if one.visible_at <= now})
        if not found:
            return []
        chosen = self._chance.choice(found)
        self.messages = [one for one in everything if _route(one) == chosen]
        kept = [one for one in everything if _route(one) != chosen]
        batch = super().receive()
        self.messages += kept
        return batch


def _route(message: Message) -> str:
    return ROUTES[Hint.from_json(message.body).object]


@dataclass(frozen=True, slots=True)
class Counters:
    """The four workers of one process, as if the functions shared it."""

    invoices: PushInvoices
    payments: PushPayments
    pulls: PullPayments
    mirrors: PullInvoices

    def push(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Hand the batch to the worker of its queue."""
        match ROUTES[hints[0].object]:
            case "invoice_push":
                return self.invoices.push(hints, deadline)
            case "payment_push":
                return self.payments.push(hints, deadline)
            case "invoice_pull":
                return self.mirrors.pull(hints, deadline)
        return self.pulls.pull(hints, deadline)


@dataclass(slots=True)
class Counting(Office):
    """The office with everything that money needs."""

    notices: MemoryNotices = field(default_factory=MemoryNotices)
    meter: MemoryReadMeter = field(init=False)

    def __post_init__(self) -> None:
        Office.__post_init__(self)
        self.meter = MemoryReadMeter(cast(VirtualClock, self.stage.clock))

    def start_worker(self) -> Counters:  # type: ignore[override]
        """A cold start: new clients, nothing remembered."""
        claims, workspaces = self._claims(), self._workspaces()
        customers = Customers(claims, VENDOR_TIMEOUT)
        invoices = PushInvoices(
            workspaces=workspaces,
            claims=claims,
            assessor=Assessor(customers, Items(claims.records, self.stage.clock)),
            writer=self.sabotage.writer(claims, VENDOR_TIMEOUT),
            vendor_timeout=VENDOR_TIMEOUT,
        )
        payments = PushPayments(
            workspaces,
            claims,
            PaymentAssessor(claims.records, customers),
            self.sabotage.poster(claims, VENDOR_TIMEOUT),
            VENDOR_TIMEOUT,
        )
        notices = cast(Any, Observed(self.notices, "notices", self.stage))
        pulls = PullPayments(workspaces, claims, MirrorWriter(claims, VENDOR_TIMEOUT), notices, VENDOR_TIMEOUT)
        writer = self.sabotage.mirror_writer(claims, VENDOR_TIMEOUT)
        beside = (
            CarryFields(claims, notices),
            OnDeals(Deals(claims, notices), of_mirrored),
            Pdfs(claims, notices, pdf_of_mirrored),
        )
        mirrors = PullInvoices(workspaces, claims, writer, VENDOR_TIMEOUT, beside)
        return Counters(invoices, payments, pulls, mirrors)

    def start_sweep(self) -> Sweep:
        """The schedule's function."""
        stage = self.stage
        return Sweep(
            MemoryConnections(self.connection),
            self._workspaces(),
            cast(RecordsPort, Observed(self.records, "records", stage)),
            cast(Cursors, Observed(self.cursors, "cursors", stage)),
            cast(Hints, Observed(self.queue, "hints", stage)),
            stage.clock,
            self.meter,
        )

    def start_booking(self) -> Callable[[], None]:
        """The schedule's function that books the fees of the running month, or of its days."""
        claims, workspaces = self._claims(), self._workspaces()
        booking = BookFees(claims, VENDOR_TIMEOUT)

        def book() -> None:
            workspace = workspaces.open(CONNECTION)
            if workspace is None:
                raise LookupError("there is no connection")
            report = fee_report(workspace, Period.month(START.date()))
            for one in booking.book(workspace, report, "fees"):
                self.stage.tell(f"fees {one.key.origin_id}: {one.record and (one.record.state, one.record.reason)}")
                if one.bug is not None:
                    raise one.bug

        return book

    def proofs(self) -> tuple[Proof, ...]:
        """The proof of the clearing accounts, as `tieout fees --check` shows it."""
        workspace = self._workspaces().open(CONNECTION)
        return check_clearing(workspace) if workspace is not None else ()

    def reconcile(self) -> Report:
        """The tie-out, as it runs at night."""
        workspace = self._workspaces().open(CONNECTION)
        if workspace is None:
            raise LookupError("there is no connection")
        return Reconcile(cast(RecordsPort, self.records), self.stage.clock).run(workspace)

    def _claims(self) -> Claims:
        stage = self.stage
        records = cast(RecordsPort, Observed(self.records, "records", stage))
        hints = cast(Hints, Observed(self.queue, "hints", stage))
        return Claims(self.sabotage.records(records), hints, stage.clock, self._new_token)

    def _workspaces(self) -> Workspaces:
        return Workspaces(self._workspace(), lambda: self.settings)


_KINDS = (Kind.INVOICE, Kind.PAYMENT, Kind.REFUND)


@dataclass(slots=True)
class Tellers:
    """The people at Tieout: they have looked at again what needs a person, and switch payments off and on."""

    scene: Scene
    office: Counting
    asked: Counter[str] = field(default_factory=Counter)

    def act(self) -> None:
        """One of them does one thing."""
        chance = self.scene.chance
        act = chance.choices((self._retry, self._switch, self._other_setting), (6, 1, 1))[0]
        if act():
            self.scene.reached[act.__name__.strip("_").replace("_", " ")] += 1

    def tidy_up(self) -> None:
        """What was switched off is on again; whoever changed the books' closing date has what waits for it tried."""
        document = self.office.document
        if not (document.get("push_payments", True) and document.get("pull_payments", True)):
            self._apply(push_payments=True, pull_payments=True)
        for record in self._in_need():
            if record.reason in ("period_closed", "invoice_not_synced") or record.key.kind is Kind.INVOICE:
                self._ask(record)

    def _in_need(self) -> list[SyncRecord]:
        states = (State.ATTENTION, State.DELETED_IN_LEDGER)
        return [one for one in self.office.records if one.key.kind in _KINDS and one.state in states]

    def _retry(self) -> bool:
        some = self._in_need()
        if some:
            self._ask(self.scene.chance.choice(some))
        return bool(some)

    def _ask(self, record: SyncRecord) -> None:
        key = record.key
        about = own_hint_object(key)
        if about is None:
            return
        self.scene.tell(f"somebody retries {key.kind} {key.origin_id}")
        try:
            self.office.queue.send(
                [Hint(CONNECTION, about, key.origin_id, self.scene.clock.time, Cause.RETRY, "retry")]
            )
        except SyncError:
            self.scene.tell("and is told that it did not work")

    def _switch(self) -> bool:
        name = self.scene.chance.choice(("push_payments", "pull_payments"))
        self._apply(**{name: not self.office.document.get(name, True)})
        return True

    def _other_setting(self) -> bool:
        name, values = self.scene.chance.choice(
            (
                ("closed_period", ("hold", "first_open_day", "ignore")),
                ("refunds", ("refund_receipt", "credit_memo")),
                ("payments_without_invoice", ("sales_receipt", "unapplied", "ignore")),
            )
        )
        self._apply(**{name: self.scene.chance.choice(values)})
        return True

    def _apply(self, **change: object) -> None:
        self.scene.tell(f"somebody applies the settings {change}")
        self.office.apply(self.office.document | change)
        now = self.scene.clock.time
        concerned = decisions.concerned_by_settings(cast(RecordsPort, self.office.records), CONNECTION)
        hints = [
            Hint(CONNECTION, own, key.origin_id, now, cause, "settings")
            for key, cause in concerned.items()
            if (own := own_hint_object(key)) is not None
        ]
        for _ in range(5):
            try:
                self.office.queue.send(hints)
            except SyncError:
                continue
            return
