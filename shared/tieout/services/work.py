"""One record on its way through a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tieout.domain.about import About
from tieout.domain.claim import far_side, shows
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint
from tieout.domain.record import SyncRecord
from tieout.services.claims import Held
from tieout.services.outcome import Outcome, Result
from tieout.services.parking import park, parked_reason

# The origin told of a change that its answer did not show yet: how soon to look once more, in seconds.
_STALE_READ = 5.0

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Seen:
    """The version of a document that its origin showed: `label` names it for people, `modified_at` is the origin's own
    time of it."""

    label: str
    modified_at: datetime | None


@dataclass(slots=True)
class Work(Generic[S]):
    """A claimed record and what the batch has found out about it.

    `look`: the far side has to be asked. `asked`: a person's wish is still open. `tries`: how often it
    was looked at in vain since it was settled. `read`: the origin was asked,
    `source` is what it answered (None: deleted). `done`: nothing more is to be done in this batch. `parked`: why the
    record waits, "" when it does not. `lost`: another worker took it over. `bug`: what nobody foresaw. `unshown`: why
    its status could not be shown. `context`: safe to log, of the error that stopped it.
    """

    held: Held
    hints: list[Hint]
    look: bool = False
    asked: bool = False
    tries: int = 0
    read: bool = False
    source: S | None = None
    done: bool = False
    parked: str = ""
    lost: bool = False
    bug: Exception | None = None
    unshown: str = ""
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> SyncRecord:
        """The record as it is stored, or as it will be on release."""
        return self.held.record

    @property
    def id(self) -> str:
        """The document's id where it was born."""
        return self.record.key.origin_id

    @property
    def deleted(self) -> bool:
        """Whether the origin says that it has no such document any more."""
        return self.read and self.source is None

    @property
    def by_person(self) -> bool:
        """Whether a person asked, now or before something came in between."""
        return self.asked or any(hint.cause is Cause.RETRY for hint in self.hints)

    @property
    def unfinished(self) -> bool:
        """Whether this batch could not do what was to be done."""
        return bool(self.parked or self.bug)

    def park(self, error: SyncError, now: datetime, vendor_timeout: timedelta) -> None:
        """The record waits, or ends, because of `error`."""
        record = park(self.record, error, now, vendor_timeout)
        self.context = error.context
        self.park_as(record, parked_reason(record, error))

    def park_as(self, record: SyncRecord, reason: str) -> None:
        """The record is done for this batch, as `record`."""
        self.held.record, self.done, self.parked = record, True, reason

    def wake_at(self, due_at: datetime) -> None:
        """Something is left to do at `due_at`, whatever the record's state."""
        earliest = min(due_at, self.record.due_at or due_at)
        self.held.record = replace(self.record, due_at=earliest)

    def reflect(self, seen: Seen, now: datetime) -> None:
        """Note what the record shows now: the label, and up to which of the origin's versions it is covered."""
        self.held.record = replace(self.record, label=seen.label or self.record.label)
        if not self.record.settled or self.unfinished or seen.modified_at is None:
            return
        version = seen.modified_at
        self.held.record = replace(self.record, covered_until=max(version, self.record.covered_until or version))
        told = [hint for hint in self.hints if hint.cause is Cause.WEBHOOK and not far_side(self.record.key, hint)]
        if not all(shows(version, hint) for hint in told):
            self.wake_at(now + timedelta(seconds=_STALE_READ))

    def tell(self, label: str, about: About | None) -> None:
        """Note what people are to see of it in lists and to find it by; what is not known leaves what was."""
        record = self.record
        self.held.record = replace(record, label=label or record.label, about=about or record.about)

    def outcomes(self) -> list[Outcome]:
        """What became of each of its hints."""
        if self.bug is not None:
            result, reason = Result.FAILED, "internal_error"
        elif self.lost:
            result, reason = Result.BUSY, "lease_lost"
        elif self.parked:
            result, reason = Result.PARKED, self.parked
        else:
            result, reason = Result.HANDLED, self.record.reason
        return [
            Outcome(hint, result, self.record.state, reason, self.bug, self.context, self.unshown)
            for hint in self.hints
        ]


def still_open(works: Sequence[Work[S]]) -> list[Work[S]]:
    """Those that are not done yet."""
    return [work for work in works if not work.done]


def strongest(hints: Sequence[Hint]) -> Hint:
    """The hint that stands for several about one record: a person's wish first, then a back-fill, then what came
    meanwhile, then what is due, then the newest."""
    rank = {Cause.RETRY: 4, Cause.BACKFILL: 3, Cause.AGAIN: 2, Cause.DUE: 1}
    return max(hints, key=lambda hint: (rank.get(hint.cause, 0), hint.occurred_at))
