"""What each kind of document posts to the general ledger; no cost of goods, and no gain or loss of exchange."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.ledger import ZERO, Posting
from infra.sandbox.quickbooks.references import SPECIAL_ITEMS
from infra.sandbox.quickbooks.rules import accounts, purchases, transfers

Entity = dict[str, Any]


def invoice(company: Company, form: Entity) -> Sequence[Posting]:
    """Receivable against income, tax and discount; a deposit taken on the form goes to Undeposited Funds."""
    deposit: Decimal = form.get("Deposit", ZERO)
    taken = [Posting(_deposited_to(company, form), deposit)] if deposit else []
    return [_receivable(company, form, form["TotalAmt"] - deposit), *taken, *_sold(company, form, -1)]


def credit_memo(company: Company, form: Entity) -> Sequence[Posting]:
    """An invoice the other way round."""
    return [_receivable(company, form, -form["TotalAmt"]), *_sold(company, form, 1)]


def sales_receipt(company: Company, form: Entity) -> Sequence[Posting]:
    """The account that the money went to against income, tax and discount."""
    return [Posting(_deposited_to(company, form), form["TotalAmt"]), *_sold(company, form, -1)]


def refund_receipt(company: Company, form: Entity) -> Sequence[Posting]:
    """A sales receipt the other way round: the money comes from the account."""
    return [Posting(_deposited_to(company, form), -form["TotalAmt"]), *_sold(company, form, 1)]


def payment(company: Company, paid: Entity) -> Sequence[Posting]:
    """The account that the money went to against the receivable, applied or not."""
    total: Decimal = paid["TotalAmt"]
    return [Posting(_deposited_to(company, paid), total), _receivable(company, paid, -total)]


def purchase(company: Company, bought: Entity) -> Sequence[Posting]:
    """The accounts of the lines against the account that paid; the other way round for a credit card's refund."""
    sign = -1 if bought.get("Credit") else 1
    payee: Entity = bought.get("EntityRef", {})
    customer = payee["value"] if payee.get("type", "").lower() == "customer" else ""
    paid = Posting(bought["AccountRef"]["value"], -sign * bought["TotalAmt"])
    lines = ((purchases.account_of(company, line), sign * line["Amount"]) for line in bought["Line"])
    return [paid, *(_with_name(account, amount, customer) for account, amount in lines)]


def deposit(company: Company, brought: Entity) -> Sequence[Posting]:
    """The bank against Undeposited Funds and the accounts of the other lines."""
    back = brought.get("CashBack")
    taken = [Posting(back["AccountRef"]["value"], back["Amount"])] if back else []
    return [
        Posting(brought["DepositToAccountRef"]["value"], brought["TotalAmt"]),
        *taken,
        *(_brought(company, line) for line in brought["Line"]),
    ]


def transfer(_: Company, moved: Entity) -> Sequence[Posting]:
    """One account against the other."""
    amount: Decimal = moved["Amount"]
    return [Posting(moved["ToAccountRef"]["value"], amount), Posting(moved["FromAccountRef"]["value"], -amount)]


def journal_entry(company: Company, journal: Entity) -> Sequence[Posting]:
    """As the lines say."""
    details = ((line["JournalEntryLineDetail"], transfers.signed(line)) for line in journal["Line"])
    return [
        _with_name(
            company.get("Account", detail["AccountRef"]["value"]),
            amount,
            detail.get("Entity", {}).get("EntityRef", {}).get("value", ""),
        )
        for detail, amount in details
    ]


def _brought(company: Company, line: Entity) -> Posting:
    if line.get("LinkedTxn"):
        [link] = line["LinkedTxn"]
        return Posting(_deposited_to(company, company.get(link["TxnType"], link["TxnId"])), -line["Amount"])
    detail = line["DepositLineDetail"]
    account = company.get("Account", detail["AccountRef"]["value"])
    return _with_name(account, -line["Amount"], detail.get("Entity", {}).get("value", ""))


def _with_name(account: Entity, amount: Decimal, customer: str) -> Posting:
    """A posting that is the customer's when it is on a receivable."""
    return Posting(account["Id"], amount, customer if account["AccountType"] == accounts.RECEIVABLE else "")


def _receivable(company: Company, document: Entity, amount: Decimal) -> Posting:
    return Posting(company.account(accounts.RECEIVABLE)["Id"], amount, document["CustomerRef"]["value"])


def _deposited_to(company: Company, document: Entity) -> str:
    return str(document.get("DepositToAccountRef", {}).get("value") or company.account(*accounts.UNDEPOSITED)["Id"])


def _sold(company: Company, form: Entity, sign: int) -> Iterator[Posting]:
    """Income, discount and tax of a sales form; `sign` is -1 for a sale, whose income is credited."""
    for line in form["Line"]:
        if "DiscountLineDetail" in line:
            given = line["DiscountLineDetail"].get("DiscountAccountRef", {}).get("value")
            yield Posting(given or company.account("Income")["Id"], -sign * line["Amount"])
        for part in line.get("GroupLineDetail", {}).get("Line", [line]):
            if "SalesItemLineDetail" in part:
                item = part["SalesItemLineDetail"]["ItemRef"]["value"]
                yield Posting(_income(company, item), sign * part["Amount"])
    tax: Decimal = form.get("TxnTaxDetail", {}).get("TotalTax", ZERO)
    if tax:
        yield Posting(company.account("Other Current Liability")["Id"], sign * tax)


def _income(company: Company, item: str) -> str:
    if item in SPECIAL_ITEMS:
        return str(company.account("Income")["Id"])
    found = company.get("Item", item).get("IncomeAccountRef")
    return str(found["value"] if found else company.account("Income")["Id"])
