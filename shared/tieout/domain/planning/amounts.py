"""HubSpot's calculation of an invoice, done again, in every reading of what HubSpot does not document.

The order is documented: line discounts, then order discounts, then fees, then taxes (HubSpot: discounts, fees, taxes).
How amounts are rounded, whether a line's fixed discount is of a unit or of the line, which one counts when a line has
two discounts, and whether the second percentage of a kind is of what the first left, is not. So all of it is computed,
and only a reading that gives HubSpot's own figures is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import product

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import Adjustment, AdjustmentKind, SourceInvoice, SourceLine
from tieout.domain.money import Money, minor_unit, round_to_minor_unit, round_to_total
from tieout.domain.planning.plan import Attend

_HUNDRED = Decimal(100)
_ZERO = Decimal(0)
# Rounding of each amount; None: nothing is rounded but the total.
_ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, None)


@dataclass(frozen=True, slots=True)
class Amounts:
    """An invoice's figures in major units of its currency, all in minor units.

    `nets` are the lines after their own discounts, in the order of the lines. `discount` is the sum of the order
    discounts, `fees` and `taxes` are by adjustment, in HubSpot's order. The lines' own taxes are not in here: HubSpot
    gives them with each line.
    """

    nets: tuple[Decimal, ...]
    discount: Decimal
    fees: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """Everything but the lines' own taxes."""
        return sum((*self.nets, *self.fees, *self.taxes), -self.discount)

    def close_to(self, other: Amounts, unit: Decimal) -> bool:
        """Whether no figure is more than one minor unit from the other's."""
        mine, theirs = ((*one.nets, one.discount, *one.fees, *one.taxes) for one in (self, other))
        return all(abs(one - two) <= unit for one, two in zip(mine, theirs, strict=True))


@dataclass(frozen=True, slots=True)
class _Reading:
    rounding: str | None
    of_unit: bool
    both: str
    compound: bool


def calculate(invoice: SourceInvoice) -> Amounts | Attend:
    """The figures of `invoice` in the reading that gives HubSpot's own line amounts and total.

    Where several do, they give the same figures, or figures that differ by no more than a minor unit: then the first
    is taken, in the order half up, half even, rounded at the end. Readings that fit and differ by more are attention,
    and so is an invoice that fits no reading.
    """
    if invoice.total is None:
        return Attend(AttentionCode.TOTAL_DIFFERS, "HubSpot says no total.")
    if invoice.total.currency != invoice.currency:
        detail = f"HubSpot says {invoice.total} on an invoice in {invoice.currency}."
        return Attend(AttentionCode.TOTAL_DIFFERS, detail)
    computed = [_compute(invoice, reading) for reading in _readings(invoice)]
    fitting = [one for one in computed if one is not None and _fits(invoice, one)]
    if not fitting:
        return Attend(AttentionCode.TOTAL_DIFFERS, _figures(invoice, computed))
    first, unit = fitting[0], minor_unit(invoice.currency)
    for other in fitting[1:]:
        if not first.close_to(other, unit):
            detail = "HubSpot's total can be read in two ways that would be posted differently."
            return Attend(AttentionCode.TOTAL_DIFFERS, detail)
    return first


def line_tax(invoice: SourceInvoice) -> Decimal | None:
    """The sum of the lines' own taxes as HubSpot calculated them; None when it does not say for a taxed line."""
    if any(line.tax_rate_id and line.tax_amount is None for line in invoice.lines):
        return None
    taxes = [line.tax_amount or _ZERO for line in invoice.lines]
    return round_to_minor_unit(sum(taxes, _ZERO), invoice.currency)


def _readings(invoice: SourceInvoice) -> Iterator[_Reading]:
    """Only what makes a difference for this invoice is tried both ways."""
    fixed = any(line.discount for line in invoice.lines)
    both = any(line.discount and line.discount_percent for line in invoice.lines)
    percents = [one.kind for one in invoice.adjustments if one.percent]
    several = any([one.kind for one in invoice.adjustments].count(kind) > 1 for kind in percents)
    yield from (
        _Reading(rounding, of_unit, how, compound)
        for rounding, of_unit, how, compound in product(
            _ROUNDINGS,
            (True, False) if fixed else (True,),
            ("percent", "fixed", "sum") if both else ("sum",),
            (False, True) if several else (False,),
        )
    )


