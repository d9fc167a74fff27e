"""Pairs of fields of invoices that were born in QuickBooks, over both stand-ins."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders_fields import (
    BOOKS,
    METHOD,
    ORDER,
    PAIRS,
    SHIPPED,
    TRACKING,
    custom,
    filled,
    there,
    with_properties,
)
from tests.support.builders_mirror_world import MirrorWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.field_pairs import SyncedField
from tieout.domain.hint import HintObject
from tieout.domain.record import State
from tieout.services.take_side import take

FIELDS: dict[str, Any] = {
    "CustomField": [{"DefinitionId": "1", "StringValue": "SO-17"}],
    "TrackingNum": "1Z 999",
    "ShipMethodRef": {"value": "UPS Ground"},
    "ShipDate": "2026-03-05",
}


def a_world(*pairs: Any, **settings: Any) -> MirrorWorld:
    world = MirrorWorld(**BOOKS)
    with_properties(world)
    world.settings(field_pairs=list(pairs or PAIRS), **settings)
    return world


def shown(world: MirrorWorld, **fields: Any) -> dict[str, Any]:
    row = world.billed(**{**FIELDS, **fields})
    world.show(row)
    world.run()
    assert world.mirror(row).state is State.SYNCED
    return row


def values(world: MirrorWorld, row: dict[str, Any]) -> list[str]:
    id_ = world.shown_id(row)
    return [there(world, id_, name) for name in (ORDER, TRACKING, METHOD, SHIPPED)]


def edited(world: MirrorWorld, row: dict[str, Any], **properties: str) -> None:
    """A person changes the mirror in HubSpot, and a hint tells of it."""
    id_ = world.shown_id(row)
    world.edit(id_, **properties)
    world.push(world.hint(id_, object=HintObject.MIRRORED_INVOICE))
    world.run()


def test_a_new_mirror_shows_quickbooks_fields() -> None:
    world = a_world()
    row = shown(world)
    assert values(world, row) == ["SO-17", "1Z 999", "UPS Ground", "2026-03-05"]
    record = world.mirror(row)
    assert SyncedField(ORDER, "1", "SO-17", "SO-17") in record.fields
    assert not any(one.pending for one in record.fields)


def test_what_changes_in_quickbooks_follows_and_what_is_cleared_is_cleared() -> None:
    world = a_world()
    row = shown(world)
    world.rebook(row, CustomField=filled(world.row(row), ""), TrackingNum="", ShipMethodRef={"value": "FedEx"})
    world.show(row)
    world.run()
    assert values(world, row) == ["", "", "FedEx", "2026-03-05"]


def test_what_a_person_enters_on_the_mirror_goes_to_quickbooks_and_nothing_else_does() -> None:
    world = a_world()
    row = shown(world)
    before = world.row(row)
    edited(world, row, **{ORDER: "SO-18", TRACKING: ""})
    now = world.row(row)
    assert (custom(now), now.get("TrackingNum")) == ("SO-18", None)
    assert {name for name in before if now.get(name) != before[name]} == {
        "CustomField",
        "TrackingNum",
        "SyncToken",
        "MetaData",
    }
    assert world.mirror(row).state is State.SYNCED


def test_our_own_writes_are_no_news_on_either_side() -> None:
    world = a_world()
    row = shown(world)
    edited(world, row, **{ORDER: "SO-18"})
    token, fields = world.row(row)["SyncToken"], world.mirror(row).fields
    world.push(world.ledger_hint(row))
    world.show(row)
    world.push(world.hint(world.shown_id(row), object=HintObject.MIRRORED_INVOICE))
    world.run()
    assert (world.row(row)["SyncToken"], world.mirror(row).fields) == (token, fields)
    assert values(world, row)[0] == "SO-18"


def test_both_changed_asks_a_person_or_goes_by_the_winner() -> None:
    world = a_world()
    row = shown(world)
    world.rebook(row, TrackingNum="of QuickBooks", ShipMethodRef={"value": "of QuickBooks"})
    edited(world, row, **{TRACKING: "of HubSpot", METHOD: "of HubSpot"})
    assert values(world, row)[1:3] == ["of QuickBooks", "of HubSpot"]
    assert world.row(row)["ShipMethodRef"]["value"] == "of HubSpot"
    world.rebook(row, CustomField=filled(world.row(row), "SO-18"))
    edited(world, row, **{ORDER: "SO-19"})
    record = world.mirror(row)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)
    assert record.detail == "custom field 1: QuickBooks has SO-18, HubSpot has SO-19."
    edited(world, row, **{ORDER: "SO-18"})
    assert world.mirror(row).state is State.SYNCED


@pytest.mark.parametrize("side", Side)
def test_a_pair_and_another_value_that_were_changed_are_one_choice(side: Side) -> None:
    world = a_world()
    row = shown(world, DocNumber="QB-1")
    world.rebook(row, CustomField=filled(world.row(row), "SO-18"))
    edited(world, row, **{ORDER: "SO-19", "hs_number": "HS-9"})
    record = world.mirror(row)
    assert record.conflict is not None
    assert {one.field for one in record.conflict.differences} == {"number", "custom field 1"}
    assert "custom field 1: QuickBooks has SO-18, HubSpot has SO-19." in record.detail
    take(world.records, world.clock, record.key, side, "", "Olga", "trace")
    world.show(row)
    world.run()
    assert world.mirror(row).state is State.SYNCED
    number, order = ("QB-1", "SO-18") if side is Side.QUICKBOOKS else ("HS-9", "SO-19")
    assert (world.row(row)["DocNumber"], custom(world.row(row))) == (number, order)
    assert [there(world, world.shown_id(row), name) for name in ("hs_number", ORDER)] == [number, order]


def test_while_nothing_is_sent_to_quickbooks_fields_only_come_from_there() -> None:
    world = a_world(push_invoices=False)
    row = shown(world)
    edited(world, row, **{TRACKING: "of HubSpot"})
    assert world.row(row)["TrackingNum"] == "1Z 999"
    world.rebook(row, ShipMethodRef={"value": "FedEx"})
    world.show(row)
    world.run()
    assert world.row(row)["TrackingNum"] == "1Z 999"


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_lost_answer_of_quickbooks_writes_once_and_makes_no_conflict(*, meanwhile: bool) -> None:
    world = a_world()
    row = shown(world)
    world.fault("timeout_after")
    id_ = world.shown_id(row)
    world.edit(id_, **{ORDER: "SO-18"})
    world.push(world.hint(id_, object=HintObject.MIRRORED_INVOICE))
    assert (world.mirror(row).state, custom(world.row(row))) == (State.VERIFYING, "SO-18")
    token = world.row(row)["SyncToken"]
    if meanwhile:
        world.rebook(row, CustomField=filled(world.row(row), "SO-19"))
    world.run()
    assert world.mirror(row).state is State.SYNCED
    expected = "SO-19" if meanwhile else "SO-18"
    assert (custom(world.row(row)), values(world, row)[0]) == (expected, expected)
    if not meanwhile:
        assert world.row(row)["SyncToken"] == token


def test_a_write_that_never_arrived_is_planned_anew() -> None:
    world = a_world()
    row = shown(world)
    world.fault("timeout_before")
    id_ = world.shown_id(row)
    world.edit(id_, **{ORDER: "SO-18"})
    world.push(world.hint(id_, object=HintObject.MIRRORED_INVOICE))
    assert custom(world.row(row)) == "SO-17"
    world.rebook(row, PrivateNote="call first")
    world.run()
    assert (world.mirror(row).state, custom(world.row(row))) == (State.SYNCED, "SO-18")


def test_a_write_that_never_arrived_is_not_sent_while_nothing_is_sent_to_quickbooks() -> None:
    world = a_world()
    row = shown(world)
    world.fault("timeout_before")
    id_ = world.shown_id(row)
    world.edit(id_, **{ORDER: "SO-18"})
    world.push(world.hint(id_, object=HintObject.MIRRORED_INVOICE))
    world.settings(field_pairs=list(PAIRS), push_invoices=False)
    world.run()
    assert custom(world.row(row)) == "SO-17"
    assert world.mirror(row).intent is None


def test_a_value_on_its_way_to_hubspot_stays_out_when_the_pair_goes_there_no_more() -> None:
    pair = {"hubspot": ORDER, "quickbooks": "1", "direction": "both"}
    world = a_world(pair)
    row = shown(world)
    world.hubspot_fault("status_500", "invoices/batch/update", times=50)
    world.rebook(row, CustomField=filled(world.row(row), "SO-20"))
    world.show(row)
    assert [one.pending for one in world.mirror(row).fields] == [True]
    world.hubspot.faults.clear()
    world.settings(field_pairs=[{**pair, "direction": "to_quickbooks"}])
    world.run()
    assert world.mirror(row).state is State.SYNCED
    assert (there(world, world.shown_id(row), ORDER), custom(world.row(row))) == ("SO-17", "SO-20")
    # From then on HubSpot's changes go out.
    edited(world, row, **{ORDER: "SO-21"})
    assert custom(world.row(row)) == "SO-21"


def test_two_workers_write_once() -> None:
    world = a_world()
    row = shown(world)
    id_ = world.shown_id(row)
    world.edit(id_, **{ORDER: "SO-18"})
    other = world.make_mirrors()
    hint = world.hint(id_, object=HintObject.MIRRORED_INVOICE)
    world.push(hint)
    token = world.row(row)["SyncToken"]
    other.pull([hint, hint])
    world.run()
    assert (world.row(row)["SyncToken"], custom(world.row(row))) == (token, "SO-18")


def test_a_closed_period_keeps_a_field_from_being_written() -> None:
    world = a_world()
    row = shown(world)
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", row["TxnDate"])
    world.clock.advance(700)
    edited(world, row, **{ORDER: "SO-18"})
    assert world.mirror(row).reason == AttentionCode.PERIOD_CLOSED
    assert custom(world.row(row)) == "SO-17"


def test_the_trail_tells_both_writes_with_their_values() -> None:
    world = a_world()
    row = shown(world)
    edited(world, row, **{ORDER: "SO-18"})
    trail = {entry.action: entry for entry in world.records.trail(world.mirror(row).key)}
    there_ = trail["wrote QuickBooks' fields to HubSpot"]
    assert str(there_.changes[0]) == "order_number: (empty) -> SO-17"
    back = trail["wrote HubSpot's fields to QuickBooks"]
    assert [str(one) for one in back.changes] == ["custom field 1: SO-17 -> SO-18"]
    assert back.facts["hubspot_id"] == world.shown_id(row)


def test_an_invoice_that_is_deleted_in_quickbooks_just_before_the_write_is_planned_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    row = shown(world)
    post, left = type(world.ledger).post_invoice, [row]

    def posting(ledger: Any, *sent: Any) -> Any:
        if left:
            world.unbook(left.pop())
        return post(ledger, *sent)

    monkeypatch.setattr(type(world.ledger), "post_invoice", posting)
    edited(world, row, **{TRACKING: "1Z 777"})
    record = world.mirror(row)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_QUICKBOOKS)
    assert record.intent is None
