"""The amounts HubSpot calculates: line items first, then order discounts, fees and taxes of an invoice.

Rounding is UNSURE at HubSpot. Here every line amount, line tax and adjustment is rounded to the currency's minor unit
on its own, half up by default. `hs_subtotal` is the sum of the line amounts (net of line discounts, before line
taxes); `hs_total_discount` of an invoice is the sum of line and order discounts; a line's tax counts on its own net
amount, before order-level adjustments (switchable): all three UNSURE.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from infra.sandbox.hubspot.config import HubSpotConfig

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "XAF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_HUNDRED = Decimal(100)
Properties = Mapping[str, str]


@dataclass(frozen=True)
class LineAmounts:
    """A line item's calculated amounts, major units of its currency; `tax` is by its rate group."""

    gross: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    unit: Decimal


@dataclass(frozen=True)
class InvoiceAmounts:
    """An invoice's calculated amounts, major units of its currency."""

    subtotal: Decimal
    discount: Decimal
    total: Decimal


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency, such as 0.01."""
    return Decimal(1).scaleb(-_EXPONENTS.get(currency.upper(), 2))


def _number(properties: Properties, name: str, default: int = 0) -> Decimal:
    text = properties.get(name)
    return Decimal(default) if text is None else Decimal(text)


def line_amounts(
    config: HubSpotConfig, line: Properties, tax_percent: Decimal, unit: Decimal, share: Decimal = Decimal(1)
) -> LineAmounts:
    """Amounts of one line; `unit` is the currency's minor unit, `tax_percent` the rate of its rate group or 0, `share`
    how much of the line is taxed."""

    def rounded(value: Decimal) -> Decimal:
        return value.quantize(unit, config.rounding)

    quantity, price = _number(line, "quantity", 1), _number(line, "price")
    gross = quantity * price
    percent, fixed = line.get("hs_discount_percentage"), line.get("discount")
    if percent is not None and (fixed is None or config.both_discounts == "percent"):
        discount = gross * Decimal(percent) / _HUNDRED
    else:
        discount = _number(line, "discount") * (quantity if config.discount_per == "unit" else 1)
    net = rounded(gross - discount)
    return LineAmounts(
        gross=rounded(gross),
        discount=rounded(discount),
        net=net,
        tax=rounded(net * share * tax_percent / _HUNDRED),
        unit=rounded(net / quantity) if quantity else Decimal(0).quantize(unit),
    )


def taxed_share(
    config: HubSpotConfig, lines: Sequence[Properties], discounts: Sequence[Properties], unit: Decimal
) -> Decimal:
    """How much of each line its own tax is of: all of it, or what the order discounts leave."""
    if not config.line_tax_after_discount:
        return Decimal(1)
    untaxed = [line_amounts(config, line, Decimal(0), unit) for line in lines]
    found = invoice_amounts(config, untaxed, discounts, (), (), unit)
    return found.total / found.subtotal if found.subtotal else Decimal(1)


def invoice_amounts(
    config: HubSpotConfig,
    lines: Iterable[LineAmounts],
    discounts: Sequence[Properties],
    fees: Sequence[Properties],
    taxes: Sequence[Properties],
    unit: Decimal,
) -> InvoiceAmounts:
    """Amounts of an invoice from its lines and adjustments; within a kind `hs_sort_order` decides the order."""
    lines = list(lines)
    zero = Decimal(0).quantize(unit)
    subtotal = sum((line.net for line in lines), zero)
    total = subtotal
    order_discount = zero
    for sign, kind in ((-1, discounts), (1, fees), (1, taxes)):
        base = total
        for adjustment in sorted(kind, key=lambda one: _number(one, "hs_sort_order")):
            amount = _number(adjustment, "hs_value")
            if adjustment.get("hs_type") == "PERCENT":
                amount = (total if config.adjustments_compound else base) * amount / _HUNDRED
            amount = amount.quantize(unit, config.rounding)
            total += sign * amount
            if sign < 0:
                order_discount += amount
    return InvoiceAmounts(
        subtotal=subtotal,
        discount=sum((line.discount for line in lines), order_discount),
        total=total + sum((line.tax for line in lines), zero),
    )
