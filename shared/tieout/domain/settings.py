"""What a user may configure for one connection, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.field_pairs import PURCHASE_ORDER_PROPERTY, Direction, FieldPair


class CustomerLevel(StrEnum):
    """Whom an invoice is billed to when it has both a company and a contact."""

    COMPANY = "company"
    CONTACT = "contact"


class TaxMode(StrEnum):
    """How sales tax on a HubSpot invoice reaches QuickBooks.

    none: it does not, such an invoice is attention. as_item: each tax is a line with an item on a liability account.
    automated: QuickBooks computes it by itself (United States). codes: HubSpot's rate groups are QuickBooks' tax codes.
    """

    NONE = "none"
    AS_ITEM = "as_item"
    AUTOMATED = "automated"
    CODES = "codes"


class BeyondTolerance(StrEnum):
    """What becomes of an invoice that was just created and whose total in QuickBooks is not HubSpot's."""

    VOID = "void"
    KEEP = "keep"


class ClosedPeriod(StrEnum):
    """What to do with a new invoice dated in a period whose books are closed."""

    HOLD = "hold"
    FIRST_OPEN_DAY = "first_open_day"
    IGNORE = "ignore"


class DeletedInHubSpot(StrEnum):
    """What to do with a QuickBooks invoice whose HubSpot invoice was deleted."""

    ATTENTION = "attention"
    VOID = "void"
    IGNORE = "ignore"


class VoidedInQuickBooks(StrEnum):
    """What becomes of the HubSpot invoice of a QuickBooks invoice that was voided there."""

    VOID = "void"
    ATTENTION = "attention"


class DeletedInQuickBooks(StrEnum):
    """What becomes of the HubSpot invoice of a QuickBooks invoice that was deleted there."""

    ATTENTION = "attention"
    VOID = "void"
    IGNORE = "ignore"


class UnknownInHubSpot(StrEnum):
    """What becomes of a QuickBooks customer that HubSpot does not know, when its invoice is shown there."""

    LEAVE = "leave"
    CREATE = "create"


class WithoutInvoice(StrEnum):
    """What becomes of a HubSpot payment that belongs to no invoice (payment link, quote, subscription)."""

    IGNORE = "ignore"
    SALES_RECEIPT = "sales_receipt"
    UNAPPLIED = "unapplied"


class RefundForm(StrEnum):
    """How money that was given back is posted.

    refund_receipt: one document. credit_memo: a credit memo and an expense to accounts receivable, linked by a payment
    of zero.
    """

    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"


class FeeBooking(StrEnum):
    """Whether the fees of the processors are booked, and how often: an expense a day or a month."""

    REPORT_ONLY = "report_only"
    DAILY = "daily"
    MONTHLY = "monthly"


class DealMode(StrEnum):
    """What HubSpot's deals are used for.

    show: the deals of an invoice show it. associate: and an invoice without a deal is associated with the one that
    it belongs to by rule.
    """

    OFF = "off"
    SHOW = "show"
    ASSOCIATE = "associate"


class PdfTarget(StrEnum):
    """Whose record in HubSpot gets the PDF of an invoice, as a note with a private file."""

    OFF = "off"
    DEAL = "deal"
    COMPANY = "company"
    CONTACT = "contact"


