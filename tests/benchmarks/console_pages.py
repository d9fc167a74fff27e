"""What the console's pages cost with few and with many records: read units of DynamoDB, requests, and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.benchmarks.large_table import LargeTable, Spent
from tests.benchmarks.report import Measure
from tests.support.console_client import ConsoleClient, Response
from tests.support.console_world import ConsoleWorld
from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.console.site import Site
from tieout.domain.about import About
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.money import Money
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.domain.register import Health
from tieout.ports.registers import Snapshot
from tieout.runtime.console import run_console

FEW, MANY = 1_000, 100_000
_CUSTOMERS, _LINES = 10, 3
_NEEDY, _WAITING = 60, 30
# So much more may a page cost with a hundred times as many records. Units tell; times differ by what else runs.
_MOST_UNITS, _MOST_TIME = 1.2, 2.0
_RUNS = 15
_CONNECTION = "c1"
_FIRST, _DAYS = date(2020, 1, 1), 2000


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
    """When everything needs a person, what should be little is counted to its bound only."""
    spent, _ = _cost(opened(number, needy=number), lambda one: one.get("/overview"))
    yield Measure(f"console: the overview when all of {number:,} records need a person", "read units", spent.units, 40)


def _costs(number: int) -> Mapping[str, tuple[Spent, float]]:
    console = opened(number)
    middle = number // 4
    following = next(link for link in console.get("/invoices").links if "after=" in link)
    asked: Mapping[str, Ask] = {
        "overview": lambda one: one.get("/overview"),
        "invoices": lambda one: one.get("/invoices"),
        "invoices, second page": lambda one: one.client.get(following),
        "invoices in one state": lambda one: one.get("/invoices?state=attention"),
        "invoices by number": lambda one: one.search(text=_number(middle)),
        "invoices by customer": lambda one: one.search(text="cafe 3"),
        "invoices by customer, in one state": lambda one: one.search(text="cafe 3", state="in_sync"),
        "payments": lambda one: one.get("/payments"),
        "the card of an invoice": lambda one: one.get(f"/record/invoice/hubspot/{middle}"),
        "the card of a payment": lambda one: one.get(f"/record/payment/hubspot/{middle}"),
    }
    return {name: _cost(console, ask) for name, ask in asked.items()}


def _cost(console: Opened, ask: Ask) -> tuple[Spent, float]:
    """What the page spends, and the processor time of the fastest of several times."""
    fastest, spent = float("inf"), Spent()
    for _ in range(_RUNS):
        console.table.take()
        began = time.process_time()
        answer = ask(console)
        fastest = min(fastest, time.process_time() - began)
        spent = console.table.take()
        if answer.status != 200:
            raise AssertionError(f"{answer.path}: {answer.status}")
    return spent, fastest


def opened(number: int, needy: int = _NEEDY) -> Opened:
    """A console over so many records, `needy` of the invoices needing a person."""
    console = ConsoleWorld()
    world = console.world
    table = LargeTable(lambda key: record_of(key, number, needy))
    table.add(record_of(key, number, needy) for key in keys_of(number))
    records, book = DynamoRecords(table.client, "bench", world.clock), DynamoHealthBook(table.client, "bench")
    for back in range(30):
        counts = {((Kind.INVOICE, "hubspot"), health): number for health in Health}
        book.keep(_CONNECTION, Snapshot(world.clock.now() - timedelta(days=back), counts))
    registers = DynamoRegisters(table.client, "bench", records)
    desk = replace(console.desk, registers=registers, health=book, records=records)
    client = ConsoleClient(run_console(Site(desk, console.guard), world.meter))
    client.get(console.link()).submit()
    [session] = console.doors.sessions.values()
    return Opened(table, client, session.csrf)


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
    about = About(f"Café {at % _CUSTOMERS}", total, day, status="open")
    if key.kind is Kind.PAYMENT:
        paid = replace(about, source="hs_payments", status="succeeded", invoices=(_number(at),))
        return SyncRecord(key=key, state=State.SYNCED, label=f"ch_{at:08}", about=paid)
    line = ContentLine("1", "Consulting", Decimal(1), Decimal(120), Decimal(120))
    content = InvoiceContent("7", _number(at), day, day, "USD", (line,) * _LINES)
    link = Link(str(at), number=_number(at), sent=content, written=content, total=total)
    state = State.ATTENTION if at < needy else State.WAITING if at < needy + _WAITING else State.SYNCED
    reason = {State.ATTENTION: "item_missing", State.WAITING: "rate_limited"}.get(state, "")
    return SyncRecord(key=key, state=state, reason=reason, label=_number(at), about=about, link=link)


def _number(at: int) -> str:
    return f"INV-{at:06}"


def _path(path: str) -> str:
    return f"/console/c/{_CONNECTION}{path}"
