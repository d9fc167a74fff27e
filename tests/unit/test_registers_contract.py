"""The registers of invoices and payments: one suite for those in memory and those in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support import aws
from tests.support.memory import MemoryRecords, VirtualClock
from tests.support.memory_registers import MemoryHealthBook, MemoryRegisters
from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.domain.about import About
from tieout.domain.money import Money
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.domain.register import Health, Register
from tieout.ports import Records
from tieout.ports.registers import BadPageMark, HealthBook, Registers, Snapshot

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INVOICES, PAYMENTS = Register.INVOICES, Register.PAYMENTS
FROM_HUBSPOT, FROM_QUICKBOOKS = (Kind.INVOICE, "hubspot"), (Kind.INVOICE, "quickbooks")


@dataclass
class Store:
    records: Records
    registers: Registers
    book: HealthBook

    def put(
        self,
        id_: str,
        number: str = "",
        customer: str = "",
        day: date | None = None,
        *,
        state: State = State.SYNCED,
        connection: str = "acme",
        kind: Kind = Kind.INVOICE,
        system: str = "hubspot",
        far_number: str | None = None,
        invoices: tuple[str, ...] = (),
    ) -> SyncRecord:
        key = RecordKey(connection, kind, system, id_)
        about = About(customer, Money(Decimal(10), "USD"), day or date(2026, 3, 1), invoices=invoices)
        link = Link(f"far-{id_}", number=far_number) if far_number else None
        record = SyncRecord(key=key, state=state, label=number, about=about, link=link, created_at=NOW, updated_at=NOW)
        return self.records.put(record)

    def all(self, register: Register = INVOICES, health: Health | None = None, size: int = 2) -> list[str]:
        """The ids on all pages, which end."""
        found: list[str] = []
        after: str | None = None
        for _ in range(50):
            page = self.registers.newest("acme", register, health, size, after)
            assert len(page.records) <= size
            found += [one.key.origin_id for one in page.records]
            after = page.next
            if after is None:
                return found
        raise AssertionError("no end")

    def found(self, text: str, register: Register = INVOICES, health: Health | None = None, size: int = 2) -> list[str]:
        """The ids that a search gives on all its pages."""
        found: list[str] = []
        after: str | None = None
        for _ in range(50):
            page = self.registers.search("acme", register, text, health, size, after)
            assert len(page.records) <= size
            found += [one.key.origin_id for one in page.records]
            after = page.next
            if after is None:
                return found
        raise AssertionError("no end")


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        held = MemoryRecords()
        yield Store(held, MemoryRegisters(held), MemoryHealthBook())
        return
    with aws.table() as client:
        records = DynamoRecords(client, aws.TABLE, VirtualClock(NOW))
        registers = DynamoRegisters(client, aws.TABLE, records)
        yield Store(records, registers, DynamoHealthBook(client, aws.TABLE))


def test_a_register_is_read_from_the_latest_date_on_in_pages_that_miss_none_and_repeat_none(store: Store) -> None:
    for number in (3, 1, 5, 2, 4):
        store.put(str(number), day=date(2026, 3, number))
    store.put("other", connection="bob")
    store.put("pay", kind=Kind.PAYMENT)
    assert store.all() == ["5", "4", "3", "2", "1"]
    assert store.all(size=5) == ["5", "4", "3", "2", "1"]
    assert store.all(PAYMENTS) == ["pay"]


def test_refunds_stand_among_the_payments_and_customers_in_no_register(store: Store) -> None:
    store.put("p", kind=Kind.PAYMENT)
    store.put("q", kind=Kind.PAYMENT, system="quickbooks")
    store.put("r", kind=Kind.REFUND, system="quickbooks")
    store.put("c", kind=Kind.CUSTOMER)
    store.put("d", kind=Kind.DEAL)
    assert sorted(store.all(PAYMENTS)) == ["p", "q", "r"]
    assert store.all() == []


def test_one_health_is_read_across_both_directions_in_order(store: Store) -> None:
    for number in range(1, 7):
        system = "hubspot" if number % 2 else "quickbooks"
        state = State.ATTENTION if number != 4 else State.SYNCED
        store.put(str(number), day=date(2026, 3, number), state=state, system=system)
    store.put("gone", day=date(2026, 3, 20), state=State.DELETED_IN_LEDGER)
    assert store.all(health=Health.ATTENTION) == ["gone", "6", "5", "3", "2", "1"]
    assert store.all(health=Health.IN_SYNC) == ["4"]
    assert store.all(health=Health.WAITING) == []


def test_a_record_moves_with_its_state_and_its_date_and_stands_once(store: Store) -> None:
    record = store.put("1", "INV-1", "Acme", date(2026, 3, 1), state=State.WAITING)
    store.put("2", "INV-2", "Acme", date(2026, 3, 2))
    moved = replace(record, about=About("Zenith", day=date(2026, 3, 9)), label="INV-9").to(State.SYNCED)
    store.records.put(moved)
    assert store.all() == ["1", "2"]
    assert store.all(health=Health.WAITING) == []
    assert (store.found("acme"), store.found("inv-1")) == (["2"], [])
    assert (store.found("zen"), store.found("INV-9")) == (["1"], ["1"])


def test_what_is_only_claimed_for_the_first_time_stands_nowhere_and_what_cannot_be_read_does(store: Store) -> None:
    key = RecordKey("acme", Kind.INVOICE, "hubspot", "1")
    seen = store.records.put(SyncRecord(key=key, created_at=NOW, updated_at=NOW))
    assert store.all() == []
    store.records.put(seen.to(State.ATTENTION, reason="unreadable"))
    assert store.all() == ["1"]
    assert store.all(health=Health.ATTENTION) == ["1"]


@pytest.mark.parametrize("typed", ["INV-1001", "inv-1001", " inv-10", "1001", "100", "QB-77", "77"])
def test_an_invoice_is_found_by_the_beginning_of_either_systems_number(store: Store, typed: str) -> None:
    store.put("1", "INV-1001", "Acme Ltd", far_number="QB-77")
    store.put("2", "INV-2002", "Zenith")
    assert store.found(typed) == ["1"]


@pytest.mark.parametrize("typed", ["josé", "JOSE", "Jose da  Sil", "josé da silva & filhos"])
def test_a_customer_is_found_whatever_the_case_accents_and_spaces(store: Store, typed: str) -> None:
    store.put("1", "INV-1", "  José da Silva & Filhos ")
    store.put("2", "INV-2", "Jo")
    assert store.found(typed) == ["1"]


def test_a_payment_is_found_by_the_number_of_its_invoice(store: Store) -> None:
    store.put("p", "ch_99", "Acme", kind=Kind.PAYMENT, invoices=("INV-1001", "INV-1002"))
    store.put("q", "ch_98", "Acme", kind=Kind.PAYMENT, system="quickbooks", invoices=("INV-2000",))
    assert store.found("inv-1002", PAYMENTS) == ["p"]
    assert store.found("ch_9", PAYMENTS) == ["p", "q"] or store.found("ch_9", PAYMENTS) == ["q", "p"]
    assert store.found("inv-1002") == []


def test_numbers_come_before_customers_and_each_record_once_a_page(store: Store) -> None:
    store.put("named", "INV-5", "1001 Nights")
    for number in range(3):
        store.put(str(number), f"100{number}", "Acme", day=date(2026, 3, 1 + number))
    assert store.found("100") == ["2", "1", "0", "named"]
    assert store.found("1001", size=10) == ["1", "named"]


def test_the_newest_of_one_customer_comes_first(store: Store) -> None:
    for number in (2, 3, 1):
        store.put(str(number), f"INV-{number}", "Acme", day=date(2026, 3, number))
    assert store.found("acme") == ["3", "2", "1"]


def test_a_search_that_is_narrowed_to_a_health_passes_over_the_others(store: Store) -> None:
    for number in range(1, 10):
        state = State.ATTENTION if number in (1, 9) else State.SYNCED
        store.put(str(number), f"INV-{number}", "Acme", day=date(2026, 3, number), state=state)
    assert store.found("acme", health=Health.ATTENTION) == ["9", "1"]
    assert store.found("acme", health=Health.VOIDED) == []


@pytest.mark.parametrize("typed", ["", "   ", "#", "\x00", "´"])
def test_a_search_for_nothing_finds_nothing(store: Store, typed: str) -> None:
    store.put("1", "INV-1", "Acme")
    assert store.found(typed) == []


@pytest.mark.parametrize(
    "name", ["Acme#n#inv-1", "<script>alert(1)</script>", "a" * 500, "株式会社 テスト", "\u202eevil", "🙂"]
)
def test_a_hostile_name_is_found_and_harms_nothing(store: Store, name: str) -> None:
    store.put("1", "INV-7", name)
    store.put("2", "INV-8", "Acme")
    assert store.found(name) == ["1"]
    assert store.found("inv-1") == []
    assert sorted(store.all()) == ["1", "2"]


@pytest.mark.parametrize(
    "mark",
    ["", "x", "d#2026-03-01", "2026-03-01#invoice#hubspot#", "9#9#9#9", "2026-03-01#invoice#hubspot#1#2", "C#bob#REC"],
)
def test_a_forged_mark_is_refused(store: Store, mark: str) -> None:
    store.put("1", "INV-1", "Acme")
    with pytest.raises(BadPageMark):
        store.registers.newest("acme", INVOICES, None, 2, mark)
    with pytest.raises(BadPageMark):
        store.registers.newest("acme", INVOICES, Health.IN_SYNC, 2, mark)
    with pytest.raises(BadPageMark):
        store.registers.search("acme", INVOICES, "acme", None, 2, mark)


def test_a_mark_of_another_connection_leads_nowhere_but_into_ones_own_list(store: Store) -> None:
    for number in range(1, 4):
        store.put(f"b{number}", day=date(2026, 3, number), connection="bob")
        store.put(f"a{number}", day=date(2026, 3, number))
    mark = store.registers.newest("bob", INVOICES, None, 1).next
    page = store.registers.newest("acme", INVOICES, None, 5, mark)
    assert [one.key.connection for one in page.records] == ["acme"] * len(page.records)


def test_counts_are_of_one_direction_and_health_and_end_at_their_bound(store: Store) -> None:
    for number in range(5):
        store.put(str(number), state=State.ATTENTION)
    store.put("q", state=State.ATTENTION, system="quickbooks")
    store.put("s")
    count, tally = store.registers.count, store.registers.tally
    assert count("acme", FROM_HUBSPOT, Health.ATTENTION, 100) == 5
    assert count("acme", FROM_HUBSPOT, Health.ATTENTION, 3) == 3
    assert count("acme", FROM_QUICKBOOKS, Health.ATTENTION, 100) == 1
    assert count("bob", FROM_HUBSPOT, Health.ATTENTION, 100) == 0
    assert (tally("acme", FROM_HUBSPOT, Health.IN_SYNC).number, tally("acme", FROM_HUBSPOT, Health.VOIDED).number) == (
        1,
        0,
    )


def test_of_each_day_the_last_snapshot_stays(store: Store) -> None:
    place = (FROM_HUBSPOT, Health.IN_SYNC)
    for hours, number in ((0, 5), (3, 6), (24, 7)):
        store.book.keep("acme", Snapshot(NOW + timedelta(hours=hours), {place: number}))
    store.book.keep("bob", Snapshot(NOW, {place: 99}))
    days = store.book.days("acme", NOW.date() - timedelta(days=30))
    assert {day: one.counts for day, one in days.items()} == {
        NOW.date(): {place: 6},
        NOW.date() + timedelta(days=1): {place: 7},
    }
    assert days[NOW.date()].at == NOW + timedelta(hours=3)
    assert list(store.book.days("acme", NOW.date() + timedelta(days=1))) == [NOW.date() + timedelta(days=1)]
