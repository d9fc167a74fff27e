"""Who may use the console: one-use tickets and the sessions they were traded for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tieout.domain.person import Role


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to sign in once, until `expires_at` (aware UTC). `spent_at` is when that was done."""

    name: str
    role: Role
    expires_at: datetime
    spent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in, until `expires_at` (aware UTC). `csrf` stands in every form of theirs and nowhere
    else."""

    name: str
    role: Role
    csrf: str = field(repr=False)
    expires_at: datetime


class Doors(Protocol):
    """Tickets and sessions by the hash of their secret, which is stored nowhere. Reads are consistent. Every call may
    raise StoreUnavailable."""

    def add_ticket(self, digest: str, ticket: Ticket) -> None:
        """Store a ticket."""
        ...

    def ticket(self, digest: str) -> Ticket | None:
        """The ticket, also when it has expired or was spent (for a while)."""
        ...

    def trade(self, ticket: str, digest: str, session: Session, now: datetime) -> bool:
        """Spend the ticket with the hash `ticket` and store `session` under `digest`, both or neither. False when the
        ticket is not there, has expired by `now`, or was spent before, whoever else tries at the same moment."""
        ...

    def session(self, digest: str) -> Session | None:
        """The session, also when it has expired (for a while)."""
        ...

    def end(self, digest: str) -> None:
        """Forget a session; one that is not there is no error."""
        ...
