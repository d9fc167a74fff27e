"""What connecting needs of our own state, in memory: sign-ins, HubSpot's tokens, and the trail by time."""

from __future__ import annotations

import threading
from datetime import datetime

from tests.support.memory import MemoryRecords, VirtualClock
from tieout.ports import AuditEntry
from tieout.ports.audit import AuditLine, AuditPage
from tieout.ports.connecting import SignIn


class MemorySignIns:
    """Sign-ins in a dictionary."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._kept: dict[str, SignIn] = {}
        self._lock = threading.Lock()

    def keep(self, state: str, sign_in: SignIn) -> None:
        with self._lock:
            assert state not in self._kept
            self._kept[state] = sign_in

    def take(self, state: str, holder: str) -> SignIn | None:
        with self._lock:
            found = self._kept.get(state)
            if found is None or found.holder != holder or found.expires_at <= self._clock.now():
                return None
            return self._kept.pop(state)


class MemoryPortalTokens:
    """HubSpot's tokens by portal."""

    def __init__(self, **tokens: str) -> None:
        self.stored: dict[str, str] = tokens

    def token(self, portal_id: str) -> str | None:
        return self.stored.get(portal_id)

    def keep(self, portal_id: str, token: str) -> None:
        self.stored[portal_id] = token

    def forget(self, portal_id: str) -> bool:
        return self.stored.pop(portal_id, None) is not None


class MemoryTrail:
    """Lines about connections, and those of the records beside them."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records
        self._own: list[AuditLine] = []

    @property
    def own(self) -> list[AuditEntry]:
        """The lines about connections, in the order in which they were written."""
        return [line.entry for line in self._own]

    def add(self, connection: str, entry: AuditEntry) -> None:
        self._own.append(AuditLine(connection, None, entry))

    def between(
        self, connection: str, since: datetime, until: datetime, limit: int = 100, after: str | None = None
    ) -> AuditPage:
        of_records = [AuditLine(key.connection, key, entry) for key, entry in self._records.lines()]
        found = [
            line
            for line in (*self._own, *of_records)
            if line.connection == connection and since <= line.entry.at < until
        ]
        found.sort(key=lambda line: (line.entry.at, str(line.record)), reverse=True)
        start = int(after or 0)
        more = len(found) > start + limit
        return AuditPage(tuple(found[start : start + limit]), str(start + limit) if more else None)
