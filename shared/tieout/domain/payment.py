"""The neutral payment: as HubSpot has it (`SourcePayment`) and as the ledger has it (`LedgerPayment`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tieout.domain.customer import Party
from tieout.domain.invoice import ContentLine
from tieout.domain.money import Money


class PaymentStatus(StrEnum):
    """HubSpot's `hs_latest_status`."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    PROCESSING_REFUND = "processing_refund"
    DISPUTED_WON = "disputed_won"
    DISPUTED_LOST = "disputed_lost"
    DISPUTED_ACTION_REQUIRED = "disputed_action_required"
    DISPUTED_AWAITING_DECISION = "disputed_awaiting_decision"


NOT_RECEIVED = frozenset({PaymentStatus.PROCESSING, PaymentStatus.FAILED})
"""In any other status the money was received, also when the payment is first seen in that later status."""
DISPUTED = frozenset({one for one in PaymentStatus if one.value.startswith("disputed_")})


class Processor(StrEnum):
    """HubSpot's `hs_processor_type`: who took the money. `quickbooks` is what Tieout itself recorded."""

    HUBSPOT = "hs_payments"
    STRIPE = "byo_stripe"
    BY_HAND = "none"
    QUICKBOOKS = "quickbooks"
    XERO = "xero"


@dataclass(frozen=True, slots=True)
class Refunded:
    """A rise of HubSpot's cumulative refunded amount to `total`, seen at `at` (aware)."""

    total: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class SourcePayment:
    """A payment in HubSpot, as it stands now.

    `amount` is what the buyer paid (`hs_initial_amount`), `refunded` the cumulative amount given back,
    `refund_history` its changes, oldest first (empty when HubSpot keeps none). `initiated_at` (aware) is
    `hs_initiated_date`; books take its day in the ledger company's time zone. `invoice_ids` are all HubSpot
    invoices it is associated with; HubSpot tells no allocation. `company` and `contact` are given where there is
    none; else its customer is the invoice's. `source` is `hs_payment_source_app` (INVOICE, QUOTE, SUBSCRIPTION...),
    `comment` the internal comment, in which Tieout's own payments bear their marker. Fees are None where HubSpot
    has not told them: never zero; they, `net` and `settled` (the amount itself) are in the settlement currency.
    `modified_at` is HubSpot's own time of the last change that this reading shows.
    """

    id: str
    status: PaymentStatus
    amount: Money
    refunded: Money
    initiated_at: datetime
    processor: Processor
    method: str | None = None
    reference: str | None = None
    comment: str | None = None
    email: str | None = None
    source: str | None = None
    invoice_ids: tuple[str, ...] = ()
    company: Party | None = None
    contact: Party | None = None
    refund_history: tuple[Refunded, ...] = ()
    processing_fee: Money | None = None
    platform_fee: Money | None = None
    net: Money | None = None
    settled: Money | None = None
    settlement_currency: str | None = None
    modified_at: datetime | None = None

    @property
    def received(self) -> bool:
        """Whether the money came in, whatever became of it later."""
        return self.status not in NOT_RECEIVED


@dataclass(frozen=True, slots=True)
class UnreadablePayment:
    """A payment whose stored values make no sense; `reason` names the property, for a person. Its `comment` may bear
    the marker of one that Tieout recorded."""

    id: str
    reason: str
    comment: str | None = None


class Document(StrEnum):
    """The kinds of document that money in or out makes on the far side.

    `APPLICATION` is QuickBooks' payment of zero that links a credit memo with what uses it up.
    """

    PAYMENT = "payment"
    SALES_RECEIPT = "sales_receipt"
    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"
    EXPENSE = "expense"
    DEPOSIT = "deposit"
    APPLICATION = "application"
    HUBSPOT_PAYMENT = "hubspot_payment"

    @property
    def holder_kind(self) -> str:
        """The kind under which the far id is unique: an application is one of QuickBooks' payments."""
        return Document.PAYMENT.value if self is Document.APPLICATION else self.value


@dataclass(frozen=True, slots=True)
class Allocation:
    """The part of a payment that is applied to one document: `far_id` of kind `type` ("Invoice", "CreditMemo"...)."""

    type: str
    far_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class LedgerPayment:
    """A customer payment that stands in the ledger now.

    `total` is what was received, `unapplied` the part of it that is applied to nothing. `allocations` are the parts
    applied, of invoices (positive) and of the credits that a payment uses up. `voided`: everything is zero now.
    `deposit_account_id` None: not told. `updated_at` is the ledger's own time of the last change. `call_id` and
    `customer_name` are as of an invoice. `deposited`: it is on a bank deposit, and cannot be changed.
    """

    id: str
    sync_token: str
    customer_id: str
    day: date
    total: Money
    unapplied: Money
    allocations: tuple[Allocation, ...]
    private_note: str
    voided: bool
    deposit_account_id: str | None = None
    method_id: str | None = None
    reference: str | None = None
    updated_at: datetime | None = None
    call_id: str = field(default="", compare=False)
    customer_name: str = field(default="", compare=False, repr=False)
    deposited: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class LedgerDocument:
    """A refund receipt, credit memo, sales receipt, expense or deposit that stands in the ledger now.

    `remaining` is the part of a credit memo that nothing has used up yet, None for other documents. `account_id` is
    where the money went or came from, `line_account_id` that of an expense's first line; `lines` are those of the other
    kinds, a discount among them, with the two tax fields of `InvoiceContent`. `line_bodies` are the lines in the
    ledger's own words, which only the adapter reads, to keep through an update what a person put there.
    `account_amounts` are the accounts and amounts of the lines of an expense or a deposit, `vendor_id` is the payee of
    an expense who is a vendor. `customer_name` is as of an invoice, `deposited` as of a payment.
    """

    document: Document
    id: str
    sync_token: str
    customer_id: str | None
    day: date
    total: Money
    private_note: str
    voided: bool
    number: str | None = None
    remaining: Money | None = None
    updated_at: datetime | None = None
    call_id: str = field(default="", compare=False)
    account_id: str | None = None
    method_id: str | None = None
    reference: str | None = None
    lines: tuple[ContentLine, ...] = ()
    line_account_id: str | None = None
    tax_calculation: str | None = None
    tax_code: str | None = None
    line_bodies: tuple[str, ...] = field(default=(), repr=False)
    account_amounts: tuple[tuple[str, Money], ...] = ()
    vendor_id: str | None = None
    customer_name: str = field(default="", compare=False, repr=False)
    deposited: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What a HubSpot invoice shows of its payments in QuickBooks, as properties: amounts in the invoice's currency.

    `paid` are payments applied, `credited` credits applied, `refunded` what was given back in QuickBooks itself.
    `url` opens the newest payment. None clears a property.
    """

    paid: Money
    credited: Money
    balance: Money
    refunded: Money | None = None
    last_payment_day: date | None = None
    url: str | None = None
