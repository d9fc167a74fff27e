"""Merging two customers into one, which only a person in QuickBooks can do."""

from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.entities import DEFINITIONS

CUSTOMER = "Customer"


def merge_customers(company: Company, kept: str, gone: str) -> None:
    """Everything of the customer `gone` becomes that of `kept`, without a new version of it; `gone` is no more.

    Raises fault 610 where there is no such customer.
    """
    definition = DEFINITIONS[CUSTOMER]
    company.get(CUSTOMER, kept)
    company.get(CUSTOMER, gone)
    for name, rows in company.rows.items():
        for entity in list(rows.values()):
            changed = _renamed(entity, kept, gone)
            if changed != entity:
                company.put(DEFINITIONS[name], changed)
    company.remove(definition, gone)
    company.tell(definition, kept, "merged", gone)


def _renamed(value: Any, kept: str, gone: str) -> Any:
    """The value with every reference to the one customer made one to the other."""
    if isinstance(value, list):
        return [_renamed(item, kept, gone) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Type") == CUSTOMER and value.get("EntityRef", {}).get("value") == gone:
        return {**value, "EntityRef": {**value["EntityRef"], "value": kept}}
    if str(value.get("type", "")).lower() == CUSTOMER.lower() and value.get("value") == gone:
        return {**value, "value": kept}
    return {
        key: {**inner, "value": kept}
        if key == "CustomerRef" and inner["value"] == gone
        else _renamed(inner, kept, gone)
        for key, inner in value.items()
    }
