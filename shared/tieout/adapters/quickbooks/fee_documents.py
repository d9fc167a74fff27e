"""Expenses and deposits of fees as QuickBooks writes them: a line on an account for each kind of fee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tieout.adapters.quickbooks.transactions import dated, referred
from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.company import LedgerCompany
from tieout.domain.money import Money
from tieout.domain.payment import Document
from tieout.domain.posting import AccountLine, PostingContent

# The name of a line's detail, which is also its type, by the document's kind.
_DETAILS: Mapping[Document, str] = {
    Document.EXPENSE: "AccountBasedExpenseLineDetail",
    Document.DEPOSIT: "DepositLineDetail",
}


def create_body(content: PostingContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the document. Equal arguments give equal bytes."""
    lines = [_line(one, content, number) for number, one in enumerate(content.account_lines, start=1)]
    # Fees of a processor bear no tax that the company could claim without the processor's own invoice.
    untaxed = {} if company.country == "US" else {"GlobalTaxCalculation": "NotApplicable"}
    place = referred(DepartmentRef=content.department_id)
    head = {**_head(content), **dated(content, company), **place, **untaxed}
    return encode({**head, "PrivateNote": private_note, "Line": lines})


def _head(content: PostingContent) -> Mapping[str, object]:
    if content.document is Document.DEPOSIT:
        return referred(DepositToAccountRef=content.account_id)
    number = {"DocNumber": content.reference} if content.reference else {}
    vendor = {"EntityRef": {"value": content.vendor_id, "type": "Vendor"}} if content.vendor_id else {}
    return {**referred(AccountRef=content.account_id), "PaymentType": "Cash", **vendor, **number}


def _line(line: AccountLine, content: PostingContent, number: int) -> Mapping[str, object]:
    kind = _DETAILS[content.document]
    detail: dict[str, object] = {**referred(AccountRef=line.account_id, ClassRef=content.class_id)}
    if content.document is Document.DEPOSIT and content.vendor_id:
        # In capitals on a deposit's line, unlike on a purchase (Intuit: deposit).
        detail["Entity"] = {"value": content.vendor_id, "type": "VENDOR"}
    return {
        "LineNum": number,
        "Description": line.description,
        "Amount": line.amount.amount,
        "DetailType": kind,
        kind: detail,
    }


def account_amounts(document: Document, lines: Sequence[Node], currency: str) -> tuple[tuple[str, Money], ...]:
    """The account and the amount of each line that is booked on one; none of other kinds of document."""
    kind = _DETAILS.get(document)
    if kind is None:
        return ()
    accounts = ((one.node(kind).reference("AccountRef"), one) for one in lines)
    return tuple((account, Money(one.number("Amount"), currency)) for account, one in accounts if account is not None)
