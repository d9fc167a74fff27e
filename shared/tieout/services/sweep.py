"""The guarantee that nothing is forgotten: what changed in both systems, and what is due, of every connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.metering import usage
from tieout.ports import Clock, Connections, Cursors, Hints, ReadMeter, Records, Workspaces
from tieout.ports.payments import Feed
from tieout.ports.sweeping import SWEPT
from tieout.services.following import Following
from tieout.services.following_ledger import FollowingLedger
from tieout.services.health import HealthCounts
from tieout.services.outcome import Run, Trouble
from tieout.services.waking import Found, due

_COUNTS = "counts"
"""The step, of no connection, that tells how far all of them have come."""
_TURN = "turn"
_WAKING = "due"
_HEALTH = "health"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Tally:
    queued: Counter[bool] = field(default_factory=Counter)
    troubles: list[Trouble] = field(default_factory=list)
    failure: Exception | None = None
    cut_short: int = 0

    def fail(self, connection: str, step: str, error: Exception) -> None:
        """Our own infrastructure or code is to blame."""
        self.troubles.append(Trouble(connection, step, error))
        self.failure = self.failure or error


class _OutOfTime(Exception):
    """The run ends here; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Sends the hints that webhooks would have sent, and those of records that are due.

    A cursor moves only once everything before it is queued: whatever stops a run costs a repetition, never a gap.
    `health` counts the records for the console.
    """

    connections: Connections
    workspaces: Workspaces
    records: Records
    cursors: Cursors
    hints: Hints
    clock: Clock
    meter: ReadMeter
    health: HealthCounts | None = None

    def run(self, trace_id: str, deadline: datetime) -> Run:
        """A sweep of every connection, until `deadline`: the one whose turn was longest ago comes first.

        Trouble of one connection, or of one vendor, is that step's own affair; raises nothing but what stops the run
        before it began.
        """
        tally = _Tally()
        begun = self.clock.now()
        asked = [one.id for one in self.connections.all() if not one.paused]
        turns = {id_: self.cursors.load(id_, _TURN) or _LONG_AGO for id_ in asked}
        try:
            for connection in sorted(turns, key=lambda id_: turns[id_]):
                self._sweep(connection, trace_id, deadline, tally)
        except _OutOfTime:
            tally.cut_short = 1
        counts = {
            "records_woken": tally.queued[True],
            "changes_queued": tally.queued[False],
            "sweep_cut_short": tally.cut_short,
        }
        for count_more in (self._behind, self._reads):
            try:
                counts |= count_more(turns, begun)
            except StoreUnavailable as error:
                # What the run did is told all the same.
                tally.fail("", _COUNTS, error)
        return Run(counts, tuple(tally.troubles), tally.failure)

    def _behind(self, connections: Iterable[str], begun: datetime) -> dict[str, int]:
        ages = [begun - swept for id_ in connections if (swept := self.cursors.load(id_, SWEPT)) is not None]
        return {"sweep_behind_minutes": max(0, max(ages, default=timedelta()) // timedelta(minutes=1))}

    def _reads(self, _connections: Iterable[str], begun: datetime) -> dict[str, int]:
        reads = usage(self.meter.reads(None, begun.date()), begun)
        return {"metered_reads": reads.so_far, "metered_reads_projected": reads.projected}

    def _sweep(self, connection: str, trace_id: str, deadline: datetime, tally: _Tally) -> None:
        begun, before = self.clock.now(), len(tally.troubles)
        if begun >= deadline:
            raise _OutOfTime
        try:
            # Noted before it begins, so that one which takes all the time does not take that of the next run too.
            self.cursors.save(connection, _TURN, begun)
            workspace = self.workspaces.open(connection)
        except Exception as error:  # noqa: BLE001 - the other connections are not to blame
            tally.fail(connection, "open", error)
            return
        if workspace is None:
            return
        following = Following(workspace, self.records, self.cursors, self.clock, trace_id)
        ledger = FollowingLedger(following)
        steps: dict[str, Iterator[Found]] = {
            _WAKING: due(connection, self.records, self.cursors, self.clock, trace_id),
            "quickbooks": ledger.changes(),
            "hubspot.invoices": following.hubspot(Feed.INVOICES),
            "hubspot.payments": following.hubspot(Feed.PAYMENTS),
            "quickbooks.known": ledger.known(),
            "hubspot.invoices.archived": following.archived(Feed.INVOICES),
            "hubspot.payments.archived": following.archived(Feed.PAYMENTS),
        }
        for name, step in steps.items():
            self._step(connection, name, step, deadline, tally)
        if len(tally.troubles) == before:
            self.cursors.save(connection, SWEPT, begun)
        if self.health is not None:
            # Last, and whatever became of the others: it only tells people how many records are how.
            self._step(connection, _HEALTH, self.health.take(connection), deadline, tally)

    def _step(self, connection: str, name: str, step: Iterator[Found], deadline: datetime, tally: _Tally) -> None:
        while True:
            if self.clock.now() >= deadline:
                raise _OutOfTime
            try:
                found = next(step, None)
            except StoreUnavailable as error:
                tally.fail(connection, name, error)
                return
            except SyncError as error:
                tally.troubles.append(Trouble(connection, name, error))
                return
            except Exception as error:  # noqa: BLE001 - the other steps are not to blame
                tally.fail(connection, name, error)
                return
            if found is None:
                return
            try:
                if found.hints:
                    self.hints.send(found.hints)
                    tally.queued[name == _WAKING] += len(found.hints)
                found.then()
            except Exception as error:  # noqa: BLE001 - as above
                tally.fail(connection, name, error)
                return
