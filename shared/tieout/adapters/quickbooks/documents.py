"""Sales receipts, refund receipts, credit memos, expenses and deposits as QuickBooks writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.adapters.quickbooks import fee_documents
from tieout.adapters.quickbooks.lines import LineWriter, ReadLines, read_lines
from tieout.adapters.quickbooks.transactions import (
    currency_of,
    dated,
    day_of,
    is_deposited,
    is_voided,
    note_of,
    referred,
    total_of,
    updated_at,
)
from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import ContentLine
from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerDocument
from tieout.domain.posting import PostingContent


@dataclass(frozen=True, slots=True)
class Form:
    """How QuickBooks treats a kind of document: its name, the page that shows it (as links of the web application have
    it; Intuit documents none), whether it is found by its customer, and whether it can be voided."""

    entity: str
    page: str
    by_customer: bool = True
    voidable: bool = False


_PAYMENT = Form("Payment", "recvpayment", voidable=True)
FORMS: Mapping[Document, Form] = {
    Document.PAYMENT: _PAYMENT,
    Document.APPLICATION: _PAYMENT,
    Document.SALES_RECEIPT: Form("SalesReceipt", "salesreceipt", voidable=True),
    # Of these Intuit documents no void, only the deletion; that of a purchase is answered "not supported".
    Document.REFUND_RECEIPT: Form("RefundReceipt", "refundreceipt"),
    Document.CREDIT_MEMO: Form("CreditMemo", "creditmemo"),
    # That purchases can be filtered by their payee is not documented.
    Document.EXPENSE: Form("Purchase", "expense", by_customer=False),
    Document.DEPOSIT: Form("Deposit", "deposit", by_customer=False),
}

_EXPENSE_LINE = "AccountBasedExpenseLineDetail"
_OURS_ON_LINE = frozenset({"LineNum", "Description", "Amount", "DetailType", _EXPENSE_LINE, "LineEx"})
_OURS_IN_DETAIL = frozenset({"AccountRef", "TaxAmount", "TaxInclusiveAmt"})
# What QuickBooks writes itself for a check that nobody has printed yet (Intuit: refund receipt).
_NO_REFERENCE = "To Print"
# The payee may be a customer, a vendor or an employee (Intuit: purchase).
_CUSTOMER, _VENDOR = "Customer", "Vendor"


def create_body(content: PostingContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the document. Equal arguments give equal bytes."""
    if content.account_lines:
        return fee_documents.create_body(content, private_note, company)
    if content.document is Document.EXPENSE:
        lines = [_account_line(content, {})]
    else:
        lines = _line_writer(content, company).new(content.lines)
    head = _owned(content, private_note, company, dated(content, company))
    # Else a refund from a bank account would wait in the queue of checks to be printed.
    printed = {"PrintStatus": "NotSet"} if content.document is Document.REFUND_RECEIPT else {}
    return encode({**head, **printed, "Line": lines})


def update_body(present: LedgerDocument, content: PostingContent, private_note: str, company: LedgerCompany) -> str:
    """The sparse body with every owned field and every line; a line keeps its id and whatever a person put on it (see
    `lines`). What Tieout does not plan stays as it is. The exchange rate is sent only with another date."""
    bodies = present.line_bodies
    if content.document is Document.EXPENSE:
        lines = [_account_line(content, json.loads(bodies[0], parse_float=Decimal) if bodies else {})]
    else:
        stands = ReadLines(present.lines, Decimal(0), bodies)
        lines = _line_writer(content, company).updated(stands, content.lines)
    head = {"Id": present.id, "SyncToken": present.sync_token, "sparse": True}
    rated = dated(content, company, rate=present.day != content.day)
    return encode({**head, **_owned(content, private_note, company, rated), "Line": lines})


def void_body(present: LedgerDocument) -> str:
    """The body that voids the document, or deletes a kind that cannot be voided."""
    sparse = {"sparse": True} if FORMS[present.document].voidable else {}
    return encode({"Id": present.id, "SyncToken": present.sync_token, **sparse})


