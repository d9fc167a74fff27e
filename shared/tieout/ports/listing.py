"""A page of a listing of records, of which one that cannot be read hides no other."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.domain.record import RecordKey, SyncRecord


class UnreadableRecord(Exception):
    """This version of Tieout cannot read what is stored of the record `key`: a newer one wrote it. The text names it
    and holds nothing of its content."""

    def __init__(self, key: RecordKey) -> None:
        super().__init__(f"this version cannot read the record {key}")
        self.key = key


@dataclass(frozen=True, slots=True)
class RecordPage:
    """`next` continues the listing, None at its end. `unreadable` are on this page, too."""

    readable: tuple[SyncRecord, ...]
    next: str | None
    unreadable: tuple[RecordKey, ...] = ()

    @property
    def records(self) -> tuple[SyncRecord, ...]:
        """All of them, for who must not overlook any. Raises UnreadableRecord."""
        if self.unreadable:
            raise UnreadableRecord(self.unreadable[0])
        return self.readable
