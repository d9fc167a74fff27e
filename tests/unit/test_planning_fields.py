"""Laws of comparing one pair of fields with the value last synced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.conflict import Side
from tieout.domain.field_pairs import Direction
from tieout.domain.planning.fields import Comparison, Outcome, compare

TEXTS = st.sampled_from(["", "a", "b", "c"])
SYNCED = st.none() | TEXTS
DIRECTIONS = st.sampled_from(Direction)
WINNERS = st.none() | st.sampled_from(Side)

OTHER = {
    "hubspot": "quickbooks",
    "quickbooks": "hubspot",
    "to_hubspot": "to_quickbooks",
    "to_quickbooks": "to_hubspot",
}


@given(TEXTS, SYNCED, DIRECTIONS, WINNERS)
def test_equal_values_agree(text: str, synced: str | None, direction: Direction, winner: Side | None) -> None:
    assert compare(text, text, synced, direction, winner) == Comparison(Outcome.AGREE, text)


@given(TEXTS, TEXTS, SYNCED, DIRECTIONS, WINNERS)
def test_what_was_carried_over_is_a_fixed_point(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None
) -> None:
    found = compare(hubspot, quickbooks, synced, direction, winner)
    if found.value is not None:
        again = compare(found.value, found.value, found.value, direction, winner)
        assert again == Comparison(Outcome.AGREE, found.value)


@given(TEXTS, TEXTS, SYNCED, DIRECTIONS, WINNERS)
def test_the_sides_are_alike(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None
) -> None:
    found = compare(hubspot, quickbooks, synced, direction, winner)
    mirrored = compare(
        quickbooks, hubspot, synced, Direction(OTHER.get(direction, direction)), Side(OTHER[winner]) if winner else None
    )
    assert mirrored == Comparison(Outcome(OTHER.get(found.outcome, found.outcome)), found.value)


@given(TEXTS, TEXTS, SYNCED, DIRECTIONS, WINNERS)
def test_the_winner_matters_only_when_both_changed(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None
) -> None:
    if (synced or "") in (hubspot, quickbooks):
        assert compare(hubspot, quickbooks, synced, direction, winner) == compare(
            hubspot, quickbooks, synced, direction
        )


@given(TEXTS, TEXTS, SYNCED, DIRECTIONS, WINNERS)
def test_nothing_is_carried_against_the_direction(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None
) -> None:
    outcome = compare(hubspot, quickbooks, synced, direction, winner).outcome
    if outcome in (Outcome.TO_HUBSPOT, Outcome.TO_QUICKBOOKS):
        assert direction in (Direction.BOTH, Direction(outcome))


@pytest.mark.parametrize(
    ("hubspot", "quickbooks", "synced", "direction", "winner", "expected"),
    [
        ("", "a", "a", Direction.BOTH, None, Comparison(Outcome.TO_QUICKBOOKS, "")),
        ("a", "", "a", Direction.BOTH, None, Comparison(Outcome.TO_HUBSPOT, "")),
        ("", "b", "a", Direction.BOTH, None, Comparison(Outcome.CONFLICT, None)),
        ("", "b", "a", Direction.BOTH, Side.HUBSPOT, Comparison(Outcome.TO_QUICKBOOKS, "")),
        ("", "b", "a", Direction.BOTH, Side.QUICKBOOKS, Comparison(Outcome.TO_HUBSPOT, "b")),
        ("", "a", None, Direction.BOTH, None, Comparison(Outcome.TO_HUBSPOT, "a")),
        ("", "a", None, Direction.TO_QUICKBOOKS, None, Comparison(Outcome.LEFT, None)),
        ("a", "b", None, Direction.BOTH, None, Comparison(Outcome.CONFLICT, None)),
        ("a", "b", "a", Direction.TO_QUICKBOOKS, Side.HUBSPOT, Comparison(Outcome.CONFLICT, None)),
        ("c", "b", "a", Direction.TO_QUICKBOOKS, Side.QUICKBOOKS, Comparison(Outcome.CONFLICT, None)),
    ],
)
def test_cases(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None, expected: Comparison
) -> None:
    assert compare(hubspot, quickbooks, synced, direction, winner) == expected
