"""After a way back to an earlier version: what a later one wrote is named beside other records, and ends no list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra.cli import watch
from tests.support import aws
from tests.support.builders_money_world import MoneyWorld
from tests.support.cli_world import CommandLine, wide
from tests.support.console_world import ConsoleWorld
from tests.support.memory import MemoryRecords, VirtualClock
from tests.support.memory_registers import MemoryRegisters
from tests.support.table_wire import NOW
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.console.explaining import unreadable_told
from tieout.console.language import ENGLISH
from tieout.console.pages import attention
from tieout.domain.about import About
from tieout.domain.hint import Cause
from tieout.domain.person import Role
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.register import Health, Register
from tieout.domain.status import explain
from tieout.ports import RecordPage, Records, UnreadableRecord
from tieout.ports.registers import Registers
from tieout.services import decisions


@dataclass(frozen=True)
class Store:
    records: Records
    registers: Registers
    spoil: Callable[[RecordKey], object]


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        held = MemoryRecords()
        yield Store(held, MemoryRegisters(held), held.unreadable.add)
        return
    with aws.table() as client:
        records = DynamoRecords(client, aws.TABLE, VirtualClock(NOW))

        def spoil(key: RecordKey) -> None:
            client.update_item(
                TableName=aws.TABLE,
                Key=keys.item_key(keys.record_partition(key), keys.RECORD_SORT),
                UpdateExpression="SET document = :document",
                ExpressionAttributeValues={":document": {"B": b"Maria"}},
            )

        yield Store(records, DynamoRegisters(client, aws.TABLE, records), spoil)


def key_of(id_: str, connection: str = "acme") -> RecordKey:
    return RecordKey(connection, Kind.INVOICE, "hubspot", id_)


def put(store: Store, *ids: str) -> None:
    for id_ in ids:
        store.records.put(SyncRecord(key_of(id_), State.ATTENTION, reason="item_missing", label=f"INV-{id_}"))


def test_a_listing_by_state_gives_the_others_and_names_it(store: Store) -> None:
    put(store, "1", "2", "3")
    store.spoil(key_of("2"))
    readable, unreadable, after = [], [], None
    for _ in range(3):
        page = store.records.in_state("acme", State.ATTENTION, 1, after)
        readable += [one.key.origin_id for one in page.readable]
        unreadable += [one.origin_id for one in page.unreadable]
        after = page.next
    assert (sorted(readable), unreadable, after) == (["1", "3"], ["2"], None)


@pytest.mark.parametrize("health", [None, Health.ATTENTION])
def test_the_registers_give_the_others_and_name_it(store: Store, health: Health | None) -> None:
    put(store, "1", "2", "3")
    store.spoil(key_of("2"))
    for page in (
        store.registers.newest("acme", Register.INVOICES, health, 10),
        store.registers.search("acme", Register.INVOICES, "inv-", health, 10),
    ):
        assert {one.key.origin_id for one in page.readable} == {"1", "3"}
        assert page.unreadable == (key_of("2"),)


def test_a_search_that_passes_one_goes_on_after_it(store: Store) -> None:
    put(store, *map(str, range(1, 8)))
    store.spoil(key_of("4"))
    seen: list[str] = []
    after: str | None = None
    for _ in range(10):
        page = store.registers.search("acme", Register.INVOICES, "inv-", None, 2, after)
        assert len(page.readable) + len(page.unreadable) <= 2
        seen += [one.origin_id for one in (*(record.key for record in page.readable), *page.unreadable)]
        after = page.next
        if after is None:
            break
    assert sorted(seen) == list("1234567")


def test_a_search_for_a_health_gives_no_more_than_was_asked_for(store: Store) -> None:
    for number, state in enumerate("AAASSS"):
        found = State.ATTENTION if state == "A" else State.SYNCED
        store.records.put(SyncRecord(key_of(str(number)), found, reason="item_missing", label="INV-1"))
    store.spoil(key_of("1"))
    pages: list[int] = []
    seen: list[str] = []
    after: str | None = None
    while not pages or after is not None:
        page = store.registers.search("acme", Register.INVOICES, "inv-", Health.ATTENTION, 2, after)
        seen += [one.origin_id for one in (*(record.key for record in page.readable), *page.unreadable)]
        pages.append(len(page.readable) + len(page.unreadable))
        after = page.next
    assert sorted(seen) == list("012")
    assert max(pages) == 2


def test_who_needs_all_records_is_told_and_never_overlooks_one(store: Store) -> None:
    put(store, "1", "2")
    store.spoil(key_of("2"))
    for read in (
        lambda: store.records.get(key_of("2")),
        lambda: store.records.get_many([key_of("1"), key_of("2")]),
        lambda: store.records.in_state("acme", State.ATTENTION).records,
    ):
        with pytest.raises(UnreadableRecord) as refused:
            read()
        assert refused.value.key == key_of("2")
        assert "Maria" not in str(refused.value)


def test_a_kind_of_a_later_version_hides_no_other_record() -> None:
    with aws.table() as client:
        records = DynamoRecords(client, aws.TABLE, VirtualClock(NOW))
        known = records.put(SyncRecord(key_of("1"), State.WAITING, reason="rate_limited", due_at=NOW, updated_at=NOW))
        item = client.get_item(
            TableName=aws.TABLE, Key=keys.item_key(keys.record_partition(known.key), keys.RECORD_SORT)
        )["Item"]
        client.put_item(TableName=aws.TABLE, Item={**item, "pk": {"S": "C#acme#REC#quote#hubspot#1"}})
        assert records.due("acme", NOW) == [known.key]
        assert records.in_state("acme", State.WAITING).records == (known,)


# What people see of it.


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


@pytest.fixture
def two(world: MoneyWorld) -> tuple[str, str]:
    """Two invoices that need a person; the record of the second cannot be read."""
    first, second = (world.invoice(product=name) for name in ("Drone", "Kite"))
    for id_ in (first, second):
        assert world.sync(id_).reason == "item_missing"
    world.records.unreadable.add(key_of(second, "c1"))
    return first, second


@pytest.mark.parametrize("path", ["/attention", "/invoices", "/invoices?state=attention"])
def test_the_consoles_lists_show_the_others_and_name_it(world: MoneyWorld, two: tuple[str, str], path: str) -> None:
    console = ConsoleWorld(world)
    page = console.signed_in(Role.VIEWER).get(console.path(path))
    assert page.status == 200
    assert world.number(two[0]) in page.text
    assert (
        f"A newer version of Tieout wrote these records, and this one cannot read them: Invoice {two[1]}." in page.text
    )


def test_a_list_of_nothing_else_does_not_say_that_all_is_well(world: MoneyWorld, two: tuple[str, str]) -> None:
    world.records.unreadable.add(key_of(two[0], "c1"))
    console = ConsoleWorld(world)
    client = console.signed_in(Role.VIEWER)
    attention, invoices = client.get(console.path("/attention")), client.get(console.path("/invoices"))
    assert "Nothing needs you." not in attention.text
    assert "Nothing is here yet." not in invoices.text
    assert two[0] in attention.text
    assert two[1] in invoices.text


def test_so_many_of_them_are_read_as_of_the_others(
    world: MoneyWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        one = SyncRecord(key_of(str(number), "c1"), State.ATTENTION, reason="item_missing")
        world.records.put(one)
        world.records.unreadable.add(one.key)
    asked, in_state = [], world.records.in_state

    def reading(connection: str, state: State, *of: Any) -> RecordPage:
        asked.append(state)
        return in_state(connection, state, *of)

    monkeypatch.setattr(world.records, "in_state", reading)
    monkeypatch.setattr(decisions, "_PAGE", 1)
    monkeypatch.setattr(attention, "MOST", 3)
    monkeypatch.setattr(watch, "_MOST_COUNTED", 3)
    monkeypatch.setattr(watch, "_fees_needing_a_person", lambda *_: [])
    console = ConsoleWorld(world)
    console.signed_in(Role.VIEWER).get(console.path("/attention"))
    assert asked.count(State.ATTENTION) == 3
    CommandLine(world, capsys).run("status")
    assert asked.count(State.ATTENTION) == 6


def test_an_invoices_card_names_a_payment_that_cannot_be_read(world: MoneyWorld) -> None:
    id_ = world.invoice()
    assert world.sync(id_).state is State.SYNCED
    paid = RecordKey("c1", Kind.PAYMENT, "hubspot", "4711")
    world.records.put(SyncRecord(paid, State.SYNCED, label="4711", about=About(invoices=(world.number(id_),))))
    world.records.unreadable.add(paid)
    console = ConsoleWorld(world)
    card = console.signed_in(Role.VIEWER).get(console.path(f"/record/invoice/hubspot/{id_}"))
    assert card.status == 200
    assert "cannot read them: Payment 4711." in card.text
    assert "No payment of this invoice is known." not in card.text


@pytest.mark.parametrize("page", ["/record/invoice/hubspot/", "/attention/invoice/hubspot/"])
def test_its_own_page_says_what_to_do(world: MoneyWorld, two: tuple[str, str], page: str) -> None:
    console = ConsoleWorld(world)
    told = console.signed_in(Role.VIEWER, **{"accept-language": "pt-BR"}).get(console.path(page + two[1]))
    assert told.status == 409
    assert "Uma versão mais nova do Tieout gravou" in told.text
    assert f"Fatura {two[1]}" in told.text


def test_whoever_decides_about_all_of_a_list_decides_about_those_that_can_be_read(
    world: MoneyWorld, two: tuple[str, str]
) -> None:
    console = ConsoleWorld(world)
    client = console.signed_in()
    form = client.get(console.path("/attention")).form("/attention/retry")
    client.post(console.path("/attention/retry"), {**form.fields, "all": "yes"})
    assert [hint.id for hint in world.hints.queued if hint.cause is Cause.RETRY] == [two[0]]


@pytest.mark.parametrize(
    ("decision", "cause"), [("retry", Cause.RETRY), ("resolve", Cause.RETRY), ("ignore", Cause.DUE)]
)
def test_what_was_decided_about_the_others_is_carried_out(world: MoneyWorld, decision: str, cause: Cause) -> None:
    first, second = (world.invoice(product=name) for name in ("Drone", "Kite"))
    assert {world.sync(one).reason for one in (first, second)} == {"item_missing"}
    console = ConsoleWorld(world)
    client = console.signed_in()
    form = client.get(console.path("/attention")).form("/attention/retry")
    # The page was open while the earlier version was deployed.
    world.records.unreadable.add(key_of(second, "c1"))
    before = set(world.hints.queued)
    chosen = [f"invoice/hubspot/{one}" for one in (first, second)]
    told = client.post(console.path(f"/attention/{decision}"), {**form.fields, "note": "Mended", "record": chosen})
    assert "1 was left as it is" in told.text
    assert {(hint.id, hint.cause) for hint in set(world.hints.queued) - before} == {(first, cause)}


def test_status_shows_the_others_names_it_and_needs_a_person(
    world: MoneyWorld, two: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch)
    line = CommandLine(world, capsys)
    ran = line.run("status")
    assert (ran.code, world.number(two[0]) in ran.out) == (1, True)
    assert f"cannot read them: {key_of(two[1], 'c1')}." in ran.out
    [facts] = line.run("status", "--json").json["connections"]
    assert facts["unreadable"] == [str(key_of(two[1], "c1"))]
    assert [one["invoice_id"] for one in facts["needs_a_person"]] == [two[0]]


def test_a_command_about_it_says_what_to_do(
    world: MoneyWorld, two: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch)
    ran = CommandLine(world, capsys).run("show", two[1])
    assert ran.code == 1
    assert "a newer version wrote it. Deploy that one again." in ran.err


def test_other_settings_are_put_in_force_noted_and_have_the_others_looked_at_again(
    world: MoneyWorld, two: tuple[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line, document, before = CommandLine(world, capsys), tmp_path / "settings.json", set(world.hints.queued)
    document.write_text('{"cutover_date": "2026-02-01"}')
    ran = line.run("settings", "apply", str(document))
    assert (ran.code, "is in force; queued 1 invoice(s)" in ran.out) == (1, True)
    assert f"{key_of(two[1], 'c1')}: a newer version wrote it." in ran.err
    assert [hint.id for hint in set(world.hints.queued) - before] == [two[0]]
    assert [entry.action for entry in line.connecting.trail.own] == ["applied settings"]


def test_status_needs_a_person_where_nothing_else_does(world: MoneyWorld, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = world.invoice()
    assert world.sync(id_).state is State.SYNCED
    line = CommandLine(world, capsys)
    assert line.run("status").code == 0
    world.records.unreadable.add(key_of(id_, "c1"))
    assert line.run("status").code == 1


def test_many_are_named_by_a_few_and_their_number() -> None:
    told = unreadable_told(ENGLISH, [key_of(str(number)) for number in range(7)])
    assert "Invoice 0, Invoice 1, Invoice 2, Invoice 3, Invoice 4 + 2." in told


# A record that can be read, with a code that cannot be known.


def test_a_code_of_a_later_version_is_told_of_as_such(world: MoneyWorld) -> None:
    id_ = world.invoice(product="Drone")
    found = world.sync(id_)
    world.records.put(replace(found, reason="moon_too_full", updated_at=world.clock.now()))
    told = "A newer version of Tieout found something here that this one does not know."
    assert told in explain(world.record(id_))
    console = ConsoleWorld(world)
    client = console.signed_in()
    for path in ("/attention", "/attention?code=moon_too_full", f"/attention/invoice/hubspot/{id_}"):
        page = client.get(console.path(path))
        assert (page.status, told in page.text) == (200, True), path
    taken = client.post(
        console.path(f"/attention/invoice/hubspot/{id_}/take"),
        {**client.get(console.path("/attention")).form("/attention/retry").fields, "side": "hubspot", "seen": ""},
    )
    assert taken.status < 500
