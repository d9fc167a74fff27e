"""The registers and the snapshots of health in memory, with the semantics of the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date

from tests.support.memory import MemoryRecords
from tieout.domain.record import RecordKey, SyncRecord
from tieout.domain.register import (
    Column,
    Flow,
    Health,
    Register,
    beginning,
    entries_of,
    health_of,
    is_listed,
    is_place,
    normalised,
    place_in,
    place_of,
    register_of,
)
from tieout.ports import RecordPage
from tieout.ports.queues import QueueDepth
from tieout.ports.registers import BadPageMark, Snapshot, Tally


class MemoryRegisters:
    """Lists what `records` holds."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    def newest(
        self, connection: str, register: Register, health: Health | None, limit: int, after: str | None = None
    ) -> RecordPage:
        if after is not None and not is_place(after):
            raise BadPageMark("not the beginning of a page")
        found = sorted(
            ((place_of(one), one) for one in self._listed(connection) if register_of(one.key) is register),
            key=lambda pair: pair[0],
            reverse=True,
        )
        fitting = [
            (place, one)
            for place, one in found
            if health in (None, health_of(one.state)) and (after is None or place < after)
        ]
        page = fitting[:limit]
        return self._records.page((one for _, one in page), page[-1][0] if len(fitting) > limit else None)

    def search(
        self,
        connection: str,
        register: Register,
        text: str,
        health: Health | None,
        limit: int,
        after: str | None = None,
    ) -> RecordPage:
        if not normalised(text):
            return RecordPage((), None)
        begins = [beginning(column, text) for column in (Column.NUMBER, Column.CUSTOMER)]
        found: dict[str, SyncRecord] = {}
        for begin in begins:
            mine = {
                entry: one
                for one in self._listed(connection)
                if register_of(one.key) is register
                for entry in entries_of(one)
                if entry.startswith(begin)
            }
            found.update({entry: mine[entry] for entry in sorted(mine, reverse=True)})
        if after is not None:
            if not (any(map(after.startswith, begins)) and is_place(place_in(after))):
                raise BadPageMark("not the beginning of a page")
            passed = list(found).index(after) + 1
            found = {entry: found[entry] for entry in list(found)[passed:]}
        kept: dict[RecordKey, SyncRecord] = {}
        last = after
        for entry, one in found.items():
            if len(kept) == limit:
                return self._records.page(kept.values(), last)
            last = entry
            if health in (None, health_of(one.state)):
                kept[one.key] = one
        return self._records.page(kept.values(), None)

    def count(self, connection: str, flow: Flow, health: Health, most: int) -> int:
        return min(most, self.tally(connection, flow, health).number)

    def tally(self, connection: str, flow: Flow, health: Health, after: str | None = None) -> Tally:
        found = [
            one
            for one in self._listed(connection)
            if (one.key.kind, one.key.origin_system) == flow and health_of(one.state) is health
        ]
        return Tally(len(found), None)

    def _listed(self, connection: str) -> Iterator[SyncRecord]:
        return (one for one in self._records if one.key.connection == connection and is_listed(one))


class MemoryHealthBook:
    """Snapshots in a dictionary."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, date], Snapshot] = {}

    def keep(self, connection: str, snapshot: Snapshot) -> None:
        self._days[connection, snapshot.at.astimezone(UTC).date()] = snapshot

    def days(self, connection: str, since: date) -> Mapping[date, Snapshot]:
        return {day: one for (whose, day), one in sorted(self._days.items()) if whose == connection and day >= since}


class MemoryQueues:
    """`found` is what is told of the queues; an exception is raised."""

    def __init__(self) -> None:
        workers = ("invoice_push", "payment_push", "payment_pull", "invoice_pull")
        self.found: Sequence[QueueDepth] | Exception = [QueueDepth(worker, 0, 0) for worker in workers]

    def depths(self) -> Sequence[QueueDepth]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found
