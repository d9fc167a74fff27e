"""What a person changed in HubSpot of an invoice from QuickBooks, as a choice between both sides' values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from tieout.domain.company import LedgerCompany
from tieout.domain.conflict import Conflict, Difference, Side, mark
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.mirrored_invoice import MirrorContent, StandingMirror
from tieout.domain.planning.content import MAX_MEMO, MAX_NUMBER
from tieout.domain.planning.mirror_edits import (
    COMMENTS,
    DUE_DATE,
    INVOICE_DATE,
    NUMBER,
    Edit,
    plain,
    value_of,
)
from tieout.domain.planning.plan import Attend, Change
from tieout.domain.planning.totals import period_closed

# What HubSpot's invoice says beside its money, and the attribute of the QuickBooks invoice's content that it is.
_WRITABLE: Mapping[str, str] = {
    NUMBER: "number",
    INVOICE_DATE: "invoice_date",
    DUE_DATE: "due_date",
    COMMENTS: "memo",
}
_NOT_FOR_QUICKBOOKS = (
    "HubSpot's {} cannot be taken: QuickBooks bills this invoice. Where HubSpot is right, change it in QuickBooks; it "
    "follows then."
)
_DELETED_THERE = "Nothing is deleted in QuickBooks for you: void or delete the invoice there, or ignore it."
_GONE_HERE = "QuickBooks has no such invoice any more: enter it anew there, or ignore this one."


def edited_here(
    found: Sequence[Edit], wanted: MirrorContent, standing: StandingMirror, company: LedgerCompany | None = None
) -> Conflict | None:
    """The choice about what was `found` to be changed in HubSpot; None when nothing was. `company` None: not known, so
    nothing is written to QuickBooks."""
    if not found:
        return None
    differences = tuple(Difference(one.field, one.change.after, value_of(wanted, one.field)) for one in found)
    marks = tuple(mark(one.field, part, value_of(wanted, one.field)) for one in found for part in one.parts)
    stuck = [one.field for one in found if not _can_be_written(one.field, standing, company)]
    if not stuck:
        return Conflict(differences, marks)
    return Conflict(differences, marks, (Side.QUICKBOOKS,), _NOT_FOR_QUICKBOOKS.format(", ".join(stuck)))


def deleted_here(wanted: MirrorContent) -> Conflict:
    """The choice about an invoice that stands in QuickBooks and whose HubSpot invoice was deleted."""
    there = f"{wanted.total}, {wanted.status}"
    return Conflict((Difference("invoice", "deleted", there),), (mark("deleted"),), (Side.QUICKBOOKS,), _DELETED_THERE)


def gone_there(shown: MirrorContent, word: str, edited: Conflict | None) -> Conflict:
    """The choice about an invoice that HubSpot shows and that is `word` (deleted, voided) in QuickBooks; `edited`: what
    somebody changed in HubSpot besides, which gives way with it."""
    here = Difference("invoice", f"{shown.total}, {shown.status}", word)
    differences, marks = (edited.differences, edited.marks) if edited else ((), ())
    return Conflict((here, *differences), (mark(word), *marks), (Side.QUICKBOOKS,), _GONE_HERE)


def carried_back(
    source: LedgerInvoice, standing: StandingMirror, fields: Sequence[str], company: LedgerCompany
) -> tuple[InvoiceContent, tuple[Change, ...]] | Attend:
    """What QuickBooks is to say when HubSpot's values of `fields` are taken, and what changes there; attention where
    the books are closed."""
    values = {_WRITABLE[one]: _VALUES[one](standing) for one in fields}
    content = replace(source.content, **values)  # type: ignore[arg-type]
    closed_through = company.books_closed_through
    for day in (source.content.invoice_date, content.invoice_date):
        if closed_through is not None and day <= closed_through:
            return period_closed(day, closed_through)
    names = {attribute: field for field, attribute in _WRITABLE.items()}
    changes = tuple(
        Change(names[one], str(getattr(source.content, one) or ""), str(value or "")) for one, value in values.items()
    )
    return content, changes


def _can_be_written(field: str, standing: StandingMirror, company: LedgerCompany | None) -> bool:
    if company is None or field not in _WRITABLE:
        return False
    value = _VALUES[field](standing)
    match field:
        case _ if field == NUMBER:
            return company.custom_numbers and bool(value) and len(str(value)) <= MAX_NUMBER
        case _ if field == COMMENTS:
            return len(str(value or "")) <= MAX_MEMO
        case _:
            return value is not None


_VALUES: Mapping[str, Callable[[StandingMirror], str | date | None]] = {
    NUMBER: lambda standing: standing.number,
    INVOICE_DATE: lambda standing: standing.invoice_date,
    DUE_DATE: lambda standing: standing.due_date,
    COMMENTS: lambda standing: plain(standing.memo) or None,
}
