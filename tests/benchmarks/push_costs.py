"""What the push of invoices costs in calls (see `bench`)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.bench import BATCH, LINES, Bench, Cost
from tests.benchmarks.report import Measure
from tests.benchmarks.table_log import logged_table
from tests.support.builders_world import World
from tieout.domain.hint import Cause, Hint
from tieout.services.outcome import Result


def measure() -> Iterator[Measure]:
    """Every figure of the push."""
    with logged_table() as log:
        bench = Bench(log)
        world = bench.world
        bench.stock()
        companies = [world.company(f"Company {number}") for number in range(BATCH)]
        contacts = [world.contact(email=f"person{number}@example.test") for number in range(BATCH)]
        first, hints = bench.invoices(companies, contacts), bench.invoices(companies, contacts)
        # Makes customers, items and HubSpot's properties known.
        bench.cost(bench.invoices_worker(), first)
        worker = bench.invoices_worker()
        yield from _new(bench.cost(worker, hints), len(world.booked()) - BATCH)
        yield from _duplicate(bench.cost(worker, hints[:1], Result.COVERED))
        yield from _unchanged(bench.cost(worker, [_later(world, hint) for hint in hints]))
        world.edit(hints[0].id, hs_due_date="2026-04-30T00:00:00Z")
        yield from _update(bench.cost(worker, [world.hint(hints[0].id)]))


def _later(world: World, hint: Hint) -> Hint:
    world.clock.advance(1)
    return world.hint(hint.id, Cause.SWEEP)


def _new(cost: Cost, booked: int) -> Iterator[Measure]:
    group = f"a batch of {BATCH} new invoices, {BATCH * LINES} lines, customers and items known, cold worker"
    yield Measure(group, "HubSpot calls, write-back included", cost.hubspot, 14)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 2)
    yield Measure(group, "QuickBooks writes", cost.writes, BATCH, exactly=True)
    yield Measure(group, "invoices in QuickBooks", booked, BATCH, exactly=True)
    writes = cost.store_writes
    listed = sum(one.register_entries for one in writes)
    items = sum(len(one.items) for one in writes) - listed
    limiter = sum(1 for one in cost.requests if one.of_limiter)
    others = [one for one in cost.requests if not one.writes and not one.of_limiter]
    yield Measure(group, "DynamoDB write requests an invoice", len(writes) / BATCH, 4)
    yield Measure(group, "DynamoDB items written an invoice", items / BATCH, 6)
    yield Measure(group, "and entries in the register, once", listed / BATCH, 4, exactly=True)
    yield Measure(group, "DynamoDB read requests an invoice", len(others) / BATCH, 1.25)
    yield Measure(group, "DynamoDB requests of the limiter, whole batch", limiter, 20)


def _duplicate(cost: Cost) -> Iterator[Measure]:
    group = "a duplicate hint afterwards"
    yield Measure(group, "vendor calls", cost.vendor_calls, 0, exactly=True)
    yield Measure(group, "reads of sync records", cost.record_reads, 1, exactly=True)
    yield Measure(group, "DynamoDB writes", sum(one.writes for one in cost.requests), 0, exactly=True)
    yield Measure(group, "DynamoDB requests, those for connection and settings included", len(cost.requests), 3)


def _unchanged(cost: Cost) -> Iterator[Measure]:
    group = f"another look at those {BATCH}, unchanged"
    yield Measure(group, "HubSpot calls", cost.hubspot, 10)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 0, exactly=True)
    yield Measure(group, "QuickBooks writes", cost.writes, 0, exactly=True)
    yield Measure(group, "DynamoDB write requests an invoice", len(cost.store_writes) / BATCH, 2)
    listed = sum(one.register_entries for one in cost.store_writes)
    yield Measure(group, "entries written in the register", listed, 0, exactly=True)


def _update(cost: Cost) -> Iterator[Measure]:
    group = "an update of one"
    yield Measure(group, "HubSpot calls, write-back included", cost.hubspot, 11)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 1)
    yield Measure(group, "QuickBooks writes", cost.writes, 1, exactly=True)
    yield Measure(group, "DynamoDB write requests", len(cost.store_writes), 4)
