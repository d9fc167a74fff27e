"""What a back-fill is asked for, and what it would do with each invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from tieout.domain.hint import Cause, Hint
from tieout.domain.money import Money
from tieout.domain.planning.adoption import Match
from tieout.domain.planning.plan import Change
from tieout.domain.record import RecordKey, own_hint_object

RUN_PREFIX = "backfill-"
VENDOR_UNAVAILABLE, INTERNAL_ERROR = "vendor_unavailable", "internal_error"
T = TypeVar("T")


class Step(StrEnum):
    """What is to be done with one invoice. `NOTE`: both sides agree, only our record says something else. `IN_SYNC`:
    nothing, both sides agree. `LEAVE`: nothing, it is excluded. `WAIT`: it could not be planned now and is left to
    another run, or an earlier write of it has to be verified first."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    VOID = "void"
    NOTE = "note"
    ATTENTION = "attention"
    WAIT = "wait"
    IN_SYNC = "in_sync"
    LEAVE = "leave"


class Phase(StrEnum):
    """How far it has come, as it is told."""

    FIND_HUBSPOT = "Finding HubSpot invoices"
    FIND_QUICKBOOKS = "Finding QuickBooks invoices"
    PLAN = "Planning"
    CARRY_OUT = "Carrying out"


Told = Callable[[Phase, int, int | None], None]
"""Is told how far a phase has come: how many are done, and of how many (None while nobody knows)."""


class Lanes(Protocol):
    """Runs several tasks at a time."""

    def each(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results, as they come. Who stops listening has no further task begun; those under way are finished."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """Invoices dated `since` or later, in these directions. `run` is the id that records and trail bear. `in_full`: of
    what is new, every field is told."""

    since: date
    run: str
    to_quickbooks: bool = True
    to_hubspot: bool = True
    in_full: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One invoice and what is to be done. `far_id` is the document on the other side that is adopted or changed.

    `number`, `day`, `total` and `customer` (a name or the ledger's id) are empty where they are not known. `reason` is
    a code, `detail` says it in words. `known`: our record says so already, so that nobody need look at it.
    """

    key: RecordKey
    step: Step
    number: str = ""
    day: date | None = None
    total: Money | None = None
    customer: str = ""
    reason: str = ""
    detail: str = ""
    changes: tuple[Change, ...] = ()
    far_id: str = ""
    known: bool = False

    @property
    def unplanned(self) -> bool:
        """Whether it could not be planned now. It is left to another run: a worker would do what nobody saw, and might
        create what stands there already."""
        return self.step is Step.WAIT and self.reason in (VENDOR_UNAVAILABLE, INTERNAL_ERROR)

    @property
    def to_be_done(self) -> bool:
        """Whether a worker has to look at it."""
        return self.step not in (Step.IN_SYNC, Step.LEAVE) and not self.known and not self.unplanned

    def hint(self, run: str, now: datetime) -> Hint:
        """What a worker is told to carry it out."""
        own = own_hint_object(self.key)
        if own is None:
            raise ValueError(f"no worker looks at {self.key.kind} records")
        return Hint(self.key.connection, own, self.key.origin_id, now, Cause.BACKFILL, run)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The plan of a run: every invoice that was found, and `matches`, by HubSpot's id, of documents that nobody
    marked. A person approves both."""

    planned: tuple[Planned, ...]
    matches: Mapping[str, Match] = field(default_factory=dict)

    @property
    def unplanned(self) -> tuple[Planned, ...]:
        """Those that another run has to plan."""
        return tuple(one for one in self.planned if one.unplanned)

    @property
    def to_be_done(self) -> tuple[Planned, ...]:
        """Those that a worker has to look at."""
        return tuple(one for one in self.planned if one.to_be_done)


def new_run(now: datetime) -> str:
    """The id of a run that begins now (UTC): `backfill-20261129-103000`."""
    return f"{RUN_PREFIX}{now:%Y%m%d-%H%M%S}"
