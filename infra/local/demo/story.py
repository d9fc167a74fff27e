"""What the demo's business day is told in: customers, products, invoices and what must become of them."""

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
    DELETED = "deleted"


@dataclass(frozen=True)
class Line:
    """`product` names one of the catalogue, or is free text; `price` None takes the catalogue's."""

    product: str
    quantity: str
    price: str | None = None
    percent_off: str | None = None
    fixed_off: str | None = None
    tax_rate: str | None = None


@dataclass(frozen=True)
class Extra:
    """An order-level discount, fee or tax."""

    kind: str
    label: str
    type: str
    value: str


@dataclass(frozen=True)
class Stands:
    """How the invoice has to stand in QuickBooks beside its total: the discount line's amount, how many lines (by
    default one for each of HubSpot's lines, fees and taxes), terms by name, custom fields by name, exchange rate, and
    the customer's name where it is not the one that HubSpot has. `shipped` is (tracking number, shipping method)."""

    discount: str = "0"
    lines: int | None = None
    terms: str = "Net 30"
    custom: tuple[tuple[str, str], ...] = ()
    rate: str = "1"
    customer: str = ""
    shipped: tuple[str, str] = ("", "")


@dataclass
class Invoice:
    """One invoice of the day. `later` is what a person does to it after it was synced; `first` why it is not synced
    before somebody has done something about it; `stands` None: not looked at. `by_hand` is the id of the QuickBooks
    invoice that a bookkeeper entered for it, and which has to stand for it without a mark."""

    what: str
    customer: str
    lines: tuple[Line, ...]
    ending: Ending = Ending.IN_SYNC
    code: str = ""
    date: str = "2026-11-24"
    properties: dict[str, str] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
    stands: Stands | None = Stands()
    currency: str = "USD"
    due: str = "2026-12-24"
    draft: bool = False
    later: Callable[[Day, Invoice], None] | None = None
    first: str = ""
    id: str = ""
    by_hand: str = ""


@dataclass(frozen=True)
class Day:
    """Who and what is there on this day. `parties` and `products` map the names used here to HubSpot ids, `terms`
    QuickBooks ids to names."""

    hubspot: HubSpotPerson
    quickbooks: QuickBooksPerson
    retry: Callable[[str], None]
    parties: dict[str, tuple[str, str]]
    products: dict[str, str]
    terms: dict[str, str]

    def finalise(self, invoice: Invoice) -> None:
        """Enter the invoice in HubSpot, with its lines, and finalise it."""
        kind, party_id = self.parties[invoice.customer]
        contact_kind, contact_id = self.parties[_CONTACT_OF.get(invoice.customer, invoice.customer)]
        associations = [(INVOICE_TO[kind], party_id)]
        if contact_id != party_id:
            associations.append((INVOICE_TO[contact_kind], contact_id))
        dates = {"hs_invoice_date": f"{invoice.date}T00:00:00Z", "hs_due_date": f"{invoice.due}T00:00:00Z"}
        properties = {"hs_currency": invoice.currency, **dates, **invoice.properties}
        invoice.id = self.hubspot.create("invoices", properties, associations)
        self.hubspot.create_lines(invoice.id, [self._line(line) for line in invoice.lines])
        for position, of in enumerate(invoice.extras):
            values = {"hs_label": of.label, "hs_type": of.type, "hs_value": of.value, "hs_sort_order": str(position)}
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
        more = {
            "hs_discount_percentage": line.percent_off,
            "discount": line.fixed_off,
            "hs_tax_rate_group_id": line.tax_rate,
        }
        return values | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True)
class Product:
    """A product. `in_quickbooks`: how QuickBooks knows it: by the same SKU, by the same name, or not at all.
    `stock`: QuickBooks counts how many there are."""

    name: str
    sku: str
    price: str
    in_quickbooks: str = "sku"
    stock: bool = False


CATALOGUE = {
    "onboarding": Product("Onboarding", "SRV-ONB", "1500.00"),
    "consulting": Product("Consulting hour", "SRV-HR", "145.50"),
    "licence": Product("Licence, per seat", "LIC-SEAT", "19.99", "name"),
    "support": Product("Support plan", "SUP-12", "89.00"),
    "widget": Product("Widget", "WID-3", "3.335"),
    "crate": Product("Crate", "CRT-1", "24.00", stock=True),
    "drone": Product("Delivery drone", "DRN-1", "4200.00", "nothing"),
    "gadget": Product("Gadget", "GAD-1", "75.00", "nothing"),
    "kit": Product("Starter kit", "KIT-1", "360.00", "nothing"),
}

