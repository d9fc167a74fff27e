"""Deals and PDFs of invoices that were born in QuickBooks: what hangs on their HubSpot invoices."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.deal import DealInvoiceStatus, shown_of_ledger, shown_of_mirror, traces_of
from tieout.domain.planning.pdf import WantedPdf, version_of
from tieout.domain.settings import PdfTarget
from tieout.ports import Workspace
from tieout.services.deals import SettledInvoice
from tieout.services.work import Work


def of_mirrored(workspace: Workspace, work: Work[LedgerInvoice]) -> SettledInvoice | None:
    """The invoice with all that tells where it belongs, once its HubSpot invoice is there."""
    source, record = work.source, work.record
    if record.link is None or record.link.mirror is None:
        return None
    if source is None:
        was = shown_of_mirror(record, workspace.ledger.invoice_url(work.id))
        deleted = replace(was, status=DealInvoiceStatus.DELETED) if was is not None else None
        return SettledInvoice(record.link.far_id, deleted, record.on_deals) if deleted is not None else None
    shown = shown_of_ledger(source, workspace.ledger.invoice_url(source.id))
    if record.reason in (AttentionCode.DELETED_IN_HUBSPOT, "deleted"):
        return SettledInvoice(record.link.far_id, shown, record.on_deals)
    company = record.link.mirror.sent.company_id or ""
    traces = traces_of(source.content, workspace.settings.deal_field)
    return SettledInvoice(
        record.link.far_id, shown, record.on_deals, company, traces, source.estimates, anew=work.by_person
    )


def pdf_of_mirrored(workspace: Workspace, work: Work[LedgerInvoice]) -> WantedPdf | None:
    """Its PDF, on the company, contact or deals of its HubSpot invoice."""
    source, link, settings = work.source, work.record.link, workspace.settings
    if source is None or link is None or link.mirror is None:
        return None
    version = version_of(work.record, source)
    if not version:
        return None
    sent, number = link.mirror.sent, source.content.number or source.id
    match settings.pdf:
        case PdfTarget.COMPANY:
            kind, id_ = "companies", sent.company_id
        case PdfTarget.CONTACT:
            kind, id_ = "contacts", sent.contact_id
        case _:
            return WantedPdf(link.far_id, source.id, number, version, "deals", ())
    return WantedPdf(link.far_id, source.id, number, version, kind, (id_,)) if id_ else None
