"""Each of QuickBooks' own invoices stands in HubSpot once and right, in seeded worlds of people on both sides."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.course import Result
from tests.simulation.invoicers import FORMS
from tests.simulation.simulation import simulate

SEEDS = 120
CHUNK = 20
COUNTED = 50
# Whatever people do with such invoices in QuickBooks, in HubSpot and at Tieout.
ACTS = frozenset(
    {
        *("bill in quickbooks", "change lines", "change head", "change customer", "note", "void own", "delete own"),
        *("receive", "undo payment", "bill", "archive", "void"),
        *("edit mirror", "edit mirrored line", "add to mirror", "put right", "title mirror", "settle mirror"),
        *("delete mirror", "retry", "ignore", "switch", "decide otherwise", "take hubspot", "take quickbooks"),
    }
)


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_fault_shows_an_invoice_twice_or_overwrites_a_person(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed, of="mirrors")


@pytest.mark.simulation
def test_the_same_seed_plays_the_same_world_step_by_step() -> None:
    first, second = simulate(7, of="mirrors"), simulate(7, of="mirrors")
    assert len(first.trace) > 50
    assert first.trace == second.trace


@pytest.fixture(scope="module")
def worlds() -> list[Result]:
    """Enough of them to count what happens in worlds."""
    return [simulate(seed, of="mirrors") for seed in range(1000, 1000 + COUNTED)]


@pytest.mark.simulation
def test_everything_that_people_do_is_played(worlds: list[Result]) -> None:
    assert {name for world in worlds for name in world.played} >= ACTS | FORMS


@pytest.mark.simulation
def test_the_worlds_are_stormy_enough_to_prove_anything(worlds: list[Result]) -> None:
    assert sum(world.crashes for world in worlds) >= COUNTED // 2
    assert sum(world.lost for world in worlds) >= COUNTED // 2
    written = sum((world.writes for world in worlds), Counter[str]())
    assert written["create mirror"] >= COUNTED
    assert written["change mirror"] >= COUNTED * 2
    assert written["create Invoice"] >= COUNTED // 5
    assert sum("verifying" in name for world in worlds for name in world.states) >= COUNTED // 4


@pytest.mark.simulation
def test_invoices_come_to_rest_in_every_way(worlds: list[Result]) -> None:
    ends = sum((world.ends for world in worlds), Counter[str]())
    codes = ("edited_in_hubspot", "deleted_in_hubspot", "voided_in_quickbooks")
    reasons = ("deleted", "voided", "before_cutover", "by_hand")
    assert set(ends) >= {"voided", *(f"attention {code}" for code in codes), *(f"ignored {one}" for one in reasons)}
    assert ends["synced"] >= sum(ends.values()) // 5
