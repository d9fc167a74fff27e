"""The HubSpot adapter against the HubSpot sandbox: two that were written apart have to agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.sandbox import HubSpotSandbox
from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.transport import SandboxTransport
from tests.support.memory import MemoryLimiter, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.hubspot.events import INVOICE_TYPE, parse_events
from tieout.adapters.hubspot.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost, RateLimited, Transient
from tieout.domain.invoice import AdjustmentKind, InvoiceStatus, SourceInvoice
from tieout.domain.money import Money
from tieout.domain.status import ShownState, ShownStatus

OBJECTS = "/crm/objects/2026-09"
TO_INVOICE = {"line_items": 410, "discounts": 412, "fees": 414, "taxes": 416}
STATUS = ShownStatus(ShownState.IN_SYNC, "In QuickBooks.", "1001", "https://app.qbo.test/invoice?txnId=7")


@dataclass
class Portal:
    """A sandbox account with the adapter and a person's own access to it."""

    sandbox: HubSpotSandbox
    crm: HubSpotCrm
    person: httpx.Client

    def create(self, type_: str, *, to: dict[str, int] | None = None, **properties: str) -> str:
        associations = [
            {
                "to": {"id": id_},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
            }
            for id_, type_id in (to or {}).items()
        ]
        answer = self.person.post(f"{OBJECTS}/{type_}", json={"properties": properties, "associations": associations})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def invoice(self, lines: int = 1, **properties: str) -> str:
        """An open invoice of a company and a contact."""
        company = self.create("companies", name="Acme Ltd")
        contact = self.create("contacts", firstname="Anna", lastname="Muster", email=f"a{company}@example.test")
        dates = {"hs_invoice_date": "2026-11-01T00:00:00Z", "hs_due_date": "2026-12-01T00:00:00Z"}
        values = {"hs_currency": "USD", **dates, **properties}
        invoice = self.create("invoices", to={contact: 177, company: 179}, **values)
        for number in range(lines):
            self.create("line_items", to={invoice: 410}, name=f"Consulting {number}", quantity="3", price="120.00")
        return invoice

    def finalise(self, invoice: str) -> None:
        answer = self.person.patch(f"{OBJECTS}/invoices/{invoice}", json={"properties": {"hs_invoice_status": "open"}})
        assert answer.status_code == 200, answer.text

    def shown(self, invoice: str) -> dict[str, Any]:
        names = "tieout_status,tieout_message,tieout_quickbooks_number,tieout_quickbooks_link"
        answer = self.person.get(f"{OBJECTS}/invoices/{invoice}", params={"properties": names}).json()["properties"]
        return {name: text for name, text in answer.items() if name.startswith("tieout")}

    def delete(self, invoice: str) -> None:
        assert self.person.delete(f"{OBJECTS}/invoices/{invoice}").status_code == 204


def open_portal(config: HubSpotConfig | None = None) -> Portal:
    clock = VirtualClock()
    sandbox = HubSpotSandbox(config, SandboxClock(start=clock.now()))
    transport = SandboxTransport(sandbox)
    client = HubSpotClient(
        make_client("https://api.hubapi.test", transport=transport),
        lambda: "pat-na1-sandbox",
        MemoryLimiter(clock),
        "c1",
    )
    person = httpx.Client(
        transport=transport,
        base_url="https://api.hubapi.test",
        headers={"Authorization": "Bearer pat-na1-sandbox", "x-sandbox-actor": "CRM_UI"},
    )
    return Portal(sandbox, HubSpotCrm(Connection("c1", "62515001", "9130", "US/Eastern"), client), person)


