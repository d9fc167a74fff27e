"""Dry run: the plan that a push would carry out, with nothing claimed, created, remembered or written."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.plan import Plan
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import Records, Workspace
from tieout.services.assess import Assessor, Case, Source


@dataclass(frozen=True, slots=True)
class Preview:
    """`record` None: Tieout has never looked at the invoice. `source` None: HubSpot has no such invoice.
    `present` is what stands in QuickBooks, where it was asked."""

    record: SyncRecord | None
    source: Source
    plan: Plan | Exception
    present: LedgerInvoice | None = None


def preview(
    workspace: Workspace,
    records: Records,
    assessor: Assessor,
    invoice_id: str,
    trace_id: str,
    *,
    by_person: bool = False,
) -> Preview:
    """What a push of the HubSpot invoice `invoice_id` would do now; `by_person`: what a retry would do.

    Raises the errors of the reads.
    """
    key = RecordKey(workspace.connection.id, Kind.INVOICE, "hubspot", invoice_id)
    record = records.get(key)
    source = workspace.crm.invoices([invoice_id], workspace.settings.needed_properties).get(invoice_id)
    case = Case(record or SyncRecord(key=key), source, look=True, by_person=by_person)
    looked: dict[str, LedgerInvoice] = {}
    plan = assessor.assess(workspace, [case], trace_id, dry=True, looked=looked)[0]
    return Preview(record, source, plan, next(iter(looked.values()), None))
