"""What differs between two contents of an invoice, in the fields that Tieout owns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tieout.domain.field_pairs import called
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.planning.plan import Change


def changes(before: InvoiceContent, after: InvoiceContent) -> tuple[Change, ...]:
    """The fields that Tieout owns and that differ, as texts for people.

    What `after` leaves open is not Tieout's and never differs: the number where the ledger numbers by itself, terms,
    tax codes, how tax is computed, and custom fields that it does not name. The exchange rate, HubSpot's total and the
    notice in the private note are no fields to compare.
    """
    return (*_heads(before, after), *_custom_fields(before, after), *_lines(before, after))


def filled_in(sent: InvoiceContent, answered: InvoiceContent) -> InvoiceContent:
    """`sent` with what it left open taken from `answered`: what the ledger fills in itself is no change of a person."""
    named = {id_ for id_, _ in sent.custom_fields}
    return replace(
        sent,
        number=sent.number or answered.number,
        due_date=sent.due_date or answered.due_date,
        terms_id=sent.terms_id or answered.terms_id,
        tax_calculation=sent.tax_calculation or answered.tax_calculation,
        tax_code=sent.tax_code or answered.tax_code,
        custom_fields=(*sent.custom_fields, *(one for one in answered.custom_fields if one[0] not in named)),
        lines=tuple(
            replace(line, tax_code=answered.lines[position].tax_code)
            if line.tax_code is None and position < len(answered.lines)
            else line
            for position, line in enumerate(sent.lines)
        ),
    )


def as_written(answered: InvoiceContent, sent: InvoiceContent, before: InvoiceContent | None) -> InvoiceContent:
    """`answered` as the state from which a person's changes are told. What `sent` left open stays what it was `before`:
    what a person entered there is still theirs when Tieout has something to say there later."""
    if before is None:
        return answered
    named = {id_ for id_, _ in sent.custom_fields}
    return replace(
        answered,
        terms_id=before.terms_id if sent.terms_id is None else answered.terms_id,
        tax_calculation=before.tax_calculation if sent.tax_calculation is None else answered.tax_calculation,
        custom_fields=tuple(
            sorted(
                [one for one in answered.custom_fields if one[0] in named]
                + [one for one in before.custom_fields if one[0] not in named]
            )
        ),
    )


def _heads(before: InvoiceContent, after: InvoiceContent) -> Iterator[Change]:
    for name, old, new in (
        ("customer", before.customer_id, after.customer_id),
        ("number", before.number, after.number or before.number),
        ("invoice date", before.invoice_date, after.invoice_date),
        ("due date", before.due_date, after.due_date),
        ("currency", before.currency, after.currency),
        ("memo", before.memo, after.memo),
        ("e-mail", before.email, after.email),
        ("discount", before.discount, after.discount),
        ("terms", before.terms_id, after.terms_id or before.terms_id),
        ("tax calculation", before.tax_calculation, after.tax_calculation or before.tax_calculation),
        ("tax code", before.tax_code, after.tax_code or before.tax_code),
    ):
        if old != new:
            yield Change(name, _text(old), _text(new))


def _custom_fields(before: InvoiceContent, after: InvoiceContent) -> Iterator[Change]:
    stand = dict(before.custom_fields)
    for id_, text in after.custom_fields:
        if stand.get(id_, "") != text:
            yield Change(called(id_), stand.get(id_, ""), text)


def _lines(before: InvoiceContent, after: InvoiceContent) -> Iterator[Change]:
    for position in range(max(len(before.lines), len(after.lines))):
        old = before.lines[position] if position < len(before.lines) else None
        new = after.lines[position] if position < len(after.lines) else None
        if old is not None and new is not None and new.tax_code is None:
            old = replace(old, tax_code=None)
        if old != new:
            coded = old is not None and new is not None and old.tax_code != new.tax_code
            yield Change(f"line {position + 1}", _line_text(old, coded=coded), _line_text(new, coded=coded))


def _line_text(line: ContentLine | None, *, coded: bool) -> str:
    if line is None:
        return ""
    what = f"{line.description or 'item ' + line.item_id}"
    code = f" (tax code {line.tax_code or 'none'})" if coded else ""
    if line.quantity is None or line.unit_price is None:
        return f"{what}: {line.amount}{code}"
    return f"{what}: {_plain(line.quantity)} x {_plain(line.unit_price)} = {line.amount}{code}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _text(value: object) -> str:
    return "" if value is None else str(value)
