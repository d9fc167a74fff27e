"""What should stand in the ledger for a HubSpot invoice, and what to do when something else does."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.customer import Party
from tieout.domain.invoice import (
    AdjustmentKind,
    ContentLine,
    InvoiceContent,
    InvoiceStatus,
    LedgerInvoice,
    SourceInvoice,
    SourceLine,
    line_amount,
)
from tieout.domain.money import Money
from tieout.domain.planning.difference import changes
from tieout.domain.planning.plan import Adopt, Attend, Change, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.record import Link
from tieout.domain.settings import CustomerLevel, Settings

# Intuit: DocNumber, CustomerMemo and line Description lengths.
MAX_NUMBER = 21
# Intuit: amounts have at most ten digits before the point.
AMOUNT_LIMIT = Decimal(10) ** 10
MAX_MEMO = 1000
MAX_DESCRIPTION = 4000
MAX_EMAIL = 100

_ADJUSTMENT_CODES = {
    AdjustmentKind.DISCOUNT: AttentionCode.DISCOUNT_UNSUPPORTED,
    AdjustmentKind.FEE: AttentionCode.FEE_UNSUPPORTED,
    AdjustmentKind.TAX: AttentionCode.TAX_UNSUPPORTED,
}


def screen(invoice: SourceInvoice, settings: Settings, *, linked: bool) -> Skip | Attend | None:
    """Whether the invoice is for the ledger at all, before anything is looked up; None means yes.

    An invoice that already stands in the ledger (`linked`) is not forgotten because a filter changed: it keeps
    following HubSpot, and a step back to draft is attention.
    """
    if not settings.push_invoices:
        return Skip("switched_off", "Sending invoices to QuickBooks is switched off in the settings.")
    if linked:
        return Attend(AttentionCode.REOPENED_IN_HUBSPOT) if invoice.status is InvoiceStatus.DRAFT else None
    if not invoice.billable:
        return Skip("not_billable", "The invoice is a record of a document billed elsewhere.")
    if settings.skip_data_sync_invoices and invoice.origin == "data_sync":
        return Skip("data_sync", "HubSpot's own data sync brought this invoice.")
    if invoice.status is InvoiceStatus.DRAFT:
        return Skip("draft", "The invoice is still a draft.")
    if invoice.status is InvoiceStatus.VOIDED:
        return Skip("voided", "The invoice was voided before it reached QuickBooks.")
    if settings.cutover_date and invoice.invoice_date < settings.cutover_date:
        return Skip("before_cutover", f"The invoice is dated before the cut-over date {settings.cutover_date}.")
    for rule in settings.filters:
        if not rule.passes(invoice.properties):
            wanted = f" {', '.join(rule.values)}" if rule.values else ""
            return Skip("filtered", f"A filter excludes it: {rule.property} {rule.operator}{wanted}.")
    return None


def represent(invoice: SourceInvoice, company: LedgerCompany) -> Attend | None:
    """Whether this version can post the invoice exactly; None means yes. It never approximates."""
    for adjustment in invoice.adjustments:
        sign = "%" if adjustment.percent else f" {invoice.currency}"
        return Attend(
            _ADJUSTMENT_CODES[adjustment.kind], f"{adjustment.label}: {adjustment.value.normalize():f}{sign}."
        )
    for line in invoice.lines:
        problem = _line_problem(line)
        if problem:
            return problem
    if not invoice.lines:
        return Attend(AttentionCode.NO_LINES)
    if invoice.currency != company.home_currency:
        return Attend(
            AttentionCode.CURRENCY_UNSUPPORTED,
            f"Invoice in {invoice.currency}, QuickBooks company in {company.home_currency}.",
        )
    if company.automated_sales_tax:
        return Attend(AttentionCode.TAX_UNSUPPORTED, "QuickBooks computes sales tax by itself in this company.")
    if company.country != "US" and company.uses_sales_tax:
        return Attend(AttentionCode.TAX_UNSUPPORTED, f"Sales tax is in use in a company in {company.country}.")
    return None


def _line_problem(line: SourceLine) -> Attend | None:
    if line.discount or line.discount_percent:
        return Attend(AttentionCode.DISCOUNT_UNSUPPORTED, f"Line “{line.name}”.")
    if line.tax_rate_id or line.tax_amount:
        return Attend(AttentionCode.TAX_UNSUPPORTED, f"Line “{line.name}”.")
    if line.quantity < 0 or line.unit_price < 0:
        return Attend(AttentionCode.NEGATIVE_LINE, f"Line “{line.name}”: {line.quantity} x {line.unit_price}.")
    if line.quantity * line.unit_price >= AMOUNT_LIMIT:
        return Attend(AttentionCode.AMOUNT_TOO_LARGE, f"Line “{line.name}”: {line.quantity} x {line.unit_price}.")
    return None


def billed_party(invoice: SourceInvoice, settings: Settings) -> Party | None:
    """Whom the invoice is billed to, by the setting's level and else by the other one."""
    first, second = invoice.company, invoice.contact
    if settings.customer_level is CustomerLevel.CONTACT:
        first, second = second, first
    return first or second


