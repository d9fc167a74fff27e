"""Claiming a record, so that one worker at a time looks at it and writes for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tieout.domain.claim import ClaimVerdict, judge_claim, judge_in_passing
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause, Hint
from tieout.domain.record import SHOWN_UNKNOWN, Kind, RecordKey, SyncRecord, own_hint_object
from tieout.ports import AuditEntry, Clock, Hints, RecordChanged, Records

# Longer than the worker's time-out, shorter than the queue's visibility time-out: a message that comes back after its
# worker died finds the lease expired.
LEASE = timedelta(seconds=210)
# Enough for the settling worker to be done before the hint that it sends again arrives.
_REHINT_DELAY = 1.0
_TRIES = 8


class LeaseLost(Exception):
    """Another worker took the record over: whoever gets this stops touching it."""


@dataclass(slots=True)
class Held:
    """A claimed record while a worker is busy with it: `record` as stored, or as it will be stored on release."""

    record: SyncRecord
    trace_id: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Takes, stores and gives back records. `new_token` gives a text that nobody else has. `unclear`: what is noted of
    HubSpot invoices without a document, by their id, when a back-fill claims them (see `SyncRecord.unclear`)."""

    records: Records
    hints: Hints
    clock: Clock
    new_token: Callable[[], str]
    unclear: Mapping[str, str] = field(default_factory=dict)

    def take(self, key: RecordKey, hint: Hint) -> Held | ClaimVerdict:
        """Claim the record by a conditional write, before anything is read about it.

        COVERED, NOT_DUE: nothing to do now, one read was spent. BUSY: another worker holds it and knows of one more
        hint, unless that only says that the record is due, which its holder sees to anyhow.
        """
        told = hint.cause is not Cause.DUE
        run = hint.trace_id if hint.cause is Cause.BACKFILL else ""
        return self._take(key, hint.trace_id, lambda stored, now: judge_claim(stored, hint, now), told=told, run=run)

    def take_in_passing(self, key: RecordKey, trace_id: str) -> Held | None:
        """Claim a record that no hint is about, because the work on another needs it. None: another worker holds it, or
        it is not due yet; whoever asked comes back by itself."""
        held = self._take(key, trace_id, judge_in_passing, told=False)
        return held if isinstance(held, Held) else None

    def take_for_person(self, key: RecordKey, trace_id: str) -> Held | None:
        """Claim a record because a person wants something done with it now, due or not. None: another worker holds it,
        and is not disturbed."""

        def judge(stored: SyncRecord | None, now: datetime) -> ClaimVerdict:
            return ClaimVerdict.BUSY if stored is not None and stored.leased(now) else ClaimVerdict.TAKE

        held = self._take(key, trace_id, judge, told=False)
        return held if isinstance(held, Held) else None

    def _take(
        self,
        key: RecordKey,
        trace_id: str,
        judge: Callable[[SyncRecord | None, datetime], ClaimVerdict],
        *,
        told: bool,
        run: str = "",
    ) -> Held | ClaimVerdict:
        for _ in range(_TRIES):
            stored, now = self.records.get(key), self.clock.now()
            verdict = judge(stored, now)
            if verdict in (ClaimVerdict.COVERED, ClaimVerdict.NOT_DUE) or (verdict is ClaimVerdict.BUSY and not told):
                return verdict
            if verdict is ClaimVerdict.BUSY and stored is not None and stored.lease_owner is not None:
                if self.records.rehint(key, stored.lease_owner):
                    return verdict
                continue
            base = _left_behind(stored) if stored else SyncRecord(key=key, created_at=now)
            if run and base.link is None and key.kind is Kind.INVOICE and key.origin_system == "hubspot":
                # Whoever comes next if this process ends here must not take it for one that stands nowhere.
                base = replace(base, unclear=self.unclear.get(key.origin_id, ""))
            mine = replace(
                base,
                run=base.run or run,
                lease_owner=self.new_token(),
                lease_until=now + LEASE,
                updated_at=now,
            )
            try:
                return Held(self.records.put(mine), trace_id)
            except RecordChanged:
                continue
        raise NotReadyYet(context={"record": str(key), "why": "contention"})

    def store(self, held: Held, record: SyncRecord, audit: AuditEntry | None = None) -> None:
        """Store the record's next version while keeping it claimed. Raises LeaseLost, or LinkTaken from the port."""
        record = replace(record, updated_at=self.clock.now())
        while True:
            try:
                held.record = self.records.put(record, audit)
            except RecordChanged as changed:
                record = replace(record, rehints=_rehints_if_still_mine(record, changed.current))
            else:
                return

    def release(self, held: Held, record: SyncRecord) -> None:
        """Store the record and give it back. Hints that came meanwhile are sent again first, so none is lost."""
        record = replace(record, lease_owner=None, lease_until=None, updated_at=self.clock.now())
        owner = held.record.lease_owner
        while True:
            if record.rehints > record.rehints_answered:
                self.hints.send([self.hint_for(record.key, Cause.AGAIN, held.trace_id)], delay=_REHINT_DELAY)
                record = replace(record, rehints_answered=record.rehints)
            try:
                held.record = self.records.put(record)
            except RecordChanged as changed:
                claimed = replace(record, lease_owner=owner)
                record = replace(record, rehints=_rehints_if_still_mine(claimed, changed.current))
            else:
                return

    def hint_for(self, key: RecordKey, cause: Cause, trace_id: str) -> Hint:
        """A hint about the record itself, occurring now."""
        own = own_hint_object(key)
        if own is None:
            raise ValueError(f"no queue works on {key.kind} records")
        return Hint(key.connection, own, key.origin_id, self.clock.now(), cause, trace_id)


def _left_behind(stored: SyncRecord) -> SyncRecord:
    """A lease that ended by itself was a worker's that died, perhaps after it showed a status."""
    return replace(stored, shown=SHOWN_UNKNOWN) if stored.lease_owner and stored.shown else stored


def _rehints_if_still_mine(mine: SyncRecord, current: SyncRecord | None) -> int:
    if current is None or current.version != mine.version or current.lease_owner != mine.lease_owner:
        raise LeaseLost
    return current.rehints
