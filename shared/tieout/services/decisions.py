"""What a person decides about a record: leave it alone."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.errors import NotReadyYet
from tieout.domain.record import BY_HAND, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry, Clock, RecordChanged, Records


def ignore(records: Records, clock: Clock, key: RecordKey, note: str, actor: str, trace_id: str) -> SyncRecord:
    """Leave an invoice alone until a person retries it; `note` says why, for other people.

    Raises NotReadyYet while a worker holds the record or a write of it has an unknown outcome.
    """
    now = clock.now()
    record = records.get(key) or SyncRecord(key=key, created_at=now)
    held = record.lease_until is not None and now < record.lease_until
    if held or record.intent is not None:
        raise NotReadyYet("Tieout is working on this invoice just now; try again in a few minutes.")
    ignored = replace(record, updated_at=now).to(State.IGNORED, reason=BY_HAND, detail=note or "Ignored by hand.")
    entry = AuditEntry(now, actor, "ignored invoice", trace_id)
    try:
        return records.put(ignored, entry)
    except RecordChanged:
        raise NotReadyYet("Somebody else changed this record just now; look again.") from None
