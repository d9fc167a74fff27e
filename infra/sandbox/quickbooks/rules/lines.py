"""The lines of a sales form: which kinds there are, what each must carry, and what QuickBooks makes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.references import SPECIAL_ITEMS
from infra.sandbox.quickbooks.rules import tax
from infra.sandbox.quickbooks.rules.currencies import rounded

Line = dict[str, Any]
HALF_CENT = Decimal("0.005")
INLINE_SUBTOTAL = "Subtotal:"


@dataclass
class Form:
    """What the lines of one form come to; amounts in the document's currency."""

    draft: Draft
    lines: list[Line] = field(default_factory=list)
    subtotal: Decimal = ZERO
    since_subtotal: Decimal = ZERO
    discount: Decimal = ZERO
    discount_line: Line | None = None
    substantial: bool = False


def read_lines(draft: Draft) -> Form:
    """The lines as they are stored: numbered, with ids, the subtotal added, the discount last.

    Raises 2020, 2170, 2290, 6000, 6070, 6090, 6100, 6270.
    """
    form = Form(draft)
    ids = LineIds(draft)
    for sent in draft.entity["Line"]:
        kind = sent.get("DetailType")
        if kind is None:
            raise missing("DetailType")
        if kind == "SubTotalLineDetail":
            continue
        handle = _KINDS.get(kind)
        if handle is None:
            raise fault("2170", f"Invalid Enumeration : {kind}", "DetailType")
        line = {**sent, "Id": ids.take(sent.get("Id"))}
        if isinstance(sent.get(kind), dict):
            line[kind] = dict(sent[kind])
        handle(form, line)
    if not form.substantial:
        raise missing("Line")
    for number, line in enumerate(form.lines, 1):
        line["LineNum"] = number
    form.lines.append({"DetailType": "SubTotalLineDetail", "Amount": form.subtotal, "SubTotalLineDetail": {}})
    if form.discount_line is not None:
        _settle_discount(form, form.discount_line)
        form.lines.append(form.discount_line)
    return form


class LineIds:
    """Ids of lines: a known one stays, every other line gets the next number."""

    def __init__(self, draft: Draft) -> None:
        before = (draft.before or {}).get("Line", [])
        self._known = {line["Id"] for line in before if "Id" in line}
        self._next = max((int(id_) for id_ in self._known), default=0) + 1

    def take(self, wanted: str | None) -> str:
        if wanted in self._known:
            self._known.discard(wanted)
            return str(wanted)
        self._next += 1
        return str(self._next - 1)


def _sales_item(form: Form, line: Line) -> None:
    form.substantial = True
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        raise missing("SalesItemLineDetail")
    if "ItemRef" not in detail:
        # Documentation only: the amount is dropped without a word (Intuit: Invoice).
        _description(form, {key: line[key] for key in ("Id", "Description") if key in line})
        return
    if "Amount" not in line:
        raise business("You must set a transaction amount.")
    amount = line["Amount"]
    check_product(amount, detail)
    if amount < 0 and form.draft.company.config.negative_line_amounts == "refuse":
        raise fault("2290")
    _guard_inventory(form.draft, detail["ItemRef"]["value"])
    line["Amount"] = rounded(form.draft, amount)
    tax.mark_line(form.draft, line)
    form.subtotal += line["Amount"]
    form.since_subtotal += line["Amount"]
    form.lines.append(line)


def check_product(amount: Decimal, detail: Mapping[str, Any]) -> None:
    """Raises 6070 where the amount of a line is not its quantity times its price."""
    if "Qty" in detail and "UnitPrice" in detail and abs(amount - detail["Qty"] * detail["UnitPrice"]) > HALF_CENT:
        raise fault("6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}", "Amount")


def _guard_inventory(draft: Draft, id_: str) -> None:
    if id_ in SPECIAL_ITEMS:
        return
    item = draft.company.get("Item", id_)
    if item["Type"] == "Inventory" and draft.entity["TxnDate"] < item["InvStartDate"]:
        raise fault("6270", f"The transaction date is before the inventory start date of item {item['Name']}.")
    if item["Type"] == "Category":
        raise business("A category cannot be sold.")


def _description(form: Form, line: Line) -> None:
    kept: Line = {key: line[key] for key in ("Id", "Description") if key in line}
    kept |= {"DetailType": "DescriptionOnly", "DescriptionLineDetail": line.get("DescriptionLineDetail", {})}
    if kept.get("Description", "").startswith(INLINE_SUBTOTAL):
        form.substantial = True
        kept["Description"] = f"{INLINE_SUBTOTAL} {form.since_subtotal:.2f}"
        form.since_subtotal = ZERO
    form.lines.append(kept)


def _discount(form: Form, line: Line) -> None:
    if form.discount_line is not None:
        raise business("A transaction can have one discount line only.")
    if not form.draft.company.preference("SalesFormsPrefs", "AllowDiscount"):
        raise business("Discounts are turned off for this company.")
    form.discount_line = line


def _settle_discount(form: Form, line: Line) -> None:
    """Percent of all lines, or a fixed amount; always positive."""
    detail = line.setdefault("DiscountLineDetail", {})
    percent = detail.get("DiscountPercent") if detail.get("PercentBased") else None
    if percent is None and "Amount" not in line:
        raise fault("6090", "Either the discount amount or the discount percent is required.")
    amount = line["Amount"] if percent is None else form.subtotal * percent / 100
    if amount < 0:
        raise business("A discount cannot be negative.")
    line["Amount"] = form.discount = rounded(form.draft, amount)
    detail["PercentBased"] = percent is not None
    account = form.draft.company.preference("SalesFormsPrefs", "DefaultDiscountAccount")
    if "DiscountAccountRef" not in detail and account:
        detail["DiscountAccountRef"] = {"value": account, "name": form.draft.company.get("Account", account)["Name"]}


def _group(form: Form, line: Line) -> None:
    reference = line.get("GroupLineDetail", {}).get("GroupItemRef")
    if reference is None:
        raise missing("GroupItemRef")
    if form.draft.company.get("Item", reference["value"])["Type"] != "Group":
        raise fault(
            "2500", f"Invalid Reference Id : Items element id {reference['value']} is not a bundle", "GroupItemRef"
        )
    _expand(form, line)


def _expand(form: Form, line: Line) -> None:
    """A bundle becomes its items, each at its own price."""
    form.substantial = True
    detail = line["GroupLineDetail"]
    quantity = detail.setdefault("Quantity", Decimal(1))
    bundle = form.draft.company.get("Item", detail["GroupItemRef"]["value"])
    parts: list[Line] = []
    for part in bundle.get("ItemGroupDetail", {}).get("ItemGroupLine", []):
        item = form.draft.company.get("Item", part["ItemRef"]["value"])
        count = part["Qty"] * quantity
        inner: Line = {
            "Id": f"{line['Id']}{len(parts) + 1}",
            "Amount": rounded(form.draft, item["UnitPrice"] * count),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": dict(part["ItemRef"]), "Qty": count, "UnitPrice": item["UnitPrice"]},
        }
        tax.mark_line(form.draft, inner)
        parts.append(inner)
    detail["Line"] = parts
    line["Amount"] = sum((part["Amount"] for part in parts), ZERO)
    form.subtotal += line["Amount"]
    form.since_subtotal += line["Amount"]
    form.lines.append(line)


_KINDS: Mapping[str, Callable[[Form, Line], None]] = {
    "SalesItemLineDetail": _sales_item,
    "DescriptionOnly": _description,
    "DiscountLineDetail": _discount,
    "GroupLineDetail": _group,
}
