"""Customers as QuickBooks writes them."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.customer import CustomerDraft, LedgerCustomer, NameHolder

NAME_ENTITIES = ("Customer", "Vendor", "Employee")
"""The three lists that share one space of display names (Intuit: customer)."""


def create_body(draft: CustomerDraft) -> str:
    """The body that creates the customer. Equal drafts give equal bytes."""
    fields: Mapping[str, object] = {
        "DisplayName": draft.name,
        "CompanyName": draft.company_name,
        "GivenName": draft.given_name,
        "FamilyName": draft.family_name,
        "PrimaryEmailAddr": {"Address": draft.email} if draft.email else None,
        "CurrencyRef": {"value": draft.currency} if draft.currency else None,
    }
    return encode({key: value for key, value in fields.items() if value})


def read_customer(node: Node) -> LedgerCustomer:
    """The customer of an answer."""
    return LedgerCustomer(
        id=node.text("Id"),
        name=node.text("DisplayName"),
        email=node.node("PrimaryEmailAddr").optional_text("Address"),
        active=node.flag("Active", default=True),
        currency=node.reference("CurrencyRef"),
        company_name=node.optional_text("CompanyName"),
        person_name=" ".join(filter(None, map(node.optional_text, ("GivenName", "FamilyName")))) or None,
    )


def read_holder(kind: str, node: Node) -> NameHolder:
    """A customer, vendor or employee, as the holder of its name."""
    return NameHolder(kind, node.text("Id"), node.text("DisplayName"), node.flag("Active", default=True))
