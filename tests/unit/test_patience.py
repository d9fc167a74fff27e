"""Patience: what passes is waited out, in naps; what does not is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.memory import VirtualClock
from tieout.domain.errors import ConnectionLost, NeedsAttention, RateLimited, SyncError, Transient
from tieout.services.patience import Patience, PatientLimiter


def failing(times: int, error: Callable[[], SyncError]) -> Callable[[], str]:
    """Work that fails so often before it succeeds."""
    left = [error() for _ in range(times)]

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


def waited(clock: VirtualClock, since: float) -> float:
    return clock.now().timestamp() - since


def test_what_fails_for_a_while_is_tried_again() -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    assert Patience(clock).keep_trying(failing(3, Transient)) == "done"
    assert waited(clock, began) == pytest.approx(2 + 4 + 8)


def test_a_vendor_gets_the_pause_that_it_asks_for() -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    assert Patience(clock).keep_trying(failing(2, lambda: RateLimited(retry_after=60.0))) == "done"
    assert waited(clock, began) == pytest.approx(120)


@pytest.mark.parametrize("error", [ConnectionLost, NeedsAttention])
def test_what_a_person_has_to_mend_is_told_at_once(error: type[SyncError]) -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    with pytest.raises(error):
        Patience(clock).keep_trying(failing(1, error))
    assert waited(clock, began) == 0


@pytest.mark.parametrize("error", [Transient, lambda: RateLimited(retry_after=1.0)])
def test_what_never_ends_is_told_in_the_end(error: Callable[[], SyncError]) -> None:
    with pytest.raises(Transient):
        Patience(VirtualClock()).keep_trying(failing(100, error))


def test_a_pause_of_hours_is_not_waited_for() -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    with pytest.raises(RateLimited):
        Patience(clock, longest=900).keep_trying(failing(1, lambda: RateLimited(retry_after=7200.0)))
    assert waited(clock, began) == 0


class Budget:
    """A limiter that refuses until a time."""

    def __init__(self, clock: VirtualClock, until: float) -> None:
        self._clock = clock
        self._until = clock.now().timestamp() + until
        self.paused: list[tuple[str, str, float]] = []

    def permit(self, connection: str, system: str) -> None:
        left = self._until - self._clock.now().timestamp()
        if left > 0:
            raise RateLimited("", {"system": system}, left)

    def pause(self, connection: str, system: str, seconds: float) -> None:
        self.paused.append((connection, system, seconds))


def test_a_permit_is_waited_for() -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    PatientLimiter(Budget(clock, 60), Patience(clock, longest=90)).permit("c1", "quickbooks")
    assert waited(clock, began) == pytest.approx(60)


def test_a_permit_that_takes_too_long_is_refused() -> None:
    clock = VirtualClock()
    began = clock.now().timestamp()
    with pytest.raises(RateLimited):
        PatientLimiter(Budget(clock, 600), Patience(clock, longest=90)).permit("c1", "quickbooks")
    assert waited(clock, began) == 0


def test_a_pause_is_for_everybody() -> None:
    clock = VirtualClock()
    budget = Budget(clock, 0)
    PatientLimiter(budget, Patience(clock)).pause("c1", "hubspot", 10)
    assert budget.paused == [("c1", "hubspot", 10)]
