"""The end of a batch: the statuses are shown in one update, and every record is given back with its next wake-up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, RateLimited, SyncError
from tieout.domain.hint import Cause
from tieout.domain.record import SHOWN_UNKNOWN
from tieout.domain.status import ShownStatus
from tieout.ports import Workspace
from tieout.services.claims import Claims
from tieout.services.parking import park_bug, park_unshown
from tieout.services.turn import Turn
from tieout.services.work import Seen, Work

# A delayed message wakes the record; the sweep would too, a little later (SQS: at most 15 minutes).
_LONGEST_DELAY = 900.0

S = TypeVar("S")


class Shows(Protocol[S]):
    """What is particular to a kind when its records are settled."""

    def seen(self, work: Work[S]) -> Seen | None:
        """Which version the origin showed, None when it showed none in this batch."""
        ...

    def status(self, workspace: Workspace, work: Work[S]) -> ShownStatus | None:
        """The status to show, None when nothing is to be written; always None for kinds that show none."""
        ...

    def show(self, workspace: Workspace, statuses: Mapping[str, ShownStatus]) -> Collection[str]:
        """Write them, by origin id, in one update; gives the ids that were refused."""
        ...


class Beside(Protocol[S]):
    """Something that hangs on settled records and never holds them up."""

    def attend(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        """See to it for these records, which are given back afterwards; what could not be done is due again on the
        record. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles the records of one turn."""

    claims: Claims
    turn: Turn

    def settle(
        self, workspace: Workspace, kind: Shows[S], works: Sequence[Work[S]], beside: Sequence[Beside[S]] = ()
    ) -> None:
        """Show the statuses in one batch update, see to what hangs on the records, then give every record back. Raises
        nothing."""
        now = self.claims.clock.now()
        mine = [work for work in works if not work.lost]
        for work in mine:
            self._conclude(work, kind.seen(work), now)
        statuses = {work.id: status for work in mine if (status := kind.status(workspace, work)) is not None}
        refused, failure = _show(workspace, kind, statuses)
        for work in mine:
            status = statuses.get(work.id)
            if status is not None and (failure is not None or work.id in refused):
                _show_later(work, failure, now)
            elif status is not None:
                work.held.record = replace(work.record, shown=status.fingerprint)
        for one in beside:
            one.attend(workspace, mine, self.turn)
        for work in mine:
            self.turn.each(work, partial(self._release, work))

    def _conclude(self, work: Work[S], seen: Seen | None, now: datetime) -> None:
        if work.bug is not None:
            work.held.record = park_bug(work.record, now, self.turn.vendor_timeout)
        if seen is not None:
            work.reflect(seen, now)
        # Whoever looks next must not forget what this batch could not do.
        look, asked = work.look and work.unfinished, work.by_person and work.unfinished
        work.held.record = replace(work.record, must_look=look, asked=asked)

    def _release(self, work: Work[S]) -> None:
        record = work.record
        try:
            self.claims.release(work.held, record)
        except SyncError as error:
            # Nothing of it is stored, so its message has to come again: a wish would be lost, or what the ledger told.
            work.bug = work.bug or error
            return
        if record.due_at is None:
            return
        delay = max(0.0, (record.due_at - self.claims.clock.now()).total_seconds())
        if delay <= _LONGEST_DELAY:
            # The wish is fulfilled once the record is handled; only what could not be done is asked for again.
            cause = Cause.RETRY if work.by_person and work.unfinished else Cause.DUE
            hint = self.claims.hint_for(record.key, cause, work.held.trace_id)
            self.claims.hints.send([hint], delay=delay)


def _show(
    workspace: Workspace, kind: Shows[S], statuses: Mapping[str, ShownStatus]
) -> tuple[Collection[str], Exception | None]:
    """Which statuses were refused, and what went wrong with all of them. The books do not wait for it."""
    if not statuses:
        return (), None
    try:
        return kind.show(workspace, statuses), None
    except Exception as error:  # noqa: BLE001 - every record still has to be given back
        return (), error


def _show_later(work: Work[S], failure: Exception | None, now: datetime) -> None:
    """An outage passes, so it is tried until it works; what the vendor refuses is tried once more, and then with the
    next change. A bug fails the message too, so that somebody sees it."""
    refused = failure is None or isinstance(failure, NeedsAttention)
    if not refused:
        # The answer may be what was lost.
        work.held.record = replace(work.record, shown=SHOWN_UNKNOWN)
    if not (refused and all(hint.cause is Cause.DUE for hint in work.hints)):
        work.held.record = park_unshown(work.record, failure, work.tries, now)
    work.unshown = _why(failure)
    if failure is not None and not isinstance(failure, SyncError):
        work.bug = work.bug or failure


def _why(failure: Exception | None) -> str:
    match failure:
        case None | NeedsAttention():
            return "refused"
        case ConnectionLost():
            return "connection_lost"
        case RateLimited():
            return "rate_limited"
        case SyncError():
            return "vendor_unavailable"
        case _:
            return "internal_error"
