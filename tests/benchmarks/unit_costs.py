"""What one invoice's life costs, alone and in a batch: calls of both vendors, and DynamoDB's units (see `table_units`).

`docs/deployment.md` computes from these counts what a month costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from infra.aws.counts import ALONE, BATCHED, SWEEP, Count
from tests.benchmarks.bench import BATCH, Bench, Cost, Work
from tests.benchmarks.report import Measure
from tests.benchmarks.table_log import TableLog
from tests.benchmarks.table_units import UnitCounter
from tests.support import aws
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.services.outcome import Result

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SIZES = {BATCH: BATCHED, 1: ALONE}
_WHAT = {
    "HubSpot calls": "hubspot",
    "metered QuickBooks reads": "reads",
    "QuickBooks writes": "writes",
    "DynamoDB write units": "write_units",
    "DynamoDB read units": "read_units",
}
_AMOUNT = "360.00"
_QUARTER = 900


def measure(sizes: Mapping[int, Mapping[str, Count]] = SIZES) -> Iterator[Measure]:
    """Every count, with the one that the page of costs goes by as its limit."""
    for name, expected, found in found_counts(sizes):
        for what, field in _WHAT.items():
            yield Measure(name, what, float(getattr(found, field)), float(getattr(expected, field)))


def found_counts(sizes: Mapping[int, Mapping[str, Count]]) -> Iterator[tuple[str, Count, Count]]:
    """Name, the count that the page of costs goes by, and the count that was measured; each for one hint."""
    with aws.table() as client:
        life = _Life(client)
        for number, known in sizes.items():
            label = "alone" if number == 1 else f"in a batch of {number}"
            for what, found in life.of(number).items():
                yield f"{what}, {label}", known[what], found
        yield "a sweep that finds nothing", SWEEP, life.idle_sweep()


def stored(number: int) -> float:
    """Bytes in the table for each of some invoices that were sent and paid."""
    with aws.table() as client:
        return _Life(client).stored(number)


class _Life:
    """Invoices that are sent, paid in either system, and looked at again."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.counter = UnitCounter(client)
        self.bench = Bench(TableLog(cast("DynamoDBClient", self.counter)))
        self.bench.stock()
        self.workers = (self.bench.invoices_worker(), self.bench.payments_worker(), self.bench.pull_worker())
        world = self.bench.world
        self.companies = [world.company(f"Company {at}") for at in range(BATCH)]
        self.contacts = [world.contact(email=f"person{at}@example.test") for at in range(BATCH)]
        # What a worker learns once (company, preferences, HubSpot's properties) is learnt, and customers are known.
        self.bench.cost(self.workers[0], self.bench.invoices(self.companies, self.contacts))
        self.of(1)

    def of(self, number: int) -> Mapping[str, Count]:
        """The counts of each step for this many invoices at once."""
        bench, world = self.bench, self.bench.world
        invoices, payments, pulls = self.workers
        companies, contacts = self.companies[:number], self.contacts[:number]
        new = [_as_told(hint) for hint in bench.invoices(companies, contacts)]
        found = {"a new invoice": self._count(invoices, new)}
        found["a hint that is covered"] = self._count(invoices, new, Result.COVERED)
        found["another look, unchanged"] = self._count(invoices, [self._later(hint) for hint in new])
        paid = [world.pay_hint(world.people.pay(hint.id, _AMOUNT)) for hint in new]
        found["a HubSpot payment"] = self._count(payments, paid)
        others = bench.invoices(companies, contacts)
        bench.cost(invoices, others)
        world.clock.advance(1)
        received = [self._received(hint.id) for hint in others]
        found["a QuickBooks payment"] = self._count(pulls, [world.pull_hint(id_) for id_ in received])
        world.hints.pop_due(limit=1000)
        world.clock.advance(1)
        shown = [world.hint(bench.booked_as(one.id)[0], object=HintObject.QUICKBOOKS_INVOICE) for one in others]
        found["an invoice shows what was paid"] = self._count(invoices, shown)
        return found

    def idle_sweep(self) -> Count:
        """One run with nothing to find."""
        bench, world = self.bench, self.bench.world
        for _ in range(3):
            world.clock.advance(_QUARTER)
            bench.sweep()
        world.clock.advance(_QUARTER)
        self.counter.take()
        return self._counted(bench.measured(bench.sweep), 1)

    def stored(self, number: int) -> float:
        """Bytes in the table for each invoice that was sent and paid."""
        before = self.counter.stored()
        self.of(number)
        # Two invoices, each with a payment.
        return (self.counter.stored() - before) / (2 * number)

    def _count(self, work: Work, hints: Sequence[Hint], result: Result = Result.HANDLED) -> Count:
        self.counter.take()
        return self._counted(self.bench.cost(work, hints, result), len(hints))

    def _counted(self, cost: Cost, number: int) -> Count:
        units = self.counter.take()
        figures = (cost.hubspot, cost.reads, cost.writes, units.write, units.read)
        return Count(*(Decimal(str(one / number)).quantize(Decimal("0.01")) for one in figures))

    def _later(self, hint: Hint) -> Hint:
        self.bench.world.clock.advance(1)
        return self.bench.world.hint(hint.id, Cause.SWEEP)

    def _received(self, invoice: str) -> str:
        far_id, customer = self.bench.booked_as(invoice)
        entered = self.bench.world.bookkeeper.receive(customer, Decimal(_AMOUNT), {far_id: Decimal(_AMOUNT)})
        return str(entered["Id"])


def _as_told(hint: Hint) -> Hint:
    """HubSpot tells times in milliseconds."""
    at = hint.occurred_at
    return replace(hint, occurred_at=at.replace(microsecond=at.microsecond // 1000 * 1000))
