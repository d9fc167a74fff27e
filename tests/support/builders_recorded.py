"""What stands recorded of QuickBooks' payments in HubSpot, and a person who changes it there."""

from __future__ import annotations

from decimal import Decimal

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_world import OBJECTS


def amounts(world: MoneyWorld, id_: str) -> list[Decimal]:
    """The payments of an invoice in HubSpot, by size."""
    return sorted(one.amount.amount for one in world.recorded(id_).values())


def hubspot_calls(world: MoneyWorld, method: str, path: str = "/commerce_payments") -> int:
    """How many calls of HubSpot there were of this kind."""
    return sum(one.method == method and path in one.url for one in world.hubspot.traffic.exchanges)


def edit(world: MoneyWorld, payment: str, **properties: str) -> None:
    """A person changes a payment in HubSpot, a minute later."""
    world.clock.advance(60)
    answer = world.person.patch(f"{OBJECTS}/commerce_payments/{payment}", json={"properties": properties})
    assert answer.status_code == 200, answer.text
