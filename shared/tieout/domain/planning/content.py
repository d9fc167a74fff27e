"""What should stand in the ledger for a HubSpot invoice: every field that Tieout writes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.canonical import canonical
from tieout.domain.field_pairs import PURCHASE_ORDER_PROPERTY
from tieout.domain.invoice import InvoiceContent, SourceInvoice
from tieout.domain.planning.amounts import Amounts, calculate, line_tax
from tieout.domain.planning.books import Books, Found
from tieout.domain.planning.fields import hubspot_texts, new_fields, text_problem
from tieout.domain.planning.lines import clean, discount_problem, line_problem, plan_lines
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.taxes import plan_taxes
from tieout.domain.settings import Settings, TaxMode

# Intuit: DocNumber, CustomerMemo and BillEmail lengths.
MAX_NUMBER = 21
MAX_MEMO = 1000
MAX_EMAIL = 100
# In these modes QuickBooks adds the tax itself, so the lines alone do not come to HubSpot's total.
_ADDED_BY_LEDGER = frozenset({TaxMode.AUTOMATED, TaxMode.CODES})


def represent(invoice: SourceInvoice, books: Books, rate: Decimal | None = None) -> Attend | None:
    """Whether the invoice can be posted exactly, as far as that is known without its customer and its products; None
    means yes. It never approximates."""
    items = {line.id: "" for line in invoice.lines}
    found = desired_content(invoice, Found("", items, rate=rate), books)
    return found if isinstance(found, Attend) else None


def desired_content(invoice: SourceInvoice, found: Found, books: Books) -> InvoiceContent | Attend:
    """The content whose total is HubSpot's own to the minor unit, or attention with the figures."""
    problem = _problem(invoice, found, books)
    if problem is not None:
        return problem
    amounts = calculate(invoice)
    if isinstance(amounts, Attend):
        return amounts
    problem = discount_problem(invoice, amounts)
    if problem is not None:
        return problem
    tax = plan_taxes(invoice, amounts, books)
    if isinstance(tax, Attend):
        return tax
    lines = plan_lines(invoice, amounts, tax, found, books)
    if isinstance(lines, Attend):
        return lines
    day, notice = _dated(invoice, found.sent)
    content = InvoiceContent(
        customer_id=found.customer_id,
        number=invoice.number if books.company.custom_numbers else None,
        invoice_date=day,
        due_date=invoice.due_date,
        currency=invoice.currency,
        lines=lines.lines,
        memo=clean(invoice.comments),
        email=_email(invoice),
        discount=lines.discount,
        exchange_rate=found.rate,
        terms_id=_terms(invoice, books.settings),
        custom_fields=new_fields(books.pairs, field_texts(invoice, books)).standing,
        tax_calculation=tax.calculation,
        tax_code=tax.code,
        tax_before_discount=tax.before_discount,
        billed=invoice.total,
        notice=notice,
    )
    return _mistaken(invoice, content, amounts, books) or content


def _problem(invoice: SourceInvoice, found: Found, books: Books) -> Attend | None:
    if not invoice.lines:
        return Attend(AttentionCode.NO_LINES)
    for line in invoice.lines:
        problem = line_problem(line)
        if problem:
            return problem
    problem = _currency_problem(invoice, found.rate, books) or _text_problem(invoice, books)
    return problem or (_field_problem(invoice, books) if found.sent is None else None)


def _currency_problem(invoice: SourceInvoice, rate: Decimal | None, books: Books) -> Attend | None:
    home = books.company.home_currency
    if invoice.currency == home:
        return None
    if not books.company.multicurrency:
        detail = f"Invoice in {invoice.currency}, QuickBooks company in {home}, where multicurrency is off."
        return Attend(AttentionCode.CURRENCY_UNSUPPORTED, detail)
    if rate is None or rate <= 0:
        # QuickBooks would take a missing rate for 1.
        detail = f"QuickBooks has no exchange rate from {invoice.currency} to {home} for {invoice.invoice_date}."
        return Attend(AttentionCode.CURRENCY_UNSUPPORTED, detail)
    return None


