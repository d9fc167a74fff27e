"""Carrying a back-fill out: the workers' own services, batch by batch, several batches at a time.

Everything that makes a worker safe makes this safe beside one: claims, intents, the shared budget of calls. What is
done is known by the records, so a run that was stopped, wherever, goes on when it is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, zip_longest

from tieout.domain.errors import ConnectionLost, SyncError
from tieout.domain.hint import Hint
from tieout.domain.record import RecordKey
from tieout.ports import Records
from tieout.services.backfill import Lanes, Planned
from tieout.services.outcome import Outcome, Result
from tieout.services.patience import Patience

Works = Callable[[Sequence[Hint]], Sequence[Outcome]]

# Claimed together, and written one after the other within the budget that all share: well within the lease.
_BATCH = 50
# What is left is divided by so many, down to the smallest batch that is still worth its grouped calls.
_SHARES, _SMALLEST = 8, 10
_ROUNDS = 8
_LOST = "connection_lost"
# Between two looks at whether the workers that hold records are done, in seconds.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one invoice. `state` is the record's, `reason` why it is there or waits, `context` safe to log."""

    planned: Planned
    result: Result
    state: str = ""
    reason: str = ""
    context: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CarryOut:
    """`push` and `pull` are the workers of HubSpot's and of QuickBooks' own invoices."""

    records: Records
    push: Works
    pull: Works
    lanes: Lanes
    patience: Patience

    def run(self, planned: Sequence[Planned], run: str) -> Iterator[Sequence[Done]]:
        """What became of them, batch by batch. What has to wait a while is looked at again; what has to wait longer is
        told as it is, and the workers go on with it. Raises ConnectionLost when nothing more can be done."""
        open_ = list(planned)
        for last in (*(False,) * (_ROUNDS - 1), True):
            again: list[Planned] = []
            for done in self.lanes.each(partial(self._batch, batch, run) for batch in _batches(open_)):
                later = {id(one) for one in done if not last and self._comes_back(one)}
                again += [one.planned for one in done if id(one) in later]
                if told := [one for one in done if id(one) not in later]:
                    yield told
                if any(one.reason == _LOST for one in done):
                    raise ConnectionLost
            if not again:
                return
            self._wait_for([one.key for one in again])
            open_ = again

    def _batch(self, batch: Sequence[Planned], run: str) -> Sequence[Done]:
        now = self.patience.clock.now()
        hints = {one.hint(run, now): one for one in batch}
        work = self.push if batch[0].key.origin_system == "hubspot" else self.pull
        return [
            Done(hints[one.hint], one.result, one.state, one.reason or _named(one.error), one.context)
            for one in work(list(hints))
        ]

    def _comes_back(self, one: Done) -> bool:
        if one.result is Result.BUSY or one.reason == "store_unavailable":
            return True
        if one.result is not Result.PARKED or one.reason == _LOST:
            return False
        due_at = self._due_at(one.planned.key)
        return due_at is not None and due_at <= self.patience.clock.now() + timedelta(seconds=self.patience.longest)

    def _due_at(self, key: RecordKey) -> datetime | None:
        record = self.records.get(key)
        return record.due_at if record is not None else None

    def _wait_for(self, keys: Sequence[RecordKey]) -> None:
        """Until all of them are due and no worker holds one, because each look takes a batch. A worker is done long
        before its lease ends, unless it died."""
        clock = self.patience.clock
        until, pause, seconds = clock.now() + timedelta(seconds=self.patience.longest), _FIRST_PAUSE, _FIRST_PAUSE
        while seconds > 0:
            self.patience.wait(min(seconds, (until - clock.now()).total_seconds()))
            found = self.patience.keep_trying(partial(self.records.get_many, keys)).values()
            now = clock.now()
            if now >= until:
                return
            if any(one.leased(now) for one in found):
                pause = seconds = min(2 * pause, _LONGEST_PAUSE)
            else:
                seconds = max([0.0, *((one.due_at - now).total_seconds() for one in found if one.due_at is not None)])


def _named(error: Exception | None) -> str:
    match error:
        case None:
            return ""
        case SyncError():
            return "store_unavailable"
        case _:
            return "internal_error"


def _batches(planned: Sequence[Planned]) -> Iterator[Sequence[Planned]]:
    """Batches of either direction by turns, so that the budgets of both systems are used all the time. They become
    smaller towards the end, so that no lane is left alone with a large one."""
    cut = [_cut([one for one in planned if one.key.origin_system == system]) for system in ("hubspot", "quickbooks")]
    return (batch for batch in chain.from_iterable(zip_longest(*cut)) if batch)


def _cut(planned: Sequence[Planned]) -> Iterator[Sequence[Planned]]:
    at = 0
    while at < len(planned):
        size = min(_BATCH, max(_SMALLEST, (len(planned) - at) // _SHARES))
        yield planned[at : at + size]
        at += size
