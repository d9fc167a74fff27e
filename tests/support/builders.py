"""Domain values that are right by default, so that a test says only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tieout.domain.company import LedgerCompany, TaxCode
from tieout.domain.customer import Party, PartyKind
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import (
    ContentLine,
    InvoiceContent,
    InvoiceStatus,
    LedgerInvoice,
    SourceInvoice,
    SourceLine,
    line_amount,
)
from tieout.domain.marker import marker
from tieout.domain.money import Money
from tieout.domain.planning.books import Books, Found
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.domain.settings_document import parse_settings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONNECTION = "c1"
KEY = RecordKey(CONNECTION, Kind.INVOICE, "hubspot", "42")
COMPANY = Party(PartyKind.COMPANY, "7", "Acme Ltd")
CONTACT = Party(PartyKind.CONTACT, "8", "Anna Muster", "anna@example.test", "Anna", "Muster")


def usd(amount: str) -> Money:
    """An amount in US dollars."""
    return Money(Decimal(amount), "USD")


def a_hint(id_: str = "42", **changes: Any) -> Hint:
    """A webhook's hint about a HubSpot invoice."""
    return replace(Hint(CONNECTION, HintObject.HUBSPOT_INVOICE, id_, NOW, Cause.WEBHOOK, "trace"), **changes)


def a_line(quantity: str = "3", unit_price: str = "120.00", **changes: Any) -> SourceLine:
    """A line item without discount or tax."""
    number, price = Decimal(quantity), Decimal(unit_price)
    line = SourceLine("1", "Consulting", number, price, line_amount(number, price, "USD"), "March", "CONS", "900")
    return replace(line, **changes)


def an_invoice(*lines: SourceLine, **changes: Any) -> SourceInvoice:
    """An open HubSpot invoice whose total is what its lines add up to."""
    chosen = tuple(replace(line, id=str(number)) for number, line in enumerate(lines or (a_line(),), start=1))
    currency = changes.get("currency", "USD")
    amounts = [line_amount(line.quantity, line.unit_price, currency) for line in chosen]
    invoice = SourceInvoice(
        id="42",
        number="INV-1001",
        status=InvoiceStatus.OPEN,
        currency=currency,
        invoice_date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        total=Money(sum(amounts, Decimal(0)), currency),
        company=COMPANY,
        contact=CONTACT,
        lines=chosen,
        comments="Thank you",
    )
    return replace(invoice, **changes)


def a_company(**changes: Any) -> LedgerCompany:
    """A company in the United States that numbers by HubSpot's numbers and uses no sales tax."""
    company = LedgerCompany(
        name="Books Inc",
        country="US",
        time_zone="America/New_York",
        home_currency="USD",
        multicurrency=False,
        custom_numbers=True,
        uses_sales_tax=False,
        automated_sales_tax=False,
    )
    return replace(company, **changes)


def some_books(company: LedgerCompany | None = None, codes: tuple[TaxCode, ...] = (), **document: Any) -> Books:
    """A company with its tax codes, and a settings document."""
    return Books(company or a_company(), parse_settings(document), {one.id: one for one in codes})


def found_for(invoice: SourceInvoice, item: str = "5", **changes: Any) -> Found:
    """Customer 58, and one item for all lines."""
    return replace(Found("58", {line.id: item for line in invoice.lines}), **changes)


def some_content(**changes: Any) -> InvoiceContent:
    """What stands in QuickBooks for `an_invoice()`."""
    content = InvoiceContent(
        customer_id="58",
        number="INV-1001",
        invoice_date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        currency="USD",
        lines=(ContentLine("5", "Consulting - March", Decimal(3), Decimal("120.00"), Decimal("360.00")),),
        memo="Thank you",
        email="anna@example.test",
    )
    return replace(content, **changes)


def a_ledger_invoice(content: InvoiceContent | None = None, **changes: Any) -> LedgerInvoice:
    """An unpaid invoice in QuickBooks that bears our marker."""
    stands = content or some_content()
    invoice = LedgerInvoice(
        id="130",
        sync_token="0",
        content=stands,
        total=stands.total,
        balance=stands.total,
        private_note=marker(KEY, 1),
        voided=False,
        settled_by=(),
        updated_at=NOW,
    )
    return replace(invoice, **changes)


def a_link(present: LedgerInvoice | None = None, sent: InvoiceContent | None = None, **changes: Any) -> Link:
    """What is remembered after `sent` was written and `present` answered."""
    stands = present or a_ledger_invoice()
    link = Link(
        far_id=stands.id,
        sync_token=stands.sync_token,
        number=stands.content.number,
        sent=sent or stands.content,
        written=stands.content,
        total=stands.total,
        ledger_updated_at=stands.updated_at,
    )
    return replace(link, **changes)


def a_record(state: State = State.SYNCED, **changes: Any) -> SyncRecord:
    """The record of invoice 42, as the store holds it."""
    return replace(SyncRecord(KEY, state, version=1, created_at=NOW, updated_at=NOW), **changes)