def test_an_invoice_with_everything_is_read_as_it_was_written() -> None:
    portal = open_portal()
    id_ = portal.invoice(lines=2, hs_purchase_order_number="PO-17")
    for type_, value in (("discounts", "10"), ("fees", "5"), ("taxes", "6.5")):
        portal.create(
            type_, to={id_: TO_INVOICE[type_]}, hs_label=type_, hs_type="PERCENT", hs_value=value,
            **({"hs_duration": "ONCE"} if type_ == "discounts" else {}),
        )  # fmt: skip
    portal.finalise(id_)
    before = len(portal.sandbox.traffic.exchanges)

    found = portal.crm.invoices([id_])[id_]

    assert isinstance(found, SourceInvoice)
    assert found.status is InvoiceStatus.OPEN
    assert found.number is not None
    assert (found.invoice_date, found.due_date) == (date(2026, 11, 1), date(2026, 12, 1))
    assert found.purchase_order == "PO-17"
    assert found.company is not None
    assert found.contact is not None
    assert (found.company.name, found.contact.name) == ("Acme Ltd", "Anna Muster")
    assert [one.name for one in found.lines] == ["Consulting 0", "Consulting 1"]
    assert [one.amount for one in found.lines] == [Decimal(360), Decimal(360)]
    assert not any(one.discount or one.discount_percent or one.tax_rate_id for one in found.lines)
    assert [one.kind for one in found.adjustments] == list(AdjustmentKind)
    assert found.total == Money(Decimal("724.63"), "USD")
    assert len(portal.sandbox.traffic.exchanges) - before == 13


def test_a_discounted_and_a_taxed_line_are_seen() -> None:
    portal = open_portal()
    id_ = portal.invoice(lines=0)
    line: dict[str, str] = {"name": "x", "quantity": "1", "price": "10"}
    portal.create("line_items", to={id_: 410}, **line, hs_discount_percentage="10")
    portal.create("line_items", to={id_: 410}, **line, hs_tax_rate_group_id="15970230")
    portal.finalise(id_)
    found = portal.crm.invoices([id_])[id_]
    assert isinstance(found, SourceInvoice)
    assert [(one.discount_percent, one.tax_rate_id) for one in found.lines] == [(Decimal(10), None), (None, "15970230")]


@pytest.mark.parametrize("reports_missing", [True, False])
def test_a_deleted_invoice_is_absent_and_its_neighbour_is_not(reports_missing: bool) -> None:
    portal = open_portal(HubSpotConfig(batch_read_reports_missing=reports_missing))
    kept, gone = portal.invoice(), portal.invoice()
    portal.finalise(kept)
    portal.delete(gone)
    assert list(portal.crm.invoices([kept, gone])) == [kept]


def test_more_lines_than_a_page_of_associations_are_all_read() -> None:
    portal = open_portal(HubSpotConfig(association_page_size=20))
    id_ = portal.invoice(lines=105)
    portal.finalise(id_)
    found = portal.crm.invoices([id_])[id_]
    assert isinstance(found, SourceInvoice)
    assert [one.name for one in found.lines] == [f"Consulting {number}" for number in range(105)]


def test_the_first_status_creates_what_the_portal_lacks_and_later_ones_do_not() -> None:
    portal = open_portal()
    id_ = portal.invoice()
    assert len(portal.crm.missing_properties()) == 11
    assert portal.crm.show_statuses({id_: STATUS}) == {}
    assert portal.shown(id_) == {
        "tieout_status": "in_sync",
        "tieout_message": "In QuickBooks.",
        "tieout_quickbooks_number": "1001",
        "tieout_quickbooks_link": "https://app.qbo.test/invoice?txnId=7",
    }
    assert portal.crm.missing_properties() == portal.crm.ensure_properties() == ()
    before = len(portal.sandbox.traffic.exchanges)
    assert portal.crm.show_statuses({id_: ShownStatus(ShownState.WORKING, "")}) == {}
    assert len(portal.sandbox.traffic.exchanges) - before == 1
    assert not portal.shown(id_)["tieout_quickbooks_number"]


def test_a_status_value_that_somebody_removed_comes_back() -> None:
    portal = open_portal()
    portal.crm.ensure_properties()
    id_ = portal.invoice()
    left = {"options": [{"label": "Ours", "value": "ours", "displayOrder": 0, "hidden": False}]}
    path = "/crm/properties/2026-09/invoices/tieout_status"
    assert portal.person.patch(path, json=left).status_code == 200
    assert portal.crm.show_statuses({id_: STATUS}) == {}
    options = portal.person.get(path).json()["options"]
    assert {one["value"] for one in options} == {"ours", *ShownState}


