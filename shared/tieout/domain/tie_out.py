"""What a tie-out of invoices finds: the figures of both sides, and each equation that does not hold with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from tieout.domain.money import Money
from tieout.domain.record import RecordKey, State


class Equation(StrEnum):
    """What has to hold for a synced invoice; each has a section in the runbook, by test.

    `STANDING`: the invoice stands on both sides, or is voided on both. `BILLED`: both are over the same amount, a
    declared variance apart. `APPLIED`: what is not open any more was paid or credited. `RECEIVED` and `REFUNDED`: the
    same money came in and went back. `DECIDED`: no decision of a person is open.
    """

    STANDING = "standing"
    BILLED = "billed"
    APPLIED = "applied"
    RECEIVED = "received"
    REFUNDED = "refunded"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Sides:
    """The same figure in HubSpot and in QuickBooks, in one currency."""

    hubspot: Money
    quickbooks: Money

    @classmethod
    def none(cls, currency: str) -> Sides:
        """Nothing on either side."""
        zero = Money(Decimal(0), currency)
        return cls(zero, zero)

    @property
    def difference(self) -> Money:
        """What QuickBooks has more than HubSpot."""
        return self.quickbooks - self.hubspot

    def __add__(self, other: Sides) -> Sides:
        return Sides(self.hubspot + other.hubspot, self.quickbooks + other.quickbooks)


@dataclass(frozen=True, slots=True)
class Figures:
    """The money of one invoice, or of all in one currency. HubSpot knows no credits; what is open there is what was
    billed and not received."""

    billed: Sides
    received: Sides
    refunded: Sides
    credited: Money
    open: Sides

    @classmethod
    def none(cls, currency: str) -> Figures:
        """No money at all."""
        nothing = Sides.none(currency)
        return cls(nothing, nothing, nothing, nothing.hubspot, nothing)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.billed + other.billed,
            self.received + other.received,
            self.refunded + other.refunded,
            self.credited + other.credited,
            self.open + other.open,
        )

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return self.credited.currency


@dataclass(frozen=True, slots=True)
class Finding:
    """An equation that does not hold. `left` and `right` are its two figures, HubSpot's and QuickBooks' except for
    `APPLIED`, where both are QuickBooks' (no longer open; applied); None where there is no figure. `reason` is in
    words, for a person."""

    equation: Equation
    reason: str
    left: Money | None = None
    right: Money | None = None


@dataclass(frozen=True, slots=True)
class TieOut:
    """One invoice. `figures` None: it does not stand on both sides, so there is nothing to compare. `taken`: who took
    QuickBooks' total, where it is not HubSpot's, in words; else ""."""

    key: RecordKey
    label: str
    state: State
    figures: Figures | None = None
    findings: tuple[Finding, ...] = ()
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of many invoices by currency, which are never added to each other."""

    by_currency: dict[str, Figures] = field(default_factory=dict)

    @classmethod
    def of(cls, all_figures: Iterable[Figures]) -> Totals:
        """The sums, currencies in alphabetical order."""
        sums: dict[str, Figures] = {}
        for one in all_figures:
            sums[one.currency] = sums[one.currency] + one if one.currency in sums else one
        return cls(dict(sorted(sums.items())))
