"""Payments and refunds of every form, over both sandboxes: taxes, currencies, closed periods, other totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_forms import OF, adjusted
from tests.support.builders_money_world import CLEARING, MoneyWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State

TAX_MODES: list[Any] = [
    ({"using_sales_tax": True}, {"tax_mode": "as_item", "tax_item_id": "1"}, "VAT", "6.5"),
    (
        {"using_sales_tax": True, "partner_tax": True, "partner_tax_percent": Decimal("6.5")},
        {"tax_mode": "automated"},
        "State tax",
        "6.5",
    ),
    ({"using_sales_tax": True}, {"tax_mode": "codes", "tax_codes": {"California": "2"}}, "California", "8"),
    (
        {"country": "GB", "home_currency": "GBP", "using_sales_tax": True},
        {"tax_mode": "codes", "tax_codes": {"VAT": "2"}, "untaxed_code": "5"},
        "VAT",
        "20",
    ),
]


def taxed(company: dict[str, Any], settings: dict[str, Any], label: str, percent: str) -> tuple[MoneyWorld, str]:
    """A world with a taxed invoice that stands in QuickBooks."""
    world = MoneyWorld(**company)
    world.settings(**settings)
    id_ = world.invoice(status="draft", hs_currency=str(company.get("home_currency", "USD")))
    world.create("taxes", to={id_: OF["taxes"]}, hs_label=label, hs_type="PERCENT", hs_value=percent)
    world.edit(id_, hs_invoice_status="open")
    assert world.sync(id_).state is State.SYNCED
    return world, id_


@pytest.mark.parametrize(("company", "settings", "label", "percent"), TAX_MODES)
def test_a_whole_refund_comes_to_what_was_paid_in_every_tax_mode(
    company: dict[str, Any], settings: dict[str, Any], label: str, percent: str
) -> None:
    world, invoice = taxed(company, settings, label, percent)
    payment = world.people.pay(invoice)
    world.people.refund(payment)
    record = world.look(payment)
    assert (record.state, record.detail) == (State.SYNCED, "")
    assert world.one("RefundReceipt")["TotalAmt"] == world.one("Invoice")["TotalAmt"]
    assert world.bookkeeper.account_balance(CLEARING) == 0


@pytest.mark.parametrize(("company", "settings", "label", "percent"), TAX_MODES)
def test_refunds_in_parts_are_exact_or_within_the_tolerance_in_every_tax_mode(
    company: dict[str, Any], settings: dict[str, Any], label: str, percent: str
) -> None:
    world, invoice = taxed(company, settings, label, percent)
    payment = world.people.pay(invoice)
    for amount in ("33.33", "100.00", "0.07"):
        world.clock.advance(86_400)
        world.people.refund(payment, amount)
    record = world.look(payment)
    assert record.state in (State.SYNCED, State.SYNCED_WITH_VARIANCE)
    for row, said in zip(world.booked("RefundReceipt"), ("33.33", "100.00", "0.07"), strict=True):
        assert abs(row["TotalAmt"] - Decimal(said)) <= Decimal("0.05")
    assert (record.state is State.SYNCED_WITH_VARIANCE) == bool(record.detail)


def taxed_otherwise(**settings: Any) -> tuple[MoneyWorld, str]:
    """A payment that is posted; QuickBooks' rate rises from 6.5 to 8 % before it is given back."""
    world = MoneyWorld(using_sales_tax=True, partner_tax=True, partner_tax_percent=Decimal("6.5"))
    world.settings(tax_mode="automated", **settings)
    invoice = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))
    world.sync(invoice)
    payment = world.people.pay(invoice)
    assert world.look(payment).state is State.SYNCED
    tax_rate(world, "8")
    world.people.refund(payment)
    return world, payment


def tax_rate(world: MoneyWorld, percent: str) -> None:
    company = world.quickbooks.company
    company.config = replace(company.config, partner_tax_percent=Decimal(percent))


