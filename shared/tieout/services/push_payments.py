"""HubSpot payment -> QuickBooks: what the worker behind the payment_push queue does with a payment and its refunds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tieout.domain.about import About, about_source_payment
from tieout.domain.attention import AttentionCode
from tieout.domain.claim import shows
from tieout.domain.errors import NeedsAttention, Postponed
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.payment import Document, SourcePayment
from tieout.domain.planning.left_alone import left_alone
from tieout.domain.planning.payment import SWITCHED_OFF
from tieout.domain.planning.payment_plan import Decision, PaymentCase, PaymentPlan, Post, Wait, with_invoices
from tieout.domain.planning.plan import Attend, Gone, Nothing, Skip
from tieout.domain.planning.receipt import INVOICE, WITHOUT_INVOICE
from tieout.domain.planning.tie_out_payments import is_recorded
from tieout.domain.posting import Posting
from tieout.domain.record import BY_HAND, Kind, LeftAlone, RecordKey, State, own_hint_object
from tieout.domain.status import ShownStatus
from tieout.ports import Workspace, Workspaces
from tieout.services.assess_payments import Assessed, Ledgers, PaymentAssessor, Source
from tieout.services.claims import Claims
from tieout.services.entered_payments import keep_entered
from tieout.services.intents import SWITCHED_OFF_PAUSE
from tieout.services.outcome import Outcome
from tieout.services.parking import next_look
from tieout.services.posting import PostingWriter, Write
from tieout.services.work import Seen, Work
from tieout.services.worker import Worker
from tieout.services.writing import agreed

PaymentWork = Work[Source]

# A payment that came before its invoice looks again after so many seconds, then twice as long each time.
_FIRST_PAUSE, _LONGEST_PAUSE = 15.0, 3600.0
# A payment that is ignored for want of an invoice is looked at again as long as one may reasonably be named: after an
# hour, and then each time when it is twice as old.
_SOON, _INVOICE_MAY_FOLLOW = timedelta(hours=1), timedelta(days=60)
# Far more documents than a payment has; a plan that never ends is a bug.
_MOST_STEPS = 100
# How QuickBooks refuses to apply more to an invoice than is open on it by now.
_REFUSED = frozenset({AttentionCode.CANNOT_BE_APPLIED, AttentionCode.REFUSED_BY_QUICKBOOKS})


@dataclass(frozen=True, slots=True)
class Planned:
    """What the next step is, and by when a further one may be begun."""

    assessed: Assessed
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class PushPayments:
    """The worker behind the payment_push queue, and what is particular to payments in it (`worker.Job`)."""

    workspaces: Workspaces
    claims: Claims
    assessor: PaymentAssessor
    writer: PostingWriter
    vendor_timeout: timedelta

    def push(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; see `Worker.work_off`."""
        worker: Worker[Source, Planned | PaymentPlan] = Worker(self.workspaces, self.claims, self, self.vendor_timeout)
        return worker.work_off(hints, deadline)

    def key_of(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        """The HubSpot payment itself, or the one that a QuickBooks document was posted for.

        A payment that Tieout recorded in HubSpot belongs to a QuickBooks payment, whose queue is told instead.
        """
        connection, records = workspace.connection.id, self.claims.records
        if hint.object is HintObject.POSTED_DOCUMENT:
            kind, _, far_id = hint.id.partition(":")
            key = records.origin_of(connection, "quickbooks", kind, far_id)
            return key if key and own_hint_object(key) is HintObject.HUBSPOT_PAYMENT else None
        mirrored = records.origin_of(connection, "hubspot", Document.HUBSPOT_PAYMENT, hint.id)
        recorded = self._recorded(mirrored, hint.id)
        own = RecordKey(connection, Kind.PAYMENT, "hubspot", hint.id)
        if mirrored is None or not recorded:
            # One that Tieout recorded and deleted again is nobody else's, whoever restores it.
            return own
        self._forward(mirrored, recorded, hint)
        # What is due has a record of its own: a worker began it before it was known that Tieout recorded the payment.
        # That look covers what changed since, so that the other one is told all the same.
        return own if hint.cause is Cause.DUE else None

    def _recorded(self, mirrored: RecordKey | None, id_: str) -> list[Posting]:
        """What the record of a QuickBooks payment knows of a HubSpot payment, as long as it stands for it."""
        record = self.claims.records.get(mirrored) if mirrored is not None else None
        return [one for one in record.postings if one.far_id == id_] if record else []

    def _forward(self, mirrored: RecordKey, recorded: Sequence[Posting], hint: Hint) -> None:
        """What Tieout wrote itself is no news, so it goes no further."""
        own, versions = own_hint_object(mirrored), [one.updated_at for one in recorded]
        if own is None or any(shows(one, hint) for one in versions if one is not None):
            return
        # Its own record is covered by QuickBooks' clock, which says nothing about a change in HubSpot; and who works on
        # it just now may have read HubSpot before.
        cause = hint.cause if hint.cause is Cause.RETRY else Cause.AGAIN
        self.claims.hints.send([replace(hint, object=own, id=mirrored.origin_id, cause=cause)])

    def watches_ignored(self) -> bool:
        """Yes: what is given back of a payment later than it was left alone is told."""
        return True

    def verify(self, workspace: Workspace, work: PaymentWork) -> bool:
        """See `PostingWriter.verify`. A document that turns out to be another record's ends the look."""
        known = self.writer.verify(workspace, work.held)
        work.done = work.done or work.record.state is State.ATTENTION
        return known

    def read(self, workspace: Workspace, works: Sequence[PaymentWork]) -> None:
        """The payments with their associations and refunds, in grouped calls."""
        found = workspace.crm.payments([work.id for work in works])
        for work in works:
            work.source, work.read = found.get(work.id), True

    def about(self, workspace: Workspace, work: PaymentWork) -> About | None:
        """See `about_source_payment`; its invoices are known once it is planned."""
        if not isinstance(work.source, SourcePayment):
            return None
        zone = ZoneInfo(workspace.connection.portal_time_zone)
        return about_source_payment(work.source, work.source.initiated_at.astimezone(zone).date())

    def plan(
        self, workspace: Workspace, works: Sequence[PaymentWork], deadline: datetime | None
    ) -> Sequence[Planned | PaymentPlan | Exception]:
        """See `PaymentAssessor.assess`. Those that a person left alone are decided apart, without the ledger."""
        alone = {
            id(work): plan
            for work in works
            if (plan := self._left_alone(work) or self._restored(workspace, work)) is not None
        }
        others = [work for work in works if id(work) not in alone]
        payments = [(work.record, work.source, work.look, work.by_person) for work in others]
        now, trace_id = self.claims.clock.now(), works[0].held.trace_id
        answers = self.assessor.assess(workspace, payments, now, trace_id, deadline=deadline) if others else []
        found: dict[int, Planned | Exception] = {}
        for work, one in zip(others, answers, strict=True):
            if isinstance(one, Assessed):
                work.tell("", with_invoices(work.record.about, one.case.billings))
            found[id(work)] = one if isinstance(one, Exception) else Planned(one, deadline)
        return [alone.get(id(work)) or found[id(work)] for work in works]

    @staticmethod
    def _left_alone(work: PaymentWork) -> PaymentPlan | None:
        """Whoever asks for a payment that is left alone takes that back; whoever asks for one of which a refund was
        told has dealt with the refund."""
        record = work.record
        alone = record.left_alone
        if alone is None and record.state is State.IGNORED and record.reason == BY_HAND:
            alone = LeftAlone(record.detail)
        told = record.state is State.ATTENTION
        if alone is None or (work.by_person and not told):
            work.held.record = replace(record, left_alone=None)
            return None
        plan, kept = left_alone(work.source, alone, dealt_with=work.by_person)
        work.held.record = replace(record, left_alone=kept)
        return plan

    def _restored(self, workspace: Workspace, work: PaymentWork) -> PaymentPlan | None:
        """A recorded payment stands in HubSpot although Tieout deleted it."""
        source = work.source
        if not isinstance(source, SourcePayment) or not is_recorded(source):
            return None
        kind, id_ = Document.HUBSPOT_PAYMENT, source.id
        origin = self.claims.records.origin_of(workspace.connection.id, "hubspot", kind, id_)
        if origin is None or self._recorded(origin, id_):
            return None
        gone = f"QuickBooks payment {origin.origin_id} is applied to its invoice no longer"
        detail = f"Tieout deleted it, because {gone}; somebody restored it."
        return Attend(AttentionCode.EDITED_IN_HUBSPOT, detail)

    def writes(self, plan: Planned | PaymentPlan) -> bool:
        """Documents that are posted or changed do."""
        return isinstance(plan, Planned) and isinstance(plan.assessed.decision.plan, Write)

    def carry_out(self, workspace: Workspace, work: PaymentWork, plan: Planned | PaymentPlan) -> None:
        """Write one document after the other, planning anew after each, until nothing is left to write."""
        if not isinstance(plan, Planned):
            self._note(work, plan)
            return
        assessed, ledgers = plan.assessed, plan.assessed.ledgers
        if ledgers is None:
            self._note(work, assessed.decision.plan)
            return
        for step in range(_MOST_STEPS):
            # Balances may have been used up by payments of this batch, and the documents of this one are known now.
            assessed = self._again(workspace, work, assessed.case, ledgers, plan.deadline)
            decision = ledgers.priced(assessed.decision)
            if not keep_entered(self.claims, work.held, decision.postings):
                return
            if not isinstance(decision.plan, Write):
                self._note(work, decision.plan)
                return
            if step and plan.deadline is not None and self.claims.clock.now() >= plan.deadline:
                raise Postponed(reason="out_of_time")
            assessed = self._write(workspace, work, assessed, ledgers, decision)
            if work.record.state is State.ATTENTION:
                return
        raise RuntimeError(f"{work.record.key}: no end after {_MOST_STEPS} documents")

    def _again(
        self, workspace: Workspace, work: PaymentWork, case: PaymentCase, ledgers: Ledgers, deadline: datetime | None
    ) -> Assessed:
        [found] = self.assessor.answered(workspace, [case], ledgers, work.held.trace_id, deadline=deadline)
        if isinstance(found, Exception):
            raise found
        return found

    def _write(
        self, workspace: Workspace, work: PaymentWork, assessed: Assessed, ledgers: Ledgers, decision: Decision
    ) -> Assessed:
        """Write the document; gives the case as it is then. A retry is fulfilled by the first document of it: what
        goes wrong with it is not tried again in the same look."""
        plan, case = decision.plan, assessed.case
        if not isinstance(plan, Write):
            raise TypeError("nothing to write")
        try:
            self.writer.write(workspace, work.held, plan)
        except NeedsAttention as refusal:
            fresh = self._less_is_open(workspace, work, ledgers, plan, refusal)
            if not fresh:
                raise
            return assessed
        if isinstance(plan, Post):
            ledgers.spend(plan)
        else:
            case = replace(case, balances=None)
        after = replace(case, postings=work.record.postings, look=False, by_person=False, standing=None)
        return replace(assessed, case=after)

    def _less_is_open(
        self, workspace: Workspace, work: PaymentWork, ledgers: Ledgers, plan: Write, refusal: NeedsAttention
    ) -> bool:
        """Whether somebody paid an invoice between our read and our write, so that there are fresh balances now; False
        when the refusal has another cause."""
        ids = {one.far_id for one in plan.content.allocations if one.type == INVOICE}
        if refusal.code not in _REFUSED or not ids:
            return False
        before = {id_: ledgers.balances.get(id_) for id_ in ids}
        fresh = workspace.ledger.invoices(ids)
        if all(_standing(fresh.get(id_)) == _standing(before[id_]) for id_ in ids):
            return False
        for id_ in ids - fresh.keys():
            ledgers.balances.pop(id_, None)
        ledgers.balances.update(fresh)
        cleared = replace(work.record, intent=None).to(State.WAITING, reason="changed_meanwhile")
        self.claims.store(work.held, cleared)
        return True

    def _note(self, work: PaymentWork, plan: PaymentPlan) -> None:
        """A plan that writes nothing, as the record's new state; stored when the record is released."""
        record = work.record
        match plan:
            case Attend():
                work.held.record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail)
            case Gone():
                work.held.record = record.to(State.DELETED_IN_LEDGER, reason="deleted_in_quickbooks")
            case Skip() if plan == SWITCHED_OFF and record.postings:
                # What HubSpot says meanwhile must still reach the books when it is switched on again.
                raise Postponed(reason="switched_off", retry_after=SWITCHED_OFF_PAUSE)
            case Skip() if plan == WITHOUT_INVOICE:
                # HubSpot need not call a payment modified that is associated with an invoice, so that only a webhook
                # would tell.
                now = self.claims.clock.now()
                due_at = next_look(record.created_at or now, now, _SOON, _INVOICE_MAY_FOLLOW)
                work.held.record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail, due_at=due_at)
            case Skip():
                work.held.record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
            case Nothing():
                work.held.record = agreed(record, plan.agreement)
            case Wait():
                self._wait(work, plan)
            case _:
                raise TypeError(f"a plan that is carried out elsewhere: {type(plan).__name__}")

    def _wait(self, work: PaymentWork, plan: Wait) -> None:
        record, now = work.record, self.claims.clock.now()
        pause = min(_FIRST_PAUSE * 2 ** min(record.attempts, 10), _LONGEST_PAUSE)
        waiting = replace(record, attempts=record.attempts + 1, waiting_since=record.waiting_since or now)
        due_at = now + timedelta(seconds=pause)
        work.park_as(waiting.to(State.WAITING, reason=plan.reason, detail=plan.detail, due_at=due_at), plan.reason)

    def seen(self, work: PaymentWork) -> Seen | None:
        """A payment that could not be read tells neither its reference nor its version."""
        source = work.source
        return Seen(source.reference or source.id, source.modified_at) if isinstance(source, SourcePayment) else None

    def status(self, _workspace: Workspace, _work: PaymentWork) -> ShownStatus | None:
        """None: HubSpot lets nobody write onto payments that a processor made."""
        return None

    def show(self, _workspace: Workspace, _statuses: Mapping[str, ShownStatus]) -> Collection[str]:
        """There is nothing to show."""
        return ()


def _standing(invoice: LedgerInvoice | None) -> tuple[object, ...]:
    """What of an invoice decides how much of a payment it takes."""
    return () if invoice is None else (invoice.balance, invoice.voided, invoice.content.customer_id)
