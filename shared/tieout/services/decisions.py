"""What a person decides about a record: leave it alone, or both sides are put right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.planning.invoice import SWITCHED_OFF
from tieout.domain.planning.plan import Change
from tieout.domain.record import BY_HAND, Kind, LeftAlone, Link, RecordKey, State, SyncRecord, own_hint_object
from tieout.ports import AuditEntry, Clock, Hints, RecordChanged, RecordPage, Records, UnreadableRecord

# Why a record is ignored whatever the settings say; every other reason may be one of the settings'.
_NOT_BY_SETTINGS = frozenset({"draft", "voided", "not_billable", BY_HAND}) | {
    "processing",
    "failed",
    "no_amount",
    "recorded_from_quickbooks",
    "other_ledger",
    "posted_by_tieout",
    "no_synced_invoice",
}
_CONCERNED = (State.IGNORED, State.ATTENTION, State.WAITING, State.VERIFYING)
_PAGE = 100


class NothingToResolve(ValueError):
    """A person resolved what needs no person, or not in this way; the text says so."""


def ignore(records: Records, clock: Clock, key: RecordKey, note: str, actor: str, trace_id: str) -> SyncRecord:
    """Leave an invoice or a payment alone until a person retries it; `note` says why, for other people. What is given
    back later of a HubSpot payment still needs a person.

    Raises NotReadyYet while a worker holds the record or a write of it has an unknown outcome.
    """
    now = clock.now()
    record = free(records.get(key) or SyncRecord(key=key, created_at=now), now)
    detail = note or "Ignored by hand."
    # Due at once, so that the new status is shown in HubSpot even if no hint is sent.
    alone = LeftAlone(detail) if own_hint_object(key) is HintObject.HUBSPOT_PAYMENT else None
    ignored = replace(record, updated_at=now, left_alone=alone).to(
        State.IGNORED, reason=BY_HAND, detail=detail, due_at=now
    )
    facts = {"note": note} if note else {}
    changed = (Change("state", _named(record), _named(ignored)),)
    return stored(records, ignored, AuditEntry(now, actor, f"ignored {key.kind}", trace_id, facts, changed))


def resolve(records: Records, clock: Clock, key: RecordKey, note: str, actor: str, trace_id: str) -> SyncRecord:
    """Keep in the trail that a person has put both sides right, and `note`. Nothing else changes: whoever calls this
    sends a hint, and the look that follows shows whether both sides agree.

    Raises NotReadyYet while a worker holds the record or a write of it has an unknown outcome, NothingToResolve when
    the record needs no person, or is a refund of which `confirm_refund` has to say what it gives back.
    """
    now = clock.now()
    record = free(records.get(key) or SyncRecord(key=key, created_at=now), now)
    if record.state not in (State.ATTENTION, State.DELETED_IN_LEDGER):
        raise NothingToResolve("This record does not need a person.")
    if record.reason == AttentionCode.REFUND_IN_QUICKBOOKS:
        raise NothingToResolve(
            "Say what this refund gives back, with --as payment:ID or --as invoice:ID, or ignore it."
        )
    facts = {"code": record.reason, **({"note": note} if note else {})}
    return stored(
        records, replace(record, updated_at=now), AuditEntry(now, actor, f"resolved {key.kind}", trace_id, facts)
    )


def retry(
    records: Records, hints: Hints, clock: Clock, keys: Iterable[RecordKey], actor: str, trace_id: str, note: str = ""
) -> list[RecordKey]:
    """Have records looked at again, with a line in the trail of each, and `note` in it. Gives those that a worker holds
    just now, which is about to look anyhow, and those that do not exist or cannot be read: they are not asked for."""
    now, asked, busy = clock.now(), [], []
    facts = {"note": note} if note else {}
    for key in keys:
        own = own_hint_object(key)
        try:
            record = records.get(key)
            if record is None or own is None:
                busy.append(key)
                continue
            entry = AuditEntry(now, actor, f"asked to look again at {key.kind}", trace_id, facts)
            stored(records, replace(free(record, now), updated_at=now), entry)
        except (NotReadyYet, UnreadableRecord):
            busy.append(key)
            continue
        asked.append(Hint(key.connection, own, key.origin_id, now, Cause.RETRY, trace_id))
    if asked:
        hints.send(asked)
    return busy


def confirm_refund(
    records: Records, clock: Clock, key: RecordKey, target: str, actor: str, trace_id: str, note: str = ""
) -> SyncRecord:
    """Keep that a refund entered in QuickBooks belongs to `target`, `payment:` or `invoice:` with HubSpot's id. Whoever
    calls this sends a hint, and the look that follows shows whether there is such a one.

    Raises NotReadyYet as `resolve` does, NothingToResolve for a record that is no such refund, or that is shown on
    another one already.
    """
    now, record = clock.now(), records.get(key)
    if record is None or key.kind is not Kind.REFUND:
        raise NothingToResolve("This is no refund that was entered in QuickBooks.")
    shown = record.link if record.state is State.SYNCED else None
    if shown is not None and shown.far_id != target:
        raise NothingToResolve(f"It is confirmed as {shown.far_id} already, and shown there.")
    facts = {"hubspot_id": target, **({"note": note} if note else {})}
    confirmed = replace(free(record, now), updated_at=now, link=Link(target, exclusive=False))
    return stored(records, confirmed, AuditEntry(now, actor, "confirmed refund", trace_id, facts))


def in_state(records: Records, connection: str, state: State) -> Iterator[SyncRecord]:
    """All invoices of a connection in a state, the latest first."""
    return (record for record in records_in_state(records, connection, state) if record.key.kind is Kind.INVOICE)


def steered(records: Records, connection: str, state: State) -> Iterator[SyncRecord]:
    """All invoices, payments and refunds of a connection in a state, the latest first: what people decide about."""
    return (one for one in records_in_state(records, connection, state) if own_hint_object(one.key) is not None)


def records_in_state(records: Records, connection: str, state: State) -> Iterator[SyncRecord]:
    """All records of a connection in a state, whatever their kind, the latest first. Raises UnreadableRecord."""
    for page in pages_in_state(records, connection, state):
        yield from page.records


def pages_in_state(records: Records, connection: str, state: State) -> Iterator[RecordPage]:
    """The same by pages, for who names those that cannot be read beside the others."""
    after: str | None = None
    while True:
        page = records.in_state(connection, state, _PAGE, after)
        yield page
        after = page.next
        if after is None:
            return


def concerned_by_settings(
    records: Records, connection: str, left: Callable[[RecordKey], None] = lambda _key: None
) -> dict[RecordKey, Cause]:
    """The invoices and payments that other settings may treat differently, and by which cause to look at each. `left`
    is told of those that cannot be read: they hide no other."""
    found: dict[RecordKey, Cause] = {}
    for state in _CONCERNED:
        for page in pages_in_state(records, connection, state):
            for record in page.readable:
                cause = _looked_at_by(record) if own_hint_object(record.key) is not None else None
                if cause is not None:
                    found[record.key] = cause
            for key in page.unreadable:
                if own_hint_object(key) is not None:
                    left(key)
    return found


def _looked_at_by(record: SyncRecord) -> Cause | None:
    """What waits to be switched on goes on as if nothing had happened; others are judged anew, as by a retry."""
    match record.state:
        case State.WAITING | State.VERIFYING:
            return Cause.SWEEP if record.reason == SWITCHED_OFF.reason else None
        case State.IGNORED if record.reason in _NOT_BY_SETTINGS:
            return None
        case State.ATTENTION if record.reason == AttentionCode.REFUND_OF_IGNORED:
            # A retry would say that somebody dealt with it.
            return None
        case _:
            return Cause.RETRY


def free(record: SyncRecord, now: datetime) -> SyncRecord:
    """The record, when nobody works on it just now; raises NotReadyYet otherwise."""
    held = record.lease_until is not None and now < record.lease_until
    if held or record.intent is not None:
        raise NotReadyYet("Tieout is working on this record just now; try again in a few minutes.")
    return record


def stored(records: Records, record: SyncRecord, entry: AuditEntry) -> SyncRecord:
    """The record as it was stored, with a line in the trail; raises NotReadyYet when somebody was faster."""
    try:
        return records.put(record, entry)
    except RecordChanged:
        raise NotReadyYet("Somebody else changed this record just now; look again.") from None


def _named(record: SyncRecord) -> str:
    return f"{record.state} {record.reason}".strip()
