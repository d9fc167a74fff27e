"""What the console's pages cost with few and with many records: read units of DynamoDB, requests, and time.

Everything that a page reads of our own lies in a table, in the forms of the real adapters: sessions, connections,
settings, counts, too. Reports lie in S3, and the vendors are asked by nothing that is measured here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from tests.benchmarks.large_table import LargeTable, Spent
from tests.benchmarks.report import Measure
from tests.support import aws
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.console_client import ConsoleClient, Response
from tests.support.console_world import ConsoleWorld
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.cursors import DynamoCursors
from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.adapters.dynamodb.notices import DynamoNotices
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.console.desk import Desk
from tieout.console.site import Site
from tieout.domain.about import About
from tieout.domain.fee import Period
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.money import Money
from tieout.domain.person import Role
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.domain.register import Health
from tieout.ports import TokenSet, Workspace
from tieout.ports.registers import Snapshot
from tieout.runtime.console import run_console
from tieout.services.book_fees import BookFees
from tieout.services.claims import Claims
from tieout.services.fee_months import FeeMonths
from tieout.services.sign_in import SignIn

FEW, MANY = 1_000, 100_000
_CUSTOMERS, _LINES = 10, 3
_NEEDY, _WAITING = 60, 30
# So much more may a page cost with a hundred times as many records. Units tell; times differ by what else runs.
_MOST_UNITS, _MOST_TIME = 1.2, 2.0
_RUNS = 15
_CONNECTION = "c1"
_FIRST, _DAYS = date(2020, 1, 1), 2000
# What a page may read when everything needs a person: counting stops at a bound, and so does the list, whose records
# are read whole.
_MOST_COUNTED, _MOST_LISTED = 40, 700


Ask = Callable[["Opened"], Response]


@dataclass(frozen=True, slots=True)
class Opened:
    """A console over a table, and a browser that is signed in with `token` in its forms."""

    table: LargeTable
    client: ConsoleClient
    token: str

    def get(self, path: str) -> Response:
        """A page."""
        return self.client.get(_path(path))

    def search(self, **fields: str) -> Response:
        """What is found among the invoices."""
        return self.client.post(_path("/invoices"), {"csrf": self.token, **fields})


def measure(few: int = FEW, many: int = MANY) -> Iterator[Measure]:
    """Every page with `few` and with `many` records. Half of them are invoices, the others their payments."""
    costs = {number: _costs(number) for number in (few, many)}
    for page, (spent, seconds) in costs[many].items():
        group = f"console, {few:,} and {many:,} records: {page}"
        before, time_before = costs[few][page]
        yield Measure(group, "read units with few", before.units)
        yield Measure(group, "read units with many", spent.units)
        yield Measure(group, "read units, many / few", spent.units / before.units, _MOST_UNITS, unit="x")
        yield Measure(group, "requests, many / few", spent.requests / before.requests, 1.0, unit="x")
        yield Measure(group, "processor time with many", seconds * 1000, unit="ms")
        yield Measure(group, "processor time, many / few", seconds / time_before, _MOST_TIME, unit="x")
    yield from worst()


def worst(number: int = 20_000) -> Iterator[Measure]:
    """When everything needs a person, what should be little is counted, or listed, to its bound only."""
    group = f"console: all of {number:,} records need a person"
    with opened(number, needy=number) as console:
        for page, most in (("overview", _MOST_COUNTED), ("attention", _MOST_LISTED)):
            spent, _ = _cost(console, partial(Opened.get, path=f"/{page}"))
            yield Measure(group, f"read units of the page {page}", spent.units, most)


def _costs(number: int) -> Mapping[str, tuple[Spent, float]]:
    middle = number // 4
    with opened(number) as console:
        following = next(link for link in console.get("/invoices").links if "after=" in link)
        asked: Mapping[str, Ask] = {
            "overview": lambda one: one.get("/overview"),
            "attention": lambda one: one.get("/attention"),
            "attention, one category": lambda one: one.get("/attention?code=item_missing"),
            "a decision": lambda one: one.get("/attention/invoice/hubspot/3"),
            "what can be linked by hand": lambda one: one.get("/attention/invoice/hubspot/3/link"),
            "invoices": lambda one: one.get("/invoices"),
            "invoices, second page": lambda one: one.client.get(following),
            "invoices in one state": lambda one: one.get("/invoices?state=attention"),
            "invoices by number": lambda one: one.search(text=_number(middle)),
            "invoices by customer": lambda one: one.search(text="cafe 3"),
            "invoices by customer, in one state": lambda one: one.search(text="cafe 3", state="in_sync"),
            "payments": lambda one: one.get("/payments"),
            "the card of an invoice": lambda one: one.get(f"/record/invoice/hubspot/{middle}"),
            "the card of a payment": lambda one: one.get(f"/record/payment/hubspot/{middle}"),
            "fees of a month": lambda one: one.get("/fees/2026-03"),
            "settings": lambda one: one.get("/settings"),
            "connect": lambda one: one.client.get("/console/connect"),
            "a dry run, before it is asked for": lambda one: one.get("/dry-run"),
        }
        return {name: _cost(console, ask) for name, ask in asked.items()}


def _cost(console: Opened, ask: Ask) -> tuple[Spent, float]:
    """What the page spends, and its processor time, without what stands in for the rest of the table: that of the
    fastest of several times."""
    fastest, spent = float("inf"), Spent()
    for _ in range(_RUNS):
        console.table.take()
        began = time.process_time()
        answer = ask(console)
        seconds = time.process_time() - began
        spent = console.table.take()
        fastest = min(fastest, seconds - spent.outside)
        if answer.status != 200:
            raise AssertionError(f"{answer.path}: {answer.status}")
    return spent, fastest


@contextmanager
def opened(number: int, needy: int = _NEEDY) -> Iterator[Opened]:
    """A console over so many records, `needy` of the invoices needing a person."""
    console = ConsoleWorld()
    with aws.table() as beside:
        table = LargeTable(lambda key: record_of(key, number, needy), beside)
        table.add(record_of(key, number, needy) for key in keys_of(number))
        desk = _desk(console, table)
        for back in range(30):
            counts = {((Kind.INVOICE, "hubspot"), health): number for health in Health}
            desk.health.keep(_CONNECTION, Snapshot(desk.clock.now() - timedelta(days=back), counts))
        desk.fees.check(desk.workspace(_CONNECTION), Period.parse("2026-03"), "bench", "bench")
        client = ConsoleClient(run_console(Site(desk, console.guard), desk.meter))
        ticket = desk.sign_in.mint("Olga Operator", Role.OPERATOR, "bench", "bench")
        client.get(f"/console/sign-in/{ticket}").submit()
        [token] = client.get(_path("/invoices")).form("/invoices").fields["csrf"]
        yield Opened(table, client, token)


@dataclass(frozen=True, slots=True)
class _Vendors:
    """Opens the world's vendors with the settings of `connections`, as the deployment's own does."""

    world: World
    connections: DynamoConnections

    def open(self, connection: str) -> Workspace | None:
        found, here = self.connections.get(connection), self.world.open(connection)
        if found is None or here is None:
            return None
        return replace(here, connection=found, settings=self.connections.settings(connection))


def _desk(console: ConsoleWorld, table: LargeTable) -> Desk:
    """With everything of our own in the table."""
    world, client, clock, names = console.world, table.client, console.world.clock, count(1)
    records = DynamoRecords(client, aws.TABLE, clock)
    connections = DynamoConnections(client, aws.TABLE, clock)
    connections.add_connection(world.connection)
    for _ in range(3):
        connections.apply_settings(_CONNECTION, {"cutover_date": "2026-01-01"}, "bench", clock.now())
    tokens, trail = DynamoTokens(client, aws.TABLE, clock), DynamoTrail(client, aws.TABLE, clock)
    tokens.save(_CONNECTION, TokenSet("access", "refresh", clock.now() + timedelta(hours=1), version=1))
    claims = Claims(records, world.hints, clock, lambda: f"worker-{next(names)}")
    return replace(
        console.desk,
        sign_in=SignIn(DynamoDoors(client, aws.TABLE), clock, trail),
        connections=connections,
        records=records,
        cursors=DynamoCursors(client, aws.TABLE),
        meter=DynamoReadMeter(client, aws.TABLE, clock),
        notices=DynamoNotices(client, aws.TABLE),
        tokens=tokens,
        workspaces=_Vendors(world, connections),
        registers=DynamoRegisters(client, aws.TABLE, records),
        health=DynamoHealthBook(client, aws.TABLE),
        fees=FeeMonths(BookFees(claims, VENDOR_TIMEOUT), console.reports, trail),
    )


def keys_of(number: int) -> Iterator[RecordKey]:
    """The keys of so many records: half of them invoices, the others a payment of each."""
    for at in range(number // 2):
        yield RecordKey(_CONNECTION, Kind.INVOICE, "hubspot", str(at))
        yield RecordKey(_CONNECTION, Kind.PAYMENT, "hubspot", str(at))


def record_of(key: RecordKey, number: int, needy: int) -> SyncRecord:
    """The record of a key: an invoice of three lines, or its payment. The oldest need a person or wait."""
    at = int(key.origin_id)
    total = Money(Decimal(360), "USD")
    day = _FIRST + timedelta(days=at * _DAYS // number)
    written = datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=at % 80_000)
    about = About(f"Café {at % _CUSTOMERS}", total, day, status="open")
    if key.kind is Kind.PAYMENT:
        paid = replace(about, source="hs_payments", status="succeeded", invoices=(_number(at),))
        return SyncRecord(key=key, state=State.SYNCED, label=f"ch_{at:08}", about=paid, updated_at=written)
    line = ContentLine("1", "Consulting", Decimal(1), Decimal(120), Decimal(120))
    content = InvoiceContent("7", _number(at), day, day, "USD", (line,) * _LINES)
    link = Link(str(at), number=_number(at), sent=content, written=content, total=total)
    state = State.ATTENTION if at < needy else State.WAITING if at < needy + _WAITING else State.SYNCED
    reason = {State.ATTENTION: "item_missing", State.WAITING: "rate_limited"}.get(state, "")
    return SyncRecord(key, state, reason=reason, label=_number(at), about=about, link=link, updated_at=written)


def _number(at: int) -> str:
    return f"INV-{at:06}"


def _path(path: str) -> str:
    return f"/console/c/{_CONNECTION}{path}"
