"""The neutral invoice: as HubSpot has it (`SourceInvoice`) and as the ledger has it (`LedgerInvoice`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tieout.domain.customer import Party
from tieout.domain.money import Money, round_to_minor_unit


class InvoiceStatus(StrEnum):
    """HubSpot's `hs_invoice_status`."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A HubSpot line item. `unit_price` and `quantity` keep their decimals; `amount` is HubSpot's net line total.

    `discount` is HubSpot's fixed discount (whether of a unit or of the whole line is told by `amount`),
    `discount_percent` its percentage. `tax_rate_id` is HubSpot's tax rate group, `tax_amount` the tax it calculated
    at the percentage `tax_rate`.
    """

    id: str
    name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal | None
    description: str | None = None
    sku: str | None = None
    product_id: str | None = None
    discount: Decimal | None = None
    discount_percent: Decimal | None = None
    tax_rate_id: str | None = None
    tax_rate: Decimal | None = None
    tax_amount: Decimal | None = None


class AdjustmentKind(StrEnum):
    """What HubSpot can put on a whole invoice."""

    DISCOUNT = "discount"
    FEE = "fee"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An order-level discount, fee or tax. `percent` says whether `value` is a percentage or an amount."""

    kind: AdjustmentKind
    label: str
    value: Decimal
    percent: bool


@dataclass(frozen=True, slots=True)
class SourceInvoice:
    """An invoice in HubSpot, as it stands now.

    Dates are calendar dates (already converted, see `domain.dates`). `total` is HubSpot's `hs_amount_billed`,
    None while HubSpot has not calculated it. `properties` are the raw texts that filters look at. `modified_at` is
    HubSpot's own time of the last change that this reading shows.
    """

    id: str
    number: str | None
    status: InvoiceStatus
    currency: str
    invoice_date: date
    due_date: date | None
    total: Money | None
    company: Party | None
    contact: Party | None
    lines: tuple[SourceLine, ...]
    adjustments: tuple[Adjustment, ...] = ()
    comments: str | None = None
    purchase_order: str | None = None
    origin: str | None = None
    billable: bool = True
    properties: Mapping[str, str | None] = field(default_factory=dict)
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadableInvoice:
    """An invoice whose stored values make no sense ("price: abc"); `reason` names the property, for a person.

    The other fields are as those of `SourceInvoice`, as far as they could be read.
    """

    id: str
    reason: str
    status: InvoiceStatus | None = None
    invoice_date: date | None = None
    origin: str | None = None
    billable: bool = True
    properties: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One sales line in the ledger; `amount` = `quantity` x `unit_price` to the cent.

    `tax_code` is the ledger's code (in the United States TAX or NON); None: not sent, and not Tieout's.
    """

    item_id: str
    description: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceContent:
    """The fields of a ledger invoice that Tieout writes and therefore owns.

    The same type says what should stand there, what was written last, and what stands there now, so that the
    three can be compared field by field. `number` None means that the ledger numbers by itself.

    `discount` is the one order discount: positive, a fixed amount. `exchange_rate` is in home units for one unit of
    `currency`. `custom_fields` are pairs of a field (the ledger's definition id, or the name of a `NativeField`)
    and its text. `tax_calculation` is QuickBooks' GlobalTaxCalculation, None in the United States; `tax_code` is
    its TxnTaxCodeRef, the code of the whole invoice that only American companies have. `tax_before_discount`: the
    tax is of the lines as they are, not of what the discount leaves of them; it follows from the lines, so it is
    never compared. `billed` is HubSpot's total, to which the ledger's total has to come; what the ledger reads back
    has none. `notice` is said above the marker in the private note; it is a person's to change, so it is never
    compared.
    """

    customer_id: str
    number: str | None
    invoice_date: date
    due_date: date | None
    currency: str
    lines: tuple[ContentLine, ...]
    memo: str | None = None
    email: str | None = None
    discount: Decimal = Decimal(0)
    exchange_rate: Decimal | None = None
    terms_id: str | None = None
    custom_fields: tuple[tuple[str, str], ...] = ()
    tax_calculation: str | None = None
    tax_code: str | None = None
    tax_before_discount: bool = False
    billed: Money | None = None
    notice: str = ""

    @property
    def total(self) -> Money:
        """The sum of the lines less the discount, in `currency`, without the tax that the ledger adds by itself."""
        return Money(sum((line.amount for line in self.lines), Decimal(0)) - self.discount, self.currency)


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    """An invoice that stands in the ledger now.

    `settled_by` are the types of transactions applied to it ("Payment", "CreditMemo"...), `settlements` the
    transactions themselves, as pairs of type and id, where the ledger names them. `updated_at` is the
    ledger's own time of the last change. `line_bodies` are the lines of `content` in the ledger's own words, one text
    each: they hold fields that only people use, so only the adapter reads them, to keep those through an update; and
    `whole` likewise is all of it.
    `call_id` is the vendor's own id of the write that this answers, "" when it answers none. `tax` is the sales tax of
    the whole invoice (None: it names none). `custom_fields_shown` are the definition ids of the custom fields that it
    shows, filled or not: those that are switched on. `customer_name` and `item_names` (by id) are how the ledger calls
    them. `estimates` are the ids of those that it was made from.
    """

    id: str
    sync_token: str
    content: InvoiceContent
    total: Money
    balance: Money
    private_note: str
    voided: bool
    settled_by: tuple[str, ...]
    updated_at: datetime | None
    line_bodies: tuple[str, ...] = field(default=(), repr=False)
    call_id: str = field(default="", compare=False)
    settlements: tuple[tuple[str, str], ...] = ()
    tax: Decimal | None = field(default=None, compare=False)
    whole: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)
    custom_fields_shown: frozenset[str] = field(default=frozenset(), compare=False)
    customer_name: str = field(default="", compare=False, repr=False)
    item_names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    estimates: tuple[str, ...] = field(default=(), compare=False)


def line_amount(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Quantity x unit price to the minor unit: the only amount QuickBooks accepts on such a line (error 6070)."""
    return round_to_minor_unit(quantity * unit_price, currency)
