"""The forms an invoice can have in HubSpot: what a person may put on it, drawn by chance, and how it is written."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, LINE_ITEM, find_type
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from tests.simulation.grounds import FOREIGN, NO_TAX, STATE_TAX, UNKNOWN_TAX, Ground

Texts = dict[str, str]
PRICES = ("10", "19.99", "33.335", "0.125", "1250", "7.4", "0")
QUANTITIES = ("1", "2", "3", "0.5", "7", "1.333")
COMMENTS = ("Thank you", "Net 30, please", "Größe: ½ m²", "two\nlines")
# HubSpot's ids of the associations from an invoice to its parts and parties.
_TO = {CONTACT: 177, COMPANY: 179, LINE_ITEM: 409, "0-84": 411, "0-85": 413, "0-86": 415}
_PERCENTS = ("5", "10", "12.5", "33.3")
_LABELS = {"discounts": ("Spring", "Loyal"), "fees": ("Rush", "Freight"), "taxes": ("VAT", "City tax")}
_FIXED = {"discounts": ("3", "0.5", "7.77"), "fees": ("2.5", "25", "0.01"), "taxes": ("4.20", "1")}
_DAYS_TO_PAY = (0, 15, 30, 30, 47)
FEATURES = frozenset(
    {
        "plain",
        *(f"line discount {kind}" for kind in ("fixed", "percent", "both")),
        "line tax",
        "line tax of 0 %",
        *(f"order {kind} {how}" for kind in _LABELS for how in ("fixed", "percent")),
        *(f"several {kind}" for kind in _LABELS),
        "currency EUR",
        "currency CHF",
        "currency without cents",
        "hs_comments",
        "hs_purchase_order_number",
        "hs_title",
    }
)
"""What can be special about a form, see `Form.features`."""


@dataclass(frozen=True, slots=True)
class Product:
    """A HubSpot product; `weight` says how often it is sold."""

    name: str
    sku: str | None
    weight: int


# By SKU, by name, stock, unknown to QuickBooks, a SKU that two of QuickBooks' items bear.
PRODUCTS = (
    Product("Consulting", "CONS-1", 16),
    Product("Support hours", None, 12),
    Product("Pump", "PUMP-1", 6),
    Product("Mystery box", "MYST-9", 1),
    Product("Twin", "TWIN-2", 1),
)


@dataclass(frozen=True, slots=True)
class Form:
    """An invoice as texts of HubSpot's records: its own, its lines', and its adjustments' by type name."""

    invoice: Texts
    lines: tuple[Texts, ...]
    adjustments: tuple[tuple[str, Texts], ...] = ()

    def features(self, home: str) -> Counter[str]:
        """What is special about it, to be counted; `home` is QuickBooks' currency."""
        return Counter(self._features(home))

    def _features(self, home: str) -> Iterator[str]:
        for line in self.lines:
            fixed, percent = "discount" in line, "hs_discount_percentage" in line
            if fixed or percent:
                yield f"line discount {'both' if fixed and percent else 'fixed' if fixed else 'percent'}"
            if "hs_tax_rate_group_id" in line:
                yield "line tax" if line["hs_tax_rate_group_id"] != NO_TAX else "line tax of 0 %"
        for kind, texts in self.adjustments:
            yield f"order {kind} {texts['hs_type'].lower()}"
        for kind in _LABELS:
            if sum(one == kind for one, _ in self.adjustments) > 1:
                yield f"several {kind}"
        currency = self.invoice["hs_currency"]
        if currency != home:
            yield "currency without cents" if currency == "JPY" else f"currency {currency}"
        for name in ("hs_comments", "hs_purchase_order_number", "hs_title"):
            if name in self.invoice:
                yield name
        if not self.adjustments and not any(len(line) > 4 for line in self.lines) and currency == home:
            yield "plain"


