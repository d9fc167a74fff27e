"""A person's choice between HubSpot's and QuickBooks' values of an invoice from HubSpot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_ledger_invoice, a_link, some_books, some_content, usd
from tests.unit.test_planning_decide import FIELDS, LATER, NAMED, as_stored, contents
from tests.unit.test_planning_policies import closed_books
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Accepted, Decision, Side
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.planning.accepted import as_answered, can_be_accepted, lay_over, take_off
from tieout.domain.planning.books import Books
from tieout.domain.planning.difference import changes
from tieout.domain.planning.invoice import decide, needs_look
from tieout.domain.planning.plan import Adopt, Agreement, Attend, Nothing, Plan, Update
from tieout.domain.record import Link
from tieout.domain.settings import Settings

LINE = some_content().lines[0]
FOUR = some_content(lines=(replace(LINE, quantity=Decimal(4), amount=Decimal(480)),))


def present(content: InvoiceContent, **more: Any) -> LedgerInvoice:
    """The ledger's invoice with the total that its lines come to."""
    return a_ledger_invoice(content, **{"total": content.total, **more})


EDITED = present(some_content(memo="Theirs"), updated_at=LATER)
OURS = some_content(memo="Ours")


def chosen(side: Side, plan: Plan) -> Decision:
    """What a person decides who reads the attention."""
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    return Decision(side, plan.conflict.marks, "anna", NOW)


def planned(
    desired: InvoiceContent,
    link: Link,
    stands: LedgerInvoice,
    decision: Decision | None = None,
    accepted: Accepted | None = None,
    books: Books | None = None,
) -> Plan:
    return decide(billed(desired), link, stands, books or some_books(), decision=decision, accepted=accepted)


def billed(desired: InvoiceContent) -> InvoiceContent:
    """HubSpot always tells the total."""
    return replace(desired, billed=desired.billed or desired.total)


def taken(side: Side, desired: InvoiceContent, link: Link, stands: LedgerInvoice) -> Plan:
    """The plan once a person took a side of what the first look told."""
    return planned(desired, link, stands, chosen(side, planned(desired, link, stands)))


def carried_out(plan: Plan, link: Link, stands: LedgerInvoice) -> tuple[Link, LedgerInvoice, Accepted | None]:
    """What is remembered and what stands after the plan."""
    if isinstance(plan, Update):
        stands = present(as_stored(plan.content), updated_at=LATER + timedelta(minutes=1), sync_token="9")
        sent = take_off(plan.content, plan.accepted)
        written = take_off(stands.content, plan.accepted)
        return a_link(stands, sent=sent, written=written), stands, as_answered(plan.accepted, stands.content)
    assert isinstance(plan, Adopt)
    written = take_off(plan.present.content, plan.accepted)
    return a_link(stands, sent=plan.content, written=written), stands, plan.accepted


# -- what is offered


def test_the_attention_bears_both_values_of_every_field_that_differs_by_an_edit() -> None:
    plan = planned(OURS, a_link(), EDITED)
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    [difference] = plan.conflict.differences
    assert (difference.field, difference.hubspot, difference.quickbooks) == ("memo", "Ours", "Theirs")
    assert plan.conflict.sides == (Side.HUBSPOT, Side.QUICKBOOKS)


def test_of_edited_lines_all_that_differ_are_shown_and_the_total() -> None:
    two = (replace(LINE, description="A"), LINE)
    stands = present(some_content(lines=two), updated_at=LATER, total=usd("720"))
    desired = some_content(lines=(LINE, replace(LINE, description="B")), billed=usd("720"))
    plan = planned(desired, a_link(present(some_content(lines=(LINE, LINE)), total=usd("720"))), stands)
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    assert [one.field for one in plan.conflict.differences] == ["line 1", "line 2"]
    costlier = replace(stands, total=usd("800"))
    plan = planned(desired, a_link(present(some_content(lines=(LINE, LINE)), total=usd("720"))), costlier)
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    assert [one.field for one in plan.conflict.differences][-1] == "total"


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_tieout_owns_can_be_taken_from_either_side(field: str) -> None:
    ours = some_content(**NAMED)
    edited = present(replace(ours, **FIELDS[field][0]), updated_at=LATER)
    link = a_link(present(ours))
    assert can_be_accepted("lines" if field.startswith("line ") else field)
    update = taken(Side.HUBSPOT, ours, link, edited)
    assert isinstance(update, Update)
    assert (update.content, update.accepted) == (billed(ours), None)
    adopt = taken(Side.QUICKBOOKS, ours, link, edited)
    assert isinstance(adopt, Adopt)
    assert adopt.content == billed(ours)
    assert lay_over(ours, adopt.accepted) == edited.content


