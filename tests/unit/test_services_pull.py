"""QuickBooks payments over both sandboxes: recorded in HubSpot once, kept right, and whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from infra.sandbox.hubspot.object_types import COMMERCE_SCOPE, all_scopes
from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_world import OBJECTS, VENDOR_TIMEOUT
from tieout.domain.attention import AttentionCode
from tieout.domain.claim import ClaimVerdict
from tieout.domain.errors import NeedsAttention, Transient
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.payment import PaymentStatus, SourcePayment
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.ports import PreparedWrite
from tieout.services.claims import LEASE, Held
from tieout.services.decisions import concerned_by_settings
from tieout.services.outcome import Result

CREATE = "/commerce_payments$"
ONE = "/commerce_payments/"
LOST = ["timeout_after", "timeout_before", "status_500"]


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def amounts(world: MoneyWorld, id_: str) -> list[Decimal]:
    return sorted(one.amount.amount for one in world.recorded(id_).values())


def hubspot_calls(world: MoneyWorld, method: str, path: str = "/commerce_payments") -> int:
    return sum(one.method == method and path in one.url for one in world.hubspot.traffic.exchanges)


def edit(world: MoneyWorld, payment: str, **properties: str) -> None:
    world.clock.advance(60)
    answer = world.person.patch(f"{OBJECTS}/commerce_payments/{payment}", json={"properties": properties})
    assert answer.status_code == 200, answer.text


# -- what is recorded


def test_a_part_payment_is_recorded_on_its_invoice_with_date_reference_and_a_link(world: MoneyWorld) -> None:
    world.settings(payment_methods={"check": "2"})
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"}, PaymentRefNum="1042", PaymentMethodRef={"value": "2"})
    record = world.pull(payment)
    assert (record.state, record.label) == (State.SYNCED, "1042")
    [recorded] = world.recorded(id_).values()
    assert (recorded.amount.amount, recorded.reference, recorded.method) == (Decimal(100), "1042", "check")
    assert recorded.processor == "quickbooks"
    assert (recorded.comment or "").splitlines()[-1] == f"tieout:c1/payment/{payment}/1"
    assert "recvpayment" in (recorded.comment or "")
    [line] = world.records.trail(record.key)
    assert line.action == "recorded payment"
    assert line.facts["hubspot_id"] == recorded.id


def test_a_payment_in_full_makes_the_invoice_paid_in_hubspot(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.pull(world.received("360.00", {id_: "360.00"}))
    answer = world.person.get(f"{OBJECTS}/invoices/{id_}?properties=hs_invoice_status,hs_balance_due").json()
    assert answer["properties"]["hs_invoice_status"] == "paid"


def test_a_batch_of_payments_costs_one_metered_read(world: MoneyWorld) -> None:
    ids = [world.synced() for _ in range(3)]
    payments = [world.received("10.00", {id_: "10.00"}) for id_ in ids]
    before = world.meter.counted
    outcomes = world.push(*(world.pull_hint(payment) for payment in payments))
    assert world.meter.counted == before + 1
    assert [one.state for one in outcomes] == [State.SYNCED] * 3


def test_a_payment_split_over_invoices_is_recorded_on_each(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    one, two = (world.synced(company=company, contact=contact) for _ in range(2))
    world.pull(world.received("150.00", {one: "100.00", two: "30.00"}))
    assert (amounts(world, one), amounts(world, two)) == ([Decimal(100)], [Decimal(30)])


@pytest.mark.parametrize("change", ["edited", "unapplied", "voided", "deleted"])
def test_what_the_bookkeeper_does_later_shows_in_hubspot(world: MoneyWorld, change: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    match change:
        case "edited":
            world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
        case "unapplied":
            world.bookkeeper.unapply(payment)
        case "voided":
            world.bookkeeper.void_payment(payment)
        case "deleted":
            world.bookkeeper.delete_payment(payment)
    record = world.pull(payment)
    expected = [Decimal(70)] if change == "edited" else []
    assert amounts(world, id_) == expected
    assert record.state is (State.SYNCED if expected else State.IGNORED)
    assert record.intent is None


def test_an_applied_credit_is_no_payment(world: MoneyWorld) -> None:
    id_ = world.synced()
    memo = world.bookkeeper.credit(world.customer_of(id_), Decimal(40))
    zero = world.bookkeeper.apply_credit(memo["Id"], world.applied({id_: "40.00"}))
    record = world.pull(zero["Id"])
    assert (record.state, record.reason) == (State.IGNORED, "no_synced_invoice")
    assert amounts(world, id_) == []


def test_a_payment_of_an_invoice_that_is_linked_later_is_found_when_that_happens(world: MoneyWorld) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    payment = world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal(50), {row["Id"]: Decimal(50)})["Id"]
    assert world.pull(payment).reason == "no_synced_invoice"
    world.run()
    assert amounts(world, id_) == [Decimal(50)]


def test_a_payment_of_two_invoices_of_which_one_is_linked_later_is_recorded_on_both(world: MoneyWorld) -> None:
    company = world.company()
    early, late = world.synced(company=company), world.invoice(company=company)
    world.fault("timeout_after")
    world.sync(late)
    first, second = (row["Id"] for row in sorted(world.booked(), key=lambda row: int(row["Id"])))
    parts = {first: Decimal(50), second: Decimal(20)}
    payment = str(world.bookkeeper.receive(world.customer_of(early), Decimal(70), parts)["Id"])
    assert world.pull(payment).state is State.SYNCED
    world.run()
    assert (amounts(world, early), amounts(world, late)) == ([Decimal(50)], [Decimal(20)])


def test_a_payment_whose_invoice_is_linked_later_is_not_forgotten_when_the_queue_refuses_its_hint(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    payment = world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal(50), {row["Id"]: Decimal(50)})["Id"]
    assert world.pull(payment).reason == "no_synced_invoice"
    send, refused = world.hints.send, list[Hint]()

    def refuse_once(hints: Sequence[Hint], delay: float = 0) -> None:
        about = [one for one in hints if one.object is HintObject.QUICKBOOKS_PAYMENT and one.cause is Cause.AGAIN]
        if about and not refused:
            refused.extend(about)
            raise Transient(context={"system": "sqs"})
        send(hints, delay)

    monkeypatch.setattr(world.hints, "send", refuse_once)
    world.run()
    assert refused
    assert amounts(world, id_) == [Decimal(50)]


def test_an_invoice_that_is_linked_while_its_payment_is_looked_at_is_not_missed(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.invoice()
    world.fault("timeout_after")
    world.sync(id_)
    [row] = world.booked()
    payment = world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal(50), {row["Id"]: Decimal(50)})["Id"]
    world.clock.advance(VENDOR_TIMEOUT.total_seconds())
    origin_of = world.records.origin_of

    def slow(*place: str) -> RecordKey | None:
        found = origin_of(*place)
        if place[2] == Kind.INVOICE and found is None:
            monkeypatch.undo()
            world.sync(id_, Cause.DUE)
            world.push(*world.hints.pop_due(limit=30))
        return found

    monkeypatch.setattr(world.records, "origin_of", slow)
    assert world.pull(payment, Cause.SWEEP).reason == "no_synced_invoice"
    assert world.record(id_).state is State.SYNCED
    world.run()
    assert amounts(world, id_) == [Decimal(50)]


def test_a_persons_change_in_hubspot_while_the_payment_is_looked_at_is_not_missed(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.run()
    [mirror] = world.recorded(id_)
    held = world.claims.take(world.pulled(payment).key, world.pull_hint(payment, Cause.RETRY))
    assert isinstance(held, Held)
    edit(world, mirror, hs_reference_number="mine")
    world.push(world.pay_hint(mirror))
    world.push(*world.hints.pop_due(limit=30))
    world.claims.release(held, held.record)
    world.run()
    record = world.pulled(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)


# -- what the invoice shows


def shown(world: MoneyWorld, id_: str) -> dict[str, str | None]:
    names = ("paid_amount", "credited_amount", "balance", "last_payment_date")
    query = ",".join(f"tieout_{name}" for name in names)
    properties = world.person.get(f"{OBJECTS}/invoices/{id_}?properties={query}").json()["properties"]
    return {name: properties.get(f"tieout_{name}") for name in names}


def tell(world: MoneyWorld, id_: str) -> None:
    world.clock.advance(60)
    world.push(world.hint(world.far_id(id_), object=HintObject.QUICKBOOKS_INVOICE))


def test_an_invoice_shows_what_was_paid_and_credited_and_what_is_open(world: MoneyWorld) -> None:
    id_ = world.synced()
    assert set(shown(world, id_).values()) == {None}
    world.received("100.00", {id_: "100.00"}, TxnDate="2026-03-01")
    world.received("50.00", {id_: "50.00"}, TxnDate="2026-03-02")
    memo = world.bookkeeper.credit(world.customer_of(id_), Decimal(40))
    world.bookkeeper.apply_credit(memo["Id"], world.applied({id_: "40.00"}))
    before = world.meter.counted
    tell(world, id_)
    assert world.meter.counted == before + 2
    assert shown(world, id_) == {
        "paid_amount": "150.00",
        "credited_amount": "40.00",
        "balance": "170.00",
        "last_payment_date": "2026-03-02",
    }


def test_what_an_invoice_shows_is_written_again_only_when_it_changes(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    tell(world, id_)
    written = hubspot_calls(world, "POST", "/invoices/batch/update")
    tell(world, id_)
    assert hubspot_calls(world, "POST", "/invoices/batch/update") == written
    world.bookkeeper.void_payment(payment)
    tell(world, id_)
    assert shown(world, id_) == {
        "paid_amount": "0.00",
        "credited_amount": "0.00",
        "balance": "360.00",
        "last_payment_date": None,
    }


def test_a_payment_whose_date_changes_has_its_invoice_show_it(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"}, TxnDate="2026-03-01")
    world.pull(payment)
    world.run()
    world.clock.advance(60)
    world.bookkeeper.change("Payment", world.bookkeeper.read("Payment", payment), TxnDate="2026-03-02")
    world.pull(payment)
    world.run()
    assert shown(world, id_)["last_payment_date"] == "2026-03-02"


def test_where_hubspot_takes_no_payments_the_invoice_shows_them_all_the_same() -> None:
    world = MoneyWorld(hubspot={"payment_processors": []})
    id_ = world.synced()
    world.pull(world.received("100.00", {id_: "100.00"}))
    world.run()
    assert shown(world, id_)["paid_amount"] == "100.00"


def test_an_invoice_whose_total_changes_shows_what_is_open_then(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.received("100.00", {id_: "100.00"})
    tell(world, id_)
    line = world.person.get(f"{OBJECTS}/invoices/{id_}?associations=line_items").json()
    line_id = line["associations"]["line items"]["results"][0]["id"]
    world.clock.advance(60)
    world.person.patch(f"{OBJECTS}/line_items/{line_id}", json={"properties": {"quantity": "2"}})
    world.sync(id_)
    assert shown(world, id_)["balance"] == "140.00"


# -- echoes


def test_what_tieout_posted_for_a_hubspot_payment_is_told_to_its_own_queue(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    [row] = world.booked("Payment")
    hint = world.pull_hint(row["Id"])
    [outcome] = world.push(hint)
    assert outcome.result is Result.NOT_OURS
    [told] = [one for one in world.hints.queued if one.object is HintObject.POSTED_DOCUMENT]
    assert (told.object, told.id, told.occurred_at) == (
        HintObject.POSTED_DOCUMENT,
        f"payment:{row['Id']}",
        hint.occurred_at,
    )


def test_what_is_being_posted_just_now_is_known_by_its_marker(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.people.pay(id_)
    world.fault("timeout_after", path="/payment$")
    world.look(next(iter(world.recorded(id_))))
    [row] = world.booked("Payment")
    assert world.pull(row["Id"]).reason == "posted_by_tieout"
    assert len(world.recorded(id_)) == 1


def begun(world: MoneyWorld, system: str, id_: str) -> RecordKey:
    """The record of a payment that a worker took up and died."""
    key = RecordKey("c1", Kind.PAYMENT, system, id_)
    world.records.put(SyncRecord(key, lease_owner="gone", lease_until=world.clock.now()))
    return key


def test_a_look_that_began_before_the_document_was_known_as_ours_is_ended(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    [row] = world.booked("Payment")
    key = begun(world, "quickbooks", row["Id"])
    world.push(world.pull_hint(row["Id"], Cause.DUE))
    record = world.records.get(key)
    assert record is not None
    assert (record.state, record.reason, record.wake_at()) == (State.IGNORED, "posted_by_tieout", None)
    # That look covers what changed since, so the payment it belongs to is looked at too.
    assert HintObject.POSTED_DOCUMENT in [one.object for one in world.hints.queued]


def test_a_look_that_began_before_the_payment_was_known_as_recorded_by_us_is_ended(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.pull(world.received("100.00", {id_: "100.00"}))
    [mirror] = world.recorded(id_)
    key = begun(world, "hubspot", mirror)
    world.push(world.pay_hint(mirror, Cause.DUE))
    record = world.records.get(key)
    assert record is not None
    assert (record.state, record.reason, record.wake_at()) == (State.IGNORED, "recorded_from_quickbooks", None)
    assert HintObject.QUICKBOOKS_PAYMENT in [one.object for one in world.hints.queued]


def test_a_recorded_payment_never_comes_back_to_quickbooks(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.pull(world.received("100.00", {id_: "100.00"}))
    [mirror] = world.recorded(id_)
    world.push(world.pay_hint(mirror))
    world.run()
    assert len(world.booked("Payment")) == 1
    assert amounts(world, id_) == [Decimal(100)]


@pytest.mark.parametrize(
    "object_",
    [HintObject.QUICKBOOKS_CREDIT_MEMO, HintObject.QUICKBOOKS_SALES_RECEIPT, HintObject.QUICKBOOKS_PURCHASE],
)
def test_other_documents_of_people_are_not_followed(world: MoneyWorld, object_: HintObject) -> None:
    [outcome] = world.push(world.hint("77", object=object_))
    assert outcome.result is Result.NOT_OURS
    assert not list(world.records)


# -- people in between


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_a_persons_change_of_a_recorded_payment_is_attention_and_stays(world: MoneyWorld, act: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    [mirror] = world.recorded(id_)
    if act == "edit":
        edit(world, mirror, hs_reference_number="mine")
    else:
        world.people.archive("commerce_payments", mirror)
    world.clock.advance(60)
    world.push(world.pay_hint(mirror))
    world.run()
    code = AttentionCode.EDITED_IN_HUBSPOT if act == "edit" else AttentionCode.RECORDED_PAYMENT_DELETED
    assert (world.pulled(payment).state, world.pulled(payment).reason) == (State.ATTENTION, code)
    assert len(world.recorded(id_)) == (act == "edit")


def test_a_retry_records_a_deleted_payment_again(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    [mirror] = world.recorded(id_)
    world.people.archive("commerce_payments", mirror)
    assert world.pull(payment).state is State.ATTENTION
    assert world.pull(payment, Cause.RETRY).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "sweep"])
def test_a_recorded_payment_that_tieout_deleted_and_a_person_restores_is_told(world: MoneyWorld, told: bool) -> None:
    invoice = world.synced()
    payment = world.received("360.00", {invoice: "360.00"})
    world.pull(payment)
    [mirror] = world.recorded(invoice)
    world.clock.advance(60)
    [row] = [row for row in world.booked("Payment") if row["Id"] == payment]
    world.bookkeeper.delete("Payment", row)
    world.pull(payment)
    # HubSpot tells of our own deletion, too, and that is no news.
    world.push(world.pay_hint(mirror))
    world.run()
    world.sweep()
    world.run()
    assert world.payment(mirror).state is State.IGNORED
    world.clock.advance(900)
    world.people.restore("commerce_payments", mirror)
    if told:
        world.push(world.pay_hint(mirror))
    else:
        world.sweep()
    world.run()
    record = world.payment(mirror)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)
    assert f"QuickBooks payment {payment}" in record.detail
    world.clock.advance(60)
    world.people.archive("commerce_payments", mirror)
    world.push(world.pay_hint(mirror))
    assert world.payment(mirror).state is State.IGNORED
    assert world.pulled(payment).state is State.IGNORED


def test_a_payment_deleted_between_our_read_and_our_write_is_told(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    update = world.crm.update_payment

    def meanwhile(mirror_id: str, write: PreparedWrite) -> SourcePayment:
        world.people.archive("commerce_payments", mirror_id)
        return update(mirror_id, write)

    monkeypatch.setattr(world.crm, "update_payment", meanwhile)
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.RECORDED_PAYMENT_DELETED)


def test_money_of_a_deleted_invoice_is_a_persons_decision(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.delete(id_)
    world.sync(id_)
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_HUBSPOT)


# -- lost answers, crashes, outages


@pytest.mark.parametrize("kind", LOST)
def test_after_a_lost_answer_there_is_one_recorded_payment_whatever_had_happened(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault(kind, CREATE, method="POST")
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.VERIFYING, "outcome_unknown")
    assert record.intent is not None
    assert record.due_at == record.intent.stored_at + VENDOR_TIMEOUT
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_recorded_payment_that_cannot_be_read_is_told_and_not_recorded_once_more(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    with monkeypatch.context() as unknown:
        # HubSpot makes something of what was sent that nobody knows yet.
        unknown.setattr(PaymentStatus, "_value2member_map_", {})
        assert world.pull(payment).state is State.VERIFYING
        world.run()
        record = world.pulled(payment)
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)
        assert "hs_latest_status" in record.detail
    assert amounts(world, id_) == [Decimal(100)]
    assert world.pull(payment, Cause.RETRY).state is State.SYNCED


@pytest.mark.parametrize("kind", LOST)
def test_a_correction_whose_answer_was_lost_stands_in_the_end(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    world.hubspot_fault(kind, ONE, method="PATCH")
    assert world.pull(payment).state is State.VERIFYING
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(70)]


@pytest.mark.parametrize("kind", LOST)
def test_a_deletion_whose_answer_was_lost_is_no_persons_doing(world: MoneyWorld, kind: str) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.bookkeeper.unapply(payment)
    world.hubspot_fault(kind, ONE, method="DELETE")
    assert world.pull(payment).state is State.VERIFYING
    world.bookkeeper.allocate(payment, world.applied({id_: "100.00"}))
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_crash_in_the_middle_of_several_goes_on_where_it_stopped(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, contact = world.company(), world.contact()
    ids = [world.synced(company=company, contact=contact) for _ in range(3)]
    payment = world.received("60.00", dict.fromkeys(ids, "20.00"))
    record, calls = world.crm.record_payment, []

    def crash(write: PreparedWrite) -> SourcePayment:
        calls.append(write)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return record(write)

    monkeypatch.setattr(world.crm, "record_payment", crash)
    with pytest.raises(KeyboardInterrupt):
        world.pull(payment)
    world.clock.advance(LEASE.total_seconds() + 1)
    world.run()
    assert world.pulled(payment).state is State.SYNCED
    assert [amounts(world, id_) for id_ in ids] == [[Decimal(20)]] * 3


def test_the_same_message_twice_records_once(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    hint = world.pull_hint(payment)
    world.push(hint)
    [again] = world.push(hint)
    assert again.result is Result.COVERED
    assert amounts(world, id_) == [Decimal(100)]


def test_a_second_worker_leaves_a_payment_alone_while_the_first_is_busy(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    record, results = world.crm.record_payment, []

    def meanwhile(write: PreparedWrite) -> SourcePayment:
        results.extend(world.make_pulls().pull([world.pull_hint(payment)]))
        return record(write)

    monkeypatch.setattr(world.crm, "record_payment", meanwhile)
    world.pull(payment)
    assert [one.result.value for one in results] == [ClaimVerdict.BUSY.value]
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_a_token_that_died_waits_and_goes_on(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault("status_401", CREATE, method="POST")
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.WAITING, "connection_lost")
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_a_payment_that_makes_room_later_is_waited_for(world: MoneyWorld) -> None:
    id_ = world.synced()
    first = world.received("360.00", {id_: "360.00"})
    world.pull(first)
    world.bookkeeper.unapply(first)
    second = world.received("360.00", {id_: "360.00"})
    assert world.pull(second).state is State.WAITING
    world.pull(first)
    world.run()
    assert world.pulled(second).state is State.SYNCED
    assert amounts(world, id_) == [Decimal(360)]


def test_more_than_hubspot_has_open_is_attention_in_the_end(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.people.record(id_, "300.00")
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    world.run(until=lambda: world.pulled(payment).state is State.ATTENTION)
    record = world.pulled(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_HUBSPOT)


# -- accounts that take no recorded payments


def test_where_hubspot_takes_none_the_connection_says_so_once_and_no_payment_needs_a_person() -> None:
    world = MoneyWorld(hubspot={"payment_processors": []})
    ids = [world.synced() for _ in range(2)]
    payments = [world.received("100.00", {id_: "100.00"}) for id_ in ids]
    for payment in payments:
        record = world.pull(payment)
        assert (record.state, record.reason) == (State.IGNORED, "recording_refused")
    assert hubspot_calls(world, "POST", f"{OBJECTS}/commerce_payments") == 1
    assert world.notices.load("c1", AttentionCode.RECORDING_REFUSED) is not None


def refuse(_write: PreparedWrite) -> SourcePayment:
    raise NeedsAttention("No processor is set up.", code=AttentionCode.RECORDING_REFUSED)


def test_when_hubspot_takes_them_again_those_it_refused_are_recorded(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [world.synced() for _ in range(2)]
    first, second = (world.received("100.00", {id_: "100.00"}) for id_ in ids)
    with monkeypatch.context() as refusing:
        refusing.setattr(world.crm, "record_payment", refuse)
        assert world.pull(first).reason == "recording_refused"
    world.clock.advance(timedelta(days=1).total_seconds())
    world.pull(second)
    world.run()
    assert [amounts(world, id_) for id_ in ids] == [[Decimal(100)]] * 2
    assert world.notices.load("c1", AttentionCode.RECORDING_REFUSED) is None


def test_what_is_refused_after_a_lost_answer_is_planned_anew(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("360.00", {id_: "360.00"})
    world.hubspot_fault("timeout_before", "/commerce_payments$", method="POST")
    assert world.pull(payment).state is State.VERIFYING
    world.people.pay(id_)
    world.bookkeeper.unapply(payment)
    world.run()
    record = world.pulled(payment)
    assert (record.state, record.reason, record.intent) == (State.IGNORED, "no_synced_invoice", None)


def test_where_hubspot_takes_none_a_lost_answer_changes_nothing() -> None:
    world = MoneyWorld(hubspot={"payment_processors": []})
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.hubspot_fault("timeout_before", "/commerce_payments$", method="POST")
    assert world.pull(payment).state is State.VERIFYING
    world.run()
    record = world.pulled(payment)
    assert (record.state, record.reason, record.intent) == (State.IGNORED, "recording_refused", None)


@pytest.mark.parametrize("act", ["void", "change"])
def test_what_cannot_be_put_right_any_more_is_attention_after_one_call(act: str) -> None:
    scopes = {"pat-na1-sandbox": all_scopes()}
    world = MoneyWorld(hubspot={"tokens": scopes})
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    if act == "void":
        world.bookkeeper.void_payment(payment)
    else:
        world.bookkeeper.allocate(payment, world.applied({id_: "70.00"}), Decimal(70))
    method = "DELETE" if act == "void" else "PATCH"
    scopes["pat-na1-sandbox"] = all_scopes() - {"crm.objects.commercepayments.write", COMMERCE_SCOPE}
    record = world.pull(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.RECORDING_REFUSED)
    assert hubspot_calls(world, method) == 1
    scopes["pat-na1-sandbox"] = all_scopes()
    assert world.pull(payment, Cause.RETRY).settled
    assert amounts(world, id_) == ([] if act == "void" else [Decimal(70)])


def test_switched_off_nothing_is_written_and_what_is_recorded_waits(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.settings(pull_payments=False)
    assert world.pull(payment).reason == "switched_off"
    world.settings()
    world.pull(payment, Cause.RETRY)
    world.settings(pull_payments=False)
    world.bookkeeper.unapply(payment)
    record = world.pull(payment)
    assert record.due_at is not None
    assert amounts(world, id_) == [Decimal(100)]
    world.settings()
    world.run()
    assert amounts(world, id_) == []


def test_no_step_is_begun_after_the_deadline(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.push(world.pull_hint(payment), deadline=world.clock.now() - timedelta(seconds=1))
    assert amounts(world, id_) == []
    world.run()
    assert amounts(world, id_) == [Decimal(100)]


def test_hints_that_a_payment_changed_reach_its_invoices_once_for_each_version(world: MoneyWorld) -> None:
    id_ = world.synced()
    payment = world.received("100.00", {id_: "100.00"})
    world.pull(payment)
    told = [hint for hint in world.hints.queued if hint.object is HintObject.QUICKBOOKS_INVOICE]
    assert [hint.id for hint in told] == [world.far_id(id_)]
    world.run()
    world.pull(payment, Cause.DUE)
    assert not world.hints.queued


def test_other_settings_have_payments_looked_at_again_that_were_left_out_because_of_them(world: MoneyWorld) -> None:
    id_ = world.synced()
    world.settings(record_payments_in_hubspot=False)
    payment = world.received("100.00", {id_: "100.00"})
    assert world.pull(payment).reason == "not_recorded"
    unrelated = world.received("10.00", customer=world.customer_of(id_))
    world.pull(unrelated)
    assert concerned_by_settings(world.records, "c1") == {world.pulled(payment).key: Cause.RETRY}