class FilterOperator(StrEnum):
    """How a filter compares a HubSpot invoice property."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Filter:
    """An invoice passes when its `property` (HubSpot internal name) compares with `values` as `operator` says."""

    property: str
    operator: FilterOperator
    values: tuple[str, ...] = ()

    def passes(self, properties: Mapping[str, str | None]) -> bool:
        """Whether an invoice with these property texts passes. A property without a value equals nothing."""
        value = properties.get(self.property) or None
        match self.operator:
            case FilterOperator.KNOWN:
                return value is not None
            case FilterOperator.UNKNOWN:
                return value is None
            case FilterOperator.EQUALS | FilterOperator.IN:
                return value in self.values
            case FilterOperator.NOT_EQUALS | FilterOperator.NOT_IN:
                return value not in self.values


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a connection.

    push_invoices: whether HubSpot invoices go to QuickBooks at all.
    cutover_date: invoices dated earlier are ignored.
    filters: all must pass.
    customer_level: whom to bill when an invoice has both a company and a contact.
    match_customers_by_email: whether to look for a customer by e-mail before looking by name.
    create_customers: whether an unknown customer is created.
    fallback_item_id: QuickBooks item for lines whose product is not found; none means attention.
    write_status_to_hubspot: whether the sync status is shown on the HubSpot invoice.
    skip_data_sync_invoices: whether invoices that HubSpot's own data sync brought are left alone.
    tax_mode: how sales tax reaches QuickBooks.
    tax_item_id: QuickBooks item for a tax line in mode as_item.
    tax_items: other items for taxes with these HubSpot labels.
    tax_codes: QuickBooks tax code by HubSpot tax rate group, in mode codes.
    untaxed_code: the code of lines that bear no tax; in the United States it is NON without being set.
    fee_item_id: QuickBooks item for order-level fees.
    fee_items: other items for fees with these HubSpot labels.
    total_tolerance: up to which difference of the two totals, in major units of its currency, an invoice is in sync.
    variance_tolerance: up to which difference it is in sync with a variance; beyond it is attention.
    beyond_tolerance: what becomes of a just created invoice that differs by more.
    closed_period: what to do with a new invoice dated in a closed period.
    deleted_in_hubspot: what to do when an invoice that stands in QuickBooks was deleted in HubSpot.
    terms: QuickBooks terms by the days between invoice and due date.
    field_pairs: HubSpot invoice properties and QuickBooks fields that follow each other.
    custom_fields: QuickBooks custom field (definition id 1 to 3) by HubSpot invoice property: pairs to QuickBooks.
    purchase_order_field: custom field that takes HubSpot's purchase order number, likewise.
    push_payments: whether HubSpot payments and refunds go to QuickBooks at all.
    pull_payments: whether QuickBooks payments go to HubSpot at all.
    pull_invoices: whether invoices that are born in QuickBooks go to HubSpot at all.
    voided_in_quickbooks: what becomes of the HubSpot invoice of a QuickBooks invoice that was voided there.
    deleted_in_quickbooks: the same for one that was deleted there.
    adopt_data_sync_invoices: whether an invoice that HubSpot's own data sync brought stands for the QuickBooks invoice.
    unknown_in_hubspot: whether contact and company are created for a QuickBooks customer that HubSpot does not know.
    deposit_accounts: QuickBooks account that payments go into and refunds come from, by HubSpot's processor; by
        processor and currency (`byo_stripe:EUR`) where one currency has an account of its own.
    payment_methods: QuickBooks payment method by HubSpot's.
    payments_without_invoice: what becomes of HubSpot payments that belong to no invoice.
    sales_receipt_item_id: QuickBooks item of sales receipts, and of refunds of payments without an invoice.
    refunds: the form in which refunds are posted.
    receivable_account_id: QuickBooks' accounts receivable account, for the expense of a refund by credit memo.
    payment_wait_days: how long a payment waits for its invoice to reach QuickBooks.
    recognise_workflow_documents: whether documents that HubSpot's own workflow actions may have made are looked for.
    record_payments_in_hubspot: whether QuickBooks payments are recorded as payments in HubSpot.
    fee_booking: whether and how often the fees of the processors are booked.
    fee_vendors: QuickBooks vendor of the fees, by HubSpot's processor, or by processor and currency: a vendor has one.
    processing_fee_account_id: QuickBooks expense account of processing fees.
    platform_fee_account_id: QuickBooks expense account of HubSpot's platform fees.
    fee_class_id: QuickBooks class of booked fees, where classes are tracked.
    fee_department_id: QuickBooks location of booked fees, where locations are tracked.
    deals: what HubSpot's deals are used for.
    deal_field: QuickBooks custom field (definition id 1 to 3) that holds a deal's id or an order number.
    deal_order_property: HubSpot deal property that holds the order number.
    deal_window_days: how far from the invoice's date a deal may have been created or won to be taken for its own.
    tell_ambiguous_deals: whether it is told when several deals come into question.
    pdf: whose record gets the PDF of an invoice.
    """

    push_invoices: bool = True
    cutover_date: date | None = None
    filters: tuple[Filter, ...] = ()
    customer_level: CustomerLevel = CustomerLevel.COMPANY
    match_customers_by_email: bool = True
    create_customers: bool = True
    fallback_item_id: str | None = None
    write_status_to_hubspot: bool = True
    skip_data_sync_invoices: bool = True
    tax_mode: TaxMode = TaxMode.NONE
    tax_item_id: str | None = None
    tax_items: Mapping[str, str] = field(default_factory=dict)
    tax_codes: Mapping[str, str] = field(default_factory=dict)
    untaxed_code: str | None = None
    fee_item_id: str | None = None
    fee_items: Mapping[str, str] = field(default_factory=dict)
    total_tolerance: Decimal = Decimal("0.00")
    variance_tolerance: Decimal = Decimal("0.05")
    beyond_tolerance: BeyondTolerance = BeyondTolerance.VOID
    closed_period: ClosedPeriod = ClosedPeriod.HOLD
    deleted_in_hubspot: DeletedInHubSpot = DeletedInHubSpot.ATTENTION
    terms: Mapping[int, str] = field(default_factory=dict)
    field_pairs: tuple[FieldPair, ...] = ()
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    purchase_order_field: str | None = None
    push_payments: bool = True
    pull_payments: bool = True
    pull_invoices: bool = False
    voided_in_quickbooks: VoidedInQuickBooks = VoidedInQuickBooks.VOID
    deleted_in_quickbooks: DeletedInQuickBooks = DeletedInQuickBooks.ATTENTION
    adopt_data_sync_invoices: bool = False
    unknown_in_hubspot: UnknownInHubSpot = UnknownInHubSpot.LEAVE
    deposit_accounts: Mapping[str, str] = field(default_factory=dict)
    payment_methods: Mapping[str, str] = field(default_factory=dict)
    payments_without_invoice: WithoutInvoice = WithoutInvoice.IGNORE
    sales_receipt_item_id: str | None = None
    refunds: RefundForm = RefundForm.REFUND_RECEIPT
    receivable_account_id: str | None = None
    payment_wait_days: int = 14
    recognise_workflow_documents: bool = False
    record_payments_in_hubspot: bool = True
    fee_booking: FeeBooking = FeeBooking.REPORT_ONLY
    fee_vendors: Mapping[str, str] = field(default_factory=dict)
    processing_fee_account_id: str | None = None
    platform_fee_account_id: str | None = None
    fee_class_id: str | None = None
    fee_department_id: str | None = None
    deals: DealMode = DealMode.OFF
    deal_field: str | None = None
    deal_order_property: str | None = None
    deal_window_days: int = 90
    tell_ambiguous_deals: bool = True
    pdf: PdfTarget = PdfTarget.OFF

    def deposit_account(self, processor: str, currency: str) -> str | None:
        """The account for a processor's money in a currency: the currency's own, else the processor's."""
        return self.deposit_accounts.get(f"{processor}:{currency}", self.deposit_accounts.get(processor))

    def fee_vendor(self, processor: str, currency: str) -> str | None:
        """The vendor of a processor's fees in a currency, in the same way."""
        return self.fee_vendors.get(f"{processor}:{currency}", self.fee_vendors.get(processor))

    @property
    def needed_properties(self) -> frozenset[str]:
        """The HubSpot invoice properties that filters and pairs of fields look at, to be read with each invoice."""
        return frozenset(item.property for item in self.filters) | frozenset(pair.hubspot for pair in self.pairs)

    @property
    def pairs(self) -> tuple[FieldPair, ...]:
        """All pairs of fields; what `custom_fields` and `purchase_order_field` name goes to QuickBooks only."""
        older = [FieldPair(name, id_, Direction.TO_QUICKBOOKS) for name, id_ in self.custom_fields.items()]
        if self.purchase_order_field is not None:
            older.append(FieldPair(PURCHASE_ORDER_PROPERTY, self.purchase_order_field, Direction.TO_QUICKBOOKS))
        return (*self.field_pairs, *older)


NOT_TAXED_US = "NON"
"""The code of a line that bears no sales tax, in the United States (Intuit: invoice)."""
