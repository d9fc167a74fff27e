"""All that is true of one HubSpot invoice, gathered from both sandboxes and from what people did, for the judge."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import LINE_ITEM
from infra.sandbox.hubspot.record import Record
from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.faults import QuickBooksFaultError
from infra.sandbox.quickbooks.rules import tax
from infra.sandbox.quickbooks.rules.currencies import exchange_rate
from tests.simulation import books
from tests.simulation.books import ZERO, Billed, Entity
from tests.simulation.watch import Book
from tieout.domain.record import SyncRecord
from tieout.domain.settings import CustomerLevel, Settings


@dataclass(frozen=True, slots=True)
class Facts:
    """`row` is the linked QuickBooks invoice as it stands, None when there is none any more; `book` what people made of
    it; `live` the ids of all invoices that stand for this one. `turned` are QuickBooks' preferences that a person
    changed in between, `ignored`: a person told Tieout to leave the invoice alone, `took`: or took QuickBooks' values
    of it."""

    hubspot: HubSpotSandbox
    company: Company
    settings: Settings
    invoice: Record
    record: SyncRecord
    billed: Billed
    row: Entity | None
    book: Book | None
    live: list[str]
    turned: Set[str] = frozenset()
    ignored: bool = False
    took: bool = False

    @property
    def accepted(self) -> Set[str]:
        """The fields in which a person took QuickBooks' values."""
        return frozenset(self.record.accepted.fields) if self.record.accepted else frozenset()

    @property
    def status(self) -> str:
        """HubSpot's, or deleted."""
        return "deleted" if self.invoice.archived else str(self.invoice.get("hs_invoice_status"))

    @property
    def finalised(self) -> bool:
        """Whether it is to stand in QuickBooks, filters apart."""
        return self.status in ("open", "paid")

    @property
    def day(self) -> date:
        """HubSpot's invoice date."""
        return date.fromisoformat((self.invoice.get("hs_invoice_date") or "")[:10])

    @property
    def title(self) -> str | None:
        """The property that filters look at."""
        return self.invoice.get("hs_title")

    @property
    def lines(self) -> list[Record]:
        """HubSpot's line items."""
        return books.linked(self.hubspot, self.invoice, LINE_ITEM)

    @property
    def party(self) -> Record | None:
        """Whom the setting's level means."""
        return books.billed_to(
            self.hubspot, self.invoice, contact_first=self.settings.customer_level is CustomerLevel.CONTACT
        )

    def closed(self, day: date) -> bool:
        """Whether QuickBooks' books of that day are closed."""
        closed = self.company.preference("AccountingInfoPrefs", "BookCloseDate")
        return closed is not None and day.isoformat() <= closed

    @property
    def foreign(self) -> bool:
        """Whether it is billed in another currency than QuickBooks' own."""
        return self.billed.currency != self.company.home_currency

    @property
    def rate(self) -> Decimal | None:
        """QuickBooks' exchange rate on HubSpot's date, None where it has none."""
        try:
            answer = exchange_rate(self.company, self.billed.currency, self.day.isoformat())
        except QuickBooksFaultError:
            return None
        found: Decimal | None = answer.get("Rate")
        return found

    # -- taxes

    @property
    def taxes_in_use(self) -> bool:
        """Whether QuickBooks charges sales tax."""
        return tax.taxed(self.company)

    @property
    def automated(self) -> bool:
        """Whether QuickBooks computes it by itself."""
        return bool(self.taxes_in_use and self.company.preference("TaxPrefs", "PartnerTaxEnabled"))

    @property
    def groups(self) -> list[str | None]:
        """HubSpot's tax rate group of each line that bears tax."""
        return [one.get("hs_tax_rate_group_id") for one in self.lines if Decimal(one.get("hs_tax_amount") or 0)]

    @property
    def taxed(self) -> bool:
        """Whether HubSpot bills any tax."""
        return bool(self.billed.line_tax or any(one.amount for one in self.billed.taxes))

    @property
    def tax(self) -> Decimal:
        """What all of it comes to."""
        return self.billed.line_tax + sum((one.amount for one in self.billed.taxes), ZERO)

    # -- QuickBooks' lists

    def items_for(self, line: Record) -> Iterator[Entity]:
        """The items that can be meant by a line: by SKU, else by name."""
        rows = self.company.rows["Item"].values()
        by_sku = [one for one in rows if line.get("hs_sku") and one.get("Sku") == line.get("hs_sku")]
        by_name = [one for one in rows if one["Name"].casefold() == (line.get("name") or "").casefold()]
        yield from by_sku or by_name

    def customers_named(self, party: Record) -> list[Entity]:
        """Customers that bear the party's name or e-mail address."""
        name, email = books.name_of(party).casefold(), (party.get("email") or "").casefold()
        return [
            one
            for one in self.company.rows["Customer"].values()
            if one["DisplayName"].casefold().startswith(name)
            or (email and one.get("PrimaryEmailAddr", {}).get("Address", "").casefold() == email)
        ]
