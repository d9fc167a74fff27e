"""Money is conserved both ways in seeded worlds of lost answers, crashes, and people who change their mind."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.course import Result
from tests.simulation.simulation import simulate

SEEDS = 70
CHUNK = 10
COUNTED = 60
# Whatever people do with money in HubSpot, in QuickBooks and at Tieout.
ACTS = frozenset(
    {
        *("bill", "finalise", "void", "archive", "edit line", "edit texts"),
        *("pay", "pay several", "pay link", "record by hand", "succeed", "fail"),
        *("refund", "finish refund", "fail refund", "dispute", "charge"),
        *("delete payment", "restore payment", "delete recorded", "edit recorded"),
        *("receive", "receive for two", "apply otherwise", "unapply", "void payment", "delete payment", "credit"),
        *("give back", "touch ours", "void ours", "delete ours", "delete refund", "close books"),
        *("retry", "switch", "other setting"),
    }
)


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_fault_makes_or_loses_money(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed, of="money")


@pytest.mark.simulation
def test_the_same_seed_plays_the_same_world_of_money_step_by_step() -> None:
    first, second = simulate(7, of="money"), simulate(7, of="money")
    assert len(first.trace) > 50
    assert first.trace == second.trace


@pytest.fixture(scope="module")
def worlds() -> list[Result]:
    """Enough of them to count what happens in worlds."""
    return [simulate(seed, of="money") for seed in range(1000, 1000 + COUNTED)]


@pytest.mark.simulation
def test_everything_that_people_do_with_money_is_played(worlds: list[Result]) -> None:
    assert {name for world in worlds for name in world.played} >= ACTS


@pytest.mark.simulation
def test_money_goes_both_ways_and_back_in_stormy_worlds(worlds: list[Result]) -> None:
    assert sum(world.crashes for world in worlds) >= COUNTED // 2
    assert sum(world.lost for world in worlds) >= COUNTED // 2
    written = sum((world.writes for world in worlds), Counter[str]())
    for name in ("create Payment", "record payment", "create Purchase"):
        assert written[name] >= COUNTED
    for name in ("create RefundReceipt", "create CreditMemo", "create SalesReceipt", "delete recorded payment"):
        assert written[name] >= COUNTED // 10
    assert sum("verifying" in name for world in worlds for name in world.states) >= COUNTED // 4


@pytest.mark.simulation
def test_payments_come_to_rest_in_every_way(worlds: list[Result]) -> None:
    ends = sum((world.ends for world in worlds), Counter[str]())
    often = ("overpayment", "payment_failed", "payment_disputed", "deleted_in_hubspot", "edited_in_quickbooks")
    assert set(ends) >= {f"payment attention {code}" for code in often}
    assert set(ends) >= {f"payment ignored {reason}" for reason in ("failed", "processing", "without_invoice")}
    assert set(ends) >= {"pulled synced", "pulled ignored voided", "payment deleted_in_ledger deleted_in_quickbooks"}
    assert ends["fees synced"] >= COUNTED // 5
    assert ends["clearing proved"] >= COUNTED
    # A storm leaves much to people, and yet most of what can be agreed on is.
    payments = sum(number for name, number in ends.items() if name.startswith("payment "))
    assert ends["payment synced"] >= payments // 5
    assert ends["ties out"] >= ends["does not tie out"] // 2