def _owned(
    content: PostingContent, private_note: str, company: LedgerCompany, when: Mapping[str, object]
) -> Mapping[str, object]:
    if content.document is Document.EXPENSE:
        # Sent on every write: QuickBooks refuses even a sparse update without it.
        paid = {"PaymentType": "Cash", "EntityRef": {"value": content.customer_id, "type": _CUSTOMER}}
        number = {"DocNumber": content.reference} if content.reference else {}
        # A line on receivables is no purchase and bears no tax.
        untaxed = {} if company.country == "US" else {"GlobalTaxCalculation": "NotApplicable"}
        account = referred(AccountRef=content.account_id, PaymentMethodRef=content.method_id)
        return {**account, **paid, **when, **number, **untaxed, "PrivateNote": private_note}
    money: Mapping[str, object] = {}
    if content.document is not Document.CREDIT_MEMO:
        reference = {"PaymentRefNum": content.reference} if content.reference else {}
        accounts = referred(PaymentMethodRef=content.method_id, DepositToAccountRef=content.account_id)
        money = {**accounts, **reference}
    return {
        "CustomerRef": {"value": content.customer_id},
        **when,
        **money,
        **_taxed(content),
        "PrivateNote": private_note,
    }


def _taxed(content: PostingContent) -> Mapping[str, object]:
    how = {"GlobalTaxCalculation": content.tax_calculation} if content.tax_calculation is not None else {}
    code = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": content.tax_code}}} if content.tax_code is not None else {}
    return {**how, **code}


def _line_writer(content: PostingContent, company: LedgerCompany) -> LineWriter:
    not_taxed = company.uses_sales_tax and company.country == "US"
    return LineWriter(content.amount.currency, company.discount_account_id, not_taxed=not_taxed)


def _account_line(content: PostingContent, body: Mapping[str, object]) -> Mapping[str, object]:
    detail = body.get(_EXPENSE_LINE)
    kept = detail if isinstance(detail, dict) else {}
    ours = referred(AccountRef=content.line_account_id)
    return {
        **{key: value for key, value in body.items() if key not in _OURS_ON_LINE},
        "Amount": content.amount.amount,
        "DetailType": _EXPENSE_LINE,
        _EXPENSE_LINE: {**ours, **{key: value for key, value in kept.items() if key not in _OURS_IN_DETAIL}},
    }


def read_document(document: Document, node: Node, home_currency: str) -> LedgerDocument:
    """The document of an answer. Raises Unreadable or ValueError."""
    expense = document is Document.EXPENSE
    remaining = node.optional_number("RemainingCredit") if document is Document.CREDIT_MEMO else None
    nodes = node.nodes("Line")
    # Lines on accounts are no sales lines, and those of a deposit may link what was deposited.
    deposit = document is Document.DEPOSIT
    read = ReadLines((), Decimal(0), ()) if deposit else read_lines(nodes)
    reference = node.optional_text("DocNumber" if expense else "PaymentRefNum")
    return LedgerDocument(
        document=document,
        id=node.text("Id"),
        sync_token=node.text("SyncToken"),
        customer_id=_payee(node, _CUSTOMER) if expense else node.reference("CustomerRef"),
        day=day_of(node),
        total=total_of(node, home_currency),
        private_note=note_of(node),
        voided=is_voided(node),
        deposited=is_deposited(node),
        number=node.optional_text("DocNumber"),
        remaining=None if remaining is None else Money(remaining, currency_of(node, home_currency)),
        updated_at=updated_at(node),
        account_id=node.reference("AccountRef" if expense else "DepositToAccountRef"),
        method_id=node.reference("PaymentMethodRef"),
        reference=None if reference == _NO_REFERENCE else reference,
        lines=() if expense else _with_discount(read),
        line_account_id=_first_account(nodes) if expense else None,
        tax_calculation=node.optional_text("GlobalTaxCalculation"),
        tax_code=node.node("TxnTaxDetail").reference("TxnTaxCodeRef"),
        line_bodies=read.bodies,
        account_amounts=fee_documents.account_amounts(document, nodes, currency_of(node, home_currency)),
        vendor_id=_payee(node, _VENDOR) if expense else None,
        customer_name="" if expense else node.node("CustomerRef").optional_text("name") or "",
    )


def _payee(node: Node, type_: str) -> str | None:
    payee = node.node("EntityRef")
    return payee.optional_text("value") if (payee.optional_text("type") or _CUSTOMER) == type_ else None


def _with_discount(read: ReadLines) -> tuple[ContentLine, ...]:
    discount = (ContentLine("discount", None, None, None, -read.discount),) if read.discount else ()
    return (*read.lines, *discount)


def _first_account(lines: Sequence[Node]) -> str | None:
    return lines[0].node(_EXPENSE_LINE).reference("AccountRef") if lines else None
