"""Decimal money that knows its currency, and dividing it without losing a cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

# ISO 4217 currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {
    **dict.fromkeys(
        (
            "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
    "UYW": 4,
}
_CURRENCY_LENGTH = 3


class CurrencyMismatch(ValueError):
    """Amounts of different currencies met in one sum or comparison."""


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency (ISO 4217): ``Decimal("0.01")`` for USD, ``Decimal("1")`` for JPY."""
    return Decimal(1).scaleb(-_MINOR_DIGITS.get(currency, 2))


def round_to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """`amount` in the currency's minor unit, halves away from zero, as both vendors print amounts."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def round_to_total(parts: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """`parts` in minor units, their sum exactly the rounded sum of what they were (largest remainder).

    Each part moves by less than one minor unit, a part that has no remainder not at all. Ties go to the earlier part.
    """
    unit = minor_unit(currency)
    exact = [part / unit for part in parts]
    floors = [part.quantize(Decimal(1), rounding=ROUND_FLOOR) for part in exact]
    left = int(round_to_minor_unit(sum(parts, Decimal(0)), currency) / unit - sum(floors, Decimal(0)))
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - exact[i], i))
    for index in by_remainder[:left]:
        floors[index] += 1
    return tuple(part * unit for part in floors)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units of `currency` (ISO 4217), always quantised to its minor unit."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != _CURRENCY_LENGTH or not (
            self.currency.isascii() and self.currency.isalpha() and self.currency.isupper()
        ):
            raise ValueError(f"not an ISO 4217 currency code: {self.currency!r}")
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError("an amount is a finite Decimal")
        # Adding zero turns a negative zero, which would print as "-0.00", into a plain one.
        object.__setattr__(self, "amount", round_to_minor_unit(self.amount, self.currency) + 0)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"

    def allocate(self, weights: Sequence[Decimal]) -> tuple[Money, ...]:
        """Divide by the largest remainder: parts in proportion to `weights`, their sum exactly this amount.

        Ties go to the earlier part, so the result depends on nothing but the arguments.
        Raises ValueError when there is no positive weight to carry the amount.
        """
        if any(weight < 0 for weight in weights) or not sum(weights):
            raise ValueError("an allocation needs weights that are not negative and not all zero")
        unit, total = minor_unit(self.currency), sum(weights, Decimal(0))
        sign = -1 if self.amount < 0 else 1
        units = abs(self.amount) / unit
        exact = [units * weight / total for weight in weights]
        floors = [share.quantize(Decimal(1), rounding=ROUND_DOWN) for share in exact]
        left = int(units - sum(floors, Decimal(0)))
        by_remainder = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i], i))
        for index in by_remainder[:left]:
            floors[index] += 1
        return tuple(Money(sign * part * unit, self.currency) for part in floors)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")
