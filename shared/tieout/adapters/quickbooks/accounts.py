"""Accounts and vendors of one connection, and everything that was booked on an account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

from tieout.adapters.quickbooks import query
from tieout.adapters.quickbooks.reference import CompanyReader
from tieout.adapters.quickbooks.transactions import currency_of, day_of, note_of
from tieout.adapters.quickbooks.wire import Node
from tieout.domain.account import AccountEntry, LedgerAccount, LedgerVendor
from tieout.domain.money import Money

_IDS_A_QUERY = 100
_EXPENSE, _DEPOSIT, _JOURNAL = "AccountBasedExpenseLineDetail", "DepositLineDetail", "JournalEntryLineDetail"

Effects = Iterator[tuple[str | None, Money]]
"""Accounts and what was added to each: debits are positive."""


class AccountReader(CompanyReader):
    """Fulfils `ports.accounts.AccountLedger`."""

    def accounts(self, ids: Collection[str]) -> dict[str, LedgerAccount]:
        """These accounts, 100 a query."""
        convert = partial(read_account, home_currency=self.company().home_currency)
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query("Account", query.one_of("Id", chunk), query.EVEN_INACTIVE, convert=convert)
        }

    def vendors(self, ids: Collection[str]) -> dict[str, LedgerVendor]:
        """These vendors, 100 a query."""
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query("Vendor", query.one_of("Id", chunk), query.EVEN_INACTIVE, convert=read_vendor)
        }

    def entries(self, account_ids: Collection[str]) -> Sequence[AccountEntry]:
        """Every document of the kinds below, 1000 a query: that they can be filtered by account is not documented."""
        home_currency = self.company().home_currency
        return [
            entry
            for entity, effects in _EFFECTS.items()
            for some in self._client.query(entity, convert=partial(_entries, entity, effects, home_currency))
            for entry in some
            if entry.account_id in account_ids
        ]


def read_account(node: Node, home_currency: str) -> LedgerAccount:
    """The account of an answer. Raises Unreadable."""
    currency, balance = node.reference("CurrencyRef"), node.optional_number("CurrentBalance")
    return LedgerAccount(
        id=node.text("Id"),
        name=node.optional_text("Name") or "",
        type=node.optional_text("AccountType") or "",
        active=node.flag("Active", default=True),
        currency=currency,
        balance=None if balance is None else Money(balance, currency or home_currency),
    )


def read_vendor(node: Node) -> LedgerVendor:
    """The vendor of an answer. Raises Unreadable."""
    return LedgerVendor(
        id=node.text("Id"),
        name=node.optional_text("DisplayName") or "",
        active=node.flag("Active", default=True),
        currency=node.reference("CurrencyRef"),
    )


def _entries(
    entity: str, effects: Callable[[Node, str], Effects], home_currency: str, node: Node
) -> Sequence[AccountEntry]:
    """What a document did to each account, without what did nothing, as a voided one."""
    currency, rate = currency_of(node, home_currency), node.optional_number("ExchangeRate")

    def at_home(amount: Money) -> Money | None:
        return None if rate is None or currency == home_currency else Money(amount.amount * rate, home_currency)

    return [
        AccountEntry(account, entity, node.text("Id"), day_of(node), amount, note_of(node), at_home(amount))
        for account, amount in effects(node, currency)
        if account is not None and amount.amount
    ]


def _received(node: Node, currency: str) -> Effects:
    yield node.reference("DepositToAccountRef"), Money(node.number("TotalAmt"), currency)


def _refunded(node: Node, currency: str) -> Effects:
    yield node.reference("DepositToAccountRef"), -Money(node.number("TotalAmt"), currency)


def _purchased(node: Node, currency: str) -> Effects:
    total = Money(node.number("TotalAmt"), currency)
    back = node.flag("Credit")
    yield node.reference("AccountRef"), total if back else -total
    for line in node.nodes("Line"):
        amount = Money(line.optional_number("Amount") or Decimal(0), currency)
        yield line.node(_EXPENSE).reference("AccountRef"), -amount if back else amount


def _deposited(node: Node, currency: str) -> Effects:
    yield node.reference("DepositToAccountRef"), Money(node.number("TotalAmt"), currency)
    for line in node.nodes("Line"):
        yield line.node(_DEPOSIT).reference("AccountRef"), -Money(line.number("Amount"), currency)


def _transferred(node: Node, currency: str) -> Effects:
    amount = Money(node.number("Amount"), currency)
    yield node.reference("FromAccountRef"), -amount
    yield node.reference("ToAccountRef"), amount


def _journalled(node: Node, currency: str) -> Effects:
    for line in node.nodes("Line"):
        detail = line.node(_JOURNAL)
        amount = Money(line.optional_number("Amount") or Decimal(0), currency)
        yield detail.reference("AccountRef"), -amount if detail.optional_text("PostingType") == "Credit" else amount


_EFFECTS: Mapping[str, Callable[[Node, str], Effects]] = {
    "Payment": _received,
    "SalesReceipt": _received,
    "RefundReceipt": _refunded,
    "Purchase": _purchased,
    "Deposit": _deposited,
    "Transfer": _transferred,
    "JournalEntry": _journalled,
}
