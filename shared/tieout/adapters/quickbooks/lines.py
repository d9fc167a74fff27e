"""Lines of an invoice: ours as QuickBooks' JSON, theirs read, and what a person put on a line kept when we update it.

A line has fields that are a person's own: class, service date, tax code, project, the estimate it came from. An update
sends the whole array of lines (Intuit documents "all or none" for payments and no partial form for invoices), so a
line is sent as it stands, with its id, and only the fields that Tieout owns are laid over it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.invoice import ContentLine
from tieout.domain.money import round_to_minor_unit

NOT_TAXED = "NON"
"""The tax code of a line that bears no sales tax, in companies of the United States (Intuit: invoice)."""

_SALES = "SalesItemLineDetail"
_SUBTOTAL = "SubTotalLineDetail"
# Answered and never taken (Intuit: invoice); the two "Ex" fields are Intuit's internal ones.
_READ_ONLY = frozenset({"LineEx", "SalesItemLineDetailEx", "ItemAccountRef", "TaxClassificationRef"})
# What a line says about its amount and text is ours; the last four would contradict our own quantity and price.
_OURS = frozenset({"LineNum", "Description", "Amount", "DetailType", _SALES})
_OURS_IN_DETAIL = frozenset(
    {"ItemRef", "Qty", "UnitPrice", "RatePercent", "TaxInclusiveAmt", "DiscountRate", "DiscountAmt"}
)


@dataclass(frozen=True, slots=True)
class LineWriter:
    """Writes lines in `currency`. `not_taxed`: a line that names no tax code is marked as bearing no sales tax,
    because QuickBooks would otherwise take the item's own."""

    currency: str
    not_taxed: bool

    def new(self, lines: Sequence[ContentLine]) -> list[Mapping[str, object]]:
        """The lines of a new invoice."""
        return [self._laid_over(number, line, {}) for number, line in enumerate(lines, start=1)]

    def updated(
        self, present: Sequence[ContentLine], bodies: Sequence[str], lines: Sequence[ContentLine]
    ) -> list[Mapping[str, object]]:
        """The array that turns `present` into `lines`. `bodies` are the present lines' own texts (see `body_of`)."""
        stored = [_writable(json.loads(text, parse_float=Decimal)) for _, text in zip(present, bodies, strict=True)]
        if tuple(present) == tuple(lines):
            return [self._marked(body) for body in stored]
        return [
            self._laid_over(number, line, {} if index is None else stored[index])
            for number, (line, index) in enumerate(zip(lines, _continued(present, lines), strict=True), start=1)
        ]

    def _laid_over(self, number: int, line: ContentLine, body: Mapping[str, object]) -> Mapping[str, object]:
        if body.get("DetailType") != _SALES:
            body = {}
        theirs = {key: value for key, value in body.items() if key not in _OURS}
        kept = {key: value for key, value in _detail(body).items() if key not in _OURS_IN_DETAIL}
        detail: dict[str, object] = {"ItemRef": {"value": line.item_id}}
        if line.quantity is not None:
            detail["Qty"] = line.quantity
        if line.unit_price is not None:
            detail["UnitPrice"] = line.unit_price
        described = {"Description": line.description} if line.description else {}
        ours = {
            "LineNum": number,
            **described,
            "Amount": round_to_minor_unit(line.amount, self.currency),
            "DetailType": _SALES,
            _SALES: {**detail, **kept},
        }
        return self._marked({**theirs, **ours})

    def _marked(self, body: Mapping[str, object]) -> Mapping[str, object]:
        detail = _detail(body)
        if not self.not_taxed or "TaxCodeRef" in detail or body.get("DetailType") != _SALES:
            return body
        return {**body, _SALES: {**detail, "TaxCodeRef": {"value": NOT_TAXED}}}


def body_of(line: Node) -> str | None:
    """A present line as the text that `LineWriter.updated` takes, None for QuickBooks' own subtotal."""
    return None if line.optional_text("DetailType") == _SUBTOTAL else encode(line.fields)


def read_line(line: Node) -> ContentLine | None:
    """A line as content; None for the subtotal that QuickBooks adds by itself.

    Lines of another kind than Tieout writes come out under a word instead of an item's id, so that they show as a
    difference wherever contents are compared, and with what they do to the total.
    """
    kind = line.optional_text("DetailType") or ""
    amount = line.optional_number("Amount") or Decimal(0)
    description = line.optional_text("Description")
    match kind:
        case "SubTotalLineDetail":
            return None
        case "SalesItemLineDetail":
            detail = line.node(kind)
            return ContentLine(
                item_id=detail.reference("ItemRef") or "",
                description=description,
                quantity=detail.optional_number("Qty"),
                unit_price=detail.optional_number("UnitPrice"),
                amount=amount,
            )
        case "DiscountLineDetail":
            return ContentLine("discount", description, None, None, -amount)
        case "DescriptionOnly":
            # An inline subtotal may carry a sum that the other lines carry already.
            return ContentLine("description", description, None, None, Decimal(0))
        case "GroupLineDetail":
            group = line.node(kind)
            parts = sum((one.optional_number("Amount") or Decimal(0) for one in group.nodes("Line")), Decimal(0))
            return ContentLine("group", description, group.optional_number("Quantity"), None, amount or parts)
        case _:
            return ContentLine(kind or "line", description, None, None, amount)


def _writable(body: Mapping[str, object]) -> Mapping[str, object]:
    kept = {key: value for key, value in body.items() if key not in _READ_ONLY}
    if _SALES in kept:
        kept[_SALES] = {key: value for key, value in _detail(body).items() if key not in _READ_ONLY}
    return kept


def _detail(body: Mapping[str, object]) -> Mapping[str, object]:
    detail = body.get(_SALES)
    return detail if isinstance(detail, dict) else {}


# From the surest sign that a line is the same one to the least sure.
_SAME: tuple[Callable[[int, ContentLine], object], ...] = (
    lambda position, line: (position, line),
    lambda _, line: line,
    lambda _, line: (line.item_id, line.description),
    lambda _, line: line.item_id,
)


def _continued(present: Sequence[ContentLine], lines: Sequence[ContentLine]) -> list[int | None]:
    """For each line the index of the present one that it continues, None for a new one.

    A line that was removed or moved in HubSpot must not hand its class or its link to its neighbour, so position alone
    decides only where both sides have equally many lines.
    """
    rules = (*_SAME, lambda position, _: position) if len(lines) == len(present) else _SAME
    continued: dict[int, int] = {}
    for same in rules:
        free: dict[object, list[int]] = {}
        for index in sorted(set(range(len(present))) - set(continued.values())):
            free.setdefault(same(index, present[index]), []).append(index)
        for index in sorted(set(range(len(lines))) - set(continued)):
            if matching := free.get(same(index, lines[index])):
                continued[index] = matching.pop(0)
    return [continued.get(index) for index in range(len(lines))]
