"""The console over a world in this process: both vendors' sandboxes, our store in memory, one clock.

    world = ConsoleWorld()
    client = world.signed_in()             # an operator; world.signed_in(Role.VIEWER) for a viewer
    page = client.get(world.path("/overview"))

`seeded` gives one with records in many states, for pages that are looked at in a browser: add what your page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import quote

from werkzeug.serving import make_server

from tests.support.builders_connecting import Connecting
from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.console_client import ORIGIN, ConsoleClient, as_wsgi
from tests.support.memory_doors import MemoryDoors
from tests.support.memory_registers import MemoryQueues, MemoryRegisters
from tests.support.memory_reports import MemoryReports
from tieout.console.desk import Desk
from tieout.console.guard import Guard
from tieout.console.site import Site
from tieout.domain.fee import Period
from tieout.domain.hint import Cause
from tieout.domain.person import Role
from tieout.domain.record import Kind
from tieout.domain.register import Health
from tieout.ports.queues import QueueDepth
from tieout.ports.registers import Snapshot
from tieout.runtime.console import run_console
from tieout.services.assess import Assessor
from tieout.services.book_fees import BookFees
from tieout.services.customers import Customers
from tieout.services.fee_months import FeeMonths
from tieout.services.items import Items
from tieout.services.sign_in import SignIn

KEY = "a key for tests that is long enough to sign"


class ConsoleWorld:
    """`world` is what the workers see of it too. `origin` is scheme and host that people open."""

    def __init__(self, world: World | None = None, origin: str = ORIGIN) -> None:
        self.world = world or World()
        self.doors = MemoryDoors()
        self._secrets = count(1)
        self.connecting = Connecting(self.world)
        self.connecting.portal_tokens.keep(self.world.connection.portal_id, "pat-na1-sandbox")
        self.trail = self.connecting.trail
        self.sign_in = SignIn(self.doors, self.world.clock, self.trail, lambda: f"secret-{next(self._secrets)}")
        self.queues = MemoryQueues()
        self.reports = MemoryReports()
        self.desk = self._desk()
        self.guard = Guard(lambda: KEY, origin)
        self.site = Site(self.desk, self.guard)
        self.handler: Callable[[Any, Any], dict[str, Any]] = run_console(self.site, self.world.meter)

    def _desk(self) -> Desk:
        world = self.world
        return Desk(
            clock=world.clock,
            sign_in=self.sign_in,
            connections=world.connections,
            records=world.records,
            hints=world.hints,
            cursors=world.cursors,
            meter=world.meter,
            notices=world.notices,
            tokens=world.tokens,
            workspaces=world,
            registers=MemoryRegisters(world.records),
            health=world.health,
            queues=self.queues,
            assessor=Assessor(Customers(world.claims, VENDOR_TIMEOUT), Items(world.records, world.clock)),
            fees=FeeMonths(BookFees(world.claims, VENDOR_TIMEOUT), self.reports, self.trail),
            connect=self.connecting.service,
            sign_in_origin="https://appcenter.test",
        )

    def path(self, path: str = "") -> str:
        """The path of a page about the world's connection."""
        return f"/console/c/{quote(self.world.connection.id, safe='')}{path}"

    def client(self, **headers: str) -> ConsoleClient:
        """A browser that nobody has signed in with."""
        return ConsoleClient(self.handler, headers)

    def link(self, role: Role = Role.OPERATOR, name: str = "Olga Operator") -> str:
        """The path of a new sign-in link."""
        return f"/console/sign-in/{self.sign_in.mint(name, role, 'admin', 'trace')}"

    def signed_in(self, role: Role = Role.OPERATOR, name: str = "Olga Operator", **headers: str) -> ConsoleClient:
        """A browser with a session, got as a person gets it."""
        client = self.client(**headers)
        client.get(self.link(role, name)).submit()
        return client


@contextmanager
def serving(make: Callable[[str], ConsoleWorld]) -> Iterator[tuple[str, ConsoleWorld]]:
    """A console on this machine's loopback address, for a real browser; gives its origin and world. `make` is told the
    origin."""
    made: list[ConsoleWorld] = []
    server = make_server("127.0.0.1", 0, as_wsgi(lambda event: made[0].handler(event, None)), threaded=True)
    origin = f"http://127.0.0.1:{server.server_port}"
    with ExitStack() as stack:
        stack.callback(server.server_close)
        made.append(make(origin))
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield origin, made[0]
        finally:
            server.shutdown()
            thread.join()


def seeded(origin: str = ORIGIN) -> ConsoleWorld:
    """A world in which things have happened: invoices in sync, excluded, and needing a person, payments, counts of a
    month, settings in versions."""
    world = MoneyWorld()
    console = ConsoleWorld(world, origin=origin)
    world.settings(cutover_date="2026-01-01")
    world.clock.advance(3600)
    world.settings(
        cutover_date="2026-01-01", filters=[{"property": "hs_title", "operator": "not_equals", "values": ["Internal"]}]
    )
    for company in ("Nordwind Logistics", "Café Aurora", HOSTILE_NAME):
        world.sync(world.invoice(company=world.company(company), lines=2))
    world.sync(world.invoice(status="draft"))
    world.sync(world.invoice(hs_title="Internal"))
    edited = world.invoice()
    world.sync(edited)
    row = world.booked()[-1]
    world.rebook(row, DocNumber="CHANGED-1")
    world.edit(edited, hs_title="Second half")
    world.sync(edited, Cause.RETRY)
    _pay(world, world.synced(company=world.company("Padaria São João")))
    _count(world)
    console.desk.fees.check(console.desk.workspace("c1"), Period.month(world.clock.now().date()), "Olga", "trace")
    console.queues.found = [QueueDepth("invoice_push", 3, 0, timedelta(minutes=2)), QueueDepth("payment_push", 0, 1)]
    world.sweep()
    return console


def _pay(world: MoneyWorld, invoice: str) -> None:
    """One payment through HubSpot and one that a bookkeeper enters."""
    world.push(world.pay_hint(world.people.pay(invoice, "100.00")))
    row = world.booked()[-1]
    link = {"TxnId": row["Id"], "TxnType": "Invoice"}
    line = {"Amount": Decimal(60), "LinkedTxn": [link]}
    entered = world.bookkeeper.create("Payment", CustomerRef=row["CustomerRef"], TotalAmt=Decimal(60), Line=[line])
    world.push(world.pull_hint(entered["Id"]))


def _count(world: World) -> None:
    """What the sweep counted in the last month, with a gap of some days."""
    for back in (day for day in range(1, 30) if day not in (11, 12)):
        counts = {
            ((Kind.INVOICE, "hubspot"), Health.IN_SYNC): 98_000 - 700 * back,
            ((Kind.INVOICE, "hubspot"), Health.EXCLUDED): 4_000,
            ((Kind.INVOICE, "hubspot"), Health.VOIDED): 300,
            ((Kind.INVOICE, "hubspot"), Health.VARIANCE): back * 5 % 17,
            ((Kind.INVOICE, "hubspot"), Health.ATTENTION): back * 7 % 23,
            ((Kind.PAYMENT, "hubspot"), Health.WAITING): back * 3 % 11,
        }
        world.health.keep("c1", Snapshot(world.clock.now() - timedelta(days=back), counts))


HOSTILE_NAME = '"><script>alert(1)</script>{{ 7*7 }} & Söhne'
