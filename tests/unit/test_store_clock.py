"""The system's clock, and that what tests play in memory has the ports' forms."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from tests.support.memory import MemoryHints, MemoryLimiter, VirtualClock
from tieout.adapters.clock import SystemClock
from tieout.domain.errors import RateLimited
from tieout.ports import Clock, Hints, Limiter


def test_the_systems_clock_is_aware_and_sleeps() -> None:
    clock: Clock = SystemClock()
    start = clock.now()
    clock.sleep(0.02)
    clock.sleep(-1)

    assert start.tzinfo is UTC
    assert timedelta(seconds=0.02) <= clock.now() - start < timedelta(seconds=5)


def test_virtual_time_moves_only_when_it_is_moved() -> None:
    clock = VirtualClock()
    start = clock.now()
    clock.sleep(2)
    clock.sleep(-1)

    assert clock.advance(3) == clock.now() == start + timedelta(seconds=5)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_the_limiter_in_memory_waits_a_little_and_refuses_long_waits() -> None:
    clock = VirtualClock()
    memory = MemoryLimiter(clock)
    limiter: Limiter = memory
    limiter.permit("acme", "quickbooks")
    limiter.pause("acme", "quickbooks", 60)

    with pytest.raises(RateLimited) as refused:
        limiter.permit("acme", "quickbooks")
    assert refused.value.retry_after == 60
    limiter.permit("other", "quickbooks")

    clock.advance(57)
    start = clock.now()
    limiter.permit("acme", "quickbooks")
    assert clock.now() - start == timedelta(seconds=3)
    assert memory.permits == {("acme", "quickbooks"): 2, ("other", "quickbooks"): 1}


def test_an_empty_queue_in_memory_has_nothing_due() -> None:
    memory = MemoryHints(VirtualClock())
    hints: Hints = memory
    hints.send([])

    assert memory.pop_due() == []
    assert memory.next_due is None
