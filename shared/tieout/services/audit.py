"""Who did what, when, with what before and after: the trail of a connection, or of one record, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tieout.domain.planning.plan import Change
from tieout.domain.record import RecordKey
from tieout.domain.trail import cut
from tieout.ports import AuditEntry, Clock, Records
from tieout.ports.audit import AuditLine, Trail

_PAGE = 100
_MOST_OF_A_RECORD = 100_000
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines with `since` <= time < `until` (aware); of one person, and of one record, where they are named."""

    since: datetime
    until: datetime
    who: str | None = None
    record: RecordKey | None = None

    def has(self, entry: AuditEntry) -> bool:
        """Whether a line is wanted."""
        return self.since <= entry.at < self.until and self.who in (None, entry.actor)


def lines(trail: Trail, records: Records, connection: str, wanted: Wanted) -> Iterator[AuditLine]:
    """The wanted lines, newest first, read page by page."""
    if wanted.record is not None:
        key = wanted.record
        found = records.trail(key, _MOST_OF_A_RECORD)
        yield from (AuditLine(connection, key, entry) for entry in found if wanted.has(entry))
        return
    after: str | None = None
    while True:
        page = trail.between(connection, wanted.since, wanted.until, _PAGE, after)
        yield from (line for line in page.lines if wanted.has(line.entry))
        after = page.next
        if after is None:
            return


def note_retry(trail: Trail, clock: Clock, keys: Sequence[RecordKey], by: str, trace_id: str) -> None:
    """Keep that a person wants records to be looked at again: one line for each connection."""
    for connection in dict.fromkeys(key.connection for key in keys):
        mine = [f"{key.kind}/{key.origin_system}/{key.origin_id}" for key in keys if key.connection == connection]
        named = ", ".join(mine[:_MOST_NAMED]) + (", ..." if len(mine) > _MOST_NAMED else "")
        facts = {"records": str(len(mine)), "which": named}
        trail.add(connection, AuditEntry(clock.now(), by, "asked for another look", trace_id, facts))


def note_settings(
    trail: Trail,
    clock: Clock,
    connection: str,
    version: str,
    changed: Iterable[tuple[str, str, str]],
    by: str,
    trace_id: str,
) -> None:
    """Keep which settings a person changed: for each its name, and its text before and after."""
    kept = tuple(Change(name, cut(before), cut(after)) for name, before, after in changed)
    trail.add(connection, AuditEntry(clock.now(), by, "applied settings", trace_id, {"version": version}, kept))