def _text_problem(invoice: SourceInvoice, books: Books) -> Attend | None:
    number = invoice.number if books.company.custom_numbers else None
    if number and len(number) > MAX_NUMBER:
        return Attend(AttentionCode.NUMBER_TOO_LONG, f"{number} has {len(number)} characters.")
    texts = [("The comment", clean(invoice.comments), MAX_MEMO), ("The e-mail address", _email(invoice), MAX_EMAIL)]
    for what, text, limit in texts:
        if text and len(text) > limit:
            return Attend(AttentionCode.TEXT_TOO_LONG, f"{what} has {len(text)} of at most {limit} characters.")
    return None


def _field_problem(invoice: SourceInvoice, books: Books) -> Attend | None:
    """Of a new invoice; of one that stands already only what changes is carried."""
    texts = field_texts(invoice, books)
    going = (pair for pair in books.pairs if pair.to_quickbooks and texts.get(pair.hubspot))
    return next((found for pair in going if (found := text_problem(pair, texts[pair.hubspot]))), None)


def _mistaken(invoice: SourceInvoice, content: InvoiceContent, amounts: Amounts, books: Books) -> Attend | None:
    """The last check before the ledger is asked to write: lines less discount, and the tax that it adds, are the
    total."""
    added = Decimal(0)
    if books.settings.tax_mode in _ADDED_BY_LEDGER:
        of_lines = line_tax(invoice)
        if of_lines is None:
            return None
        added = of_lines + sum(amounts.taxes, Decimal(0))
    if invoice.total is not None and content.total.amount + added == invoice.total.amount:
        return None
    return Attend(AttentionCode.TOTAL_DIFFERS, f"HubSpot says {invoice.total}, the lines come to {content.total}.")


def _email(invoice: SourceInvoice) -> str | None:
    return invoice.contact.email if invoice.contact else None


def _terms(invoice: SourceInvoice, settings: Settings) -> str | None:
    """By the days between HubSpot's own two dates."""
    if invoice.due_date is None:
        return None
    return settings.terms.get((invoice.due_date - invoice.invoice_date).days)


def field_texts(invoice: SourceInvoice, books: Books) -> dict[str, str]:
    """What HubSpot says in the properties of pairs of fields, by property; one that it does not have is absent."""
    return hubspot_texts(books.pairs, {PURCHASE_ORDER_PROPERTY: invoice.purchase_order, **invoice.properties})


def moved_to(content: InvoiceContent, closed_through: date) -> InvoiceContent:
    """`content` on the first open day; its own date is told in the private note, the due date stays."""
    return replace(content, invoice_date=closed_through + timedelta(days=1), notice=moved_notice(content.invoice_date))


def _dated(invoice: SourceInvoice, sent: InvoiceContent | None) -> tuple[date, str]:
    """An invoice that was moved into an open period stays there as long as its own date in HubSpot stays."""
    notice = moved_notice(invoice.invoice_date)
    if sent is not None and sent.notice == notice:
        return sent.invoice_date, notice
    return invoice.invoice_date, ""


def moved_notice(day: date) -> str:
    """What the private note of an invoice says that was moved out of a closed period; `day` is HubSpot's date."""
    return f"Dated {day.isoformat()} in HubSpot, in a period whose books are closed."


def fingerprint(invoice: SourceInvoice) -> str:
    """Equal for invoices that HubSpot tells equally, whatever it changed beside (status, owner, time of change).

    An invoice whose fingerprint did not change is not described anew, so that settings, rates and preferences that
    changed since do not rewrite the books.
    """
    # Pairs of fields are compared by themselves; the empty place keeps fingerprints of before as they were.
    told: dict[str, object] = {name: getattr(invoice, name) for name in _TOLD} | {"custom": {}}
    return hashlib.sha256(repr(canonical(told)).encode()).hexdigest()[:32]


_TOLD = (
    "number",
    "currency",
    "invoice_date",
    "due_date",
    "total",
    "company",
    "contact",
    "lines",
    "adjustments",
    "comments",
)
