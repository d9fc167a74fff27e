"""What the sweep remembers between its runs, and the count of the reads that Intuit meters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

SWEPT = "swept"
"""The cursor of a connection's last sweep in which every step succeeded, by our own clock."""


class Cursors(Protocol):
    """How far the sweep has come, by connection and what it follows ("hubspot.invoices", "quickbooks")."""

    def load(self, connection: str, name: str) -> datetime | None:
        """The stored position, None before the first run."""
        ...

    def save(self, connection: str, name: str, position: datetime) -> None:
        """Move the cursor; it never moves back."""
        ...

    def mark(self, connection: str, name: str) -> str | None:
        """Where a listing that takes several runs goes on; None when none is under way."""
        ...

    def set_mark(self, connection: str, name: str, mark: str | None) -> None:
        """Remember it, or with None that the listing has come to its end."""
        ...


class ReadMeter(Protocol):
    """Counts the reads that Intuit meters, by connection and calendar month (UTC), and for the whole deployment."""

    def count(self, connection: str) -> None:
        """One more successful read; kept in memory until `flush`."""
        ...

    def flush(self) -> None:
        """Add what was counted to what is stored. Never raises: what cannot be stored is kept for the next time."""
        ...

    def reads(self, connection: str | None, month: date) -> Mapping[date, int]:
        """What is stored of the month that `month` lies in, by day: of one connection, or with None of all."""
        ...
