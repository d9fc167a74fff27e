"""Pushing invoices: what arrives in QuickBooks, what is left out and why, and which number it bears."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from tests.support.builders_world import START, World
from tests.support.memory import MemoryRecords
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause
from tieout.domain.invoice import InvoiceStatus, UnreadableInvoice
from tieout.domain.marker import marker
from tieout.domain.record import BY_HAND, State, SyncRecord
from tieout.ports import Crm
from tieout.services.decisions import ignore


@pytest.fixture
def world() -> World:
    return World()


def test_an_open_invoice_arrives_with_its_number_lines_dates_and_marker(world: World) -> None:
    id_ = world.invoice(lines=2, hs_comments="Thank you")
    record = world.sync(id_)
    assert (record.state, record.label) == (State.SYNCED, world.number(id_))
    [row] = world.booked()
    assert row["DocNumber"] == world.number(id_)
    assert (row["TxnDate"], row["DueDate"]) == ("2026-03-01", "2026-03-31")
    assert row["CustomerMemo"] == {"value": "Thank you"}
    assert row["PrivateNote"] == marker(record.key, 1)
    assert str(row["TotalAmt"]) == "720.00"
    assert record.link is not None
    assert (record.link.far_id, record.link.number) == (row["Id"], row["DocNumber"])
    assert world.shown(id_) == "in_sync"
    assert record.lease_owner is None
    assert record.intent is None
    assert record.covered_until is not None
    assert record.covered_until >= START


def test_every_write_leaves_a_line_in_the_trail_without_names_or_amounts(world: World) -> None:
    id_ = world.invoice()
    record = world.sync(id_)
    [line] = world.records.trail(record.key)
    assert (line.actor, line.action, line.trace_id) == ("tieout", "created invoice", "trace")
    assert set(line.facts) == {"request_id", "quickbooks_id", "intuit_tid"}
    assert line.facts["intuit_tid"] == world.quickbooks.traffic.exchanges[-1].response_headers["intuit_tid"]


def test_a_paid_invoice_arrives_too(world: World) -> None:
    assert world.sync(world.invoice(status="paid")).state is State.SYNCED
    assert len(world.booked()) == 1


@pytest.mark.parametrize(
    ("settings", "invoice", "reason", "shown"),
    [
        ({}, {"status": "draft"}, "draft", None),
        ({}, {"status": "voided"}, "voided", "excluded"),
        ({"cutover_date": "2026-03-02"}, {}, "before_cutover", "excluded"),
        ({"push_invoices": False}, {}, "switched_off", "excluded"),
        (
            {"filters": [{"property": "hs_currency", "operator": "equals", "values": ["EUR"]}]},
            {},
            "filtered",
            "excluded",
        ),
    ],
)
def test_an_invoice_that_is_left_out_is_ignored_with_a_reason_and_costs_no_call_to_quickbooks(
    world: World, settings: dict[str, Any], invoice: dict[str, Any], reason: str, shown: str | None
) -> None:
    world.settings(**settings)
    id_ = world.invoice(**invoice)
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.IGNORED, reason)
    assert world.shown(id_) == shown
    assert world.booked() == []
    assert world.quickbooks.traffic.exchanges == []


def test_a_draft_arrives_once_it_is_finalised(world: World) -> None:
    id_ = world.invoice(status="draft")
    assert world.sync(id_).reason == "draft"
    world.edit(id_, hs_invoice_status="open")
    assert world.sync(id_).state is State.SYNCED
    assert len(world.booked()) == 1


def test_an_invoice_that_hubspot_does_not_know_is_ignored(world: World) -> None:
    record = world.sync("999999")
    assert (record.state, record.reason) == (State.IGNORED, "deleted")


def test_an_invoice_whose_values_make_no_sense_is_attention_and_its_neighbours_arrive(world: World) -> None:
    good, bad = world.invoice(), world.invoice()
    world.crm = cast("Crm", _Unreadable(world.crm, bad))
    world.push(world.hint(bad), world.hint(good))
    record = world.record(bad)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)
    assert record.detail == "price of line item 7: abc"
    assert world.record(good).state is State.SYNCED


@pytest.mark.parametrize(
    ("settings", "told", "reason"),
    [
        ({}, {"status": InvoiceStatus.DRAFT}, "draft"),
        ({}, {"billable": False}, "not_billable"),
        ({"cutover_date": "2026-03-01"}, {"invoice_date": date(2026, 2, 28)}, "before_cutover"),
        ({"push_invoices": False}, {}, "switched_off"),
    ],
)
def test_an_invoice_that_is_not_for_the_ledger_bothers_nobody_although_its_values_make_no_sense(
    world: World, settings: dict[str, Any], told: dict[str, Any], reason: str
) -> None:
    world.settings(**settings)
    id_ = world.invoice()
    world.crm = cast("Crm", _Unreadable(world.crm, id_, **told))
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.IGNORED, reason)


class _Unreadable:
    """HubSpot, where the price of one invoice is no number."""

    def __init__(self, crm: Crm, id_: str, **told: Any) -> None:
        self._crm, self._id, self._told = crm, id_, told

    def invoices(self, ids: Collection[str], extra: Collection[str] = ()) -> Mapping[str, object]:
        bad = UnreadableInvoice(self._id, "price of line item 7: abc", **self._told)
        return {**self._crm.invoices(ids, extra), self._id: bad}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)


def test_an_unknown_product_is_attention_until_it_is_made_and_a_person_retries(world: World) -> None:
    id_ = world.invoice(product="Rocket")
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.ITEM_MISSING)
    assert world.shown(id_) == "needs_attention"
    world.book("Item", {"Name": "Rocket", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert world.shown(id_) == "in_sync"


def test_a_fallback_item_takes_what_is_not_found(world: World) -> None:
    world.settings(fallback_item_id="1")
    assert world.sync(world.invoice(product="Rocket")).state is State.SYNCED


def test_a_change_that_hubspot_told_of_but_does_not_show_yet_is_looked_for_once_more(world: World) -> None:
    id_ = world.invoice()
    world.clock.advance(30)
    record = world.sync(id_)
    assert record.state is State.SYNCED
    assert record.wake_at() == world.clock.now() + timedelta(seconds=5)
    world.run()
    assert world.record(id_).wake_at() is None
    assert len(world.booked()) == 1


# -- nothing for nothing


def test_a_hint_that_comes_twice_costs_no_vendor_call(world: World) -> None:
    id_ = world.invoice()
    hint = world.hint(id_)
    world.push(hint)
    before = world.calls
    [outcome] = world.push(hint)
    assert outcome.result == "covered"
    assert world.calls == before


def test_the_same_hint_twice_in_a_batch_is_one_piece_of_work(world: World) -> None:
    id_ = world.invoice()
    first, second = world.hint(id_), world.hint(id_, trace_id="other")
    outcomes = world.push(first, first, second)
    assert [outcome.hint for outcome in outcomes] == [first, first, second]
    assert {outcome.result for outcome in outcomes} == {"handled"}
    assert len(world.booked()) == 1


def test_a_change_in_hubspot_that_does_not_concern_the_books_reads_hubspot_alone_and_writes_nothing(
    world: World,
) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_purchase_order_number="PO-1")
    before, reads = len(world.quickbooks.traffic.exchanges), len(world.hubspot.traffic.exchanges)
    version = world.record(id_).link
    assert world.sync(id_).state is State.SYNCED
    assert len(world.quickbooks.traffic.exchanges) == before
    assert world.record(id_).link == version
    assert [one.url for one in world.hubspot.traffic.exchanges[reads:] if "/batch/update" in one.url] == []


def test_a_retry_looks_although_everything_is_covered(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    before = len(world.quickbooks.traffic.exchanges)
    [outcome] = world.push(world.hint(id_, Cause.RETRY, occurred_at=START))
    assert (outcome.result, outcome.state) == ("handled", "synced")
    assert len(world.quickbooks.traffic.exchanges) > before
    assert len(world.booked()) == 1


def test_with_the_status_switched_off_nothing_is_written_to_hubspot(world: World) -> None:
    world.settings(write_status_to_hubspot=False)
    id_ = world.invoice()
    assert world.sync(id_).state is State.SYNCED
    assert world.shown(id_) is None


# -- numbers


def test_a_number_that_another_document_bears_is_attention_that_names_it(world: World) -> None:
    other = world.invoice()
    world.sync(other)
    id_ = world.invoice()
    [row] = world.booked()
    world.rebook(row, DocNumber=world.number(id_))
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NUMBER)
    assert f"Invoice {row['Id']}" in record.detail
    assert len(world.booked()) == 1
    world.rebook(row, DocNumber="FREE")
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED


def test_a_number_that_our_own_earlier_document_bears_is_adopted(world: World) -> None:
    id_ = world.invoice()
    first = world.sync(id_)
    _forget(world, id_)
    record = world.sync(id_)
    assert record.state is State.SYNCED
    assert record.link is not None
    assert first.link is not None
    assert record.link.far_id == first.link.far_id
    assert len(world.booked()) == 1


def test_a_persons_edit_of_an_adopted_document_is_seen_without_another_hint(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-06-01")
    key = world.record(id_).key
    _forget(world, id_)
    # So that QuickBooks does not know the request again, but does know the number.
    world.records.put(SyncRecord(key, revision=5))
    assert world.sync(id_, Cause.SWEEP).state is State.SYNCED
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)


def _forget(world: World, id_: str) -> None:
    """The store lost the record, as after a restore from an older backup."""
    lost = world.record(id_).key
    kept = [replace(record, version=0) for record in world.records if record.key != lost]
    world.claims = replace(world.claims, records=MemoryRecords())
    world.records = cast("MemoryRecords", world.claims.records)
    for record in kept:
        world.records.put(record)
    world.service = world.make_service()


def test_a_document_that_belongs_to_another_record_is_attention(world: World) -> None:
    id_ = world.invoice()
    first = world.sync(id_)
    _forget(world, id_)
    other = replace(first.key, origin_id="1")
    world.records.put(SyncRecord(other, State.SYNCED, link=first.link))
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.LINKED_ELSEWHERE)
    assert str(other) in record.detail
    assert (record.link, record.intent) == (None, None)


def test_without_custom_numbers_quickbooks_gives_the_number_and_it_is_remembered() -> None:
    world = World(custom_txn_numbers=False)
    id_ = world.invoice()
    record = world.sync(id_)
    [row] = world.booked()
    assert record.link is not None
    assert record.link.number == row["DocNumber"] != world.number(id_)


# -- what stays ignored


def test_a_person_can_have_an_invoice_left_alone_and_the_note_is_kept(world: World) -> None:
    id_ = world.invoice()
    key = world.sync(id_).key
    ignored = ignore(world.records, world.clock, key, "Entered by hand.", "anna", "t")
    assert (ignored.state, ignored.reason, ignored.detail) == (State.IGNORED, BY_HAND, "Entered by hand.")
    assert (world.records.trail(key)[0].actor, world.records.trail(key)[0].action) == ("anna", "ignored invoice")
    unseen = ignore(world.records, world.clock, replace(key, origin_id="1"), "", "anna", "t")
    assert unseen.detail == "Ignored by hand."


def test_that_an_invoice_is_left_alone_is_shown_in_hubspot_although_no_hint_told_of_it(world: World) -> None:
    id_ = world.invoice()
    key = world.sync(id_).key
    ignore(world.records, world.clock, key, "Entered by hand.", "anna", "t")
    world.run()
    assert world.shown(id_) == "excluded"
    assert world.record(id_).due_at is None


def test_an_invoice_that_is_being_worked_on_cannot_be_left_alone_just_now(world: World) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    key = world.sync(id_).key
    with pytest.raises(NotReadyYet):
        ignore(world.records, world.clock, key, "", "anna", "t")
    world.run()
    world.claims.take(key, world.hint(id_, Cause.RETRY))
    with pytest.raises(NotReadyYet):
        ignore(world.records, world.clock, key, "", "anna", "t")
    assert world.record(id_).state is State.SYNCED


def test_what_a_person_ignored_by_hand_stays_ignored_until_a_person_retries(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    record = world.record(id_)
    world.records.put(record.to(State.IGNORED, reason=BY_HAND))
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    before = len(world.quickbooks.traffic.exchanges)
    record = world.sync(id_)
    assert (record.state, record.reason, record.lease_owner) == (State.IGNORED, BY_HAND, None)
    assert len(world.quickbooks.traffic.exchanges) == before
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert world.booked()[0]["DueDate"] == "2026-04-15"


def test_the_cut_over_date_compares_the_date_of_the_invoice(world: World) -> None:
    world.settings(cutover_date="2026-03-01")
    assert world.sync(world.invoice()).state is State.SYNCED


def test_thirty_invoices_are_read_in_grouped_calls(world: World) -> None:
    company = world.company()
    ids = [world.invoice(company=company) for _ in range(30)]
    before = len(world.hubspot.traffic.exchanges)
    assert all(outcome.state == "synced" for outcome in world.push(*map(world.hint, ids)))
    assert len(world.hubspot.traffic.exchanges) - before < 30
    reads = [one for one in world.quickbooks.traffic.exchanges if "/query" in one.url]
    assert len(reads) < 10
    assert len(world.booked()) == 30
