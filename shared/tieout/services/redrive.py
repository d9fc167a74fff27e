"""Sends again what ended in the dead-letter queues: first the hint is queued, then the letter deleted.

Safe at any time. Whatever dies in between, a hint comes twice at worst, and a hint may always come twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.errors import StoreUnavailable
from tieout.domain.hint import BadHint, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object
from tieout.ports import AuditEntry, Clock, Records, UnreadableRecord
from tieout.ports.audit import Trail
from tieout.ports.dead_letters import DeadLetterQueues, Letter


class Fate(StrEnum):
    """What became of a letter. `NOT_A_HINT`: nobody can work on it, so it stays."""

    SENT = "sent"
    WOULD_BE_SENT = "would_be_sent"
    NOT_A_HINT = "not_a_hint"


@dataclass(frozen=True, slots=True)
class Redriven:
    """A letter and what is known of it: its hint, and the record that the hint is about."""

    letter: Letter
    hint: Hint | None
    record: SyncRecord | None
    fate: Fate


@dataclass(frozen=True, slots=True)
class Redrive:
    """The use case."""

    queues: DeadLetterQueues
    records: Records
    trail: Trail
    clock: Clock

    def run(self, names: Sequence[str], by: str, trace_id: str, *, dry_run: bool = False) -> Iterator[Redriven]:
        """Work through these queues, letter by letter. Letters that stay are given back at the end, also when it ends
        early.

        Raises StoreUnavailable: what was not told of by then is still there.
        """
        kept: list[Letter] = []
        try:
            for name in names:
                yield from self._queue(name, kept, by, trace_id, dry_run=dry_run)
        finally:
            # Else they come back by themselves, a little later.
            with suppress(StoreUnavailable):
                for letter in kept:
                    self.queues.put_back(letter)

    def _queue(self, name: str, kept: list[Letter], by: str, trace_id: str, *, dry_run: bool) -> Iterator[Redriven]:
        seen: set[str] = set()
        while True:
            letters = [one for one in self.queues.receive(name) if one.id not in seen]
            if not letters:
                return
            # All of them are ours until they are sent, given back, or their time runs out.
            kept += letters
            for letter in letters:
                seen.add(letter.id)
                found = self._one(letter, by, trace_id, dry_run=dry_run)
                if found.fate is Fate.SENT:
                    kept.remove(letter)
                yield found

    def _one(self, letter: Letter, by: str, trace_id: str, *, dry_run: bool) -> Redriven:
        try:
            hint = Hint.from_json(letter.body)
        except BadHint:
            return Redriven(letter, None, None, Fate.NOT_A_HINT)
        record = self._record(hint)
        if dry_run:
            return Redriven(letter, hint, record, Fate.WOULD_BE_SENT)
        self.queues.send_again(letter.queue, hint)
        self.queues.delete(letter)
        facts = {"queue": letter.queue, "object": hint.object.value, "id": hint.id, "hint_trace_id": hint.trace_id}
        self.trail.add(hint.connection, AuditEntry(self.clock.now(), by, "sent dead letter again", trace_id, facts))
        return Redriven(letter, hint, record, Fate.SENT)

    def _record(self, hint: Hint) -> SyncRecord | None:
        """The record that a hint is about, as far as the hint itself tells."""
        try:
            key = self._key(hint)
            return None if key is None else self.records.get(key)
        except UnreadableRecord:
            # One that this version cannot read may be why the letter is here. It is only told of, and stops no other.
            return None

    def _key(self, hint: Hint) -> RecordKey | None:
        connection, id_ = hint.connection, hint.id
        match hint.object:
            case HintObject.QUICKBOOKS_INVOICE:
                return self.records.origin_of(connection, "quickbooks", Kind.INVOICE, id_)
            case HintObject.MIRRORED_INVOICE:
                return self.records.origin_of(connection, "hubspot", Kind.INVOICE, id_)
            case HintObject.POSTED_DOCUMENT:
                document, _, far_id = id_.partition(":")
                return self.records.origin_of(connection, "quickbooks", document, far_id)
        for kind in (Kind.INVOICE, Kind.PAYMENT, Kind.REFUND):
            key = RecordKey(connection, kind, hint.object.system, id_)
            if own_hint_object(key) is hint.object:
                return key
        return None
