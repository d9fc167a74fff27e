"""What the services need of the ledger's accounts and vendors, to book fees and to prove a clearing account."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from tieout.domain.account import AccountEntry, LedgerAccount, LedgerVendor


class AccountLedger(Protocol):
    """QuickBooks' accounts and vendors, for one connection. Errors as `Ledger` says."""

    def accounts(self, ids: Collection[str]) -> Mapping[str, LedgerAccount]:
        """These accounts, inactive ones too, with their present balance, in one metered read per 100. One that does not
        exist is absent from the answer."""
        ...

    def vendors(self, ids: Collection[str]) -> Mapping[str, LedgerVendor]:
        """These vendors, inactive ones too, in one metered read per 100; absent as accounts are."""
        ...

    def entries(self, account_ids: Collection[str]) -> Sequence[AccountEntry]:
        """Everything that was ever booked on these accounts by payments, receipts, refunds, expenses, deposits,
        transfers and journal entries. Costs a metered read per 1000 documents of each of these kinds, also of those
        on other accounts."""
        ...
