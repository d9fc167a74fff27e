"""The general ledger behind a company's documents: what each posts to which accounts, always in balance."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

ZERO = Decimal(0)
CENT = Decimal("0.01")


class Posting(NamedTuple):
    """One line of a document in the ledger: debits positive, in the document's currency.

    `customer` is whose receivable it is; only postings to accounts receivable have one.
    """

    account: str
    amount: Decimal
    customer: str = ""


class Entry(NamedTuple):
    """A posting as it is kept: `amount` in `currency` ("" when the company has one only), `home` in home currency."""

    account: str
    amount: Decimal
    customer: str
    currency: str
    home: Decimal


class UnbalancedError(Exception):
    """The rules of a document posted debits that are not its credits: an error of the sandbox."""


class Ledger:
    """The entries of all documents with the balances that follow; a document's entries are replaced as a whole."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[Entry, ...]] = {}
        self._home: dict[str, Decimal] = defaultdict(Decimal)
        self._foreign: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._owed: dict[str, Decimal] = defaultdict(Decimal)

    def post(self, document: tuple[str, str], postings: Sequence[Posting], currency: str, rate: Decimal) -> None:
        """Puts a document's postings in place of what it posted before; `rate` is home units for one of `currency`."""
        if sum((posting.amount for posting in postings), ZERO) != 0:
            raise UnbalancedError(f"{document[0]} {document[1]}: {postings}")
        for entry in self._entries.pop(document, ()):
            self._move(entry, -1)
        entries = _entries([one for one in postings if one.amount], currency, rate)
        if entries:
            self._entries[document] = entries
        for entry in entries:
            self._move(entry, 1)

    def _move(self, entry: Entry, sign: int) -> None:
        self._home[entry.account] += sign * entry.home
        self._foreign[entry.account, entry.currency] += sign * entry.amount
        if entry.customer:
            self._owed[entry.customer] += sign * entry.amount

    def of(self, document: tuple[str, str]) -> tuple[Entry, ...]:
        """What one document posts."""
        return self._entries.get(document, ())

    def owed(self, customer: str) -> Decimal:
        """What a customer owes, less the customer's credits, in the currency of the customer's documents."""
        return self._owed.get(customer, ZERO)

    def balance(self, account: str, currency: str = "") -> Decimal:
        """An account's balance, debits positive: in home currency, or what was posted to it in another."""
        return self._foreign.get((account, currency), ZERO) if currency else self._home.get(account, ZERO)

    def trial_balance(self) -> Mapping[str, Decimal]:
        """Every account that has a balance, in home currency; the sum is zero."""
        return {account: amount for account, amount in self._home.items() if amount}


def _entries(postings: Sequence[Posting], currency: str, rate: Decimal) -> tuple[Entry, ...]:
    """With home amounts; the cents that rounding leaves go to the first posting."""
    home = [(one.amount * rate).quantize(CENT, ROUND_HALF_UP) if rate != 1 else one.amount for one in postings]
    if home:
        home[0] -= sum(home, ZERO)
    return tuple(
        Entry(one.account, one.amount, one.customer, currency, at_home)
        for one, at_home in zip(postings, home, strict=True)
    )
