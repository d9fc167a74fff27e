"""Customer payments as QuickBooks writes them; an application is one of zero that links credits with what uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

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
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, LedgerPayment
from tieout.domain.posting import PostingContent


def create_body(content: PostingContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the payment. Equal arguments give equal bytes.

    The money was taken elsewhere, so QuickBooks is told not to process it (Intuit: payment). Without lines all of it
    stays unapplied.
    """
    lines = {"Line": _lines(content.allocations)} if content.allocations else {}
    owned = _owned(content, private_note, dated(content, company))
    return encode({**owned, "ProcessPayment": False, **lines})


def update_body(present: LedgerPayment, content: PostingContent, private_note: str, company: LedgerCompany) -> str:
    """The sparse body with every owned field and every line: lines are replaced all or none, and an empty array
    unapplies everything (Intuit: payment). The exchange rate is a person's to correct, unless the date changes."""
    head = {"Id": present.id, "SyncToken": present.sync_token, "sparse": True}
    rated = dated(content, company, rate=present.day != content.day)
    return encode({**head, **_owned(content, private_note, rated), "Line": _lines(content.allocations)})


def void_body(present: LedgerPayment) -> str:
    """The body of `?operation=update&include=void` (Intuit: payment)."""
    return encode({"Id": present.id, "SyncToken": present.sync_token, "sparse": True})


def _owned(content: PostingContent, private_note: str, when: Mapping[str, object]) -> Mapping[str, object]:
    reference = {"PaymentRefNum": content.reference} if content.reference else {}
    return {
        "CustomerRef": {"value": content.customer_id},
        "TotalAmt": content.amount.amount,
        **when,
        **referred(PaymentMethodRef=content.method_id, DepositToAccountRef=content.account_id),
        **reference,
        "PrivateNote": private_note,
    }


def _lines(allocations: Sequence[Allocation]) -> list[Mapping[str, object]]:
    # One line a document, also where a credit meets an invoice: so they read back.
    return [
        {"Amount": one.amount.amount, "LinkedTxn": [{"TxnId": one.far_id, "TxnType": one.type}]} for one in allocations
    ]


def read_payment(node: Node, home_currency: str) -> LedgerPayment:
    """The payment of an answer. Its allocations come in the order of kind and id, each document once. Raises
    Unreadable or ValueError."""
    currency = currency_of(node, home_currency)
    return LedgerPayment(
        id=node.text("Id"),
        sync_token=node.text("SyncToken"),
        customer_id=node.node("CustomerRef").text("value"),
        day=day_of(node),
        total=total_of(node, home_currency),
        unapplied=Money(node.optional_number("UnappliedAmt") or Decimal(0), currency),
        allocations=_allocations(node.nodes("Line"), currency),
        private_note=note_of(node),
        voided=is_voided(node),
        deposited=is_deposited(node),
        deposit_account_id=node.reference("DepositToAccountRef"),
        method_id=node.reference("PaymentMethodRef"),
        reference=node.optional_text("PaymentRefNum"),
        updated_at=updated_at(node),
        customer_name=node.node("CustomerRef").optional_text("name") or "",
    )


def _allocations(lines: Sequence[Node], currency: str) -> tuple[Allocation, ...]:
    applied: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        for linked in line.nodes("LinkedTxn"):
            applied[linked.text("TxnType"), linked.text("TxnId")] += line.number("Amount")
    parts = sorted(applied.items(), key=lambda part: (part[0][0], len(part[0][1]), part[0][1]))
    return tuple(Allocation(type_, id_, Money(amount, currency)) for (type_, id_), amount in parts)
