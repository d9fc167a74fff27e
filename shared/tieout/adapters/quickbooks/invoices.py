"""Invoices as QuickBooks writes them: request bodies from content, content from answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tieout.adapters.quickbooks.lines import LineWriter, body_of, read_line
from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.money import Money

# What an invoice can be made from; every other linked transaction settles it.
_SOURCES = frozenset(
    {"Estimate", "ReimburseCharge", "TimeActivity", "ChargeCredit", "StatementCharge", "SalesOrder", "BillableExpense"}
)
_VOIDED = "voided"


def create_body(content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the invoice. Equal arguments give equal bytes."""
    lines = _line_writer(content, company).new(content.lines)
    return encode({**_owned(content, private_note, company), "Line": lines})


def update_body(present: LedgerInvoice, content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The sparse body with every owned field and every line.

    A line keeps its id and whatever a person put on it (see `lines`). The array is taken to replace the one that
    stands there; Intuit says so of payments, of invoices it is not documented, and a company that merged by id would
    answer a total that differs when a line fell away. A memo or e-mail that falls away is sent as an empty text,
    because a sparse update leaves alone what is absent; that QuickBooks clears it then is not documented either, and
    the answer shows it.
    """
    cleared: dict[str, object] = {}
    if present.content.memo and not content.memo:
        cleared["CustomerMemo"] = {"value": ""}
    if present.content.email and not content.email:
        cleared["BillEmail"] = {"Address": ""}
    head = {"Id": present.id, "SyncToken": present.sync_token, "sparse": True}
    lines = _line_writer(content, company).updated(present.content.lines, present.line_bodies, content.lines)
    return encode({**head, **_owned(content, private_note, company), **cleared, "Line": lines})


def void_body(present: LedgerInvoice) -> str:
    """The body of `?operation=void` (Intuit: invoice)."""
    return encode({"Id": present.id, "SyncToken": present.sync_token})


def _owned(content: InvoiceContent, private_note: str, company: LedgerCompany) -> Mapping[str, object]:
    body: dict[str, object] = {"CustomerRef": {"value": content.customer_id}}
    if company.custom_numbers and content.number:
        body["DocNumber"] = content.number
    body["TxnDate"] = content.invoice_date.isoformat()
    if content.due_date is not None:
        body["DueDate"] = content.due_date.isoformat()
    if company.multicurrency:
        body["CurrencyRef"] = {"value": content.currency}
    body["PrivateNote"] = private_note
    if content.memo:
        body["CustomerMemo"] = {"value": content.memo}
    if content.email:
        body["BillEmail"] = {"Address": content.email}
    return body


def _line_writer(content: InvoiceContent, company: LedgerCompany) -> LineWriter:
    return LineWriter(content.currency, not_taxed=company.uses_sales_tax and company.country == "US")


def read_invoice(node: Node, home_currency: str) -> LedgerInvoice:
    """The invoice of an answer; `home_currency` where it names none. Raises Unreadable or ValueError."""
    currency = node.reference("CurrencyRef") or home_currency
    total = Money(node.number("TotalAmt"), currency)
    note = node.optional_text("PrivateNote") or ""
    date = node.day("TxnDate")
    if date is None:
        raise ValueError("an invoice without a date")
    content = InvoiceContent(
        customer_id=node.node("CustomerRef").text("value"),
        number=node.optional_text("DocNumber"),
        invoice_date=date,
        due_date=node.day("DueDate"),
        currency=currency,
        lines=tuple(line for one in node.nodes("Line") if (line := read_line(one)) is not None),
        memo=node.node("CustomerMemo").optional_text("value"),
        email=node.node("BillEmail").optional_text("Address"),
    )
    return LedgerInvoice(
        id=node.text("Id"),
        sync_token=node.text("SyncToken"),
        content=content,
        total=total,
        balance=Money(node.optional_number("Balance") or Decimal(0), currency),
        private_note=note,
        voided=_is_voided(node, note, total),
        settled_by=_settled_by(node),
        updated_at=node.node("MetaData").instant("LastUpdatedTime"),
        line_bodies=tuple(body for one in node.nodes("Line") if (body := body_of(one)) is not None),
    )


def _is_voided(node: Node, note: str, total: Money) -> bool:
    # A void leaves no status of its own in JSON that is documented: all amounts are 0, and the note begins with it.
    states = {(node.optional_text(key) or "").lower() for key in ("TxnStatus", "status")}
    return _VOIDED in states or (total.amount == 0 and note.lower().startswith(_VOIDED))


def _settled_by(node: Node) -> tuple[str, ...]:
    types = [one.text("TxnType") for one in node.nodes("LinkedTxn")]
    if (node.optional_number("Deposit") or 0) > 0:
        types.append("Deposit")
    return tuple(sorted({kind for kind in types if kind not in _SOURCES}))
