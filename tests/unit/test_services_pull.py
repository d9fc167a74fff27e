"""QuickBooks payments over both sandboxes: recorded in HubSpot once, shown on their invoice, and no echo of our own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_recorded import amounts, edit, hubspot_calls
from tests.support.builders_world import OBJECTS, VENDOR_TIMEOUT
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.claims import Held
from tieout.services.outcome import Result


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


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
