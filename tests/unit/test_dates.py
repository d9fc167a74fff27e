"""Calendar dates from instants."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.dates import calendar_date

ZONES = ("UTC", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Kolkata")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(ZONES))
def test_midnight_utc_is_the_day_that_was_picked_everywhere(day: date, zone: str) -> None:
    assert calendar_date(datetime(day.year, day.month, day.day, tzinfo=UTC), zone) == day


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        (datetime(2026, 3, 1, 4, 59, 59, tzinfo=UTC), "America/New_York", date(2026, 2, 28)),
        (datetime(2026, 3, 1, 5, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 1)),
        (datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC), "America/New_York", date(2026, 2, 28)),
        # Daylight saving begins on 8 March 2026 in New York.
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 9)),
        (datetime(2026, 3, 1, 12, 0, tzinfo=UTC), "Pacific/Kiritimati", date(2026, 3, 2)),
        (datetime(2026, 2, 28, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 1)),
    ],
)
def test_any_other_instant_is_a_day_of_the_time_zone(instant: datetime, zone: str, day: date) -> None:
    assert calendar_date(instant, zone) == day


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(-14, 14), st.sampled_from(ZONES))  # noqa: DTZ001
def test_the_offset_in_which_an_instant_is_written_does_not_matter(moment: datetime, hours: int, zone: str) -> None:
    instant = moment.replace(tzinfo=UTC)
    assert calendar_date(instant.astimezone(timezone(timedelta(hours=hours))), zone) == calendar_date(instant, zone)
