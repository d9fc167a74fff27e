"""Two vendors whose changes a test writes down, and a sweep over connections of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from tests.support.builders import NOW
from tests.support.memory import MemoryConnections, MemoryHints, MemoryRecords, VirtualClock
from tests.support.memory_sweep import MemoryCursors, MemoryReadMeter
from tieout.domain.company import Connection
from tieout.domain.hint import Hint
from tieout.domain.payment import Document
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.settings import Settings
from tieout.ports import Crm, Ledger, Workspace
from tieout.ports.payments import ChangedDocument, ChangedRecord, ChangePage, Feed, LedgerChanges
from tieout.services.outcome import Run
from tieout.services.sweep import Sweep

TIME = timedelta(minutes=4)


@dataclass
class ChangingCrm:
    """HubSpot: `modified` and `deleted` by feed; `page` records a page. `calls` are (what, feed, since or after)."""

    modified: dict[Feed, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    deleted: dict[Feed, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    page: int = 200
    error: Exception | None = None
    calls: list[tuple[str, Feed, object]] = field(default_factory=list)

    def changed(self, feed: Feed, since: datetime, after: str | None = None) -> ChangePage:
        """As the adapter does: a page begins at the time of the last one's end."""
        self.calls.append(("changed", feed, after or since))
        self._fail()
        begin = datetime.fromisoformat(after) if after else since
        found = sorted((at, id_) for id_, at in self.modified[feed].items() if at >= begin)
        changes = tuple(ChangedRecord(id_, at) for at, id_ in found[: self.page])
        return ChangePage(changes, changes[-1].modified_at.isoformat() if len(found) > self.page else None)

    def archived(self, feed: Feed, after: str | None = None) -> ChangePage:
        """By position."""
        self.calls.append(("archived", feed, after))
        self._fail()
        start = int(after or 0)
        found = list(self.deleted[feed].items())
        changes = tuple(ChangedRecord(id_, at) for id_, at in found[start : start + self.page])
        more = start + self.page < len(found)
        return ChangePage(changes, str(start + self.page) if more else None)

    def _fail(self) -> None:
        if self.error:
            raise self.error


@dataclass
class ChangingLedger:
    """QuickBooks: what `changed`, of which one answer of CDC holds `most`, the latest first. `ahead`: its
    clock against ours. `calls` are (what, entities or entity, since); `standing` ids are answered as there."""

    clock: VirtualClock
    changed: list[ChangedDocument] = field(default_factory=list)
    standing: set[str] = field(default_factory=set)
    most: int = 1000
    ahead: timedelta = timedelta()
    error: Exception | None = None
    fails_on: str = ""
    calls: list[tuple[str, object, datetime | None]] = field(default_factory=list)

    def changes(self, entities: Collection[str], since: datetime) -> LedgerChanges:
        """One call, cut off at `most`."""
        self.calls.append(("cdc", tuple(entities), since))
        self._fail(*entities)
        assert since >= self.clock.now() - timedelta(days=30)
        found = [one for one in self.changed if one.entity in entities and one.updated_at >= since]
        found.sort(key=lambda one: one.updated_at, reverse=True)
        kept = tuple(found[: self.most])
        return LedgerChanges(kept, self.clock.now() + self.ahead, complete=len(kept) < self.most)

    def changed_since(self, entity: str, since: datetime) -> Sequence[ChangedDocument]:
        """All but the deleted."""
        self.calls.append(("query", entity, since))
        self._fail(entity)
        alive = [one for one in self.changed if one.entity == entity and not one.deleted]
        return [one for one in alive if one.updated_at >= since]

    def invoices(self, ids: Collection[str]) -> Mapping[str, object]:
        """Those that stand."""
        return self._standing("Invoice", ids)

    def payments(self, ids: Collection[str]) -> Mapping[str, object]:
        """Those that stand."""
        return self._standing("Payment", ids)

    def documents(self, document: Document, ids: Collection[str]) -> Mapping[str, object]:
        """Those that stand."""
        return self._standing(document.value, ids)

    def _standing(self, what: str, ids: Collection[str]) -> Mapping[str, object]:
        self.calls.append((what, tuple(sorted(ids)), None))
        self._fail()
        return {id_: object() for id_ in ids if id_ in self.standing}

    def _fail(self, *entities: str) -> None:
        if self.error and (not self.fails_on or self.fails_on in entities):
            raise self.error


class Yard:
    """Connections `c1` and `c2`, connected at NOW, each with two vendors of its own, and a sweep over both."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.records = MemoryRecords()
        self.hints = MemoryHints(self.clock)
        self.cursors = MemoryCursors()
        self.meter = MemoryReadMeter(self.clock)
        pairs = (Connection("c1", "1", "11", connected_at=NOW), Connection("c2", "2", "22", connected_at=NOW))
        self.connections = MemoryConnections(*pairs)
        self.crm = {one.id: ChangingCrm() for one in pairs}
        self.ledger = {one.id: ChangingLedger(self.clock) for one in pairs}

    def open(self, connection: str) -> Workspace | None:
        """Fulfils `ports.Workspaces`."""
        found = self.connections.get(connection)
        assert found is not None
        crm, ledger = cast(Crm, self.crm[connection]), cast(Ledger, self.ledger[connection])
        return Workspace(found, Settings(), crm, ledger)

    def run(self, time: timedelta = TIME) -> Run:
        """A sweep."""
        sweep = Sweep(self.connections, self, self.records, self.cursors, self.hints, self.clock, self.meter)
        return sweep.run("sweep-1", self.clock.now() + time)

    def taken(self) -> list[Hint]:
        """Takes what is queued."""
        return self.hints.pop_due()

    def put(
        self, id_: str, state: State = State.SYNCED, *, connection: str = "c1", kind: Kind = Kind.INVOICE,
        system: str = "hubspot", **more: object,
    ) -> SyncRecord:  # fmt: skip
        """A record."""
        record = SyncRecord(RecordKey(connection, kind, system, id_), state)
        for name, value in more.items():
            object.__setattr__(record, name, value)
        return self.records.put(record)

    def invoices(self, *ids: str, at: datetime) -> None:
        """Invoices of `c1` are modified in HubSpot."""
        self.crm["c1"].modified[Feed.INVOICES].update(dict.fromkeys(ids, at))

    def booked(self, *documents: ChangedDocument) -> None:
        """Documents of `c1` change in QuickBooks."""
        self.ledger["c1"].changed.extend(documents)


def ids(hints: Iterable[Hint]) -> list[str]:
    """The ids that hints name, in order."""
    return [hint.id for hint in hints]
