"""Dry run for invoices that are born in QuickBooks: what showing them in HubSpot would do now, with nothing done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.invoice_mirror import CarryBack, InvoiceCase, plan_invoice_mirror
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import Records, Workspace
from tieout.services.backfill import Planned, Step
from tieout.services.backfill_told import shown
from tieout.services.pull_invoices import products_of


def preview_mirror(workspace: Workspace, records: Records, invoice_id: str, *, by_person: bool = False) -> Planned:
    """What a look at the QuickBooks invoice `invoice_id` would do; `by_person`: what a retry would do. Raises the
    errors of the reads."""
    key = RecordKey(workspace.connection.id, Kind.INVOICE, "quickbooks", invoice_id)
    record, source = records.get(key) or SyncRecord(key), workspace.ledger.invoices([invoice_id]).get(invoice_id)
    [planned] = preview_mirrors(workspace, [(record, source)], by_person=by_person, in_full=True)
    return planned


def preview_mirrors(
    workspace: Workspace,
    documents: Sequence[tuple[SyncRecord, LedgerInvoice | None]],
    *,
    by_person: bool = False,
    in_full: bool = False,
) -> list[Planned]:
    """What a look at each of these would do, in order: the record, an empty one where there is none, and the invoice
    as it stands (None: deleted). Company, contact and products of a new one are looked for when it is written;
    `in_full`: of what is new, every field is told. HubSpot is read in grouped calls; raises their errors."""
    far_ids = {link.far_id for record, _ in documents if (link := record.link) is not None and link.mirror is not None}
    standing = workspace.crm.mirrors(far_ids) if far_ids else {}
    new = (source for record, source in documents if record.link is None and source is not None)
    numbers = {source.content.number for source in new if source.content.number}
    synced = workspace.crm.synced_invoices(numbers) if numbers else {}
    planned = []
    for record, source in documents:
        link = record.link
        number = source.content.number if source is not None and link is None else None
        case = InvoiceCase(
            connection=workspace.connection.id,
            source=source,
            link=link,
            standing=standing.get(link.far_id) if link is not None else None,
            products=products_of(link),
            synced=synced.get(number or "", ()),
            by_person=by_person,
            decision=record.decision,
            company=workspace.ledger.company() if link is not None else None,
            taken_in=bool(record.run),
        )
        plan = plan_invoice_mirror(case, workspace.settings)
        told = shown(record, source, plan, in_full=in_full)
        if isinstance(plan, CarryBack):
            far_id = link.far_id if link is not None else ""
            told = replace(told, step=Step.UPDATE, changes=plan.changes, far_id=far_id)
        planned.append(told)
    return planned
