"""A person takes one side's values of an invoice from HubSpot: what becomes of it, and what may come in between."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.ports import Ledger, PreparedWrite
from tieout.services.decisions import NothingToResolve
from tieout.services.drift_report import report_facts
from tieout.services.reconcile import Reconcile
from tieout.services.take_side import choices, take

THEIRS = "2026-05-01"
FOUR = {
    "Amount": "480.00",
    "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "Qty": "4", "UnitPrice": "120.00"},
}


@pytest.fixture
def world() -> World:
    return World()


def edited(world: World, **changes: Any) -> tuple[str, dict[str, Any]]:
    """An invoice that a bookkeeper changed in QuickBooks, already looked at."""
    id_ = world.invoice()
    world.sync(id_)
    [row] = [one for one in world.booked() if one["DocNumber"] == world.number(id_)]
    world.rebook(row, **(changes or {"DueDate": THEIRS}))
    world.push(world.ledger_hint(row))
    assert world.record(id_).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    return id_, row


def decide(world: World, key: RecordKey, side: Side, who: str = "anna") -> SyncRecord:
    return take(world.records, world.clock, key, side, "", who, "cli")


def decided(world: World, id_: str, side: Side) -> SyncRecord:
    """A person decides, and the hint that follows is worked off."""
    decide(world, world.record(id_).key, side)
    return world.sync(id_, Cause.RETRY)


# -- both ways


def test_taking_hubspots_value_writes_it_over_the_persons(world: World) -> None:
    id_, row = edited(world)
    record = decided(world, id_, Side.HUBSPOT)
    assert record.state is State.SYNCED
    assert (record.decision, record.conflict, record.accepted) == (None, None, None)
    assert world.row(row)["DueDate"] == "2026-03-31"
    before = len(world.quickbooks.traffic.exchanges)
    world.sync(id_, Cause.RETRY)
    assert [one for one in world.quickbooks.traffic.exchanges[before:] if one.method == "POST"] == []


def test_taking_quickbooks_value_leaves_it_and_says_so(world: World) -> None:
    id_, row = edited(world)
    record = decided(world, id_, Side.QUICKBOOKS)
    assert record.state is State.SYNCED
    assert record.detail == "A person took QuickBooks' due date, where HubSpot has other values."
    assert world.row(row)["DueDate"] == THEIRS
    assert world.shown(id_) == "in_sync"
    # The next change of something else leaves it alone, too.
    world.edit(id_, hs_comments="New")
    assert world.sync(id_).state is State.SYNCED
    stands = world.row(row)
    assert (stands["DueDate"], stands["CustomerMemo"]) == (THEIRS, {"value": "New"})
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert world.row(row)["SyncToken"] == stands["SyncToken"]


def test_what_was_taken_from_quickbooks_is_asked_again_when_either_side_changes_it(world: World) -> None:
    id_, row = edited(world)
    decided(world, id_, Side.QUICKBOOKS)
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    record = world.sync(id_)
    assert record.detail == "due date: QuickBooks has 2026-05-01, HubSpot has 2026-04-15."
    assert decided(world, id_, Side.QUICKBOOKS).state is State.SYNCED
    world.rebook(row, DueDate="2026-06-01")
    world.push(world.ledger_hint(row))
    assert world.record(id_).detail == "due date: QuickBooks has 2026-06-01, HubSpot has 2026-04-15."
    assert decided(world, id_, Side.HUBSPOT).state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-04-15"


def test_what_was_taken_stays_a_persons_also_after_an_update_of_something_else(world: World) -> None:
    id_, row = edited(world)
    decided(world, id_, Side.QUICKBOOKS)
    world.edit(id_, hs_comments="New")
    world.sync(id_)
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    record = world.sync(id_)
    assert (record.state, record.detail) == (
        State.ATTENTION,
        "due date: QuickBooks has 2026-05-01, HubSpot has 2026-04-15.",
    )
    assert world.row(row)["DueDate"] == THEIRS


def test_lines_taken_from_quickbooks_are_in_sync_with_the_variance_that_they_make(world: World) -> None:
    id_, row = edited(world, Line=[FOUR])
    record = world.record(id_)
    found = choices(record)
    assert found is not None
    assert [one.field for one in found.differences] == ["line 1", "total"]
    record = decided(world, id_, Side.QUICKBOOKS)
    assert record.state is State.SYNCED_WITH_VARIANCE
    assert "A person took QuickBooks' total of 480.00 USD instead of HubSpot's 360.00 USD." in record.detail
    reads = len(world.quickbooks.traffic.exchanges)
    world.edit(id_, hs_title="Nothing of ours")
    assert world.sync(id_).state is State.SYNCED_WITH_VARIANCE
    assert len(world.quickbooks.traffic.exchanges) == reads
    assert str(world.row(row)["TotalAmt"]) == "480.00"


def test_lines_taken_from_hubspot_bring_its_total_back(world: World) -> None:
    id_, row = edited(world, Line=[FOUR])
    assert decided(world, id_, Side.HUBSPOT).state is State.SYNCED
    assert str(world.row(row)["TotalAmt"]) == "360.00"


def test_a_total_that_was_taken_ties_out_as_declared_and_is_listed(world: World) -> None:
    id_, row = edited(world, Line=[FOUR])
    decided(world, id_, Side.QUICKBOOKS)
    workspace = world.open("c1")
    assert workspace is not None
    report = Reconcile(world.records, world.clock).run(workspace)
    assert report.ties_out
    [found] = report.results
    assert found.figures is not None
    assert str(found.figures.billed.difference) == "120.00 USD"
    assert "anna took QuickBooks' total of 480.00 USD instead of HubSpot's 360.00 USD" in found.taken
    assert report_facts(report)["taken"] == [{"invoice": world.number(id_), "told": found.taken}]
    # What is more than that is no declared variance.
    _ship(world, row, "5.00")
    assert not Reconcile(world.records, world.clock).run(workspace).ties_out


def test_an_invoice_left_undecided_does_not_tie_out(world: World) -> None:
    edited(world)
    workspace = world.open("c1")
    assert workspace is not None
    assert not Reconcile(world.records, world.clock).run(workspace).ties_out


# -- the trail


def test_the_trail_says_who_took_what_and_what_gave_way(world: World) -> None:
    id_, _ = edited(world)
    key = world.record(id_).key
    take(world.records, world.clock, key, Side.HUBSPOT, "As agreed", "anna", "cli")
    entry = world.records.trail(key)[0]
    assert (entry.actor, entry.action) == ("anna", "took HubSpot's values")
    assert entry.facts == {"code": "edited_in_quickbooks", "side": "hubspot", "note": "As agreed"}
    assert [str(one) for one in entry.changes] == ["due date: 2026-05-01 -> 2026-03-31"]
    assert "2026-05-01" not in repr(entry)


# -- what cannot be taken


def test_there_is_nothing_to_take_of_what_needs_no_person(world: World) -> None:
    id_ = world.invoice()
    key = world.sync(id_).key
    with pytest.raises(NothingToResolve, match="does not need a person"):
        decide(world, key, Side.HUBSPOT)


def test_of_a_reason_that_offers_no_side_none_can_be_taken(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.pay(row)
    world.edit(id_, hs_invoice_status="voided")
    key = world.sync(id_).key
    with pytest.raises(NothingToResolve, match="void_of_paid_invoice"):
        decide(world, key, Side.HUBSPOT)


def test_an_amount_beside_the_lines_can_stay_and_cannot_be_taken_away(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    _ship(world, row, "20.00")
    world.push(world.ledger_hint(row))
    key = world.record(id_).key
    with pytest.raises(NothingToResolve, match="beside the lines"):
        decide(world, key, Side.HUBSPOT)
    record = decided(world, id_, Side.QUICKBOOKS)
    assert record.state is State.SYNCED_WITH_VARIANCE
    assert "380.00 USD instead of HubSpot's 360.00 USD" in record.detail


def test_a_paid_invoice_keeps_its_payment_whatever_is_taken(world: World) -> None:
    id_, row = edited(world, Line=[FOUR])
    stored = world.quickbooks.company.rows["Invoice"][row["Id"]]
    stored["Balance"] = 0
    world.pay(row)
    record = decided(world, id_, Side.HUBSPOT)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_BELOW_PAID)
    assert str(world.row(row)["TotalAmt"]) == "480.00"


def test_in_a_closed_period_hubspots_value_is_not_written(world: World) -> None:
    id_, row = edited(world)
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2026-03-31")
    world.clock.advance(3600)
    record = decided(world, id_, Side.HUBSPOT)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.PERIOD_CLOSED)
    assert world.row(row)["DueDate"] == THEIRS


# -- deletions


def test_hubspots_side_of_an_invoice_deleted_in_quickbooks_makes_it_anew(world: World) -> None:
    id_ = world.invoice()
    first = world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.push(world.ledger_hint(row))
    key = first.key
    with pytest.raises(NothingToResolve, match="void the invoice there"):
        decide(world, key, Side.QUICKBOOKS)
    record = decided(world, id_, Side.HUBSPOT)
    assert (record.state, record.generation) == (State.SYNCED, 1)


def test_hubspots_side_of_an_invoice_deleted_there_voids_it_in_quickbooks(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.delete(id_)
    key = world.sync(id_).key
    with pytest.raises(NothingToResolve, match="ignore it"):
        decide(world, key, Side.QUICKBOOKS)
    assert decided(world, id_, Side.HUBSPOT).state is State.VOIDED
    assert world.row(row)["TotalAmt"] == 0


# -- what may come in between


def test_a_decision_is_carried_out_even_if_its_hint_never_comes(world: World) -> None:
    id_, row = edited(world)
    decide(world, world.record(id_).key, Side.HUBSPOT)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-03-31"


def test_a_decision_that_comes_twice_is_carried_out_once(world: World) -> None:
    id_, _ = edited(world)
    key = world.record(id_).key
    decide(world, key, Side.HUBSPOT)
    decide(world, key, Side.HUBSPOT, "bert")
    world.push(world.hint(id_, Cause.RETRY), world.hint(id_, Cause.RETRY))
    world.sync(id_, Cause.RETRY)
    assert world.record(id_).revision == 2
    with pytest.raises(NothingToResolve):
        decide(world, key, Side.HUBSPOT)
    assert [one.actor for one in world.records.trail(key) if one.action.startswith("took")] == ["bert", "anna"]


def test_the_later_of_two_decisions_counts(world: World) -> None:
    id_, row = edited(world)
    key = world.record(id_).key
    decide(world, key, Side.HUBSPOT)
    decide(world, key, Side.QUICKBOOKS, "bert")
    world.sync(id_, Cause.RETRY)
    assert world.row(row)["DueDate"] == THEIRS


def test_nobody_decides_while_a_worker_holds_the_record(world: World) -> None:
    id_, _ = edited(world)
    key = world.record(id_).key
    held = world.claims.take(key, world.hint(id_, Cause.RETRY))
    assert not isinstance(held, str)
    with pytest.raises(NotReadyYet):
        decide(world, key, Side.HUBSPOT)


def test_who_edits_again_before_the_decision_is_carried_out_is_asked_about(world: World) -> None:
    id_, row = edited(world)
    decide(world, world.record(id_).key, Side.HUBSPOT)
    world.rebook(row, DueDate="2026-07-01")
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.decision) == (State.ATTENTION, None)
    assert record.detail == "due date: QuickBooks has 2026-07-01, HubSpot has 2026-03-31."
    assert world.row(row)["DueDate"] == "2026-07-01"


def test_who_changes_hubspot_before_the_decision_is_carried_out_is_asked_about(world: World) -> None:
    id_, row = edited(world)
    decide(world, world.record(id_).key, Side.QUICKBOOKS)
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    assert world.sync(id_).state is State.ATTENTION
    assert world.row(row)["DueDate"] == THEIRS


@pytest.mark.parametrize(("change", "state"), [("DueDate", State.ATTENTION), ("PrivateNote", State.SYNCED)])
def test_who_edits_between_our_look_and_our_write_is_seen(world: World, change: str, state: State) -> None:
    id_, row = edited(world)
    decide(world, world.record(id_).key, Side.HUBSPOT)
    value = "2026-07-01" if change == "DueDate" else "Call Anna"
    _Meddling(world, lambda: world.rebook(row, **{change: value}))
    record = world.sync(id_, Cause.RETRY)
    assert record.state is state
    assert world.row(row)[change].startswith(value)
    assert world.row(row)["DueDate"] == ("2026-07-01" if state is State.ATTENTION else "2026-03-31")


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_500"])
def test_a_lost_answer_neither_loses_the_decision_nor_writes_twice(world: World, kind: str) -> None:
    id_, row = edited(world)
    world.fault(kind)
    decided(world, id_, Side.HUBSPOT)
    world.run()
    record = world.record(id_)
    assert (record.state, record.decision) == (State.SYNCED, None)
    assert world.row(row)["DueDate"] == "2026-03-31"
    assert int(world.row(row)["SyncToken"]) == 2


def test_a_worker_that_dies_leaves_the_decision_to_the_next(world: World) -> None:
    id_, row = edited(world)
    decide(world, world.record(id_).key, Side.QUICKBOOKS)
    held = world.claims.take(world.record(id_).key, world.hint(id_, Cause.RETRY))
    assert not isinstance(held, str)
    world.run()
    record = world.record(id_)
    assert (record.state, record.accepted is not None) == (State.SYNCED, True)
    assert world.row(row)["DueDate"] == THEIRS


def test_two_workers_carry_a_decision_out_once(world: World) -> None:
    id_, _ = edited(world)
    decide(world, world.record(id_).key, Side.HUBSPOT)
    other = world.make_service()
    world.push(world.hint(id_, Cause.RETRY))
    other.push([world.hint(id_, Cause.RETRY)])
    world.run()
    assert world.record(id_).revision == 2


# -- helpers


def _ship(world: World, row: dict[str, Any], amount: str) -> None:
    """A person adds an amount beside the lines, which moves total and balance."""
    world.rebook(row, PrivateNote=f"Shipping\n{row['PrivateNote']}")
    stored = world.quickbooks.company.rows["Invoice"][row["Id"]]
    stored["TotalAmt"] += Decimal(amount)
    stored["Balance"] += Decimal(amount)


class _Meddling:
    """The ledger, with a person who acts just before our next update."""

    def __init__(self, world: World, act: Callable[[], None]) -> None:
        self._ledger, self._act, self._left = world.ledger, act, 1
        world.ledger = cast("Ledger", self)

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        if self._left:
            self._left -= 1
            self._act()
        return self._ledger.post_invoice(write, request_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)
