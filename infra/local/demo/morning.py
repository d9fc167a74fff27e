"""The morning of the demo's business day: what people have entered in both systems before the first invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from infra.local.demo.entry import ORDER_FIELD
from infra.local.demo.people import HubSpotPerson, QuickBooksPerson
from infra.local.demo.processors import fee_settings
from infra.local.demo.story import (
    CATALOGUE,
    COMPANIES,
    CONTACTS,
    EMPLOYEE,
    FEE_ITEM,
    FIELD_PAIRS,
    INTERNAL,
    KNOWN_CUSTOMERS,
    METHOD,
    ORDER,
    RUSH_ITEM,
    TAX_ITEM,
    TRACKING,
    VENDOR,
    Day,
    Ending,
    Invoice,
    bookkeeping_items,
    item_body,
)

# HubSpot's sandbox numbers from here on; the invoice that meets a number already used is found by its place.
FIRST_NUMBER = 1001
ORDER_PROPERTY = "order_number"
"""The property of deals that sellers have made for it."""
_Step = Callable[[], None]


def morning(
    hubspot: HubSpotPerson,
    quickbooks: QuickBooksPerson,
    retry: Callable[[str], None],
    track: Callable[[Sequence[_Step]], Iterable[_Step]] = iter,
) -> Day:
    """Customers, contacts and products, and the day that begins with them. `track` sees the steps as they are made."""
    parties: dict[str, tuple[str, str]] = {}
    products: dict[str, str] = {}

    def company(name: str) -> None:
        parties[name] = ("companies", hubspot.create("companies", {"name": name}))

    def contact(email: str) -> None:
        first, last = CONTACTS[email]
        properties = {"email": email, "firstname": first, "lastname": last}
        parties[email] = ("contacts", hubspot.create("contacts", properties))

    def product(key: str) -> None:
        one = CATALOGUE[key]
        products[key] = hubspot.create("products", {"name": one.name, "hs_sku": one.sku, "price": one.price})
        if one.in_quickbooks != "nothing":
            quickbooks.create("Item", item_body(one, quickbooks))

    steps = [
        *(partial(company, name) for name in COMPANIES),
        *(partial(contact, email) for email in CONTACTS),
        *(partial(product, key) for key in CATALOGUE),
    ]
    for step in track(steps):
        step()
    hubspot.define("deals", ORDER_PROPERTY, "Order number", "dealinformation")
    for name in (ORDER, TRACKING, METHOD):
        hubspot.define("invoices", name, name.replace("_", " ").capitalize(), "invoiceinformation")
    for name, email in KNOWN_CUSTOMERS.items():
        quickbooks.create("Customer", {"DisplayName": name, "PrimaryEmailAddr": {"Address": email}})
    quickbooks.create("Vendor", {"DisplayName": VENDOR})
    quickbooks.create("Employee", dict(zip(("GivenName", "FamilyName"), EMPLOYEE, strict=True)))
    terms = {one["Id"]: one["Name"] for one in quickbooks.query("Term")}
    return Day(hubspot, quickbooks, retry, parties, products, terms)


def settings(quickbooks: QuickBooksPerson, accounts: Mapping[str, str]) -> dict[str, object]:
    """What the bookkeeper has decided."""
    items, terms = bookkeeping_items(quickbooks), {one["DueDays"]: one["Id"] for one in quickbooks.query("Term")}
    methods = {one["Name"]: one["Id"] for one in quickbooks.query("PaymentMethod")}
    return {
        "cutover_date": "2026-09-01",
        "filters": [{"property": "hs_title", "operator": "not_equals", "values": [INTERNAL]}],
        "fee_item_id": items[FEE_ITEM],
        "fee_items": {RUSH_ITEM: items[RUSH_ITEM]},
        "tax_mode": "as_item",
        "tax_item_id": items[TAX_ITEM],
        "terms": {str(days): id_ for days, id_ in terms.items()},
        "purchase_order_field": "1",
        "custom_fields": {"hs_title": "2"},
        "deleted_in_hubspot": "void",
        **fee_settings(quickbooks, accounts),
        "payment_methods": {"card": methods["Credit Card"], "check": methods["Check"]},
        "payments_without_invoice": "sales_receipt",
        "sales_receipt_item_id": quickbooks.query("Item")[0]["Id"],
        "invoices": "both",
        "unknown_in_hubspot": "create",
        "deals": "associate",
        "deal_field": ORDER_FIELD,
        "deal_order_property": ORDER_PROPERTY,
        "pdf": "deal",
        "field_pairs": list(FIELD_PAIRS),
    }


def used_number(cases: Sequence[Invoice], before: int = 0) -> str:
    """The number that HubSpot is going to give to the invoice whose number is taken in QuickBooks, after so many that
    were finalised before this day."""
    finalised = [one for one in cases if not one.draft]
    place = next(index for index, one in enumerate(finalised) if one.code == "duplicate_number")
    return f"INV-{FIRST_NUMBER + before + place}"


def as_finalised(invoice: Invoice) -> Invoice:
    """What must become of an invoice before people change it, or what hinders it."""
    if invoice.first:
        return replace(invoice, ending=Ending.ATTENTION, code=invoice.first, stands=None, later=None)
    if invoice.later is None:
        return invoice
    return replace(invoice, ending=Ending.IN_SYNC, code="", stands=None, later=None)
