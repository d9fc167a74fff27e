"""What every transaction of QuickBooks has: the fields that Tieout writes on each, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import LedgerCompany
from tieout.domain.money import Money
from tieout.domain.posting import PostingContent

_VOIDED = "voided"


def currency_of(node: Node, home_currency: str) -> str:
    """The transaction's currency: the home currency where it names none."""
    return node.reference("CurrencyRef") or home_currency


def total_of(node: Node, home_currency: str) -> Money:
    """TotalAmt in the transaction's currency."""
    return Money(node.number("TotalAmt"), currency_of(node, home_currency))


def day_of(node: Node) -> date:
    """TxnDate, the posting date."""
    day = node.day("TxnDate")
    if day is None:
        raise Unreadable(f"{node.where}.TxnDate is missing")
    return day


def note_of(node: Node) -> str:
    """PrivateNote, empty when there is none."""
    return node.optional_text("PrivateNote") or ""


def updated_at(node: Node) -> datetime | None:
    """QuickBooks' own time of the last change."""
    return node.node("MetaData").instant("LastUpdatedTime")


def is_voided(node: Node) -> bool:
    """Whether it was voided.

    A void leaves no status of its own in JSON that is documented: all amounts are 0, and the note begins with it.
    """
    states = {(node.optional_text(key) or "").lower() for key in ("TxnStatus", "status")}
    nothing = (node.optional_number("TotalAmt") or Decimal(0)) == 0
    return _VOIDED in states or (nothing and note_of(node).lower().startswith(_VOIDED))


def is_deposited(node: Node) -> bool:
    """Whether it is on a bank deposit, as far as it names one: else QuickBooks refuses a change (6540)."""
    return any(one.optional_text("TxnType") == "Deposit" for one in node.nodes("LinkedTxn"))


def dated(content: PostingContent, company: LedgerCompany, *, rate: bool = True) -> Mapping[str, object]:
    """Date and currency; the exchange rate too when `rate`, because QuickBooks would assume 1 (Intuit: payment)."""
    fields: dict[str, object] = {"TxnDate": content.day.isoformat()}
    if company.multicurrency:
        fields["CurrencyRef"] = {"value": content.amount.currency}
        if rate and content.exchange_rate is not None:
            fields["ExchangeRate"] = content.exchange_rate
    return fields


def referred(**ids: str | None) -> Mapping[str, object]:
    """References by field name, without those that are None: what is not planned is QuickBooks' or a person's."""
    return {field: {"value": id_} for field, id_ in ids.items() if id_ is not None}
