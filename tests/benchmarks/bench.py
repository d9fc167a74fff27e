"""The workers over both vendors' sandboxes under the real adapters, in one process and on a virtual clock, and what a
batch costs them.

The world is that of the unit tests; the store, the tokens and the limiter are the real ones on moto's table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.benchmarks.table_log import Request, TableLog
from tests.support.aws import TABLE
from tests.support.builders_money_world import ACCOUNTS, MoneyWorld
from tests.support.builders_world import START, VENDOR_TIMEOUT
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.cursors import DynamoCursors
from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.adapters.dynamodb.notices import DynamoNotices
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.hint import Hint
from tieout.domain.record import Kind, RecordKey, State
from tieout.ports import TokenSet
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess
from tieout.services.assess import Assessor
from tieout.services.assess_payments import PaymentAssessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.items import Items
from tieout.services.mirroring import MirrorWriter
from tieout.services.outcome import Outcome, Result, Run
from tieout.services.posting import PostingWriter
from tieout.services.pull_invoices import PullInvoices
from tieout.services.pull_payments import PullPayments
from tieout.services.push_invoices import PushInvoices
from tieout.services.push_payments import PushPayments
from tieout.services.reconcile import Reconcile, Report
from tieout.services.showing_invoices import MirroredInvoiceWriter
from tieout.services.sweep import Sweep
from tieout.services.writing import Writer

BATCH = 30
# With three lines each a batch has 90: the lines of a batch are read 100 at a time.
LINES = 3
PRODUCTS = ("Consulting", "Training", "Support", "Licence", "Travel")
Work = Callable[[Sequence[Hint]], Sequence[Outcome]]


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
        self.world = MoneyWorld()
        self._names = count(1)
        clock, connection = self.world.clock, self.world.connection
        self.connections = DynamoConnections(log.client, TABLE, clock)
        self.connections.add_connection(connection)
        self.connections.apply_settings(connection.id, {"deposit_accounts": ACCOUNTS}, "bench", clock.now())
        self.records = DynamoRecords(log.client, TABLE, clock)
        self.meter = DynamoReadMeter(log.client, TABLE, clock)
        tokens = TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, START + timedelta(hours=1), version=1)
        DynamoTokens(log.client, TABLE, clock).save(connection.id, tokens)

    # Workers as after a cold start: they know nothing but the table.

    def invoices_worker(self) -> Work:
        """The worker of invoices."""
        claims = self._claims()
        assessor = Assessor(Customers(claims, VENDOR_TIMEOUT), Items(self.records, self.world.clock))
        vendors = self._workspaces()
        return PushInvoices(vendors, claims, assessor, Writer(claims, VENDOR_TIMEOUT), VENDOR_TIMEOUT).push

    def payments_worker(self) -> Work:
        """The worker of HubSpot payments."""
        claims = self._claims()
        assessor = PaymentAssessor(self.records, Customers(claims, VENDOR_TIMEOUT))
        writer = PostingWriter(claims, VENDOR_TIMEOUT)
        return PushPayments(self._workspaces(), claims, assessor, writer, VENDOR_TIMEOUT).push

    def pull_worker(self) -> Work:
        """The worker of QuickBooks payments."""
        claims, notices = self._claims(), DynamoNotices(self.log.client, TABLE)
        writer = MirrorWriter(claims, VENDOR_TIMEOUT)
        return PullPayments(self._workspaces(), claims, writer, notices, VENDOR_TIMEOUT).pull

    def mirrors_worker(self) -> Work:
        """The worker of invoices that are born in QuickBooks."""
        writer = MirroredInvoiceWriter(self._claims(), VENDOR_TIMEOUT)
        return PullInvoices(self._workspaces(), writer.claims, writer, VENDOR_TIMEOUT).pull

    def sweep(self) -> Run:
        """A run of the sweep, cold like all of them."""
        world, clock = self.world, self.world.clock
        cursors = DynamoCursors(self.log.client, TABLE)
        sweep = Sweep(self.connections, self._workspaces(), self.records, cursors, world.hints, clock, self.meter)
        return sweep.run("sweep", clock.now() + timedelta(minutes=4))

    def tie_out(self) -> Report:
        """A tie-out of everything, cold like a night's."""
        workspace = self._workspaces().open(self.world.connection.id)
        assert workspace is not None
        return Reconcile(self.records, self.world.clock).run(workspace)

    def _claims(self) -> Claims:
        world = self.world
        return Claims(self.records, world.hints, world.clock, lambda: f"worker-{next(self._names)}")

    def _workspaces(self) -> ConnectedWorkspaces:
        client, clock = self.log.client, self.world.clock
        return ConnectedWorkspaces(
            self.connections,
            DynamoTokens(client, TABLE, clock),
            DynamoLimiter(client, TABLE, clock),
            clock,
            self._access(),
            lambda: f"owner-{next(self._names)}",
            self.meter,
        )

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
                self.world.invoice(company=company, contact=contact, lines=LINES, product=PRODUCTS[at % len(PRODUCTS)])
            )
            for at, (company, contact) in enumerate(zip(companies, contacts, strict=True))
        ]

    def stock(self) -> None:
        """A person enters the products in QuickBooks."""
        income = self.world.booked("Item")[0]["IncomeAccountRef"]
        for product in PRODUCTS:
            self.world.book("Item", {"Name": product, "Type": "Service", "IncomeAccountRef": income})

    def booked_as(self, invoice: str) -> tuple[str, str]:
        """The QuickBooks invoice of a HubSpot invoice, and its customer."""
        record = self.records.get(RecordKey(self.world.connection.id, Kind.INVOICE, "hubspot", invoice))
        assert record is not None
        assert record.link is not None
        assert record.link.sent is not None
        return record.link.far_id, record.link.sent.customer_id

    def cost(self, work: Work, hints: Sequence[Hint], result: Result = Result.HANDLED) -> Cost:
        """Hand a worker a batch, of which every hint has to come to `result`."""

        def all_of_them() -> None:
            state = State.SYNCED if result is Result.HANDLED else ""
            ends = {(one.result, one.state, one.reason) for one in work(hints)}
            if ends != {(result, state, "")}:
                raise AssertionError(f"a batch came to {ends}, not to {result}")

        return self.measured(all_of_them)

    def measured(self, work: Callable[[], object]) -> Cost:
        """What some work costs."""
        world = self.world
        world.hubspot.traffic.clear()
        world.quickbooks.traffic.clear()
        self.log.take()
        reads = world.quickbooks.company.reads
        work()
        posts = [one.url for one in world.quickbooks.traffic.exchanges if one.method == "POST"]
        return Cost(
            hubspot=len(world.hubspot.traffic.exchanges),
            reads=world.quickbooks.company.reads - reads,
            writes=sum("/v3/company/" in url for url in posts),
            quickbooks=len(world.quickbooks.traffic.exchanges),
            requests=self.log.take(),
        )
