"""What a plan of either direction says to people, and whether anything is to be done."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, SyncError
from tieout.domain.invoice import InvoiceContent, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.mirrored_invoice import MirrorContent
from tieout.domain.planning.difference import changes
from tieout.domain.planning.invoice_mirror import OURS, AdoptMirror, CreateMirror, FillMirror, InvoiceMirrorPlan
from tieout.domain.planning.plan import Adopt, Attend, Change, Create, Gone, Plan, Skip, Update, Void
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.services.backfill import INTERNAL_ERROR, VENDOR_UNAVAILABLE, Planned, Step

AGREED = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE, State.VOIDED})


def pushed(
    record: SyncRecord,
    source: SourceInvoice | UnreadableInvoice | None,
    plan: Plan | Exception,
    *,
    in_full: bool = False,
) -> Planned:
    """Of a HubSpot invoice; `in_full`: with every field of a new one."""
    told = Planned(record.key, Step.IN_SYNC, number=record.label)
    if isinstance(source, SourceInvoice):
        party = source.company or source.contact
        told = replace(
            told,
            number=source.number or "",
            day=source.invoice_date,
            total=source.total,
            customer=party.name if party else "",
        )
    elif source is not None:
        told = replace(told, day=source.invoice_date)
    match plan:
        case Create():
            return replace(told, step=Step.CREATE, changes=_posted(plan.content) if in_full else ())
        case Update():
            return replace(told, step=Step.UPDATE, changes=plan.changes, far_id=plan.present.id)
        case Void():
            return replace(told, step=Step.VOID, far_id=plan.present.id)
        case Adopt():
            return replace(told, step=Step.NOTE, far_id=plan.present.id)
        case _:
            return _undone(record, told, plan)


def shown(
    record: SyncRecord, document: LedgerInvoice | None, plan: InvoiceMirrorPlan, *, in_full: bool = False
) -> Planned:
    """Of an invoice that was born in QuickBooks (None: it was deleted); `in_full`: with every field of a new one."""
    told = Planned(record.key, Step.IN_SYNC, number=record.label)
    if document is not None:
        told = of_document(record.key, Step.IN_SYNC, document)
    match plan:
        case CreateMirror():
            return replace(told, step=Step.CREATE, changes=_fields(None, plan.content) if in_full else ())
        case FillMirror():
            before = record.link.mirror.sent if record.link and record.link.mirror else None
            return replace(told, step=Step.UPDATE, far_id=plan.standing.id, changes=_fields(before, plan.content))
        case AdoptMirror():
            return replace(told, step=Step.ADOPT, far_id=plan.far_id, detail="HubSpot's own data sync brought it.")
        case Skip() if plan == OURS:
            return replace(told, step=Step.LEAVE, reason=plan.reason, detail=plan.detail)
        case _:
            return _undone(record, told, plan)


def _undone(record: SyncRecord, told: Planned, plan: object) -> Planned:
    match plan:
        case Attend():
            return _attention(record, told, plan.code, plan.detail)
        case NeedsAttention():
            return _attention(record, told, plan.code, plan.detail)
        case Gone():
            return _attention(record, told, AttentionCode.DELETED_IN_QUICKBOOKS, "")
        case Skip():
            return replace(told, step=Step.LEAVE, reason=plan.reason, detail=plan.detail)
        case SyncError():
            return replace(told, step=Step.WAIT, reason=VENDOR_UNAVAILABLE, detail=plan.detail)
        case Exception():
            return replace(told, step=Step.WAIT, reason=INTERNAL_ERROR, detail=type(plan).__name__)
        case _:
            settled = record.state in AGREED or record.version == 0
            return told if settled else replace(told, step=Step.NOTE)


def _attention(record: SyncRecord, told: Planned, code: str, detail: str) -> Planned:
    same = bool(record.run) and (record.state, record.reason, record.detail) == (State.ATTENTION, code, detail)
    return replace(told, step=Step.ATTENTION, reason=code, detail=detail, known=same)


def _posted(content: InvoiceContent) -> tuple[Change, ...]:
    """Every field of a new QuickBooks invoice that has a value."""
    nothing = InvoiceContent("", None, content.invoice_date, None, content.currency, ())
    return (Change("invoice date", "", f"{content.invoice_date}"), *changes(nothing, content))


def _fields(before: MirrorContent | None, after: MirrorContent) -> tuple[Change, ...]:
    """The fields of a HubSpot invoice that change; of a new one (None), every field that has a value."""
    told, was = _texts(after), _texts(before) if before is not None else {}
    names = dict.fromkeys((*told, *was))
    pairs = [(name, was.get(name, ""), told.get(name, "")) for name in names]
    return tuple(Change(name, old, new) for name, old, new in pairs if old != new)


def _texts(content: MirrorContent) -> dict[str, str]:
    """Company and contact are looked for when it is written."""
    lines = {
        f"line {position}": f"{line.name}: {line.quantity} x {line.unit_price}"
        for position, line in enumerate(content.lines, start=1)
    }
    heads = {
        "number": content.number or "",
        "status": content.status.value,
        "invoice date": f"{content.invoice_date}",
        "due date": f"{content.due_date}",
        "total": f"{content.total}",
        "discount": f"{content.discount}" if content.discount else "",
        "tax": f"{content.tax}" if content.tax else "",
        "memo": content.memo or "",
    }
    return heads | lines


def of_document(key: RecordKey, step: Step, document: LedgerInvoice) -> Planned:
    """What every plan says of a QuickBooks invoice."""
    content = document.content
    return Planned(
        key,
        step,
        number=content.number or document.id,
        day=content.invoice_date,
        total=document.total,
        customer=document.customer_name or content.customer_id,
    )