def test_every_state_can_be_shown() -> None:
    portal = open_portal()
    id_ = portal.invoice()
    for state in ShownState:
        assert portal.crm.show_statuses({id_: ShownStatus(state, "x" * 2000)}) == {}
        assert portal.shown(id_)["tieout_status"] == state


def test_the_status_of_a_deleted_invoice_is_refused_and_the_others_are_shown() -> None:
    portal = open_portal()
    portal.crm.ensure_properties()
    ids = [portal.invoice() for _ in range(3)]
    portal.delete(ids[1])
    refused = portal.crm.show_statuses(dict.fromkeys(ids, STATUS))
    assert list(refused) == [ids[1]]
    assert refused[ids[1]]
    assert [portal.shown(id_)["tieout_status"] for id_ in (ids[0], ids[2])] == ["in_sync", "in_sync"]


def test_the_status_of_a_paid_invoice_can_be_shown() -> None:
    portal = open_portal()
    id_ = portal.invoice()
    portal.finalise(id_)
    paid = {"properties": {"hs_invoice_status": "paid"}}
    assert portal.person.patch(f"{OBJECTS}/invoices/{id_}", json=paid).status_code == 200
    assert portal.crm.show_statuses({id_: STATUS}) == {}


def test_the_account_and_an_invoice_by_its_number_are_found() -> None:
    portal = open_portal()
    id_ = portal.invoice()
    portal.finalise(id_)
    account = portal.crm.account()
    assert (account.portal_id, account.time_zone, account.currency) == ("62515001", "US/Eastern", "USD")
    found = portal.crm.invoices([id_])[id_]
    assert isinstance(found, SourceInvoice)
    assert found.number is not None
    assert portal.crm.invoice_id_by_number(found.number) == id_
    assert portal.crm.invoice_id_by_number("INV-0") is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("status_500", Transient),
        ("status_429", RateLimited),
        ("status_401", ConnectionLost),
        ("timeout_before", Transient),
        ("timeout_after", Transient),
    ],
)
def test_a_fault_of_hubspots_is_what_it_says(kind: str, expected: type[Exception]) -> None:
    calls: tuple[Callable[[Portal, str], object], ...] = (
        lambda portal, id_: portal.crm.invoices([id_]),
        lambda portal, id_: portal.crm.show_statuses({id_: STATUS}),
    )
    for call in calls:
        portal = open_portal()
        portal.crm.ensure_properties()
        id_ = portal.invoice()
        portal.sandbox.faults.add({"kind": kind, "method": "POST", "path": "/batch/", "times": 1})
        with pytest.raises(expected):
            call(portal, id_)


def test_a_token_without_the_scopes_loses_the_connection_and_says_which() -> None:
    portal = open_portal(HubSpotConfig(tokens={"pat-na1-sandbox": frozenset({"crm.objects.contacts.read"})}))
    with pytest.raises(ConnectionLost) as raised:
        portal.crm.invoices(["1"])
    assert "crm.objects.invoices.read" in raised.value.detail


def test_webhooks_bear_a_signature_that_verifies_and_events_that_parse() -> None:
    portal = open_portal()
    url = "https://sync.example.test/webhooks/hubspot"
    portal.sandbox.outbox.target_url = url
    id_ = portal.invoice()
    portal.finalise(id_)
    seen: list[str] = []

    def receive(method: str, target: str, headers: Mapping[str, str], body: bytes) -> int:
        given = {name.lower(): value for name, value in headers.items()}
        verify(
            method=method,
            url=target,
            body=body,
            timestamp=given[TIMESTAMP_HEADER.lower()],
            signature=given[SIGNATURE_HEADER.lower()],
            secrets=["sandbox-client-secret"],
            now=portal.sandbox.clock.now(),
        )
        events = parse_events(body, portal.sandbox.clock.now())
        seen.extend(one.object_id for one in events if one.object_type_id == INVOICE_TYPE)
        assert {one.portal_id for one in events} == {"62515001"}
        return 204

    portal.sandbox.clock.advance(60)
    assert portal.sandbox.deliver_webhooks(receive) > 0
    assert set(seen) == {id_}
