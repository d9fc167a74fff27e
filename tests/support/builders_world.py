"""Both vendors' sandboxes under the real adapters in one process, with our own store in memory and one clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from infra.sandbox.hubspot.config import NO_LIMITS, HubSpotConfig
from infra.sandbox.hubspot.sandbox import HubSpotSandbox
from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.app import QuickBooksSandbox
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, QuickBooksConfig
from tests.support.memory import (
    MemoryConnections,
    MemoryHints,
    MemoryLimiter,
    MemoryRecords,
    MemoryTokens,
    VirtualClock,
)
from tests.support.memory_registers import MemoryHealthBook, MemoryRegisters
from tests.support.memory_sweep import MemoryCursors, MemoryNotices, MemoryReadMeter
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.company import Connection
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import Crm, Ledger, TokenSet, Workspace
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess
from tieout.services.assess import Assessor
from tieout.services.carrying import CarryFields
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.deals import Deals
from tieout.services.health import HealthCounts
from tieout.services.items import Items
from tieout.services.on_deals import OnDeals, of_pushed
from tieout.services.outcome import Outcome, Run
from tieout.services.pdfs import Pdfs, pdf_of_pushed
from tieout.services.push_invoices import PushInvoices
from tieout.services.sweep import Sweep
from tieout.services.waking import due
from tieout.services.writing import Writer

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
VENDOR_TIMEOUT = timedelta(seconds=120)
OBJECTS = "/crm/objects/2026-09"
# HubSpot's association types: to an invoice.
LINE_OF, CONTACT_OF, COMPANY_OF = 410, 177, 179


class LinkedClock(VirtualClock):
    """Our clock moves the vendors' clocks with it, so that time-outs, tokens and limits age together."""

    def __init__(self, start: datetime, others: Sequence[SandboxClock]) -> None:
        super().__init__(start)
        self._others = others

    def advance(self, seconds: float) -> datetime:
        for other in self._others:
            other.advance(seconds)
        return super().advance(seconds)


