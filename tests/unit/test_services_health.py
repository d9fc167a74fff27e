"""The count of how many records are how: complete, bounded in cost, and going on where it was stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from tests.support.memory import VirtualClock
from tests.support.memory_registers import MemoryHealthBook
from tests.support.memory_sweep import MemoryCursors
from tieout.domain.record import Kind
from tieout.domain.register import Flow, Health
from tieout.ports.registers import Registers, Snapshot, Tally
from tieout.services.health import HealthCounts, totals

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INVOICES, PAYMENTS = (Kind.INVOICE, "hubspot"), (Kind.PAYMENT, "quickbooks")


@dataclass
class Pages:
    """Registers whose counts come in parts: the numbers of each, by place."""

    parts: dict[tuple[Flow, Health], list[int]] = field(default_factory=dict)
    asked: int = 0

    def tally(self, _connection: str, flow: Flow, health: Health, after: str | None = None) -> Tally:
        self.asked += 1
        parts = self.parts.get((flow, health), [0])
        index = int(after or 0)
        return Tally(parts[index], str(index + 1) if index + 1 < len(parts) else None)


class Counting:
    def __init__(self, pages: Pages) -> None:
        self.pages, self.book, self.cursors, self.clock = (
            pages,
            MemoryHealthBook(),
            MemoryCursors(),
            VirtualClock(START),
        )
        registers = cast("Registers", pages)
        self.counts = HealthCounts(registers, self.book, self.cursors, self.clock)

    def run(self, steps: int = 10_000) -> int:
        """A run of the sweep that is stopped after so many steps; gives how many there were."""
        done = 0
        for found in self.counts.take("acme"):
            if done == steps:
                return done
            found.then()
            done += 1
        return done

    @property
    def latest(self) -> Snapshot | None:
        found = self.book.days("acme", START.date())
        return found[max(found)] if found else None


def test_a_small_company_is_counted_in_one_step_each_hour() -> None:
    counting = Counting(Pages({(INVOICES, Health.IN_SYNC): [7], (PAYMENTS, Health.ATTENTION): [2]}))
    assert counting.run() == 1
    assert counting.latest == Snapshot(START, {(INVOICES, Health.IN_SYNC): 7, (PAYMENTS, Health.ATTENTION): 2})
    counting.pages.parts[INVOICES, Health.IN_SYNC] = [8]
    counting.clock.advance(45 * 60)
    assert counting.run() == 0
    counting.clock.advance(15 * 60)
    assert counting.run() == 1
    assert counting.latest is not None
    assert counting.latest.counts[INVOICES, Health.IN_SYNC] == 8


def test_a_count_that_is_stopped_goes_on_in_the_next_run_and_counts_nothing_twice() -> None:
    counting = Counting(Pages({(INVOICES, Health.IN_SYNC): [10, 20, 30, 4], (PAYMENTS, Health.WAITING): [1, 1]}))
    assert counting.run(steps=2) == 2
    assert counting.latest is None
    counting.clock.advance(900)
    counting.run()
    assert counting.latest is not None
    assert counting.latest.counts == {(INVOICES, Health.IN_SYNC): 64, (PAYMENTS, Health.WAITING): 2}
    assert totals(counting.latest)[Health.IN_SYNC] == 64


def test_a_run_reads_a_limited_part_and_a_large_company_is_counted_less_often() -> None:
    counting = Counting(Pages({(INVOICES, Health.IN_SYNC): [1000] * 300}))
    runs = 0
    while counting.latest is None:
        before = counting.pages.asked
        counting.run()
        assert counting.pages.asked - before <= 120 + 30
        counting.clock.advance(900)
        runs += 1
    assert runs == 3
    assert counting.latest.counts == {(INVOICES, Health.IN_SYNC): 300_000}
    asked = counting.pages.asked
    while counting.pages.asked == asked:
        counting.clock.advance(900)
        counting.run()
    begun = counting.clock.now() - START
    assert timedelta(minutes=299) <= begun <= timedelta(minutes=315), "one part a minute on the whole"


def test_however_large_a_company_is_it_is_counted_each_day() -> None:
    counting = Counting(Pages({(INVOICES, Health.IN_SYNC): [1] * 2000}))
    for _ in range(20):
        counting.run()
    assert counting.latest is not None
    counting.clock.advance(timedelta(days=1).total_seconds())
    assert counting.run() > 0


@pytest.mark.parametrize("mark", ["", "{}", "[1]", "nonsense", '["2020-01-01T00:00:00+00:00", 3, null, 0, {"0": 99}]'])
def test_what_is_left_of_an_old_count_or_makes_no_sense_is_begun_anew(mark: str) -> None:
    counting = Counting(Pages({(INVOICES, Health.IN_SYNC): [7]}))
    counting.cursors.set_mark("acme", "health", mark)
    counting.run()
    assert counting.latest == Snapshot(START, {(INVOICES, Health.IN_SYNC): 7})
