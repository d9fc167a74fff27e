"""One pair of fields, a HubSpot property and a QuickBooks field, compared with the value last the same in both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.conflict import Side

__all__ = ["Comparison", "Direction", "Outcome", "Side", "compare"]


class Direction(StrEnum):
    TO_HUBSPOT = "to_hubspot"
    TO_QUICKBOOKS = "to_quickbooks"
    BOTH = "both"


class Outcome(StrEnum):
    AGREE = "agree"
    TO_HUBSPOT = "to_hubspot"
    TO_QUICKBOOKS = "to_quickbooks"
    # Differs, but there is nothing to carry in the direction that the pair goes, and nothing was ever synced.
    LEFT = "left"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Comparison:
    """`value` is what both sides hold afterwards ("": cleared); None where nothing is to be the same yet."""

    outcome: Outcome
    value: str | None


def compare(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None = None
) -> Comparison:
    """What is to happen to one pair. Texts are as compared, already cleaned; "" is an empty field.

    `synced` is None when the pair was never the same in both. `winner` is asked only when both sides changed; None
    leaves that to a person. What was changed on the side that a one-way pair only writes to is a person's edit there:
    a conflict, never written over unasked.
    """
    if hubspot == quickbooks:
        return Comparison(Outcome.AGREE, hubspot)
    # A pair that was never synced starts from empty fields: an empty one is not a deletion.
    base = synced or ""
    if base not in (hubspot, quickbooks):
        return _carried(winner, hubspot, quickbooks, direction) or Comparison(Outcome.CONFLICT, None)
    changed = Side.HUBSPOT if hubspot != base else Side.QUICKBOOKS
    carried = _carried(changed, hubspot, quickbooks, direction)
    return carried or Comparison(Outcome.LEFT if synced is None else Outcome.CONFLICT, None)


def _carried(source: Side | None, hubspot: str, quickbooks: str, direction: Direction) -> Comparison | None:
    if source is Side.HUBSPOT and direction is not Direction.TO_HUBSPOT:
        return Comparison(Outcome.TO_QUICKBOOKS, hubspot)
    if source is Side.QUICKBOOKS and direction is not Direction.TO_QUICKBOOKS:
        return Comparison(Outcome.TO_HUBSPOT, quickbooks)
    return None
