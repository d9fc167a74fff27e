"""How many records of a connection are how: what is little as it is now, the rest from the sweep's last count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tieout.domain.register import ALL_FLOWS, SMALL, Flow, Health
from tieout.ports.registers import HealthBook, Registers, Snapshot
from tieout.services.health import totals

BOUND = 500
DAYS = 30


@dataclass(frozen=True, slots=True)
class Number:
    """`more`: there are at least so many."""

    value: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One object and direction; a number is None as long as nobody has counted."""

    flow: Flow
    numbers: Mapping[Health, Number | None]


@dataclass(frozen=True, slots=True)
class Day:
    """One of the last days, in UTC; `numbers` None where nothing was counted."""

    day: date
    numbers: Mapping[Health, int] | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`counted_at` is of the last count, None before the first."""

    rows: tuple[Row, ...]
    days: tuple[Day, ...]
    counted_at: datetime | None

    def of(self, health: Health) -> Number:
        """All objects and directions together, as far as they are counted."""
        found = [one for row in self.rows if (one := row.numbers[health]) is not None]
        return Number(sum(one.value for one in found), any(one.more for one in found))


def overview(registers: Registers, book: HealthBook, connection: str, now: datetime) -> Overview:
    """Ten counts of at most BOUND keys each, and one query for the days: the same whatever is stored."""
    today = now.astimezone(UTC).date()
    begin = today - timedelta(days=DAYS - 1)
    found = book.days(connection, begin)
    last = found[max(found)] if found else None
    rows = tuple(Row(flow, _numbers(registers, connection, flow, last)) for flow in ALL_FLOWS)
    days = (begin + timedelta(days=after) for after in range(DAYS))
    return Overview(
        rows,
        tuple(Day(day, totals(found[day]) if day in found else None) for day in days),
        last.at if last is not None else None,
    )


def _numbers(registers: Registers, connection: str, flow: Flow, last: Snapshot | None) -> dict[Health, Number | None]:
    counted: dict[Health, Number | None] = {
        health: None if last is None else Number(last.counts.get((flow, health), 0)) for health in Health
    }
    for health in SMALL:
        number = registers.count(connection, flow, health, BOUND)
        counted[health] = Number(number, more=number == BOUND)
    return counted
