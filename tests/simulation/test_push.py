"""The push of invoices keeps its promises in hundreds of seeded worlds full of crashes, lost answers and people."""

from __future__ import annotations

import pytest

from tests.simulation.course import Result
from tests.simulation.forms import FEATURES
from tests.simulation.simulation import simulate

SEEDS = 400
CHUNK = 20
COUNTED = 50
ACTS = frozenset(
    {
        *("bill", "finalise", "void", "pay", "archive", "adjust", "edit line", "change lines", "edit texts"),
        *("edit owned", "edit unowned", "delete", "receive payment", "take number", "take name", "change the company"),
        *("retry", "ignore", "change settings", "take hubspot", "take quickbooks"),
    }
)


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_fault_makes_the_push_write_twice_overwrite_a_person_or_forget_an_invoice(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed)


@pytest.mark.simulation
def test_the_same_seed_plays_the_same_world_step_by_step() -> None:
    first, second = simulate(7), simulate(7)
    assert len(first.trace) > 50
    assert first.trace == second.trace
    assert (first.steps, first.writes, first.states) == (second.steps, second.writes, second.states)


@pytest.fixture(scope="module")
def worlds() -> list[Result]:
    """Enough of them to count what happens in worlds."""
    return [simulate(seed) for seed in range(1000, 1000 + COUNTED)]


@pytest.mark.simulation
def test_the_worlds_are_stormy_enough_to_prove_anything(worlds: list[Result]) -> None:
    assert sum(world.crashes for world in worlds) >= COUNTED // 2
    assert sum(world.lost for world in worlds) >= COUNTED // 2
    written = {name for world in worlds for name in world.writes}
    assert written >= {"create Invoice", "update Invoice", "void Invoice", "create Customer"}
    reached = {name for world in worlds for name in world.states}
    assert reached >= {
        f"invoice:{state}" for state in ("synced", "verifying", "attention", "ignored", "deleted_in_ledger", "voided")
    }


@pytest.mark.simulation
def test_every_form_and_every_act_of_people_is_played(worlds: list[Result]) -> None:
    assert {name for world in worlds for name in world.played} >= FEATURES | ACTS


@pytest.mark.simulation
def test_invoices_come_to_rest_in_every_way(worlds: list[Result]) -> None:
    ends = {name for world in worlds for name in world.ends}
    often = ("tax_unsupported", "discount_unsupported", "currency_unsupported", "period_closed", "edited_in_quickbooks")
    # Most is voided, deleted or edited by somebody before the end.
    assert ends >= {f"attention {code}" for code in often} | {"ignored filtered", "ignored by_hand", "voided"}
    synced = sum(number for world in worlds for name, number in world.ends.items() if name.startswith("synced"))
    assert synced >= sum(number for world in worlds for number in world.ends.values()) // 7
