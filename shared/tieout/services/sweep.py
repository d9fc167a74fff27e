"""Sends again the hints of records that are due and of records left behind by a worker that died."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tieout.domain.hint import Cause, Hint
from tieout.domain.record import own_hint_object
from tieout.ports import Clock, Connections, Hints, Records
from tieout.services.outcome import Run

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """The guarantee that no record is forgotten: whatever happened to its message, the record says when to look."""

    connections: Connections
    records: Records
    hints: Hints
    clock: Clock

    def run(self, trace_id: str, deadline: datetime) -> Run:
        """A whole run."""
        del deadline
        return Run({"records_woken": self.wake(trace_id)})

    def wake(self, trace_id: str) -> int:
        """Queue a hint for each due record of every connection; returns how many. At most a page a connection and run,
        oldest first: a record that was woken stays due until a worker has claimed it, so the rest follows. Raises the
        first error of a connection after all had their turn."""
        woken = 0
        failures: list[Exception] = []
        for connection in self.connections.all():
            try:
                woken += self._wake(connection.id, trace_id)
            except Exception as error:  # noqa: BLE001 - raised below, after the other connections had their turn
                failures.append(error)
        if failures:
            raise failures[0]
        return woken

    def _wake(self, connection: str, trace_id: str) -> int:
        now = self.clock.now()
        hints = [
            Hint(connection, own, key.origin_id, now, Cause.DUE, trace_id)
            for key in self.records.due(connection, now, _PAGE)
            if (own := own_hint_object(key)) is not None
        ]
        if hints:
            self.hints.send(hints)
        return len(hints)
