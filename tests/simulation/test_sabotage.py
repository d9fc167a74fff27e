"""The simulation would notice the absence of each safety: without it, a world breaks soon."""

from __future__ import annotations

import pytest

from tests.simulation.sabotage import Sabotage
from tests.simulation.simulation import Failed, simulate

MOST_SEEDS = 100


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("sabotage", "symptom"),
    [
        (Sabotage.LOOK, "times in QuickBooks"),
        (Sabotage.CLAIM, ""),
        (Sabotage.GENERATION, "QuickBooks holds []"),
    ],
)
def test_without_this_safety_a_world_breaks(sabotage: Sabotage, symptom: str) -> None:
    for seed in range(MOST_SEEDS):
        try:
            simulate(seed, sabotage)
        except Failed as failed:
            if symptom in str(failed):
                return
    pytest.fail(f"{MOST_SEEDS} worlds without {sabotage} did not show it")
