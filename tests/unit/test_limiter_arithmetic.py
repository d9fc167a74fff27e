"""The limiter's arithmetic: never more calls than the limit in any window, and no waste while calls are few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.dynamodb.arrival import Limit, first_time, lease, paused
from tieout.adapters.dynamodb.limiter import DEFAULT_LIMITS

SECOND = 1_000_000

limits = st.builds(
    Limit,
    interval=st.integers(1, 2_000),
    burst=st.integers(1, 8),
    block=st.integers(1, 5),
    shelf=st.integers(0, 3_000),
)
# (time since the last lease, permits wanted, how late within the shelf each is used)
leases = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(1, 5), st.floats(0, 1)),
    min_size=1,
    max_size=40,
)


@given(limit=limits, steps=leases, window=st.integers(1, 20_000))
def test_no_window_ever_sees_more_calls_than_the_limit(
    limit: Limit, steps: list[tuple[int, int, float]], window: int
) -> None:
    now, arrival, used = 0, 0, list[int]()
    for elapsed, count, lateness in steps:
        now += elapsed
        taken = lease(arrival, now, count, 10_000, limit)
        arrival = taken.arrival
        used += [time + int(lateness * limit.shelf) for time in taken.times]

    used.sort()
    for first in used:
        assert sum(first <= time < first + window for time in used) <= limit.most_in(window)


@given(limit=limits, arrival=st.integers(0, 50_000), now=st.integers(0, 50_000), count=st.integers(1, 8))
def test_permits_are_for_now_or_later_in_order_and_within_the_horizon(
    limit: Limit, arrival: int, now: int, count: int
) -> None:
    taken = lease(arrival, now, count, 5_000, limit)

    assert len(taken.times) <= count
    assert list(taken.times) == sorted(taken.times)
    assert all(now <= time <= now + 5_000 for time in taken.times)
    assert taken.arrival >= arrival


def test_a_rested_budget_gives_its_burst_at_once_and_then_one_an_interval() -> None:
    limit = Limit(interval=100, burst=3, block=1, shelf=0)

    assert lease(0, 1_000, 6, 10_000, limit).times == (1_000, 1_000, 1_000, 1_100, 1_200, 1_300)


def test_nothing_is_taken_when_the_next_permit_is_too_far_away() -> None:
    limit = Limit(interval=100, burst=1, block=1, shelf=0)

    taken = lease(9_000, 1_000, 1, 5_000, limit)

    assert taken.times == ()
    assert taken.arrival == 9_000
    assert first_time(9_000, 1_000, limit) == 9_000


def test_after_a_pause_calls_come_one_by_one() -> None:
    limit = Limit(interval=100, burst=3, block=1, shelf=0)

    assert lease(paused(5_000, limit), 1_000, 3, 10_000, limit).times == (5_000, 5_100, 5_200)


def test_the_default_limits_stay_within_what_the_vendors_allow() -> None:
    assert DEFAULT_LIMITS["quickbooks"].most_in(SECOND) == 10
    assert DEFAULT_LIMITS["quickbooks"].most_in(60 * SECOND) <= 500
    assert DEFAULT_LIMITS["hubspot"].most_in(10 * SECOND) <= 190
    assert DEFAULT_LIMITS["hubspot_search"].most_in(SECOND) <= 5


@pytest.mark.parametrize("wrong", [{"interval": 0}, {"burst": 0}, {"block": 0}, {"shelf": -1}])
def test_a_limit_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        Limit(**{"interval": 1, "burst": 1, "block": 1, "shelf": 0, **wrong})
