"""What the push costs in calls: both vendors' sandboxes under the real adapters, in one process and on a virtual clock.

The world is that of the unit tests; the store, the tokens and the limiter are the real ones on moto's table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.benchmarks.report import Measure
from tests.benchmarks.table_log import Request, TableLog, logged_table
from tests.support.aws import TABLE
from tests.support.builders_world import START, VENDOR_TIMEOUT, World
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.hint import Cause, Hint
from tieout.domain.record import State
from tieout.ports import TokenSet
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess
from tieout.services.assess import Assessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.items import Items
from tieout.services.outcome import Result
from tieout.services.push_invoices import PushInvoices
from tieout.services.writing import Writer

BATCH = 30
# With three lines each a batch has 90: the lines of a batch are read 100 at a time.
_LINES = 3
_PRODUCTS = ("Consulting", "Training", "Support", "Licence", "Travel")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one batch cost. `reads` and `writes` are QuickBooks calls, the reads as the sandbox meters them."""

    hubspot: int
    reads: int
    writes: int
    quickbooks: int
    requests: Sequence[Request]

    @property
    def vendor_calls(self) -> int:
        """All of both vendors, token calls included."""
        return self.hubspot + self.quickbooks

    @property
    def record_reads(self) -> int:
        """Requests that read sync records."""
        return sum(1 for one in self.requests if one.of_record and not one.writes)

    @property
    def store_writes(self) -> list[Request]:
        """Requests that write anything but the limiter's budget."""
        return [one for one in self.requests if one.writes and not one.of_limiter]


class Bench:
    """A world whose workers keep their state in DynamoDB."""

    def __init__(self, log: TableLog) -> None:
        self.log = log
        self.world = World()
        self._names = count(1)
        clock, connection = self.world.clock, self.world.connection
        DynamoConnections(log.client, TABLE, clock).add_connection(connection)
        tokens = TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, START + timedelta(hours=1), version=1)
        DynamoTokens(log.client, TABLE, clock).save(connection.id, tokens)

    def cold_worker(self) -> PushInvoices:
        """A worker as after a cold start: it knows nothing but the table."""
        world, client, clock = self.world, self.log.client, self.world.clock
        vendors = ConnectedWorkspaces(
            DynamoConnections(client, TABLE, clock),
            DynamoTokens(client, TABLE, clock),
            DynamoLimiter(client, TABLE, clock),
            clock,
            self._access(),
            lambda: f"owner-{next(self._names)}",
            DynamoReadMeter(client, TABLE, clock),
        )
        records = DynamoRecords(client, TABLE, clock)
        claims = Claims(records, world.hints, clock, lambda: f"worker-{next(self._names)}")
        assessor = Assessor(Customers(claims, VENDOR_TIMEOUT), Items(records, clock))
        return PushInvoices(vendors, claims, assessor, Writer(claims, VENDOR_TIMEOUT), VENDOR_TIMEOUT)

    def _access(self) -> VendorAccess:
        books = SandboxTransport(self.world.quickbooks)
        secrets = VendorSecrets(
            intuit_client_id=CLIENT_ID,
            intuit_client_secret=CLIENT_SECRET,
            hubspot_tokens={self.world.connection.portal_id: "pat-na1-sandbox"},
        )
        return VendorAccess(
            make_client("https://api.hubapi.test", transport=SandboxTransport(self.world.hubspot)),
            make_client("https://quickbooks.test", transport=books),
            make_client("https://oauth.test", transport=books),
            "https://app.test",
            lambda: secrets,
        )

    def invoices(self, companies: Sequence[str], contacts: Sequence[str]) -> list[Hint]:
        """A new open invoice for each of them; the hints that HubSpot's webhooks would become."""
        return [
            self.world.hint(
                self.world.invoice(
                    company=company, contact=contact, lines=_LINES, product=_PRODUCTS[at % len(_PRODUCTS)]
                )
            )
            for at, (company, contact) in enumerate(zip(companies, contacts, strict=True))
        ]

    def cost(self, worker: PushInvoices, hints: Sequence[Hint], result: Result = Result.HANDLED) -> Cost:
        """Hand the worker a batch, of which every hint has to come to `result`."""
        world = self.world
        world.hubspot.traffic.clear()
        world.quickbooks.traffic.clear()
        self.log.take()
        reads = world.quickbooks.company.reads
        outcomes = worker.push(hints)
        state = State.SYNCED if result is Result.HANDLED else ""
        ends = {(one.result, one.state, one.reason) for one in outcomes}
        if ends != {(result, state, "")}:
            raise AssertionError(f"a batch came to {ends}, not to {result}")
        posts = [one.url for one in world.quickbooks.traffic.exchanges if one.method == "POST"]
        return Cost(
            hubspot=len(world.hubspot.traffic.exchanges),
            reads=world.quickbooks.company.reads - reads,
            writes=sum("/v3/company/" in url for url in posts),
            quickbooks=len(world.quickbooks.traffic.exchanges),
            requests=self.log.take(),
        )


def measure() -> Iterator[Measure]:
    """Every figure of the push."""
    with logged_table() as log:
        bench = Bench(log)
        world = bench.world
        _stock(world)
        companies = [world.company(f"Company {number}") for number in range(BATCH)]
        contacts = [world.contact(email=f"person{number}@example.test") for number in range(BATCH)]
        first, hints = bench.invoices(companies, contacts), bench.invoices(companies, contacts)
        # Makes customers, items and HubSpot's properties known.
        bench.cost(bench.cold_worker(), first)
        worker = bench.cold_worker()
        yield from _new(bench.cost(worker, hints), len(world.booked()) - BATCH)
        yield from _duplicate(bench.cost(worker, hints[:1], Result.COVERED))
        yield from _unchanged(bench.cost(worker, [_later(world, hint) for hint in hints]))
        world.edit(hints[0].id, hs_due_date="2026-04-30T00:00:00Z")
        yield from _update(bench.cost(worker, [world.hint(hints[0].id)]))


def _stock(world: World) -> None:
    income = world.booked("Item")[0]["IncomeAccountRef"]
    for product in _PRODUCTS:
        world.book("Item", {"Name": product, "Type": "Service", "IncomeAccountRef": income})


def _later(world: World, hint: Hint) -> Hint:
    world.clock.advance(1)
    return world.hint(hint.id, Cause.SWEEP)


def _new(cost: Cost, booked: int) -> Iterator[Measure]:
    group = f"a batch of {BATCH} new invoices, {BATCH * _LINES} lines, customers and items known, cold worker"
    yield Measure(group, "HubSpot calls, write-back included", cost.hubspot, 14)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 2)
    yield Measure(group, "QuickBooks writes", cost.writes, BATCH, exactly=True)
    yield Measure(group, "invoices in QuickBooks", booked, BATCH, exactly=True)
    writes = cost.store_writes
    items = sum(len(one.items) for one in writes)
    limiter = sum(1 for one in cost.requests if one.of_limiter)
    others = [one for one in cost.requests if not one.writes and not one.of_limiter]
    yield Measure(group, "DynamoDB write requests an invoice", len(writes) / BATCH, 4)
    yield Measure(group, "DynamoDB items written an invoice", items / BATCH, 6)
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


def _update(cost: Cost) -> Iterator[Measure]:
    group = "an update of one"
    yield Measure(group, "HubSpot calls, write-back included", cost.hubspot, 11)
    yield Measure(group, "metered QuickBooks reads", cost.reads, 1)
    yield Measure(group, "QuickBooks writes", cost.writes, 1, exactly=True)
    yield Measure(group, "DynamoDB write requests", len(cost.store_writes), 4)
