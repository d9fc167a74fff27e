"""An invoice of QuickBooks finds its deal by the estimate that it was made from, which is read only where needed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld, sale
from tests.support.builders_world import OBJECTS
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause
from tieout.domain.record import State

ORDER = {"DefinitionId": "3", "Type": "StringType", "StringValue": "SO-17"}


@pytest.fixture
def world() -> MirrorWorld:
    world = MirrorWorld(custom_fields=("PO number", "Project", "Order number"))
    body = {"name": "order_number", "label": "Order", "type": "string", "fieldType": "text", "groupName": "tieout_test"}
    for rest, said in (("groups", {"name": "tieout_test", "label": "Test"}), ("", body)):
        answer = world.person.post(f"/crm/properties/2026-09/deals/{rest}".rstrip("/"), json=said)
        assert answer.status_code == 201, answer.text
    world.settings(deals="associate", deal_field="3", deal_order_property="order_number")
    return world


def estimate(world: MirrorWorld, customer: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = world.bookkeeper.create(
        "Estimate", CustomerRef={"value": customer}, Line=[sale("3", "120.00")], **fields
    )
    return made


def billed(world: MirrorWorld, customer: str, *estimates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    links = [{"TxnId": one["Id"], "TxnType": "Estimate"} for one in estimates]
    return world.billed(customer=customer, LinkedTxn=links, **fields)


def deal(world: MirrorWorld, **properties: str) -> str:
    return world.create("deals", None, dealname="Roof", dealstage="contractsent", **properties)


def deals_of(world: MirrorWorld, row: dict[str, Any]) -> list[str]:
    answer = world.person.get(f"{OBJECTS}/invoices/{world.shown_id(row)}/associations/deals")
    return [str(one["toObjectId"]) for one in answer.json()["results"]]


def reads(world: MirrorWorld) -> int:
    """How often estimates were asked for."""
    return sum("/query" in one.url and "Estimate" in one.url for one in world.quickbooks.traffic.exchanges)


def test_the_order_number_of_the_estimate_names_the_deal(world: MirrorWorld) -> None:
    wanted, customer = deal(world, order_number="so-17"), world.customer()
    row = billed(world, customer, estimate(world, customer, CustomField=[ORDER]))
    assert world.show(row).state is State.SYNCED
    assert deals_of(world, row) == [wanted]
    assert reads(world) == 1


def test_so_does_a_marker_in_its_private_note(world: MirrorWorld) -> None:
    wanted, customer = deal(world), world.customer()
    row = billed(world, customer, estimate(world, customer, PrivateNote=f"as agreed\ntieout:c1/deal/{wanted}/1"))
    world.show(row)
    assert deals_of(world, row) == [wanted]


def test_an_invoice_that_names_its_deal_itself_costs_no_read(world: MirrorWorld) -> None:
    wanted, customer = deal(world, order_number="SO-17"), world.customer()
    deal(world, order_number="SO-18")
    other = {**ORDER, "StringValue": "SO-18"}
    row = billed(world, customer, estimate(world, customer, CustomField=[other]), CustomField=[ORDER])
    world.show(row)
    assert deals_of(world, row) == [wanted]
    assert reads(world) == 0


def test_the_estimates_of_many_invoices_are_one_read_and_only_when_something_changed(world: MirrorWorld) -> None:
    customer = world.customer()
    rows = [billed(world, customer, estimate(world, customer)) for _ in range(3)]
    world.push(*(world.own_hint(row) for row in rows))
    assert [deals_of(world, row) for row in rows] == [[], [], []]
    assert reads(world) == 1
    for row in rows:
        world.show(row, Cause.DUE)
    assert reads(world) == 1
    wanted = deal(world, order_number="SO-17")
    linked = world.bookkeeper.read("Estimate", rows[0]["LinkedTxn"][0]["TxnId"])
    world.bookkeeper.change("Estimate", linked, CustomField=[ORDER])
    world.show(rows[0], Cause.RETRY)
    assert deals_of(world, rows[0]) == [wanted]
    assert reads(world) == 2


def test_estimates_that_name_two_deals_are_no_reason_to_choose_one(world: MirrorWorld) -> None:
    customer = world.customer()
    fields = [{**ORDER, "StringValue": number} for number in ("SO-1", "SO-2")]
    for one in fields:
        deal(world, order_number=one["StringValue"])
    row = billed(world, customer, *(estimate(world, customer, CustomField=[one]) for one in fields))
    assert world.show(row).state is State.SYNCED
    assert deals_of(world, row) == []


def test_an_estimate_that_was_deleted_names_nothing_and_holds_nothing_up(world: MirrorWorld) -> None:
    customer = world.customer()
    made = estimate(world, customer, CustomField=[ORDER])
    deal(world, order_number="SO-17")
    row = billed(world, customer, made)
    del world.quickbooks.company.rows["Estimate"][made["Id"]]
    assert world.show(row).state is State.SYNCED
    assert deals_of(world, row) == []


def test_while_quickbooks_cannot_be_asked_it_is_tried_again(world: MirrorWorld) -> None:
    wanted, customer = deal(world, order_number="SO-17"), world.customer()
    row = billed(world, customer, estimate(world, customer, CustomField=[ORDER]))
    world.ledger = FailsOnce(world.ledger)
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED and deals_of(world, row) == [wanted])
    assert deals_of(world, row) == [wanted]


class FailsOnce:
    """QuickBooks, which does not answer the first query for estimates."""

    def __init__(self, real: Any) -> None:
        self._real, self._failed = real, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def estimates(self, ids: Any) -> Any:
        if not self._failed:
            self._failed = True
            raise Transient("no answer", {"system": "quickbooks"})
        return self._real.estimates(ids)
