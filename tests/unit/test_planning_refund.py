"""Money out: each rise of HubSpot's refunded amount becomes one refund, over the original items, exact to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_company, usd
from tests.support.builders_payments import (
    CLEARING,
    PAID_AT,
    RECEIVABLE,
    PlainLedger,
    a_payment,
    one_invoice,
    payment_books,
    refunded,
)
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import ContentLine
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, PaymentStatus, Refunded
from tieout.domain.planning.plan import Agreement, Attend, Gone, Nothing
from tieout.domain.planning.refund import next_rise, pro_rata


def lines(*rows: tuple[str, str, str | None]) -> tuple[ContentLine, ...]:
    return tuple(ContentLine(item, f"Item {item}", Decimal(1), Decimal(a), Decimal(a), code) for item, a, code in rows)


def test_a_refund_is_a_refund_receipt_from_the_account_that_the_payment_went_to() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    assert ledger.look(refunded(a_payment(), "100.00")) == Nothing(Agreement())
    refund = ledger.written[1]
    assert (refund.document, refund.amount, refund.refunded) == (
        Document.REFUND_RECEIPT,
        usd("100.00"),
        usd("100.00"),
    )
    assert (refund.account_id, refund.customer_id, refund.allocations) == (CLEARING, "58", ())
    assert refund.day == date(2026, 3, 3)
    assert refund.lines == (ContentLine("5", "Consulting - March", None, None, Decimal("100.00"), None),)


def test_a_payment_first_seen_refunded_posts_the_receipt_first_and_then_the_refund() -> None:
    ledger = one_invoice()
    assert ledger.look(refunded(a_payment(), "360.00")) == Nothing(Agreement())
    assert [one.document for one in ledger.written] == [Document.PAYMENT, Document.REFUND_RECEIPT]


def test_every_rise_is_a_refund_of_its_own_dated_by_the_history() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00", "120.00", "360.00"))
    assert [(one.amount, one.day) for one in ledger.written[1:]] == [
        (usd("50.00"), date(2026, 3, 3)),
        (usd("70.00"), date(2026, 3, 4)),
        (usd("240.00"), date(2026, 3, 5)),
    ]


def test_the_same_rise_seen_again_posts_nothing() -> None:
    ledger = one_invoice()
    for _ in range(3):
        ledger.look(refunded(a_payment(), "50.00"))
    assert len(ledger.written) == 2


def test_a_refund_without_history_is_dated_by_its_detection_and_says_so() -> None:
    ledger = one_invoice()
    ledger.look(replace(refunded(a_payment(), "50.00"), refund_history=()))
    assert ledger.written[1].day == ledger.today
    assert "date is that on which Tieout saw the refund" in ledger.written[1].notice


def test_a_refund_is_dated_in_the_companys_time_zone() -> None:
    ledger = one_invoice()
    late = (Refunded(usd("50.00"), datetime(2026, 3, 6, 3, 0, tzinfo=UTC)),)
    ledger.look(replace(refunded(a_payment(), "50.00"), refund_history=late))
    assert ledger.written[1].day == date(2026, 3, 5)


def test_a_step_that_was_taken_back_never_happened() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00", "0.00", "80.00"))
    assert [(one.amount, one.day) for one in ledger.written[1:]] == [(usd("80.00"), date(2026, 3, 5))]


def test_a_fall_of_the_refunded_amount_is_attention_until_a_person_takes_the_refund_away() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00"))
    failed = refunded(a_payment(), "50.00", "0.00", status=PaymentStatus.SUCCEEDED)
    plan = ledger.look(failed)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.REFUND_DIFFERS
    assert "0.00 USD were given back; posted were 50.00 USD" in plan.detail
    ledger.remove("502")
    assert ledger.look(failed, look=True) == Nothing(Agreement())
    assert [one.far_id for one in ledger.postings] == ["501"]


@pytest.mark.parametrize("total", ["360.01", "-1.00"])
def test_never_more_is_refunded_than_was_received_nor_less_than_nothing(total: str) -> None:
    ledger = one_invoice()
    plan = ledger.look(refunded(a_payment(), total))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.REFUND_DIFFERS
    assert [one.document for one in ledger.written] == [Document.PAYMENT]


def test_refunded_without_the_whole_amount_is_attention_after_what_is_told_was_posted() -> None:
    ledger = one_invoice()
    plan = ledger.look(refunded(a_payment(), "50.00", status=PaymentStatus.REFUNDED))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.REFUND_DIFFERS
    assert not ledger.total(Document.REFUND_RECEIPT)


def test_a_refund_in_another_currency_is_attention_and_nothing_is_added() -> None:
    ledger = one_invoice()
    plan = ledger.look(replace(a_payment(), refunded=Money(Decimal(5), "EUR")))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.CURRENCY_DIFFERS
    assert len(ledger.written) == 1


def test_a_refund_of_a_disputed_payment_is_posted_and_the_dispute_is_told() -> None:
    ledger = one_invoice()
    plan = ledger.look(refunded(a_payment(), "360.00", status=PaymentStatus.DISPUTED_LOST))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PAYMENT_DISPUTED
    assert ledger.total(Document.REFUND_RECEIPT) == Decimal("360.00")


# -- closed periods


def test_a_refund_dated_in_a_closed_period_goes_by_the_setting() -> None:
    company = a_company(books_closed_through=date(2026, 3, 3))
    moved = PlainLedger.with_invoices("360.00", books=payment_books(company, closed_period="first_open_day"))
    moved.look(refunded(a_payment(), "50.00"))
    assert [one.day for one in moved.written] == [date(2026, 3, 4), date(2026, 3, 4)]
    held = one_invoice()
    held.look(a_payment())
    held.books = payment_books(company)
    plan = held.look(refunded(a_payment(), "50.00"))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED


# -- credit memo and expense


def memo_ledger() -> PlainLedger:
    return one_invoice(refunds="credit_memo", receivable_account_id=RECEIVABLE)


def test_a_refund_by_credit_memo_is_three_documents_that_cancel_out() -> None:
    ledger = memo_ledger()
    assert ledger.look(refunded(a_payment(), "50.00")) == Nothing(Agreement())
    receipt, memo, expense, application = ledger.written
    assert [one.document for one in (receipt, memo, expense, application)] == [
        Document.PAYMENT,
        Document.CREDIT_MEMO,
        Document.EXPENSE,
        Document.APPLICATION,
    ]
    assert (memo.amount, memo.account_id) == (usd("50.00"), None)
    assert (expense.amount, expense.account_id, expense.line_account_id) == (usd("50.00"), CLEARING, RECEIVABLE)
    assert expense.customer_id == memo.customer_id == "58"
    assert application.amount == usd("0.00")
    assert application.allocations == (
        Allocation("CreditMemo", "502", usd("50.00")),
        Allocation("Expense", "503", usd("50.00")),
    )
    assert len({one.day for one in (memo, expense, application)}) == 1


@pytest.mark.parametrize("posted", [1, 2, 3])
def test_a_refund_by_credit_memo_that_was_interrupted_goes_on_where_it_stopped(posted: int) -> None:
    whole, cut = memo_ledger(), memo_ledger()
    source = refunded(a_payment(), "50.00")
    whole.look(source)
    cut.look(source)
    cut.postings, cut.written = cut.postings[:posted], cut.written[:posted]
    cut.invoices["130"] = replace(cut.invoices["130"], balance=usd("0.00"))
    cut.books = payment_books(receivable_account_id=RECEIVABLE) if posted > 1 else cut.books
    cut.look(source)
    assert [one.document for one in cut.written] == [one.document for one in whole.written]


def test_a_part_of_a_refund_that_a_person_deleted_is_told_and_not_made_again_by_itself() -> None:
    ledger = memo_ledger()
    ledger.look(refunded(a_payment(), "50.00"))
    ledger.remove("504")
    assert ledger.look(refunded(a_payment(), "50.00"), look=True) == Gone()
    assert ledger.look(refunded(a_payment(), "50.00"), look=True, by_person=True) == Nothing(Agreement())
    assert [one.document for one in ledger.written[4:]] == [Document.APPLICATION]


# -- what people do


def test_an_edited_refund_is_attention_with_both_values() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00"))
    ledger.change("502", total=usd("45.00"))
    plan = ledger.look(refunded(a_payment(), "50.00"), look=True)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert "refund receipt 502: amount: 50.00 USD -> 45.00 USD" in plan.detail


def test_a_deleted_refund_is_told_and_a_persons_retry_posts_it_again() -> None:
    ledger = one_invoice()
    ledger.look(refunded(a_payment(), "50.00", "80.00"))
    ledger.remove("502")
    assert ledger.look(refunded(a_payment(), "50.00", "80.00"), look=True) == Gone()
    ledger.look(refunded(a_payment(), "50.00", "80.00"), look=True, by_person=True)
    assert ledger.total(Document.REFUND_RECEIPT) == Decimal("80.00")


# -- laws

amounts = st.decimals("0.01", "99999.99", places=2)


@given(amounts, st.lists(amounts, min_size=1, max_size=8), st.lists(st.sampled_from(["TAX", "NON", None])))
def test_a_refund_over_lines_is_exact_and_fair_to_the_cent(
    amount: Decimal, weights: list[Decimal], codes: list[str | None]
) -> None:
    rows = lines(*(("1", str(weight), None) for weight in weights))
    rows = tuple(replace(one, item_id=str(index)) for index, one in enumerate(rows))
    parts = pro_rata(usd(str(amount)), rows)
    assert sum((one.amount for one in parts), Decimal(0)) == amount
    assert all(one.amount > 0 for one in parts)
    total = sum(weights, Decimal(0))
    for one in parts:
        exact = amount * weights[int(one.item_id)] / total
        assert abs(one.amount - exact) < Decimal("0.01")


histories = st.lists(st.integers(0, 10), max_size=6).map(
    lambda totals: tuple(
        Refunded(usd(str(total)), PAID_AT + timedelta(days=day)) for day, total in enumerate(totals, 1)
    )
)


@given(histories, st.integers(0, 10), st.integers(0, 10), st.randoms())
def test_the_rises_over_what_is_posted_end_exactly_at_what_hubspot_says(
    history: tuple[Refunded, ...], target: int, start: int, random: Any
) -> None:
    posted, said = Decimal(min(start, target)), Decimal(target)
    shuffled = list(history)
    random.shuffle(shuffled)
    steps = 0
    while posted < said:
        rise = next_rise(posted, said, shuffled, date(2026, 3, 30), payment_books())
        assert posted < rise.total <= said
        posted, steps = rise.total, steps + 1
    assert posted == said
    assert steps <= len(history) + 1
