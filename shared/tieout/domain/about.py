"""What a record remembers of its document so that people can find it and recognise it in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tieout.domain.customer import Party
from tieout.domain.invoice import LedgerInvoice, SourceInvoice
from tieout.domain.money import Money
from tieout.domain.payment import LedgerDocument, LedgerPayment, SourcePayment


@dataclass(frozen=True, slots=True)
class About:
    """What the document's origin said of it last: for people's eyes and for the search, never for a decision.

    `customer` is the customer's name as the origin shows it, "" where it told none. `total` is the document's amount,
    `day` its date (an invoice's, or that of the payment) and `due` an invoice's due date. `status` is the origin's own
    word, `source` a payment's processor ("quickbooks" for one that was entered there), `method` how it was paid.
    `invoices` are the numbers of a payment's invoices.
    """

    customer: str = ""
    total: Money | None = None
    day: date | None = None
    due: date | None = None
    status: str = ""
    source: str = ""
    method: str = ""
    invoices: tuple[str, ...] = ()


def about_source_invoice(invoice: SourceInvoice) -> About:
    """Of an invoice that was born in HubSpot."""
    return About(
        customer=_named(invoice.company, invoice.contact),
        total=invoice.total,
        day=invoice.invoice_date,
        due=invoice.due_date,
        status=invoice.status.value,
    )


def about_ledger_invoice(invoice: LedgerInvoice) -> About:
    """Of an invoice that was born in QuickBooks, which has no status of its own beside being void."""
    content = invoice.content
    status = "voided" if invoice.voided else ""
    return About(invoice.customer_name, invoice.total, content.invoice_date, content.due_date, status)


def about_source_payment(payment: SourcePayment, day: date) -> About:
    """Of a payment in HubSpot, received on `day`."""
    return About(
        customer=_named(payment.company, payment.contact),
        total=payment.amount,
        day=day,
        status=payment.status.value,
        source=payment.processor.value,
        method=payment.method or "",
    )


def about_ledger_document(document: LedgerPayment | LedgerDocument) -> About:
    """Of a payment or a refund that was entered in QuickBooks."""
    status = "voided" if document.voided else ""
    return About(document.customer_name, document.total, document.day, status=status, source="quickbooks")


def _named(*parties: Party | None) -> str:
    return next((one.name for one in parties if one is not None and one.name), "")
