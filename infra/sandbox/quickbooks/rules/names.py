"""Customers, vendors and employees: their one name space, their currency, and when one may be made inactive."""

import re
from typing import Any

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
CURRENCY_CODE = re.compile(r"[A-Z]{3}")
_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+")
_LONGEST_ADDRESS = 100


def person(draft: Draft) -> None:
    """What the three have in common. Raises 6080, 2210 and 6000."""
    entity = draft.entity
    name = entity.get("DisplayName") or " ".join(entity[part] for part in NAME_PARTS if entity.get(part))
    if not name.strip():
        raise fault(
            "6080", "At least one of DisplayName, Title, GivenName, MiddleName, FamilyName, Suffix is required."
        )
    forbid_characters(draft, name)
    entity["DisplayName"] = name
    entity.setdefault("PrintOnCheckName", entity.get("CompanyName") or name)
    entity.setdefault("Active", True)
    if "PrimaryEmailAddr" in entity:
        check_email(entity["PrimaryEmailAddr"], "PrimaryEmailAddr", several=draft.company.config.multiple_emails)
    for field in ("BillAddr", "ShipAddr"):
        if field in draft.sent and isinstance(entity.get(field), dict):
            entity[field] = {**entity[field], "Id": entity[field].get("Id") or _address_id(draft, field)}


def customer(draft: Draft) -> None:
    """A customer: parent, currency and balance beside what every name has. Raises 6220, 6000, 2020."""
    person(draft)
    entity, before, company = draft.entity, draft.before, draft.company
    parent = entity.get("ParentRef")
    if entity.get("Job") and parent is None:
        raise missing("ParentRef")
    above = company.get("Customer", parent["value"]) if parent else None
    prefix = f"{above['FullyQualifiedName']}:" if above else ""
    entity["FullyQualifiedName"] = prefix + entity["DisplayName"]
    if above:
        entity["Level"] = above.get("Level", 0) + 1
    entity.setdefault("Job", False)
    entity.setdefault("BillWithParent", False)
    entity.setdefault("Taxable", True)
    entity.setdefault("PreferredDeliveryMethod", "Print")
    currency(draft)
    if before is not None and before["Active"] and not entity["Active"] and company.open_balance(before["Id"]) != ZERO:
        raise fault("6220", "Customer has balance: it cannot be made inactive.")


def employee(draft: Draft) -> None:
    """An employee, as a holder of a name. Raises 6080."""
    if not draft.entity.get("GivenName") and not draft.entity.get("FamilyName"):
        raise fault("6080", "An employee needs GivenName or FamilyName.")
    person(draft)


def vendor(draft: Draft) -> None:
    """A vendor, as a holder of a name. Raises 6000."""
    person(draft)
    currency(draft)


def currency(draft: Draft) -> None:
    """The currency of a name or document: there only when the company uses several. Raises 6000."""
    entity, company = draft.entity, draft.company
    given = entity.get("CurrencyRef", {}).get("value")
    if not company.multicurrency:
        home_too = company.config.home_currency_ref_when_off == "accept" and given == company.home_currency
        if given is not None and "CurrencyRef" in draft.sent and not home_too:
            raise business("Multicurrency is turned off for this company; CurrencyRef is not allowed.")
        entity.pop("CurrencyRef", None)
        return
    if given is None:
        entity["CurrencyRef"] = {"value": company.home_currency}
    elif not CURRENCY_CODE.fullmatch(given):
        raise fault("2500", f"Invalid Reference Id : CurrencyRef element id {given} not found", "CurrencyRef")
    before = draft.before
    if (
        draft.definition.name != "Customer"
        or before is None
        or before.get("CurrencyRef", entity["CurrencyRef"]) == entity["CurrencyRef"]
    ):
        return
    if company.of_customer("Invoice", before["Id"]) and company.config.customer_currency_fixed:
        raise business("The currency of a name that has transactions cannot be changed.")


def forbid_characters(draft: Draft, name: str) -> None:
    """Refuses characters that QuickBooks keeps for itself in names. Raises 6000."""
    if any(character in name for character in draft.company.config.forbidden_name_characters):
        raise business("A name cannot contain a colon, a tab or a new line.")


def check_email(value: dict[str, Any], element: str, *, several: bool) -> None:
    """Raises 2210 for an address that is none, 2050 for one that is too long."""
    text = value.get("Address", "")
    addresses = [part.strip() for part in text.split(",")] if several else [text]
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise fault("2210", f"Email Address does not conform to the RFC 822 format. Supplied value:{text}", element)
        if len(address) > _LONGEST_ADDRESS:
            raise fault("2050", f"Min:0 Max:{_LONGEST_ADDRESS} supported. Supplied length:{len(address)}", element)


def _address_id(draft: Draft, field: str) -> str:
    """Addresses have ids of their own; here they follow from the entity's place in its list."""
    position = len(draft.company.rows[draft.definition.name]) + 1
    known = ((draft.before or {}).get(field) or {}).get("Id")
    return str(known or position * 2 + (field == "ShipAddr"))
