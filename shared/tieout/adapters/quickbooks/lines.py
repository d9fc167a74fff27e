"""Lines of sales documents: ours as QuickBooks' JSON, theirs read, and what a person put there kept when we update.

A line has fields that are a person's own: class, service date, project, the estimate it came from, and the tax code
where Tieout names none. An update sends the whole array of lines (Intuit documents "all or none" for payments and no
partial form for invoices), so a line is sent as it stands, with its id, and only the fields that Tieout owns are laid
over it. The order discount is a line too (Intuit: one DiscountLineDetail a transaction, for the whole of it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.invoice import ContentLine
from tieout.domain.money import round_to_minor_unit

NOT_TAXED = "NON"
"""The tax code of a line that bears no sales tax, in companies of the United States (Intuit: invoice)."""

_NONE = Decimal(0)
_SALES = "SalesItemLineDetail"
_DISCOUNT = "DiscountLineDetail"
_SUBTOTAL = "SubTotalLineDetail"
# Answered and never taken (Intuit: invoice); the two "Ex" fields are Intuit's internal ones.
_READ_ONLY = frozenset({"LineEx", "SalesItemLineDetailEx", "ItemAccountRef", "TaxClassificationRef"})
# What a line says about its amount and text is ours; the last four would contradict our own quantity and price.
_OURS = frozenset({"LineNum", "Description", "Amount", "DetailType", _SALES})
_OURS_IN_DETAIL = frozenset(
    {"ItemRef", "Qty", "UnitPrice", "RatePercent", "TaxInclusiveAmt", "DiscountRate", "DiscountAmt"}
)
_OURS_IN_DISCOUNT = frozenset({"PercentBased", "DiscountPercent", "DiscountRef"})


@dataclass(frozen=True, slots=True)
class ReadLines:
    """The lines of an answer: the order discount apart, and `bodies`, each line in QuickBooks' own words, the
    discount's last."""

    lines: tuple[ContentLine, ...]
    discount: Decimal
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineWriter:
    """Writes lines in `currency`. A new discount posts to `discount_account` (None: QuickBooks' default).

    `not_taxed`: a line for which no tax code is planned and none stands there is marked as bearing no sales tax,
    because QuickBooks would otherwise take the item's own.
    """

    currency: str
    discount_account: str | None
    not_taxed: bool

    def new(self, wanted: Sequence[ContentLine], order_discount: Decimal = _NONE) -> list[Mapping[str, object]]:
        """The lines of a new document."""
        lines = [self._laid_over(number, line, {}) for number, line in enumerate(wanted, start=1)]
        return lines + ([self._discount(order_discount, {})] if order_discount else [])

    def updated(
        self, present: ReadLines, wanted: Sequence[ContentLine], order_discount: Decimal = _NONE
    ) -> list[Mapping[str, object]]:
        """The array that turns the lines that stand there into those that are wanted."""
        stands = present.lines
        count = len(stands)
        bodies = [_writable(json.loads(text, parse_float=Decimal)) for text in present.bodies]
        stored = [body for _, body in zip(stands, bodies[:count], strict=True)]
        if len(wanted) == count and all(map(_agree, stands, wanted)):
            lines: list[Mapping[str, object]] = [self._marked(body) for body in stored]
        else:
            lines = [
                self._laid_over(number, line, {} if index is None else stored[index])
                for number, (line, index) in enumerate(zip(wanted, _continued(stands, wanted), strict=True), start=1)
            ]
        discount = bodies[count] if count < len(bodies) else {}
        if discount and present.discount == order_discount:
            return [*lines, discount]
        return lines + ([self._discount(order_discount, discount)] if order_discount else [])

    def _laid_over(self, number: int, line: ContentLine, body: Mapping[str, object]) -> Mapping[str, object]:
        if body.get("DetailType") != _SALES:
            body = {}
        theirs = {key: value for key, value in body.items() if key not in _OURS}
        kept = {key: value for key, value in _detail(body, _SALES).items() if key not in _OURS_IN_DETAIL}
        detail: dict[str, object] = {"ItemRef": {"value": line.item_id}}
        if line.quantity is not None:
            detail["Qty"] = line.quantity
        if line.unit_price is not None:
            detail["UnitPrice"] = line.unit_price
        described = {"Description": line.description} if line.description else {}
        planned = {"TaxCodeRef": {"value": line.tax_code}} if line.tax_code is not None else {}
        ours = {
            "LineNum": number,
            **described,
            "Amount": round_to_minor_unit(line.amount, self.currency),
            "DetailType": _SALES,
            _SALES: {**detail, **kept, **planned},
        }
        return self._marked({**theirs, **ours})

    def _marked(self, body: Mapping[str, object]) -> Mapping[str, object]:
        detail = _detail(body, _SALES)
        if not self.not_taxed or "TaxCodeRef" in detail or body.get("DetailType") != _SALES:
            return body
        return {**body, _SALES: {**detail, "TaxCodeRef": {"value": NOT_TAXED}}}

    def _discount(self, amount: Decimal, body: Mapping[str, object]) -> Mapping[str, object]:
        kept = {key: value for key, value in _detail(body, _DISCOUNT).items() if key not in _OURS_IN_DISCOUNT}
        account = {"DiscountAccountRef": {"value": self.discount_account}} if self.discount_account else {}
        return {
            **body,
            "Amount": round_to_minor_unit(amount, self.currency),
            "DetailType": _DISCOUNT,
            _DISCOUNT: {"PercentBased": False, **account, **kept},
        }


