"""Tolerances, closed periods, payments, deletions and rejected documents: what the settings decide."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import (
    NOW,
    a_company,
    a_ledger_invoice,
    a_link,
    an_invoice,
    found_for,
    some_books,
    some_content,
    usd,
)
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import InvoiceContent
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import desired_content
from tieout.domain.planning.invoice import decide, decide_deleted, decide_void, needs_look, unseen
from tieout.domain.planning.plan import Adopt, Agreement, Attend, Create, Nothing, Skip, Update, Void
from tieout.domain.planning.totals import compare

LATER = NOW + timedelta(minutes=5)
CLOSED = date(2026, 3, 15)
FIGURES = "HubSpot says 360.00 USD, QuickBooks says 370.00 USD."


def closed_books(**document: Any) -> Books:
    return some_books(a_company(books_closed_through=CLOSED), **document)


# -- tolerances


def told(difference: str) -> Agreement:
    return Agreement(variance=True, detail=f"QuickBooks has {difference} USD instead of HubSpot's 360.00 USD.")


@pytest.mark.parametrize(
    ("total", "verdict"),
    [
        ("360.00", Agreement()),
        ("360.01", told("0.01 USD more: 360.01")),
        ("359.95", told("0.05 USD less: 359.95")),
        ("360.06", Attend(AttentionCode.TOTAL_DIFFERS, "HubSpot says 360.00 USD, QuickBooks says 360.06 USD.")),
    ],
)
def test_a_difference_within_the_tolerance_is_told_to_the_cent_and_one_beyond_is_attention(
    total: str, verdict: object
) -> None:
    assert compare(usd("360"), usd(total), some_books().settings) == verdict


def test_the_first_tolerance_makes_a_difference_no_difference() -> None:
    settings = some_books(total_tolerance="0.02").settings
    assert compare(usd("360"), usd("360.02"), settings) == Agreement()


@given(st.integers(-20, 20))
def test_a_look_that_is_not_made_gives_the_verdict_of_the_last_one(cents: int) -> None:
    total = usd("360") + usd(f"{cents / 100:.2f}")
    stands = a_ledger_invoice(total=total)
    link, books = a_link(stands), some_books()
    looked = decide(some_content(), link, stands, books)
    assert looked == unseen(some_content(), link, books.settings)
    assert needs_look(some_content(), link, books.settings) == isinstance(looked, Attend)


def test_a_custom_field_that_quickbooks_dropped_is_told_with_the_invoice_again_and_again() -> None:
    sent = some_content(custom_fields=(("1", "PO-17"),))
    stands = a_ledger_invoice(some_content())
    link = a_link(stands, sent=sent)
    dropped = "QuickBooks did not keep custom field 1: switch it on in QuickBooks' sales form settings."
    assert decide(sent, link, stands, some_books()) == Nothing(Agreement(detail=dropped))
    assert unseen(sent, link, some_books().settings) == Nothing(Agreement(detail=dropped))
    kept = a_ledger_invoice(sent, updated_at=LATER)
    assert decide(sent, link, kept, some_books()) == Adopt(kept, sent)


# -- closed periods


def test_a_new_invoice_in_a_closed_period_is_held_moved_or_ignored() -> None:
    content = some_content()
    assert decide(content, None, None, closed_books()) == Attend(
        AttentionCode.PERIOD_CLOSED, "Dated 2026-03-01, books closed through 2026-03-15."
    )
    moved = decide(content, None, None, closed_books(closed_period="first_open_day"))
    assert isinstance(moved, Create)
    assert (moved.content.invoice_date, moved.content.due_date) == (date(2026, 3, 16), content.due_date)
    assert moved.content.notice == "Dated 2026-03-01 in HubSpot, in a period whose books are closed."
    skipped = decide(content, None, None, closed_books(closed_period="ignore"))
    assert isinstance(skipped, Skip)
    assert skipped.reason == "period_closed"


@pytest.mark.parametrize("policy", ["hold", "first_open_day", "ignore"])
def test_the_day_after_the_closing_date_is_open(policy: str) -> None:
    content = some_content(invoice_date=date(2026, 3, 16))
    assert decide(content, None, None, closed_books(closed_period=policy)) == Create(content)


@pytest.mark.parametrize("policy", ["hold", "first_open_day", "ignore"])
def test_updates_and_voids_in_a_closed_period_are_attention_under_every_policy(policy: str) -> None:
    books = closed_books(closed_period=policy)
    attend = Attend(AttentionCode.PERIOD_CLOSED, "Dated 2026-03-01, books closed through 2026-03-15.")
    assert decide(some_content(memo="New"), a_link(), a_ledger_invoice(), books) == attend
    assert decide_void(a_link(), a_ledger_invoice(), books) == attend
    assert decide_deleted(a_ledger_invoice(), replace_settings(books, deleted_in_hubspot="void")) == attend
    assert decide(some_content(), a_link(), a_ledger_invoice(), books) == Nothing()
    into = some_content(invoice_date=CLOSED)
    open_ = a_ledger_invoice(some_content(invoice_date=date(2026, 3, 20)))
    plan = decide(into, a_link(open_), open_, books)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED


def replace_settings(books: Books, **document: Any) -> Books:
    return Books(books.company, some_books(**document).settings)


def test_a_moved_invoice_stays_where_it_is_until_its_own_date_changes() -> None:
    created = decide(some_content(), None, None, closed_books(closed_period="first_open_day"))
    assert isinstance(created, Create)
    later = some_books(a_company(books_closed_through=date(2026, 5, 31)))
    invoice = an_invoice(comments="Changed")
    again = desired_content(invoice, found_for(invoice, sent=created.content), later)
    assert isinstance(again, InvoiceContent)
    assert (again.invoice_date, again.notice) == (created.content.invoice_date, created.content.notice)
    redated = replace(invoice, invoice_date=date(2026, 3, 2))
    anew = desired_content(redated, found_for(redated, sent=created.content), later)
    assert isinstance(anew, InvoiceContent)
    assert (anew.invoice_date, anew.notice) == (date(2026, 3, 2), "")


# -- payments


@pytest.mark.parametrize(
    ("balance", "allowed"), [("360", True), ("160", True), ("120", True), ("119.99", False), ("0", False)]
)
def test_an_update_of_a_paid_invoice_is_allowed_down_to_what_is_applied(balance: str, *, allowed: bool) -> None:
    paid = a_ledger_invoice(balance=usd(balance), settled_by=("Payment",))
    [line] = some_content().lines
    lowered = some_content(lines=(replace(line, quantity=Decimal(2), amount=Decimal(240)),))
    plan = decide(lowered, a_link(paid), paid, some_books())
    if allowed:
        assert isinstance(plan, Update)
    else:
        applied = usd("360") - usd(balance)
        detail = f"HubSpot says 240.00 USD, {applied} is applied in QuickBooks."
        assert plan == Attend(AttentionCode.TOTAL_BELOW_PAID, detail)


def test_a_paid_invoice_is_not_moved_to_another_customer() -> None:
    paid = a_ledger_invoice(balance=usd("160"), settled_by=("CreditMemo", "Payment"))
    moved = some_content(customer_id="59")
    assert decide(moved, a_link(paid), paid, some_books()) == Attend(
        AttentionCode.CUSTOMER_OF_PAID_INVOICE,
        "QuickBooks has customer 58, HubSpot bills customer 59. Applied: CreditMemo, Payment.",
    )
    assert isinstance(decide(moved, a_link(), a_ledger_invoice(), some_books()), Update)


# -- deletions


def test_what_was_deleted_in_hubspot_goes_by_the_setting() -> None:
    stands = a_ledger_invoice()
    assert decide_deleted(stands, some_books()) == Attend(AttentionCode.DELETED_IN_HUBSPOT)
    assert decide_deleted(stands, some_books(deleted_in_hubspot="void")) == Void(stands)
    ignored = decide_deleted(stands, some_books(deleted_in_hubspot="ignore"))
    assert isinstance(ignored, Skip)
    assert ignored.reason == "deleted_in_hubspot"


@pytest.mark.parametrize("policy", ["attention", "void", "ignore"])
def test_what_was_deleted_in_hubspot_and_stands_no_longer_is_done(policy: str) -> None:
    books = some_books(deleted_in_hubspot=policy)
    for stands in (None, a_ledger_invoice(voided=True)):
        plan = decide_deleted(stands, books)
        assert isinstance(plan, Skip)
        assert plan.reason == "deleted"


def test_a_paid_invoice_that_was_deleted_in_hubspot_is_not_voided() -> None:
    plan = decide_deleted(a_ledger_invoice(settled_by=("Payment",)), some_books(deleted_in_hubspot="void"))
    assert plan == Attend(AttentionCode.VOID_OF_PAID_INVOICE, "Applied: Payment.")


# -- rejected documents


def test_a_rejected_document_that_still_stands_is_voided_unless_it_is_paid_or_kept_by_setting() -> None:
    stands = a_ledger_invoice(total=usd("370"))
    link = a_link(stands, rejected=FIGURES)
    assert decide(some_content(), link, stands, some_books()) == Void(stands, FIGURES)
    paid = replace(stands, settled_by=("Payment",))
    plan = decide(some_content(), link, paid, some_books())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.TOTAL_DIFFERS
    assert decide(some_content(), link, stands, some_books(beyond_tolerance="keep")) == Attend(
        AttentionCode.TOTAL_DIFFERS, FIGURES
    )


def test_a_rejected_document_that_a_person_mended_is_taken() -> None:
    broken, mended = a_ledger_invoice(total=usd("370")), a_ledger_invoice(updated_at=LATER)
    link = a_link(broken, rejected=FIGURES)
    assert decide(some_content(), link, mended, some_books()) == Adopt(mended, some_content())


def test_a_rejected_document_is_made_anew_only_when_hubspot_changed_or_a_person_asks() -> None:
    voided = a_ledger_invoice(voided=True, total=usd("0"))
    link = a_link(a_ledger_invoice(), rejected=FIGURES)
    verdict = Attend(AttentionCode.TOTAL_DIFFERS, FIGURES)
    assert decide(some_content(), link, voided, some_books()) == verdict
    assert decide(some_content(), link, voided, some_books(), by_person=True) == Create(some_content())
    changed = some_content(memo="New")
    assert decide(changed, link, voided, some_books()) == Create(changed)
    rebilled = some_content(billed=usd("370"))
    assert decide(rebilled, link, voided, some_books()) == Create(rebilled)
    assert decide(changed, link, voided, closed_books()) == Attend(
        AttentionCode.PERIOD_CLOSED, "Dated 2026-03-01, books closed through 2026-03-15."
    )
