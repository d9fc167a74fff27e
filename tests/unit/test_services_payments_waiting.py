"""HubSpot payments that wait for their invoice, are left alone with it, and go on when it comes after all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_world import START
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.payment import SourcePayment
from tieout.domain.record import Kind, RecordKey, State
from tieout.services import decisions


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def test_an_early_payment_waits_for_its_invoice_and_is_posted_by_itself(world: MoneyWorld) -> None:
    invoice = world.invoice()
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.WAITING, "invoice_not_synced")
    assert world.counts() == {}
    assert not world.booked()
    world.sync(invoice)
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_that_waits_for_its_invoice_asks_quickbooks_nothing(world: MoneyWorld) -> None:
    early = world.people.pay(world.invoice())
    for _ in range(3):
        assert world.look(early, Cause.SWEEP).reason == "invoice_not_synced"
    assert not world.quickbooks.traffic.exchanges
    # Beside one that can be posted it is decided apart.
    ready = world.people.pay(world.synced())
    world.push(world.pay_hint(early), world.pay_hint(ready))
    assert (world.payment(early).state, world.payment(ready).state) == (State.WAITING, State.SYNCED)
    assert world.counts() == {"Payment": 1}


def test_a_payment_that_waited_for_hours_is_woken_by_its_invoice(world: MoneyWorld) -> None:
    world.settings(create_customers=False)
    invoice = world.invoice()
    world.sync(invoice)
    payment = world.people.pay(invoice)
    for _ in range(3):
        world.look(payment, Cause.SWEEP)
        world.clock.advance(7200)
    world.hints.pop_due(limit=1000)
    world.settings(create_customers=True)
    world.sync(invoice, Cause.RETRY)
    world.clock.advance(60)
    hints = [hint for hint in world.hints.pop_due(limit=1000) if hint.id == payment]
    world.push(*hints)
    assert world.payment(payment).state is State.SYNCED


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "no webhook"])
def test_a_payment_ignored_without_invoice_is_posted_when_it_is_given_one_later(world: MoneyWorld, told: bool) -> None:
    world.settings(payments_without_invoice="ignore")
    invoice = world.synced()
    payment = world.people.pay_link("360.00", "anna@example.test")
    assert world.look(payment).reason == "without_invoice"
    world.clock.advance(3 * 86400)
    world.push(world.pay_hint(payment, Cause.DUE))
    world.people.associate(payment, invoice)
    world.hints.pop_due(limit=1000)
    if told:
        world.push(world.pay_hint(payment))
    else:
        world.run(lambda: world.payment(payment).state is State.SYNCED)
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_that_is_never_given_an_invoice_is_looked_at_a_dozen_times_at_no_cost(world: MoneyWorld) -> None:
    world.settings(payments_without_invoice="ignore")
    payment = world.people.pay_link("360.00", "anna@example.test")
    world.look(payment)
    looks = 0
    while (due_at := world.payment(payment).due_at) is not None:
        world.clock.advance((due_at - world.clock.now()).total_seconds())
        world.push(world.pay_hint(payment, Cause.DUE))
        looks += 1
    assert 8 <= looks <= 13
    assert world.clock.now() - START > timedelta(days=60)
    assert not world.quickbooks.traffic.exchanges


def test_a_payment_tells_the_reason_of_its_invoice_as_it_is_now(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    world.settings(filters=[{"property": "hs_comments", "operator": "not_in", "values": ["leave out"]}])
    known = world.synced(company=company, contact=contact)
    left_out = world.invoice(company=world.company("Other"), contact=contact, hs_comments="leave out")
    world.sync(left_out)
    payment = world.people.pay([known, left_out])
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.ALLOCATION_UNKNOWN)
    assert "filtered" in record.detail
    world.hints.pop_due(limit=100)
    world.clock.advance(60)
    world.hints.pop_due(limit=100)
    # The filter goes, and the invoice needs a person now.
    world.settings(create_customers=False)
    assert world.sync(left_out, Cause.RETRY).reason == AttentionCode.CUSTOMER_MISSING
    world.clock.advance(60)
    world.push(*[hint for hint in world.hints.pop_due(limit=100) if hint.id == payment])
    assert world.payment(payment).reason == "invoice_not_synced"
    # Once its time is up, and the invoice is left out again, that is told.
    world.settings(payment_wait_days=0, create_customers=False)
    world.look(payment, Cause.SWEEP)
    world.settings(filters=[{"property": "hs_comments", "operator": "not_in", "values": ["leave out"]}])
    world.hints.pop_due(limit=100)
    assert world.sync(left_out, Cause.RETRY).state is State.IGNORED
    world.clock.advance(60)
    world.push(*[hint for hint in world.hints.pop_due(limit=100) if hint.id == payment])
    assert world.payment(payment).reason == AttentionCode.ALLOCATION_UNKNOWN


def left_alone(world: MoneyWorld, payment: str) -> None:
    decisions.ignore(world.records, world.clock, world.payment(payment).key, "Entered by hand.", "anna", "t")
    world.push(world.pay_hint(payment, Cause.DUE))


def test_a_refund_of_a_payment_that_was_left_alone_is_told_and_never_posted(world: MoneyWorld) -> None:
    payment = world.people.pay(world.invoice())
    world.look(payment)
    world.people.refund(payment, "10.00")
    left_alone(world, payment)
    assert world.look(payment).state is State.IGNORED
    world.people.refund(payment, "50.00")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_OF_IGNORED)
    assert "Entered by hand." in record.detail
    assert "50.00 USD of it were given back, 60.00 USD in all" in record.detail
    # Other settings say nothing about it.
    assert record.key not in decisions.concerned_by_settings(world.records, "c1")
    assert world.look(payment).state is State.ATTENTION
    # Whoever resolves it has entered the refund; a further one is told again.
    assert world.look(payment, Cause.RETRY).reason == "by_hand"
    assert world.look(payment).reason == "by_hand"
    world.people.refund(payment, "1.00")
    assert world.look(payment).reason == AttentionCode.REFUND_OF_IGNORED
    world.people.archive("commerce_payments", payment)
    assert world.look(payment).reason == "by_hand"
    assert not world.quickbooks.traffic.exchanges


def test_a_payment_that_was_left_alone_is_posted_with_its_refund_when_a_person_retries_it(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(world.people.pay(world.synced()))
    decisions.ignore(world.records, world.clock, RecordKey("c1", Kind.PAYMENT, "hubspot", payment), "", "anna", "t")
    world.people.refund(payment, "60.00")
    assert world.look(payment).state is State.IGNORED
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.payment(payment).left_alone is None
    assert world.counts() == {"Payment": 2, "RefundReceipt": 1}


def test_a_payment_that_was_left_alone_while_hubspot_is_away_stays_so(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    left_alone(world, payment)
    world.hubspot_fault("status_500", "/commerce_payments/batch/read", times=20)
    for _ in range(5):
        assert world.look(payment).reason == "by_hand"


def test_a_payment_of_which_the_invoice_never_comes_becomes_attention_after_the_days_set(world: MoneyWorld) -> None:
    world.settings(payment_wait_days=1, push_invoices=True)
    payment = world.people.pay(world.invoice())
    world.look(payment)
    world.run(most=200)
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.INVOICE_NOT_SYNCED)
    assert record.waiting_since is None
    assert not world.booked()


def test_a_payment_of_an_ignored_invoice_is_ignored(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    record = world.look(world.people.pay(invoice))
    assert (record.state, record.reason) == (State.IGNORED, "invoice_ignored")
    assert "before_cutover" in record.detail


# -- costs


def test_a_payment_given_up_is_posted_when_its_invoice_reaches_quickbooks_after_all(world: MoneyWorld) -> None:
    world.settings(payment_wait_days=1, create_customers=False)
    invoice = world.invoice()
    payment = world.people.pay(invoice)
    assert world.sync(invoice).reason == AttentionCode.CUSTOMER_MISSING
    world.look(payment)
    world.run(most=200)
    assert world.payment(payment).reason == AttentionCode.INVOICE_NOT_SYNCED
    world.settings(payment_wait_days=1)
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_of_an_invoice_that_is_no_longer_left_alone_is_posted_with_it(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    world.run()
    assert world.payment(payment).reason == "invoice_ignored"
    world.settings()
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.SYNCED


def test_a_payment_left_alone_by_hand_stays_so_when_its_invoice_comes(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    world.run()
    decisions.ignore(world.records, world.clock, world.payment(payment).key, "", "anna", "trace")
    world.settings()
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.IGNORED
    assert world.counts() == {}


@pytest.mark.parametrize("status", ["open", "draft"])
def test_payments_of_an_invoice_that_comes_at_once_are_not_asked_for(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    def never(*_: object) -> dict[str, tuple[SourcePayment, ...]]:
        raise AssertionError("the payments of an invoice were asked for")

    monkeypatch.setattr(HubSpotCrm, "payments_of", never)
    invoice = world.synced(status=status)
    if status == "draft":
        assert world.record(invoice).reason == "draft"
        world.clock.advance(7200)
        world.edit(invoice, hs_invoice_status="open")
        world.sync(invoice)
    assert world.record(invoice).state is State.SYNCED
