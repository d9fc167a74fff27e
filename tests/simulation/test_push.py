"""The push of invoices keeps its promises in hundreds of seeded worlds full of crashes, lost answers and people."""

from __future__ import annotations

import pytest

from tests.simulation.simulation import simulate

SEEDS = 500
CHUNK = 20
_STATES = ("synced", "verifying", "waiting", "attention", "ignored", "deleted_in_ledger", "voided")


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


@pytest.mark.simulation
def test_the_worlds_are_stormy_enough_to_prove_anything() -> None:
    results = [simulate(seed) for seed in range(1000, 1030)]
    assert sum(result.crashes for result in results) >= 15
    assert sum(result.lost for result in results) >= 15
    written = {name for result in results for name in result.writes}
    assert written >= {"create Invoice", "update Invoice", "void Invoice", "create Customer"}
    reached = {name for result in results for name in result.states}
    assert reached >= {
        f"invoice:{state}" for state in ("synced", "verifying", "attention", "deleted_in_ledger", "voided")
    }