def draw_form(chance: random.Random, ground: Ground, products: Mapping[str, str], today: date) -> Form:
    """A form by chance; two in five are plain. `products` are HubSpot's product ids by name."""
    plain = chance.random() < 0.4
    lines = [draw_line(chance, products, plain=plain) for _ in range(chance.choice((1, 1, 2, 3, 4)))]
    if not plain and chance.random() < 0.35:
        lines = [line | {"hs_tax_rate_group_id": STATE_TAX} for line in lines]
    day = today + timedelta(days=chance.choice((0, 0, 0, 1, 1, 2, 3, -1, -2, -6)))
    due = day + timedelta(days=chance.choice(_DAYS_TO_PAY))
    invoice = {
        "hs_currency": ground.home if plain or chance.random() < 0.8 else chance.choice(FOREIGN),
        "hs_invoice_date": midnight(day),
        "hs_due_date": midnight(due),
        **draw_texts(chance),
    }
    kinds = [] if plain else [kind for kind in _LABELS for _ in range(chance.choices((0, 1, 2), (7, 3, 1))[0])]
    if not ground.taxing and chance.random() < 0.85:
        lines = [{name: text for name, text in line.items() if name != "hs_tax_rate_group_id"} for line in lines]
        kinds = [kind for kind in kinds if kind != "taxes"]
    return Form(invoice, tuple(lines), tuple((kind, draw_adjustment(chance, kind)) for kind in kinds))


def draw_line(chance: random.Random, products: Mapping[str, str], *, plain: bool) -> Texts:
    """A line item."""
    product = chance.choices(PRODUCTS, [one.weight for one in PRODUCTS])[0]
    line = {
        "hs_product_id": products[product.name],
        "quantity": chance.choice(QUANTITIES),
        "price": chance.choice(PRICES),
    }
    if chance.random() < 0.3:
        line["description"] = "as agreed"
    if plain:
        return line
    line |= draw_line_discount(chance) if chance.random() < 0.35 else {}
    if chance.random() < 0.3:
        line["hs_tax_rate_group_id"] = chance.choices((STATE_TAX, NO_TAX, UNKNOWN_TAX), (8, 2, 1))[0]
    return line


def draw_line_discount(chance: random.Random) -> Texts:
    """A line's own discount: fixed, a percentage, or both."""
    fixed, percent = chance.choice(("0.5", "1", "2.25")), chance.choice((*_PERCENTS, "100"))
    match chance.choices(("fixed", "percent", "both"), (4, 5, 1))[0]:
        case "fixed":
            return {"discount": fixed}
        case "percent":
            return {"hs_discount_percentage": percent}
    return {"discount": fixed, "hs_discount_percentage": percent}


def draw_adjustment(chance: random.Random, kind: str) -> Texts:
    """An order-level discount, fee or tax."""
    percent = chance.random() < (0.8 if kind == "taxes" else 0.5)
    percents = ("6.5", "20", "8") if kind == "taxes" else (*_PERCENTS, "100") if kind == "discounts" else _PERCENTS
    fixed = _FIXED[kind] if kind != "discounts" or chance.random() < 0.9 else ("100000",)
    return {
        "hs_label": chance.choice(_LABELS[kind]),
        "hs_type": "PERCENT" if percent else "FIXED",
        "hs_value": chance.choice(percents if percent else fixed),
        "hs_sort_order": str(chance.randint(0, 3)),
    }


def draw_texts(chance: random.Random) -> Texts:
    """Comment, purchase order number and title, each perhaps."""
    texts: Texts = {}
    if chance.random() < 0.3:
        texts["hs_comments"] = chance.choice((*COMMENTS, *COMMENTS, *COMMENTS, "long " * 250))
    if chance.random() < 0.25:
        texts["hs_purchase_order_number"] = chance.choice(("PO-17", "4711", "PO-17", "4711", "PO-17", "PO-" + "9" * 40))
    if chance.random() < 0.25:
        texts["hs_title"] = chance.choice(("North wing", "Süd", "Internal"))
    return texts


def write_form(crm: Records, form: Form, parties: Sequence[tuple[str, str]], *, finalise: bool) -> Record:
    """Enter the invoice as a person in HubSpot does; `parties` are (type id, id). Finalised at the end, if at all."""
    parts = [("line_items", line) for line in form.lines] + list(form.adjustments)
    made = [crm.create(find_type(name), texts) for name, texts in parts]
    ends = [(one.type.type_id, one.id) for one in made]
    invoice = crm.create(find_type("invoices"), form.invoice, [associated(*end) for end in (*ends, *parties)])
    if finalise:
        crm.update(invoice, {"hs_invoice_status": "open"})
    return invoice


def associated(type_id: str, id_: str) -> dict[str, object]:
    """The association of an invoice with a record."""
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO[type_id]}
    return {"to": {"id": id_}, "types": [kind]}


def midnight(day: date) -> str:
    """A day as HubSpot keeps it when it is picked from a calendar."""
    return f"{day.isoformat()}T00:00:00Z"
