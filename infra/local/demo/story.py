"""The demo's business day: which invoices are finalised, what happens to them, and what must become of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from infra.local.demo.people import INVOICE_TO, TO_INVOICE, HubSpotPerson, QuickBooksPerson


class Ending(StrEnum):
    """What must become of an invoice."""

    IN_SYNC = "in sync"
    EXCLUDED = "excluded"
    ATTENTION = "attention"
    VOIDED = "voided"


@dataclass(frozen=True)
class Line:
    """`product` names one of the catalogue, or is free text; `price` None takes the catalogue's."""

    product: str
    quantity: str
    price: str | None = None
    discount_percent: str | None = None


@dataclass(frozen=True)
class Extra:
    """An order-level discount, fee or tax."""

    kind: str
    label: str
    type: str
    value: str


@dataclass
class Invoice:
    """One invoice of the day. `later` is what a person does to it after it was synced."""

    what: str
    customer: str
    lines: tuple[Line, ...]
    ending: Ending = Ending.IN_SYNC
    code: str = ""
    date: str = "2026-11-24"
    properties: dict[str, str] = field(default_factory=dict)
    extra: Extra | None = None
    draft: bool = False
    later: Callable[[Day, Invoice], None] | None = None
    id: str = ""


@dataclass(frozen=True)
class Day:
    """Who and what is there on this day. `parties` and `products` map the names used here to HubSpot ids."""

    hubspot: HubSpotPerson
    quickbooks: QuickBooksPerson
    retry: Callable[[str], None]
    parties: dict[str, tuple[str, str]]
    products: dict[str, str]

    def finalise(self, invoice: Invoice) -> None:
        """Enter the invoice in HubSpot, with its lines, and finalise it."""
        kind, party_id = self.parties[invoice.customer]
        contact_kind, contact_id = self.parties[_CONTACT_OF.get(invoice.customer, invoice.customer)]
        associations = [(INVOICE_TO[kind], party_id)]
        if contact_id != party_id:
            associations.append((INVOICE_TO[contact_kind], contact_id))
        dates = {"hs_invoice_date": f"{invoice.date}T00:00:00Z", "hs_due_date": "2026-12-24T00:00:00Z"}
        properties = {"hs_currency": "USD", **dates, **invoice.properties}
        invoice.id = self.hubspot.create("invoices", properties, associations)
        self.hubspot.create_lines(invoice.id, [self._line(line) for line in invoice.lines])
        if invoice.extra:
            of = invoice.extra
            values = {"hs_label": of.label, "hs_type": of.type, "hs_value": of.value}
            if of.kind == "discounts":
                values["hs_duration"] = "ONCE"
            self.hubspot.create(of.kind, values, [(TO_INVOICE[of.kind], invoice.id)])
        if not invoice.draft:
            self.hubspot.update("invoices", invoice.id, {"hs_invoice_status": "open"})

    def in_quickbooks(self, invoice: Invoice) -> dict[str, object]:
        """The QuickBooks invoice that bears the mark of this one."""
        for one in self.quickbooks.query("Invoice"):
            if f"/{invoice.id}/" in one.get("PrivateNote", ""):
                return one
        raise LookupError(f"{invoice.what}: not in QuickBooks")

    def _line(self, line: Line) -> dict[str, str]:
        known = CATALOGUE.get(line.product)
        values = {"name": known.name if known else line.product, "quantity": line.quantity}
        values["price"] = line.price or (known.price if known else "0")
        if known:
            values |= {"hs_sku": known.sku, "hs_product_id": self.products[line.product]}
        if line.discount_percent:
            values["hs_discount_percentage"] = line.discount_percent
        return values


@dataclass(frozen=True)
class Product:
    """A product. `in_quickbooks`: how QuickBooks knows it: by the same SKU, by the same name, or not at all."""

    name: str
    sku: str
    price: str
    in_quickbooks: str = "sku"


