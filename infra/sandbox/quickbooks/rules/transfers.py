"""Transfers between balance sheet accounts, and journal entries."""

from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import accounts, currencies, payments
from infra.sandbox.quickbooks.rules.lines import LineIds

DEBIT = "Debit"
# Balance sheet accounts that money can be transferred between; those that need names cannot.
TRANSFERABLE = frozenset(
    {"Bank", "Credit Card", "Other Current Asset", "Fixed Asset", "Other Asset", "Other Current Liability"}
    | {"Long Term Liability", "Equity"}
)


def transfer(draft: Draft) -> None:
    """Completes a transfer. Raises 6000 for accounts that do not fit or an amount that is none."""
    entity = draft.entity
    entity.setdefault("TxnDate", draft.company.today().isoformat())
    currencies.document(draft)
    for field in ("FromAccountRef", "ToAccountRef"):
        accounts.checked(draft, entity[field], TRANSFERABLE, "A transfer")
    if entity["FromAccountRef"]["value"] == entity["ToAccountRef"]["value"]:
        raise business("A transfer is between two accounts.")
    entity["Amount"] = currencies.rounded(draft, entity["Amount"])
    if entity["Amount"] <= 0:
        raise business("You must set a transaction amount.")


def void(draft: Draft) -> None:
    """Amount 0; the note says that the transfer is void."""
    draft.entity["Amount"] = ZERO
    payments.note_void(draft)


def journal_entry(draft: Draft) -> None:
    """Completes a journal entry. Raises 2020, 2300, 6000; without a DocNumber it has none."""
    entity = draft.entity
    entity.setdefault("TxnDate", draft.company.today().isoformat())
    currencies.document(draft)
    entity.setdefault("Adjustment", False)
    ids = LineIds(draft)
    entity["Line"] = lines = [_entry(draft, sent, ids) for sent in entity["Line"]]
    if len(lines) < 2:
        raise business("A journal entry has at least two lines.")
    if sum((signed(line) for line in lines), ZERO) != 0:
        raise fault("2300", "The debits and the credits of a journal entry are not equal.")


def signed(line: dict[str, Any]) -> Decimal:
    """The amount of a journal line, debits positive."""
    amount: Decimal = line["Amount"]
    return amount if line["JournalEntryLineDetail"]["PostingType"] == DEBIT else -amount


def _entry(draft: Draft, sent: dict[str, Any], ids: LineIds) -> dict[str, Any]:
    if sent.get("DetailType") != "JournalEntryLineDetail":
        raise missing("DetailType") if "DetailType" not in sent else fault("2170", element="DetailType")
    detail = sent.get("JournalEntryLineDetail", {})
    absent = [name for name in ("PostingType", "AccountRef") if name not in detail]
    if absent or "Amount" not in sent:
        raise missing(*(absent or ["Amount"]))
    party = detail.get("Entity", {})
    name = ""
    if "EntityRef" in party:
        named = {**party["EntityRef"], "type": party.get("Type", "")}
        name = accounts.resolve_name(draft, named, "Entity")
        detail = {**detail, "Entity": {**party, "EntityRef": {"value": named["value"], "name": named["name"]}}}
    accounts.named(draft, detail["AccountRef"], name)
    amount = currencies.rounded(draft, sent["Amount"])
    return {**sent, "Id": ids.take(sent.get("Id")), "Amount": amount, "JournalEntryLineDetail": detail}
