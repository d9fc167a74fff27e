"""Dry run for an invoice that is born in QuickBooks: what showing it in HubSpot would do now, with nothing done."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.mirrored_invoice import SyncedInvoice
from tieout.domain.planning.invoice_mirror import CarryBack, InvoiceCase, plan_invoice_mirror
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import Records, Workspace
from tieout.services.backfill import Planned, Step
from tieout.services.backfill_told import shown
from tieout.services.pull_invoices import products_of


def preview_mirror(workspace: Workspace, records: Records, invoice_id: str, *, by_person: bool = False) -> Planned:
    """What a look at the QuickBooks invoice `invoice_id` would do; `by_person`: what a retry would do. Company, contact
    and products of a new one are looked for when it is written. Raises the errors of the reads."""
    key = RecordKey(workspace.connection.id, Kind.INVOICE, "quickbooks", invoice_id)
    record = records.get(key) or SyncRecord(key)
    source, link = workspace.ledger.invoices([invoice_id]).get(invoice_id), record.link
    far_id = link.far_id if link is not None and link.mirror is not None else None
    number = source.content.number if source is not None and link is None else None
    synced: tuple[SyncedInvoice, ...] = ()
    if number:
        synced = workspace.crm.synced_invoices([number]).get(number, ())
    case = InvoiceCase(
        connection=workspace.connection.id,
        source=source,
        link=link,
        standing=workspace.crm.mirrors([far_id]).get(far_id) if far_id is not None else None,
        products=products_of(link),
        synced=synced,
        by_person=by_person,
        decision=record.decision,
        company=workspace.ledger.company() if link is not None else None,
        taken_in=bool(record.run),
    )
    plan = plan_invoice_mirror(case, workspace.settings)
    told = shown(record, source, plan, in_full=True)
    if isinstance(plan, CarryBack):
        return replace(told, step=Step.UPDATE, changes=plan.changes, far_id=link.far_id if link is not None else "")
    return told
