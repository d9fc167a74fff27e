"""What payments and the sweep cost in calls (see `bench`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from urllib.parse import unquote_plus

from tests.benchmarks.bench import BATCH, Bench, Cost
from tests.benchmarks.report import Measure
from tests.benchmarks.table_log import logged_table
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.services.outcome import Result

SWEEPS_AN_HOUR = 4
_QUARTER = 900
# Intuit's reads a month over those of one connection's sweeps at their default rate, in round figures.
_HOURS_A_MONTH = 730
_AMOUNT = "360.00"


@dataclass(frozen=True)
class _Batches:
    """Three batches of invoices that both systems know, by HubSpot id."""

    by_card: Sequence[str]
    in_ledger: Sequence[str]


def measure() -> Iterator[Measure]:
    """Every figure of payments, both ways, and of the sweep."""
    with logged_table() as log:
        bench = Bench(log)
        bench.stock()
        known = _known(bench)
        yield from _pushed(bench, known.by_card)
        yield from _pulled(bench, known.in_ledger)
        yield from _tied_out(bench)
        yield from _idle(bench)
        yield from _waiting(bench)


def _known(bench: Bench) -> _Batches:
    world = bench.world
    companies = [world.company(f"Company {number}") for number in range(BATCH)]
    contacts = [world.contact(email=f"person{number}@example.test") for number in range(BATCH)]
    batches = []
    for _ in range(2):
        hints = bench.invoices(companies, contacts)
        bench.cost(bench.invoices_worker(), hints)
        batches.append([hint.id for hint in hints])
    return _Batches(*batches)


# -- HubSpot to QuickBooks


def _pushed(bench: Bench, invoices: Sequence[str]) -> Iterator[Measure]:
    world = bench.world
    hints = [world.pay_hint(world.people.pay(id_, _AMOUNT)) for id_ in invoices]
    worker = bench.payments_worker()
    cost = bench.cost(worker, hints)
    group = f"a batch of {BATCH} HubSpot payments of invoices that are in sync, cold worker"
    yield from _calls(group, cost, hubspot=2, reads=3, writes=BATCH)
    yield Measure(group, "of them the query for open balances", _queries(bench, "Invoice"), 1, exactly=True)
    yield from _store(group, cost, writes=4, reads=2.25)
    yield from _duplicate(
        "a duplicate hint of a HubSpot payment afterwards", bench.cost(worker, hints[:1], Result.COVERED)
    )
    cost = bench.cost(worker, [_later(bench, hint, world.pay_hint) for hint in hints])
    yield from _calls(f"another look at those {BATCH}, unchanged", cost, hubspot=2, reads=0, writes=0)
    for hint in hints:
        world.people.refund(hint.id, "60.00")
    cost = bench.cost(worker, [_later(bench, hint, world.pay_hint) for hint in hints])
    yield from _calls(f"a part of those {BATCH} refunded", cost, hubspot=2, reads=0, writes=BATCH)


# -- QuickBooks to HubSpot


def _pulled(bench: Bench, invoices: Sequence[str]) -> Iterator[Measure]:
    world = bench.world
    ids = []
    for invoice in invoices:
        far_id, customer = bench.booked_as(invoice)
        ids.append(str(world.bookkeeper.receive(customer, Decimal(_AMOUNT), {far_id: Decimal(_AMOUNT)})["Id"]))
    hints = [world.pull_hint(id_) for id_ in ids]
    worker = bench.pull_worker()
    cost = bench.cost(worker, hints)
    group = f"a batch of {BATCH} QuickBooks payments of invoices that are in sync, cold worker"
    yield from _calls(group, cost, hubspot=BATCH, reads=3, writes=0)
    yield Measure(group, "of them the query for payments", _queries(bench, "Payment"), 1, exactly=True)
    yield Measure(group, "of the HubSpot calls, payments recorded", _recorded(bench), BATCH, exactly=True)
    yield from _store(group, cost, writes=4, reads=6.25)
    yield from _duplicate(
        "a duplicate hint of a QuickBooks payment afterwards", bench.cost(worker, hints[:1], Result.COVERED)
    )
    world.hints.pop_due(limit=1000)
    shown = [world.hint(bench.booked_as(id_)[0], object=HintObject.QUICKBOOKS_INVOICE) for id_ in invoices]
    cost = bench.cost(bench.invoices_worker(), shown)
    group = f"their {BATCH} invoices show what was paid, cold worker"
    yield from _calls(group, cost, hubspot=11, reads=4, writes=0)


# -- the sweep


def _idle(bench: Bench) -> Iterator[Measure]:
    world = bench.world
    # What was played so far is news for the first, and the listing of what is deleted comes once a day.
    for _ in range(3):
        world.clock.advance(_QUARTER)
        bench.sweep()
    world.clock.advance(_QUARTER)
    world.hints.pop_due(limit=1000)

    def hour() -> None:
        for _ in range(SWEEPS_AN_HOUR):
            ran = bench.sweep()
            if ran.troubles or ran.failure:
                raise AssertionError(f"a sweep met {ran.troubles or ran.failure}")
            world.clock.advance(_QUARTER)

    cost = bench.measured(hour)
    group = f"an idle hour, {SWEEPS_AN_HOUR} sweeps of one connection"
    yield Measure(
        group, "metered QuickBooks reads, one of change data capture each", cost.reads, SWEEPS_AN_HOUR, exactly=True
    )
    yield Measure(group, "the same in a month, of 500,000", cost.reads * _HOURS_A_MONTH, 3000)
    yield Measure(group, "HubSpot calls", cost.hubspot, 2 * SWEEPS_AN_HOUR, exactly=True)
    yield Measure(group, "QuickBooks writes", cost.writes, 0, exactly=True)
    yield Measure(group, "hints queued", len(world.hints.pop_due(limit=1000)), 0, exactly=True)
    yield Measure(group, "DynamoDB requests", len(cost.requests), 120)


# -- the tie-out


def _tied_out(bench: Bench) -> Iterator[Measure]:
    def all_of_them() -> None:
        report = bench.tie_out()
        if not report.ties_out or len(report.results) != 2 * BATCH:
            raise AssertionError(f"{len(report.results)} invoices were compared: {report.drifted}")

    cost = bench.measured(all_of_them)
    group = f"a tie-out of those {2 * BATCH} invoices, paid on both sides, half of them refunded in part"
    yield Measure(group, "metered QuickBooks reads, company and preferences included", cost.reads, 5, exactly=True)
    for entity in ("Invoice", "Payment", "RefundReceipt"):
        yield Measure(group, f"of them queries for {entity}", _queries(bench, entity), 1, exactly=True)
    yield Measure(group, "HubSpot calls", cost.hubspot, 14)
    yield Measure(group, "QuickBooks writes", cost.writes, 0, exactly=True)
    yield Measure(group, "DynamoDB writes", len(cost.store_writes), 0, exactly=True)


# -- a payment that came before its invoice


def _waiting(bench: Bench) -> Iterator[Measure]:
    """From its first look on, woken by the queue's delays and the sweep: the pauses are short at first."""
    world = bench.world
    world.hints.pop_due(limit=1000)
    payment = world.pay_hint(world.people.pay(world.invoice(company=world.company("Late"), contact=world.contact())))
    worker, ends = bench.payments_worker(), world.clock.now() + timedelta(hours=1)
    looks = 0

    def hour() -> None:
        nonlocal looks
        due = [payment]
        while world.clock.now() < ends:
            looks += len(due)
            if due and {one.reason for one in worker(due)} - {"invoice_not_synced", ""}:
                raise AssertionError("the payment does not wait for its invoice")
            world.clock.advance(15)
            due = [hint for hint in world.hints.pop_due(limit=1000) if hint.id == payment.id]

    cost = bench.measured(hour)
    group = "the first hour of a HubSpot payment that waits for its invoice"
    yield Measure(group, "looks", looks, 12)
    yield Measure(group, "HubSpot calls", cost.hubspot, 24)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 0, exactly=True)
    yield Measure(group, "QuickBooks writes", cost.writes, 0, exactly=True)


