"""The lines of an invoice in HubSpot and in QuickBooks beside each other, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from tieout.domain.invoice import InvoiceContent, SourceInvoice
from tieout.domain.mirrored_invoice import MirrorLine, StandingLine
from tieout.domain.money import Money
from tieout.services.card import Card, Sides


@dataclass(frozen=True, slots=True)
class Line:
    """A line on one side. Prices keep their decimals."""

    text: str
    quantity: str
    price: str
    amount: Money | None = None


Pair = tuple[Line | None, Line | None]


def lines_of(card: Card, sides: Sides | None) -> Sequence[Pair]:
    """Pairs of HubSpot's and QuickBooks' lines; as long as nobody compares, what Tieout wrote last on the one side."""
    if sides is not None:
        quickbooks = [] if sides.present is None else _content(sides.present.content)
        return list(zip_longest(_hubspot(sides), quickbooks))
    link = card.record.link
    if link is None:
        return []
    hubspot = [] if link.mirror is None else _mirrored(link.mirror.sent.lines)
    return list(zip_longest(hubspot, [] if link.sent is None else _content(link.sent)))


def _hubspot(sides: Sides) -> list[Line]:
    if sides.mirror is not None:
        return _mirrored(sides.mirror.lines)
    source = sides.source
    if not isinstance(source, SourceInvoice):
        return []
    return [
        Line(
            one.name,
            _figure(one.quantity),
            _figure(one.unit_price),
            None if one.amount is None else Money(one.amount, source.currency),
        )
        for one in source.lines
    ]


def _mirrored(lines: Iterable[MirrorLine | StandingLine]) -> list[Line]:
    return [Line(one.name, _figure(one.quantity), _figure(one.unit_price)) for one in lines]


def _content(content: InvoiceContent) -> list[Line]:
    return [
        Line(
            one.description or "",
            _figure(one.quantity),
            _figure(one.unit_price),
            Money(one.amount, content.currency),
        )
        for one in content.lines
    ]


def _figure(value: Decimal | None) -> str:
    if value is None:
        return ""
    whole = value == value.to_integral_value()
    return f"{value.to_integral_value():f}" if whole else f"{value.normalize():f}"
