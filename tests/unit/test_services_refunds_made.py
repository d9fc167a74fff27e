"""Refunds that people enter in QuickBooks: suggested, confirmed by a person, and shown in HubSpot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.builders_money_world import CLEARING, MoneyWorld
from tests.support.builders_world import OBJECTS
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.decisions import NothingToResolve, confirm_refund


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def refund(world: MoneyWorld, id_: str, amount: str = "25.00") -> str:
    world.clock.advance(60)
    return str(world.bookkeeper.refund(world.customer_of(id_), Decimal(amount), CLEARING)["Id"])


def look(world: MoneyWorld, receipt: str, cause: Cause = Cause.WEBHOOK) -> SyncRecord:
    world.clock.advance(60)
    world.push(world.hint(receipt, cause, object=HintObject.QUICKBOOKS_REFUND_RECEIPT))
    return record_of(world, receipt)


def record_of(world: MoneyWorld, receipt: str) -> SyncRecord:
    found = world.records.get(key_of(receipt))
    assert found is not None
    return found


def key_of(receipt: str) -> RecordKey:
    return RecordKey("c1", Kind.REFUND, "quickbooks", receipt)


def confirm(world: MoneyWorld, receipt: str, target: str) -> SyncRecord:
    confirm_refund(world.records, world.clock, key_of(receipt), target, "anna", "trace")
    look(world, receipt, Cause.RETRY)
    world.run()
    return record_of(world, receipt)


def refunded(world: MoneyWorld, id_: str) -> str | None:
    found = world.person.get(f"{OBJECTS}/invoices/{id_}?properties=tieout_refunded_amount").json()
    value: str | None = found["properties"].get("tieout_refunded_amount")
    return value


def test_a_refund_of_a_customer_of_ours_is_attention_with_suggestions_those_of_its_amount_first(
    world: MoneyWorld,
) -> None:
    id_ = world.synced()
    world.pull(world.received("25.00", {id_: "25.00"}))
    [mirror] = world.recorded(id_)
    record = look(world, refund(world, id_))
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_IN_QUICKBOOKS)
    first, second = record.detail.partition("belong to ")[2].split("; ")
    assert mirror in first
    assert id_ in second


def test_a_refund_of_a_customer_of_nobody_here_is_left_alone(world: MoneyWorld) -> None:
    nobody = world.bookkeeper.create("Customer", DisplayName="Nobody")["Id"]
    receipt = world.bookkeeper.refund(nobody, Decimal(25), CLEARING)["Id"]
    record = look(world, receipt)
    assert (record.state, record.reason) == (State.IGNORED, "no_synced_invoice")


def test_a_refund_of_a_customer_whose_invoice_is_synced_later_is_brought_up_then(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    first = world.synced(company=company, contact=contact)
    customer = world.customer_of(first)
    # Its only invoice is not in the records yet when the refund is seen.
    held = world.record(first)
    world.records.put(replace(held, link=None).to(State.ATTENTION, reason="item_missing"))
    receipt = str(world.bookkeeper.refund(customer, Decimal("25.00"), CLEARING)["Id"])
    look(world, receipt)
    # The message came later than the version that QuickBooks shows, so it is looked at once more at once.
    record = look(world, receipt, Cause.DUE)
    assert (record.state, record.reason) == (State.IGNORED, "no_synced_invoice")
    assert record.due_at == world.clock.now() + timedelta(days=1)
    world.records.put(replace(world.record(first), link=held.link).to(State.SYNCED))
    world.clock.advance(86400)
    world.wake()
    world.push(*[hint for hint in world.hints.pop_due(limit=100) if hint.id == receipt])
    record = record_of(world, receipt)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_IN_QUICKBOOKS)


def test_a_refund_of_nobody_here_is_looked_at_a_few_times_only(world: MoneyWorld) -> None:
    nobody = world.bookkeeper.create("Customer", DisplayName="Nobody")["Id"]
    receipt = str(world.bookkeeper.refund(nobody, Decimal("25.00"), CLEARING)["Id"])
    looks = 1
    record = look(world, receipt)
    while record.due_at is not None:
        world.clock.advance((record.due_at - world.clock.now()).total_seconds())
        record = look(world, receipt, Cause.DUE)
        looks += 1
    assert 5 <= looks <= 8


def test_a_refund_that_tieout_posted_is_told_to_its_payments_queue(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    world.look(payment)
    [row] = world.booked("RefundReceipt")
    world.push(world.hint(row["Id"], object=HintObject.QUICKBOOKS_REFUND_RECEIPT))
    assert world.records.get(key_of(row["Id"])) is None
    assert f"refund_receipt:{row['Id']}" in [one.id for one in world.hints.queued]


def test_a_refund_confirmed_for_a_recorded_payment_shows_on_it_and_on_its_invoice(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    [mirror] = world.recorded(id_)
    receipt = refund(world, id_)
    look(world, receipt)
    assert confirm(world, receipt, f"payment:{mirror}").state is State.SYNCED
    [recorded] = world.recorded(id_).values()
    assert (recorded.refunded.amount, recorded.status) == (Decimal(25), "partially_refunded")
    assert refunded(world, id_) == "25.00"
    assert world.pulled(payment).state is State.SYNCED


def test_a_refund_confirmed_for_an_invoice_shows_on_it(world: MoneyWorld) -> None:
    id_ = world.synced()
    receipt = refund(world, id_)
    look(world, receipt)
    assert confirm(world, receipt, f"invoice:{id_}").state is State.SYNCED
    assert refunded(world, id_) == "25.00"


def test_a_confirmation_repeated_counts_once_and_a_refund_that_goes_is_taken_back(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.pull(world.received("100.00", {id_: "100.00"}))
    [mirror] = world.recorded(id_)
    receipt = refund(world, id_)
    look(world, receipt)
    for _ in range(2):
        confirm(world, receipt, f"payment:{mirror}")
    assert refunded(world, id_) == "25.00"
    world.bookkeeper.delete("RefundReceipt", world.bookkeeper.read("RefundReceipt", receipt))
    look(world, receipt)
    world.run()
    [recorded] = world.recorded(id_).values()
    assert (recorded.refunded.amount, recorded.status) == (Decimal(0), "succeeded")
    assert not refunded(world, id_)
    assert record_of(world, receipt).state is State.IGNORED


def test_a_confirmation_waits_for_an_invoice_that_is_not_due_without_reading_all_the_time(world: MoneyWorld) -> None:
    id_ = world.synced()
    receipt = refund(world, id_)
    look(world, receipt)
    due_at = world.clock.now() + timedelta(hours=1)
    world.records.put(replace(world.record(id_), due_at=due_at))
    before = len(world.quickbooks.traffic.exchanges)
    assert confirm(world, receipt, f"invoice:{id_}").state is State.SYNCED
    assert refunded(world, id_) == "25.00"
    assert world.clock.now() >= due_at
    assert len(world.quickbooks.traffic.exchanges) < before + 25


@pytest.mark.parametrize("amount", ["25.00", "500.00"])
def test_what_cannot_be_is_told_and_shown_nowhere(world: MoneyWorld, amount: str) -> None:
    id_ = world.synced()
    receipt = refund(world, id_, amount)
    look(world, receipt)
    record = confirm(world, receipt, "payment:4711" if amount == "25.00" else f"invoice:{id_}")
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_IN_QUICKBOOKS)
    assert not refunded(world, id_)


def test_only_a_refund_entered_in_quickbooks_can_be_confirmed(world: MoneyWorld) -> None:
    id_ = world.synced()
    for key in (key_of("77"), world.record(id_).key):
        with pytest.raises(NothingToResolve):
            confirm_refund(world.records, world.clock, key, f"invoice:{id_}", "anna", "trace")
