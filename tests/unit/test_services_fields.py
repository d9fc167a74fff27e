"""Pairs of fields of invoices that were born in HubSpot, over both stand-ins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.sandbox.quickbooks.seed import custom_field_preferences
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
from tests.support.builders_forms import the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.field_pairs import SyncedField
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.services.carrying import REFUSED


def a_world(*pairs: Any, **books: Any) -> World:
    world = World(**{**BOOKS, **books})
    with_properties(world)
    world.settings(field_pairs=list(pairs or PAIRS))
    return world


def an_invoice(world: World, **more: str) -> str:
    values = {ORDER: "SO-17", TRACKING: "1Z 999", METHOD: "UPS Ground"}
    return world.invoice(lines=1, **{**values, **more})


def pushed(world: World, **more: str) -> str:
    id_ = an_invoice(world, **more)
    assert world.sync(id_).state is State.SYNCED
    return id_


def looked(world: World) -> None:
    """A hint about the QuickBooks invoice, and what follows from it."""
    world.push(world.ledger_hint(the(world)))
    world.run()


def test_order_number_tracking_number_and_shipping_method_go_out_with_the_invoice() -> None:
    world = a_world()
    pushed(world)
    row = the(world)
    assert custom(row) == "SO-17"
    assert (row["TrackingNum"], row["ShipMethodRef"]["value"]) == ("1Z 999", "UPS Ground")
    assert "ShipDate" not in row


def test_what_was_changed_in_quickbooks_comes_back_and_is_no_edit() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(
        the(world),
        CustomField=filled(the(world), "SO-18"),
        TrackingNum="1Z 111",
        ShipMethodRef={"value": "FedEx"},
        ShipDate="2026-03-05",
    )
    looked(world)
    assert [there(world, id_, name) for name in (ORDER, TRACKING, METHOD, SHIPPED)] == [
        "SO-18",
        "1Z 111",
        "FedEx",
        "2026-03-05",
    ]
    record = world.record(id_)
    assert record.state is State.SYNCED
    assert SyncedField(TRACKING, "TrackingNum", "1Z 111", "1Z 111") in record.fields
    assert not any(one.pending for one in record.fields)


def test_what_was_changed_in_hubspot_follows_in_quickbooks_and_nothing_else_does() -> None:
    world = a_world()
    id_ = pushed(world)
    before = the(world)
    world.edit(id_, **{TRACKING: "1Z 222"})
    assert world.sync(id_).state is State.SYNCED
    row = the(world)
    assert row["TrackingNum"] == "1Z 222"
    changed = {name for name in row if row[name] != before.get(name)}
    assert changed == {"TrackingNum", "SyncToken", "MetaData", "PrivateNote"}


def test_clearing_a_value_clears_it_on_the_other_side() -> None:
    world = a_world()
    id_ = pushed(world)
    world.edit(id_, **{ORDER: "", TRACKING: "", METHOD: ""})
    assert world.sync(id_).detail == ""
    row = the(world)
    assert (custom(row), row.get("TrackingNum"), row.get("ShipMethodRef")) == ("", None, None)
    assert world.record(id_).fields == ()
    world.edit(id_, **{ORDER: "SO-1", TRACKING: "T-1"})
    world.sync(id_)
    world.rebook(the(world), CustomField=filled(the(world), ""), TrackingNum="")
    looked(world)
    assert (there(world, id_, ORDER), there(world, id_, TRACKING)) == ("", "")
    assert world.record(id_).fields == ()


def test_an_echo_is_no_news() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), TrackingNum="1Z 111")
    looked(world)
    token, fields = the(world)["SyncToken"], world.record(id_).fields
    asked = len(world.quickbooks.traffic.exchanges)
    world.clock.advance(60)
    world.sync(id_)
    world.run()
    assert len(world.quickbooks.traffic.exchanges) == asked
    world.push(world.ledger_hint(the(world)))
    world.sync(id_, Cause.RETRY)
    world.run()
    assert (the(world)["SyncToken"], world.record(id_).fields) == (token, fields)
    assert there(world, id_, TRACKING) == "1Z 111"


def test_both_changed_asks_a_person_with_both_values_and_blocks_nothing_afterwards() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"))
    world.edit(id_, **{ORDER: "SO-19"})
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert record.detail == "custom field 1: QuickBooks has SO-18, HubSpot has SO-19."
    assert (custom(the(world)), there(world, id_, ORDER)) == ("SO-18", "SO-19")
    world.edit(id_, **{ORDER: "SO-18"})
    assert world.sync(id_).state is State.SYNCED
    world.edit(id_, **{ORDER: "SO-20"})
    world.sync(id_)
    assert custom(the(world)) == "SO-20"


def test_the_winner_decides_where_both_changed() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), TrackingNum="of QuickBooks", ShipMethodRef={"value": "of QuickBooks"})
    world.edit(id_, **{TRACKING: "of HubSpot", METHOD: "of HubSpot"})
    assert world.sync(id_).state is State.SYNCED
    row = the(world)
    assert (row["TrackingNum"], there(world, id_, TRACKING)) == ("of QuickBooks", "of QuickBooks")
    assert (row["ShipMethodRef"]["value"], there(world, id_, METHOD)) == ("of HubSpot", "of HubSpot")


def test_a_person_asks_for_nothing_where_a_pair_goes_one_way_only() -> None:
    """What is entered on the side that is only written to is told, and never written over."""
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), ShipDate="2026-03-05")
    looked(world)
    world.edit(id_, **{SHIPPED: "2026-03-06"})
    record = world.sync(id_)
    assert record.reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert record.detail == "shipping date: QuickBooks has 2026-03-05, HubSpot has 2026-03-06."
    assert (the(world)["ShipDate"], there(world, id_, SHIPPED)) == ("2026-03-05", "2026-03-06")


def test_a_custom_field_that_is_switched_off_clears_nothing_in_hubspot() -> None:
    world = a_world()
    id_ = pushed(world)
    switch(world, "")
    looked(world)
    world.sync(id_, Cause.RETRY)
    assert there(world, id_, ORDER) == "SO-17"
    switch(world, "Order no")
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"))
    looked(world)
    assert there(world, id_, ORDER) == "SO-18"


def switch(world: World, *labels: str) -> None:
    world.quickbooks.company.prefer("SalesFormsPrefs", "CustomField", custom_field_preferences(labels))
    world.clock.advance(600)


def test_a_property_that_was_deleted_in_hubspot_clears_nothing_in_quickbooks() -> None:
    world = a_world()
    id_ = pushed(world)
    assert world.person.delete(f"/crm/properties/2026-09/invoices/{TRACKING}").status_code == 204
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).state is State.SYNCED
    assert the(world)["TrackingNum"] == "1Z 999"
    world.rebook(the(world), TrackingNum="1Z 111")
    looked(world)
    assert world.record(id_).state is State.SYNCED


def test_what_quickbooks_drops_is_told_and_clears_nothing_in_hubspot() -> None:
    world = a_world(allow_shipping=False)
    id_ = an_invoice(world)
    record = world.sync(id_)
    assert record.state is State.SYNCED
    told = record.detail
    assert told.startswith("QuickBooks did not keep shipping method and tracking number: switch it on")
    token = the(world)["SyncToken"]
    looked(world)
    assert world.sync(id_, Cause.RETRY).detail == told
    world.run()
    assert there(world, id_, TRACKING) == "1Z 999"
    assert the(world)["SyncToken"] == token


def test_emptying_what_has_no_empty_value_leaves_all_else_as_it_was() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), ShipDate="2026-03-05", SalesTermRef={"value": "2"}, BillEmailCc={"Address": "a@b.test"})
    looked(world)
    before = the(world)
    world.edit(id_, **{METHOD: ""})
    assert world.sync(id_).state is State.SYNCED
    now = the(world)
    changed = {name for name in {*before, *now} if now.get(name) != before.get(name)}
    assert changed == {"ShipMethodRef", "SyncToken", "MetaData", "PrivateNote"}


@pytest.mark.parametrize(
    ("values", "code", "detail"),
    [
        (
            {ORDER: "x" * 32},
            AttentionCode.TEXT_TOO_LONG,
            "The text for custom field 1 has 32 of at most 31",
        ),
        ({METHOD: "x" * 32}, AttentionCode.TEXT_TOO_LONG, "shipping method has 32 of at most 31"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_a_text_that_does_not_fit_needs_a_person(
    values: dict[str, str], code: AttentionCode, detail: str, late: bool
) -> None:
    world = a_world()
    if late:
        id_ = pushed(world)
        world.edit(id_, **values)
    else:
        id_ = an_invoice(world, **values)
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, code)
    assert detail in record.detail


def test_a_shipping_date_goes_out_as_a_day_and_what_is_none_needs_a_person() -> None:
    pair = {"hubspot": SHIPPED, "quickbooks": "ShipDate"}
    world = a_world(pair)
    id_ = pushed(world, **{SHIPPED: "2026-03-09"})
    assert the(world)["ShipDate"] == "2026-03-09"
    world.edit(id_, **{SHIPPED: ""})
    world.sync(id_)
    assert "ShipDate" not in the(world)
    world = a_world({"hubspot": TRACKING, "quickbooks": "ShipDate"})
    record = world.sync(world.invoice(tracking_number="next week"))
    assert record.reason == AttentionCode.REFUSED_BY_HUBSPOT
    assert record.detail == 'tracking_number: "next week" is not a date.'


# -- failures


def test_a_lost_answer_of_hubspot_and_an_edit_in_quickbooks_meanwhile_make_no_conflict() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"))
    # Of the update with the value; the status comes before it and has not changed.
    world.hubspot_fault("timeout_after", "/invoices/batch/update", times=1)
    world.push(world.ledger_hint(the(world)))
    assert there(world, id_, ORDER) == "SO-18"
    [pending] = [one for one in world.record(id_).fields if one.pending]
    assert pending == SyncedField(ORDER, "1", "SO-17", "SO-18", pending=True)
    world.rebook(the(world), CustomField=filled(the(world), "SO-19"))
    looked(world)
    assert (world.record(id_).state, there(world, id_, ORDER)) == (State.SYNCED, "SO-19")


class _Killed(BaseException):
    """The worker is killed."""


def test_a_worker_that_dies_after_writing_to_hubspot_leaves_no_conflict_behind() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"))
    crm = world.crm

    class Dying:
        def __getattr__(self, name: str) -> Any:
            return getattr(crm, name)

        def write_properties(self, values: Any) -> Any:
            crm.write_properties(values)
            raise _Killed

    world.crm = Dying()
    with pytest.raises(_Killed):
        world.push(world.ledger_hint(the(world)))
    world.crm = crm
    assert there(world, id_, ORDER) == "SO-18"
    world.rebook(the(world), CustomField=filled(the(world), "SO-19"))
    world.clock.advance(300)
    looked(world)
    assert (world.record(id_).state, there(world, id_, ORDER)) == (State.SYNCED, "SO-19")


def test_a_lost_answer_of_quickbooks_and_an_edit_there_meanwhile_make_no_conflict() -> None:
    world = a_world()
    id_ = pushed(world)
    world.edit(id_, **{ORDER: "SO-18"})
    world.fault("timeout_after")
    world.sync(id_)
    assert (world.record(id_).state, custom(the(world))) == (State.VERIFYING, "SO-18")
    world.rebook(the(world), CustomField=filled(the(world), "SO-19"))
    world.run()
    assert (world.record(id_).state, there(world, id_, ORDER)) == (State.SYNCED, "SO-19")


def test_a_refusal_of_hubspot_is_told_once_and_holds_nothing_up() -> None:
    world = a_world({"hubspot": "hs_purchase_order_number", "quickbooks": "1"})
    world.settings(field_pairs=[{"hubspot": "hs_purchase_order_number", "quickbooks": "1"}])
    id_ = world.invoice(hs_purchase_order_number="PO-1")
    world.sync(id_)
    world.edit(id_, hs_invoice_status="paid")
    world.sync(id_)
    world.rebook(the(world), CustomField=filled(the(world), "PO-2"))
    looked(world)
    # HubSpot lets nobody change the document of a paid invoice.
    assert world.record(id_).state is State.SYNCED
    notice = world.notices.load("c1", REFUSED)
    assert notice is not None
    assert "cannot be edited" in notice.detail


def test_an_edit_in_hubspot_between_look_and_write_is_not_overwritten() -> None:
    world = a_world()
    id_ = pushed(world)
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"))
    crm = world.crm

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(crm, name)

        def properties_of(self, *args: Any) -> Any:
            world.edit(id_, **{ORDER: "SO-19"})
            return crm.properties_of(*args)

    world.crm = Late()
    world.push(world.ledger_hint(the(world)))
    world.crm = crm
    assert (custom(the(world)), there(world, id_, ORDER)) == ("SO-18", "SO-19")
    world.run()
    assert world.record(id_).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert (custom(the(world)), there(world, id_, ORDER)) == ("SO-18", "SO-19")


def test_an_invoice_that_is_made_again_begins_with_hubspots_values() -> None:
    world = a_world()
    id_ = pushed(world)
    world.unbook(the(world))
    world.push(world.ledger_hint({"Id": world.record(id_).link.far_id}))  # type: ignore[union-attr]
    assert world.record(id_).state is State.DELETED_IN_LEDGER
    world.sync(id_, Cause.RETRY)
    assert (custom(the(world)), the(world)["TrackingNum"]) == ("SO-17", "1Z 999")
    assert there(world, id_, ORDER) == "SO-17"


def test_what_was_sent_before_pairs_were_remembered_is_known() -> None:
    world = a_world()
    world.settings(custom_fields={ORDER: "1"})
    id_ = pushed(world)
    record = world.record(id_)
    world.records.put(replace(record, fields=()))
    world.edit(id_, **{ORDER: "SO-18"})
    assert world.sync(id_).state is State.SYNCED
    assert custom(the(world)) == "SO-18"
