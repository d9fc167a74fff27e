"""Turning the instants that HubSpot stores into the calendar dates that books use."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def calendar_date(instant: datetime, time_zone: str) -> date:
    """The date an invoice bears: midnight UTC is taken as it is, any other instant in `time_zone` (an IANA name).

    HubSpot writes a date picked in its date picker as 00:00:00Z of that day; converting it would move it a day back
    everywhere west of Greenwich.
    """
    in_utc = instant.astimezone(UTC)
    if in_utc.time() == time(0, 0):
        return in_utc.date()
    return in_utc.astimezone(ZoneInfo(time_zone)).date()