def _compute(invoice: SourceInvoice, reading: _Reading) -> Amounts | None:
    """The figures in one reading; None when they contradict the lines' own amounts."""

    def rounded(amount: Decimal) -> Decimal:
        if reading.rounding is None:
            return amount
        return amount.quantize(minor_unit(invoice.currency), reading.rounding)

    exact = [line.quantity * line.unit_price - _discount(line, reading) for line in invoice.lines]
    pairs = zip(invoice.lines, exact, strict=True)
    if any(not _is_its_amount(line, net, invoice.currency, reading.rounding) for line, net in pairs):
        return None
    nets = [rounded(net) for net in exact]
    running = sum(nets, _ZERO)
    found: dict[AdjustmentKind, list[Decimal]] = {}
    for kind, sign in ((AdjustmentKind.DISCOUNT, -1), (AdjustmentKind.FEE, 1), (AdjustmentKind.TAX, 1)):
        base, found[kind] = running, []
        for one in _of_kind(invoice.adjustments, kind):
            share = (running if reading.compound else base) * one.value / _HUNDRED
            found[kind].append(rounded(share if one.percent else one.value))
            running += sign * found[kind][-1]
    discount = sum(found[AdjustmentKind.DISCOUNT], _ZERO)
    return _settled(nets, discount, found[AdjustmentKind.FEE], found[AdjustmentKind.TAX], invoice.currency)


def _settled(
    nets: Sequence[Decimal], discount: Decimal, fees: Sequence[Decimal], taxes: Sequence[Decimal], currency: str
) -> Amounts:
    """What was not rounded on the way is now, so that the sum is the rounded total."""
    parts = round_to_total([*nets, -discount, *fees, *taxes], currency)
    lines, after = len(nets), len(nets) + 1 + len(fees)
    return Amounts(parts[:lines], -parts[lines] + 0, parts[lines + 1 : after], parts[after:])


def _discount(line: SourceLine, reading: _Reading) -> Decimal:
    fixed = (line.discount or _ZERO) * (line.quantity if reading.of_unit else 1)
    percent = line.quantity * line.unit_price * (line.discount_percent or _ZERO) / _HUNDRED
    if line.discount and line.discount_percent and reading.both != "sum":
        return fixed if reading.both == "fixed" else percent
    return fixed + percent


def _is_its_amount(line: SourceLine, net: Decimal, currency: str, rounding: str | None = None) -> bool:
    """Whether HubSpot's own amount of the line is `net`, as it is or rounded: by `rounding`, or in any way."""
    if line.amount is None or line.amount == net:
        return True
    unit = minor_unit(currency)
    ways = (rounding,) if rounding else _ROUNDINGS
    return any(line.amount == net.quantize(unit, one) for one in ways if one)


def _fits(invoice: SourceInvoice, amounts: Amounts) -> bool:
    if invoice.total is None:
        return False
    tax, billed = line_tax(invoice), invoice.total.amount
    # A tax that HubSpot does not tell cannot be checked here; the ledger computes it and its total is compared.
    return amounts.total <= billed if tax is None else amounts.total + tax == billed


def _of_kind(adjustments: Iterable[Adjustment], kind: AdjustmentKind) -> list[Adjustment]:
    return [one for one in adjustments if one.kind is kind]


def _figures(invoice: SourceInvoice, computed: Sequence[Amounts | None]) -> str:
    told = [one for one in computed if one is not None]
    if told:
        tax = line_tax(invoice) or _ZERO
        total = Money(told[0].total + tax, invoice.currency)
        return f"HubSpot says {invoice.total}, its lines and adjustments come to {total}."
    for line in invoice.lines:
        nets = [line.quantity * line.unit_price - _discount(line, reading) for reading in _readings(invoice)]
        if not any(_is_its_amount(line, net, invoice.currency) for net in nets):
            ways = " or ".join(dict.fromkeys(str(Money(net, invoice.currency)) for net in nets))
            own = Money(line.amount or _ZERO, invoice.currency)
            return f"Line “{line.name}”: HubSpot says {own}, it comes to {ways}."
    return "The lines' amounts contradict each other: their discounts cannot be read in one way."
