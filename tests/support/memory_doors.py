"""Tickets and sessions in dictionaries, as `ports.access.Doors` wants them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

from tieout.ports.access import Session, Ticket


class MemoryDoors:
    """Fulfils `ports.access.Doors`. `tickets` and `sessions` are by hash; `reads` counts reads of sessions."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.sessions: dict[str, Session] = {}
        self.reads = 0
        self._lock = threading.Lock()

    def add_ticket(self, digest: str, ticket: Ticket) -> None:
        self.tickets[digest] = ticket

    def ticket(self, digest: str) -> Ticket | None:
        return self.tickets.get(digest)

    def trade(self, ticket: str, digest: str, session: Session, now: datetime) -> bool:
        with self._lock:
            found = self.tickets.get(ticket)
            if found is None or found.spent_at is not None or found.expires_at <= now:
                return False
            self.tickets[ticket] = replace(found, spent_at=now)
            self.sessions[digest] = session
            return True

    def session(self, digest: str) -> Session | None:
        self.reads += 1
        return self.sessions.get(digest)

    def end(self, digest: str) -> None:
        self.sessions.pop(digest, None)
