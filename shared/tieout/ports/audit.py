"""The trail of everything that was done: lines about records, and lines about a connection or the whole deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tieout.domain.record import RecordKey
from tieout.ports import AuditEntry

DEPLOYMENT = "*"
"""Stands for the connection in lines that are about none, such as a link to sign in."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line: `record` is what it is about, None when it is about the connection itself."""

    connection: str
    record: RecordKey | None
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines, newest first. `next` continues the listing, None at its end; a page may be empty and have one."""

    lines: tuple[AuditLine, ...]
    next: str | None


class Trail(Protocol):
    """Who did what, when. Lines about records are written with them (`Records.put`). May raise StoreUnavailable."""

    def add(self, connection: str, entry: AuditEntry) -> None:
        """Keep a line about a connection, or about `DEPLOYMENT`."""
        ...

    def between(
        self, connection: str, since: datetime, until: datetime, limit: int = 100, after: str | None = None
    ) -> AuditPage:
        """A page of all lines of a connection with `since` <= time < `until`, records' lines included."""
        ...
