"""Invoices as QuickBooks writes them: request bodies from content, content from answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import ContentLine, InvoiceContent, LedgerInvoice
from tieout.domain.money import Money, round_to_minor_unit

NOT_TAXED = "NON"
"""The tax code of a line that bears no sales tax, in companies of the United States (Intuit: invoice)."""

# What an invoice can be made from; every other linked transaction settles it.
_SOURCES = frozenset(
    {"Estimate", "ReimburseCharge", "TimeActivity", "ChargeCredit", "StatementCharge", "SalesOrder", "BillableExpense"}
)
_VOIDED = "voided"


def create_body(content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the invoice. Equal arguments give equal bytes."""
    return encode(_owned(content, private_note, company))


def update_body(present: LedgerInvoice, content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The sparse body with every owned field and every line.

    Lines bear no ids: the array replaces the one that stands there (Intuit says so of payments; of invoices it is not
    documented). A memo or e-mail that falls away is sent as an empty text, because a sparse update leaves alone what
    is absent; that QuickBooks clears it then is not documented, and the answer shows it.
    """
    cleared: dict[str, object] = {}
    if present.content.memo and not content.memo:
        cleared["CustomerMemo"] = {"value": ""}
    if present.content.email and not content.email:
        cleared["BillEmail"] = {"Address": ""}
    head = {"Id": present.id, "SyncToken": present.sync_token, "sparse": True}
    return encode({**head, **_owned(content, private_note, company), **cleared})


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
    not_taxed = company.uses_sales_tax and company.country == "US"
    body["Line"] = [
        _line(number, line, content.currency, not_taxed=not_taxed) for number, line in enumerate(content.lines, start=1)
    ]
    return body


def _line(number: int, line: ContentLine, currency: str, *, not_taxed: bool) -> Mapping[str, object]:
    detail: dict[str, object] = {"ItemRef": {"value": line.item_id}}
    if line.quantity is not None:
        detail["Qty"] = line.quantity
    if line.unit_price is not None:
        detail["UnitPrice"] = line.unit_price
    if not_taxed:
        detail["TaxCodeRef"] = {"value": NOT_TAXED}
    described = {"Description": line.description} if line.description else {}
    return {
        "LineNum": number,
        **described,
        "Amount": round_to_minor_unit(line.amount, currency),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


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
        lines=tuple(line for one in node.nodes("Line") if (line := _read_line(one)) is not None),
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


def _read_line(line: Node) -> ContentLine | None:
    """A line as content; None for the subtotal that QuickBooks adds by itself.

    Lines of another kind than Tieout writes come out under a word instead of an item's id, so that they show as a
    difference wherever contents are compared, and with what they do to the total.
    """
    kind = line.optional_text("DetailType") or ""
    amount = line.optional_number("Amount") or Decimal(0)
    description = line.optional_text("Description")
    match kind:
        case "SubTotalLineDetail":
            return None
        case "SalesItemLineDetail":
            detail = line.node(kind)
            return ContentLine(
                item_id=detail.reference("ItemRef") or "",
                description=description,
                quantity=detail.optional_number("Qty"),
                unit_price=detail.optional_number("UnitPrice"),
                amount=amount,
            )
        case "DiscountLineDetail":
            return ContentLine("discount", description, None, None, -amount)
        case "DescriptionOnly":
            # An inline subtotal may carry a sum that the other lines carry already.
            return ContentLine("description", description, None, None, Decimal(0))
        case "GroupLineDetail":
            group = line.node(kind)
            parts = sum((one.optional_number("Amount") or Decimal(0) for one in group.nodes("Line")), Decimal(0))
            return ContentLine("group", description, group.optional_number("Quantity"), None, amount or parts)
        case _:
            return ContentLine(kind or "line", description, None, None, amount)
