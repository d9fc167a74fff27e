"""Payments that are early, belong to no invoice, are in a foreign currency, or dated in a closed period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders import a_company, a_record, some_content
from tests.support.builders_payments import CLEARING, PlainLedger, a_payment, one_invoice, payment_books
from tieout.domain.attention import AttentionCode
from tieout.domain.money import Money
from tieout.domain.payment import (
    Document,
    SourcePayment,
)
from tieout.domain.planning.payment_plan import Post, Reach, Wait, billing_of
from tieout.domain.planning.plan import Agreement, Attend, Nothing, Skip
from tieout.domain.planning.receipt import with_rate
from tieout.domain.record import State

# -- early payments


def test_a_payment_waits_for_its_invoice_and_becomes_attention_after_the_days_set() -> None:
    ledger = PlainLedger(payment_books(payment_wait_days=14))
    plan = ledger.look(a_payment(), waited=timedelta(days=13, hours=23))
    assert isinstance(plan, Wait)
    assert plan.reason == "invoice_not_synced"
    assert "42" in plan.detail
    late = ledger.look(a_payment(), waited=timedelta(days=14))
    assert isinstance(late, Attend)
    assert late.code is AttentionCode.INVOICE_NOT_SYNCED
    assert not ledger.asked


def test_a_payment_of_an_invoice_that_is_kept_out_is_ignored_with_the_reason() -> None:
    ledger = PlainLedger()
    ledger.billings = (billing_of("42", a_record(State.IGNORED, reason="filtered", label="INV-1")),)
    plan = ledger.look(a_payment())
    assert isinstance(plan, Skip)
    assert plan.reason == "invoice_ignored"
    assert "INV-1: filtered" in plan.detail


def test_a_payment_of_which_only_some_invoices_are_kept_out_is_attention() -> None:
    ledger = one_invoice()
    ledger.billings = (*ledger.billings, billing_of("43", a_record(State.IGNORED, reason="filtered")))
    plan = ledger.look(a_payment(invoice_ids=("42", "43")))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.ALLOCATION_UNKNOWN


@pytest.mark.parametrize(
    ("changes", "reach"),
    [
        ({"state": State.WRITING}, Reach.PENDING),
        ({"state": State.ATTENTION}, Reach.PENDING),
        ({"state": State.IGNORED, "reason": "draft"}, Reach.PENDING),
        ({"state": State.IGNORED, "reason": "before_cutover"}, Reach.EXCLUDED),
        ({"state": State.IGNORED, "reason": "by_hand"}, Reach.EXCLUDED),
    ],
)
def test_an_invoice_that_does_not_stand_in_quickbooks_may_come_or_is_kept_out(
    changes: dict[str, Any], reach: Reach
) -> None:
    assert billing_of("42", replace(a_record(), **changes)).reach is reach


def test_an_invoice_without_a_record_or_deleted_or_voided_again_is_waited_for() -> None:
    linked = PlainLedger.with_invoices("360.00").billings[0]
    assert linked.reach is Reach.LINKED
    assert billing_of("42", None).reach is Reach.PENDING


def test_an_invoice_that_somebody_deleted_in_quickbooks_is_waited_for() -> None:
    ledger = one_invoice()
    ledger.invoices.clear()
    plan = ledger.look(a_payment())
    assert isinstance(plan, Wait)
    assert "INV-42 does not stand in QuickBooks" in plan.detail


# -- payments without an invoice


def test_a_payment_whose_source_is_an_invoice_waits_for_it_and_never_becomes_another_document() -> None:
    ledger = one_invoice(payments_without_invoice="unapplied")
    plan = ledger.look(a_payment(invoice_ids=()), waited=timedelta(days=1))
    assert isinstance(plan, Wait)
    assert plan.reason == "invoice_not_synced"
    assert not ledger.written


def test_a_payment_without_an_invoice_is_ignored_by_default() -> None:
    plan = one_invoice().look(a_payment(invoice_ids=(), source="QUOTE"))
    assert isinstance(plan, Skip)
    assert plan.reason == "without_invoice"


def test_a_payment_without_an_invoice_gets_a_few_minutes_to_be_associated_with_one() -> None:
    ledger = one_invoice(payments_without_invoice="unapplied")
    plan = ledger.look(a_payment(invoice_ids=(), source=None), waited=timedelta(minutes=4))
    assert isinstance(plan, Wait)
    assert plan.reason == "invoice_may_follow"


def test_a_payment_without_an_invoice_becomes_an_unapplied_payment_of_its_customer_by_setting() -> None:
    ledger = one_invoice(payments_without_invoice="unapplied")
    plan = ledger.look(a_payment(invoice_ids=(), source="QUOTE"), waited=timedelta(minutes=5))
    assert plan == Nothing(Agreement())
    [content] = ledger.written
    assert (content.document, content.customer_id, content.allocations) == (Document.PAYMENT, "77", ())


def test_a_payment_without_an_invoice_becomes_a_sales_receipt_by_setting() -> None:
    ledger = one_invoice(payments_without_invoice="sales_receipt", sales_receipt_item_id="17")
    ledger.look(a_payment(invoice_ids=(), source="SALES_CHECKOUT"), waited=timedelta(minutes=5))
    [content] = ledger.written
    assert (content.document, content.customer_id, content.account_id) == (Document.SALES_RECEIPT, "77", CLEARING)
    assert [(one.item_id, one.amount) for one in content.lines] == [("17", Decimal("360.00"))]


def test_a_payment_without_an_invoice_from_before_the_cutover_is_ignored() -> None:
    ledger = one_invoice(payments_without_invoice="unapplied", cutover_date="2026-03-03")
    plan = ledger.look(a_payment(invoice_ids=(), source="QUOTE"), waited=timedelta(hours=1))
    assert isinstance(plan, Skip)
    assert plan.reason == "before_cutover"


def euros() -> SourcePayment:
    return replace(a_payment(), amount=Money(Decimal(360), "EUR"), refunded=Money(Decimal(0), "EUR"))


# -- currencies


def test_a_payment_in_another_currency_than_its_invoice_is_attention_and_nothing_is_added() -> None:
    books = payment_books(a_company(multicurrency=True))
    ledger = PlainLedger.with_invoices("360.00", books=books)
    plan = ledger.look(euros())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.CURRENCY_DIFFERS
    assert not ledger.written


def test_a_foreign_payment_without_multicurrency_is_attention() -> None:
    ledger = one_invoice()
    plan = ledger.look(euros())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.CURRENCY_UNSUPPORTED


def foreign_post() -> Post:
    books = payment_books(a_company(multicurrency=True))
    ledger = PlainLedger(books)
    content = some_content(currency="EUR", exchange_rate=Decimal("1.08"))
    ledger.add_invoice("42", "130", content)
    plan = ledger.plan(euros())
    assert isinstance(plan, Post)
    return plan


# -- currencies


def test_a_foreign_payment_bears_the_rate_of_its_day_or_else_its_invoices() -> None:
    books, post = payment_books(a_company(multicurrency=True)), foreign_post()
    of_day, of_invoice = with_rate(post, Decimal("1.11"), books), with_rate(post, None, books)
    assert isinstance(of_day, Post)
    assert isinstance(of_invoice, Post)
    assert (of_day.content.exchange_rate, of_invoice.content.exchange_rate) == (Decimal("1.11"), Decimal("1.08"))


def test_a_foreign_payment_without_any_rate_is_attention() -> None:
    post = foreign_post()
    bare = Post(replace(post.content, exchange_rate=None))
    plan = with_rate(bare, None, payment_books(a_company(multicurrency=True)))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.CURRENCY_UNSUPPORTED


# -- closed periods


def test_a_payment_dated_in_a_closed_period_is_held_moved_or_ignored_by_setting() -> None:
    company = a_company(books_closed_through=date(2026, 3, 5))

    def look(policy: str) -> tuple[PlainLedger, object]:
        ledger = PlainLedger.with_invoices("360.00", books=payment_books(company, closed_period=policy))
        return ledger, ledger.look(a_payment())

    held, plan = look("hold")
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED
    assert not held.written
    moved, plan = look("first_open_day")
    assert plan == Nothing(Agreement())
    assert moved.written[0].day == date(2026, 3, 6)
    assert "Dated 2026-03-02 in HubSpot" in moved.written[0].notice
    assert moved.look(a_payment()) == Nothing(Agreement())
    ignored, plan = look("ignore")
    assert isinstance(plan, Skip)
    assert plan.reason == "period_closed"
    assert not ignored.written
