"""Accounts and vendors of the ledger, as far as the booking of fees and its proof have to know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tieout.domain.money import Money


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account; `type` in QuickBooks' words ("Bank", "Expense"...), `currency` None where there is just one.

    `balance` is the present one of a balance sheet account, debits positive; None where it is not told.
    """

    id: str
    name: str
    type: str
    active: bool = True
    currency: str | None = None
    balance: Money | None = None


@dataclass(frozen=True, slots=True)
class LedgerVendor:
    """A vendor; in QuickBooks it has one currency."""

    id: str
    name: str
    active: bool = True
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """What one document did to an account: `amount` is in the document's currency, positive for a debit, so that what
    came into a bank account is positive. `entity` is the document's kind in QuickBooks' words ("Payment"). `at_home` is
    the amount in home currency at the document's own rate: what a foreign document did to an account in it."""

    account_id: str
    entity: str
    id: str
    day: date
    amount: Money
    note: str = ""
    at_home: Money | None = None

    def within(self, currency: str) -> Money | None:
        """What it did to an account in `currency`; None where that cannot be told."""
        return next((one for one in (self.amount, self.at_home) if one is not None and one.currency == currency), None)