class World:
    """A connection `c1` of a HubSpot account and a QuickBooks company, and workers on it.

    `crm` and `ledger` may be replaced by a test before the first push.
    """

    clock_type: type[LinkedClock] = LinkedClock

    def __init__(self, *, hubspot: Mapping[str, Any] | None = None, **quickbooks: Any) -> None:
        clocks = [SandboxClock(START), SandboxClock(START)]
        self.clock = self.clock_type(START, clocks)
        self.hubspot = HubSpotSandbox(HubSpotConfig(**{"limits": NO_LIMITS, **(hubspot or {})}), clocks[0])
        unlimited = {"requests_per_second": None, "requests_per_minute": None, "custom_txn_numbers": True}
        self.quickbooks = QuickBooksSandbox(QuickBooksConfig(**{**unlimited, **quickbooks}), clocks[1])
        self.connection = Connection("c1", "62515001", self.quickbooks.config.realm_id, "US/Eastern")
        self.connections = MemoryConnections(self.connection)
        self.records = MemoryRecords()
        self.hints = MemoryHints(self.clock)
        self.limiter = MemoryLimiter(self.clock)
        self.cursors = MemoryCursors()
        self.health = MemoryHealthBook()
        self.round_cursors = MemoryCursors()
        self.notices = MemoryNotices()
        self.meter = MemoryReadMeter(self.clock)
        self.tokens = MemoryTokens(self.clock)
        self.tokens.save("c1", TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, START + timedelta(hours=1), version=1))
        self._names = count(1)
        self._products: dict[str, str] = {}
        self.person = httpx.Client(
            transport=SandboxTransport(self.hubspot),
            base_url="https://api.hubapi.test",
            headers={"Authorization": "Bearer pat-na1-sandbox", "x-sandbox-actor": "CRM_UI"},
        )
        vendors = ConnectedWorkspaces(
            self.connections,
            self.tokens,
            self.limiter,
            self.clock,
            self._access(),
            lambda: f"owner-{next(self._names)}",
            self.meter,
        ).open("c1")
        assert vendors is not None
        self.crm: Crm = vendors.crm
        self.ledger: Ledger = vendors.ledger
        self.claims = Claims(self.records, self.hints, self.clock, lambda: f"worker-{next(self._names)}")
        self.service = self.make_service()

    def _access(self) -> VendorAccess:
        books = SandboxTransport(self.quickbooks)
        secrets = VendorSecrets(
            intuit_client_id=CLIENT_ID,
            intuit_client_secret=CLIENT_SECRET,
            hubspot_tokens={self.connection.portal_id: "pat-na1-sandbox"},
        )
        return VendorAccess(
            make_client("https://api.hubapi.test", transport=SandboxTransport(self.hubspot)),
            make_client("https://quickbooks.test", transport=books),
            make_client("https://oauth.test", transport=books),
            "https://app.test",
            lambda: secrets,
        )

    def make_service(self) -> PushInvoices:
        """A worker; several share store, queue and clock."""
        assessor = Assessor(Customers(self.claims, VENDOR_TIMEOUT), Items(self.records, self.clock))
        beside = (
            CarryFields(self.claims, self.notices),
            OnDeals(Deals(self.claims, self.notices), of_pushed),
            Pdfs(self.claims, self.notices, pdf_of_pushed),
        )
        writer = Writer(self.claims, VENDOR_TIMEOUT)
        return PushInvoices(self, self.claims, assessor, writer, VENDOR_TIMEOUT, beside)

    def open(self, connection: str) -> Workspace | None:
        """Fulfils `ports.Workspaces`."""
        if connection != self.connection.id:
            return None
        return Workspace(self.connection, self.connections.settings(connection), self.crm, self.ledger)

    def settings(self, **document: object) -> None:
        """Apply settings."""
        self.connections.apply_settings("c1", document, "test", self.clock.now())

    # -- a person in HubSpot

    def create(self, type_: str, to: Mapping[str, int] | None = None, **properties: str) -> str:
        """A record in HubSpot, associated by type with the ids in `to`."""
        associations = [
            {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}
            for id_, type_id in (to or {}).items()
        ]
        answer = self.person.post(f"{OBJECTS}/{type_}", json={"properties": properties, "associations": associations})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def company(self, name: str = "Acme Ltd") -> str:
        """A company in HubSpot."""
        return self.create("companies", name=name)

    def contact(self, first: str = "Anna", last: str = "Muster", email: str = "anna@example.test") -> str:
        """A contact in HubSpot."""
        return self.create("contacts", firstname=first, lastname=last, email=email)

    def invoice(
        self, *, company: str | None = None, contact: str | None = None, status: str = "open", price: str = "120.00",
        product: str = "Services", lines: int = 1, **properties: str,
    ) -> str:  # fmt: skip
        """A HubSpot invoice over `lines` times 3 x `price`; of a new company, unless one or a contact is named."""
        number = next(self._names)
        if company is None and contact is None:
            company = self.company(f"Acme {number}")
        # HubSpot finalises no invoice without a contact.
        contact = contact or self.contact(email=f"anna{number}@example.test")
        parties = {contact: CONTACT_OF, **({company: COMPANY_OF} if company else {})}
        dates = {"hs_invoice_date": "2026-03-01T00:00:00Z", "hs_due_date": "2026-03-31T00:00:00Z"}
        id_ = self.create("invoices", to=parties, **{"hs_currency": "USD", **dates, **properties})
        for _ in range(lines):
            if product not in self._products:
                self._products[product] = self.create("products", name=product, price=price)
            line = {"name": product, "quantity": "3", "price": price, "hs_product_id": self._products[product]}
            self.create("line_items", to={id_: LINE_OF}, **line)
        if status != "draft":
            self.edit(id_, hs_invoice_status="open")
        if status not in ("draft", "open"):
            self.edit(id_, hs_invoice_status=status)
        return id_

    def edit(self, id_: str, **properties: str) -> None:
        """A person changes the invoice in HubSpot, a minute later."""
        self.clock.advance(60)
        answer = self.person.patch(f"{OBJECTS}/invoices/{id_}", json={"properties": properties})
        assert answer.status_code == 200, answer.text

    def merge(self, type_: str, primary: str, other: str) -> str:
        """A person merges two companies or contacts in HubSpot; gives the id of the record that results."""
        self.clock.advance(60)
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        answer = self.person.post(f"{OBJECTS}/{type_}/merge", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def delete(self, id_: str) -> None:
        """A person deletes the invoice in HubSpot."""
        self.clock.advance(60)
        assert self.person.delete(f"{OBJECTS}/invoices/{id_}").status_code == 204

    def number(self, id_: str) -> str:
        """The invoice's number in HubSpot."""
        return str(self.person.get(f"{OBJECTS}/invoices/{id_}?properties=hs_number").json()["properties"]["hs_number"])

    def shown(self, id_: str) -> str | None:
        """The sync status that the invoice shows."""
        answer = self.person.get(f"{OBJECTS}/invoices/{id_}", params={"properties": "tieout_status,tieout_message"})
        value: str | None = answer.json()["properties"].get("tieout_status")
        return value

    # -- a person in QuickBooks

    def book(self, entity: str, body: Mapping[str, Any], operation: str | None = None) -> dict[str, Any]:
        """Write as a person would; gives the entity."""
        self.clock.advance(60)
        url = f"https://quickbooks.test/v3/company/{self.connection.realm_id}/{entity.lower()}"
        query = {"minorversion": "75", **({"operation": operation} if operation else {})}
        http = httpx.Client(transport=SandboxTransport(self.quickbooks))
        tokens = self.tokens.load("c1")
        headers = {"Authorization": f"Bearer {tokens.access_token if tokens else ''}", "Accept": "application/json"}
        answer = http.post(url, params=query, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[entity]
        return found

    def rebook(self, row: Mapping[str, Any], **changes: Any) -> None:
        """A person changes an invoice in QuickBooks."""
        self.book("Invoice", {"Id": row["Id"], "SyncToken": self.row(row)["SyncToken"], "sparse": True, **changes})

    def unbook(self, row: Mapping[str, Any], operation: str = "delete") -> None:
        """A person deletes or voids an invoice in QuickBooks."""
        self.book("Invoice", {"Id": row["Id"], "SyncToken": self.row(row)["SyncToken"]}, operation)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The invoice as it stands now."""
        [found] = [one for one in self.booked() if one["Id"] == row["Id"]]
        return found

    def booked(self, entity: str = "Invoice") -> list[dict[str, Any]]:
        """Everything of a kind that stands in QuickBooks."""
        return [dict(row) for row in self.quickbooks.company.rows[entity].values()]

    def pay(self, row: Mapping[str, Any]) -> None:
        """A payment is applied to an invoice in QuickBooks."""
        self.quickbooks.company.rows["Invoice"][row["Id"]]["LinkedTxn"] = [{"TxnId": "900", "TxnType": "Payment"}]

    # -- our own side

    def hint(self, id_: str, cause: Cause = Cause.WEBHOOK, **changes: Any) -> Hint:
        """A hint about an invoice, occurring now."""
        values = {"object": HintObject.HUBSPOT_INVOICE, "occurred_at": self.clock.now(), "trace_id": "trace", **changes}
        return Hint("c1", id=id_, cause=cause, **values)

    def ledger_hint(self, row: Mapping[str, Any]) -> Hint:
        """A hint about a QuickBooks invoice, occurring now."""
        return self.hint(str(row["Id"]), object=HintObject.QUICKBOOKS_INVOICE)

    def push(self, *hints: Hint, deadline: datetime | None = None) -> list[Outcome]:
        """Hand the worker a batch."""
        return self.service.push(hints, deadline)

    def sync(self, id_: str, cause: Cause = Cause.WEBHOOK) -> SyncRecord:
        """Hand the worker one hint; gives the record."""
        self.push(self.hint(id_, cause))
        return self.record(id_)

    def record(self, id_: str) -> SyncRecord:
        """The record of a HubSpot invoice."""
        found = self.records.get(RecordKey("c1", Kind.INVOICE, "hubspot", id_))
        assert found is not None
        return found

    def run(self, until: Callable[[], bool] = lambda: False, most: int = 30) -> None:
        """Let time pass and work off the queue, sweeping now and then, until nothing is left or `until` says so."""
        for _ in range(most):
            self.wake()
            due = self.hints.pop_due(limit=30)
            if due:
                self.push(*due)
            elif until() or not self._wait():
                return
            if until():
                return
        raise AssertionError(f"not quiet after {most} rounds: {list(self.records)}")

    def wake(self) -> None:
        """Queue the hints of what is due."""
        for found in due("c1", self.records, self.cursors, self.clock, "sweep"):
            self.hints.send(found.hints)
            found.then()

    def sweep(self, seconds: float = 240) -> Run:
        """A run of the sweep, with that much time."""
        health = HealthCounts(MemoryRegisters(self.records), self.health, self.cursors, self.clock)
        sweep = Sweep(self.connections, self, self.records, self.cursors, self.hints, self.clock, self.meter, health)
        return sweep.run("sweep", self.clock.now() + timedelta(seconds=seconds))

    def _wait(self) -> bool:
        times = [record.wake_at() for record in self.records]
        ahead = [time for time in (*times, self.hints.next_due) if time is not None]
        if not ahead:
            return False
        self.clock.advance(max(0.0, (min(ahead) - self.clock.now()).total_seconds()))
        return True

    @property
    def calls(self) -> int:
        """Vendor calls so far, by workers and by persons."""
        return len(self.hubspot.traffic.exchanges) + len(self.quickbooks.traffic.exchanges)

    def fault(self, kind: str, *, times: int = 1, method: str = "POST", path: str = "/invoice$", **more: Any) -> None:
        """The next calls to QuickBooks go wrong."""
        self.quickbooks.faults.add({"kind": kind, "times": times, "method": method, "path": path, **more})

    def hubspot_fault(self, kind: str, path: str, *, times: int = 1, **more: Any) -> None:
        """The next calls to HubSpot go wrong."""
        self.hubspot.faults.add({"kind": kind, "times": times, "path": path, **more})
