"""Accounts and vendors of the ledger, as far as the booking of fees has to know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account; `type` in QuickBooks' words ("Bank", "Expense"...), `currency` None where there is just one."""

    id: str
    name: str
    type: str
    active: bool = True
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerVendor:
    """A vendor; in QuickBooks it has one currency."""

    id: str
    name: str
    active: bool = True
    currency: str | None = None
