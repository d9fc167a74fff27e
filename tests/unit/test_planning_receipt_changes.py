"""A posted payment that HubSpot changes, that people change in QuickBooks, or that another program posted, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.support.builders import a_company, usd
from tests.support.builders_payments import PlainLedger, a_payment, one_invoice, payment_books, refunded
from tieout.domain.attention import AttentionCode
from tieout.domain.payment import (
    Allocation,
    LedgerPayment,
    Processor,
)
from tieout.domain.planning.payment_plan import Question
from tieout.domain.planning.plan import Agreement, Attend, Gone, Nothing, Skip

# -- what HubSpot changes later


def test_an_amount_and_date_changed_in_hubspot_follow_and_stay_applied() -> None:
    ledger = one_invoice()
    ledger.look(a_payment("300.00", processor=Processor.BY_HAND))
    later = a_payment("320.00", processor=Processor.BY_HAND, initiated_at=datetime(2026, 3, 4, 15, tzinfo=UTC))
    assert ledger.look(later) == Nothing(Agreement())
    assert len(ledger.written) == 1
    [posting] = ledger.postings
    assert (posting.sent.amount, posting.sent.day) == (usd("320.00"), date(2026, 3, 4))
    assert posting.sent.allocations == (Allocation("Invoice", "130", usd("320.00")),)
    assert ledger.invoices["130"].balance == usd("40.00")


def test_an_amount_changed_beyond_the_invoice_leaves_the_rest_unapplied() -> None:
    ledger = one_invoice()
    ledger.look(a_payment("300.00", processor=Processor.BY_HAND))
    plan = ledger.look(a_payment("400.00", processor=Processor.BY_HAND))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.OVERPAYMENT
    assert ledger.invoices["130"].balance == usd("0")


def test_a_change_in_hubspot_of_what_a_person_changed_in_quickbooks_is_attention_with_both_values() -> None:
    ledger = one_invoice()
    ledger.look(a_payment("300.00", processor=Processor.BY_HAND))
    ledger.change("501", total=usd("310.00"))
    plan = ledger.look(a_payment("320.00", processor=Processor.BY_HAND))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert "300.00 USD -> 310.00 USD" in plan.detail


def test_a_change_in_a_closed_period_is_attention() -> None:
    ledger = one_invoice()
    ledger.look(a_payment("300.00", processor=Processor.BY_HAND))
    ledger.books = payment_books(a_company(books_closed_through=date(2026, 3, 5)))
    plan = ledger.look(a_payment("320.00", processor=Processor.BY_HAND))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED


def test_the_same_change_on_both_sides_is_no_conflict_and_is_remembered() -> None:
    ledger = one_invoice()
    ledger.look(a_payment("300.00", processor=Processor.BY_HAND))
    ledger.change("501", total=usd("320.00"), allocations=(Allocation("Invoice", "130", usd("320.00")),))
    ledger.invoices["130"] = replace(ledger.invoices["130"], balance=usd("40.00"))
    assert ledger.look(a_payment("320.00", processor=Processor.BY_HAND)) == Nothing(Agreement())
    ledger.asked.clear()
    assert ledger.look(a_payment("320.00", processor=Processor.BY_HAND)) == Nothing(Agreement())
    assert not ledger.asked


def applied_on(ledger: PlainLedger) -> PlainLedger:
    """A person applied the rest of an overpayment by hand to an invoice that is not HubSpot's."""
    ledger.look(a_payment("400.00", processor=Processor.BY_HAND))
    both = (Allocation("Invoice", "130", usd("360.00")), Allocation("Invoice", "999", usd("40.00")))
    ledger.change("501", allocations=both, unapplied=usd("0"))
    assert ledger.look(a_payment("400.00", processor=Processor.BY_HAND), look=True) == Nothing(Agreement())
    return ledger


def test_an_amount_that_changes_after_a_person_applied_the_rest_is_attention() -> None:
    ledger = applied_on(one_invoice())
    plan = ledger.look(a_payment("380.00", processor=Processor.BY_HAND))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert "a person applied 40.00 USD to Invoice 999" in plan.detail


def test_a_date_that_changes_after_a_person_applied_the_rest_leaves_that_as_it_is() -> None:
    ledger = applied_on(one_invoice())
    later = datetime(2026, 3, 4, 15, tzinfo=UTC)
    assert ledger.look(a_payment("400.00", processor=Processor.BY_HAND, initiated_at=later)) == Nothing(Agreement())
    [stands] = ledger.documents.values()
    assert isinstance(stands, LedgerPayment)
    assert stands.day == date(2026, 3, 4)
    assert [one.far_id for one in stands.allocations] == ["130", "999"]
    # They stay the person's: what is applied elsewhere later is no edit.
    ledger.change("501", allocations=stands.allocations[:1], unapplied=usd("40.00"))
    plan = ledger.look(a_payment("400.00", processor=Processor.BY_HAND, initiated_at=later), look=True)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.OVERPAYMENT


def test_a_payment_that_hubspot_gives_to_another_invoice_is_attention() -> None:
    ledger = PlainLedger.with_invoices("360.00", "360.00")
    ledger.look(a_payment())
    plan = ledger.look(a_payment(invoice_ids=("43",)))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PAYMENT_REASSIGNED
    assert "INV-43" in plan.detail


