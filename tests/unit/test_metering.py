"""Where this month's count of metered reads is heading."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.metering import Usage, usage

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def days(*numbers: int, first: int = 1) -> dict[date, int]:
    return {date(2026, 11, first + index): number for index, number in enumerate(numbers)}


def test_a_month_without_reads_is_heading_nowhere() -> None:
    assert usage({}, NOVEMBER) == Usage(0, 0)


def test_steady_reads_go_on_to_the_end_of_the_month() -> None:
    now = NOVEMBER + timedelta(days=10)
    assert usage(days(*[100] * 10), now) == Usage(1000, 1000 + 100 * 20 * 6 * 1 // 6)


def test_the_last_seven_days_tell_how_it_goes_on() -> None:
    # 23 days of the month are over, of which the last six at ten a day; the 24th has only begun.
    now = NOVEMBER + timedelta(days=23)
    by_day = days(*[10_000] * 17, *[10] * 6)
    assert usage(by_day, now) == Usage(170_060, 170_060 + 60 * 7 // 6)


def test_the_first_hours_of_a_month_count_as_a_whole_day() -> None:
    assert usage(days(50), NOVEMBER + timedelta(hours=1)).projected == 50 + 50 * (30 * 24 - 1) // 24


def test_the_projection_at_the_end_of_the_month_is_the_count() -> None:
    end = NOVEMBER + timedelta(days=30, microseconds=-1)
    assert usage(days(*[7] * 30), end) == Usage(210, 210)


@given(
    st.dictionaries(st.integers(1, 30).map(lambda day: date(2026, 11, day)), st.integers(0, 100_000)),
    st.integers(0, 30 * 24 * 60 - 1),
)
def test_the_projection_is_never_below_the_count(by_day: dict[date, int], minutes: int) -> None:
    now = NOVEMBER + timedelta(minutes=minutes)
    past = {day: number for day, number in by_day.items() if day <= now.date()}
    found = usage(past, now)
    assert found.so_far == sum(past.values()) <= found.projected
