"""Deals and PDFs of invoices that were born in QuickBooks, over both sandboxes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_world import OBJECTS
from tieout.domain.record import State
from tieout.services.deals import AMBIGUOUS


def linked(world: MirrorWorld, kind: str, id_: str, other: str) -> list[str]:
    answer = world.person.get(f"{OBJECTS}/{kind}/{id_}/associations/{other}")
    return [str(one["toObjectId"]) for one in answer.json()["results"]]


def deal(world: MirrorWorld, company: str) -> str:
    made = world.create("deals", None, dealname="Roof", dealstage="contractsent")
    answer = world.person.put(f"{OBJECTS}/deals/{made}/associations/default/companies/{company}")
    assert answer.status_code == 200, answer.text
    return made


def on(world: MirrorWorld, deal_id: str) -> Any:
    names = "tieout_invoice_number,tieout_invoice_status,tieout_invoice_balance"
    return world.person.get(f"{OBJECTS}/deals/{deal_id}", params={"properties": names}).json()["properties"]


@pytest.fixture
def world() -> MirrorWorld:
    world = MirrorWorld()
    world.settings(deals="associate", pdf="company")
    return world


def test_an_invoice_of_quickbooks_is_associated_with_the_deal_of_its_company_and_has_its_pdf(
    world: MirrorWorld,
) -> None:
    company = world.company("Globex")
    made = deal(world, company)
    row = world.billed(customer=world.customer("Globex"), DocNumber="QB-1")
    record = world.show(row)
    assert record.state is State.SYNCED
    assert record.link is not None
    assert record.on_deals
    assert linked(world, "invoices", record.link.far_id, "deals") == [made]
    assert on(world, made)["tieout_invoice_number"] == "QB-1"
    [file] = world.hubspot.store.files.values()
    assert file.content.startswith(b"%PDF")
    assert len(linked(world, "companies", company, "notes")) == 1
    before = len(world.hubspot.traffic.exchanges)
    world.show(row)
    assert not any(one.method in ("PATCH", "PUT") for one in world.hubspot.traffic.exchanges[before:])


def test_what_is_paid_in_quickbooks_shows_on_the_deal(world: MirrorWorld) -> None:
    made = deal(world, world.company("Globex"))
    customer = world.customer("Globex")
    row = world.billed(customer=customer)
    world.show(row)
    world.bookkeeper.receive(customer, Decimal("360.00"), {row["Id"]: Decimal("360.00")})
    world.show(row)
    shown = on(world, made)
    assert (shown["tieout_invoice_status"], shown["tieout_invoice_balance"]) == ("paid", "0.00")


def test_of_two_deals_none_is_chosen(world: MirrorWorld) -> None:
    company = world.company("Globex")
    deal(world, company), deal(world, company)
    record = world.show(world.billed(customer=world.customer("Globex")))
    assert record.link is not None
    assert linked(world, "invoices", record.link.far_id, "deals") == []
    assert world.notices.load("c1", AMBIGUOUS) is not None