CATALOGUE = {
    "onboarding": Product("Onboarding", "SRV-ONB", "1500.00"),
    "consulting": Product("Consulting hour", "SRV-HR", "145.50"),
    "licence": Product("Licence, per seat", "LIC-SEAT", "19.99", "name"),
    "support": Product("Support plan", "SUP-12", "89.00"),
    "widget": Product("Widget", "WID-3", "3.335"),
    "drone": Product("Delivery drone", "DRN-1", "4200.00", "nothing"),
    "gadget": Product("Gadget", "GAD-1", "75.00", "nothing"),
}

COMPANIES = ("Acme Corp", "Blue Harbor LLC", "Cedar & Pine", "Delta Freight", "Eagle Eye Optics", "O'Neill Brothers")
CONTACTS = {
    "ann@acme.example": ("Ann", "Archer"),
    "bob@blueharbor.example": ("Bob", "Brandt"),
    "cleo@cedarpine.example": ("Cleo", "Cruz"),
    "dee@delta.example": ("Dee", "Dorn"),
    "eli@eagleeye.example": ("Eli", "Engel"),
    "una@oneill.example": ("Una", "O'Neill"),
    "zoe@freelance.example": ("Zoe", "Zapata"),
    "pat@solo.example": ("Pat", "Parker"),
}
_CONTACT_OF = dict(zip(COMPANIES, CONTACTS, strict=False))
# Who is in QuickBooks before the day begins.
KNOWN_CUSTOMERS = {"Acme Corp": "ann@acme.example", "Cedar & Pine": "books@cedarpine.example"}
# A vendor bears the name of a contact, so the customer needs another one.
VENDOR = "Pat Parker"
INTERNAL = "Internal transfer"


def _raise_quantity(day: Day, invoice: Invoice) -> None:
    line = day.hubspot.lines_of(invoice.id)[0]
    day.hubspot.update("line_items", line, {"quantity": "7"})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Quantity as agreed by phone."})


def _move_due_date(day: Day, invoice: Invoice) -> None:
    day.hubspot.update("invoices", invoice.id, {"hs_due_date": "2027-01-15T00:00:00Z"})


def _void(day: Day, invoice: Invoice) -> None:
    day.hubspot.update("invoices", invoice.id, {"hs_invoice_status": "voided"})


def _edit_memo_on_both_sides(day: Day, invoice: Invoice) -> None:
    present = day.in_quickbooks(invoice)
    day.quickbooks.change("Invoice", present, {"CustomerMemo": {"value": "Pay by Friday!"}})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Pay by Monday."})


def _note_in_quickbooks_then_change(day: Day, invoice: Invoice) -> None:
    present = day.in_quickbooks(invoice)
    day.quickbooks.change("Invoice", present, {"ShipDate": "2026-11-30"})
    _move_due_date(day, invoice)


def _delete_in_quickbooks(day: Day, invoice: Invoice) -> None:
    day.quickbooks.delete("Invoice", day.in_quickbooks(invoice))


def _create_item_and_retry(day: Day, invoice: Invoice) -> None:
    gadget = CATALOGUE["gadget"]
    day.quickbooks.create("Item", item_body(gadget, day.quickbooks))
    day.retry(invoice.id)


def item_body(product: Product, quickbooks: QuickBooksPerson) -> dict[str, object]:
    """How a person enters a product in QuickBooks."""
    income = next(one for one in quickbooks.query("Account") if one["AccountType"] == "Income")
    body: dict[str, object] = {
        "Name": product.name.replace(":", ""),
        "Type": "Service",
        "IncomeAccountRef": {"value": income["Id"]},
        "UnitPrice": Decimal(product.price),
    }
    return body | ({"Sku": product.sku} if product.in_quickbooks != "name" else {})


def _plain(what: str, customer: str, *lines: Line) -> Invoice:
    return Invoice(what, customer, lines)