def test_another_currency_cannot_be_kept() -> None:
    plan = planned(some_content(), a_link(), present(some_content(currency="EUR"), updated_at=LATER))
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    assert plan.conflict.sides == (Side.HUBSPOT,)
    assert "currency" in plan.conflict.refusal


def test_what_a_person_put_beside_the_lines_can_only_stay() -> None:
    taxed = a_ledger_invoice(total=usd("388.80"), updated_at=LATER)
    plan = planned(some_content(), a_link(), taxed)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert plan.conflict is not None
    assert plan.conflict.sides == (Side.QUICKBOOKS,)
    assert "beside the lines" in plan.conflict.refusal
    # A decision that the attention did not offer is none.
    assert isinstance(taken(Side.HUBSPOT, some_content(), a_link(), taxed), Attend)
    adopt = taken(Side.QUICKBOOKS, some_content(), a_link(), taxed)
    assert isinstance(adopt, Adopt)
    told = "A person took QuickBooks' total of 388.80 USD instead of HubSpot's 360.00 USD."
    assert adopt.agreement == Agreement(variance=True, detail=told)


# -- what is decided


def test_a_decision_about_other_values_decides_nothing() -> None:
    decision = chosen(Side.HUBSPOT, planned(OURS, a_link(), EDITED))
    again = present(some_content(memo="Theirs, later"), updated_at=LATER)
    assert isinstance(planned(OURS, a_link(), again, decision), Attend)
    assert isinstance(planned(some_content(memo="Ours, later"), a_link(), EDITED, decision), Attend)
    more = present(some_content(memo="Theirs", due_date=date(2027, 1, 1)), updated_at=LATER)
    assert isinstance(planned(OURS, a_link(), more, decision), Attend)


def test_a_decision_about_more_than_what_still_differs_holds() -> None:
    both = present(some_content(memo="Theirs", due_date=date(2027, 1, 1)), updated_at=LATER)
    decision = chosen(Side.HUBSPOT, planned(OURS, a_link(), both))
    assert isinstance(planned(OURS, a_link(), EDITED, decision), Update)


def test_a_lines_item_and_tax_code_count_although_no_text_shows_them() -> None:
    theirs = present(some_content(lines=(replace(LINE, description="x", item_id="8"),)), updated_at=LATER)
    decision = chosen(Side.HUBSPOT, planned(some_content(), a_link(), theirs))
    other = replace(theirs, content=some_content(lines=(replace(LINE, description="x", item_id="9"),)))
    assert isinstance(planned(some_content(), a_link(), theirs, decision), Update)
    assert isinstance(planned(some_content(), a_link(), other, decision), Attend)


def test_hubspots_values_are_not_written_where_the_books_do_not_allow_it() -> None:
    decision = chosen(Side.HUBSPOT, planned(OURS, a_link(), EDITED))
    plan = planned(OURS, a_link(), EDITED, decision, books=closed_books())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED
    costlier = present(FOUR, updated_at=LATER, settled_by=("Payment",), balance=usd("0"))
    plan = taken(Side.HUBSPOT, some_content(), a_link(), costlier)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.TOTAL_BELOW_PAID


def test_quickbooks_values_may_be_taken_in_a_closed_period_because_nothing_is_written() -> None:
    decision = chosen(Side.QUICKBOOKS, planned(OURS, a_link(), EDITED))
    assert isinstance(planned(OURS, a_link(), EDITED, decision, books=closed_books()), Adopt)


def test_lines_taken_from_quickbooks_are_a_variance_that_is_told() -> None:
    stands = present(FOUR, updated_at=LATER)
    plan = taken(Side.QUICKBOOKS, some_content(), a_link(), stands)
    assert isinstance(plan, Adopt)
    assert plan.agreement.variance
    assert "total of 480.00 USD instead of HubSpot's 360.00 USD" in plan.agreement.detail
    link, there, accepted = carried_out(plan, a_link(), stands)
    assert not needs_look(some_content(), link, Settings(), accepted)
    assert needs_look(some_content(), link, Settings())
    # A later change of another field leaves them alone.
    update = planned(some_content(memo="New"), link, there, accepted=accepted)
    assert isinstance(update, Update)
    assert (update.content.lines, update.content.memo) == (FOUR.lines, "New")


