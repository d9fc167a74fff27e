"""What a back-fill costs in calls, and how long it takes against what the vendors' limits allow for those calls.

Both sandboxes keep their documented limits, the limiter is the real one, and every answer takes the time that it may
take: on a virtual clock on which several lanes work at once, as the command's threads do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx

from infra.sandbox.hubspot.config import Limits
from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.benchmarks.quiet import quiet
from tests.benchmarks.report import Measure
from tests.support.aws import TABLE, table
from tests.support.builders_mirror_world import MirrorWorld, sale
from tests.support.builders_world import COMPANY_OF, CONTACT_OF, LINE_OF, OBJECTS, VENDOR_TIMEOUT
from tests.support.parallel_clock import ParallelClock, VirtualLanes
from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.record import State
from tieout.ports import TokenSet
from tieout.runtime.bootstrap.backfill import CALL_PATIENCE, LANES, Backfill
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess
from tieout.services.assess import Assessor
from tieout.services.backfill import Wish
from tieout.services.customers import Customers
from tieout.services.items import Items
from tieout.services.patience import Patience, PatientLimiter
from tieout.services.pull_invoices import PullInvoices
from tieout.services.push_invoices import PushInvoices
from tieout.services.showing_invoices import MirroredInvoiceWriter
from tieout.services.writing import Writer

# Seconds that an answer takes.
_QUICKBOOKS, _HUBSPOT = 0.5, 0.2
# What is documented: QuickBooks' calls in a minute, HubSpot's in ten seconds, and its searches in a second.
_MINUTE, _TEN_SECONDS, _SEARCHES = 500, 190, 5
_MOST_RATIO = 1.3
_A_CUSTOMER = 10
_AT_ONCE = 100
_RUN = "backfill-20260302-150000"


class _Latent(httpx.BaseTransport):
    """Half of the time passes on the way there, half on the way back."""

    def __init__(self, app: SandboxApp, clock: ParallelClock, seconds: float) -> None:
        self._there = SandboxTransport(app)
        self._clock = clock
        self._half = seconds / 2

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.sleep(self._half)
        response = self._there.handle_request(request)
        self._clock.sleep(self._half)
        return response


class _World(MirrorWorld):
    """With the vendors' limits on."""

    clock_type = ParallelClock

    def __init__(self) -> None:
        super().__init__(hubspot={"limits": Limits()}, requests_per_second=10, requests_per_minute=_MINUTE)
        self.clock: ParallelClock

    def opened(self, limiter: PatientLimiter) -> ConnectedWorkspaces:
        """Both vendors with their latency, under the limiter."""
        names = count(1)
        secrets = VendorSecrets(
            intuit_client_id=CLIENT_ID,
            intuit_client_secret=CLIENT_SECRET,
            hubspot_tokens={self.connection.portal_id: "pat-na1-sandbox"},
        )
        books = _Latent(self.quickbooks, self.clock, _QUICKBOOKS)
        access = VendorAccess(
            make_client("https://api.hubapi.test", transport=_Latent(self.hubspot, self.clock, _HUBSPOT)),
            make_client("https://quickbooks.test", transport=books),
            make_client("https://oauth.test", transport=books),
            "https://app.test",
            lambda: secrets,
        )
        return ConnectedWorkspaces(
            self.connections, self.tokens, limiter, self.clock, access, lambda: f"owner-{next(names)}", self.meter
        )

    def made(self, type_: str, inputs: Sequence[dict[str, Any]]) -> list[str]:
        """Records that people made in HubSpot, ids in order."""
        ids: list[str] = []
        for at in range(0, len(inputs), _AT_ONCE):
            self.clock.advance(1)
            answer = self.person.post(f"{OBJECTS}/{type_}/batch/create", json={"inputs": inputs[at : at + _AT_ONCE]})
            assert answer.status_code == 201, answer.text
            ids += [str(one["id"]) for one in answer.json()["results"]]
        return ids

    def old_invoices(self, number: int) -> None:
        """Open HubSpot invoices of two lines, several of each customer."""
        customers = range(-(-number // _A_CUSTOMER))
        companies = self.made("companies", [{"properties": {"name": f"Customer {one}"}} for one in customers])
        contacts = self.made("contacts", [{"properties": {"email": f"p{one}@example.test"}} for one in customers])
        head = {"hs_currency": "USD", "hs_invoice_date": "2026-01-15T00:00:00Z", "hs_due_date": "2026-02-15T00:00:00Z"}
        invoices = self.made(
            "invoices",
            [
                {
                    "properties": head,
                    "associations": [
                        _to(companies[one // _A_CUSTOMER], COMPANY_OF),
                        _to(contacts[one // _A_CUSTOMER], CONTACT_OF),
                    ],
                }
                for one in range(number)
            ],
        )
        line = {"name": "Services", "quantity": "3", "price": "120.00"}
        self.made(
            "line_items",
            [{"properties": line, "associations": [_to(one, LINE_OF)]} for one in invoices for _ in range(2)],
        )
        for at in range(0, number, _AT_ONCE):
            self.clock.advance(1)
            inputs = [{"id": one, "properties": {"hs_invoice_status": "open"}} for one in invoices[at : at + _AT_ONCE]]
            answer = self.person.post(f"{OBJECTS}/invoices/batch/update", json={"inputs": inputs})
            assert answer.status_code == 200, answer.text

    def old_documents(self, number: int) -> None:
        """Open QuickBooks invoices of two lines, several of each customer, in turn."""
        customers = [self.customer(f"Client {one}") for one in range(-(-number // _A_CUSTOMER))]
        for one in range(number):
            chosen = {"value": customers[one // _A_CUSTOMER]}
            dates = {"TxnDate": "2026-01-15", "DueDate": "2026-02-15", "DocNumber": f"QB-{one}"}
            lines = [sale("3", "120.00"), sale("1", "80.00")]
            self.bookkeeper.create("Invoice", CustomerRef=chosen, Line=lines, **dates)


def measure(number: int = 2000) -> Iterator[Measure]:
    """A back-fill of so many invoices of HubSpot, and one of so many of which half are of each system."""
    yield from _measured(number, 0, f"a back-fill of {number:,} HubSpot invoices, both vendors' limits on")
    half = number // 2
    yield from _measured(half, half, f"a back-fill of {number:,} invoices, half of each system, the limits on")


def _measured(of_hubspot: int, of_quickbooks: int, group: str) -> Iterator[Measure]:
    number = of_hubspot + of_quickbooks
    with table() as client, quiet():
        world = _World()
        world.old_invoices(of_hubspot)
        world.old_documents(of_quickbooks)
        until = world.clock.now() + timedelta(days=1)
        world.tokens.save("c1", TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, until, version=2))
        # Whatever people did counts towards no limit any more.
        world.clock.advance(60)
        limiter = PatientLimiter(DynamoLimiter(client, TABLE, world.clock), Patience(world.clock, CALL_PATIENCE))
        backfill, wish = _backfill(world, limiter), Wish(date(2026, 1, 1), _RUN)
        world.hubspot.traffic.clear()
        world.quickbooks.traffic.clear()
        before, began = world.quickbooks.company.reads, world.clock.now()
        workspace = backfill.workspaces.open("c1")
        assert workspace is not None
        outlook = backfill.outlooks.of(workspace, wish, lambda *_: None)
        planned = world.clock.now()
        run = backfill.carry_out(outlook.matches).run(outlook.to_be_done, wish.run)
        done = [one for some in run for one in some]
        ended = world.clock.now()
    reads = world.quickbooks.company.reads - before
    hubspot, quickbooks = world.hubspot.traffic.exchanges, world.quickbooks.traffic.exchanges
    refused = sum(one.status == 429 for one in (*hubspot, *quickbooks))
    searches = sum(one.url.endswith("/search") for one in hubspot)
    least = max(len(quickbooks) * 60 / _MINUTE, len(hubspot) * 10 / _TEN_SECONDS, searches / _SEARCHES)
    seconds = (ended - began).total_seconds()
    yield Measure(group, "invoices in sync", sum(one.state == State.SYNCED for one in done), number, exactly=True)
    yield Measure(group, "invoices in QuickBooks, each made once", len(world.booked()), number, exactly=True)
    yield Measure(group, "HubSpot calls an invoice", len(hubspot) / number, 2 if of_quickbooks else 0.6)
    yield Measure(group, "QuickBooks calls an invoice", len(quickbooks) / number, 0.75 if of_quickbooks else 1.25)
    yield Measure(group, "of them metered reads", reads / number, 0.1)
    yield Measure(group, "calls that a vendor refused for being too many", refused, 0, exactly=True)
    yield Measure(group, "time of planning", (planned - began).total_seconds(), unit="s")
    yield Measure(group, "time of all, an answer taking 0.5 s in QuickBooks and 0.2 s in HubSpot", seconds, unit="s")
    what = "time of all / what the documented limits allow for these calls"
    yield Measure(group, what, seconds / least, _MOST_RATIO, unit="x")


def _backfill(world: _World, limiter: PatientLimiter) -> Backfill:
    opened = world.opened(limiter)
    assessor = Assessor(Customers(world.claims, VENDOR_TIMEOUT), Items(world.records, world.clock))
    push = PushInvoices(opened, world.claims, assessor, Writer(world.claims, VENDOR_TIMEOUT), VENDOR_TIMEOUT)
    pull = PullInvoices(opened, world.claims, MirroredInvoiceWriter(world.claims, VENDOR_TIMEOUT), VENDOR_TIMEOUT)
    lanes = VirtualLanes(world.clock, LANES)
    return Backfill(opened, world.records, push, pull, lanes, Patience(world.clock), lambda: 0)


def _to(id_: str, type_id: int) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": id_}, "types": types}
