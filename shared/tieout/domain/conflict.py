"""What both sides say differently about a record, for a person to choose from, and what the person chose."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tieout.domain.canonical import canonical
from tieout.domain.invoice import InvoiceContent
from tieout.domain.money import Money


class Side(StrEnum):
    """One of the two systems."""

    HUBSPOT = "hubspot"
    QUICKBOOKS = "quickbooks"

    @property
    def label(self) -> str:
        """As people call it."""
        return "HubSpot" if self is Side.HUBSPOT else "QuickBooks"


BOTH = (Side.HUBSPOT, Side.QUICKBOOKS)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with the value of each side, as texts for people; "" is an empty field."""

    field: str
    hubspot: str
    quickbooks: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a person decides about. `marks` are digests of the very values, one for each difference at least: the texts
    do not show all of them (a line's item, its tax code). `sides` may be taken; `refusal` says for a person why another
    one may not.
    """

    differences: tuple[Difference, ...]
    marks: tuple[str, ...]
    sides: tuple[Side, ...] = BOTH
    refusal: str = ""

    @property
    def mark(self) -> str:
        """One digest of all values: what a person saw is what stands, as long as it is the same."""
        return hashlib.sha256("\n".join(self.marks).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's choice (`by`, `at`: aware) between the values that they saw, of which `marks` are the digests. It
    holds until it was carried out, or until the record comes to rest in any other way."""

    side: Side
    marks: tuple[str, ...]
    by: str
    at: datetime

    def covers(self, conflict: Conflict) -> bool:
        """Whether all that differs now is what the person saw, and the side may be taken: what somebody changed since
        is not decided."""
        return bool(conflict.marks) and set(conflict.marks) <= set(self.marks) and self.side in conflict.sides


@dataclass(frozen=True, slots=True)
class Accepted:
    """QuickBooks' values that stay although HubSpot has others, because a person took them.

    `fields` are named as `planning.difference.changes` names them, all lines together as "lines", and the total as
    "total". `hubspot` and `quickbooks` are what both sides said then; a field whose value changed since, on whichever
    side, is accepted no longer. `total` is QuickBooks' total.
    """

    fields: tuple[str, ...]
    hubspot: InvoiceContent
    quickbooks: InvoiceContent
    total: Money
    by: str
    at: datetime


def taken(decision: Decision | None, conflict: Conflict) -> Side | None:
    """The side that a person took, None while nobody decided about these values."""
    return decision.side if decision is not None and decision.covers(conflict) else None


def mark(*values: object) -> str:
    """A digest, the same for equal values."""
    return hashlib.sha256(repr(canonical(values)).encode()).hexdigest()[:16]


def told(differences: Collection[Difference]) -> str:
    """Both values of each, in a sentence."""
    texts = (
        f"{one.field}: QuickBooks has {one.quickbooks or 'nothing'}, HubSpot has {one.hubspot or 'nothing'}"
        for one in differences
    )
    return "; ".join(texts).rstrip(".") + "."
