"""Customers and items linked by hand, over both sandboxes: remembered for every invoice to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.hubspot.object_types import COMPANY, INVOICE, LINE_ITEM
from tests.support.builders_mirror_world import MirrorWorld, sale
from tieout.domain.attention import AttentionCode
from tieout.domain.customer import Candidate
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.link_by_hand import Linkable, NotSearchable, link, linkables, search


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


def key(id_: str, system: str = "hubspot") -> RecordKey:
    return RecordKey("c1", Kind.INVOICE, system, id_)


def opened(world: MirrorWorld, invoice: RecordKey) -> list[Linkable]:
    workspace = world.open("c1")
    assert workspace is not None
    return list(linkables(workspace, world.records, invoice))


def found(world: MirrorWorld, one: Linkable, text: str) -> list[Candidate]:
    workspace = world.open("c1")
    assert workspace is not None
    return list(search(workspace, one.key, text))


def choose(world: MirrorWorld, one: Linkable, candidate: Candidate) -> SyncRecord:
    return link(world.records, world.clock, one, candidate, "Olga", "trace-1")


def retried(world: MirrorWorld, id_: str) -> SyncRecord:
    world.clock.advance(60)
    world.push(world.hint(id_, Cause.RETRY))
    return world.record(id_)


def customer_of(world: MirrorWorld, id_: str) -> str:
    return world.customer_of(id_)


def item_of(world: MirrorWorld) -> str:
    """The item of the latest invoice's first line."""
    return str(world.booked()[-1]["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"])


def companies_of(world: MirrorWorld, row: Mapping[str, Any]) -> list[str]:
    """The companies of a mirror in HubSpot."""
    shown = world.hubspot.store.records[INVOICE][world.shown_id(row)]
    return [one.id for one in world.hubspot.store.linked(shown, COMPANY)]


def change(world: MirrorWorld, customer: str, **fields: Any) -> None:
    """A bookkeeper changes a customer."""
    row = world.quickbooks.company.rows["Customer"][customer]
    world.book("Customer", {"Id": customer, "SyncToken": row["SyncToken"], "sparse": True, **fields})


def ambiguous(world: MirrorWorld) -> tuple[str, str, str]:
    """A HubSpot invoice whose contact's address two QuickBooks customers bear; gives it and them."""
    world.settings(customer_level="contact")
    first, second = (
        world.customer(name, PrimaryEmailAddr={"Address": "anna@example.test"}) for name in ("Nordwind", "Nordwind Old")
    )
    invoice = world.invoice(contact=world.contact(email="anna@example.test"))
    record = world.sync(invoice)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CUSTOMER_AMBIGUOUS)
    return invoice, first, second


def test_a_customer_that_a_person_chose_is_billed_then_and_from_then_on(world: MirrorWorld) -> None:
    invoice, _, second = ambiguous(world)
    customer, *items = opened(world, key(invoice))
    assert (customer.name, customer.far_id) == ("Anna Muster", None)
    assert [one.name for one in items] == ["Services"]
    old = next(one for one in found(world, customer, "wind ol") if one.id == second)
    assert (old.name, old.detail) == ("Nordwind Old", "anna@example.test")
    choose(world, customer, old)
    assert retried(world, invoice).state is State.SYNCED
    assert customer_of(world, invoice) == second
    [remembered, *_] = opened(world, key(invoice))
    assert (remembered.far_id, remembered.by_hand) == (second, True)
    [entry, *_] = [one for one in world.records.trail(customer.key) if "by hand" in one.action]
    assert (entry.actor, entry.facts["to"]) == ("Olga", second)


def test_no_better_match_takes_the_place_of_what_a_person_chose(world: MirrorWorld) -> None:
    invoice, first, second = ambiguous(world)
    customer, *_ = opened(world, key(invoice))
    choose(world, customer, Candidate(second, "Nordwind Old"))
    # Now only the other one matches; a retry would take it, had nobody chosen.
    change(world, second, PrimaryEmailAddr={"Address": "old@example.test"})
    world.clock.advance(700)
    assert retried(world, invoice).state is State.SYNCED
    assert customer_of(world, invoice) == second != first


def test_a_choice_that_quickbooks_refuses_is_shown_and_can_be_made_anew(world: MirrorWorld) -> None:
    invoice, first, second = ambiguous(world)
    customer, *_ = opened(world, key(invoice))
    choose(world, customer, Candidate(second, "Nordwind Old"))
    change(world, second, Active=False)
    record = retried(world, invoice)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFERENCE_INACTIVE)
    assert found(world, customer, "Nordwind Old") == []
    choose(world, customer, Candidate(first, "Nordwind"))
    assert retried(world, invoice).state is State.SYNCED
    assert customer_of(world, invoice) == first


