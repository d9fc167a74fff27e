"""What the fees of a period come to, by processor and currency, and what about them is not as usual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from statistics import median

from tieout.domain.fee import FeeLine, PeriodPayments, RefundLine
from tieout.domain.money import Money, minor_unit
from tieout.domain.payment import Processor

CHARGING = frozenset({Processor.HUBSPOT, Processor.STRIPE})
"""The processors that charge for each payment, so that a fee which is not told is missing."""

_RATE = Decimal("0.0001")
_ZERO = Decimal(0)
# A converted amount is rounded by itself: three of them may miss their sum by so many minor units.
_ROUNDING = 2
# What is usual takes a few payments to tell; then it is a fee that is off by half of what the rate gives, and by more
# than the fixed part of a fee usually is, in minor units.
_USUAL_FROM, _OFF, _FIXED = 5, Decimal("0.5"), 50


class Composition(StrEnum):
    """How `hs_fees_amount` and `hs_platform_fee` go together, which HubSpot does not document."""

    APART = "apart"
    INCLUDED = "included"
    NO_PLATFORM_FEE = "no_platform_fee"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many payments have a net amount that follows only when the platform fee is apart, and only when it is
    included; `told`: how many bear a platform fee at all."""

    apart: int = 0
    included: int = 0
    told: int = 0

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.apart + other.apart, self.included + other.included, self.told + other.told)

    @property
    def composition(self) -> Composition:
        """Decided only when every payment that shows it says the same."""
        if not self.told:
            return Composition.NO_PLATFORM_FEE
        if bool(self.apart) is bool(self.included):
            return Composition.AMBIGUOUS
        return Composition.APART if self.apart else Composition.INCLUDED


def evidence(lines: Iterable[FeeLine]) -> Evidence:
    """What these payments show. A net amount may or may not be less refunds, so that both count."""
    apart = included = told = 0
    for line in lines:
        if line.platform_fee is None or not line.platform_fee.amount:
            continue
        told += 1
        if line.processing_fee is None or line.net is None:
            continue
        is_apart = _follows(line, line.processing_fee + line.platform_fee)
        is_included = _follows(line, line.processing_fee)
        apart += is_apart and not is_included
        included += is_included and not is_apart
    return Evidence(apart, included, told)


def _follows(line: FeeLine, fees: Money) -> bool:
    if line.net is None:
        return False
    slack = minor_unit(line.currency) * (_ROUNDING if line.converted else 0)
    nets = [line.gross - fees] + ([line.gross - fees - line.refunded] if line.refunded is not None else [])
    return any(abs((line.net - net).amount) <= slack for net in nets)


@dataclass(frozen=True, slots=True)
class Charged:
    """The fees of a payment or of many: the processor's own part and the platform's, in one currency."""

    processing: Money
    platform: Money

    @classmethod
    def nothing(cls, currency: str) -> Charged:
        """No fees."""
        return cls(Money(_ZERO, currency), Money(_ZERO, currency))

    def __add__(self, other: Charged) -> Charged:
        return Charged(self.processing + other.processing, self.platform + other.platform)

    def __sub__(self, other: Charged) -> Charged:
        return Charged(self.processing - other.processing, self.platform - other.platform)

    @property
    def total(self) -> Money:
        """Both together."""
        return self.processing + self.platform


def charged(line: FeeLine, composition: Composition) -> Charged | None:
    """The fees of one payment; None while they are not known.

    Where the two are told apart by nothing, they are never summed.
    """
    fee, platform, none = line.processing_fee, line.platform_fee, Money(_ZERO, line.currency)
    if fee is None:
        return None if line.processor in CHARGING or platform is not None else Charged(none, none)
    if platform is None or not platform.amount:
        # The net amount shows whether a platform fee is just not told.
        if platform is None and composition is not Composition.NO_PLATFORM_FEE and not _follows(line, fee):
            return None if line.processor in CHARGING else Charged(fee, none)
        return Charged(fee, none)
    match composition:
        case Composition.APART:
            return Charged(fee, platform)
        case Composition.INCLUDED:
            return Charged(fee - platform, platform)
        case _:
            return None


