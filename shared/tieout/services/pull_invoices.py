"""QuickBooks invoice -> HubSpot: what the worker behind the invoice_pull queue does with an invoice born there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.about import About, about_ledger_invoice
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import Postponed
from tieout.domain.hint import Hint, HintObject
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.mirrored_invoice import Mirror, StandingMirror, SyncedInvoice
from tieout.domain.planning.fields import FieldsPlan
from tieout.domain.planning.invoice_mirror import (
    PULL_SWITCHED_OFF,
    AdoptMirror,
    CarryBack,
    CreateMirror,
    FillMirror,
    InvoiceCase,
    InvoiceMirrorPlan,
    NoteMirror,
    plan_invoice_mirror,
)
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.domain.status import ShownStatus, shown_status
from tieout.ports import Workspace, Workspaces
from tieout.services.carrying_back import CarryingBack, of_quickbooks
from tieout.services.claims import Claims
from tieout.services.intents import SWITCHED_OFF_PAUSE
from tieout.services.mirror_parties import MirrorParties
from tieout.services.mirrored_fields import (
    MirroredFields,
    asked_with_fields,
    of_fields,
    plan_mirrored_fields,
    remembering,
)
from tieout.services.outcome import Outcome
from tieout.services.paid import Paid
from tieout.services.parking import passing
from tieout.services.settling import Beside
from tieout.services.showing_invoices import MirroredInvoiceWriter, shown_as
from tieout.services.work import Seen, Work
from tieout.services.worker import Worker

PullWork = Work[LedgerInvoice]


@dataclass(frozen=True, slots=True)
class PlannedMirror:
    """A plan, the mirror as it stood when it was made, by when a further write may be begun, and what becomes of pairs
    of fields (None: nothing)."""

    plan: InvoiceMirrorPlan
    standing: StandingMirror | None
    deadline: datetime | None
    fields: FieldsPlan | None = None


@dataclass(frozen=True, slots=True)
class PullInvoices:
    """The worker behind the invoice_pull queue, and what is particular to it (`worker.Job`). `beside` hangs on settled
    invoices, such as their deals."""

    workspaces: Workspaces
    claims: Claims
    writer: MirroredInvoiceWriter
    vendor_timeout: timedelta
    beside: Sequence[Beside[LedgerInvoice]] = ()

    def pull(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; see `Worker.work_off`."""
        worker: Worker[LedgerInvoice, PlannedMirror] = Worker(
            self.workspaces, self.claims, self, self.vendor_timeout, self.beside
        )
        return worker.work_off(hints, deadline)

    def key_of(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        """The QuickBooks invoice, unless it was made for a HubSpot invoice: of a pair only one record exists."""
        connection, records = workspace.connection.id, self.claims.records
        if hint.object is HintObject.MIRRORED_INVOICE:
            return records.origin_of(connection, "hubspot", Kind.INVOICE, hint.id)
        if records.origin_of(connection, "quickbooks", Kind.INVOICE, hint.id) is not None:
            return None
        return RecordKey(connection, Kind.INVOICE, "quickbooks", hint.id)

    def watches_ignored(self) -> bool:
        """No: it is left alone."""
        return False

    def verify(self, workspace: Workspace, work: PullWork) -> bool:
        """See `MirroredInvoiceWriter.verify`. A mirror that turns out to be another record's ends the look."""
        known = self._writer_of(work.record).verify(workspace, work.held)
        work.done = work.done or work.record.state is State.ATTENTION
        return known

    def _writer_of(self, record: SyncRecord) -> MirroredInvoiceWriter | CarryingBack | MirroredFields:
        if of_fields(record):
            return self._fields
        return self._returning if of_quickbooks(record) else self.writer

    def read(self, workspace: Workspace, works: Sequence[PullWork]) -> None:
        """The invoices, in one metered read per 100."""
        found = workspace.ledger.invoices([work.id for work in works])
        for work in works:
            work.source, work.read = found.get(work.id), True

    def about(self, _workspace: Workspace, work: PullWork) -> About | None:
        """See `about_ledger_invoice`."""
        return about_ledger_invoice(work.source) if work.source is not None else None

    def plan(
        self, workspace: Workspace, works: Sequence[PullWork], deadline: datetime | None
    ) -> Sequence[PlannedMirror | Exception]:
        """What stands in HubSpot is read in grouped calls; companies, contacts and products are looked for only where
        something new is to be written. What is paid is noted for those that have a mirror."""
        far_ids = {one.far_id for work in works if (one := work.record.link) is not None and one.mirror is not None}
        properties = {pair.hubspot for pair in workspace.settings.pairs}
        standing = workspace.crm.mirrors(far_ids, properties) if far_ids else {}
        asked = [work.source for work in works if work.by_person and work.source is not None]
        chosen = MirrorParties(self.claims.records, self.claims.clock).chosen(workspace, asked)
        cases = [replace(self._case(workspace, work, standing), chosen=chosen.get(work.id)) for work in works]
        plans = [plan_invoice_mirror(case, workspace.settings) for case in cases]
        new = [index for index, plan in enumerate(plans) if isinstance(plan, CreateMirror | FillMirror)]
        for index, case in zip(new, self._completed(workspace, [cases[i] for i in new]), strict=True):
            plans[index] = plan_invoice_mirror(case, workspace.settings)
        shown = [work for work, plan in zip(works, plans, strict=True) if not isinstance(plan, Skip)]
        looked = {work.id: work.source for work in shown if work.source is not None}
        Paid(self.claims).note(workspace, shown, looked)
        planned = (PlannedMirror(plan, case.standing, deadline) for plan, case in zip(plans, cases, strict=True))
        return [_with_fields(workspace, work, one) for work, one in zip(works, planned, strict=True)]

    def _case(self, workspace: Workspace, work: PullWork, standing: Mapping[str, StandingMirror]) -> InvoiceCase:
        link = work.record.link
        return InvoiceCase(
            connection=workspace.connection.id,
            source=work.source,
            link=link,
            standing=standing.get(link.far_id) if link else None,
            products=products_of(link),
            by_person=work.by_person,
            decision=work.record.decision,
            company=workspace.ledger.company() if link is not None else None,
            taken_in=bool(work.record.run),
        )

    def _completed(self, workspace: Workspace, cases: Sequence[InvoiceCase]) -> Sequence[InvoiceCase]:
        """With the HubSpot records that stand for theirs."""
        sources = [case.source for case in cases if case.source is not None]
        if not sources:
            return cases
        finder = MirrorParties(self.claims.records, self.claims.clock)
        anew = {case.source.id for case in cases if case.source is not None and case.by_person}
        parties, products = finder.parties(workspace, sources, anew), finder.products(workspace, sources, anew)
        numbers = {
            one.content.number
            for case in cases
            if case.link is None and (one := case.source) is not None and one.content.number
        }
        synced = workspace.crm.synced_invoices(numbers) if numbers else {}
        none: tuple[SyncedInvoice, ...] = ()
        return [
            case
            if case.source is None
            else replace(
                case,
                parties=parties[case.source.id],
                products={**({} if case.by_person else case.products), **products},
                synced=synced.get(case.source.content.number or "", none),
            )
            for case in cases
        ]

    def writes(self, plan: PlannedMirror) -> bool:
        """Creating and filling do."""
        carried = plan.fields is not None and bool(plan.fields.written)
        return carried or isinstance(plan.plan, CreateMirror | FillMirror | CarryBack)

    def carry_out(self, workspace: Workspace, work: PullWork, plan: PlannedMirror) -> None:
        """Write, or note what was decided. A new mirror is a draft first; lines, adjustments and status follow."""
        step = plan.plan
        if isinstance(step, CarryBack):
            self._carry_back(workspace, work, step, plan.deadline)
            return
        if isinstance(step, CreateMirror):
            created = self.writer.write(workspace, work.held, step)
            if created is None or work.record.state is State.ATTENTION:
                return
            if plan.deadline is not None and self.claims.clock.now() >= plan.deadline:
                raise Postponed(reason="out_of_time")
            step = FillMirror(created, step.content)
        if isinstance(step, FillMirror):
            self.writer.write(workspace, work.held, step)
        else:
            _note(work, step, plan.standing)
        if plan.fields is not None and work.record.state is State.SYNCED:
            self._carry_fields(workspace, work, plan.fields, plan.deadline)

    def _carry_fields(
        self, workspace: Workspace, work: PullWork, fields: FieldsPlan, deadline: datetime | None
    ) -> None:
        """What goes to QuickBooks; what goes to HubSpot is pending then, and written when the record is settled."""
        if not fields.written or work.source is None:
            work.held.record = remembering(work.record, fields)
            return
        if deadline is not None and self.claims.clock.now() >= deadline:
            raise Postponed(reason="out_of_time")
        work.source = self._fields.write(workspace, work.held, work.source, fields) or work.source

    def _carry_back(self, workspace: Workspace, work: PullWork, step: CarryBack, deadline: datetime | None) -> None:
        """QuickBooks first; what else differs from what it answers is shown in HubSpot then."""
        work.source = self._returning.write(workspace, work.held, step) or work.source
        if deadline is not None and self.claims.clock.now() >= deadline:
            raise Postponed(reason="out_of_time")
        [again] = self.plan(workspace, [work], deadline)
        if isinstance(again, Exception):
            raise again
        if not isinstance(again.plan, CarryBack):
            self.carry_out(workspace, work, again)

    @property
    def _returning(self) -> CarryingBack:
        return CarryingBack(self.claims, self.vendor_timeout)

    @property
    def _fields(self) -> MirroredFields:
        return MirroredFields(self.claims, self.vendor_timeout)

    def seen(self, work: PullWork) -> Seen | None:
        """A deleted invoice shows nothing."""
        source = work.source
        return Seen(source.content.number or source.id, source.updated_at) if source is not None else None

    def status(self, workspace: Workspace, work: PullWork) -> ShownStatus | None:
        """The status, when its HubSpot invoice shows another one."""
        record = work.record
        gone = record.reason in (AttentionCode.DELETED_IN_HUBSPOT, "deleted")
        if not workspace.settings.write_status_to_hubspot or record.link is None or passing(record) or gone:
            return None
        status = shown_status(record, workspace.ledger.invoice_url(record.key.origin_id))
        return status if status.fingerprint != record.shown else None

    def show(self, workspace: Workspace, statuses: Mapping[str, ShownStatus]) -> Collection[str]:
        """On the HubSpot invoices, which our records know; gives the ledger's ids of those that were refused."""
        connection = workspace.connection.id
        keys = [RecordKey(connection, Kind.INVOICE, "quickbooks", id_) for id_ in statuses]
        found = self.claims.records.get_many(keys)
        mirrors = {one.link.far_id: key.origin_id for key, one in found.items() if one.link is not None}
        refused = workspace.crm.show_statuses({far_id: statuses[id_] for far_id, id_ in mirrors.items()})
        return {mirrors[far_id] for far_id in refused} | (statuses.keys() - set(mirrors.values()))


def _with_fields(workspace: Workspace, work: PullWork, planned: PlannedMirror) -> PlannedMirror:
    """With the pairs of fields of an invoice whose HubSpot invoice is Tieout's; a person may have to decide them."""
    plan, settings, source = planned.plan, workspace.settings, work.source
    link = work.record.link
    shown = isinstance(plan, CreateMirror) or (link is not None and link.mirror is not None)
    edited = isinstance(plan, Attend) and plan.code is AttentionCode.EDITED_IN_HUBSPOT
    follows = edited or isinstance(plan, CreateMirror | FillMirror | NoteMirror | Nothing)
    if not settings.pairs or source is None or source.voided or not shown or not follows:
        return planned
    properties = None if isinstance(plan, CreateMirror) or not planned.standing else planned.standing.properties
    company, record = workspace.ledger.company(), work.record
    if isinstance(plan, Attend):
        asked = asked_with_fields(plan, record, source, properties or {}, settings, company)
        return replace(planned, plan=asked)
    found = plan_mirrored_fields(record, source, properties, settings, company, record.decision)
    return replace(planned, plan=found) if isinstance(found, Attend) else replace(planned, fields=found)


def products_of(link: Link | None) -> dict[str, str]:
    """What was found for the items of the mirror as it stands, so that nothing is looked for again."""
    lines = link.mirror.sent.lines if link is not None and link.mirror is not None else ()
    return {line.item_id: line.product_id for line in lines if line.item_id and line.product_id}


def _note(
    work: PullWork, plan: AdoptMirror | NoteMirror | Nothing | Skip | Attend, standing: StandingMirror | None
) -> None:
    """A plan that writes nothing, as the record's new state; stored when the record is released."""
    record = work.record
    if standing is not None and record.link is not None and record.link.mirror is not None:
        # The sweep need not tell again of what was seen just now.
        record = replace(record, link=replace(record.link, ledger_updated_at=standing.modified_at))
    match plan:
        case Attend():
            work.held.record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail, conflict=plan.conflict)
        case Skip() if plan == PULL_SWITCHED_OFF and record.link is not None:
            # What QuickBooks says meanwhile must still reach HubSpot when it is switched on again.
            raise Postponed(reason="switched_off", retry_after=SWITCHED_OFF_PAUSE)
        case Skip():
            work.held.record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
        case AdoptMirror():
            detail = "HubSpot's own data sync brought this invoice and looks after it."
            work.held.record = replace(record, link=Link(plan.far_id)).to(State.SYNCED, detail=detail)
        case NoteMirror() | Nothing():
            work.held.record = _agreed(record, plan)


def _agreed(record: SyncRecord, plan: NoteMirror | Nothing) -> SyncRecord:
    link = record.link
    if link is None or link.mirror is None:
        return record.to(State.SYNCED, detail=record.detail)
    content = plan.content if isinstance(plan, NoteMirror) else link.mirror.sent
    return shown_as(replace(record, link=replace(link, number=content.number, mirror=Mirror(content))), content)
