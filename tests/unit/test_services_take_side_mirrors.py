"""A person takes one side's values of an invoice from QuickBooks that was changed in HubSpot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld, discount, sale
from tests.support.builders_world import LINE_OF
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.hint import Cause
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.record import State, SyncRecord
from tieout.services.decisions import NothingToResolve
from tieout.services.take_side import choices, take

LINES = "/line_items/batch/create$"
INVOICE = "/invoices/[0-9]+$"


@pytest.fixture
def world() -> MirrorWorld:
    found = MirrorWorld(custom_txn_numbers=True)
    found.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
    return found


def edited(world: MirrorWorld, **changes: str) -> dict[str, Any]:
    """A QuickBooks invoice whose HubSpot invoice somebody changed, already looked at."""
    row = world.billed(sale("3", "10.00"), discount("2.00"), DocNumber="QB-1")
    world.show(row)
    world.edit(world.shown_id(row), **(changes or {"hs_due_date": "2026-05-01T00:00:00Z"}))
    assert world.show(row, Cause.RETRY).reason == AttentionCode.EDITED_IN_HUBSPOT
    return row


def decide(world: MirrorWorld, row: Mapping[str, Any], side: Side) -> SyncRecord:
    return take(world.records, world.clock, world.mirror(row).key, side, "", "anna", "cli")


def decided(world: MirrorWorld, row: Mapping[str, Any], side: Side) -> SyncRecord:
    decide(world, row, side)
    return world.show(row, Cause.RETRY)


def calm(world: MirrorWorld, row: Mapping[str, Any]) -> None:
    """A further look writes nothing on either side."""
    before = len(world.quickbooks.traffic.exchanges), world.in_hubspot(world.shown_id(row), "hs_lastmodifieddate")
    token = world.row(row)["SyncToken"]
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    assert world.row(row)["SyncToken"] == token
    assert world.in_hubspot(world.shown_id(row), "hs_lastmodifieddate") == before[1]


EVERY = {
    "hs_number": "HS-9",
    "hs_invoice_date": "2026-02-01T00:00:00Z",
    "hs_due_date": "2026-05-01T00:00:00Z",
    "hs_comments": "As agreed",
}


def test_both_values_of_each_field_are_told(world: MirrorWorld) -> None:
    row = edited(world, **EVERY)
    found = choices(world.mirror(row))
    assert found is not None
    assert [(one.field, one.hubspot) for one in found.differences] == [
        ("number", "HS-9"),
        ("invoice date", "2026-02-01"),
        ("due date", "2026-05-01"),
        ("comments", "As agreed"),
    ]
    assert found.differences[0].quickbooks == "QB-1"
    assert found.sides == (Side.HUBSPOT, Side.QUICKBOOKS)


def test_taking_quickbooks_values_puts_them_back_in_hubspot(world: MirrorWorld) -> None:
    row = edited(world, **EVERY)
    assert decided(world, row, Side.QUICKBOOKS).state is State.SYNCED
    assert world.standing(row).number == "QB-1"
    assert str(world.standing(row).due_date) == world.row(row)["DueDate"]
    calm(world, row)


def test_taking_hubspots_values_writes_them_to_quickbooks_and_leaves_the_rest(world: MirrorWorld) -> None:
    row = edited(world, **EVERY)
    before = world.row(row)
    assert decided(world, row, Side.HUBSPOT).state is State.SYNCED
    after = world.row(row)
    said = ("DocNumber", "TxnDate", "DueDate", "CustomerMemo")
    assert [after[name] for name in said] == ["HS-9", "2026-02-01", "2026-05-01", {"value": "As agreed"}]
    untouched = ("Line", "TotalAmt", "CustomerRef", "PrivateNote")
    assert [after.get(name) for name in untouched] == [before.get(name) for name in untouched]
    assert int(after["SyncToken"]) == int(before["SyncToken"]) + 1
    assert world.standing(row).number == "HS-9"
    calm(world, row)


def test_what_quickbooks_says_newly_beside_them_follows_in_the_same_look(world: MirrorWorld) -> None:
    row = edited(world)
    decide(world, row, Side.HUBSPOT)
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("7", "1.00")])
    assert world.show(row).state is State.SYNCED
    assert str(world.standing(row).total) == "7.00 USD"
    assert world.standing(row).due_date == date(2026, 5, 1)
    assert world.row(row)["DueDate"] == "2026-05-01"


def test_money_changed_in_hubspot_can_only_give_way(world: MirrorWorld) -> None:
    row = edited(world, hs_amount_billed="99.00")
    with pytest.raises(NothingToResolve, match="total cannot be taken: QuickBooks bills this invoice"):
        decide(world, row, Side.HUBSPOT)
    assert decided(world, row, Side.QUICKBOOKS).state is State.SYNCED
    assert str(world.standing(row).total) == "28.00 USD"


def test_lines_changed_in_hubspot_give_way_to_quickbooks(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "10.00"))
    world.show(row)
    world.create("line_items", to={world.shown_id(row): LINE_OF}, name="Extra", quantity="1", price="5.00")
    assert world.show(row, Cause.RETRY).reason == AttentionCode.EDITED_IN_HUBSPOT
    assert decided(world, row, Side.QUICKBOOKS).state is State.SYNCED
    assert [line.name for line in world.standing(row).lines] != ["Extra"]
    assert len(world.standing(row).lines) == 1


def test_a_number_cannot_be_taken_where_quickbooks_numbers_by_itself() -> None:
    world = MirrorWorld(custom_txn_numbers=False)
    row = world.billed()
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-9")
    world.show(row, Cause.RETRY)
    with pytest.raises(NothingToResolve, match="number cannot be taken"):
        decide(world, row, Side.HUBSPOT)


def test_nothing_can_be_taken_to_quickbooks_while_nothing_is_sent_there(world: MirrorWorld) -> None:
    row = edited(world)
    before = world.row(row)
    decide(world, row, Side.HUBSPOT)
    # Between the decision and the look.
    world.settings(push_invoices=False)
    assert world.show(row, Cause.RETRY).reason == AttentionCode.EDITED_IN_HUBSPOT
    found = choices(world.mirror(row))
    assert found is not None
    assert found.sides == (Side.QUICKBOOKS,)
    assert world.row(row) == before


def test_a_number_that_another_invoice_bears_is_told(world: MirrorWorld) -> None:
    world.billed(DocNumber="HS-9")
    row = edited(world, hs_number="HS-9")
    record = decided(world, row, Side.HUBSPOT)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NUMBER)
    assert world.row(row)["DocNumber"] == "QB-1"


def test_in_a_closed_period_nothing_is_written_to_quickbooks(world: MirrorWorld) -> None:
    row = edited(world)
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2027-12-31")
    world.clock.advance(3600)
    record = decided(world, row, Side.HUBSPOT)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.PERIOD_CLOSED)


def test_the_due_date_of_a_paid_invoice_can_be_taken_from_hubspot(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "10.00"))
    world.show(row)
    world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal(30), {row["Id"]: Decimal(30)})
    assert world.show(row).state is State.SYNCED
    assert world.standing(row).status is InvoiceStatus.PAID
    world.edit(world.shown_id(row), hs_due_date="2026-05-01T00:00:00Z")
    world.show(row, Cause.RETRY)
    assert decided(world, row, Side.HUBSPOT).state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-05-01"
    assert world.row(row)["Balance"] == 0


# -- gone


def test_quickbooks_side_of_a_deleted_or_voided_invoice_voids_it_in_hubspot(world: MirrorWorld) -> None:
    for operation in ("void", "delete"):
        row = world.billed(sale("3", "10.00"))
        world.show(row)
        world.settings(voided_in_quickbooks="attention", deleted_in_quickbooks="attention")
        world.unbook(row, operation)
        record = world.show(row, Cause.RETRY)
        assert record.state is State.ATTENTION
        with pytest.raises(NothingToResolve, match="QuickBooks has no such invoice any more"):
            decide(world, row, Side.HUBSPOT)
        assert decided(world, row, Side.QUICKBOOKS).state is State.VOIDED
        assert world.standing(row).status is InvoiceStatus.VOIDED


def test_what_was_changed_in_hubspot_of_a_voided_invoice_gives_way_with_it(world: MirrorWorld) -> None:
    world.settings(voided_in_quickbooks="attention")
    row = edited(world)
    world.unbook(row, "void")
    record = world.show(row, Cause.RETRY)
    assert record.reason == AttentionCode.VOIDED_IN_QUICKBOOKS
    found = choices(record)
    assert found is not None
    assert [one.field for one in found.differences] == ["invoice", "due date"]
    assert decided(world, row, Side.QUICKBOOKS).state is State.VOIDED
    assert world.standing(row).status is InvoiceStatus.VOIDED
    assert world.show(row, Cause.RETRY).state is State.VOIDED


def test_quickbooks_side_of_an_invoice_deleted_in_hubspot_shows_it_again(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "10.00"))
    first = world.show(row)
    world.delete(world.shown_id(row))
    world.push(world.own_hint(row))
    assert world.mirror(row).reason == AttentionCode.DELETED_IN_HUBSPOT
    with pytest.raises(NothingToResolve, match="Nothing is deleted in QuickBooks"):
        decide(world, row, Side.HUBSPOT)
    record = decided(world, row, Side.QUICKBOOKS)
    assert record.state is State.SYNCED
    assert first.link is not None
    assert world.shown_id(row) != first.link.far_id


# -- what may come in between


def test_who_edits_again_before_the_decision_is_carried_out_is_asked_about(world: MirrorWorld) -> None:
    row = edited(world)
    decide(world, row, Side.QUICKBOOKS)
    world.edit(world.shown_id(row), hs_due_date="2026-06-01T00:00:00Z")
    record = world.show(row, Cause.RETRY)
    assert (record.state, record.decision) == (State.ATTENTION, None)
    assert str(world.standing(row).due_date) == "2026-06-01"


def test_a_bookkeeper_who_edits_before_hubspots_value_is_written_is_asked_about(world: MirrorWorld) -> None:
    row = edited(world)
    decide(world, row, Side.HUBSPOT)
    world.rebook(row, DueDate="2026-07-01")
    record = world.show(row, Cause.RETRY)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)
    assert world.row(row)["DueDate"] == "2026-07-01"


def test_a_bookkeeper_who_edits_between_our_look_and_our_write_is_not_overwritten(world: MirrorWorld) -> None:
    row = edited(world)
    decide(world, row, Side.HUBSPOT)
    ledger, left = world.ledger, [1]

    class Meddling:
        def post_invoice(self, *given: Any) -> Any:
            if left:
                left.clear()
                world.rebook(row, DueDate="2026-07-01")
            return ledger.post_invoice(*given)

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger, name)

    world.ledger = Meddling()
    world.show(row, Cause.RETRY)
    world.run(lambda: world.mirror(row).settled)
    assert world.mirror(row).state is State.ATTENTION
    assert world.row(row)["DueDate"] == "2026-07-01"


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_500"])
def test_a_lost_answer_of_quickbooks_neither_loses_the_decision_nor_writes_twice(world: MirrorWorld, kind: str) -> None:
    row = edited(world, **EVERY)
    token = int(world.row(row)["SyncToken"])
    world.fault(kind)
    decided(world, row, Side.HUBSPOT)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert int(world.row(row)["SyncToken"]) == token + 1
    assert (world.row(row)["DocNumber"], world.standing(row).number) == ("HS-9", "HS-9")
    assert world.mirror(row).decision is None


@pytest.mark.parametrize("path", [LINES, INVOICE])
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_500"])
def test_a_lost_answer_of_hubspot_neither_loses_the_decision_nor_stops_half_way(
    world: MirrorWorld, kind: str, path: str
) -> None:
    row = edited(world, **EVERY)
    decide(world, row, Side.QUICKBOOKS)
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("7", "1.00")])
    world.hubspot_fault(kind, path)
    world.show(row, Cause.RETRY)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert (world.standing(row).number, str(world.standing(row).total)) == ("QB-1", "7.00 USD")
    assert len(world.standing(row).lines) == 1


def test_a_decision_that_comes_twice_and_two_workers_write_once(world: MirrorWorld) -> None:
    row = edited(world)
    token = int(world.row(row)["SyncToken"])
    decide(world, row, Side.HUBSPOT)
    decide(world, row, Side.HUBSPOT)
    other = world.make_mirrors()
    world.push(world.own_hint(row, Cause.RETRY), world.own_hint(row, Cause.RETRY))
    other.pull([world.own_hint(row, Cause.RETRY)])
    world.run()
    assert int(world.row(row)["SyncToken"]) == token + 1
    assert world.mirror(row).state is State.SYNCED


def test_the_trail_names_both_writes(world: MirrorWorld) -> None:
    row = edited(world)
    decided(world, row, Side.HUBSPOT)
    done = [one.action for one in world.records.trail(world.mirror(row).key)]
    assert done[:2] == ["wrote HubSpot's values to QuickBooks", "took HubSpot's values"]
    [entry] = [one for one in world.records.trail(world.mirror(row).key) if one.action.startswith("wrote HubSpot's")]
    assert entry.facts["hubspot_id"] == world.shown_id(row)
    assert "intuit_tid" in entry.facts
