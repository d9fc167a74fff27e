"""What showing QuickBooks' own invoices in HubSpot costs in calls (see `bench`)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.benchmarks.bench import BATCH, Bench, Cost
from tests.benchmarks.report import Measure
from tests.benchmarks.table_log import logged_table
from tests.support.builders_mirror_world import discount, sale
from tests.support.builders_money_world import ACCOUNTS
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.services.outcome import Result

_QUARTER = 900


def measure() -> Iterator[Measure]:
    """Every figure of invoices that are born in QuickBooks."""
    with logged_table() as log:
        bench = Bench(log)
        world = bench.world
        world.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
        document = {"deposit_accounts": ACCOUNTS, "pull_invoices": True}
        bench.connections.apply_settings(world.connection.id, document, "bench", world.clock.now())
        customers = [str(world.bookkeeper.create("Customer", DisplayName=f"C {one}")["Id"]) for one in range(BATCH)]
        # What is there before is no part of it, and the properties are created once.
        bench.cost(bench.mirrors_worker(), [_hint(bench, _made(bench, customers[0]))])
        rows = [_made(bench, customer) for customer in customers]
        hints = [_hint(bench, row) for row in rows]
        worker = bench.mirrors_worker()
        group = f"a batch of {BATCH} new QuickBooks invoices with a discount, cold worker"
        # Draft, lines, discount, status; and for all together four searches and the statuses.
        cost = bench.cost(worker, hints)
        yield from _calls(group, cost, hubspot=4 * BATCH + 6, reads=4)
        yield Measure(group, "DynamoDB write requests an invoice", len(cost.store_writes) / BATCH, 7)
        cost = bench.cost(worker, hints[:1], Result.COVERED)
        yield from _calls("a duplicate hint of one of them", cost, hubspot=0, reads=0)
        world.clock.advance(_QUARTER)
        again = [_hint(bench, row, Cause.RETRY) for row in rows]
        cost = bench.cost(worker, again)
        yield from _calls(f"another look at those {BATCH}, unchanged", cost, hubspot=9, reads=3)
        yield from _idle(bench)


def _idle(bench: Bench) -> Iterator[Measure]:
    world = bench.world
    for _ in range(3):
        bench.sweep()
        due = [one for one in world.hints.pop_due(limit=1000) if one.object is not HintObject.QUICKBOOKS_INVOICE]
        bench.mirrors_worker()(due)
        world.clock.advance(_QUARTER)
    cost = bench.measured(bench.sweep)
    group = f"an idle sweep with those {BATCH} in sync"
    yield Measure(group, "metered QuickBooks reads", cost.reads, 1, exactly=True)
    yield Measure(group, "hints queued", len(world.hints.pop_due(limit=1000)), 0, exactly=True)


def _made(bench: Bench, customer: str) -> dict[str, Any]:
    lines = [sale("3", "120.00"), discount("10.00")]
    made: dict[str, Any] = bench.world.bookkeeper.create("Invoice", CustomerRef={"value": customer}, Line=lines)
    assert made["TotalAmt"] == Decimal(350)
    return made


def _hint(bench: Bench, row: dict[str, Any], cause: Cause = Cause.WEBHOOK) -> Hint:
    return bench.world.hint(str(row["Id"]), cause, object=HintObject.QUICKBOOKS_OWN_INVOICE)


def _calls(group: str, cost: Cost, *, hubspot: int, reads: int) -> Iterator[Measure]:
    yield Measure(group, "HubSpot calls", cost.hubspot, hubspot)
    yield Measure(group, "metered QuickBooks reads", cost.reads, reads)
    yield Measure(group, "QuickBooks writes", cost.writes, 0, exactly=True)