def invoices() -> list[Invoice]:
    """The invoices of the day, in the order in which they are finalised."""
    one_hour, seats = Line("consulting", "1"), Line("licence", "12")
    excluded, attention = Ending.EXCLUDED, Ending.ATTENTION
    return [
        _plain("customer known by name and e-mail", "Acme Corp", Line("onboarding", "1"), one_hour),
        _plain("two lines of one product", "Acme Corp", Line("consulting", "3.5"), Line("consulting", "2", "120.00")),
        _plain("customer known by name", "Cedar & Pine", seats),
        _plain("new customer", "Blue Harbor LLC", Line("support", "1")),
        _plain("the same new customer at once", "Blue Harbor LLC", seats, one_hour),
        _plain("and once more", "Blue Harbor LLC", Line("widget", "144")),
        _plain("half a cent a piece", "Delta Freight", Line("widget", "1"), Line("widget", "3")),
        _plain("an apostrophe in the name", "O'Neill Brothers", Line("support", "2")),
        _plain("billed to a person", "zoe@freelance.example", Line("consulting", "8")),
        _plain("a vendor bears the person's name", "pat@solo.example", Line("support", "1")),
        _plain("product known by name", "Eagle Eye Optics", Line("licence", "250")),
        _plain("many lines", "Delta Freight", *(Line("consulting", f"{number}") for number in range(1, 13))),
        _plain("a free line", "Acme Corp", Line("support", "1"), Line("onboarding", "1", "0")),
        Invoice("with a comment", "Cedar & Pine", (one_hour,), properties={"hs_comments": "Danke – «merci» & thanks"}),
        Invoice("with a PO number", "Acme Corp", (seats,), properties={"hs_purchase_order_number": "PO-17"}),
        _plain("answer lost after the write", "Acme Corp", Line("support", "4")),
        _plain("answer lost after the write, too", "Eagle Eye Optics", Line("consulting", "6")),
        _plain("QuickBooks fails", "Delta Freight", Line("support", "3")),
        _plain("connection breaks before the write", "Cedar & Pine", Line("support", "5")),
        _plain("large amount", "Eagle Eye Optics", Line("onboarding", "412.25")),
        Invoice("quantity raised later", "Acme Corp", (one_hour,), later=_raise_quantity),
        Invoice("quantity raised later, too", "O'Neill Brothers", (one_hour, seats), later=_raise_quantity),
        Invoice("due date moved later", "Delta Freight", (seats,), later=_move_due_date),
        Invoice("a person's ship date is kept", "Acme Corp", (seats,), later=_note_in_quickbooks_then_change),
        Invoice("voided later", "Eagle Eye Optics", (seats,), Ending.VOIDED, later=_void),
        Invoice(
            "filtered: internal", "Acme Corp", (one_hour,), excluded, "filtered", properties={"hs_title": INTERNAL}
        ),
        Invoice(
            "filtered: internal", "Cedar & Pine", (seats,), excluded, "filtered", properties={"hs_title": INTERNAL}
        ),
        Invoice("before the cut-over date", "Acme Corp", (one_hour,), excluded, "before_cutover", "2026-09-30"),
        Invoice("still a draft", "Acme Corp", (one_hour,), excluded, "draft", draft=True),
        Invoice("unknown product", "Acme Corp", (Line("drone", "1"),), attention, "item_missing"),
        Invoice("unknown product, then entered", "Acme Corp", (Line("gadget", "2"),), later=_create_item_and_retry),
        Invoice("number already used", "Delta Freight", (one_hour,), attention, "duplicate_number"),
        Invoice(
            "changed on both sides",
            "Acme Corp",
            (one_hour,),
            attention,
            "edited_in_quickbooks",
            later=_edit_memo_on_both_sides,
        ),
        Invoice(
            "deleted in QuickBooks",
            "Acme Corp",
            (one_hour,),
            attention,
            "deleted_in_quickbooks",
            later=_delete_in_quickbooks,
        ),
        Invoice(
            "line discount",
            "Acme Corp",
            (Line("support", "1", discount_percent="10"),),
            attention,
            "discount_unsupported",
        ),
        Invoice(
            "order fee",
            "Acme Corp",
            (seats,),
            attention,
            "fee_unsupported",
            extra=Extra("fees", "Rush fee", "FIXED", "25"),
        ),
        Invoice(
            "order tax",
            "Acme Corp",
            (seats,),
            attention,
            "tax_unsupported",
            extra=Extra("taxes", "City tax", "PERCENT", "6.5"),
        ),
        Invoice(
            "order discount",
            "Acme Corp",
            (seats,),
            attention,
            "discount_unsupported",
            extra=Extra("discounts", "Loyal", "PERCENT", "5"),
        ),
    ]