def test_settings_that_change_later_do_not_rewrite_a_posted_payment() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.books = payment_books(deposit_accounts={"hs_payments": "99"}, payment_methods={"card": "9"})
    assert ledger.look(a_payment(), look=True) == Nothing(Agreement())
    assert len(ledger.written) == 1


# -- what people do in QuickBooks


def test_a_persons_other_fields_and_a_newer_version_are_no_difference() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.change("501", sync_token="7", private_note="Thanks", updated_at=datetime(2026, 3, 9, tzinfo=UTC))
    assert ledger.look(a_payment(), look=True) == Nothing(Agreement())
    assert ledger.postings[0].sync_token == "7"
    assert ledger.postings[0].updated_at == datetime(2026, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": usd("350.00")}, "amount: 360.00 USD -> 350.00 USD"),
        ({"day": date(2026, 3, 3)}, "date: 2026-03-02 -> 2026-03-03"),
        ({"customer_id": "59"}, "customer: 58 -> 59"),
        ({"deposit_account_id": "40"}, "account: 35 -> 40"),
        ({"allocations": (), "unapplied": usd("360.00")}, "applied to Invoice 130: 360.00 USD -> 0.00 USD"),
    ],
)
def test_a_persons_edit_is_attention_with_both_values_and_is_not_overwritten(
    changes: dict[str, Any], told: str
) -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.change("501", **changes)
    for _ in range(2):
        plan = ledger.look(a_payment(), look=True)
        assert isinstance(plan, Attend)
        assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
        assert told in plan.detail
    assert len(ledger.written) == 1


def test_an_edit_that_the_person_takes_back_is_settled() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.change("501", day=date(2026, 3, 3))
    ledger.look(a_payment(), look=True)
    ledger.change("501", day=date(2026, 3, 2))
    assert ledger.look(a_payment(), look=True) == Nothing(Agreement())


def test_a_deleted_receipt_is_told_and_a_persons_retry_posts_it_again() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.remove("501")
    ledger.invoices["130"] = replace(ledger.invoices["130"], balance=usd("360.00"))
    assert ledger.look(a_payment(), look=True) == Gone()
    assert len(ledger.written) == 1
    assert ledger.look(a_payment(), look=True, by_person=True) == Nothing(Agreement())
    assert len(ledger.written) == 2


def test_a_voided_receipt_is_told_and_a_persons_retry_posts_it_again() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    ledger.change("501", voided=True, total=usd("0"), allocations=())
    ledger.invoices["130"] = replace(ledger.invoices["130"], balance=usd("360.00"))
    plan = ledger.look(a_payment(), look=True)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.VOIDED_IN_QUICKBOOKS
    assert ledger.look(a_payment(), look=True, by_person=True) == Nothing(Agreement())
    assert [one.far_id for one in ledger.postings] == ["502"]


def test_deleted_in_hubspot_is_attention_while_its_documents_stand_and_else_ignored() -> None:
    ledger = one_invoice()
    assert ledger.look(None) == Skip(
        "deleted", "The payment was deleted in HubSpot, and nothing of it stands in QuickBooks."
    )
    ledger.look(refunded(a_payment(), "100.00"))
    plan = ledger.look(None)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.DELETED_IN_HUBSPOT
    assert "payment 501, refund receipt 502" in plan.detail
    ledger.remove("501")
    ledger.remove("502")
    assert isinstance(ledger.look(None), Skip)


# -- documents of HubSpot's own workflow actions


def twin(**changes: Any) -> LedgerPayment:
    one = LedgerPayment("88", "0", "58", date(2026, 3, 3), usd("360.00"), usd("0"), (), "", False)
    return replace(one, **changes)


def test_nothing_is_looked_for_unless_it_is_switched_on() -> None:
    ledger = one_invoice()
    ledger.look(a_payment())
    assert Question.TWINS not in ledger.asked


@pytest.mark.parametrize("found", [twin(), twin(customer_id="99", reference="ch_1")])
def test_a_document_that_says_the_same_is_reported_and_not_doubled_until_a_person_says_so(found: LedgerPayment) -> None:
    ledger = one_invoice(recognise_workflow_documents=True)
    ledger.twins = [found]
    plan = ledger.look(a_payment())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.POSSIBLE_DUPLICATE
    assert "payment 88 of 2026-03-03" in plan.detail
    assert not ledger.written
    assert ledger.look(a_payment(), look=True, by_person=True) == Nothing(Agreement())
    assert len(ledger.written) == 1


@pytest.mark.parametrize(
    "other",
    [
        twin(customer_id="99"),
        twin(total=usd("359.00")),
        twin(day=date(2026, 3, 6)),
        twin(voided=True),
        twin(customer_id="99", reference="ch_2"),
    ],
)
def test_another_document_is_no_duplicate(other: LedgerPayment) -> None:
    ledger = one_invoice(recognise_workflow_documents=True)
    ledger.twins = [other]
    assert ledger.look(a_payment()) == Nothing(Agreement())
