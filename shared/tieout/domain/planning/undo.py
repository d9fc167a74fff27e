"""Taking back what Tieout made in the ledger: which documents, in which order, and what must not be touched.

An invoice and the payments and refunds that Tieout posted for it are taken back together or not at all, newest first:
refunds, then their payment, then the invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from tieout.domain.invoice import LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerPayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.difference import changes
from tieout.domain.planning.payment_plan import Standing
from tieout.domain.planning.receipt import INVOICE
from tieout.domain.planning.standing import as_content, posting_changes, written_as
from tieout.domain.posting import Posting
from tieout.domain.record import RecordKey, SyncRecord

INVOICE_DOCUMENT = "invoice"
"""How an invoice is called where a payment's document bears its `Document`."""

# QuickBooks cannot void these, only delete them (Intuit: refund receipt, credit memo, purchase).
_DELETED = frozenset({Document.REFUND_RECEIPT, Document.CREDIT_MEMO, Document.EXPENSE})
_PAYMENT = "Payment"
# What Tieout may leave open, as people call it.
_OPEN = {"account_id": "account", "method_id": "payment method", "reference": "reference"}


class Hindrance(StrEnum):
    """Why nothing of it is taken back."""

    NOT_MADE_BY_TIEOUT = "not_made_by_tieout"
    PAID = "paid"
    APPLIED_ELSEWHERE = "applied_elsewhere"
    DEPOSITED = "deposited"
    PERIOD_CLOSED = "period_closed"
    EDITED = "edited"
    BUSY = "busy"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is taken back; `detail` says why in words."""

    why: Hindrance
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """One document that is taken back. `deletes`: it is deleted, because its kind cannot be voided. `posting` is what
    the record of a payment remembers of it, None for an invoice."""

    key: RecordKey
    document: str
    far_id: str
    amount: Money
    day: date
    deletes: bool
    posting: Posting | None = None


@dataclass(frozen=True, slots=True)
class InvoiceCase:
    """`made`: the trail says that Tieout created the linked document. `present` is how it stands, None: deleted."""

    record: SyncRecord
    made: bool
    present: LedgerInvoice | None


@dataclass(frozen=True, slots=True)
class MoneyCase:
    """A payment's record, and its documents as they stand, by `place`; those that were deleted are absent."""

    record: SyncRecord
    present: Mapping[tuple[str, str], Standing]


def place(posting: Posting) -> tuple[str, str]:
    """Kind and id of a payment's document in the ledger."""
    return posting.sent.document.holder_kind, posting.far_id


def plan_undo(invoice: InvoiceCase | None, money: Sequence[MoneyCase], books: Books) -> tuple[Step, ...] | Refused:
    """What is taken back, newest first; empty when nothing of it stands. `money` are the payments of the invoice (or,
    without one, a payment by itself), the latest last."""
    steps: list[Step] = []
    of_invoice = {invoice.record.link.far_id} if invoice and invoice.record.link else None
    for case in reversed(money):
        for posting in reversed(case.record.postings):
            present = case.present.get(place(posting))
            if posting.voided or present is None or present.voided:
                continue
            found = _of_money(case.record, posting, present, of_invoice, books)
            if isinstance(found, Refused):
                return found
            steps.append(found)
    if invoice is not None:
        last = _of_invoice(invoice, {step.far_id for step in steps if step.document == Document.PAYMENT}, books)
        if isinstance(last, Refused):
            return last
        steps += [last] if last else []
    return tuple(steps)


def _of_money(
    record: SyncRecord, posting: Posting, present: Standing, invoices: Collection[str] | None, books: Books
) -> Step | Refused:
    name = f"{posting.sent.document.value.replace('_', ' ')} {posting.far_id}"
    if posting.entered:
        return Refused(Hindrance.NOT_MADE_BY_TIEOUT, f"Somebody entered QuickBooks {name}; Tieout only adopted it.")
    if present.deposited:
        return Refused(Hindrance.DEPOSITED, f"QuickBooks {name} is on a bank deposit: remove it there first.")
    if books.closed(present.day):
        return Refused(Hindrance.PERIOD_CLOSED, _closed(name, present.day, books))
    edited = "; ".join(_edits(posting, present))
    if edited:
        return Refused(Hindrance.EDITED, f"Somebody changed QuickBooks {name}: {edited}.")
    others = [one for one in _applied(present) if invoices is not None and one not in invoices]
    if others:
        told = f"QuickBooks {name} also pays invoice {', '.join(others)}: undo the payment by itself first."
        return Refused(Hindrance.APPLIED_ELSEWHERE, told)
    deletes = posting.sent.document in _DELETED
    return Step(record.key, posting.sent.document, posting.far_id, present.total, present.day, deletes, posting)