def test_an_item_that_a_person_chose_is_sold(world: MirrorWorld) -> None:
    invoice = world.invoice(product="Unheard-of")
    record = world.sync(invoice)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.ITEM_MISSING)
    _, item = opened(world, key(invoice))
    [services] = [one for one in found(world, item, "servic") if one.name == "Services"]
    choose(world, item, services)
    assert retried(world, invoice).state is State.SYNCED
    assert item_of(world) == services.id
    # One that bears the very name changes nothing any more, not even where somebody asks.
    world.bookkeeper.create("Item", Name="Unheard-of", Type="Service", IncomeAccountRef={"value": "1"})
    assert world.sync(world.invoice(product="Unheard-of"), Cause.RETRY).state is State.SYNCED
    assert item_of(world) == services.id


def test_what_cannot_be_sold_is_not_offered(world: MirrorWorld) -> None:
    world.bookkeeper.create("Item", Name="Servicing", Type="Category")
    one = Linkable(RecordKey("c1", Kind.ITEM, "hubspot", "product:1"), "Services")
    assert [candidate.name for candidate in found(world, one, "servic")] == ["Services"]


def test_an_invoice_from_quickbooks_gets_the_company_and_the_product_that_a_person_chose(world: MirrorWorld) -> None:
    first, second = world.company("Globex"), world.company("Globex")
    product = world.create("products", name="Consulting hour", hs_sku="CH-1")
    row = world.billed(sale("3", "120.00"), customer=world.customer("Globex"))
    assert world.show(row).state is State.SYNCED
    customer, item = opened(world, key(str(row["Id"]), "quickbooks"))
    assert (customer.name, customer.far_id) == ("Globex", None)
    companies = found(world, customer, "globex")
    assert {one.id for one in companies} == {first, second}
    choose(world, customer, next(one for one in companies if one.id == second))
    [hour] = found(world, item, "consulting")
    assert (hour.id, hour.detail) == (product, "CH-1")
    choose(world, item, hour)
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    assert companies_of(world, row) == [second]
    later = world.billed(sale("2", "120.00"), customer=str(row["CustomerRef"]["value"]))
    assert world.show(later).state is State.SYNCED
    assert companies_of(world, later) == [second]
    shown = world.hubspot.store.records[INVOICE][world.shown_id(later)]
    assert [one.get("hs_product_id") for one in world.hubspot.store.linked(shown, LINE_ITEM)] == [product]
    writes = len(world.hubspot.traffic.exchanges)
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    asked = world.hubspot.traffic.exchanges[writes:]
    assert not [one for one in asked if one.method in ("PUT", "PATCH", "DELETE") and "/invoices" in one.url]


@pytest.mark.parametrize("text", ["", "   ", "a", "x" * 101])
def test_what_nobody_can_search_by_is_said(world: MirrorWorld, text: str) -> None:
    one = Linkable(RecordKey("c1", Kind.CUSTOMER, "hubspot", "company:1"), "Acme")
    with pytest.raises(NotSearchable, match="between 2 and 100"):
        found(world, one, text)


def test_a_text_with_quotes_and_signs_finds_what_bears_it(world: MirrorWorld) -> None:
    world.customer("O'Neil \\ Söhne & Co")
    one = Linkable(RecordKey("c1", Kind.CUSTOMER, "hubspot", "company:1"), "Acme")
    for text in ("o'neil", "\\ Söhne", "& Co"):
        assert [candidate.name for candidate in found(world, one, text)] == ["O'Neil \\ Söhne & Co"]


def test_a_record_that_a_worker_holds_is_not_changed(world: MirrorWorld) -> None:
    one = Linkable(RecordKey("c1", Kind.CUSTOMER, "hubspot", "company:1"), "Acme")
    now = world.clock.now()
    held = SyncRecord(one.key, lease_owner="a worker", lease_until=now + timedelta(minutes=1))
    world.records.put(held)
    with pytest.raises(NotReadyYet):
        choose(world, one, Candidate("1", "Acme"))
    assert replace(world.records.get(one.key) or held, version=0) == held


def test_a_deleted_invoice_has_nothing_to_link(world: MirrorWorld) -> None:
    assert opened(world, key("4711")) == []
    assert opened(world, key("4711", "quickbooks")) == []
