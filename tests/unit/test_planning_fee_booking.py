"""What is booked of fees: the expense, what corrects it, the deposit of fees given back, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_company, some_books, usd
from tests.support.builders_fees import (
    ACCOUNTS,
    CLEARING,
    OCTOBER,
    PLATFORM,
    PROCESSING,
    VENDOR,
    VENDORS,
    a_fee_case,
    a_fee_line,
    fee_books,
    fee_settings,
    october,
    posted,
)
from tieout.domain.account import LedgerAccount
from tieout.domain.attention import AttentionCode
from tieout.domain.fee import FeeKind, FeeLine, Period
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.books import Books
from tieout.domain.planning.fee_booking import booked, fee_key, fee_number, plan_fees
from tieout.domain.planning.fees import Charged, Evidence, FeeReport, report
from tieout.domain.planning.payment_plan import Post
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.posting import REFERENCE_LENGTH, AccountLine, Posting

TODAY = date(2026, 11, 3)
APART = Evidence(apart=1, told=1)


def of(*lines: FeeLine) -> FeeReport:
    return report(october(*lines), APART)


def book(found: FeeReport, postings: tuple[Posting, ...] = (), books: Books | None = None) -> tuple[Posting, ...]:
    """Carry plans out until nothing is left to book."""
    for _ in range(5):
        plan = plan_fees(a_fee_case(found, *postings, today=TODAY), books or fee_books())
        if isinstance(plan, Nothing):
            return postings
        assert isinstance(plan, Post), plan
        assert all(line.amount.amount > 0 for line in plan.content.account_lines)
        assert plan.content.amount.amount == sum(line.amount.amount for line in plan.content.account_lines)
        postings = (*postings, posted(plan.content, len(postings)))
    raise AssertionError("it never comes to an end")


def test_the_first_entry_is_an_expense_with_a_line_for_each_kind_of_fee() -> None:
    [entry] = book(of(a_fee_line("1"), a_fee_line("2")))
    content = entry.sent
    assert content.document is Document.EXPENSE
    assert (content.amount, content.day, content.account_id, content.vendor_id) == (
        usd("6.80"),
        date(2026, 10, 31),
        CLEARING,
        VENDOR,
    )
    assert content.account_lines == (
        AccountLine(PROCESSING, usd("5.80"), FeeKind.PROCESSING, "Processing fees 2026-10"),
        AccountLine(PLATFORM, usd("1.00"), FeeKind.PLATFORM, "HubSpot platform fees 2026-10"),
    )
    assert content.reference == "FEE-2026-10-USD"
    assert "2026-10" in content.notice


def test_a_fee_told_later_is_an_entry_in_the_open_period() -> None:
    entries = book(of(a_fee_line("1"), a_fee_line("2", fee=None, platform=None)))
    first, second = book(of(a_fee_line("1"), a_fee_line("2")), entries)
    assert (second.sent.document, second.sent.amount, second.sent.day) == (Document.EXPENSE, usd("3.40"), TODAY)
    assert second.sent.reference == "FEE-2026-10-USD-2"
    assert "Adjustment" in second.sent.notice
    assert first.sent.day == date(2026, 10, 31)


def test_fees_given_back_are_a_deposit_into_clearing_on_the_fee_account() -> None:
    entries = book(of(a_fee_line("1"), a_fee_line("2")))
    last = book(of(a_fee_line("1"), a_fee_line("2", fee="0.90")), entries)[-1].sent
    assert (last.document, last.account_id, last.day) == (Document.DEPOSIT, CLEARING, TODAY)
    assert [(one.account_id, one.amount) for one in last.account_lines] == [(PROCESSING, usd("2.00"))]


def test_a_fee_that_moves_from_one_kind_to_the_other_is_an_expense_and_a_deposit() -> None:
    entries = book(of(a_fee_line("1")))
    moved = book(of(a_fee_line("1", fee="2.40", platform="1.00")), entries)
    assert [(one.sent.document, one.sent.amount) for one in moved[1:]] == [
        (Document.EXPENSE, usd("0.50")),
        (Document.DEPOSIT, usd("0.50")),
    ]


fees = st.tuples(st.integers(0, 900), st.integers(0, 90))


@given(st.lists(fees, min_size=1, max_size=12), st.data())
def test_booking_any_prefix_and_then_the_rest_is_booking_it_at_once(
    amounts: list[tuple[int, int]], data: st.DataObject
) -> None:
    lines = [
        a_fee_line(str(number), fee=str(Decimal(fee) / 100), platform=str(Decimal(platform) / 100))
        for number, (fee, platform) in enumerate(amounts, start=1)
    ]
    cut = data.draw(st.integers(0, len(lines)))
    prefix = book(of(*lines[:cut])) if cut else ()
    both = book(of(*data.draw(st.permutations(lines))), prefix)
    assert booked(both, "USD") == booked(book(of(*lines)), "USD")
    assert book(of(*lines, *lines), both) == both


@given(st.lists(st.lists(fees, min_size=1, max_size=4), min_size=1, max_size=5))
def test_whatever_becomes_of_a_period_the_books_show_its_last_figures(versions: list[list[tuple[int, int]]]) -> None:
    postings: tuple[Posting, ...] = ()
    for version in versions:
        lines = [
            a_fee_line(str(number), fee=str(Decimal(fee) / 100), platform=str(Decimal(platform) / 100))
            for number, (fee, platform) in enumerate(version)
        ]
        found = of(*lines)
        postings = book(found, postings)
        assert booked(postings, "USD") == found.totals[0].fees
    assert len({one.sent.reference for one in postings}) == len(postings)


def test_the_days_that_were_booked_count_for_their_month() -> None:
    found = of(a_fee_line("1"))
    days = book(found)
    assert isinstance(plan_fees(a_fee_case(found, others=days), fee_books()), Nothing)


def test_a_document_that_does_not_count_any_more_is_booked_anew() -> None:
    found = of(a_fee_line("1"))
    [entry] = book(found)
    assert booked((replace(entry, voided=True),), "USD") == Charged.nothing("USD")


def test_while_it_is_ambiguous_nothing_is_booked() -> None:
    found = report(october(a_fee_line("1"), a_fee_line("2", net="97.10")))
    plan = plan_fees(a_fee_case(found), fee_books())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.FEES_AMBIGUOUS
    assert "1 payments" in plan.detail


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"deposit_accounts": {}}, "deposit_accounts names no clearing account for hs_payments"),
        ({"fee_vendors": {"byo_stripe": VENDOR}}, "fee_vendors names no vendor for hs_payments"),
        ({"processing_fee_account_id": None}, "processing_fee_account_id names no account"),
        ({"platform_fee_account_id": None}, "platform_fee_account_id names no account"),
    ],
)
def test_a_missing_mapping_is_attention_that_names_it(changes: dict[str, Any], named: str) -> None:
    plan = plan_fees(a_fee_case(of(a_fee_line())), fee_books(**changes))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.FEE_MAPPING_MISSING
    assert named in plan.detail


def test_an_account_for_platform_fees_is_only_needed_where_there_are_any() -> None:
    assert book(of(a_fee_line(platform=None)), books=fee_books(platform_fee_account_id=None))


def _accounts(id_: str, **changes: Any) -> dict[str, LedgerAccount]:
    return {**ACCOUNTS, id_: replace(ACCOUNTS[id_], **changes)}


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ({"accounts": _accounts(CLEARING, type="Income")}, "account 35 (HubSpot clearing), of type Income"),
        ({"accounts": _accounts(PROCESSING, type="Bank")}, "account 71 (Processing fees), of type Bank"),
        ({"accounts": _accounts(PLATFORM, active=False)}, "account 72 (Platform fees), which is inactive"),
        ({"accounts": {}}, "account 35, which QuickBooks does not have"),
        ({"vendors": {}}, "vendor 56, whom QuickBooks does not have"),
        (
            {"vendors": {VENDOR: replace(VENDORS[VENDOR], active=False)}},
            "vendor 56 (HubSpot payments), who is inactive",
        ),
        ({"vendors": {VENDOR: replace(VENDORS[VENDOR], currency="EUR")}}, "in EUR, and the fees are in USD"),
    ],
)
def test_what_cannot_be_booked_on_is_attention_that_names_it(known: dict[str, Any], named: str) -> None:
    plan = plan_fees(a_fee_case(of(a_fee_line()), **known), fee_books())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.FEE_MAPPING_UNUSABLE
    assert named in plan.detail


@pytest.mark.parametrize("policy", ["hold", "first_open_day", "ignore"])
def test_an_expense_in_closed_books_goes_by_the_policy(policy: str) -> None:
    company = a_company(books_closed_through=date(2026, 10, 31))
    books = some_books(company, **fee_settings(closed_period=policy))
    plan = plan_fees(a_fee_case(of(a_fee_line())), books)
    match policy:
        case "hold":
            assert isinstance(plan, Attend)
            assert plan.code is AttentionCode.PERIOD_CLOSED
        case "first_open_day":
            assert isinstance(plan, Post)
            assert plan.content.day == date(2026, 11, 1)
            assert "2026-10-31" in plan.content.notice
        case _:
            assert isinstance(plan, Skip)


def test_a_running_month_is_booked_on_the_day_it_is_asked_for() -> None:
    plan = plan_fees(a_fee_case(of(a_fee_line()), today=date(2026, 10, 12)), fee_books())
    assert isinstance(plan, Post)
    assert plan.content.day == date(2026, 10, 12)


def test_numbers_name_the_period_and_fit() -> None:
    day = Period.parse("2026-10-03")
    assert fee_number(Processor.HUBSPOT, day, "USD", 1) == "FEE-2026-10-03-USD"
    numbers = [fee_number(one, day, "USD", 99) for one in (Processor.HUBSPOT, Processor.STRIPE, Processor.BY_HAND)]
    assert {len(one) for one in numbers} == {REFERENCE_LENGTH}
    assert len(set(numbers)) == 3


def test_one_record_stands_for_a_processor_a_currency_and_a_period() -> None:
    assert str(fee_key("c1", Processor.STRIPE, "EUR", OCTOBER)) == "c1/fees/hubspot/byo_stripe:EUR:2026-10"


def test_what_a_running_month_was_booked_for_leaves_its_rest_to_the_months_last_day() -> None:
    early = plan_fees(a_fee_case(of(a_fee_line("1")), today=date(2026, 10, 12)), fee_books())
    assert isinstance(early, Post)
    rest = plan_fees(a_fee_case(of(a_fee_line("1"), a_fee_line("2")), posted(early.content), today=TODAY), fee_books())
    assert isinstance(rest, Post)
    assert (rest.content.day, rest.content.amount) == (date(2026, 10, 31), usd("3.40"))
    late = plan_fees(
        a_fee_case(
            of(a_fee_line("1"), a_fee_line("2"), a_fee_line("3")),
            posted(early.content),
            posted(rest.content, 2),
            today=TODAY,
        ),
        fee_books(),
    )
    assert isinstance(late, Post)
    assert (late.content.day, late.content.reference) == (TODAY, "FEE-2026-10-USD-3")


def test_a_month_after_its_days_corrects_them_in_the_open_period() -> None:
    days = tuple(
        replace(one, sent=replace(one.sent, day=OCTOBER.last, reference="FEE-2026-10-31-USD"))
        for one in book(of(a_fee_line("1")))
    )
    plan = plan_fees(a_fee_case(of(a_fee_line("1"), a_fee_line("2")), others=days, today=TODAY), fee_books())
    assert isinstance(plan, Post)
    assert (plan.content.day, plan.content.amount) == (TODAY, usd("3.40"))


def test_an_entry_takes_the_number_of_one_that_was_deleted() -> None:
    first, second = book(of(a_fee_line("1"), a_fee_line("2")), book(of(a_fee_line("1"))))
    plan = plan_fees(a_fee_case(of(a_fee_line("1"), a_fee_line("2")), second, today=TODAY), fee_books())
    assert isinstance(plan, Post)
    assert plan.content.reference == first.sent.reference != second.sent.reference
