"""What Tieout posts for a payment: the content of each document, and what a record remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tieout.domain.fee import FeeKind
from tieout.domain.invoice import ContentLine
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document

REFERENCE_LENGTH = 21
"""The longest reference that QuickBooks takes on every kind of document (Intuit: sales receipt)."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of an expense or deposit on an account: `amount` is positive, `fee` the kind of fee that it books."""

    account_id: str
    amount: Money
    fee: FeeKind
    description: str = ""


@dataclass(frozen=True, slots=True)
class PostingContent:
    """The fields of one posted document that Tieout writes and therefore owns.

    `amount` is the document's total (zero for an application). `allocations` say what it is applied to; what is not
    allocated stays unapplied. `account_id` is the account that the money goes into or comes from; None: the ledger's
    default (undeposited funds). `lines` are the sales lines of refund receipts, credit memos and sales receipts, the
    one account line of an expense is on `line_account_id`. `refunded` is the payment's cumulative refunded amount that
    this refund brings it to. `exchange_rate` is in home units for one unit of the amount's currency. `tax_calculation`
    and `tax_code` are as on an invoice. `reference` has at most REFERENCE_LENGTH characters. `invoice_ids` are the
    HubSpot invoices that the payment belonged to when it was posted; the far side does not show them. An expense or
    deposit of fees has `account_lines`, one a kind of fee, with a vendor, class and department
    (location), and no customer.
    """

    document: Document
    amount: Money
    day: date
    customer_id: str
    allocations: tuple[Allocation, ...] = ()
    account_id: str | None = None
    method_id: str | None = None
    reference: str | None = None
    notice: str = ""
    lines: tuple[ContentLine, ...] = ()
    line_account_id: str | None = None
    tax_calculation: str | None = None
    tax_code: str | None = None
    refunded: Money | None = None
    exchange_rate: Decimal | None = None
    invoice_ids: tuple[str, ...] = ()
    account_lines: tuple[AccountLine, ...] = ()
    vendor_id: str | None = None
    class_id: str | None = None
    department_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """A document that stands on the far side because of this record. `sent` is what Tieout wrote last, `written` how
    the far side answered it (None where it was found later, so that nothing counts as seen).

    `parent_id` is the far side's record that a mirrored payment belongs to: the HubSpot invoice of an allocation.
    `rejected`: it was answered with another total than was meant and has to go again; `voided`: it does not count any
    more. `entered`: a person entered it before its invoice was adopted, and it counts as posted.
    """

    far_id: str
    sent: PostingContent
    written: PostingContent | None = None
    sync_token: str | None = None
    updated_at: datetime | None = None
    parent_id: str = ""
    rejected: bool = False
    voided: bool = False
    entered: bool = False
