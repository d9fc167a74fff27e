"""The kinds of transaction that the sandbox knows, a row each; `entities` joins them with the lists."""

from infra.sandbox.quickbooks.definitions import SALES_EVENTS, Definition
from infra.sandbox.quickbooks.rules import payments, postings, sales

_STAMPS = {"Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"}
_BOOKED = frozenset({"create", "update", "delete", "void", "read", "query"})
_FORM = _BOOKED | {"pdf", "send"}
_FORM_FIELDS = {*_STAMPS, "CustomerRef", "DocNumber", "TxnDate", "TotalAmt"}
_COMPUTED = {"TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "TxnStatus", "DeliveryInfo", "RecurDataRef"}
_COMPUTED |= {"HomeTotalCostAmount"}

TRANSACTIONS = (
    Definition(
        name="Invoice",
        kind="transaction",
        operations=_FORM,
        required=("CustomerRef", "Line"),
        read_only=frozenset({*_COMPUTED, "InvoiceLink", "EInvoiceStatus", "invoiceStatus", "invoiceStatusLog"}),
        rule=sales.invoice,
        void=sales.void,
        release=payments.unapply,
        postings=postings.invoice,
        api_voids=True,
        numbered=True,
        filterable=frozenset({*_FORM_FIELDS, "DueDate", "Balance"}),
        events=SALES_EVENTS,
    ),
    Definition(
        name="CreditMemo",
        kind="transaction",
        operations=_FORM,
        required=("CustomerRef", "Line"),
        read_only=frozenset({*_COMPUTED, "RemainingCredit"}),
        rule=sales.credit_memo,
        void=sales.void,
        release=payments.unapply,
        postings=postings.credit_memo,
        numbered=True,
        filterable=frozenset({*_FORM_FIELDS, "Balance"}),
        events=SALES_EVENTS,
    ),
    Definition(
        name="SalesReceipt",
        kind="transaction",
        operations=_FORM,
        required=("Line",),
        read_only=frozenset(_COMPUTED),
        rule=sales.receipt,
        void=sales.void,
        postings=postings.sales_receipt,
        api_voids=True,
        void_by_update=True,
        numbered=True,
        filterable=frozenset({*_FORM_FIELDS, "PaymentRefNum"}),
        events=SALES_EVENTS,
    ),
    Definition(
        name="RefundReceipt",
        kind="transaction",
        operations=_FORM,
        required=("DepositToAccountRef", "Line"),
        read_only=frozenset({*_COMPUTED, "RemainingCredit"}),
        rule=sales.receipt,
        void=sales.void,
        postings=postings.refund_receipt,
        numbered=True,
        filterable=frozenset({*_FORM_FIELDS, "PaymentRefNum"}),
        events=SALES_EVENTS,
    ),
    Definition(
        name="Payment",
        kind="transaction",
        operations=_BOOKED,
        required=("CustomerRef", "TotalAmt"),
        read_only=frozenset({"UnappliedAmt", "TxnStatus", "HomeTotalCostAmount", "LinkedTxn"}),
        rule=payments.payment,
        void=payments.void,
        release=payments.take_back,
        postings=postings.payment,
        whole_lines=True,
        api_voids=True,
        void_by_update=True,
        filterable=frozenset({*_STAMPS, "CustomerRef", "TxnDate", "TotalAmt", "PaymentRefNum"}),
        events=SALES_EVENTS,
    ),
)
