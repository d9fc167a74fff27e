"""Proves the clearing accounts of a connection from its books; reads only."""

from __future__ import annotations

from tieout.domain.planning.clearing import Proof, prove
from tieout.domain.planning.fees import CHARGING
from tieout.ports import Workspace


def check_clearing(workspace: Workspace) -> tuple[Proof, ...]:
    """The proof of each clearing account that exists, by id: those that `deposit_accounts` names for processors that
    charge. What was recorded by hand goes into the bank or undeposited funds, which clear nothing. Raises what reading
    the ledger raises."""
    named = workspace.settings.deposit_accounts.items()
    accounts = {name: id_ for name, id_ in named if name.partition(":")[0] in CHARGING}
    home_currency, ids = workspace.ledger.company().home_currency, set(accounts.values())
    if not ids:
        return ()
    found = workspace.ledger.accounts(ids)
    entries = workspace.ledger.entries(ids)
    return tuple(
        prove(
            account,
            account.currency or home_currency,
            sorted(str(name) for name, id_ in accounts.items() if id_ == account.id),
            [one for one in entries if one.account_id == account.id],
            workspace.connection.id,
        )
        for account in sorted(found.values(), key=lambda one: (len(one.id), one.id))
    )
