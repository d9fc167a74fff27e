"""Which accounts a document may move money on, and whose name an account with names needs."""

from collections.abc import Collection, Mapping
from typing import Any

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.references import name_of
from infra.sandbox.quickbooks.rules import currencies

UNDEPOSITED = ("Other Current Asset", "UndepositedFunds")  # type and sub-type
RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"
# AccountType -> the kind of name that QuickBooks asks for.
NAMES_NEEDED: Mapping[str, str] = {RECEIVABLE: "Customer", PAYABLE: "Vendor"}
NAMES = {"customer": "Customer", "vendor": "Vendor", "employee": "Employee"}


def checked(draft: Draft, reference: Mapping[str, Any], allowed: Collection[str], what: str) -> None:
    """Raises 6000 for an account of a type that is not allowed or in a currency that does not fit."""
    account = draft.company.get("Account", reference["value"])
    if account["AccountType"] not in allowed:
        raise business(f"{what} needs an account of type {' or '.join(sorted(allowed))}.")
    currencies.check_account(draft, account)


def named(draft: Draft, account: Mapping[str, Any], kind: str) -> None:
    """Raises 6000 for an account on receivables without a customer, or on payables without a vendor."""
    type_ = draft.company.get("Account", account["value"])["AccountType"]
    needed = NAMES_NEEDED.get(type_)
    if needed is not None and kind != needed:
        raise business(f"When you use {type_}, you must choose a {needed.lower()} in the Name field.")


def resolve_name(draft: Draft, reference: dict[str, Any], field: str) -> str:
    """Completes a reference to a customer, vendor or employee; gives which of them it is.

    Raises 2020 without a type, 2170 for a type that is none, 2500 for an unknown id.
    """
    if "type" not in reference:
        raise missing(f"{field}.type")
    kind = NAMES.get(reference["type"].lower())
    if kind is None:
        raise fault("2170", f"Invalid Enumeration : {reference['type']}", field)
    found = draft.company.find(kind, reference["value"])
    if found is None:
        raise fault("2500", f"Invalid Reference Id : Names element id {reference['value']} not found", field)
    reference["name"] = name_of(found)
    return kind