def desired_content(
    invoice: SourceInvoice, customer_id: str, item_ids: Mapping[str, str], company: LedgerCompany
) -> InvoiceContent | Attend:
    """What should stand in the ledger. `item_ids` gives the ledger's item for each line id.

    The total that results is HubSpot's own to the minor unit, or the answer is attention with both figures.
    """
    number = invoice.number if company.custom_numbers else None
    if number and len(number) > MAX_NUMBER:
        return Attend(AttentionCode.NUMBER_TOO_LONG, f"{number} has {len(number)} characters.")
    memo = _clean(invoice.comments)
    email = invoice.contact.email if invoice.contact else None
    for what, text, limit in (("The comment", memo, MAX_MEMO), ("The e-mail address", email, MAX_EMAIL)):
        if text and len(text) > limit:
            return Attend(AttentionCode.TEXT_TOO_LONG, f"{what} has {len(text)} of at most {limit} characters.")
    lines = []
    for line in invoice.lines:
        description = _description(line)
        if description and len(description) > MAX_DESCRIPTION:
            return Attend(AttentionCode.TEXT_TOO_LONG, f"The text of line “{line.name[:60]}” is too long.")
        amount = line_amount(line.quantity, line.unit_price, invoice.currency)
        lines.append(ContentLine(item_ids[line.id], description, line.quantity, line.unit_price, amount))
    content = InvoiceContent(
        customer_id=customer_id,
        number=number,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        lines=tuple(lines),
        memo=memo,
        email=email,
    )
    if invoice.total is None or content.total != invoice.total:
        billed = "no total" if invoice.total is None else str(invoice.total)
        return Attend(AttentionCode.TOTAL_DIFFERS, f"HubSpot says {billed}, its lines add up to {content.total}.")
    return content


def _description(line: SourceLine) -> str | None:
    parts = [text for text in (_clean(line.name), _clean(line.description)) if text]
    return " - ".join(dict.fromkeys(parts)) or None


def _clean(text: str | None) -> str | None:
    return (text or "").replace("\r\n", "\n").strip() or None


def decide(invoice: SourceInvoice, desired: InvoiceContent, link: Link | None, present: LedgerInvoice | None) -> Plan:
    """What to do, given what should stand (`desired`), what was sent and answered last (`link`), and what stands now.

    A three-way comparison field by field. The ledger may store a text a little differently than it was sent, so
    HubSpot's changes are told by what was sent, and a person's changes by what the ledger answered. A person's change
    to a field that HubSpot sees differently is never overwritten. `present` None: deleted (only for a linked one).
    """
    if link is None:
        return Create(desired)
    if present is None:
        return Gone()
    if present.voided:
        return Attend(AttentionCode.VOIDED_IN_QUICKBOOKS)
    difference = changes(present.content, desired)
    edited = {one.field for one in changes(link.written, present.content)} if link.written else set()
    conflicts = [one for one in difference if one.field in edited]
    if conflicts:
        return Attend(AttentionCode.EDITED_IN_QUICKBOOKS, _both_values(conflicts))
    moved = changes(link.sent, desired) if link.sent else difference
    if moved and difference:
        return _beside_the_lines(link, present, desired) or Update(present, desired, difference)
    verdict = total_verdict(invoice.total, present.total)
    if verdict:
        return verdict
    seen = link.ledger_updated_at == present.updated_at
    return Nothing() if seen and not moved and not edited else Adopt(present, desired)


def _beside_the_lines(link: Link, present: LedgerInvoice, desired: InvoiceContent) -> Attend | None:
    """Attention when a person changed the total by what is no field of ours, such as tax; None when nobody did.

    Measured against what the ledger answered to our last write: what was beside the lines already then (the ledger's
    own tax, say, which made the totals differ) is no person's doing, and an update that mends it stays possible.
    """
    if link.written is None or link.total is None or present.total == link.total:
        return None
    beside = present.total.amount - present.content.total.amount
    if beside in (0, link.total.amount - link.written.total.amount):
        return None
    return Attend(
        AttentionCode.EDITED_IN_QUICKBOOKS,
        f"total: QuickBooks has {present.total}, of which {present.content.total} in the lines, "
        f"HubSpot has {desired.total}.",
    )


def needs_look(desired: InvoiceContent, link: Link) -> bool:
    """Whether the ledger has to be read: HubSpot says something else than what was sent last, or the totals differ.

    Reads are metered, so an invoice that did not change costs none.
    """
    return link.sent is None or bool(changes(link.sent, desired)) or link.total != desired.total


def decide_deleted(present: LedgerInvoice | None) -> Plan:
    """What to do for an invoice that was deleted in HubSpot after it was written: nothing by itself."""
    if present is None or present.voided:
        return Skip("deleted", "The invoice was deleted in HubSpot and stands no longer in QuickBooks.")
    return Attend(AttentionCode.DELETED_IN_HUBSPOT)


def decide_void(link: Link | None, present: LedgerInvoice | None) -> Plan:
    """What to do for an invoice that was voided in HubSpot after it was written."""
    if link is None:
        return Skip("voided", "The invoice was voided before it reached QuickBooks.")
    if present is None or present.voided:
        return Nothing()
    if present.settled_by:
        return Attend(AttentionCode.VOID_OF_PAID_INVOICE, f"Applied: {', '.join(sorted(set(present.settled_by)))}.")
    return Void(present)


def _both_values(conflicts: list[Change]) -> str:
    told = (
        f"{one.field}: QuickBooks has {one.before or 'nothing'}, HubSpot has {one.after or 'nothing'}"
        for one in conflicts
    )
    return "; ".join(told).rstrip(".") + "."


def total_verdict(source_total: Money | None, ledger_total: Money) -> Attend | None:
    """The total that the ledger answered, compared with HubSpot's; None when they are equal."""
    if source_total == ledger_total:
        return None
    return Attend(AttentionCode.TOTAL_DIFFERS, f"HubSpot says {source_total}, QuickBooks says {ledger_total}.")
