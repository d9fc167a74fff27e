"""A person takes one side's values where both differ: kept on the record, and carried out by its worker."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.attention_later import code_of
from tieout.domain.attention_sides import sides_of
from tieout.domain.conflict import Conflict, Decision, Side
from tieout.domain.planning.plan import Change
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.trail import MOST_CHANGES, cut
from tieout.ports import AuditEntry, Clock, Records
from tieout.services.decisions import NothingToResolve, free, stored


def choices(record: SyncRecord) -> Conflict | None:
    """What a person can choose from: both values of each difference and the sides that may be taken. None when there
    is nothing to choose."""
    asks = record.state in (State.ATTENTION, State.DELETED_IN_LEDGER)
    return record.conflict if asks and record.conflict is not None and record.conflict.sides else None


def take(
    records: Records,
    clock: Clock,
    key: RecordKey,
    side: Side,
    note: str,
    actor: str,
    trace_id: str,
    seen: str | None = None,
) -> SyncRecord:
    """Keep that `side`'s values are the right ones, of those that the record shows now. Whoever calls this sends a
    hint; the look that follows carries it out if nobody changed these values since, and asks again otherwise. `seen` is
    the `mark` of the values that the person was shown; others that a look found meanwhile are not taken.

    Raises NotReadyYet while a worker holds the record or a write of it has an unknown outcome, NothingToResolve when
    there is nothing to choose, or not this side.
    """
    now, record = clock.now(), records.get(key)
    if record is None or key.kind is not Kind.INVOICE:
        raise NothingToResolve("A side can be taken only of an invoice.")
    record = free(record, now)
    conflict = choices(record)
    if conflict is None:
        raise NothingToResolve(_nothing_to_take(record))
    if seen is not None and seen != conflict.mark:
        raise NothingToResolve("These values were changed since you looked at them. Look at both again.")
    if side not in conflict.sides:
        raise NothingToResolve(conflict.refusal)
    decided = replace(
        record,
        decision=Decision(side, conflict.marks, actor, now),
        # It is carried out even if no hint is sent, as a person's wish.
        asked=True,
        due_at=now,
        updated_at=now,
    )
    facts = {"code": record.reason, "side": side.value, **({"note": note} if note else {})}
    entry = AuditEntry(now, actor, f"took {side.label}'s values", trace_id, facts, _changes(conflict, side))
    return stored(records, decided, entry)


def _nothing_to_take(record: SyncRecord) -> str:
    if record.state not in (State.ATTENTION, State.DELETED_IN_LEDGER):
        return "This record does not need a person."
    if record.conflict is not None and record.conflict.refusal:
        return record.conflict.refusal
    code = code_of(record.reason)
    if code is not None and sides_of(code, mirrored=record.key.origin_system == "quickbooks"):
        return "Both values are not known yet: retry this invoice, then take a side."
    return f"There is no side to take where the reason is {record.reason}: do what the record says."


def _changes(conflict: Conflict, side: Side) -> tuple[Change, ...]:
    """What gives way, and what is taken."""
    pairs = [(one.field, one.hubspot, one.quickbooks) for one in conflict.differences[:MOST_CHANGES]]
    return tuple(
        Change(field, cut(quickbooks), cut(hubspot))
        if side is Side.HUBSPOT
        else Change(field, cut(hubspot), cut(quickbooks))
        for field, hubspot, quickbooks in pairs
    )
