"""What is read once about the two companies of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """One HubSpot portal paired with one QuickBooks company (`realm_id`); `connected_at` (aware) is when that was done,
    None where it was not noted. `paused`: a person disconnected it, and its records wait until it is connected again.
    """

    id: str
    portal_id: str
    realm_id: str
    portal_time_zone: str = "UTC"
    connected_at: datetime | None = field(default=None, compare=False)
    paused: bool = False


@dataclass(frozen=True, slots=True)
class LedgerCompany:
    """The ledger's company and the preferences that decide the form of an invoice.

    `allow_discount`: discount lines are switched on, and post to `discount_account_id` (None: QuickBooks' default).
    `tracks_classes` and `tracks_locations`: whether documents may bear them. `custom_fields` are the names of the
    custom fields of sales forms that are switched on, by definition id; `allow_shipping`: sales forms show shipping.
    """

    name: str
    country: str
    time_zone: str
    home_currency: str
    multicurrency: bool
    custom_numbers: bool
    uses_sales_tax: bool
    automated_sales_tax: bool
    books_closed_through: date | None = None
    allow_discount: bool = False
    discount_account_id: str | None = None
    tracks_classes: bool = False
    tracks_locations: bool = False
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    allow_shipping: bool = False


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A sales tax code of the ledger. `taxable` False: the code for what bears no tax."""

    id: str
    name: str
    active: bool
    taxable: bool


@dataclass(frozen=True, slots=True)
class Term:
    """Terms of payment in the ledger; `due_days` None when they name a day of the month instead."""

    id: str
    name: str
    due_days: int | None
    active: bool


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """The HubSpot account behind a token."""

    portal_id: str
    time_zone: str
    currency: str
