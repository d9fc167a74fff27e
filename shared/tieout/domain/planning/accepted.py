"""QuickBooks' values that a person took, laid over what HubSpot says, for as long as both sides say what they said."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from tieout.domain.conflict import Accepted
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.record import SyncRecord

LINES, TOTAL = "lines", "total"
_CUSTOM = "custom field "
_HEADS = {
    "customer": "customer_id",
    "number": "number",
    "invoice date": "invoice_date",
    "due date": "due_date",
    "memo": "memo",
    "e-mail": "email",
    "discount": "discount",
    "terms": "terms_id",
    "tax calculation": "tax_calculation",
    "tax code": "tax_code",
    LINES: "lines",
}
"""The content's attribute by the name under which `difference.changes` tells of it."""


def can_be_accepted(field: str) -> bool:
    """Whether a field of this name may keep QuickBooks' value. The currency may not: amounts of two currencies are
    never compared."""
    return field in _HEADS or field == TOTAL or field.startswith(_CUSTOM)


def still_accepted(accepted: Accepted | None, desired: InvoiceContent, present: LedgerInvoice) -> Accepted | None:
    """What of `accepted` still holds: fields of which neither side changed its value since."""
    if accepted is None:
        return None
    kept = tuple(one for one in accepted.fields if _holds(one, accepted, desired, present))
    return replace(accepted, fields=kept) if kept else None


def lay_over(content: InvoiceContent, accepted: Accepted | None) -> InvoiceContent:
    """`content` with QuickBooks' values in the accepted fields."""
    return content if accepted is None else _with(content, accepted.quickbooks, accepted.fields)


def take_off(content: InvoiceContent, accepted: Accepted | None) -> InvoiceContent:
    """`content` with HubSpot's values in the accepted fields. What was sent and written is remembered like this, so
    that an accepted value counts as a person's change of that field for ever: it is never overwritten unasked."""
    return content if accepted is None else _with(content, accepted.hubspot, accepted.fields)


def accept(
    kept: Accepted | None, fields: Iterable[str], desired: InvoiceContent, present: LedgerInvoice, decided: Accepted
) -> Accepted:
    """`decided` (by whom and when) with these fields besides those that are `kept`, without a total of before."""
    before = [one for one in kept.fields if one != TOTAL] if kept else []
    names = tuple(dict.fromkeys((*before, *fields)))
    here, there = replace(desired, billed=desired.billed or desired.total), present.content
    if LINES not in names:
        # They would only fill the record.
        here, there = replace(here, lines=()), replace(there, lines=())
    return replace(decided, fields=names, hubspot=here, quickbooks=there, total=present.total)


def as_answered(accepted: Accepted | None, answered: InvoiceContent) -> Accepted | None:
    """`accepted` after the ledger answered a write of ours: what it made of an accepted text is no person's change. The
    total is not renewed: another one was not accepted."""
    if accepted is None:
        return None
    lines = answered.lines if LINES in accepted.fields else ()
    return replace(accepted, quickbooks=replace(answered, lines=lines))


def total_accepted(accepted: Accepted | None, billed: Money, total: Money) -> bool:
    """Whether a person took `total` although HubSpot billed `billed`."""
    return (
        accepted is not None
        and TOTAL in accepted.fields
        and accepted.total == total
        and accepted.hubspot.billed == billed
    )


def standing_content(record: SyncRecord) -> InvoiceContent | None:
    """What stands in the ledger of an invoice, as far as Tieout wrote it or a person's value was taken."""
    sent = record.link.sent if record.link else None
    return None if sent is None else lay_over(sent, record.accepted)


def without(fields: Collection[str], accepted: Accepted | None) -> set[str]:
    """`fields` but for those that are accepted."""
    names = set(accepted.fields) if accepted else set()
    return {one for one in fields if one not in names and not (one.startswith("line ") and LINES in names)}


def _holds(field: str, accepted: Accepted, desired: InvoiceContent, present: LedgerInvoice) -> bool:
    if field == TOTAL:
        return total_accepted(accepted, desired.billed or desired.total, present.total)
    then = value_of(accepted.hubspot, field), value_of(accepted.quickbooks, field)
    return then == (value_of(desired, field), value_of(present.content, field))


def value_of(content: InvoiceContent, field: str) -> object:
    """The value of a field that can be accepted, the total excepted."""
    if field.startswith(_CUSTOM):
        return dict(content.custom_fields).get(field.removeprefix(_CUSTOM), "")
    return getattr(content, _HEADS[field])


def _with(content: InvoiceContent, values: InvoiceContent, fields: Collection[str]) -> InvoiceContent:
    heads: dict[str, Any] = {_HEADS[one]: getattr(values, _HEADS[one]) for one in fields if one in _HEADS}
    custom = {one.removeprefix(_CUSTOM): str(value_of(values, one)) for one in fields if one.startswith(_CUSTOM)}
    texts = tuple((id_, custom.get(id_, text)) for id_, text in content.custom_fields)
    return replace(content, **heads, custom_fields=texts)