class Oddity(StrEnum):
    """Why a person should look at a payment's fees."""

    FEE_MISSING = "fee_missing"
    NET_DIFFERS = "net_differs"
    RATE_UNUSUAL = "rate_unusual"


@dataclass(frozen=True, slots=True)
class Finding:
    """A payment whose fees are not as usual; `detail` holds the figures."""

    line: FeeLine
    oddity: Oddity
    detail: str


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of one processor in one currency.

    `fees` are those that are known, of `payments - missing` payments with `gross_with_fees` in all; `fees_on_refunds`
    is the part of them that was paid for what was given back. `net` is what is left of gross after refunds and the
    known fees.
    """

    processor: Processor
    currency: str
    payments: int
    missing: int
    gross: Money
    gross_with_fees: Money
    fees: Charged
    refunds: Money
    fees_on_refunds: Money

    @property
    def net(self) -> Money:
        """What is left for the company."""
        return self.gross - self.refunds - self.fees.total

    @property
    def rate(self) -> Decimal | None:
        """Known fees by the amount they were charged on, as a fraction with four decimals; None of nothing."""
        return rate_of(self.fees.total, self.gross_with_fees)


@dataclass(frozen=True, slots=True)
class FeeReport:
    """A period with its sums and with what a person should look at."""

    payments: PeriodPayments
    evidence: Evidence
    totals: tuple[Total, ...]
    findings: tuple[Finding, ...]

    @property
    def composition(self) -> Composition:
        """See `Composition`."""
        return self.evidence.composition

    def by_day(self) -> Mapping[str, tuple[Total, ...]]:
        """The sums of each day on which there was a payment or refund, by ISO date."""
        days = sorted({one.day for one in self.payments.lines} | {one.day for one in self.payments.refunds})
        # One pass: a month of many payments is not searched through once a day.
        lines: dict[str, list[FeeLine]] = {day.isoformat(): [] for day in days}
        refunds: dict[str, list[RefundLine]] = {day.isoformat(): [] for day in days}
        for line in self.payments.lines:
            lines[line.day.isoformat()].append(line)
        for refund in self.payments.refunds:
            refunds[refund.day.isoformat()].append(refund)
        return {day: totals(lines[day], refunds[day], self.composition) for day in lines}


def report(payments: PeriodPayments, known: Evidence = Evidence()) -> FeeReport:
    """The report of a period; `known` is what other payments of the connection have shown already.

    The order of the payments, and one that comes twice, change nothing.
    """
    lines = tuple(sorted({one.payment_id: one for one in payments.lines}.values(), key=_order))
    refunds = tuple(
        sorted(
            dict.fromkeys(payments.refunds),
            key=lambda one: (one.day, _number(one.payment.payment_id), one.amount.amount),
        )
    )
    clean = PeriodPayments(payments.period, lines, refunds, payments.unreadable)
    # A refund brings along an earlier payment, which shows how fees are told as well as any other.
    seen = {one.payment_id: one for one in (*(refund.payment for refund in refunds), *lines)}
    shown = evidence(seen.values()) + known
    return FeeReport(clean, shown, totals(lines, refunds, shown.composition), _findings(lines, shown.composition))


def totals(lines: Sequence[FeeLine], refunds: Sequence[RefundLine], composition: Composition) -> tuple[Total, ...]:
    """The sums by processor and currency, in that order; currencies are never added."""
    groups = sorted(
        {(one.processor, one.currency) for one in lines} | {(r.payment.processor, r.amount.currency) for r in refunds}
    )
    own: dict[tuple[Processor, str], list[FeeLine]] = {group: [] for group in groups}
    back: dict[tuple[Processor, str], list[RefundLine]] = {group: [] for group in groups}
    for line in lines:
        own[line.processor, line.currency].append(line)
    for refund in refunds:
        back[refund.payment.processor, refund.amount.currency].append(refund)
    return tuple(_total(*group, own[group], back[group], composition) for group in groups)


def _total(
    processor: Processor,
    currency: str,
    lines: Sequence[FeeLine],
    refunds: Sequence[RefundLine],
    composition: Composition,
) -> Total:
    none = Money(_ZERO, currency)
    fees, with_fees, missing = Charged.nothing(currency), none, 0
    for line in lines:
        known = charged(line, composition)
        if known is None:
            missing += 1
            continue
        fees, with_fees = fees + known, with_fees + line.gross
    return Total(
        processor,
        currency,
        len(lines),
        missing,
        sum((one.gross for one in lines), none),
        with_fees,
        fees,
        sum((one.amount for one in refunds), none),
        sum((_fee_of(one, composition) for one in refunds), none),
    )


def _fee_of(refund: RefundLine, composition: Composition) -> Money:
    """The part of a payment's fees that was paid for what was given back; nothing while they are not known."""
    fees, gross = charged(refund.payment, composition), refund.payment.gross.amount
    if fees is None or not gross:
        return Money(_ZERO, refund.amount.currency)
    return Money(fees.total.amount * refund.amount.amount / gross, refund.amount.currency)