COMPANIES = (
    "Acme Corp",
    "Blue Harbor LLC",
    "Cedar & Pine",
    "Delta Freight",
    "Eagle Eye Optics",
    "O'Neill Brothers",
    "Fjord Fisheries",
    "Gull & Sons",
)
CONTACTS = {
    "ann@acme.example": ("Ann", "Archer"),
    "bob@blueharbor.example": ("Bob", "Brandt"),
    "cleo@cedarpine.example": ("Cleo", "Cruz"),
    "dee@delta.example": ("Dee", "Dorn"),
    "eli@eagleeye.example": ("Eli", "Engel"),
    "una@oneill.example": ("Una", "O'Neill"),
    "finn@fjord.example": ("Finn", "Foss"),
    "gil@gull.example": ("Gil", "Gull"),
    "zoe@freelance.example": ("Zoe", "Zapata"),
    "pat@solo.example": ("Pat", "Parker"),
    "emma@solo.example": ("Emma", "Ernst"),
}
_CONTACT_OF = dict(zip(COMPANIES, CONTACTS, strict=False))
# Who is in QuickBooks before the day begins.
KNOWN_CUSTOMERS = {"Acme Corp": "ann@acme.example", "Cedar & Pine": "books@cedarpine.example"}
# A vendor and an employee bear the names of contacts, so the customers need other ones.
VENDOR, EMPLOYEE = "Pat Parker", ("Emma", "Ernst")
INTERNAL = "Internal transfer"
# The items that a bookkeeper has made for fees and taxes, with the account that each posts to.
FEE_ITEM, RUSH_ITEM, TAX_ITEM = "Other fees", "Rush fee", "Sales tax"
ITEM_ACCOUNTS = {FEE_ITEM: "Services", RUSH_ITEM: "Services", TAX_ITEM: "Sales Tax Payable"}
# The QuickBooks company of this day. October is over, and closed at the end.
QUICKBOOKS_COMPANY = {
    "custom_txn_numbers": True,
    "multicurrency": True,
    "custom_fields": ["PO number", "Project", "Order number"],
    # Taxes of HubSpot's invoices are items; the bookkeeper's own invoices bear QuickBooks' tax codes.
    "using_sales_tax": True,
    "allow_shipping": True,
}
# HubSpot may take more than is open on an invoice: whether it does is not documented, and here something is overpaid.
HUBSPOT_ACCOUNT = {"overpayments": True}
# What follows each other: a property of HubSpot's invoices, and a field of QuickBooks'.
ORDER, TRACKING, METHOD = "order_number", "tracking_number", "shipping_method"
FIELD_PAIRS = (
    {"hubspot": ORDER, "quickbooks": "custom:Order number"},
    {"hubspot": TRACKING, "quickbooks": "TrackingNum", "winner": "quickbooks"},
    {"hubspot": METHOD, "quickbooks": "ShipMethodRef"},
)
EUR_RATE, JPY_RATE = "1.08", "0.0067"


def item_body(product: Product, quickbooks: QuickBooksPerson) -> dict[str, object]:
    """How a person enters a product in QuickBooks."""
    accounts = {one["Name"]: {"value": one["Id"]} for one in quickbooks.query("Account")}
    body: dict[str, object] = {
        "Name": product.name.replace(":", ""),
        "Type": "Service",
        "IncomeAccountRef": accounts["Services"],
        "UnitPrice": Decimal(product.price),
    }
    if product.stock:
        body |= {
            "Type": "Inventory",
            "TrackQtyOnHand": True,
            "QtyOnHand": 500,
            "InvStartDate": "2026-01-01",
            "AssetAccountRef": accounts["Inventory Asset"],
            "ExpenseAccountRef": accounts["Cost of Goods Sold"],
        }
    return body | ({"Sku": product.sku} if product.in_quickbooks != "name" else {})


def bookkeeping_items(quickbooks: QuickBooksPerson) -> dict[str, str]:
    """A person enters the items for fees and taxes; name -> id."""
    accounts = {one["Name"]: {"value": one["Id"]} for one in quickbooks.query("Account")}
    return {
        name: str(
            quickbooks.create("Item", {"Name": name, "Type": "Service", "IncomeAccountRef": accounts[account]})["Id"]
        )
        for name, account in ITEM_ACCOUNTS.items()
    }
