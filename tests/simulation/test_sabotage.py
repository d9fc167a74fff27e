"""The simulation would notice the absence of each safety: without it, a world breaks soon that holds with it."""

from __future__ import annotations

import pytest

from tests.simulation.course import Failed
from tests.simulation.sabotage import Sabotage
from tests.simulation.simulation import simulate

MOST_SEEDS = 100
# Where a symptom is rare, the search begins shortly before a world that shows it.
FIRST = {Sabotage.PERIOD: 170}


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("sabotage", "symptoms"),
    [
        (Sabotage.LOOK, ("stands 2 times in QuickBooks",)),
        (Sabotage.CLAIM, ("went back", "without a stored intent", "stands 2 times in QuickBooks")),
        (Sabotage.GENERATION, ("QuickBooks holds []", "does not come to rest")),
        (Sabotage.DISCOUNT, ("total_differs", "the discount is")),
        (Sabotage.ROUNDING, ("comes to", "total_differs", "refused_by_quickbooks")),
        (Sabotage.PERIOD, ("period_closed",)),
        (Sabotage.RATE, ("the exchange rate is 1 and not",)),
        (Sabotage.PAYMENT_LOOK, ("stands 2 times in QuickBooks",)),
        (Sabotage.REFUND_TWICE, ("were given back in QuickBooks of HubSpot payment",)),
        (Sabotage.ECHO, ("came from QuickBooks, and came back",)),
        (Sabotage.FEES_LOOK, ("are booked of",)),
        (Sabotage.MIRROR_LOOK, ("stands in HubSpot as",)),
        (Sabotage.MIRROR_EDITS, ("was overwritten with",)),
        (Sabotage.PAIR_WINNER, ("which nobody let go",)),
        (Sabotage.PAIR_WAY, ("which the pair does not go",)),
        (Sabotage.CURSOR, ("nobody ever looked at", "does not tie out", "a further look at everything wrote")),
    ],
)
def test_without_this_safety_a_world_breaks(sabotage: Sabotage, symptoms: tuple[str, ...]) -> None:
    first = FIRST.get(sabotage, 0)
    for seed in range(first, first + MOST_SEEDS):
        try:
            simulate(seed, sabotage, of=sabotage.of)
        except Failed as failed:
            if any(symptom in str(failed) for symptom in symptoms):
                simulate(seed, of=sabotage.of)
                return
    pytest.fail(f"{MOST_SEEDS} worlds without {sabotage} did not show it")
