"""Which deal an invoice belongs to: the rules in their order, and never a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.invoice import InvoiceContent
from tieout.domain.money import Money
from tieout.domain.payment import PaymentFacts
from tieout.domain.planning.deal import (
    Deal,
    DealInvoice,
    DealInvoiceStatus,
    Estimate,
    Found,
    Rule,
    Several,
    Traces,
    find_deal,
    marks_of,
    names_a_deal,
    newest,
    shown_of,
    traces_of,
)
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord

DAY = date(2026, 3, 1)
WINDOW = timedelta(days=90)
OPEN = Deal("1", open=True, won=False, created_on=DAY)
WON = Deal("2", open=False, won=True, created_on=DAY, closed_on=DAY)
LOST = Deal("3", open=False, won=False, created_on=DAY, closed_on=DAY)
IDS = st.integers(1, 9).map(str)
DAYS = st.one_of(st.none(), st.dates(date(2025, 9, 1), date(2026, 9, 1)))
DEALS = st.lists(
    st.builds(
        Deal, IDS, st.booleans(), st.booleans(), created_on=DAYS, closed_on=DAYS, order=st.sampled_from(["", "A-1"])
    ),
    max_size=6,
    unique_by=lambda deal: deal.id,
)
TRACES = st.builds(
    Traces, st.just(DAY), st.sampled_from(["", "1", "2", "A-1", "a-1 "]), st.sampled_from([(), ("3",), ("A-1", "")])
)


def found(traces: Traces, named: list[Deal] | None = None, of: list[Deal] | None = None) -> Found | Several | None:
    return find_deal(traces, named or [], of or [], WINDOW)


def test_the_named_deal_comes_before_all_others() -> None:
    other = replace(WON, order="1")
    assert found(Traces(DAY, " 1 ", ("2",)), [OPEN, other], [WON]) == Found("1", Rule.DEAL_ID)


def test_an_order_number_counts_whatever_its_case_unless_two_deals_bear_it() -> None:
    one, two = replace(OPEN, order="So-17"), replace(WON, order="SO-17")
    assert found(Traces(DAY, "so-17"), [one]) == Found("1", Rule.ORDER_NUMBER)
    assert found(Traces(DAY, "so-17"), [one, two], [OPEN]) == Several(("1", "2"), Rule.ORDER_NUMBER)


def test_the_reference_is_what_the_mapped_custom_field_holds() -> None:
    content = InvoiceContent("1", None, DAY, None, "USD", (), custom_fields=(("1", "PO-1"), ("2", "SO-17")))
    assert traces_of(content, "2") == Traces(DAY, "SO-17")
    assert traces_of(content, "3") == Traces(DAY)
    assert traces_of(content, None) == Traces(DAY)


def test_the_estimate_comes_before_the_company() -> None:
    assert found(Traces(DAY, "", ("3",)), [LOST], [OPEN]) == Found("3", Rule.ESTIMATE)
    ordered = replace(LOST, order="SO-17")
    assert found(Traces(DAY, "", ("so-17 ",)), [ordered], [OPEN]) == Found("3", Rule.ESTIMATE)
    assert found(Traces(DAY, "", ("3", "1")), [LOST, OPEN]) == Several(("1", "3"), Rule.ESTIMATE)


def test_an_estimate_names_a_deal_in_the_mapped_custom_field_or_by_a_marker() -> None:
    note = "As discussed\ntieout:c1/deal/77/1"
    estimates = [Estimate("9", (("1", "PO-1"), ("3", "SO-17")), note), Estimate("10", (), "tieout:c1/invoice/5/1")]
    assert marks_of(estimates, "3", "c1") == ("SO-17", "77")
    assert marks_of(estimates, None, "c1") == ("77",)
    assert marks_of(estimates, "3", "c2") == ("SO-17",)


def test_who_names_a_deal_that_exists_needs_no_estimate() -> None:
    ordered = replace(OPEN, order="SO-17")
    assert names_a_deal(Traces(DAY, "so-17"), [ordered])
    assert names_a_deal(Traces(DAY, "1"), [ordered])
    assert not names_a_deal(Traces(DAY, "SO-18"), [ordered])
    assert not names_a_deal(Traces(DAY), [replace(OPEN, order="")])


@pytest.mark.parametrize(
    ("deals", "expected"),
    [
        ([], None),
        ([LOST], None),
        ([OPEN], Found("1", Rule.OPEN_DEAL)),
        ([OPEN, LOST], Found("1", Rule.OPEN_DEAL)),
        ([OPEN, replace(OPEN, id="4")], Several(("1", "4"), Rule.OPEN_DEAL)),
        ([OPEN, WON], Several(("1", "2"), Rule.OPEN_DEAL)),
        ([WON], Found("2", Rule.WON_DEAL)),
        ([WON, replace(WON, id="5", closed_on=DAY - timedelta(days=1))], Found("2", Rule.WON_DEAL)),
        ([WON, replace(WON, id="5")], Several(("2", "5"), Rule.WON_DEAL)),
        ([replace(OPEN, created_on=DAY - WINDOW - timedelta(days=1))], None),
        ([replace(WON, closed_on=DAY + WINDOW + timedelta(days=1))], None),
        ([replace(WON, closed_on=DAY + WINDOW)], Found("2", Rule.WON_DEAL)),
        ([replace(OPEN, created_on=None), WON], Found("2", Rule.WON_DEAL)),
    ],
)
def test_the_deals_of_the_company(deals: list[Deal], expected: Found | Several | None) -> None:
    assert found(Traces(DAY), [], deals) == expected


@given(TRACES, DEALS, DEALS)
def test_the_order_of_the_deals_never_matters(traces: Traces, named: list[Deal], of: list[Deal]) -> None:
    assert found(traces, named, of) == found(traces, named[::-1], of[::-1])


@given(TRACES, DEALS, DEALS)
def test_what_is_found_was_offered_and_of_several_none_is_chosen(
    traces: Traces, named: list[Deal], of: list[Deal]
) -> None:
    offered = {deal.id for deal in (*named, *of)}
    match found(traces, named, of):
        case Found(id_):
            assert id_ in offered
        case Several(ids):
            assert len(set(ids)) == len(ids) > 1
            assert set(ids) <= offered


@given(DEALS)
def test_a_lost_deal_is_never_found_through_the_company(of: list[Deal]) -> None:
    lost = {deal.id for deal in of if not deal.open and not deal.won}
    match found(Traces(DAY), [], of):
        case Found(id_):
            assert id_ not in lost
        case Several(ids):
            assert not lost & set(ids)


@given(TRACES, DEALS, DEALS, st.integers(0, 200))
def test_a_wider_window_never_loses_what_the_invoice_itself_names(
    traces: Traces, named: list[Deal], of: list[Deal], days: int
) -> None:
    narrow, wide = (find_deal(traces, named, of, timedelta(days=one)) for one in (0, days))
    if isinstance(narrow, Found) and narrow.rule in (Rule.DEAL_ID, Rule.ORDER_NUMBER, Rule.ESTIMATE):
        assert wide == narrow


def test_the_most_recently_updated_invoice_counts_and_of_two_at_once_the_later_one() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    usd = Money(Decimal(5), "USD")
    old, new, later = (
        DealInvoice(id_, "", usd, usd, DealInvoiceStatus.OPEN, None, "", when)
        for id_, when in (("99", at), ("9", at + timedelta(seconds=1)), ("10", at + timedelta(seconds=1)))
    )
    assert newest([later, old, new]) == later
    assert newest([replace(old, updated_at=None), old]) == old


def record(**changes: object) -> SyncRecord:
    link = Link("7", number="INV-7", total=Money(Decimal(10), "USD"))
    key = RecordKey("c1", Kind.INVOICE, "hubspot", "1")
    return replace(SyncRecord(key, State.SYNCED, link=link), **changes)  # type: ignore[arg-type]


def paid(amount: str) -> PaymentFacts:
    usd = Money(Decimal(0), "USD")
    return PaymentFacts(paid=usd, credited=usd, balance=Money(Decimal(amount), "USD"))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, DealInvoiceStatus.OPEN),
        ({"facts": paid("4")}, DealInvoiceStatus.PARTLY_PAID),
        ({"facts": paid("0")}, DealInvoiceStatus.PAID),
        ({"state": State.VOIDED}, DealInvoiceStatus.VOIDED),
        ({"state": State.DELETED_IN_LEDGER}, DealInvoiceStatus.DELETED),
    ],
)
def test_the_status_follows_state_and_balance(changes: dict[str, object], status: DealInvoiceStatus) -> None:
    shown = shown_of(record(**changes), "https://app.test")
    assert shown is not None
    assert shown.status is status


def test_nothing_is_shown_of_what_is_not_in_the_ledger_or_not_settled() -> None:
    assert shown_of(record(link=None), "") is None
    assert shown_of(record(state=State.WAITING), "") is None


def test_what_is_not_shown_changes_no_fingerprint() -> None:
    one = shown_of(record(), "")
    assert one is not None
    assert replace(one, updated_at=datetime.now(UTC)).fingerprint == one.fingerprint
    assert replace(one, number="x").fingerprint != one.fingerprint
