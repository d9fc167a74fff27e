"""What everybody in a world shares: both systems, the time, the source of chance, and who is told of a change."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation.grounds import Ground
from tests.simulation.stage import Clock
from tests.simulation.watch import Watch

# What a person may do, and how often they do; an act says whether it was possible.
Act = Callable[[], bool]
Acts = Mapping[Act, int]


@dataclass(slots=True)
class Scene:
    """`changed` is called after each change of a system by a person ("hubspot" or "quickbooks"). `deletions` says when
    which QuickBooks invoice was deleted, `turned` which of QuickBooks' preferences were changed in between, `products`
    HubSpot's product ids by name, `reached` counts what was played."""

    hubspot: HubSpotSandbox
    quickbooks: QuickBooksSandbox
    watch: Watch
    clock: Clock
    chance: random.Random
    ground: Ground
    tell: Callable[[str], None]
    changed: Callable[[str], None]
    deletions: dict[str, datetime] = field(default_factory=dict)
    turned: set[str] = field(default_factory=set)
    products: dict[str, str] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> date:
        """The day of the virtual clock."""
        return self.clock.time.date()
