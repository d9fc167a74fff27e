"""HubSpot invoice -> QuickBooks: what the worker behind the invoice_push queue does with an invoice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.about import About, about_source_invoice
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import Postponed
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.accepted import take_off
from tieout.domain.planning.difference import as_written
from tieout.domain.planning.fields import as_sent
from tieout.domain.planning.invoice import SWITCHED_OFF
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.planning.take_side import deleted_in_quickbooks
from tieout.domain.record import BY_HAND, VOIDED_TEXT, Kind, RecordKey, State, SyncRecord
from tieout.domain.status import ShownStatus, shown_status
from tieout.ports import Workspace, Workspaces
from tieout.services.adopting import adopt
from tieout.services.assess import Assessor, Case
from tieout.services.claims import Claims
from tieout.services.intents import SWITCHED_OFF_PAUSE
from tieout.services.outcome import Outcome
from tieout.services.paid import Paid
from tieout.services.parking import passing
from tieout.services.payments_waiting import PaymentsWaiting
from tieout.services.settling import Beside
from tieout.services.work import Seen, Work, strongest
from tieout.services.worker import Worker
from tieout.services.writing import Writer, agreed

# Left alone in HubSpot unless a status is shown there already.
_NOT_BILLED = "not_billable"
_QUIET = frozenset({"draft", _NOT_BILLED, "deleted"})

Source = SourceInvoice | UnreadableInvoice
InvoiceWork = Work[Source]


@dataclass(frozen=True, slots=True)
class PushInvoices:
    """The worker behind the invoice_push queue, and what is particular to invoices in it (`worker.Job`). `beside`: what
    hangs on settled invoices, such as their deals."""

    workspaces: Workspaces
    claims: Claims
    assessor: Assessor
    writer: Writer
    vendor_timeout: timedelta
    beside: Sequence[Beside[Source]] = ()

    def push(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; see `Worker.work_off`."""
        worker: Worker[Source, Plan] = Worker(self.workspaces, self.claims, self, self.vendor_timeout, self.beside)
        return worker.work_off(hints, deadline)

    def key_of(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        """The HubSpot invoice itself, or the one that a QuickBooks invoice was made for. What was born in QuickBooks,
        and the HubSpot invoice that shows it, is passed on to the worker of those."""
        connection, records = workspace.connection.id, self.claims.records
        if hint.object.system == "hubspot":
            # One read more for each hint, so only where invoices are taken over; elsewhere such an invoice is
            # left out as one that HubSpot does not bill.
            takes, own = workspace.settings.pull_invoices, RecordKey(connection, Kind.INVOICE, "hubspot", hint.id)
            if not takes or records.origin_of(connection, "hubspot", Kind.INVOICE, hint.id) is None:
                return own
            if hint.cause in (Cause.DUE, Cause.AGAIN) and records.get(own) is not None:
                # Begun before it was known what the invoice shows; unless it comes to its end it is woken for ever.
                return own
            self.claims.hints.send([replace(hint, object=HintObject.MIRRORED_INVOICE)])
            return None
        ours = records.origin_of(connection, "quickbooks", Kind.INVOICE, hint.id)
        if ours is None and self._may_be_shown(workspace, hint.id):
            self.claims.hints.send([replace(hint, object=HintObject.QUICKBOOKS_OWN_INVOICE)])
        return ours

    def _may_be_shown(self, workspace: Workspace, id_: str) -> bool:
        """While taking invoices over is switched off, those that HubSpot shows already are looked at all the same."""
        own = RecordKey(workspace.connection.id, Kind.INVOICE, "quickbooks", id_)
        return workspace.settings.pull_invoices or self.claims.records.get(own) is not None

    def watches_ignored(self) -> bool:
        """No: it is left alone."""
        return False

    def verify(self, workspace: Workspace, work: InvoiceWork) -> bool:
        """See `Writer.verify`."""
        return self.writer.verify(workspace, work.held)

    def read(self, workspace: Workspace, works: Sequence[InvoiceWork]) -> None:
        """The invoices with their lines and parties, in grouped calls."""
        found = workspace.crm.invoices([work.id for work in works], workspace.settings.needed_properties)
        for work in works:
            work.source, work.read = found.get(work.id), True

    def about(self, _workspace: Workspace, work: InvoiceWork) -> About | None:
        """See `about_source_invoice`."""
        return about_source_invoice(work.source) if isinstance(work.source, SourceInvoice) else None

    def plan(
        self, workspace: Workspace, works: Sequence[InvoiceWork], deadline: datetime | None
    ) -> Sequence[Plan | Exception]:
        """See `Assessor.assess`. Of the invoices that were looked at, what is paid is noted, too; payments that were
        given up for want of their invoice are woken. One that a person undid is left alone until they retry it."""
        alone = {id(work): plan for work in works if (plan := _left_alone(work)) is not None}
        others = [work for work in works if id(work) not in alone]
        planned = iter(self._plan(workspace, others, deadline) if others else ())
        return [alone.get(id(work)) or next(planned) for work in works]

    def _plan(
        self, workspace: Workspace, works: Sequence[InvoiceWork], deadline: datetime | None
    ) -> Sequence[Plan | Exception]:
        cases = [Case(work.record, work.source, work.look, work.by_person) for work in works]
        looked: dict[str, LedgerInvoice] = {}
        trace_id = works[0].held.trace_id
        plans = self.assessor.assess(workspace, cases, trace_id, deadline=deadline, looked=looked)
        Paid(self.claims).note(workspace, works, looked)
        PaymentsWaiting(self.claims).wake(workspace, works, plans)
        return plans

    def writes(self, plan: Plan) -> bool:
        """Creates, updates and voids do."""
        return isinstance(plan, Create | Update | Void)

    def carry_out(self, workspace: Workspace, work: InvoiceWork, plan: Plan) -> None:
        """Write, or note what was decided."""
        if isinstance(plan, Create):
            # A person, or a back-fill, said that it is another one.
            work.held.record = replace(work.record, unclear="")
        if isinstance(plan, Create | Update | Void):
            self.writer.write(workspace, work.held, plan)
        elif isinstance(plan, Adopt) and work.record.link is None:
            adopt(self.claims, work.held, plan)
        else:
            if isinstance(plan, Skip) and plan.reason == _NOT_BILLED:
                self._pass_on(work)
            _note(work, plan)

    def _pass_on(self, work: InvoiceWork) -> None:
        """What HubSpot does not bill may show one of QuickBooks, although these are not taken over just now: what
        a person changed of it must not be forgotten until they are."""
        if self._shows_ledgers(work.record.key):
            hint, source = strongest(work.hints), work.source
            # Of the version that was seen here: this record covers it now, and a late hint may be about an older one.
            seen = (source.modified_at if isinstance(source, SourceInvoice) else None) or hint.occurred_at
            at = max(hint.occurred_at, seen)
            self.claims.hints.send([replace(hint, object=HintObject.MIRRORED_INVOICE, id=work.id, occurred_at=at)])

    def seen(self, work: InvoiceWork) -> Seen | None:
        """An invoice that could not be read tells neither its number nor its version."""
        source = work.source
        return Seen(source.number or "", source.modified_at) if isinstance(source, SourceInvoice) else None

    def status(self, workspace: Workspace, work: InvoiceWork) -> ShownStatus | None:
        """The status, when HubSpot shows another one. Drafts, and what will probably pass by itself, are left alone."""
        record = work.record
        quiet = record.state is State.IGNORED and not record.shown and record.reason in _QUIET
        if not workspace.settings.write_status_to_hubspot or work.deleted or passing(record) or quiet:
            return None
        url = workspace.ledger.invoice_url(record.link.far_id) if record.link else ""
        status = shown_status(record, url)
        if status.fingerprint == record.shown or (record.link is None and self._shows_ledgers(record.key)):
            return None
        return status

    def _shows_ledgers(self, key: RecordKey) -> bool:
        """Whether it shows an invoice of QuickBooks, whose own record tells its status. It is looked at here only while
        taking those over is switched off, or as long as nobody knew."""
        return self.claims.records.origin_of(key.connection, "hubspot", Kind.INVOICE, key.origin_id) is not None

    def show(self, workspace: Workspace, statuses: Mapping[str, ShownStatus]) -> Collection[str]:
        """On the HubSpot invoices."""
        return workspace.crm.show_statuses(statuses)


def _left_alone(work: InvoiceWork) -> Skip | None:
    record = work.record
    if record.left_alone is None:
        return None
    if work.by_person:
        work.held.record = replace(record, left_alone=None)
        return None
    return Skip(BY_HAND, record.left_alone.note)


def _note(work: InvoiceWork, plan: Adopt | Nothing | Skip | Gone | Attend) -> None:
    """A plan that writes nothing to the ledger, as the record's new state; stored when the record is released."""
    record = work.record
    if isinstance(plan, Adopt | Nothing) and plan.fields is not None:
        link = as_sent(record.link, plan.fields) if record.link else None
        record = replace(record, fields=plan.fields, link=link)
    match plan:
        case Attend():
            if plan.code == AttentionCode.ADOPTION_UNCLEAR:
                # The reason goes with the next look that has another one, such as a setting that is off for a while.
                record = replace(record, unclear=plan.detail)
            record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail, conflict=plan.conflict)
        case Gone():
            conflict = deleted_in_quickbooks(record.link) if record.link else None
            record = record.to(State.DELETED_IN_LEDGER, reason="deleted_in_quickbooks", conflict=conflict)
        case Skip() if plan == SWITCHED_OFF and record.link is not None:
            # What HubSpot says meanwhile must still reach the books when it is switched on again.
            raise Postponed(reason="switched_off", retry_after=SWITCHED_OFF_PAUSE)
        case Skip() if plan.reason == "deleted" and record.state is State.VOIDED:
            # Voided by us because it was deleted: that is still what a person should read.
            record = record.to(State.VOIDED, detail=record.detail)
        case Skip():
            record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
        case Adopt():
            record = agreed(_adopted(record, plan), plan.agreement)
        case Nothing():
            voided = isinstance(work.source, SourceInvoice) and work.source.status is InvoiceStatus.VOIDED
            if record.link and plan.references:
                record = replace(record, link=replace(record.link, references=plan.references))
            record = record.to(State.VOIDED, detail=VOIDED_TEXT) if voided else agreed(record, plan.agreement)
    work.held.record = record


def _adopted(record: SyncRecord, plan: Adopt) -> SyncRecord:
    if record.link is None:
        return record
    present = plan.present
    link = replace(
        record.link,
        sync_token=present.sync_token,
        number=present.content.number,
        sent=plan.content,
        written=take_off(as_written(present.content, plan.content, record.link.written), plan.accepted),
        total=present.total,
        ledger_updated_at=present.updated_at,
        references=plan.references or record.link.references,
        rejected="",
    )
    return replace(record, link=link, accepted=plan.accepted)
