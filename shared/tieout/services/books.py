"""Reading what decides the form of invoices: preferences, tax codes where settings need them, exchange rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieout.domain.invoice import InvoiceContent, SourceInvoice
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import moved_notice
from tieout.domain.settings import NOT_TAXED_US, TaxMode
from tieout.ports import Ledger, Workspace


def open_books(workspace: Workspace) -> Books:
    """The company and the settings; its tax codes only where the settings name some of them."""
    settings, company = workspace.settings, workspace.ledger.company()
    named = settings.tax_mode is TaxMode.CODES or settings.untaxed_code not in (None, NOT_TAXED_US)
    codes = workspace.ledger.tax_codes() if named else ()
    return Books(company, settings, {one.id: one for one in codes})


@dataclass(frozen=True, slots=True)
class Rates:
    """The exchange rates of a batch, each asked for once."""

    ledger: Ledger
    books: Books
    known: dict[tuple[str, date], Decimal | None] = field(default_factory=dict)

    def of(self, invoice: SourceInvoice, sent: InvoiceContent | None) -> Decimal | None:
        """The rate of a foreign invoice on its own date; None for a domestic one, and where QuickBooks has none.

        An invoice that was written keeps its rate as long as its currency and its date stay.
        """
        company = self.books.company
        if invoice.currency == company.home_currency or not company.multicurrency:
            return None
        if sent is not None and sent.exchange_rate is not None and sent.currency == invoice.currency:
            kept = sent.invoice_date == invoice.invoice_date or sent.notice == moved_notice(invoice.invoice_date)
            if kept:
                return sent.exchange_rate
        return self.on(invoice.currency, invoice.invoice_date)

    def on(self, currency: str, day: date) -> Decimal | None:
        """Home units for one unit of a foreign currency on that day; None where QuickBooks has no rate."""
        key = (currency, day)
        if key not in self.known:
            self.known[key] = self.ledger.exchange_rate(*key)
        return self.known[key]
