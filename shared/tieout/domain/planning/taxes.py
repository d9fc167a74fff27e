"""How the sales tax of an invoice is posted: which code each line bears, and which lines are taxes themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import Adjustment, AdjustmentKind, ContentLine, SourceInvoice, SourceLine
from tieout.domain.money import minor_unit, round_to_minor_unit
from tieout.domain.planning.amounts import Amounts, line_tax
from tieout.domain.planning.books import Books
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import NOT_TAXED_US, TaxMode

TAXED_US = "TAX"
"""The code of a line that bears sales tax, in the United States (Intuit: invoice)."""
_EXCLUDED = "TaxExcluded"
_HUNDRED, _ZERO = Decimal(100), Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxForm:
    """`codes` are by line id; `others` is the code of fee and tax lines. `lines` are taxes posted as lines.

    `calculation` is QuickBooks' GlobalTaxCalculation. `code` is the one code of the whole invoice that American
    companies have (Intuit: TxnTaxCodeRef); the lines then say only whether they bear it. `before_discount`: the tax is
    of the lines as they are, not of what the order discount leaves of them.
    """

    codes: Mapping[str, str | None]
    others: str | None = None
    lines: tuple[ContentLine, ...] = ()
    calculation: str | None = None
    code: str | None = None
    before_discount: bool = False


def is_taxed(invoice: SourceInvoice, amounts: Amounts) -> bool:
    """Whether HubSpot puts any tax on the invoice."""
    return any(map(_line_is_taxed, invoice.lines)) or bool(_order_taxes(invoice, amounts))


def plan_taxes(invoice: SourceInvoice, amounts: Amounts, books: Books) -> TaxForm | Attend:
    """The form of the invoice's taxes in the connection's mode; attention for what that mode cannot express."""
    form = _MODES[books.settings.tax_mode](invoice, amounts, books)
    return replace(form, before_discount=_before(invoice, amounts)) if isinstance(form, TaxForm) else form


def _before(invoice: SourceInvoice, amounts: Amounts) -> bool:
    """Whether HubSpot taxed the lines as they are, before it took the order discount off. It documents no order for
    taxes of lines, so its own amounts tell."""
    unit = minor_unit(invoice.currency)
    told = [
        line.tax_rate is not None and abs(line.tax_amount - net * line.tax_rate / _HUNDRED) <= unit
        for line, net in zip(invoice.lines, amounts.nets, strict=True)
        if line.tax_amount
    ]
    return amounts.discount > 0 and bool(told) and all(told)


def _none(invoice: SourceInvoice, amounts: Amounts, books: Books) -> TaxForm | Attend:
    company = books.company
    if is_taxed(invoice, amounts):
        return _attend(f"{_told(invoice, amounts)} The setting tax_mode is none.")
    if company.automated_sales_tax:
        return _attend("QuickBooks computes sales tax by itself in this company.")
    if books.in_united_states or not company.uses_sales_tax:
        # The adapter marks the lines of an American company that charges tax as bearing none.
        return TaxForm({})
    if books.settings.untaxed_code is None:
        return _attend(f"Sales tax is in use in a company in {company.country}, and untaxed_code is not set.")
    return _untaxed(invoice, books)


def _as_item(invoice: SourceInvoice, amounts: Amounts, books: Books) -> TaxForm | Attend:
    form = _untaxed(invoice, books)
    if isinstance(form, Attend):
        return form
    if line_tax(invoice) is None:
        return _attend("HubSpot does not say how much tax a line bears.")
    taxes: dict[str, Decimal] = {}
    for line in invoice.lines:
        if line.tax_amount:
            label = line.tax_rate_id or ""
            taxes[label] = taxes.get(label, _ZERO) + line.tax_amount
    parts = [
        *((label, round_to_minor_unit(amount, invoice.currency)) for label, amount in taxes.items()),
        *((one.label, amount) for one, amount in _order_taxes(invoice, amounts)),
    ]
    lines = []
    for label, amount in parts:
        if amount < 0:
            return _attend(f"The tax “{label}” is negative.")
        if not amount:
            continue
        item = books.settings.tax_items.get(label, books.settings.tax_item_id)
        if item is None:
            return _attend(f"No QuickBooks item is set for the tax “{label or 'of a line'}”.")
        named = label if label and label not in taxes else "Sales tax"
        lines.append(ContentLine(item, named, Decimal(1), amount, amount, form.others))
    if sum((line.amount for line in lines), _ZERO) != (line_tax(invoice) or _ZERO) + sum(amounts.taxes, _ZERO):
        return _attend("The taxes of the lines do not add up to HubSpot's total to the cent.")
    return TaxForm(form.codes, form.others, tuple(lines), form.calculation)


def _automated(invoice: SourceInvoice, amounts: Amounts, books: Books) -> TaxForm | Attend:
    if not (books.in_united_states and books.company.automated_sales_tax):
        if is_taxed(invoice, amounts):
            return _attend(f"{_told(invoice, amounts)} QuickBooks does not compute sales tax in this company.")
        return _untaxed(invoice, books)
    if any(not one.percent for one, _ in _order_taxes(invoice, amounts)):
        return _attend(f"{_told(invoice, amounts)} A fixed amount of tax is nothing that QuickBooks computes.")
    whole = TAXED_US if _order_taxes(invoice, amounts) else NOT_TAXED_US
    codes = {line.id: TAXED_US if _line_is_taxed(line) else whole for line in invoice.lines}
    return TaxForm(codes, whole)


def _codes(invoice: SourceInvoice, amounts: Amounts, books: Books) -> TaxForm | Attend:
    if not is_taxed(invoice, amounts):
        return _untaxed(invoice, books)
    if not books.company.uses_sales_tax:
        return _attend(f"{_told(invoice, amounts)} Sales tax is not set up in QuickBooks.")
    if books.company.automated_sales_tax:
        # It would put its own code in place of any that is sent (Intuit: automated sales tax).
        return _attend(f"{_told(invoice, amounts)} QuickBooks chooses tax codes by itself in this company.")
    orders = [one for one, _ in _order_taxes(invoice, amounts)]
    if orders and (len(orders) > 1 or not orders[0].percent or any(map(_line_is_taxed, invoice.lines))):
        return _attend(f"{_told(invoice, amounts)} An order-level tax can only be posted when it is the only one.")
    if any(_line_is_taxed(line) and not line.tax_rate_id for line in invoice.lines):
        return _attend("A line bears tax and names no tax rate group.")
    return (_code_of_all if books.in_united_states else _code_of_each)(invoice, orders, books)


def _code_of_all(invoice: SourceInvoice, orders: Sequence[Adjustment], books: Books) -> TaxForm | Attend:
    """In the United States: one code an invoice, and lines that bear it or not."""
    taxed = {line.id: line.tax_rate_id for line in invoice.lines if line.tax_rate_id and _line_is_taxed(line)}
    names = {one.label for one in orders} | set(taxed.values())
    wanted = {books.settings.tax_codes.get(name) for name in names}
    if None in wanted:
        unset = sorted(name for name in names if name not in books.settings.tax_codes)
        return _attend(f"No QuickBooks tax code is set for “{unset[0]}”.")
    if len(wanted) > 1:
        return _attend("Its lines bear taxes of different codes; in the United States an invoice has one code.")
    [code] = wanted
    whole = TAXED_US if orders else NOT_TAXED_US
    codes = {line.id: TAXED_US if line.id in taxed else whole for line in invoice.lines}
    return _unknown_code({code}, books) or TaxForm(codes, whole, code=code)


def _code_of_each(invoice: SourceInvoice, orders: Sequence[Adjustment], books: Books) -> TaxForm | Attend:
    """Outside the United States: each line has a code."""
    codes: dict[str, str | None] = {}
    others = books.settings.tax_codes.get(orders[0].label) if orders else books.settings.untaxed_code
    for line in invoice.lines:
        # A tax on the whole invoice is on every line, whatever group of 0 % a line is in.
        group = None if orders else line.tax_rate_id
        named = books.settings.tax_codes.get(group) if group else None
        codes[line.id] = named if named or _line_is_taxed(line) else others
        if codes[line.id] is None:
            what = f"tax rate group {group}" if group else (f"“{orders[0].label}”" if orders else "untaxed lines")
            return _attend(f"No QuickBooks tax code is set for {what}.")
    return _unknown_code({*codes.values(), others}, books) or TaxForm(codes, others, (), _EXCLUDED)


def untaxed_form(books: Books) -> TaxForm | Attend:
    """The form of a document whose lines all bear the code for what is not taxed, `others`."""
    if not books.company.uses_sales_tax:
        return TaxForm({})
    code = NOT_TAXED_US if books.in_united_states else books.settings.untaxed_code
    if code is None or (code == NOT_TAXED_US and not books.in_united_states):
        return _attend("No QuickBooks tax code is set for lines that bear no tax (untaxed_code).")
    form = TaxForm({}, code, (), None if books.in_united_states else _EXCLUDED)
    return form if books.in_united_states else _unknown_code({code}, books) or form


def _untaxed(invoice: SourceInvoice, books: Books) -> TaxForm | Attend:
    form = untaxed_form(books)
    if isinstance(form, Attend) or form.others is None:
        return form
    return replace(form, codes={line.id: form.others for line in invoice.lines})


def _unknown_code(codes: set[str | None], books: Books) -> Attend | None:
    for code in sorted(code for code in codes if code):
        found = books.tax_codes.get(code)
        if found is None or not found.active:
            return _attend(f"QuickBooks has no active tax code with the id {code}.")
    return None


def _order_taxes(invoice: SourceInvoice, amounts: Amounts) -> list[tuple[Adjustment, Decimal]]:
    """The taxes on the whole invoice that come to anything, and to what."""
    taxes = (one for one in invoice.adjustments if one.kind is AdjustmentKind.TAX)
    return [(one, amount) for one, amount in zip(taxes, amounts.taxes, strict=True) if amount]


def _line_is_taxed(line: SourceLine) -> bool:
    """A rate group of 0 % is no tax; one of which HubSpot does not say what it comes to is taken for one."""
    return bool(line.tax_rate_id) if line.tax_amount is None else bool(line.tax_amount)


def _told(invoice: SourceInvoice, amounts: Amounts) -> str:
    parts = [f"{one.label}: {amount} {invoice.currency}" for one, amount in _order_taxes(invoice, amounts)]
    parts += [f"Line “{line.name}”: {line.tax_amount or 'taxed'}" for line in invoice.lines if _line_is_taxed(line)]
    return f"{'; '.join(parts[:5])}."


def _attend(detail: str) -> Attend:
    return Attend(AttentionCode.TAX_UNSUPPORTED, detail)


_MODES = {
    TaxMode.NONE: _none,
    TaxMode.AS_ITEM: _as_item,
    TaxMode.AUTOMATED: _automated,
    TaxMode.CODES: _codes,
}
