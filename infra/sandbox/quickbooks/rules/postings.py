"""What each kind of document posts to the general ledger; no cost of goods, and no gain or loss of exchange."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.ledger import ZERO, Posting
from infra.sandbox.quickbooks.references import SPECIAL_ITEMS

Entity = dict[str, Any]
RECEIVABLE = "Accounts Receivable"
UNDEPOSITED = ("Other Current Asset", "UndepositedFunds")


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


def _receivable(company: Company, document: Entity, amount: Decimal) -> Posting:
    account = document.get("ARAccountRef", {}).get("value") or company.account(RECEIVABLE)["Id"]
    return Posting(account, amount, document["CustomerRef"]["value"])


def _deposited_to(company: Company, document: Entity) -> str:
    return str(document.get("DepositToAccountRef", {}).get("value") or company.account(*UNDEPOSITED)["Id"])


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
