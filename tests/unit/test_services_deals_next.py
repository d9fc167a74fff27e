"""A deal whose latest invoice counts no longer shows the next latest one, or nothing when it has none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_world import OBJECTS
from tieout.domain.hint import Cause
from tieout.domain.record import State

SHOWN = ("number", "amount", "balance", "status", "due_date", "link")


@pytest.fixture
def world() -> MirrorWorld:
    world = MirrorWorld()
    world.settings(deals="show", deleted_in_hubspot="void")
    return world


def deal(world: MirrorWorld, *invoices: str) -> str:
    made = world.create("deals", None, dealname="Roof", dealstage="contractsent")
    for one in invoices:
        join(world, one, made)
    return made


def join(world: MirrorWorld, invoice: str, deal_id: str) -> None:
    answer = world.person.put(f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{deal_id}")
    assert answer.status_code == 200, answer.text


def part(world: MirrorWorld, invoice: str, deal_id: str) -> None:
    assert world.person.delete(f"{OBJECTS}/invoices/{invoice}/associations/deals/{deal_id}").status_code == 204


def on(world: MirrorWorld, deal_id: str) -> dict[str, Any]:
    """What the deal shows, by Tieout's properties without their prefix; empty texts left out."""
    names = ",".join(f"tieout_invoice_{name}" for name in SHOWN)
    found = world.person.get(f"{OBJECTS}/deals/{deal_id}", params={"properties": names}).json()["properties"]
    return {name: text for name in SHOWN if (text := found.get(f"tieout_invoice_{name}"))}


def two(world: MirrorWorld) -> tuple[str, str, str]:
    """Two invoices, the second one later, and their deal."""
    first, second = world.invoice(price="10.00"), world.invoice(price="20.00")
    made = deal(world, first, second)
    for one in (first, second):
        world.clock.advance(60)
        assert world.sync(one).state is State.SYNCED
    assert on(world, made)["amount"] == "60.00"
    return first, second, made


@pytest.mark.parametrize("how", ["void", "delete"])
def test_the_next_latest_invoice_takes_its_place(world: MirrorWorld, how: str) -> None:
    _, second, made = two(world)
    world.clock.advance(60)
    if how == "void":
        world.edit(second, hs_invoice_status="voided")
    else:
        world.delete(second)
    assert world.sync(second).state is State.VOIDED
    assert (on(world, made)["amount"], on(world, made)["status"]) == ("30.00", "open")
    before = len(world.hubspot.traffic.exchanges)
    world.sync(second, Cause.RETRY)
    later = world.hubspot.traffic.exchanges[before:]
    assert not any("deals/batch/update" in one.url for one in later)


def test_an_older_invoice_that_is_voided_changes_nothing(world: MirrorWorld) -> None:
    first, _, made = two(world)
    world.edit(first, hs_invoice_status="voided")
    assert world.sync(first).state is State.VOIDED
    assert on(world, made)["amount"] == "60.00"


def test_a_voided_invoice_that_is_the_only_one_stays_shown_as_voided(world: MirrorWorld) -> None:
    invoice = world.invoice()
    made = deal(world, invoice)
    world.sync(invoice)
    world.edit(invoice, hs_invoice_status="voided")
    world.sync(invoice)
    assert on(world, made)["status"] == "voided"


def test_a_deleted_invoice_that_was_the_only_one_leaves_nothing(world: MirrorWorld) -> None:
    invoice = world.invoice()
    made = deal(world, invoice)
    world.sync(invoice)
    assert on(world, made)["status"] == "open"
    world.delete(invoice)
    world.sync(invoice)
    assert on(world, made) == {}
    other = world.invoice(price="7.00")
    join(world, other, made)
    world.sync(other)
    assert on(world, made)["amount"] == "21.00"


def test_an_invoice_that_a_person_takes_off_the_deal_leaves_it(world: MirrorWorld) -> None:
    _, second, made = two(world)
    part(world, second, made)
    world.sync(second, Cause.RETRY)
    assert on(world, made)["amount"] == "30.00"


def test_what_was_voided_never_comes_back_on_the_deal_by_itself(world: MirrorWorld) -> None:
    first, second, made = two(world)
    world.edit(second, hs_invoice_status="voided")
    world.sync(second)
    world.edit(first, hs_comments="news for QuickBooks")
    world.clock.advance(60)
    world.sync(first)
    assert on(world, made)["amount"] == "30.00"
    world.sync(second, Cause.RETRY)
    assert on(world, made)["amount"] == "30.00"


@pytest.mark.parametrize("how", ["void", "delete"])
def test_so_it_is_with_invoices_of_quickbooks_and_across_both_systems(world: MirrorWorld, how: str) -> None:
    invoice = world.invoice(price="10.00")
    world.sync(invoice)
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    made = deal(world, invoice, world.shown_id(row))
    world.sync(invoice, Cause.RETRY)
    world.show(row, Cause.RETRY)
    assert on(world, made)["number"] == "QB-1"
    world.clock.advance(60)
    getattr(world.bookkeeper, how)("Invoice", world.row(row))
    world.show(row)
    assert on(world, made)["amount"] == "30.00"


def test_a_mirror_that_was_deleted_in_hubspot_gives_way_to_another_mirror(world: MirrorWorld) -> None:
    rows = [world.billed(DocNumber=f"QB-{number}") for number in (1, 2)]
    for row in rows:
        world.show(row)
    made = deal(world, *(world.shown_id(row) for row in rows))
    for row in rows:
        world.show(row, Cause.RETRY)
    assert on(world, made)["number"] == "QB-2"
    world.delete(world.shown_id(rows[1]))
    world.show(rows[1], Cause.DUE)
    world.push(world.own_hint(rows[1], Cause.AGAIN))
    assert on(world, made)["number"] == "QB-1"
    assert on(world, made)["balance"] == "360.00"


def test_a_lost_answer_is_made_good(world: MirrorWorld) -> None:
    _, second, made = two(world)
    world.edit(second, hs_invoice_status="voided")
    world.hubspot_fault("timeout_before", "/deals/batch/update$")
    world.sync(second)
    world.run(lambda: on(world, made)["amount"] == "30.00")
    assert on(world, made)["amount"] == "30.00"
