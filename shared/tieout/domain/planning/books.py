"""What decides the form of an invoice beside the invoice itself: the company, its lists, and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieout.domain.company import LedgerCompany, TaxCode
from tieout.domain.field_pairs import FieldPair, with_definitions
from tieout.domain.invoice import InvoiceContent
from tieout.domain.settings import Settings

UNITED_STATES = "US"


@dataclass(frozen=True, slots=True)
class Books:
    """The company with its tax codes by id (read only where the settings name some), and the connection's settings."""

    company: LedgerCompany
    settings: Settings = field(default_factory=Settings)
    tax_codes: Mapping[str, TaxCode] = field(default_factory=dict)

    @property
    def in_united_states(self) -> bool:
        """Whether sales tax works the American way."""
        return self.company.country == UNITED_STATES

    @property
    def pairs(self) -> tuple[FieldPair, ...]:
        """The pairs of fields, custom fields by their definition id."""
        return with_definitions(self.settings.pairs, self.company.custom_fields)

    def closed(self, day: date) -> bool:
        """Whether the books of that day are known to be closed. QuickBooks does not always tell."""
        return self.company.books_closed_through is not None and day <= self.company.books_closed_through


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the ledger for an invoice.

    `items` are item ids by line id, `inventory` those item ids that are stock, whose quantity matters. `rate` is the
    exchange rate of a foreign invoice. `sent` is what was sent last, None for an invoice that was never written.
    """

    customer_id: str
    items: Mapping[str, str]
    inventory: frozenset[str] = frozenset()
    rate: Decimal | None = None
    sent: InvoiceContent | None = None
