"""The ledger over the QuickBooks sandbox, in the same process."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.app import QuickBooksSandbox
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, QuickBooksConfig
from tests.support.memory import MemoryLimiter, MemoryTokens, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.domain.attention import AttentionCode
from tieout.domain.company import Connection
from tieout.domain.customer import CustomerDraft
from tieout.domain.errors import (
    ConnectionLost,
    NameTaken,
    NeedsAttention,
    NotInLedger,
    NumberTaken,
    OutcomeUnknown,
    RateLimited,
    StaleVersion,
    Transient,
)
from tieout.domain.invoice import ContentLine, InvoiceContent, LedgerInvoice
from tieout.domain.marker import marker
from tieout.domain.money import Money
from tieout.domain.planning.difference import changes
from tieout.domain.record import Kind, RecordKey
from tieout.ports import Ledger, PreparedWrite, TokenSet

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = RecordKey("c1", Kind.INVOICE, "hubspot", "42")


class World:
    """A ledger connected to a sandbox whose clock stands still."""

    def __init__(self, **config: Any) -> None:
        settings = {"requests_per_second": None, "requests_per_minute": None, **config}
        self.sandbox = QuickBooksSandbox(QuickBooksConfig(**settings), SandboxClock(START))
        self.clock = VirtualClock(START)
        self.limiter = MemoryLimiter(self.clock)
        tokens = MemoryTokens(self.clock)
        assert tokens.save("c1", TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, START + timedelta(hours=1), version=1))
        http = make_client("https://quickbooks.test", transport=SandboxTransport(self.sandbox))
        self.connection = Connection("c1", "1", self.sandbox.config.realm_id)
        source = TokenSource("c1", tokens, http, lambda: (CLIENT_ID, CLIENT_SECRET), self.clock, lambda: "worker")
        self.client = QuickBooksClient(self.connection, http, source, self.limiter)
        self.quickbooks = QuickBooksLedger(self.connection, self.client, self.clock, "https://app.test/")
        self.ledger: Ledger = self.quickbooks
        self.customer = self.make_customer("Acme")

    def make_customer(self, name: str, email: str | None = None) -> str:
        write = self.ledger.prepare_customer(CustomerDraft(name, email=email))
        return self.ledger.create_customer(write, f"customer-{name}"[:50]).id

    def content(self, **changes: Any) -> InvoiceContent:
        lines = (
            ContentLine("1", "Onboarding", Decimal("1.5"), Decimal("33.335"), Decimal("50.00")),
            ContentLine("1", 'Ünïcode "quoted"\nnext', Decimal(3), Decimal(50), Decimal(150)),
        )
        content = InvoiceContent(
            self.customer, None, date(2026, 3, 2), date(2026, 4, 1), "USD", lines, "Thank you", "ap@example.com"
        )
        return replace(content, **changes)

    def prepare(self, content: InvoiceContent | None = None, note: str = "") -> PreparedWrite:
        return self.ledger.prepare_invoice(content or self.content(), note or marker(KEY, 1), self.ledger.company())

    def make(self, content: InvoiceContent | None = None, note: str = "", request_id: str = "r1") -> LedgerInvoice:
        return self.ledger.post_invoice(self.prepare(content, note), request_id)

    def update(self, present: LedgerInvoice, content: InvoiceContent, request_id: str = "u1") -> LedgerInvoice:
        company = self.ledger.company()
        write = self.ledger.prepare_invoice_update(present, content, marker(KEY, 2), company)
        return self.ledger.post_invoice(write, request_id)

    def void(self, present: LedgerInvoice) -> LedgerInvoice:
        return self.ledger.void_invoice(self.ledger.prepare_invoice_void(present), "v1")

    def fault(self, kind: str, **more: Any) -> None:
        self.sandbox.faults.add({"kind": kind, "times": 1, **more})

    def raw(self, entity: str, body: str, request_id: str, operation: str | None = None) -> None:
        self.client.post(entity, body, request_id, operation=operation)

    @property
    def exchanges(self) -> int:
        return len(self.sandbox.traffic.exchanges)


@pytest.fixture
def world() -> World:
    return World()


def test_an_invoice_reads_back_as_it_was_written(world: World) -> None:
    made = world.make()
    assert changes(made.content, world.content()) == ()
    assert made.content.number
    assert made.total == made.balance == made.content.total == Money(Decimal(200), "USD")
    assert made.private_note == marker(KEY, 1)
    assert (made.voided, made.settled_by, made.sync_token) == (False, (), "0")
    assert made.updated_at == START
    assert world.ledger.invoice(made.id) == made
    assert world.ledger.invoices([made.id, "99999"]) == {made.id: made}


def test_a_repetition_under_the_same_request_id_makes_no_second_invoice(world: World) -> None:
    write = world.prepare()
    assert world.ledger.post_invoice(write, "r1") == world.ledger.post_invoice(write, "r1")
    assert len(world.sandbox.company.rows["Invoice"]) == 1


def test_bodies_are_the_same_bytes_for_the_same_content(world: World) -> None:
    assert world.prepare().body == world.prepare().body
    assert '"Qty":1.5,"UnitPrice":33.335' in world.prepare().body
    assert '"Amount":50.00' in world.prepare().body
    assert world.prepare().body.isascii()


def test_a_lost_answer_is_an_open_outcome_and_the_invoice_is_found_by_its_marker(world: World) -> None:
    write = world.prepare()
    world.fault("timeout_after", method="POST")
    with pytest.raises(OutcomeUnknown):
        world.ledger.post_invoice(write, "r1")
    found = world.ledger.find_invoice(KEY, world.content())
    assert found is not None
    assert world.ledger.find_invoice(replace(KEY, origin_id="4"), world.content()) is None
    assert world.ledger.find_invoice(KEY, world.content(invoice_date=date(2026, 3, 3))) is None
    assert world.ledger.post_invoice(write, "r1") == found


def test_the_marker_is_found_behind_a_thousand_other_invoices_and_after_a_void(world: World) -> None:
    company = world.ledger.company()
    line = (ContentLine("1", None, Decimal(1), Decimal(1), Decimal(1)),)
    write = world.ledger.prepare_invoice(world.content(lines=line), "other", company)
    for number in range(1001):
        world.raw("invoice", write.body, f"other-{number}")
    made = world.make()
    found = world.ledger.find_invoice(KEY, world.content())
    assert found == made
    voided = world.void(made)
    assert world.ledger.find_invoice(KEY, world.content()) == voided
    world.sandbox.traffic.clear()


def test_of_two_copies_with_the_marker_the_first_is_ours(world: World) -> None:
    first = world.make(request_id="r1")
    world.make(request_id="r2")
    assert world.ledger.find_invoice(KEY, world.content()) == first


def test_a_failed_look_is_never_an_absence(world: World) -> None:
    world.make()
    world.fault("status_500", path="query")
    with pytest.raises(Transient):
        world.ledger.find_invoice(KEY, world.content())
    world.fault("timeout_before", path="query")
    with pytest.raises(Transient):
        world.ledger.invoices(["1"])


def test_an_update_replaces_lines_and_clears_what_fell_away(world: World) -> None:
    made = world.make()
    lines = (ContentLine("1", "Only", Decimal(2), Decimal("9.99"), Decimal("19.98")),)
    changed = world.update(made, world.content(lines=lines, memo=None, email=None, due_date=date(2026, 5, 1)))
    assert changes(changed.content, replace(changed.content, lines=lines)) == ()
    assert (changed.content.memo, changed.content.email) == (None, None)
    assert changed.content.due_date == date(2026, 5, 1)
    assert changed.total == Money(Decimal("19.98"), "USD")
    assert changed.sync_token == "1"
    assert changed.private_note == marker(KEY, 2)


def test_an_update_of_an_old_version_is_stale(world: World) -> None:
    made = world.make()
    world.update(made, world.content(memo="Changed"))
    with pytest.raises(StaleVersion):
        world.update(made, world.content(memo="Changed again"), "u2")


def test_a_void_keeps_the_invoice_with_nothing_on_it(world: World) -> None:
    voided = world.void(world.make())
    assert voided.voided
    assert voided.total == voided.balance == Money(Decimal(0), "USD")
    assert world.ledger.invoice(voided.id).voided


def test_a_deleted_invoice_is_said_to_be_deleted(world: World) -> None:
    made = world.make()
    world.raw("invoice", world.ledger.prepare_invoice_void(made).body, "d1", "delete")
    with pytest.raises(NotInLedger):
        world.ledger.invoice(made.id)
    assert world.ledger.invoices([made.id]) == {}
    with pytest.raises(NotInLedger):
        world.update(made, world.content())


def test_a_discount_that_a_person_added_shows_as_the_order_discount(world: World) -> None:
    made = world.make()
    body = (
        f'{{"Id":"{made.id}","SyncToken":"0","sparse":true,"Line":['
        '{"Amount":100,"DetailType":"SalesItemLineDetail",'
        '"SalesItemLineDetail":{"ItemRef":{"value":"1"},"Qty":1,"UnitPrice":100}},'
        '{"DetailType":"DescriptionOnly","Description":"A note","DescriptionLineDetail":{}},'
        '{"Amount":10,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":false}}]}'
    )
    world.raw("invoice", body, "x1")
    read = world.ledger.invoice(made.id)
    assert [(line.item_id, line.amount) for line in read.content.lines] == [
        ("1", Decimal(100)),
        ("description", Decimal(0)),
    ]
    assert read.content.discount == Decimal(10)
    assert read.content.total == read.total == Money(Decimal(90), "USD")


def test_numbers_are_sent_only_to_companies_that_take_them() -> None:
    world = World(custom_txn_numbers=True)
    made = world.make(world.content(number="HS-1"))
    assert made.content.number == "HS-1"
    with pytest.raises(NumberTaken) as caught:
        world.make(world.content(number="HS-1"), request_id="r2")
    assert (caught.value.holder_type, caught.value.holder_id) == ("Invoice", made.id)
    assert "DocNumber" not in World().prepare(world.content(number="HS-1")).body


def test_taxing_companies_get_untaxed_lines_and_multicurrency_ones_a_currency() -> None:
    world = World(using_sales_tax=True, multicurrency=True)
    body = world.prepare().body
    assert body.count('"TaxCodeRef":{"value":"NON"}') == 2
    assert '"CurrencyRef":{"value":"USD"}' in body
    assert "ExchangeRate" not in body
    made = world.make()
    assert made.total == Money(Decimal(200), "USD")
    plain = World().prepare().body
    assert "TaxCodeRef" not in plain
    assert "CurrencyRef" not in plain


def test_the_company_is_read_once_in_ten_minutes(world: World) -> None:
    company = world.ledger.company()
    assert (company.name, company.country, company.home_currency) == ("Sandbox Company", "US", "USD")
    assert (company.time_zone, company.custom_numbers, company.books_closed_through) == (
        "America/Los_Angeles",
        False,
        None,
    )
    before = world.exchanges
    world.ledger.company()
    assert world.exchanges == before
    world.clock.advance(600)
    world.ledger.company()
    assert world.exchanges == before + 2


def test_a_closed_period_needs_attention() -> None:
    world = World(book_close_date=date(2026, 3, 31))
    assert world.ledger.company().books_closed_through == date(2026, 3, 31)
    with pytest.raises(NeedsAttention) as caught:
        world.make()
    assert caught.value.code is AttentionCode.PERIOD_CLOSED


def test_customers_are_found_by_name_and_email_inactive_ones_too(world: World) -> None:
    one = world.make_customer("O'Neil \\ Sons", "ap@oneil.test")
    two = world.make_customer("Other")
    world.raw("customer", f'{{"Id":"{two}","SyncToken":"0","sparse":true,"Active":false}}', "x1")
    found = {customer.id: customer for customer in world.ledger.find_customers(["O'Neil \\ Sons", "Other", ""], [])}
    assert set(found) == {one, two}
    assert not found[two].active
    by_email = world.ledger.find_customers([], ["ap@oneil.test"])
    assert [(customer.id, customer.email) for customer in by_email] == [(one, "ap@oneil.test")]
    assert [(holder.kind, holder.id, holder.active) for holder in world.ledger.name_holders("Other")] == [
        ("Customer", two, False)
    ]


def test_a_company_that_cannot_filter_by_email_is_asked_only_once() -> None:
    world = World(filter_by_email=False)
    assert [customer.id for customer in world.ledger.find_customers(["Acme"], ["a@b.test"])] == [world.customer]
    before = world.exchanges
    assert len(world.ledger.find_customers(["Acme"], ["a@b.test"])) == 1
    assert world.exchanges == before + 1


def test_a_name_that_a_vendor_holds_is_taken(world: World) -> None:
    world.raw("vendor", '{"DisplayName":"Holder"}', "x1")
    with pytest.raises(NameTaken):
        world.make_customer("Holder")
    assert [holder.kind for holder in world.ledger.name_holders("Holder")] == ["Vendor"]


def test_a_customer_is_created_with_what_the_draft_says(world: World) -> None:
    draft = CustomerDraft("Acme (Jane)", "Acme Inc", "Jane", "Doe", "jane@acme.test")
    made = world.ledger.create_customer(world.ledger.prepare_customer(draft), "c-1")
    assert (made.name, made.email, made.active) == ("Acme (Jane)", "jane@acme.test", True)
    stored = world.sandbox.company.rows["Customer"][made.id]
    assert (stored["CompanyName"], stored["GivenName"], stored["FamilyName"]) == ("Acme Inc", "Jane", "Doe")


def test_items_are_found_by_sku_and_name_and_by_id(world: World) -> None:
    world.raw("item", '{"Name":"Widget","Sku":"W-1","Type":"Service","IncomeAccountRef":{"value":"79"}}', "x1")
    found = world.ledger.find_items(["Services", "Nothing"], ["W-1"])
    assert sorted((item.name, item.sku) for item in found) == [("Services", None), ("Widget", "W-1")]
    by_id = world.ledger.item("1")
    assert by_id is not None
    assert (by_id.name, by_id.active, by_id.type) == ("Services", True, "Service")
    assert world.ledger.item("99999") is None


def test_an_inactive_customer_needs_attention(world: World) -> None:
    write = world.prepare()
    world.raw("customer", f'{{"Id":"{world.customer}","SyncToken":"0","sparse":true,"Active":false}}', "x1")
    with pytest.raises(NeedsAttention) as caught:
        world.ledger.post_invoice(write, "r1")
    assert caught.value.code is AttentionCode.REFERENCE_INACTIVE


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_expired_token_is_refreshed_and_the_same_write_sent_again(form: str) -> None:
    world = World(unauthorized_form=form)
    write = world.prepare()
    world.sandbox.clock.advance(3601)
    made = world.ledger.post_invoice(write, "r1")
    assert world.ledger.invoice(made.id) == made
    assert len(world.sandbox.company.rows["Invoice"]) == 1


def test_a_token_for_another_company_loses_the_connection(world: World) -> None:
    world.fault("status_403")
    with pytest.raises(ConnectionLost):
        world.ledger.invoice("1")


def test_a_throttled_connection_pauses(world: World) -> None:
    world.ledger.company()
    world.fault("status_429")
    with pytest.raises(RateLimited):
        world.ledger.invoice("1")
    before = world.exchanges
    with pytest.raises(RateLimited):
        world.ledger.invoice("1")
    assert world.exchanges == before


def test_a_fault_under_status_200_is_a_fault(world: World) -> None:
    write = world.prepare()
    world.fault("fault_200", method="POST", code="5010")
    with pytest.raises(StaleVersion):
        world.ledger.post_invoice(write, "r1")


def test_a_person_can_open_the_invoice_and_print_it(world: World) -> None:
    made = world.make()
    realm = world.connection.realm_id
    assert world.ledger.invoice_url("7") == f"https://app.test/app/invoice?txnId=7&companyId={realm}"
    assert world.quickbooks.invoice_pdf(made.id).startswith(b"%PDF")


def test_nothing_can_fail_between_a_write_and_its_answer(world: World) -> None:
    write = world.prepare()
    world.clock.advance(600)
    world.fault("status_500", path="companyinfo")
    with pytest.raises(Transient):
        world.ledger.post_invoice(write, "r1")
    assert world.sandbox.company.rows["Invoice"] == {}


@pytest.mark.parametrize("code", ["4000", "4001", "4002"])
def test_a_company_that_cannot_filter_items_by_sku_finds_them_by_name(code: str) -> None:
    world = World()
    [item] = world.quickbooks.find_items({"Services"}, set())
    # The query by SKU, and the one that asks whether any value will do.
    world.sandbox.faults.add({"kind": "fault_400", "path": "/query$", "times": 2, "code": code, "detail": "no"})
    assert [one.id for one in world.quickbooks.find_items({"Services"}, {"SRV-1"})] == [item.id]
    before = world.exchanges
    world.quickbooks.find_items({"Services"}, {"SRV-1"})
    assert world.exchanges == before + 1


@pytest.mark.parametrize("code", ["4000", "4001", "4002"])
def test_one_value_that_quickbooks_cannot_parse_does_not_end_the_search_by_that_field(code: str) -> None:
    world = World()
    world.raw("item", '{"Name":"Widget","Sku":"W-1","Type":"Service","IncomeAccountRef":{"value":"79"}}', "x1")
    world.sandbox.faults.add({"kind": "fault_400", "path": "/query$", "times": 1, "code": code, "detail": "no"})
    with pytest.raises(NeedsAttention, match="status=400") as refused:
        world.quickbooks.find_items(set(), {"odd"})
    assert "for the SKU" in refused.value.detail
    assert [one.name for one in world.quickbooks.find_items(set(), {"W-1"})] == ["Widget"]
