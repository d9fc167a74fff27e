"""Purchases: expenses, checks and credit card charges, and what of them is charged to a customer's account."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import accounts, applying, currencies, payments, sales, tax
from infra.sandbox.quickbooks.rules.lines import LineIds, check_product

Line = dict[str, Any]
ACCOUNT, ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
# PaymentType -> types of the account that pays (Intuit: Purchase). For Cash the types are not documented.
PAYING_ACCOUNTS: Mapping[str, frozenset[str]] = {
    "Cash": frozenset({"Bank", "Other Current Asset"}),
    "Check": frozenset({"Bank"}),
    "CreditCard": frozenset({"Credit Card"}),
}


def purchase(draft: Draft) -> None:
    """Completes a purchase. Raises 2020, 2170, 6000, 6070, 6100."""
    entity, company = draft.entity, draft.company
    entity.setdefault("TxnDate", company.today().isoformat())
    currencies.document(draft)
    allowed = PAYING_ACCOUNTS.get(entity["PaymentType"])
    if allowed is None:
        raise fault("2170", f"Invalid Enumeration : {entity['PaymentType']}", "PaymentType")
    accounts.checked(draft, entity["AccountRef"], allowed, f"A purchase of type {entity['PaymentType']}")
    if entity.get("Credit") and entity["PaymentType"] != "CreditCard":
        raise business("Credit is valid for a credit card only.")
    payments.check_reference(draft)
    if company.config.warn_duplicate_purchase_numbers:
        _refuse_duplicate(draft)
    tax.check_mode(draft)
    payee = accounts.resolve_name(draft, entity["EntityRef"], "EntityRef") if "EntityRef" in entity else ""
    ids = LineIds(draft)
    entity["Line"] = [_line(draft, sent, ids, payee) for sent in entity["Line"]]
    entity["TotalAmt"] = total = sum((line["Amount"] for line in entity["Line"]), ZERO)
    if total < 0:
        raise business("The transaction amount must be 0 or greater.")
    entity.setdefault("LinkedTxn", [])
    entity.setdefault("PrintStatus", "NotSet")
    applying.reapply(draft, abs(receivable(company, entity)))


def _refuse_duplicate(draft: Draft) -> None:
    """Raises 6140 for a number that another purchase bears, unless the caller allows it (Intuit: purchase)."""
    wanted = draft.entity.get("DocNumber")
    if wanted is None or sales.ALLOW_DUPLICATES in draft.include:
        return
    rows = draft.company.rows["Purchase"].values()
    holder = next((one for one in rows if one.get("DocNumber") == wanted and one["Id"] != draft.entity.get("Id")), None)
    if holder is not None:
        raise fault(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
            f"DocNumber={wanted} is assigned to TxnType=Expense with TxnId={holder['Id']}",
        )


def void(draft: Draft) -> None:
    """All amounts 0; the note says that the purchase is void."""
    draft.entity |= {"TotalAmt": ZERO, "LinkedTxn": []}
    draft.entity["Line"] = [_emptied(line) for line in draft.entity["Line"]]
    payments.note_void(draft)


def _emptied(line: Line) -> Line:
    emptied: Line = {**line, "Amount": ZERO}
    if ITEM in line:
        emptied[ITEM] = {**line[ITEM], **{key: ZERO for key in ("Qty", "UnitPrice") if key in line[ITEM]}}
    return emptied


def receivable(company: Company, entity: Line) -> Decimal:
    """What the lines charge to accounts receivable."""
    booked = ((line["Amount"], account_of(company, line)["AccountType"]) for line in entity["Line"])
    return sum((amount for amount, kind in booked if kind == accounts.RECEIVABLE), ZERO)


def account_of(company: Company, line: Line) -> dict[str, Any]:
    """The account that a line is booked on: its own, or its item's expense account."""
    if ACCOUNT in line:
        return company.get("Account", line[ACCOUNT]["AccountRef"]["value"])
    item = company.get("Item", line[ITEM]["ItemRef"]["value"])
    return company.get("Account", item["ExpenseAccountRef"]["value"])


def _line(draft: Draft, sent: Line, ids: LineIds, payee: str) -> Line:
    kind = sent.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    complete = _KINDS.get(kind)
    if complete is None:
        raise fault("2170", f"Invalid Enumeration : {kind}", "DetailType")
    if kind not in sent or "Amount" not in sent:
        raise missing(kind if kind not in sent else "Amount")
    line = {**sent, "Id": ids.take(sent.get("Id")), kind: dict(sent[kind])}
    complete(draft, line)
    line["Amount"] = currencies.rounded(draft, sent["Amount"])
    account = account_of(draft.company, line)
    accounts.named(draft, {"value": account["Id"]}, payee)
    detail = line[kind]
    detail.setdefault("BillableStatus", "NotBillable")
    tax.mark_purchase(draft, detail)
    return line


def _on_account(_: Draft, line: Line) -> None:
    if "AccountRef" not in line[ACCOUNT]:
        raise missing("Line.AccountBasedExpenseLineDetail.AccountRef")


def _of_item(draft: Draft, line: Line) -> None:
    detail = line[ITEM]
    if "ItemRef" not in detail:
        raise missing("Line.ItemBasedExpenseLineDetail.ItemRef")
    if "ExpenseAccountRef" not in draft.company.get("Item", detail["ItemRef"]["value"]):
        raise business("The item has no expense account.")
    check_product(line["Amount"], detail)


_KINDS: Mapping[str, Callable[[Draft, Line], None]] = {
    ACCOUNT: _on_account,
    ITEM: _of_item,
}