def rate_of(fees: Money, gross: Money) -> Decimal | None:
    """Fees by gross, as a fraction with four decimals; None of nothing."""
    if not gross.amount:
        return None
    return (fees.amount / gross.amount).quantize(_RATE, rounding=ROUND_HALF_UP)


def _findings(lines: Sequence[FeeLine], composition: Composition) -> tuple[Finding, ...]:
    usual = _usual_rates(lines, composition)
    return tuple(found for line in lines for found in _of_line(line, composition, usual))


def _of_line(line: FeeLine, composition: Composition, usual: Mapping[object, Decimal]) -> Iterable[Finding]:
    fees = charged(line, composition)
    if fees is None and (line.processing_fee is None or composition is not Composition.AMBIGUOUS):
        what = "its fee" if line.processing_fee is None else "its platform fee"
        yield Finding(line, Oddity.FEE_MISSING, f"HubSpot does not tell {what}.")
        return
    if fees is None:
        return
    if line.net is not None and not _follows(line, fees.total):
        detail = f"Net is {line.net}, and {line.gross} less fees of {fees.total} is {line.gross - fees.total}."
        yield Finding(line, Oddity.NET_DIFFERS, detail)
    rate = usual.get(_group(line))
    if rate is None:
        return
    expected = Money(rate * line.gross.amount, line.currency)
    off = abs((fees.total - expected).amount)
    if off > _OFF * abs(expected.amount) and off > _FIXED * minor_unit(line.currency):
        detail = f"Fees are {fees.total}; at the usual {rate:.2%} they would be {expected}."
        yield Finding(line, Oddity.RATE_UNUSUAL, detail)


def _usual_rates(lines: Sequence[FeeLine], composition: Composition) -> Mapping[object, Decimal]:
    """The median rate of each processor, currency and way of paying, where there are enough payments to tell."""
    rates: dict[object, list[Decimal]] = {}
    for line in lines:
        fees = charged(line, composition)
        if fees is not None and line.gross.amount > 0 and line.processor in CHARGING:
            rates.setdefault(_group(line), []).append(fees.total.amount / line.gross.amount)
    return {group: median(some) for group, some in rates.items() if len(some) >= _USUAL_FROM}


def _group(line: FeeLine) -> tuple[Processor, str, str]:
    return line.processor, line.currency, line.method


def _order(line: FeeLine) -> tuple[object, int, str]:
    return line.day, *_number(line.payment_id)


def _number(id_: str) -> tuple[int, str]:
    return (int(id_) if id_.isascii() and id_.isdecimal() else 0), id_
