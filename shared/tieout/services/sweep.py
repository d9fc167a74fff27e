"""Sends again the hints of records that are due and of records left behind by a worker that died."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.domain.hint import Cause, Hint, HintObject
from tieout.ports import Clock, Connections, Hints, Records

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """The guarantee that no record is forgotten: whatever happened to its message, the record says when to look."""

    connections: Connections
    records: Records
    hints: Hints
    clock: Clock

    def wake(self, trace_id: str) -> int:
        """Queue a hint for each due record of every connection; returns how many. At most a page a connection and run,
        oldest first: a record that was woken stays due until a worker has claimed it, so the rest follows."""
        now, woken = self.clock.now(), 0
        for connection in self.connections.all():
            due = self.records.due(connection.id, now, _PAGE)
            hints = [
                Hint(connection.id, HintObject.HUBSPOT_INVOICE, record.key.origin_id, now, Cause.DUE, trace_id)
                for record in due
            ]
            if hints:
                self.hints.send(hints)
            woken += len(hints)
        return woken
