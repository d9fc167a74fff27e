"""One record on its way through a batch of the invoice push."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import SourceInvoice
from tieout.domain.record import State, SyncRecord
from tieout.domain.status import ShownStatus, shown_status
from tieout.ports import Workspace
from tieout.services.assess import Source
from tieout.services.claims import Held
from tieout.services.outcome import Outcome, Result
from tieout.services.parking import park, parked_reason

# HubSpot told of a change that its answer did not show yet: how soon to look once more, in seconds.
_STALE_READ = 5.0
# A record that has waited for so many looks is shown as waiting on the HubSpot invoice, with the reason.
_ATTEMPTS_SHOWN = 3
# Left alone in HubSpot unless a status is shown there already.
_QUIET = frozenset({"draft", "not_billable", "deleted"})


@dataclass(slots=True)
class Work:
    """A claimed record and what the batch has found out about it.

    `asked`: a person's wish is still open. `read`: HubSpot was asked, `source` is what it answered (None: deleted).
    `done`: nothing more is to be done in this batch. `parked`: why the record waits, "" when it does not. `lost`:
    another worker took it over. `bug`: what nobody foresaw. `context`: safe to log, of the error that stopped it.
    """

    held: Held
    hints: list[Hint]
    look: bool = False
    asked: bool = False
    read: bool = False
    source: Source = None
    done: bool = False
    parked: str = ""
    lost: bool = False
    bug: Exception | None = None
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> SyncRecord:
        """The record as it is stored, or as it will be on release."""
        return self.held.record

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

    def reflect(self, now: datetime) -> None:
        """Note what the record shows now: the number, and up to which of HubSpot's versions it is covered."""
        if not isinstance(self.source, SourceInvoice):
            return
        seen = self.source.modified_at
        self.held.record = replace(self.record, label=self.source.number or self.record.label)
        if not self.record.settled or self.parked or seen is None:
            return
        self.held.record = replace(self.record, covered_until=max(seen, self.record.covered_until or seen))
        told = [hint.occurred_at for hint in self.hints if hint.cause is Cause.WEBHOOK and not about_ledger(hint)]
        if told and max(told) > seen:
            self.wake_at(now + timedelta(seconds=_STALE_READ))

    def status_to_show(self, workspace: Workspace) -> ShownStatus | None:
        """The status, when HubSpot shows another one. Drafts, and what will probably pass by itself, are left alone."""
        record = self.record
        deleted = self.read and self.source is None
        passing = not record.settled and record.attempts < _ATTEMPTS_SHOWN
        quiet = record.state is State.IGNORED and not record.shown and record.reason in _QUIET
        if not workspace.settings.write_status_to_hubspot or deleted or passing or quiet:
            return None
        url = workspace.ledger.invoice_url(record.link.far_id) if record.link else ""
        status = shown_status(record, url)
        return status if status.fingerprint != record.shown else None

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
        return [Outcome(hint, result, self.record.state, reason, self.bug, self.context) for hint in self.hints]


def still_open(works: Sequence[Work]) -> list[Work]:
    """Those that are not done yet."""
    return [work for work in works if not work.done]


def about_ledger(hint: Hint) -> bool:
    """Whether a hint tells of a change in the ledger."""
    return hint.object is HintObject.QUICKBOOKS_INVOICE


def strongest(hints: Sequence[Hint]) -> Hint:
    """The hint that stands for several about one record: a person's wish first, then what is due, then the newest."""
    rank = {Cause.RETRY: 2, Cause.DUE: 1}
    return max(hints, key=lambda hint: (rank.get(hint.cause, 0), hint.occurred_at))
