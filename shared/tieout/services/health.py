"""Counts how many records are how, for the console's overview and its chart, at a cost that has an upper bound."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import product

from tieout.domain.register import ALL_FLOWS, Flow, Health
from tieout.ports import Clock, Cursors
from tieout.ports.registers import HealthBook, Registers, Snapshot
from tieout.services.waking import Found

_CURSOR = "health"
_PARTS: tuple[tuple[Flow, Health], ...] = tuple(product(ALL_FLOWS, Health))
# A part of the count reads at most 1 MB of index. So many of them in one run, and on the whole one a minute: a large
# company is counted less often than each hour.
_MOST_PARTS = 120
_EACH, _A_PART, _AT_LEAST = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
# A count that was left unfinished so long ago says nothing about today.
_TOO_OLD = timedelta(hours=6)


@dataclass(slots=True)
class _Count:
    """A count under way: `part` is the next one, `token` where in it. `parts` is what it cost so far."""

    begun: datetime
    part: int = 0
    token: str | None = None
    parts: int = 0
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.part == len(_PARTS)

    def add(self, number: int, token: str | None) -> None:
        name = str(self.part)
        self.numbers[name] = self.numbers.get(name, 0) + number
        self.parts += token is not None
        self.token = token
        self.part += token is None

    def mark(self) -> str:
        facts = (self.begun.isoformat(), self.part, self.token, self.parts, self.numbers)
        return json.dumps(facts)

    @classmethod
    def of(cls, mark: str | None) -> _Count | None:
        """None where there is none, or one of another version of Tieout."""
        try:
            begun, part, token, parts, numbers = json.loads(mark or "")
            return cls(datetime.fromisoformat(begun), part, token, parts, numbers)
        except (TypeError, ValueError):
            return None

    def counts(self) -> Mapping[tuple[Flow, Health], int]:
        return {_PARTS[int(name)]: number for name, number in self.numbers.items() if number}


@dataclass(frozen=True, slots=True)
class HealthCounts:
    """Takes the snapshots, a step of the sweep that may go on in the next run."""

    registers: Registers
    book: HealthBook
    cursors: Cursors
    clock: Clock

    def take(self, connection: str) -> Iterator[Found]:
        """Count on, or begin anew when it is due. What is counted is kept after each step."""
        now = self.clock.now()
        count = _Count.of(self.cursors.mark(connection, _CURSOR))
        if count is None or now - count.begun > _TOO_OLD:
            due = self.cursors.load(connection, _CURSOR)
            if due is not None and now < due:
                return
            count = _Count(now)
        steps = 0
        while not count.done and steps < _MOST_PARTS:
            tally = self.registers.tally(connection, *_PARTS[count.part], count.token)
            steps += tally.next is not None
            count.add(tally.number, tally.next)
            if tally.next is not None:
                yield Found((), partial(self.cursors.set_mark, connection, _CURSOR, count.mark()))
        if count.done:
            yield Found((), partial(self._keep, connection, count))

    def _keep(self, connection: str, count: _Count) -> None:
        now = self.clock.now()
        self.book.keep(connection, Snapshot(now, count.counts()))
        pause = min(max(_EACH, count.parts * _A_PART), _AT_LEAST)
        self.cursors.save(connection, _CURSOR, count.begun + pause)
        self.cursors.set_mark(connection, _CURSOR, None)


def totals(snapshot: Snapshot) -> Mapping[Health, int]:
    """The numbers of all objects and directions together."""
    return {health: sum(number for (_, one), number in snapshot.counts.items() if one is health) for health in Health}