@pytest.mark.parametrize("later", [{"memo": "Ours, later"}, {"memo": "Theirs"}])
def test_what_was_taken_from_quickbooks_is_asked_again_when_hubspot_changes_it(later: dict[str, str]) -> None:
    link, there, accepted = carried_out(taken(Side.QUICKBOOKS, OURS, a_link(), EDITED), a_link(), EDITED)
    assert planned(OURS, link, there, accepted=accepted) == Nothing(
        Agreement(detail="A person took QuickBooks' memo, where HubSpot has other values.")
    )
    plan = planned(some_content(**later), link, there, accepted=accepted)
    if later["memo"] == "Theirs":
        assert isinstance(plan, Adopt)
        assert plan.accepted is None
    else:
        assert isinstance(plan, Attend)


def test_what_was_taken_from_quickbooks_is_asked_again_when_somebody_changes_it_there() -> None:
    link, there, accepted = carried_out(taken(Side.QUICKBOOKS, OURS, a_link(), EDITED), a_link(), EDITED)
    again = replace(there, content=replace(there.content, memo="Theirs, later"), updated_at=LATER + timedelta(hours=1))
    plan = planned(OURS, link, again, accepted=accepted)
    assert isinstance(plan, Attend)
    assert plan.detail == "memo: QuickBooks has Theirs, later, HubSpot has Ours."


def test_a_second_acceptance_keeps_the_first() -> None:
    link, there, accepted = carried_out(taken(Side.QUICKBOOKS, OURS, a_link(), EDITED), a_link(), EDITED)
    due = replace(there, content=replace(there.content, due_date=date(2027, 1, 1)), updated_at=LATER)
    plan = planned(OURS, link, due, accepted=accepted)
    second = planned(OURS, link, due, chosen(Side.QUICKBOOKS, plan), accepted)
    assert isinstance(second, Adopt)
    assert second.accepted is not None
    assert set(second.accepted.fields) == {"memo", "due date"}


# -- laws

SIDES = st.sampled_from(Side)


@given(contents, contents, contents, SIDES)
def test_after_a_side_was_taken_both_hold_it_and_a_further_look_changes_nothing(
    sent: InvoiceContent, edited: InvoiceContent, desired: InvoiceContent, side: Side
) -> None:
    link, stands = a_link(present(as_stored(sent)), sent=sent), present(edited, updated_at=LATER)
    first = planned(desired, link, stands)
    assume(isinstance(first, Attend) and first.conflict is not None and side in first.conflict.sides)
    plan = planned(desired, link, stands, chosen(side, first))
    if isinstance(plan, Attend):
        # What QuickBooks made of the total is no field of HubSpot's.
        assert side is Side.HUBSPOT
        return
    after, there, accepted = carried_out(plan, link, stands)
    if side is Side.QUICKBOOKS:
        # Every field over which they were at odds stays as the person entered it there...
        at_odds = {one.field for one in changes(edited, desired)} & {
            one.field for one in changes(as_stored(sent), edited)
        }
        wanted = plan.content if isinstance(plan, Update) else edited
        assert not at_odds & {one.field for one in changes(edited, wanted)}
    else:
        # ... or as HubSpot says.
        assert isinstance(plan, Update)
        assert plan.content == billed(desired)
    again = planned(desired, after, there, accepted=accepted)
    assert isinstance(again, Nothing)
    assert not needs_look(desired, after, Settings(), accepted)


@given(contents, contents, contents, contents)
def test_a_value_that_was_taken_is_never_overwritten_unasked(
    sent: InvoiceContent, edited: InvoiceContent, desired: InvoiceContent, later: InvoiceContent
) -> None:
    link, stands = a_link(present(as_stored(sent)), sent=sent), present(edited, updated_at=LATER)
    first = planned(desired, link, stands)
    assume(isinstance(first, Attend) and first.conflict is not None and Side.QUICKBOOKS in first.conflict.sides)
    after, there, accepted = carried_out(planned(desired, link, stands, chosen(Side.QUICKBOOKS, first)), link, stands)
    assert accepted is not None
    plan = planned(later, after, there, accepted=accepted)
    if isinstance(plan, Update):
        # What QuickBooks leaves open, such as the tax code of a line, is no value that HubSpot could write over.
        at_odds = {one.field for one in changes(take_off(there.content, accepted), there.content)}
        assert not at_odds & {one.field for one in plan.changes}


@given(contents, contents, contents)
def test_laying_over_and_taking_off_are_each_others_opposite(
    desired: InvoiceContent, edited: InvoiceContent, other: InvoiceContent
) -> None:
    fields = tuple(dict.fromkeys("lines" if f.startswith("line ") else f for f in FIELDS))
    accepted = Accepted(fields, desired, edited, edited.total, "anna", NOW)
    laid = lay_over(desired, accepted)
    assert take_off(laid, accepted) == take_off(desired, accepted)
    assert lay_over(other, None) == other
