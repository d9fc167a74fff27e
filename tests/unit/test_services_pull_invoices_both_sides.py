"""QuickBooks' own invoices where people do something on both sides, and HubSpot does what it does not document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders import usd
from tests.support.builders_mirror_world import MirrorWorld, discount, sale
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


@pytest.fixture
def world() -> MirrorWorld:
    world = MirrorWorld()
    world.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
    return world


def gone(world: MirrorWorld, row: dict[str, Any], how: str) -> None:
    getattr(world.bookkeeper, how)("Invoice", world.row(row))


@pytest.mark.parametrize("how", ["void", "delete"])
def test_what_counts_no_longer_on_either_side_needs_nobody(world: MirrorWorld, how: str) -> None:
    world.settings(voided_in_quickbooks="attention", deleted_in_quickbooks="attention")
    row = world.billed()
    world.show(row)
    gone(world, row, how)
    assert world.show(row).state is State.ATTENTION
    world.delete(world.shown_id(row))
    record = world.show(row, Cause.RETRY)
    assert (record.state, record.reason) == (State.IGNORED, "deleted")


@pytest.mark.parametrize("how", ["void", "delete"])
def test_who_voids_it_in_hubspot_as_the_advice_says_is_done(world: MirrorWorld, how: str) -> None:
    world.settings(voided_in_quickbooks="attention", deleted_in_quickbooks="attention")
    row = world.billed()
    world.show(row)
    gone(world, row, how)
    world.show(row)
    world.edit(world.shown_id(row), hs_invoice_status="voided", hs_comments="voided by Ann")
    assert world.show(row, Cause.RETRY).state is State.VOIDED
    before = len(world.hubspot.traffic.exchanges)
    assert world.show(row, Cause.RETRY).state is State.VOIDED
    assert all(one.method == "GET" or one.url.endswith("read") for one in world.hubspot.traffic.exchanges[before:])


def test_what_a_person_entered_on_both_sides_is_no_conflict_and_the_rest_follows(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    world.edit(world.shown_id(row), hs_number="QB-2")
    world.bookkeeper.change("Invoice", world.row(row), DocNumber="QB-2", CustomerMemo={"value": "News"})
    assert world.show(row).state is State.SYNCED
    assert (world.standing(row).number, world.standing(row).memo) == ("QB-2", "News")


@pytest.mark.parametrize("rounding", ["ROUND_HALF_UP", "ROUND_HALF_EVEN", "ROUND_HALF_DOWN"])
def test_a_line_that_lies_just_between_two_cents_is_right_however_hubspot_rounds(rounding: str) -> None:
    world = MirrorWorld(hubspot={"rounding": rounding})
    row = world.billed(sale("7", "33.335", Amount=Decimal("233.35")))
    assert world.show(row).state is State.SYNCED
    state = world.hubspot.state()["objects"]["line_items"]
    assert [one["properties"]["amount"] for one in state] == ["233.35"]


def test_a_discount_that_comes_to_nothing_is_no_line(world: MirrorWorld) -> None:
    detail = {"PercentBased": True, "DiscountPercent": Decimal(100)}
    row = world.billed(sale("2", "0.00"), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
    world.show(row)
    assert len(world.standing(row).lines) == 1


def test_an_invoice_that_is_made_again_shows_its_status_again(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "10.00"), discount("1.00"))
    world.show(row)
    world.delete(world.shown_id(row))
    # The deletion is noticed only by who asks for it again.
    world.show(row, Cause.RETRY)
    assert world.standing(row).total == usd("29.00")
    assert world.standing(row).status is InvoiceStatus.OPEN
    assert world.in_hubspot(world.shown_id(row), "tieout_status")["tieout_status"] == "in_sync"


def test_a_contact_that_the_search_does_not_show_yet_is_the_one() -> None:
    world = MirrorWorld(hubspot={"index_lag_seconds": 3600.0})
    world.settings(unknown_in_hubspot="create")
    known = world.contact(email="ada@globex.test")
    row = world.billed(BillEmail={"Address": "Ada@globex.test"})
    record = world.show(row)
    assert record.state is State.SYNCED
    assert record.link is not None
    assert record.link.mirror is not None
    assert record.link.mirror.sent.contact_id == known


def test_a_mirror_that_is_gone_on_both_sides_is_not_brought_onto_a_deal(world: MirrorWorld) -> None:
    world.settings(deals="associate")
    company = world.company("Globex")
    row = world.billed(customer=world.customer("Globex"))
    world.show(row)
    world.bookkeeper.void("Invoice", world.row(row))
    world.delete(world.shown_id(row))
    assert world.show(row).state is State.IGNORED
    made = world.create("deals", None, dealname="Roof", dealstage="contractsent")
    answer = world.person.put(f"/crm/objects/2026-09/deals/{made}/associations/default/companies/{company}")
    assert answer.status_code == 200, answer.text
    before = len(world.hubspot.traffic.exchanges)
    world.show(row, Cause.RETRY)
    assert not any("deals/batch/create" in one.url for one in world.hubspot.traffic.exchanges[before:])


def test_a_look_that_began_before_the_mirror_was_known_comes_to_its_end(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    id_, now = world.shown_id(row), world.clock.now()
    # HubSpot told of the invoice before its mirror was linked, and could not be read just then.
    begun = SyncRecord(RecordKey("c1", Kind.INVOICE, "hubspot", id_), created_at=now)
    world.records.put(begun.to(State.WAITING, reason="vendor_unavailable", due_at=now))
    world.run()
    assert (world.record(id_).state, world.record(id_).reason) == (State.IGNORED, "not_billable")
    assert world.mirror(row).state is State.SYNCED
    assert world.invoices_there() == [id_]


def test_the_status_of_a_mirror_is_its_own_records_whatever_else_looks_at_it(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    id_ = world.shown_id(row)
    world.edit(id_, hs_number="HS-9")
    world.push(world.hint(id_, object=HintObject.MIRRORED_INVOICE))
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
    shown = world.shown(id_)
    world.settings(pull_invoices=False)
    # HubSpot's own webhook, while HubSpot does not let Tieout read for so long that it is shown.
    world.hubspot.faults.add({"kind": "status_401", "path": "/invoices/batch/read", "times": 3})
    for _ in range(3):
        world.push(world.hint(id_))
        world.clock.advance(3600)
    assert world.record(id_).reason == "connection_lost"
    assert world.shown(id_) == shown
    world.clock.advance(3600)
    world.push(world.hint(id_, Cause.DUE))
    assert world.record(id_).reason == "not_billable"
    world.push(*world.hints.pop_due(limit=10))
    world.settings(pull_invoices=True)
    world.show(row, Cause.SWEEP)
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
    assert world.shown(id_) == shown


def test_an_edit_is_told_although_only_a_late_webhook_of_an_older_version_came_while_it_was_off(
    world: MirrorWorld,
) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    world.run()
    link = world.mirror(row).link
    assert link is not None
    assert link.ledger_updated_at is not None
    id_ = world.shown_id(row)
    world.clock.advance(60)
    world.edit(id_, hs_number="HS-9")
    world.settings(pull_invoices=False)
    # Of Tieout's own write; the one of the edit is lost.
    world.push(world.hint(id_, occurred_at=link.ledger_updated_at))
    world.push(*world.hints.pop_due(limit=10))
    world.settings(pull_invoices=True)
    world.clock.advance(3600)
    world.run()
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT


def test_an_edit_while_it_was_switched_off_is_told_when_it_is_on_again(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    id_ = world.shown_id(row)
    world.settings(pull_invoices=False)
    world.edit(id_, hs_number="HS-9")
    world.push(world.hint(id_))
    world.push(*world.hints.pop_due(limit=10))
    assert (world.mirror(row).state, world.mirror(row).reason) == (State.WAITING, "switched_off")
    world.settings(pull_invoices=True)
    world.show(row, Cause.SWEEP)
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