def test_a_refund_that_quickbooks_taxes_otherwise_is_taken_back_and_tried_again_only_by_a_person() -> None:
    world, payment = taxed_otherwise()
    for _ in range(2):
        record = world.look(payment)
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
        assert "QuickBooks made it 388.80 USD. Tieout took the new refund receipt back." in record.detail
        assert world.counts() == {"Payment": 1}
    assert world.look(payment, Cause.RETRY).reason == AttentionCode.TOTAL_DIFFERS
    assert world.counts() == {"Payment": 1}
    tax_rate(world, "6.5")
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_429", "status_500"])
def test_taking_a_refund_back_is_made_good_whatever_happens_to_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world, payment = taxed_otherwise()
    real = world.ledger.post

    def post(*arguments: Any) -> Any:
        answer = real(*arguments)
        world.fault(kind, path="/refundreceipt$")
        return answer

    monkeypatch.setattr(world.ledger, "post", post)
    assert world.look(payment).state is not State.SYNCED
    monkeypatch.setattr(world.ledger, "post", real)
    world.run()
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert world.counts() == {"Payment": 1}


def test_a_refund_to_be_taken_back_that_a_person_deleted_meanwhile_is_gone_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, payment = taxed_otherwise()
    real = world.ledger.post

    def post(*arguments: Any) -> Any:
        answer = real(*arguments)
        world.fault("status_429", path="/refundreceipt$")
        return answer

    monkeypatch.setattr(world.ledger, "post", post)
    world.look(payment)
    monkeypatch.setattr(world.ledger, "post", real)
    world.bookkeeper.delete("RefundReceipt", world.one("RefundReceipt"))
    world.run()
    assert world.payment(payment).reason == AttentionCode.TOTAL_DIFFERS
    assert world.counts() == {"Payment": 1}


def test_by_setting_a_refund_with_another_total_is_kept_and_told() -> None:
    world, payment = taxed_otherwise(beyond_tolerance="keep")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}
    assert world.look(payment).state is State.ATTENTION
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


# -- currencies


def euros(*rates: str) -> MoneyWorld:
    return MoneyWorld(multicurrency=True, exchange_rates=rates, hubspot={"additional_currencies": ("EUR",)})


def test_a_foreign_payment_and_its_refund_bear_currency_and_the_rate_of_their_day() -> None:
    world = euros("EUR 1.10", "EUR 1.08 2026-03-03")
    invoice = world.synced(hs_currency="EUR")
    payment = world.people.pay(invoice)
    world.clock.advance(86_400)
    world.people.refund(payment, "100.00")
    record = world.look(payment)
    assert record.state is State.SYNCED
    paid, refund = world.one("Payment"), world.one("RefundReceipt")
    assert (paid["CurrencyRef"]["value"], paid["ExchangeRate"]) == ("EUR", Decimal("1.10"))
    assert (refund["CurrencyRef"]["value"], refund["ExchangeRate"]) == ("EUR", Decimal("1.08"))
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_in_another_currency_than_its_invoice_is_attention() -> None:
    world = euros("EUR 1.08")
    invoice = world.synced()
    payment = world.people.record(invoice)
    answer = world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_currency_code": "EUR"}}
    )
    assert answer.status_code == 200, answer.text
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CURRENCY_DIFFERS)
    assert world.counts() == {}


# -- closed periods


EARLY = datetime(2026, 2, 20, 15, tzinfo=UTC)


def test_a_payment_dated_in_a_closed_period_is_held() -> None:
    world = MoneyWorld(book_close_date=date(2026, 2, 28))
    payment = world.people.record(world.synced(), at=EARLY)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.PERIOD_CLOSED)
    assert "2026-02-20" in record.detail
    assert world.counts() == {}


def test_by_setting_it_is_posted_on_the_first_open_day_and_its_own_date_is_told() -> None:
    world = MoneyWorld(book_close_date=date(2026, 2, 28))
    world.settings(closed_period="first_open_day")
    payment = world.people.record(world.synced(), at=EARLY)
    assert world.look(payment).state is State.SYNCED
    row = world.one("Payment")
    assert row["TxnDate"] == "2026-03-01"
    assert row["PrivateNote"].startswith("Dated 2026-02-20 in HubSpot")
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.counts() == {"Payment": 1}


def test_by_setting_it_is_left_out_with_a_note() -> None:
    world = MoneyWorld(book_close_date=date(2026, 2, 28))
    world.settings(closed_period="ignore")
    record = world.look(world.people.record(world.synced(), at=EARLY))
    assert (record.state, record.reason) == (State.IGNORED, "period_closed")
    assert world.counts() == {}
