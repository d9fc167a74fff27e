"""The card of one invoice, payment or refund: what Tieout knows and did, and on demand what stands on both sides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import partial

from tieout.console import deeds, links
from tieout.console.desk import Desk
from tieout.console.explaining import NEEDS_A_PERSON, told, unreadable_told
from tieout.console.language import message
from tieout.console.plan_told import PlanTold, plan_told, planned_told
from tieout.console.routing import Page, changes, shows
from tieout.console.side_by_side import lines_of
from tieout.console.visit import Visit
from tieout.console.web import NotFound, Reply
from tieout.console.words import CALLED, DOCUMENTS, HEALTHS, SOURCES, STATES, STATUSES, TONES
from tieout.domain.errors import NotInLedger
from tieout.domain.invoice import LedgerInvoice, UnreadableInvoice
from tieout.domain.money import Money
from tieout.domain.payment import Document
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object
from tieout.domain.register import Register, health_of, register_of
from tieout.ports import Workspace
from tieout.services import decisions
from tieout.services.card import Card, Sides, card_of, compare, document_url, pdf_of

# The reply of a Lambda function has at most 6 MB, and base64 takes a third of it.
_LARGEST_PDF = 4_000_000
_ASKED = message("It will be looked at again in a moment. Reload the page to see what became of it.")
_BUSY = message("Tieout is working on it just now, so there is nothing to ask for. Reload the page in a moment.")
_NO_PDF = message("There is no PDF: the invoice is not in QuickBooks.")
_LARGE_PDF = message("The PDF is too large to be shown here. Open the invoice in QuickBooks.")
_UNREADABLE = message("HubSpot's values make no sense: {reason}")
_REGISTERS = {Kind.INVOICE: Register.INVOICES, Kind.PAYMENT: Register.PAYMENTS, Kind.REFUND: Register.PAYMENTS}


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of an invoice, or a document of a payment. `card` leads to its own card, `url` into QuickBooks."""

    name: str
    day: date | None
    amount: Money | None
    source: str
    status: str
    card: str = ""
    url: str = ""


def show(desk: Desk, visit: Visit) -> Reply:
    """The card. HubSpot and QuickBooks are asked only when somebody wants to compare."""
    card = _card(desk, visit)
    workspace = desk.workspace(visit.here.id)
    compared = visit.request.query.one("compare") == "now"
    sides = compare(workspace, desk.records, desk.assessor, card, visit.trace_id) if compared else None
    record = card.record
    return visit.draw(
        "record.html",
        card=card,
        record=record,
        about=record.about,
        health=health_of(record.state),
        healths=HEALTHS,
        tones=TONES,
        states=STATES,
        statuses=STATUSES,
        called=CALLED[record.key.kind],
        documents=DOCUMENTS,
        told=told(visit.language, record),
        deed=partial(deeds.told, visit.language),
        decide_url=links.decide_url(visit, record.key) if record.state in NEEDS_A_PERSON else "",
        money=_payments(visit, workspace, card, sides) if record.key.kind is Kind.INVOICE else _posted(workspace, card),
        unread=unreadable_told(visit.language, card.unreadable),
        sides=sides,
        unreadable=_unreadable(visit, sides),
        lines=lines_of(card, sides),
        plan=_plan(visit, sides),
        hubspot_url=links.hubspot_url(visit, record.key.kind, card.hubspot_id),
        quickbooks_url=_quickbooks_url(workspace, card),
        in_quickbooks=_standing(sides.present) if sides and sides.present else "",
        retries=own_hint_object(record.key) is not None,
        has_pdf=record.key.kind is Kind.INVOICE and card.quickbooks_id is not None,
        register=_REGISTERS[record.key.kind].value,
    )


def retry(desk: Desk, visit: Visit) -> Reply:
    """Have it looked at again."""
    key = _key(visit)
    if desk.records.get(key) is None:
        raise NotFound
    busy = decisions.retry(desk.records, desk.hints, desk.clock, [key], visit.actor, visit.trace_id)
    text, tone = (_BUSY, "warning") if busy else (_ASKED, "ok")
    return visit.back(links.card_url(visit, key), visit.say(text), tone)


