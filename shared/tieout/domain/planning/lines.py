"""The lines of an invoice as QuickBooks takes them: Amount = Qty x UnitPrice to the cent, discounts told in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import AdjustmentKind, ContentLine, SourceInvoice, SourceLine, line_amount
from tieout.domain.planning.amounts import Amounts
from tieout.domain.planning.books import Books, Found
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.taxes import TaxForm

# Intuit: Description length, and amounts of at most ten digits before the point.
MAX_DESCRIPTION = 4000
AMOUNT_LIMIT = Decimal(10) ** 10
# Unit prices keep at most so many decimals in QuickBooks.
_UNIT_PRICE = Decimal("0.0000001")
# QuickBooks compares an amount with quantity x price to the cent (error 6070), in currencies without cents too.
_HALF_CENT = Decimal("0.005")
_ONE = Decimal(1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines, and the one discount on all of them."""

    lines: tuple[ContentLine, ...]
    discount: Decimal


def plan_lines(invoice: SourceInvoice, amounts: Amounts, tax: TaxForm, found: Found, books: Books) -> Lines | Attend:
    """Lines, fees and taxes as lines; order discounts as one amount."""
    discount, lines = amounts.discount, []
    for line, net in zip(invoice.lines, amounts.nets, strict=True):
        item_id = found.items[line.id]
        posted = _line(line, net, item_id, tax.codes.get(line.id), invoice.currency, stock=item_id in found.inventory)
        if posted.description and len(posted.description) > MAX_DESCRIPTION:
            return Attend(AttentionCode.TEXT_TOO_LONG, f"The text of line “{line.name[:60]}” is too long.")
        discount += posted.amount - net
        lines.append(posted)
    fees = _fees(invoice, amounts, tax, books)
    if isinstance(fees, Attend):
        return fees
    return _discount_refused(invoice, discount, books) or Lines((*lines, *fees, *tax.lines), discount)


def line_problem(line: SourceLine) -> Attend | None:
    """What QuickBooks takes on no line at all."""
    if line.quantity < 0 or line.unit_price < 0:
        return Attend(AttentionCode.NEGATIVE_LINE, f"Line “{line.name}”: {line.quantity} x {line.unit_price}.")
    if line.quantity * line.unit_price >= AMOUNT_LIMIT:
        return Attend(AttentionCode.AMOUNT_TOO_LARGE, f"Line “{line.name}”: {line.quantity} x {line.unit_price}.")
    return None


def _line(line: SourceLine, net: Decimal, item_id: str, code: str | None, currency: str, *, stock: bool) -> ContentLine:
    """At the net unit price where it is exact, else one piece at the net amount. Of stock the quantity matters, so its
    line stays gross and the difference becomes part of the order discount."""
    gross, description = line_amount(line.quantity, line.unit_price, currency), described(line)
    close = abs(gross - line.quantity * line.unit_price) <= _HALF_CENT
    if close and (gross == net or stock):
        return ContentLine(item_id, description, line.quantity, line.unit_price, gross, code)
    told = f"{_plain(line.quantity)} x {_plain(line.unit_price)} = {gross}"
    less = f"{told}, less {gross - net}" if net < gross else told
    description = f"{description}\n{less}" if description else less
    unit = (net / line.quantity).quantize(_UNIT_PRICE) if line.quantity else None
    if stock and line.quantity:
        price = (gross / line.quantity).quantize(_UNIT_PRICE)
        return ContentLine(item_id, description, line.quantity, price, gross, code)
    if unit is not None and unit * line.quantity == net:
        return ContentLine(item_id, description, line.quantity, unit.normalize() + 0, net, code)
    return ContentLine(item_id, description, _ONE, net, net, code)


def _fees(invoice: SourceInvoice, amounts: Amounts, tax: TaxForm, books: Books) -> list[ContentLine] | Attend:
    fees = [one for one in invoice.adjustments if one.kind is AdjustmentKind.FEE]
    lines = []
    for fee, amount in zip(fees, amounts.fees, strict=True):
        if not amount:
            continue
        item = books.settings.fee_items.get(fee.label, books.settings.fee_item_id)
        told = f"{fee.label}: {amount} {invoice.currency}."
        if item is None:
            return Attend(AttentionCode.FEE_UNSUPPORTED, told)
        if amount < 0:
            return Attend(AttentionCode.NEGATIVE_LINE, told)
        lines.append(ContentLine(item, clean(fee.label), _ONE, amount, amount, tax.others))
    return lines


def discount_problem(invoice: SourceInvoice, amounts: Amounts) -> Attend | None:
    """A discount that no form of invoice can express."""
    told = _told_discount(invoice, amounts.discount)
    if amounts.discount < 0:
        return Attend(AttentionCode.DISCOUNT_UNSUPPORTED, f"{told} It is negative.")
    if amounts.discount > sum(amounts.nets, _ZERO) or any(net < 0 for net in amounts.nets):
        return Attend(AttentionCode.DISCOUNT_UNSUPPORTED, f"{told} It is more than what it is taken from.")
    return None


def _discount_refused(invoice: SourceInvoice, discount: Decimal, books: Books) -> Attend | None:
    if discount < 0:
        return Attend(AttentionCode.TOTAL_DIFFERS, "A stock item's line rounds to less than HubSpot says.")
    if discount and not books.company.allow_discount:
        told = f"{_told_discount(invoice, discount)} Discounts are switched off in QuickBooks."
        return Attend(AttentionCode.DISCOUNT_UNSUPPORTED, told)
    return None


def _told_discount(invoice: SourceInvoice, discount: Decimal) -> str:
    labels = [one.label for one in invoice.adjustments if one.kind is AdjustmentKind.DISCOUNT]
    return f"{', '.join(labels) or 'Line discounts'}: {discount} {invoice.currency}."


def described(line: SourceLine) -> str | None:
    """What a line says: its name and description."""
    parts = [text for text in (clean(line.name), clean(line.description)) if text]
    return " - ".join(dict.fromkeys(parts)) or None


def clean(text: str | None) -> str | None:
    """A text as QuickBooks keeps it, None for one that says nothing."""
    return (text or "").replace("\r\n", "\n").strip() or None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
