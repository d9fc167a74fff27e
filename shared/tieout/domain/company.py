"""What is read once about the two companies of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Connection:
    """One HubSpot portal paired with one QuickBooks company (`realm_id`)."""

    id: str
    portal_id: str
    realm_id: str
    portal_time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class LedgerCompany:
    """The ledger's company and the preferences that decide the form of an invoice."""

    name: str
    country: str
    time_zone: str
    home_currency: str
    multicurrency: bool
    custom_numbers: bool
    uses_sales_tax: bool
    automated_sales_tax: bool
    books_closed_through: date | None = None


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """The HubSpot account behind a token."""

    portal_id: str
    time_zone: str
    currency: str
