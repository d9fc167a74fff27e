"""What the pages work with: the stores and services of the deployment. `runtime/bootstrap/console.py` lays it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tieout.console.web import NotFound
from tieout.domain.company import Connection
from tieout.domain.settings import Settings
from tieout.ports import Clock, Cursors, Hints, ReadMeter, Records, Tokens, Workspace, Workspaces
from tieout.ports.notices import Notices
from tieout.ports.queues import Queues
from tieout.ports.registers import HealthBook, Registers
from tieout.services.assess import Assessor
from tieout.services.connect import Connect
from tieout.services.fee_months import FeeMonths
from tieout.services.sign_in import SignIn


class AppliedVersion(Protocol):
    """One version of a connection's settings: the document as it was given, by whom and when (aware UTC)."""

    @property
    def version(self) -> int: ...
    @property
    def document(self) -> Mapping[str, object]: ...
    @property
    def by(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class ConnectionBook(Protocol):
    """The connections, their settings, and what those were before."""

    def get(self, connection: str) -> Connection | None:
        """One connection."""
        ...

    def all(self) -> Iterable[Connection]:
        """Every connection, by id."""
        ...

    def settings(self, connection: str) -> Settings:
        """The settings in force."""
        ...

    def settings_history(self, connection: str, limit: int = 50) -> Sequence[AppliedVersion]:
        """The latest versions, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that a page may use."""

    clock: Clock
    sign_in: SignIn
    connections: ConnectionBook
    records: Records
    hints: Hints
    cursors: Cursors
    meter: ReadMeter
    notices: Notices
    tokens: Tokens
    workspaces: Workspaces
    registers: Registers
    health: HealthBook
    queues: Queues
    assessor: Assessor
    fees: FeeMonths
    connect: Connect
    # Scheme and host where people sign in to QuickBooks.
    sign_in_origin: str

    def workspace(self, connection: str) -> Workspace:
        """The two systems of a connection. Raises NotFound when there is no such connection."""
        found = self.workspaces.open(connection)
        if found is None:
            raise NotFound
        return found