def pdf(desk: Desk, visit: Visit) -> Reply:
    """The invoice as its customer sees it, read from QuickBooks now; nothing of it is kept."""
    card = _card(desk, visit)
    try:
        content = pdf_of(desk.workspace(visit.here.id), card)
    except NotInLedger:
        return visit.back(links.card_url(visit, card.record.key), visit.say(_NO_PDF), "warning")
    if len(content) > _LARGEST_PDF:
        return visit.back(links.card_url(visit, card.record.key), visit.say(_LARGE_PDF), "warning")
    name = (
        re.sub(r"[^A-Za-z0-9._-]+", "-", card.record.label or card.record.key.origin_id).strip("-.")[:60] or "invoice"
    )
    return Reply(200, content, "application/pdf", {"Content-Disposition": f'attachment; filename="{name}.pdf"'})


def _key(visit: Visit) -> RecordKey:
    """The record that the address names. Raises NotFound for what stands in no register."""
    values = visit.values
    try:
        key = RecordKey(visit.here.id, Kind(values["kind"]), values["system"], values["id"])
    except ValueError:
        raise NotFound from None
    if register_of(key) is None:
        raise NotFound
    return key


def _card(desk: Desk, visit: Visit) -> Card:
    found = card_of(desk.records, desk.registers, _key(visit))
    if found is None:
        raise NotFound
    return found


def _payments(visit: Visit, workspace: Workspace, card: Card, sides: Sides | None) -> list[Paid]:
    found = [_payment(visit, workspace, one) for one in card.payments]
    known = {one.key.origin_id for one in card.payments} | {
        posting.far_id for one in card.payments for posting in one.postings
    }
    for receipt in sides.receipts.values() if sides else ():
        if receipt.id not in known:
            url = workspace.ledger.document_url(Document.PAYMENT, receipt.id)
            found.append(Paid(receipt.id, receipt.day, receipt.total, SOURCES["quickbooks"], "", url=url))
    return sorted(found, key=lambda one: one.day or date.min, reverse=True)


def _payment(visit: Visit, workspace: Workspace, record: SyncRecord) -> Paid:
    about = record.about
    live = [one for one in record.postings if not one.voided]
    if record.key.origin_system == "quickbooks" and record.key.kind is Kind.PAYMENT:
        url = workspace.ledger.document_url(Document.PAYMENT, record.key.origin_id)
    else:
        url = document_url(workspace, live[0]) if live else ""
    return Paid(
        record.label or record.key.origin_id,
        about.day if about else None,
        about.total if about else None,
        SOURCES.get(about.source, about.source) if about else "",
        STATUSES.get(about.status, about.status) if about and about.status else HEALTHS[health_of(record.state)],
        links.card_url(visit, record.key),
        url,
    )


def _posted(workspace: Workspace, card: Card) -> list[Paid]:
    return [
        Paid(
            one.far_id,
            one.sent.day,
            one.sent.amount,
            DOCUMENTS[one.sent.document],
            message("Taken back") if one.voided else message("Posted"),
            url=document_url(workspace, one),
        )
        for one in card.record.postings
    ]


def _quickbooks_url(workspace: Workspace, card: Card) -> str:
    key = card.record.key
    if key.kind is Kind.INVOICE:
        return links.quickbooks_invoice_url(workspace, card.quickbooks_id)
    if key.origin_system != "quickbooks":
        return ""
    kind = Document.PAYMENT if key.kind is Kind.PAYMENT else Document.REFUND_RECEIPT
    return workspace.ledger.document_url(kind, key.origin_id)


def _plan(visit: Visit, sides: Sides | None) -> PlanTold | None:
    """What would be done now; None where nobody asked, or where there is no dry run."""
    if sides is None:
        return None
    if sides.planned is not None:
        return planned_told(visit, sides.planned)
    return plan_told(visit, sides.plan) if sides.plan is not None else None


def _unreadable(visit: Visit, sides: Sides | None) -> str:
    source = sides.source if sides is not None else None
    return visit.say(_UNREADABLE, reason=source.reason) if isinstance(source, UnreadableInvoice) else ""


def _standing(invoice: LedgerInvoice) -> str:
    """QuickBooks' invoice in one of the words of `STATUSES`; one that is void has balance 0, too."""
    if invoice.voided:
        return "voided"
    if invoice.balance.amount == 0 and invoice.total.amount > 0:
        return "paid"
    return "partly_paid" if invoice.balance.amount < invoice.total.amount else "open"


_PATH = "/record/{kind}/{system}/{id}"
PAGE = Page(
    "record",
    (shows(_PATH, show), shows(f"{_PATH}/pdf", pdf), changes(f"{_PATH}/retry", retry)),
)