# -- what is the same for all


def _later(bench: Bench, hint: Hint, again: Callable[[str, Cause], Hint]) -> Hint:
    bench.world.clock.advance(1)
    return again(hint.id, Cause.SWEEP)


def _queries(bench: Bench, entity: str) -> int:
    """How many queries of an entity QuickBooks was asked since it was last measured."""
    urls = [unquote_plus(one.url) for one in bench.world.quickbooks.traffic.exchanges]
    return sum(f"FROM {entity} " in url for url in urls)


def _recorded(bench: Bench) -> int:
    urls = [one.url for one in bench.world.hubspot.traffic.exchanges if one.method == "POST"]
    return sum(url.endswith("/commerce_payments") for url in urls)


def _calls(group: str, cost: Cost, *, hubspot: int, reads: int, writes: int) -> Iterator[Measure]:
    yield Measure(group, "HubSpot calls", cost.hubspot, hubspot)
    told = ", company and preferences included" if reads else ""
    yield Measure(group, f"metered QuickBooks reads{told}", cost.reads, reads, exactly=not reads)
    yield Measure(group, "QuickBooks writes", cost.writes, writes, exactly=True)


def _store(group: str, cost: Cost, writes: float, reads: float) -> Iterator[Measure]:
    others = [one for one in cost.requests if not one.writes and not one.of_limiter]
    yield Measure(group, "DynamoDB write requests a payment", len(cost.store_writes) / BATCH, writes)
    yield Measure(group, "DynamoDB read requests a payment", len(others) / BATCH, reads)


def _duplicate(group: str, cost: Cost) -> Iterator[Measure]:
    yield Measure(group, "vendor calls", cost.vendor_calls, 0, exactly=True)
    yield Measure(group, "DynamoDB writes", sum(one.writes for one in cost.requests), 0, exactly=True)
