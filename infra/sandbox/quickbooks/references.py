"""References from one entity to another: they must exist and be active, and carry the name of what they point at."""

from collections.abc import Mapping
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.faults import INACTIVE, fault

# Field -> the entity it points at, at any depth. Tax codes of lines and parents have rules of their own.
TARGETS: Mapping[str, str] = {
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "PrefVendorRef": "Vendor",
    "ItemRef": "Item",
    "GroupItemRef": "Item",
    "SalesTermRef": "Term",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "PaymentMethodRef": "PaymentMethod",
    "AccountRef": "Account",
    "ARAccountRef": "Account",
    "APAccountRef": "Account",
    "DepositToAccountRef": "Account",
    "DiscountAccountRef": "Account",
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "AssetAccountRef": "Account",
    "COGSAccountRef": "Account",
    "FromAccountRef": "Account",
    "ToAccountRef": "Account",
    "TxnTaxCodeRef": "TaxCode",
    "TaxRateRef": "TaxRate",
}
SPECIAL_ITEMS = frozenset({"SHIPPING_ITEM_ID", "GRATUITY_ITEM_ID"})


def name_of(entity: Mapping[str, Any]) -> str:
    """The name that a reference to the entity shows."""
    return str(entity.get("DisplayName") or entity.get("FullyQualifiedName") or entity.get("Name") or "")


def resolve(company: Company, node: Any, parent: str = "") -> None:
    """Checks every reference in what was sent and completes its name.

    `parent` is the kind that a ParentRef points at. Raises 2500 for an id that does not exist and 610 for something
    inactive.
    """
    if isinstance(node, list):
        for item in node:
            resolve(company, item, parent)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        target = parent if key == "ParentRef" else TARGETS.get(key)
        if target and isinstance(value, dict) and "value" in value:
            _point(company, target, key, value)
        elif isinstance(value, dict | list):
            resolve(company, value, parent)


def _point(company: Company, target: str, key: str, reference: dict[str, Any]) -> None:
    id_ = reference["value"]
    if target == "Item" and id_ in SPECIAL_ITEMS:
        return
    found = company.find(target, id_)
    if found is None:
        plural = f"{target}es" if target.endswith("s") else f"{target}s"
        raise fault("2500", f"Invalid Reference Id : {plural} element id {id_} not found", key)
    if found.get("Active") is False:
        raise fault("610", INACTIVE)
    reference["name"] = name_of(found)
