"""Bank deposits: money from Undeposited Funds and other money, brought to a bank together."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import accounts, currencies, payments
from infra.sandbox.quickbooks.rules.lines import LineIds

Line = dict[str, Any]
DEPOSIT = "Deposit"
# What can wait in Undeposited Funds, and whether it brings money or takes it.
DEPOSITABLE: Mapping[str, int] = {"Payment": 1, "SalesReceipt": 1, "RefundReceipt": -1}


class Held(NamedTuple):
    """A transaction on a deposit."""

    type: str
    id: str


def deposit(draft: Draft) -> None:
    """Completes a deposit and marks what it holds. Raises 2020, 6000, and 620 for what cannot be deposited."""
    entity, company = draft.entity, draft.company
    entity.setdefault("TxnDate", company.today().isoformat())
    currencies.document(draft)
    payments.deposit_account(draft)
    ids = LineIds(draft)
    entity["Line"] = [
        _linked(draft, sent) if sent.get("LinkedTxn") else _direct(draft, sent, ids) for sent in entity["Line"]
    ]
    held = held_by(entity)
    if len(held) != len({*held}):
        raise fault("620", "A transaction can be on a deposit once only.", "LinkedTxn")
    back = entity.get("CashBack", {})
    if back and not {"AccountRef", "Amount"} <= back.keys():
        raise missing("CashBack.AccountRef", "CashBack.Amount")
    entity["TotalAmt"] = total = sum((line["Amount"] for line in entity["Line"]), ZERO) - back.get("Amount", ZERO)
    if total < 0:
        raise business("The total of a deposit cannot be negative.")
    if company.multicurrency:
        entity["HomeTotalAmt"] = currencies.at_home(company, entity, total)
    _mark(draft, held)


def release(draft: Draft) -> None:
    """What a deposit that is deleted held waits in Undeposited Funds again."""
    _mark(draft, [])


def held_by(entity: Mapping[str, Any]) -> list[Held]:
    """The transactions on a deposit."""
    links = [link for line in entity.get("Line", []) for link in line.get("LinkedTxn", [])]
    return [Held(link["TxnType"], link["TxnId"]) for link in links]


def _linked(draft: Draft, sent: Line) -> Line:
    """A line for a transaction in Undeposited Funds, which is deposited whole."""
    if sent.get("DetailType") == "DepositLineDetail":
        raise missing("Line.DepositLineDetail.AccountRef")
    [link, *more] = sent["LinkedTxn"]
    if more:
        raise business("A line of a deposit is linked to one transaction.")
    absent = [name for name in ("TxnId", "TxnType", "TxnLineId") if name not in link]
    if absent or "Amount" not in sent:
        raise missing(*(absent or ["Amount"]))
    document = draft.company.find(link["TxnType"], link["TxnId"]) if link["TxnType"] in DEPOSITABLE else None
    own = {"TxnId": draft.id, "TxnType": DEPOSIT}
    taken = [one for one in (document or {}).get("LinkedTxn", []) if one["TxnType"] == DEPOSIT and one != own]
    if document is None or taken or not _waits(draft, document):
        raise fault("620", f"Transaction {link['TxnId']} cannot be linked.", "LinkedTxn")
    amount: Decimal = document["TotalAmt"] * DEPOSITABLE[link["TxnType"]]
    if sent["Amount"] != amount:
        raise business(f"Transaction {link['TxnId']} is deposited with its whole amount of {amount}.")
    return {"Amount": amount, "LinkedTxn": [link]}


def _waits(draft: Draft, document: Line) -> bool:
    account = draft.company.get("Account", document["DepositToAccountRef"]["value"])
    return (account["AccountType"], account["AccountSubType"]) == accounts.UNDEPOSITED


def _direct(draft: Draft, sent: Line, ids: LineIds) -> Line:
    """A line with an account of its own; a negative amount takes money off the deposit, as fees do."""
    if "DetailType" not in sent:
        raise missing("DetailType")
    if sent["DetailType"] != "DepositLineDetail":
        raise fault("2170", f"Invalid Enumeration : {sent['DetailType']}", "DetailType")
    detail = sent.get("DepositLineDetail", {})
    if "AccountRef" not in detail or "Amount" not in sent:
        raise missing("Line.DepositLineDetail.AccountRef" if "AccountRef" not in detail else "Amount")
    name = accounts.resolve_name(draft, detail["Entity"], "Entity") if "Entity" in detail else ""
    accounts.named(draft, detail["AccountRef"], name)
    return {**sent, "Id": ids.take(sent.get("Id")), "Amount": currencies.rounded(draft, sent["Amount"])}


def _mark(draft: Draft, held: list[Held]) -> None:
    """Every transaction names the deposit that it is on."""
    own = {"TxnId": draft.id, "TxnType": DEPOSIT}
    before = held_by(draft.before or {})
    for one in dict.fromkeys((*before, *held)):
        if (one in before) != (one in held):
            document = draft.current(one.type, one.id)
            links = [link for link in document.get("LinkedTxn", []) if link != own] + ([own] if one in held else [])
            draft.touch(one.type, {**document, "LinkedTxn": links})
