"""Payments, facts and changes of HubSpot over its sandbox: what people do there is read, what Tieout records stands."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.object_types import all_scopes
from tests.unit.test_hubspot_adapter_sandbox import OBJECTS, Portal, open_portal
from tests.unit.test_quickbooks_adapter_traffic import CHECKER
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.attention import AttentionCode
from tieout.domain.dates import calendar_date
from tieout.domain.errors import NeedsAttention, NotInCrm, OutcomeUnknown, Transient
from tieout.domain.money import Money
from tieout.domain.payment import PaymentFacts, PaymentStatus, Processor, SourcePayment, UnreadablePayment
from tieout.domain.status import ShownState, ShownStatus
from tieout.ports import Crm
from tieout.ports.payments import Feed, RecordedPayment

MARKER = "tieout:c1/payment/88/1"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


class Shop:
    """An account with an open invoice of 360.00, its people and the adapter."""

    def __init__(self, **config: Any) -> None:
        self.portal: Portal = open_portal(HubSpotConfig(**config))
        self.crm: Crm = self.portal.crm
        self.people = self.portal.sandbox.people
        self.invoice = self.portal.invoice()
        self.portal.finalise(self.invoice)

    def payment(self, id_: str) -> SourcePayment:
        found = self.crm.payments([id_])[id_]
        assert isinstance(found, SourcePayment)
        return found

    def recorded(self, amount: str = "100.00", **changes: Any) -> RecordedPayment:
        usual = RecordedPayment(self.invoice, usd(amount), date(2026, 3, 2), MARKER, "check", "1042")
        return replace(usual, **changes)

    def record(self, payment: RecordedPayment | None = None) -> SourcePayment:
        return self.crm.record_payment(self.crm.prepare_payment(payment or self.recorded()))

    def read(self, type_: str, id_: str, *names: str) -> Mapping[str, str | None]:
        answer = self.portal.person.get(f"{OBJECTS}/{type_}/{id_}", params={"properties": ",".join(names)})
        assert answer.status_code == 200, answer.text
        properties: Mapping[str, str | None] = answer.json()["properties"]
        return properties

    def wait(self, seconds: float) -> datetime:
        self.portal.sandbox.clock.advance(seconds)
        return self.portal.sandbox.clock.now()

    @property
    def calls(self) -> int:
        return len(self.portal.sandbox.traffic.exchanges)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_payment_of_an_invoice_is_read_with_its_fees_and_its_invoice_in_two_calls(shop: Shop) -> None:
    id_ = shop.people.pay(
        shop.invoice, "100.00", fee="3.20", platform_fee="0.50", processor="byo_stripe", method="card"
    )
    before = shop.calls
    paid = shop.payment(id_)
    assert shop.calls - before == 2
    assert (paid.status, paid.amount, paid.refunded) == (PaymentStatus.SUCCEEDED, usd("100.00"), usd("0"))
    assert (paid.processor, paid.method, paid.source) == (Processor.STRIPE, "card", "INVOICE")
    assert (paid.invoice_ids, paid.company, paid.contact) == ((shop.invoice,), None, None)
    assert (paid.processing_fee, paid.platform_fee, paid.net) == (usd("3.20"), usd("0.50"), usd("96.30"))
    assert paid.received
    assert paid.modified_at is not None
    assert timedelta(0) <= paid.modified_at - paid.initiated_at < timedelta(seconds=1)


def test_fees_that_hubspot_has_not_told_are_unknown_and_never_zero(shop: Shop) -> None:
    paid = shop.payment(shop.people.pay(shop.invoice, fee="untold", platform_fee="untold"))
    assert (paid.processing_fee, paid.platform_fee) == (None, None)


def test_a_payment_without_an_invoice_has_its_own_customer(shop: Shop) -> None:
    paid = shop.payment(shop.people.pay_link("25.00", "anna@example.test"))
    assert (paid.invoice_ids, paid.source, paid.email) == ((), "SALES_CHECKOUT", "anna@example.test")
    assert paid.contact is not None
    assert paid.contact.email == "anna@example.test"


def test_every_refund_is_in_the_history_oldest_first_and_a_failed_one_falls_again(shop: Shop) -> None:
    id_ = shop.people.pay(shop.invoice, "100.00", method="card")
    first = shop.wait(60)
    shop.people.refund(id_, "30.00")
    second = shop.wait(60)
    shop.people.refund(id_, "20.00")
    third = shop.wait(60)
    shop.people.fail_refund(id_)
    history = shop.payment(id_).refund_history
    assert [one.total for one in history] == [usd("30.00"), usd("50.00"), usd("30.00")]
    for one, at in zip(history, (first, second, third), strict=True):
        assert timedelta(0) <= one.at - at < timedelta(seconds=1)


@pytest.mark.parametrize("negative", [False, True])
def test_a_refund_is_a_positive_amount_whichever_sign_hubspot_shows(*, negative: bool) -> None:
    shop = Shop(refunds_negative=negative)
    id_ = shop.people.pay(shop.invoice, "100.00", method="card")
    assert shop.payment(id_).refund_history == ()
    shop.people.refund(id_, "30.00")
    paid = shop.payment(id_)
    assert (paid.refunded, [one.total for one in paid.refund_history]) == (usd("30.00"), [usd("30.00")])
    assert paid.status is PaymentStatus.PARTIALLY_REFUNDED


def test_a_payment_over_several_invoices_names_all_of_them_and_is_found_from_each(shop: Shop) -> None:
    second = shop.portal.invoice()
    shop.portal.finalise(second)
    id_ = shop.people.pay([shop.invoice, second])
    alone = shop.people.pay_link("25.00", "anna@example.test")
    paid = shop.payment(id_)
    assert set(paid.invoice_ids) == {shop.invoice, second}
    third = shop.portal.invoice()
    of = shop.crm.payments_of([shop.invoice, second, third, "no id"])
    assert of == {shop.invoice: (paid,), second: (paid,), third: (), "no id": ()}
    assert set(shop.crm.payments([id_, alone, "4711"])) == {id_, alone}


def test_a_deleted_payment_is_absent_and_a_failed_read_is_no_absence(shop: Shop) -> None:
    id_ = shop.people.record(shop.invoice, "10.00")
    shop.people.archive("commerce_payments", id_)
    assert shop.crm.payments([id_]) == {}
    assert shop.crm.payments_of([shop.invoice]) == {shop.invoice: ()}
    shop.portal.sandbox.faults.add({"kind": "status_500", "times": 1})
    with pytest.raises(Transient):
        shop.crm.payments([id_])
    shop.portal.sandbox.faults.add({"kind": "status_500", "times": 1})
    with pytest.raises(Transient):
        shop.crm.payments_of([shop.invoice])


def test_a_payment_that_names_no_currency_is_in_the_accounts() -> None:
    shop = Shop(currency="CHF")
    body = {"properties": {"hs_initial_amount": "5", "hs_initiated_date": "2026-03-01T10:00:00Z"}}
    id_ = shop.portal.person.post(f"{OBJECTS}/commerce_payments", json=body).json()["id"]
    assert shop.payment(id_).amount == Money(Decimal(5), "CHF")


def test_a_recorded_payment_pays_its_invoice_and_reads_back_as_it_was_recorded(shop: Shop) -> None:
    contact = shop.portal.create("contacts", firstname="Bo", email="bo@example.test")
    made = shop.record(shop.recorded(contact_id=contact))
    assert (made.amount, made.status, made.processor) == (usd("100.00"), PaymentStatus.SUCCEEDED, Processor.QUICKBOOKS)
    assert (made.comment, made.method, made.reference) == (MARKER, "check", "1042")
    assert made.invoice_ids == (shop.invoice,)
    assert calendar_date(made.initiated_at, "US/Eastern") == date(2026, 3, 2)
    assert replace(shop.payment(made.id), source=None) == replace(made, net=shop.payment(made.id).net, source=None)
    assert shop.read("invoices", shop.invoice, "hs_amount_paid")["hs_amount_paid"] == "100.00"


def test_equal_payments_are_equal_bytes(shop: Shop) -> None:
    assert shop.crm.prepare_payment(shop.recorded()) == shop.crm.prepare_payment(shop.recorded())


def test_a_recorded_payment_is_corrected_and_what_falls_away_is_cleared(shop: Shop) -> None:
    made = shop.record()
    wanted = shop.recorded("80.00", day=date(2026, 3, 4), method=None, reference=None, refunded=usd("30.00"))
    changed = shop.crm.update_payment(made.id, shop.crm.prepare_payment_update(wanted))
    now = shop.payment(made.id)
    for one in (changed, now):
        assert (one.amount, one.refunded, one.status) == (usd("80.00"), usd("30.00"), PaymentStatus.PARTIALLY_REFUNDED)
        assert (one.method, one.reference) == (None, None)
        assert calendar_date(one.initiated_at, "US/Eastern") == date(2026, 3, 4)
    whole = shop.recorded("80.00", refunded=usd("80.00"))
    assert shop.crm.update_payment(made.id, shop.crm.prepare_payment_update(whole)).status is PaymentStatus.REFUNDED
    back = shop.crm.update_payment(made.id, shop.crm.prepare_payment_update(shop.recorded("80.00")))
    assert (back.status, shop.payment(made.id).refunded) == (PaymentStatus.SUCCEEDED, usd("0"))


def test_a_deleted_payment_cannot_be_corrected_and_is_deleted_twice_without_harm(shop: Shop) -> None:
    made = shop.record()
    shop.crm.delete_payment(made.id)
    shop.crm.delete_payment(made.id)
    shop.crm.delete_payment("4711")
    assert shop.crm.payments([made.id]) == {}
    with pytest.raises(NotInCrm):
        shop.crm.update_payment(made.id, shop.crm.prepare_payment_update(shop.recorded()))


def test_a_lost_answer_leaves_open_whether_the_payment_was_recorded(shop: Shop) -> None:
    shop.portal.sandbox.faults.add({"kind": "timeout_after", "times": 1, "method": "POST"})
    with pytest.raises(OutcomeUnknown):
        shop.record()
    [found] = shop.crm.payments_of([shop.invoice])[shop.invoice]
    assert isinstance(found, SourcePayment)
    assert found.comment == MARKER
    shop.portal.sandbox.faults.add({"kind": "timeout_after", "times": 1, "method": "DELETE"})
    with pytest.raises(Transient):
        shop.crm.delete_payment(found.id)
    shop.crm.delete_payment(found.id)


@pytest.mark.parametrize("status", [400, 403])
def test_an_account_that_takes_no_recorded_payments_says_so_in_its_own_code(status: int) -> None:
    shop = Shop(payment_processors=(), no_processor_status=status)
    with pytest.raises(NeedsAttention) as refused:
        shop.record()
    assert refused.value.code is AttentionCode.RECORDING_REFUSED
    assert "not set up" in refused.value.detail


def test_what_hubspot_refuses_for_another_reason_is_no_refusal_to_record(shop: Shop) -> None:
    with pytest.raises(NeedsAttention) as refused:
        shop.record(shop.recorded("1000.00"))
    assert refused.value.code is AttentionCode.REFUSED_BY_HUBSPOT
    card = shop.people.pay(shop.invoice, "10.00")
    for attempt in (
        lambda: shop.crm.delete_payment(card),
        lambda: shop.crm.update_payment(card, shop.crm.prepare_payment_update(shop.recorded())),
    ):
        with pytest.raises(NeedsAttention) as refused:
            attempt()
        assert refused.value.code is AttentionCode.REFUSED_BY_HUBSPOT


def shown_with(facts: PaymentFacts) -> ShownStatus:
    return ShownStatus(ShownState.IN_SYNC, "", facts=facts)


def test_the_facts_of_payments_stand_on_the_invoice(shop: Shop) -> None:
    facts = PaymentFacts(usd("100.00"), usd("0"), usd("260.00"), usd("5.00"), date(2026, 3, 2), "https://app.test/8")
    assert shop.crm.show_statuses({shop.invoice: shown_with(facts), "4711": shown_with(facts)}).keys() == {"4711"}
    names = ("tieout_paid_amount", "tieout_balance", "tieout_refunded_amount", "tieout_last_payment_date")
    shown = shop.read("invoices", shop.invoice, *names)
    assert [shown[name] for name in names] == ["100.00", "260.00", "5.00", "2026-03-02"]
    shop.crm.show_statuses({shop.invoice: shown_with(PaymentFacts(usd("0"), usd("0"), usd("360.00")))})
    shown = shop.read("invoices", shop.invoice, *names)
    assert [shown[name] or None for name in names] == ["0.00", "360.00", None, None]


def everything(shop: Shop, feed: Feed, since: datetime) -> list[tuple[str, datetime]]:
    found, after = [], None
    while True:
        page = shop.crm.changed(feed, since, after)
        found += [(one.id, one.modified_at) for one in page.changes]
        if page.next is None:
            return found
        after = page.next


def test_what_changed_since_is_listed_oldest_change_first(shop: Shop) -> None:
    began = shop.wait(60)
    first = shop.people.record(shop.invoice, "10.00")
    shop.wait(60)
    second = shop.people.record(shop.invoice, "20.00")
    now = shop.wait(1)
    changes = everything(shop, Feed.PAYMENTS, began)
    assert [id_ for id_, _ in changes] == [first, second]
    assert began <= changes[0][1] < changes[1][1] < now
    assert [id_ for id_, _ in everything(shop, Feed.INVOICES, began)] == [shop.invoice]
    assert everything(shop, Feed.PAYMENTS, changes[1][1]) == changes[1:]
    assert everything(shop, Feed.PAYMENTS, now) == []


def test_what_is_in_the_recycle_bin_is_listed_with_the_time_of_the_deletion(shop: Shop) -> None:
    ids = [shop.people.record(shop.invoice, "1.00") for _ in range(3)]
    at = shop.wait(60)
    for id_ in ids[:2]:
        shop.people.archive("commerce_payments", id_)
    listed = shop.crm.archived(Feed.PAYMENTS)
    assert {one.id: one.modified_at for one in listed.changes} == dict.fromkeys(ids[:2], at)
    assert listed.next is None
    assert shop.crm.archived(Feed.INVOICES).changes == ()
    shop.people.restore("commerce_payments", ids[0])
    assert [one.id for one in shop.crm.archived(Feed.PAYMENTS).changes] == ids[1:2]


def test_values_that_make_no_sense_spoil_one_payment_only(shop: Shop) -> None:
    good = shop.people.record(shop.invoice, "1.00")
    bad = shop.people.record(shop.invoice, "1.00")
    with shop.portal.sandbox.acting() as records:
        record = records.store.find("0-101", bad)
        assert record is not None
        record.properties["hs_initial_amount"] = "a lot"
    found = shop.crm.payments([good, bad])
    assert isinstance(found[good], SourcePayment)
    assert found[bad] == UnreadablePayment(bad, 'hs_initial_amount: "a lot" is not a number')


def test_a_token_that_may_not_read_payments_is_found_out_where_payments_are_wanted() -> None:
    scopes = all_scopes() - {"crm.objects.commercepayments.read"}
    shop = Shop(tokens={"pat-na1-sandbox": scopes})
    assert isinstance(shop.portal.crm, HubSpotCrm)
    assert shop.portal.crm.unreadable_objects() == ("commerce_payments",)
    assert shop.portal.crm.unreadable_objects(payments=False) == ()


def test_the_traffic_of_payments_is_what_hubspot_publishes(shop: Shop, tmp_path: Path) -> None:
    shop.people.refund(shop.people.pay(shop.invoice, "100.00", method="card"), "30.00")
    shop.people.pay_link("25.00", "anna@example.test")
    made = shop.record()
    shop.crm.payments_of([shop.invoice])
    shop.crm.payments([id_ for id_, _ in everything(shop, Feed.PAYMENTS, datetime(2026, 1, 1, tzinfo=UTC))])
    shop.crm.update_payment(made.id, shop.crm.prepare_payment_update(shop.recorded("80.00", reference=None)))
    shop.crm.show_statuses({shop.invoice: shown_with(PaymentFacts(usd("100.00"), usd("0"), usd("260.00")))})
    shop.crm.delete_payment(made.id)
    everything(shop, Feed.INVOICES, datetime(2026, 1, 1, tzinfo=UTC))
    shop.crm.archived(Feed.PAYMENTS)
    if CHECKER.exists():
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(shop.portal.sandbox.traffic.lines()))
        done = subprocess.run([sys.executable, CHECKER, recorded], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
