"""What payment processors charged: the fees of each payment, told in the currency in which they settle."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tieout.domain.money import Money
from tieout.domain.payment import Processor

_PERIOD = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days `first` to `last`, both included, in the company's time zone: a day or a calendar month, which are what
    is booked, or any other days, which are only reported."""

    first: date
    last: date

    @classmethod
    def day(cls, day: date) -> Period:
        """One day."""
        return cls(day, day)

    @classmethod
    def month(cls, day: date) -> Period:
        """The calendar month that `day` lies in."""
        return cls(day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))

    @classmethod
    def parse(cls, text: str) -> Period:
        """`2026-10` or `2026-10-03`; raises ValueError for anything else."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise ValueError("a month as 2026-10 or a day as 2026-10-03")
        year, month, day = found.groups()
        first = date(int(year), int(month), int(day or 1))
        return cls.day(first) if day else cls.month(first)

    def __str__(self) -> str:
        if self.is_day:
            return self.first.isoformat()
        return self.first.isoformat()[:7] if self.is_month else f"{self.first}_{self.last}"

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def is_day(self) -> bool:
        """Whether it is one day."""
        return self.first == self.last

    @property
    def is_month(self) -> bool:
        """Whether it is a whole calendar month."""
        return self == Period.month(self.first)

    @property
    def days(self) -> tuple[Period, ...]:
        """Its days, in order."""
        count = (self.last - self.first).days + 1
        return tuple(Period.day(self.first + timedelta(days=number)) for number in range(count))

    def bounds(self, time_zone: str) -> tuple[datetime, datetime]:
        """The instants at which it begins and at which the day after it begins, in `time_zone` (an IANA name)."""
        zone = ZoneInfo(time_zone)
        return (
            datetime.combine(self.first, time(), zone),
            datetime.combine(self.last + timedelta(days=1), time(), zone),
        )


class FeeKind(StrEnum):
    """Whom a fee goes to: the processor, or HubSpot's platform."""

    PROCESSING = "processing"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One received payment: every amount in the currency in which it settles.

    `processing_fee` is `hs_fees_amount` as HubSpot tells it, which may or may not include `platform_fee`
    (`hs_platform_fee`); both and `net` (`hs_net_amount`) are None where HubSpot has not told them: never zero.
    `refunded` is everything that was given back until now. `converted`: it was paid in another currency, so that each
    amount was rounded by itself.
    """

    payment_id: str
    day: date
    processor: Processor
    gross: Money
    processing_fee: Money | None = None
    platform_fee: Money | None = None
    net: Money | None = None
    refunded: Money | None = None
    method: str = ""
    converted: bool = False

    @property
    def currency(self) -> str:
        """In which it settles."""
        return self.gross.currency


@dataclass(frozen=True, slots=True)
class RefundLine:
    """The part of a payment, also of an earlier one, that was given back on `day`. `detected`: HubSpot keeps no history
    of it, and `day` is when the payment last changed."""

    payment: FeeLine
    day: date
    amount: Money
    detected: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableFee:
    """A payment that HubSpot holds and of which a value makes no sense; `reason` names it."""

    payment_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PeriodPayments:
    """Everything of a period, each payment and refund once, in the order of their days and ids."""

    period: Period
    lines: tuple[FeeLine, ...] = ()
    refunds: tuple[RefundLine, ...] = ()
    unreadable: tuple[UnreadableFee, ...] = ()

    def through(self, day: date) -> PeriodPayments:
        """What lies before the end of `day`, still as of the whole period."""
        return replace(
            self,
            lines=tuple(one for one in self.lines if one.day <= day),
            refunds=tuple(one for one in self.refunds if one.day <= day),
        )

    def within(self, period: Period) -> PeriodPayments:
        """The part of it that lies in a shorter period."""
        return PeriodPayments(
            period,
            tuple(one for one in self.lines if one.day in period),
            tuple(one for one in self.refunds if one.day in period),
            self.unreadable,
        )
