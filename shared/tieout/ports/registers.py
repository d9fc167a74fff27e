"""What the console needs of the store: the registers of invoices and payments, and how many records are how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from tieout.domain.register import Flow, Health, Register
from tieout.ports import RecordPage


class BadPageMark(ValueError):
    """The mark of a page that this listing never gave."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A part of a count. `next` continues it, None at its end."""

    number: int
    next: str | None


class Registers(Protocol):
    """Listings at a cost that does not depend on how much is stored. They may lag behind a moment; the records in them
    are read consistently. `after` is the `next` of a page before; raises BadPageMark for any other. Every call may
    raise StoreUnavailable."""

    def newest(
        self, connection: str, register: Register, health: Health | None, limit: int, after: str | None = None
    ) -> RecordPage:
        """A page of the records of a register, of one health or of all, the latest date first."""
        ...

    def search(
        self,
        connection: str,
        register: Register,
        text: str,
        health: Health | None,
        limit: int,
        after: str | None = None,
    ) -> RecordPage:
        """A page of those with a number in either system, or a customer, that begins with `text`, whatever its case and
        accents. What is left out by `health` has to be passed over, so a page may hold few or none and still go on."""
        ...

    def count(self, connection: str, flow: Flow, health: Health, most: int) -> int:
        """How many there are, counted up to `most`."""
        ...

    def tally(self, connection: str, flow: Flow, health: Health, after: str | None = None) -> Tally:
        """How many there are, in parts of a limited cost."""
        ...


Counts = Mapping[tuple[Flow, Health], int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How many records were how. `at` (aware) is when counting ended; what moved meanwhile may count twice or not."""

    at: datetime
    counts: Counts = field(default_factory=dict)


class HealthBook(Protocol):
    """The snapshots of a connection, the last of each day (UTC); kept as long as the audit trail."""

    def keep(self, connection: str, snapshot: Snapshot) -> None:
        """Store it in place of an earlier one of its day."""
        ...

    def days(self, connection: str, since: date) -> Mapping[date, Snapshot]:
        """Those from `since` on, by day; a day without a sweep has none."""
        ...