def _edits(posting: Posting, present: Standing) -> Iterator[str]:
    """What is not as Tieout wrote it, what the document is applied to included. What Tieout left open is compared with
    the ledger's own answer, where that is known: a person may have filled it in."""
    written, stands = written_as(posting), as_content(present, posting.sent)
    found = {one.field: (one.before, one.after) for one in posting_changes(written, stands)}
    if posting.written is not None and posting.updated_at is not None:
        for name, label in _OPEN.items():
            before, after = getattr(written, name), getattr(stands, name)
            if before != after:
                found.setdefault(label, (before or "", after or ""))
    yield from (f"{field} {before or '-'} is {after or '-'}" for field, (before, after) in found.items())
    meant = {(one.type, one.far_id): one.amount for one in (*written.allocations, *posting.sent.allocations)}
    for one in stands.allocations:
        if meant.get((one.type, one.far_id)) != one.amount:
            yield f"it pays {one.amount} of {one.type} {one.far_id}"


def _applied(present: Standing) -> list[str]:
    allocations = present.allocations if isinstance(present, LedgerPayment) else ()
    return [one.far_id for one in allocations if one.type == INVOICE]


def _of_invoice(case: InvoiceCase, payments: Collection[str], books: Books) -> Step | Refused | None:
    record, link, present = case.record, case.record.link, case.present
    if record.key.origin_system != "hubspot":
        return Refused(Hindrance.NOT_MADE_BY_TIEOUT, "The invoice was born in QuickBooks.")
    if link is None or present is None or present.voided:
        return None
    name = f"invoice {link.number or link.far_id}"
    if not case.made:
        told = f"The trail does not say that Tieout made QuickBooks {name}: it was there before."
        return Refused(Hindrance.NOT_MADE_BY_TIEOUT, told)
    others = [f"{type_} {id_}" for type_, id_ in present.settlements if type_ != _PAYMENT or id_ not in payments]
    if others or (present.settled_by and not present.settlements):
        told = f"QuickBooks {name} is paid by {', '.join(others) or ', '.join(present.settled_by)}, not by Tieout."
        return Refused(Hindrance.PAID, told)
    if books.closed(present.content.invoice_date):
        return Refused(Hindrance.PERIOD_CLOSED, _closed(name, present.content.invoice_date, books))
    edited = _edited(record, present)
    if edited:
        return Refused(Hindrance.EDITED, f"Somebody changed QuickBooks {name}: {edited}.")
    return Step(record.key, INVOICE_DOCUMENT, link.far_id, present.total, present.content.invoice_date, deletes=False)


def _edited(record: SyncRecord, present: LedgerInvoice) -> str:
    link = record.link
    if record.accepted is not None:
        return "values of QuickBooks were taken over"
    if link is None or link.written is None:
        return ""
    found = [f"{one.field} {one.before or '-'} is {one.after or '-'}" for one in changes(link.written, present.content)]
    if link.total is not None and link.total != present.total and not found:
        found.append(f"total {link.total} is {present.total}")
    return "; ".join(found)


def _closed(name: str, day: date, books: Books) -> str:
    return f"QuickBooks {name} is dated {day}, books closed through {books.company.books_closed_through}."


def without(case: MoneyCase, steps: Collection[Step]) -> MoneyCase:
    """The case as it stands when these steps were carried out."""
    gone = {(Document(step.document).holder_kind, step.far_id) for step in steps if step.posting is not None}
    postings = tuple(replace(one, voided=True) if place(one) in gone else one for one in case.record.postings)
    present = {where: one for where, one in case.present.items() if where not in gone}
    return MoneyCase(replace(case.record, postings=postings), present)