def read_lines(nodes: Sequence[Node]) -> ReadLines:
    """The lines of an answer, without the subtotal that QuickBooks adds by itself.

    The first discount of a fixed amount is the order discount. A further one, and one by percent, shows as a line.
    """
    lines: list[ContentLine] = []
    bodies: list[str] = []
    discounts: list[Node] = []
    for node in nodes:
        kind = node.optional_text("DetailType") or ""
        if kind == _SUBTOTAL:
            continue
        if kind == _DISCOUNT and not discounts and _is_fixed(node):
            discounts.append(node)
            continue
        lines.append(_read_line(kind, node))
        bodies.append(encode(node.fields))
    amounts = [node.optional_number("Amount") or Decimal(0) for node in discounts]
    own = [encode(node.fields) for node in discounts]
    return ReadLines(tuple(lines), sum(amounts, Decimal(0)), (*bodies, *own))


def _is_fixed(node: Node) -> bool:
    return not node.node(_DISCOUNT).flag("PercentBased") and (node.optional_number("Amount") or Decimal(0)) >= 0


def _read_line(kind: str, line: Node) -> ContentLine:
    """A line as content.

    Lines of another kind than Tieout writes come out under a word instead of an item's id, so that they show as a
    difference wherever contents are compared, and with what they do to the total.
    """
    amount = line.optional_number("Amount") or Decimal(0)
    description = line.optional_text("Description")
    match kind:
        case "SalesItemLineDetail":
            detail = line.node(kind)
            return ContentLine(
                item_id=detail.reference("ItemRef") or "",
                description=description,
                quantity=detail.optional_number("Qty"),
                unit_price=detail.optional_number("UnitPrice"),
                amount=amount,
                tax_code=detail.reference("TaxCodeRef"),
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
        kept[_SALES] = {key: value for key, value in _detail(body, _SALES).items() if key not in _READ_ONLY}
    return kept


def _detail(body: Mapping[str, object], kind: str) -> Mapping[str, object]:
    detail = body.get(kind)
    return detail if isinstance(detail, dict) else {}


def _agree(stands: ContentLine, wanted: ContentLine) -> bool:
    """Whether a line needs no change; a tax code that is not wanted is a person's."""
    return _untaxed(stands) == wanted if wanted.tax_code is None else stands == wanted


def _untaxed(line: ContentLine) -> ContentLine:
    return replace(line, tax_code=None)


# From the surest sign that a line is the same one to the least sure. A tax code says nothing about that.
_SAME: tuple[Callable[[int, ContentLine], object], ...] = (
    lambda position, line: (position, _untaxed(line)),
    lambda _, line: _untaxed(line),
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
