"""What Intuit meters: how many reads a month includes, and where this month's count is heading."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

READS_A_MONTH = 500_000
"""What Intuit's free tier includes for an app, all companies together; then the app is blocked until the month ends
(Intuit: App Partner Program, Builder tier)."""

_RECENT_DAYS = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """Reads of this month so far, and of the whole month when it goes on as in the last days."""

    so_far: int
    projected: int


def usage(by_day: Mapping[date, int], now: datetime) -> Usage:
    """The count and its projection at `now` (aware); `by_day` holds this month's reads by UTC day.

    The last seven days tell how it goes on, of the present month only. Less than a day is no measure of a month: a
    month's first hours count as a whole day.
    """
    now = now.astimezone(UTC)
    month = datetime.combine(now.date().replace(day=1), time(), UTC)
    ends = month + timedelta(days=calendar.monthrange(now.year, now.month)[1])
    begin = max(month, datetime.combine(now.date() - (_RECENT_DAYS - 1) * _DAY, time(), UTC))
    recent = sum(number for day, number in by_day.items() if day >= begin.date())
    so_far = sum(by_day.values())
    return Usage(so_far, so_far + recent * (ends - now) // max(now - begin, _DAY))
