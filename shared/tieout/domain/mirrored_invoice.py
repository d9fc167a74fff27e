"""A QuickBooks invoice as HubSpot shows it: what is meant to stand there (`MirrorContent`), and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tieout.domain.invoice import InvoiceStatus
from tieout.domain.money import Money


@dataclass(frozen=True, slots=True)
class MirrorLine:
    """A line item: HubSpot calculates `quantity` x `unit_price` to the minor unit, which is QuickBooks' amount.

    `unit_price` is never negative (HubSpot: line items). `item_id` is QuickBooks' item, `product_id` HubSpot's product
    that was found for it; neither is compared with what stands in HubSpot.
    """

    name: str
    quantity: Decimal
    unit_price: Decimal
    description: str | None = None
    item_id: str | None = None
    product_id: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class MirrorContent:
    """The fields of a HubSpot non-billable invoice that Tieout writes and therefore owns.

    `discount` and `tax` are amounts of the whole invoice, not negative, in major units of `currency`; lines - discount
    + tax = `total`, which is QuickBooks'. `customer_id` is QuickBooks' customer; `company_id` and `contact_id` are the
    HubSpot records that were found for it: the associations are a person's to change.
    """

    number: str | None
    status: InvoiceStatus
    currency: str
    invoice_date: date
    due_date: date
    total: Money
    lines: tuple[MirrorLine, ...]
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    memo: str | None = None
    customer_id: str = ""
    company_id: str | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is remembered of a mirror. `sent` was meant last; `attempts` are what was meant since it last was complete,
    newest last, empty when all of `sent` stands: anything in between may stand there. `before` is what stood complete.
    """

    sent: MirrorContent
    attempts: tuple[MirrorContent, ...] = ()
    before: MirrorContent | None = None

    @property
    def complete(self) -> bool:
        """Whether all of `sent` was written."""
        return not self.attempts


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A line item as it stands in HubSpot."""

    id: str
    name: str
    quantity: Decimal
    unit_price: Decimal
    description: str | None = None
    discounted: bool = False


@dataclass(frozen=True, slots=True)
class StandingAdjustment:
    """An order-level discount, fee or tax as it stands in HubSpot; `kind` is HubSpot's object type ("discounts")."""

    kind: str
    id: str
    value: Decimal
    percent: bool = False


@dataclass(frozen=True, slots=True)
class StandingMirror:
    """A mirror as it stands in HubSpot now. `unreadable` says which value makes no sense, for a person; the others say
    nothing then. `modified_at` is HubSpot's own time of the last change. `properties` are the raw texts of further
    properties that were asked for; one that HubSpot does not have is absent."""

    id: str
    number: str | None = None
    status: InvoiceStatus = InvoiceStatus.DRAFT
    invoice_date: date | None = None
    due_date: date | None = None
    total: Money | None = None
    memo: str | None = None
    lines: tuple[StandingLine, ...] = ()
    adjustments: tuple[StandingAdjustment, ...] = ()
    modified_at: datetime | None = None
    unreadable: str = ""
    properties: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyncedInvoice:
    """An invoice that HubSpot's own data sync brought: its id, total and currency."""

    id: str
    number: str
    total: Money | None
