"""Items, accounts and the small lists: names, the accounts an item needs, the classification of an account."""

from collections.abc import Mapping

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules.names import currency, forbid_characters

CREATABLE_ITEMS = frozenset({"Service", "NonInventory", "Inventory", "Category"})
INVENTORY_NEEDS = ("AssetAccountRef", "ExpenseAccountRef", "TrackQtyOnHand", "QtyOnHand", "InvStartDate")
# AccountType -> (Classification, AccountSubType when none is given)
ACCOUNT_TYPES: Mapping[str, tuple[str, str]] = {
    "Bank": ("Asset", "CashOnHand"),
    "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": ("Asset", "OtherCurrentAssets"),
    "Fixed Asset": ("Asset", "OtherFixedAssets"),
    "Other Asset": ("Asset", "OtherLongTermAssets"),
    "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"),
    "Other Current Liability": ("Liability", "OtherCurrentLiabilities"),
    "Long Term Liability": ("Liability", "OtherLongTermLiabilities"),
    "Equity": ("Equity", "OwnersEquity"),
    "Income": ("Revenue", "SalesOfProductIncome"),
    "Cost of Goods Sold": ("Expense", "SuppliesMaterialsCogs"),
    "Expense": ("Expense", "OtherMiscellaneousServiceCost"),
    "Other Income": ("Revenue", "OtherMiscellaneousIncome"),
    "Other Expense": ("Expense", "OtherMiscellaneousExpense"),
}
# AccountSubType -> AccountType, for accounts that are created by their sub-type alone.
SUB_TYPES: Mapping[str, str] = {
    **{sub: kind for kind, (_, sub) in ACCOUNT_TYPES.items()},
    "Checking": "Bank",
    "Savings": "Bank",
    "UndepositedFunds": "Other Current Asset",
    "DiscountsRefundsGiven": "Income",
    "ServiceFeeIncome": "Income",
    "BankCharges": "Expense",
    "GlobalTaxPayable": "Other Current Liability",
    "SalesTaxPayable": "Other Current Liability",
}


def named(draft: Draft) -> None:
    """A list entity that has a Name and little else. Raises 6000 for forbidden characters."""
    entity = draft.entity
    forbid_characters(draft, entity["Name"])
    entity.setdefault("Active", True)
    if "FullyQualifiedName" in draft.definition.read_only:
        parent = entity.get("ParentRef")
        above = draft.company.get(draft.definition.name, parent["value"]) if parent else None
        entity["FullyQualifiedName"] = (f"{above['FullyQualifiedName']}:" if above else "") + entity["Name"]


def term(draft: Draft) -> None:
    """A term of sale; due after DueDays unless it goes by the day of the month."""
    named(draft)
    draft.entity.setdefault("Type", "DATE_DRIVEN" if "DayOfMonthDue" in draft.entity else "STANDARD")
    if draft.entity["Type"] == "STANDARD":
        draft.entity.setdefault("DueDays", 0)


def account(draft: Draft) -> None:
    """An account. Raises 6010 without type and sub-type, 2170 for a type that is none."""
    entity = draft.entity
    kind, sub = entity.get("AccountType"), entity.get("AccountSubType")
    if kind is None and sub is None:
        raise fault("6010", "AccountType or AccountSubType is required.")
    if kind is None:
        kind = SUB_TYPES.get(str(sub))
        if kind is None:
            raise fault("2170", f"Invalid Enumeration : {sub}", "AccountSubType")
    if kind not in ACCOUNT_TYPES:
        raise fault("2170", f"Invalid Enumeration : {kind}", "AccountType")
    classification, usual = ACCOUNT_TYPES[kind]
    entity |= {"AccountType": kind, "AccountSubType": sub or usual, "Classification": classification}
    entity.setdefault("SubAccount", "ParentRef" in entity)
    currency(draft)
    named(draft)


def item(draft: Draft) -> None:
    """A product or service. Raises 2020 for a missing account, 500 for kinds that the API does not create, 6000."""
    entity, company = draft.entity, draft.company
    kind = entity.setdefault("Type", "Service")
    if kind not in CREATABLE_ITEMS:
        raise fault("500", f"Items of type {kind} cannot be created or changed through the API.")
    if kind != "Category" and "IncomeAccountRef" not in entity:
        raise missing("IncomeAccountRef")
    if kind == "Inventory":
        absent = [name for name in INVENTORY_NEEDS if name not in entity]
        if absent:
            raise missing(*absent)
    income = entity.get("IncomeAccountRef")
    if income and company.get("Account", income["value"])["AccountType"] in ("Accounts Receivable", "Accounts Payable"):
        raise business("An item cannot be tied to a receivable or payable account.")
    if kind != "Category":
        entity.setdefault("Taxable", False)
        entity.setdefault("UnitPrice", ZERO)
        entity.setdefault("TrackQtyOnHand", False)
    named(draft)
