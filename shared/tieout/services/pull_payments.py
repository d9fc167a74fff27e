"""QuickBooks payment -> HubSpot: what the worker behind the payment_pull queue does with money booked there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.about import About, about_ledger_document
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotReadyYet, Postponed
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerDocument, LedgerPayment
from tieout.domain.planning.applied import INVOICE
from tieout.domain.planning.mirror import (
    PULL_SWITCHED_OFF,
    MirrorCase,
    MirrorPlan,
    MirrorStep,
    Record,
    Remove,
    plan_mirrors,
)
from tieout.domain.planning.payment_plan import Billing, Reach, billing_of, with_invoices
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.record import Kind, Operation, RecordKey, State, SyncRecord, own_hint_object
from tieout.domain.status import ShownStatus
from tieout.ports import Workspace, Workspaces
from tieout.ports.notices import Notice, Notices
from tieout.services.claims import Claims
from tieout.services.entered_payments import EnteredPayments
from tieout.services.intents import SWITCHED_OFF_PAUSE
from tieout.services.mirroring import MirrorWriter
from tieout.services.outcome import Outcome
from tieout.services.parking import next_look
from tieout.services.refunds_made import NO_SYNCED_INVOICE, Confirmed, MadePlan, RefundsMade
from tieout.services.work import Seen, Work
from tieout.services.worker import Worker
from tieout.services.writing import agreed

Source = LedgerPayment | LedgerDocument
PullWork = Work[Source]

# Under which kind a QuickBooks document would be ours, by what the hint is about.
_DOCUMENTS = {
    HintObject.QUICKBOOKS_PAYMENT: Document.PAYMENT,
    HintObject.QUICKBOOKS_REFUND_RECEIPT: Document.REFUND_RECEIPT,
    HintObject.QUICKBOOKS_CREDIT_MEMO: Document.CREDIT_MEMO,
    HintObject.QUICKBOOKS_SALES_RECEIPT: Document.SALES_RECEIPT,
    HintObject.QUICKBOOKS_PURCHASE: Document.EXPENSE,
}
_DELETED = frozenset({AttentionCode.DELETED_IN_HUBSPOT.value, "deleted"})
_REFUSALS = frozenset({AttentionCode.RECORDING_REFUSED, AttentionCode.REFUSED_BY_HUBSPOT})
# How long it counts that HubSpot takes no recorded payments; somebody who asks has it tried sooner.
_REFUSED_FOR, _REFUSED_FOR_A_PERSON = timedelta(days=1), timedelta(minutes=10)
# HubSpot takes no more than is open on an invoice, and the payment that makes room may only be on its way.
_TRIES, _FIRST_PAUSE = 4, 15.0
# What filled the invoice may fail or be deleted later, of which nothing tells the payment that found no room.
_FIRST_LOOK_AT_REFUSED = timedelta(hours=1)
# A refund of a customer without synced invoice is looked at again after a day, and each time when it is twice as old:
# its invoice may be held back by something that is put right. Each look is metered, and shared by a batch.
_FIRST_LOOK, _LAST_LOOK = timedelta(days=1), timedelta(days=32)
# Far more than a payment has invoices; a plan that never ends is a bug.
_MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Pulled:
    """What is known of a payment, and by when a further step may be begun. `refused`: HubSpot refused it before, and
    nobody asked since."""

    case: MirrorCase
    deadline: datetime | None
    refused: bool


PullPlan = Pulled | MadePlan


@dataclass(frozen=True, slots=True)
class PullPayments:
    """The worker behind the payment_pull queue, and what is particular to payments and refunds in it (`worker.Job`)."""

    workspaces: Workspaces
    claims: Claims
    writer: MirrorWriter
    notices: Notices
    vendor_timeout: timedelta

    def pull(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; see `Worker.work_off`."""
        worker: Worker[Source, PullPlan] = Worker(self.workspaces, self.claims, self, self.vendor_timeout)
        return worker.work_off(hints, deadline)

    def key_of(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        """The QuickBooks payment or refund receipt. What a HubSpot payment made there is looked at through that one's
        record, whose queue is told instead; credit memos, sales receipts and expenses of others are none of Tieout's
        business."""
        connection, document = workspace.connection.id, _DOCUMENTS[hint.object]
        ours = self.claims.records.origin_of(connection, "quickbooks", document.holder_kind, hint.id)
        if ours is not None and own_hint_object(ours) is HintObject.HUBSPOT_PAYMENT:
            own = hint.cause is Cause.DUE
            told = replace(
                hint,
                object=HintObject.POSTED_DOCUMENT,
                id=f"{document.holder_kind}:{hint.id}",
                cause=Cause.AGAIN if own else hint.cause,
            )
            self.claims.hints.send([told])
            # What is due has a record of its own: a worker began it before it was known whose document this is. That
            # look covers what changed since, so the document's own record is told all the same.
            if not own:
                return None
        if hint.object is HintObject.QUICKBOOKS_PAYMENT:
            return RecordKey(connection, Kind.PAYMENT, "quickbooks", hint.id)
        if hint.object is HintObject.QUICKBOOKS_REFUND_RECEIPT:
            return RecordKey(connection, Kind.REFUND, "quickbooks", hint.id)
        return None

    def watches_ignored(self) -> bool:
        """No: it is left alone."""
        return False

    def verify(self, workspace: Workspace, work: PullWork) -> bool:
        """See `MirrorWriter.verify`. A recorded payment that turns out to be another record's ends the look."""
        try:
            known = self.writer.verify(workspace, work.held)
        except NeedsAttention as refusal:
            intent = work.record.intent
            records = intent is not None and intent.operation is Operation.CREATE
            if not records or refusal.code not in _REFUSALS:
                raise
            # Nothing was recorded, and it may not even be wanted any more.
            if refusal.code is AttentionCode.RECORDING_REFUSED:
                self._takes_none(workspace, work, refusal)
            else:
                self._forget(work)
            return True
        work.done = work.done or work.record.state is State.ATTENTION
        return known

    def read(self, workspace: Workspace, works: Sequence[PullWork]) -> None:
        """The payments, and the refund receipts, in one metered read per 100 of each."""
        payments = [work.id for work in works if not _is_refund(work)]
        refunds = [work.id for work in works if _is_refund(work)]
        paid = workspace.ledger.payments(payments) if payments else {}
        returned = workspace.ledger.documents(Document.REFUND_RECEIPT, refunds) if refunds else {}
        for work in works:
            work.source = returned.get(work.id) if _is_refund(work) else paid.get(work.id)
            work.read = True

    def about(self, _workspace: Workspace, work: PullWork) -> About | None:
        """See `about_ledger_document`; its invoices are known once it is planned."""
        return about_ledger_document(work.source) if work.source is not None else None

    def plan(
        self, workspace: Workspace, works: Sequence[PullWork], deadline: datetime | None
    ) -> Sequence[PullPlan | Exception]:
        """What is known of each: the records of its invoices from our own store, and what stands in HubSpot of what was
        recorded there, in grouped calls. QuickBooks is not asked again."""
        billed = self._billed(workspace, works)
        ids = {one.far_id for work in works for one in work.record.postings}
        present = workspace.crm.payments(ids) if ids else {}
        linked = {far_id: one for far_id, (one, _) in billed.items() if one.reach is Reach.LINKED}
        deleted = frozenset(far_id for far_id, (_, gone) in billed.items() if gone)
        entered = EnteredPayments(self.claims.records)
        ours, rivals = entered.of_hubspot(workspace, works), entered.rivals(workspace, works, linked)

        def planned(work: PullWork) -> PullPlan:
            record, source = work.record, work.source
            if _is_refund(work):
                document = source if isinstance(source, LedgerDocument) else None
                return RefundsMade(self.claims).plan(workspace, record, document)
            payment = source if isinstance(source, LedgerPayment) else None
            work.tell("", with_invoices(record.about, _billings_of(payment, billed)))
            own = {one.far_id: found for one in record.postings if (found := present.get(one.far_id))}
            refunded = _refunded(record)
            case = MirrorCase(payment, record.postings, linked, deleted, own, refunded, by_person=work.by_person)
            case = replace(case, of_hubspot=work.id in ours, rivals=rivals)
            return Pulled(case, deadline, _was_refused(record) and not work.by_person)

        return [planned(work) for work in works]

    def _billed(self, workspace: Workspace, works: Sequence[PullWork]) -> dict[str, tuple[Billing, bool]]:
        """By the ledger's id, the HubSpot invoices that money is applied to, and whether they are deleted."""
        connection, records = workspace.connection.id, self.claims.records
        payments = [work.source for work in works if isinstance(work.source, LedgerPayment)]
        applied = [one for payment in payments for one in payment.allocations if one.type == INVOICE]
        keys = {
            far_id: key
            for far_id in sorted({one.far_id for one in applied})
            if (key := records.origin_of(connection, "quickbooks", Kind.INVOICE, far_id)) is not None
        }
        found = records.get_many(set(keys.values()))
        return {
            far_id: (billing_of(key.origin_id, found.get(key)), _is_deleted(found.get(key)))
            for far_id, key in keys.items()
        }

    def writes(self, plan: PullPlan) -> bool:
        """Whether anything may be left to record; what is planned decides, step by step."""
        return isinstance(plan, Pulled) and bool(plan.case.billings or plan.case.postings)

    def carry_out(self, workspace: Workspace, work: PullWork, plan: PullPlan) -> None:
        """Record what is to be recorded, or note what was decided."""
        if isinstance(plan, Pulled):
            self._mirror(workspace, work, plan)
        elif isinstance(plan, Confirmed):
            RefundsMade(self.claims).confirm(work.record, plan, work.held.trace_id)
            state = State.SYNCED if plan.amount else State.IGNORED
            reason = "" if plan.amount else "deleted"
            work.held.record = work.record.to(state, reason=reason, detail=plan.told)
        else:
            self._note(work, plan)

    def _note(self, work: PullWork, plan: MirrorPlan) -> None:
        _note(work, plan)
        record = work.record
        if _is_refund(work) and record.state is State.IGNORED and record.reason == NO_SYNCED_INVOICE:
            # Nothing links it to the invoice that it waits for, so nothing wakes it.
            now = self.claims.clock.now()
            due_at = next_look(record.created_at or now, now, _FIRST_LOOK, _LAST_LOOK)
            work.held.record = replace(record, due_at=due_at)

    def _mirror(self, workspace: Workspace, work: PullWork, plan: Pulled) -> None:
        """Write one recorded payment after the other, planning anew after each, until nothing is left to write."""
        case, zone = plan.case, workspace.connection.portal_time_zone
        before = _invoices(work.record)
        for step in range(_MOST_STEPS):
            case = replace(case, refuses=self._refuses(workspace, work))
            decision = plan_mirrors(case, workspace.settings, zone)
            work.held.record = replace(work.record, postings=decision.postings)
            if not isinstance(decision.plan, MirrorStep):
                self._tell_invoices(workspace, work, before | set(case.billings))
                self._note(work, decision.plan)
                return
            if step and plan.deadline is not None and self.claims.clock.now() >= plan.deadline:
                raise Postponed(reason="out_of_time")
            case = self._write(workspace, work, plan, replace(case, postings=decision.postings), decision.plan)
            if work.record.state is State.ATTENTION:
                return
        raise RuntimeError(f"{work.record.key}: no end after {_MOST_STEPS} steps")

    def _write(
        self, workspace: Workspace, work: PullWork, plan: Pulled, case: MirrorCase, step: MirrorStep
    ) -> MirrorCase:
        """Carry the step out; gives the case as it is then."""
        try:
            answer = self.writer.write(workspace, work.held, step)
        except NeedsAttention as refusal:
            self._refused(workspace, work, plan, step, refusal)
            return case
        if isinstance(step, Record):
            self._accepted(workspace)
        gone = step.posting.far_id if isinstance(step, Remove) else None
        present = {id_: one for id_, one in case.present.items() if id_ != gone}
        return replace(
            case,
            postings=work.record.postings,
            present=present if answer is None else {**present, answer.id: answer},
        )

    # -- what HubSpot refuses

    def _refused(
        self, workspace: Workspace, work: PullWork, plan: Pulled, step: MirrorStep, refusal: NeedsAttention
    ) -> None:
        """Note that the account takes no recorded payments; raise what concerns this payment only, such as that one
        recorded earlier can be put right no more."""
        if refusal.code is AttentionCode.RECORDING_REFUSED and isinstance(step, Record):
            self._takes_none(workspace, work, refusal)
            return
        if refusal.code is not AttentionCode.REFUSED_BY_HUBSPOT:
            raise refusal
        if not plan.refused and work.record.attempts < _TRIES:
            pause = _FIRST_PAUSE * 2**work.record.attempts
            raise NotReadyYet(refusal.detail, refusal.context, retry_after=pause) from refusal
        now = self.claims.clock.now()
        work.park(refusal, now, self.vendor_timeout)
        due_at = next_look(_latest_change(work) or now, now, _FIRST_LOOK_AT_REFUSED, _LAST_LOOK)
        if due_at is not None:
            work.wake_at(due_at)

    def _takes_none(self, workspace: Workspace, work: PullWork, refusal: NeedsAttention) -> None:
        """Nothing was recorded; it is planned anew with that in mind."""
        notice = Notice(refusal.detail, self.claims.clock.now())
        self.notices.save(workspace.connection.id, AttentionCode.RECORDING_REFUSED, notice)
        self._forget(work)

    def _forget(self, work: PullWork) -> None:
        cleared = replace(work.record, intent=None).to(State.WAITING, reason="more_to_post")
        self.claims.store(work.held, cleared)

    def _refuses(self, workspace: Workspace, work: PullWork) -> bool:
        """Whether HubSpot said lately that it takes no recorded payments."""
        notice = self.notices.load(workspace.connection.id, AttentionCode.RECORDING_REFUSED)
        pause = _REFUSED_FOR_A_PERSON if work.by_person else _REFUSED_FOR
        return notice is not None and self.claims.clock.now() < notice.at + pause

    def _accepted(self, workspace: Workspace) -> None:
        """HubSpot takes recorded payments: those that it refused are looked at again."""
        connection = workspace.connection.id
        if self.notices.load(connection, AttentionCode.RECORDING_REFUSED) is None:
            return
        after: str | None = None
        while True:
            page = self.claims.records.in_state(connection, State.IGNORED, after=after)
            refused = [one for one in page.records if one.reason == AttentionCode.RECORDING_REFUSED.value]
            if refused:
                hints = [self.claims.hint_for(one.key, Cause.DUE, "recording_accepted") for one in refused]
                self.claims.hints.send(hints)
            after = page.next
            if after is None:
                break
        self.notices.clear(connection, AttentionCode.RECORDING_REFUSED)

    def _tell_invoices(self, workspace: Workspace, work: PullWork, far_ids: Collection[str]) -> None:
        """Their properties show the last payment's date and link, so a version that is new has them looked at. Who has
        looked at an invoice since the payment changed need not do so again."""
        source, record = work.source, work.record
        version = source.updated_at if source else None
        known = version is not None and record.covered_until is not None and version <= record.covered_until
        if known or not far_ids:
            return
        at = version or self.claims.clock.now()
        hints = [
            Hint(workspace.connection.id, HintObject.QUICKBOOKS_INVOICE, id_, at, Cause.WEBHOOK, work.held.trace_id)
            for id_ in sorted(far_ids)
        ]
        self.claims.hints.send(hints)

    def seen(self, work: PullWork) -> Seen | None:
        """A payment that is deleted shows nothing."""
        source = work.source
        if source is None:
            return None
        number = source.number if isinstance(source, LedgerDocument) else None
        return Seen(source.reference or number or source.id, source.updated_at)

    def status(self, _workspace: Workspace, _work: PullWork) -> ShownStatus | None:
        """None: what became of a payment shows on its invoices."""
        return None

    def show(self, _workspace: Workspace, _statuses: Mapping[str, ShownStatus]) -> Collection[str]:
        """There is nothing to show."""
        return ()


def _billings_of(payment: LedgerPayment | None, billed: Mapping[str, tuple[Billing, bool]]) -> Sequence[Billing]:
    applied = payment.allocations if payment else ()
    return [billed[one.far_id][0] for one in applied if one.type == INVOICE and one.far_id in billed]


def _is_refund(work: PullWork) -> bool:
    return work.record.key.kind is Kind.REFUND


def _was_refused(record: SyncRecord) -> bool:
    return record.state is State.ATTENTION and record.reason == AttentionCode.REFUSED_BY_HUBSPOT.value


def _latest_change(work: PullWork) -> datetime | None:
    """When it changed in QuickBooks, or became known to us, whichever is later."""
    times = (work.source.updated_at if work.source else None, work.record.created_at)
    return max((at for at in times if at is not None), default=None)


def _refunded(record: SyncRecord) -> dict[str, Money]:
    """What people said was given back, by the ledger's invoice."""
    amounts: dict[str, Money] = {}
    for one in record.given_back:
        amounts[one.far_id] = amounts[one.far_id] + one.amount if one.far_id in amounts else one.amount
    return amounts


def _is_deleted(record: SyncRecord | None) -> bool:
    return record is not None and record.reason in _DELETED


def _invoices(record: SyncRecord) -> set[str]:
    return {one.far_id for posting in record.postings for one in posting.sent.allocations}


def _note(work: PullWork, plan: MirrorPlan) -> None:
    """A plan that writes nothing, as the record's new state; stored when the record is released."""
    record = work.record
    match plan:
        case Attend():
            work.held.record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail)
        case Nothing():
            work.held.record = agreed(record, plan.agreement)
        case Skip() if plan == PULL_SWITCHED_OFF and record.postings:
            # What QuickBooks says meanwhile must still reach HubSpot when it is switched on again.
            raise Postponed(reason="switched_off", retry_after=SWITCHED_OFF_PAUSE)
        case Skip():
            work.held.record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
        case _:
            raise TypeError(f"a plan that is carried out elsewhere: {type(plan).__name__}")
