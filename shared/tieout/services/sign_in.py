"""Signing in to the console: a ticket that somebody with access to the deployment mints is traded for a session, once.

Tickets and sessions are random texts of 256 bits. Only their hashes are stored, so that who reads the table (a backup,
an export) can sign in with nothing that stands there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tieout.domain.person import Role, read_name
from tieout.ports import AuditEntry, Clock
from tieout.ports.access import Doors, Session, Ticket
from tieout.ports.audit import DEPLOYMENT, Trail

TICKET_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
_ATTEMPTS = 3


class NoEntry(StrEnum):
    """Why a ticket opens nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Entered:
    """`secret` goes into the person's cookie and is kept nowhere else."""

    secret: str
    session: Session


def new_secret() -> str:
    """256 random bits as a text for URLs."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is stored instead of a secret. It has 256 random bits, so nobody can try them all, and no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SignIn:
    """The use case, over a store of tickets and sessions. The trail tells who made links, came and went."""

    doors: Doors
    clock: Clock
    trail: Trail
    new_secret: Callable[[], str] = new_secret

    def mint(self, name: str, role: Role, by: str, trace_id: str) -> str:
        """A new ticket for `name`, made by `by`. Raises BadName."""
        ticket = Ticket(read_name(name), role, self.clock.now() + TICKET_LIFE)
        secret = self.new_secret()
        self._note(by, "made sign-in link", trace_id, {"for": ticket.name, "role": role.value})
        self.doors.add_ticket(digest_of(secret), ticket)
        return secret

    def look(self, secret: str) -> Ticket | NoEntry:
        """Whom a ticket lets in, without spending it."""
        ticket = self.doors.ticket(digest_of(secret))
        if ticket is None:
            return NoEntry.UNKNOWN
        if ticket.spent_at is not None:
            return NoEntry.SPENT
        return ticket if self.clock.now() < ticket.expires_at else NoEntry.EXPIRED

    def enter(self, secret: str, trace_id: str) -> Entered | NoEntry:
        """Trade a ticket for a session."""
        for _ in range(_ATTEMPTS):
            found = self.look(secret)
            if isinstance(found, NoEntry):
                return found
            now = self.clock.now()
            session = Session(found.name, found.role, self.new_secret(), now + SESSION_LIFE)
            key = self.new_secret()
            if self.doors.trade(digest_of(secret), digest_of(key), session, now):
                self._note(session.name, "signed in", trace_id, {"role": session.role.value})
                return Entered(key, session)
            # Somebody was faster, or is at it just now; or the time ran out.
        return NoEntry.SPENT

    def session(self, secret: str) -> Session | None:
        """Who has this secret in their cookie; None when nobody (any more)."""
        found = self.doors.session(digest_of(secret))
        return found if found is not None and self.clock.now() < found.expires_at else None

    def leave(self, secret: str, trace_id: str) -> None:
        """End a session."""
        found = self.session(secret)
        self.doors.end(digest_of(secret))
        if found is not None:
            self._note(found.name, "signed out", trace_id, {})

    def _note(self, actor: str, action: str, trace_id: str, facts: Mapping[str, str]) -> None:
        self.trail.add(DEPLOYMENT, AuditEntry(self.clock.now(), actor, action, trace_id, facts))
