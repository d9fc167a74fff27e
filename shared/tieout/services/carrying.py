"""Values of QuickBooks' fields on their way into HubSpot's properties, when invoices are settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, SyncError
from tieout.domain.field_pairs import SyncedField
from tieout.domain.hint import Cause
from tieout.domain.planning.fields import as_compared, worth_keeping
from tieout.domain.planning.lines import clean
from tieout.domain.planning.plan import Change
from tieout.domain.record import State, SyncRecord
from tieout.domain.trail import cut
from tieout.ports import AuditEntry, Workspace
from tieout.ports.notices import Notice, Notices
from tieout.services.claims import Claims
from tieout.services.parking import park_unshown
from tieout.services.turn import Turn
from tieout.services.work import Work

REFUSED = "fields_refused"
"""The notice that HubSpot refuses values of QuickBooks' fields."""
_BUSY_PAUSE = timedelta(seconds=5)
_IN_SYNC = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE})

S = TypeVar("S")
_There = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class CarryFields:
    """Fulfils `settling.Beside`: writes what is pending in the records' fields.

    HubSpot has no versions, so what is about to be written is stored first, and the properties are read once more just
    before: what a person entered meanwhile is not overwritten, but compared anew.
    """

    claims: Claims
    notices: Notices

    def attend(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        """Of the records that are in sync; others are decided first."""
        found = [work for work in works if work.read and not work.unfinished and _pending(work.record)]
        if turn.over:
            for work in found:
                work.wake_at(turn.clock.now() + _BUSY_PAUSE)
            return
        stored: list[Work[S]] = []
        for work in found:
            turn.each(work, partial(self._store, work, stored))
        if stored:
            self._carry(workspace, stored, turn)

    def _store(self, work: Work[S], stored: list[Work[S]]) -> None:
        self.claims.store(work.held, work.record)
        stored.append(work)

    def _carry(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        connection, now = workspace.connection.id, self.claims.clock.now()
        try:
            names = {one.property for work in works for one in _pending(work.record)}
            there = workspace.crm.properties_of([_hubspot_id(work.record) for work in works], names)
            values = {_hubspot_id(work.record): _to_write(work.record, there) for work in works}
            to_write = {id_: texts for id_, texts in values.items() if texts}
            refused = workspace.crm.write_properties(to_write) if to_write else {}
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            self._later(connection, works, error, now)
            return
        for work in works:
            id_ = _hubspot_id(work.record)
            if id_ not in refused:
                turn.each(work, partial(self._carried, work, there.get(id_, {}), to_write.get(id_, {})))
            elif any(hint.cause is not Cause.DUE for hint in work.hints):
                # What is refused twice is tried again with the next change.
                work.held.record = park_unshown(work.record, None, work.tries, now)
        if refused:
            told = "; ".join(sorted(set(refused.values())))
            self.notices.save(connection, REFUSED, Notice(told, now))
        elif to_write:
            self.notices.clear(connection, REFUSED)

    def _carried(self, work: Work[S], texts: Mapping[str, str | None], written: Mapping[str, str]) -> None:
        now, record = self.claims.clock.now(), work.record
        _note(work, texts, now)
        if not written:
            return
        changes = tuple(
            Change(name, cut(clean(texts.get(name)) or ""), cut(value)) for name, value in sorted(written.items())
        )
        facts = {"hubspot_id": _hubspot_id(record)}
        entry = AuditEntry(now, "tieout", "wrote QuickBooks' fields to HubSpot", work.held.trace_id, facts, changes)
        self.claims.store(work.held, work.record, entry)

    def _later(self, connection: str, works: Sequence[Work[S]], error: Exception, now: datetime) -> None:
        known = error if isinstance(error, SyncError) else None
        if isinstance(known, NeedsAttention | ConnectionLost):
            self.notices.save(connection, REFUSED, Notice(known.detail or "HubSpot said no.", now))
        for work in works:
            work.held.record = park_unshown(work.record, known, work.tries, now)
            if known is None:
                # Somebody has to see a bug; the invoice is settled all the same.
                work.bug = work.bug or error


def _pending(record: SyncRecord) -> tuple[SyncedField, ...]:
    return tuple(one for one in record.fields if one.pending) if record.state in _IN_SYNC else ()


def _hubspot_id(record: SyncRecord) -> str:
    """Of the HubSpot invoice, wherever the record's was born."""
    if record.key.origin_system == "hubspot" or record.link is None:
        return record.key.origin_id
    return record.link.far_id


def _to_write(record: SyncRecord, there: _There) -> dict[str, str]:
    texts = there.get(_hubspot_id(record), {})
    return {
        one.property: one.quickbooks
        for one in _pending(record)
        if one.property in texts and as_compared(one.field, texts[one.property]) == one.hubspot != one.quickbooks
    }


def _note(work: Work[S], texts: Mapping[str, str | None], now: datetime) -> None:
    fields = []
    for one in work.record.fields:
        if not one.pending or one.property not in texts:
            fields.append(one)
        elif as_compared(one.field, texts[one.property]) in (one.hubspot, one.quickbooks):
            fields.append(replace(one, hubspot=one.quickbooks, pending=False))
        else:
            # Somebody changed it there since it was read: both values are compared again.
            fields.append(one)
            work.wake_at(now)
    work.held.record = replace(work.record, fields=worth_keeping(fields))
