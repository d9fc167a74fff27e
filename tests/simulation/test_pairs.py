"""Fields that follow each other say the same in the end, or a person is asked, in seeded worlds with people on both."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.course import Result
from tests.simulation.simulation import simulate

SEEDS = 60
CHUNK = 20
COUNTED = 40


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_fault_loses_a_value_that_a_person_entered_on_either_side(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed, of="pairs")


@pytest.fixture(scope="module")
def worlds() -> list[Result]:
    """Enough of them to count what happens in worlds."""
    return [simulate(seed, of="pairs") for seed in range(1000, 1000 + COUNTED)]


@pytest.mark.simulation
def test_values_go_both_ways_meet_and_are_decided(worlds: list[Result]) -> None:
    played = sum((world.played for world in worlds), Counter[str]())
    written = sum((world.writes for world in worlds), Counter[str]())
    ends = sum((world.ends for world in worlds), Counter[str]())
    assert min(played["in quickbooks"], played["in hubspot"]) >= COUNTED
    assert min(played["take hubspot"], played["take quickbooks"]) > 0
    assert min(written["pair to_hubspot"], written["pair to_quickbooks"]) >= COUNTED // 4
    assert ends["pair agrees"] > ends["pair differs"] > 0
    assert ends["attention edited_in_hubspot"] > 0
