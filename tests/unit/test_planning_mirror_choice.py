"""A person's choice between HubSpot's and QuickBooks' values of an invoice from QuickBooks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.builders import NOW, some_books
from tests.unit.test_planning_invoice_mirror import CHANGES, PULLS, in_hubspot, invoices
from tieout.domain.attention import AttentionCode
from tieout.domain.attention_sides import OFFERED, OFFERED_OF_MIRROR, sides_of
from tieout.domain.conflict import Decision, Side
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.mirrored_invoice import Mirror, MirrorContent, StandingMirror
from tieout.domain.planning.invoice_mirror import (
    CarryBack,
    FillMirror,
    InvoiceCase,
    NoteMirror,
    Parties,
    mirror_content,
    plan_invoice_mirror,
)
from tieout.domain.planning.mirror_edits import standing_key
from tieout.domain.planning.plan import Attend, Nothing
from tieout.domain.record import Link

COMPANY = replace(some_books().company, custom_numbers=True)
HEADS: dict[str, dict[str, Any]] = {
    "number": {"number": "changed"},
    "invoice date": {"invoice_date": date(2019, 1, 1)},
    "due date": {"due_date": date(2020, 1, 1)},
    "comments": {"memo": "changed"},
}


def changed(source: LedgerInvoice, **changes: Any) -> InvoiceCase:
    """A case whose mirror a person changed."""
    content = mirror_content(source, Parties(), {})
    assert isinstance(content, MirrorContent)
    standing = replace(in_hubspot(content), **changes)
    return InvoiceCase("c1", source, Link("900", mirror=Mirror(content)), standing, company=COMPANY)


def decided(case: InvoiceCase, side: Side) -> InvoiceCase:
    plan = plan_invoice_mirror(case, PULLS)
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    return replace(case, decision=Decision(side, plan.conflict.marks, "anna", NOW))


@given(invoices(), st.sets(st.sampled_from(sorted(HEADS)), min_size=1))
def test_hubspots_values_that_were_taken_stand_on_both_sides_and_a_further_look_changes_nothing(
    source: LedgerInvoice, fields: set[str]
) -> None:
    values = {name: value for field in fields for name, value in HEADS[field].items()}
    case = changed(source, **values)
    assume(source.content.memo is None or "comments" in fields or source.content.memo.strip() == source.content.memo)
    plan = plan_invoice_mirror(decided(case, Side.HUBSPOT), PULLS)
    assert isinstance(plan, CarryBack)
    assert {one.field for one in plan.changes} == fields
    assert {name for name in values if getattr(plan.content, name) != values[name]} == set()
    kept = ("customer_id", "currency", "lines", "discount", "email", "custom_fields")
    assert [getattr(plan.content, one) for one in kept] == [getattr(source.content, one) for one in kept]
    there = replace(source, content=plan.content)
    again = plan_invoice_mirror(replace(case, source=there), PULLS)
    # An invoice without a due date is due on its own date, which was taken.
    assert isinstance(again, NoteMirror | FillMirror)
    here = in_hubspot(again.content)
    assert {name for name in values if getattr(here, name) != values[name]} == set()
    noted = replace(case, source=there, standing=here, link=Link("900", mirror=Mirror(again.content)))
    assert plan_invoice_mirror(noted, PULLS) == Nothing()


@given(invoices(), st.sampled_from(sorted(CHANGES)))
def test_quickbooks_values_that_were_taken_stand_on_both_sides_and_a_further_look_changes_nothing(
    source: LedgerInvoice, field: str
) -> None:
    shown = mirror_content(source, Parties(), {})
    assert isinstance(shown, MirrorContent)
    assume(field != "lines" or shown.lines)
    case = changed(source, **CHANGES[field])
    plan = plan_invoice_mirror(decided(case, Side.QUICKBOOKS), PULLS)
    assert isinstance(plan, FillMirror)
    after = replace(case, standing=in_hubspot(plan.content), link=Link("900", mirror=Mirror(plan.content)))
    assert plan_invoice_mirror(after, PULLS) == Nothing()


@given(invoices(), invoices(), st.sampled_from(sorted(CHANGES)), st.data())
def test_a_decision_holds_while_the_mirror_is_half_written(
    before: LedgerInvoice, after: LedgerInvoice, field: str, data: st.DataObject
) -> None:
    """What the person's hand left is overruled; anything else that stands there strangely is not."""
    old, new = mirror_content(before, Parties(), {}), mirror_content(after, Parties(), {})
    assert isinstance(old, MirrorContent)
    assert isinstance(new, MirrorContent)
    assume(field != "lines" or old.lines)
    case = replace(changed(before, **CHANGES[field]), source=after)
    plan = plan_invoice_mirror(case, PULLS)
    assume(isinstance(plan, Attend) and plan.conflict is not None)
    asked = decided(case, Side.QUICKBOOKS)
    assert case.standing is not None
    there = in_hubspot(old).lines
    fresh = [one for one in in_hubspot(new).lines if standing_key(one) not in set(map(standing_key, there))]
    arrived = fresh[: data.draw(st.integers(0, len(fresh)))]
    half: StandingMirror = replace(case.standing, lines=(*case.standing.lines, *arrived))
    going = replace(asked, standing=half, link=Link("900", mirror=Mirror(new, (new,), old)))
    assert isinstance(plan_invoice_mirror(going, PULLS), FillMirror)
    meddled = replace(going, standing=replace(half, number="meddled"))
    assert isinstance(plan_invoice_mirror(meddled, PULLS), Attend)


@pytest.mark.parametrize("field", ["number", "due date"])
@given(source=invoices())
def test_a_decision_about_other_values_decides_nothing(field: str, source: LedgerInvoice) -> None:
    case = changed(source, **HEADS[field])
    assert case.standing is not None
    asked = decided(case, Side.QUICKBOOKS)
    other: dict[str, Any] = {"number": "another"} if field == "number" else {"due_date": date(2020, 2, 2)}
    meddled = replace(asked, standing=replace(case.standing, **other))
    assert isinstance(plan_invoice_mirror(meddled, PULLS), Attend)


@pytest.mark.parametrize(
    "value",
    [{"number": ""}, {"number": "1" * 22}, {"due_date": None}, {"invoice_date": None}, {"memo": "x" * 1001}],
    ids=["no number", "long number", "no due date", "no date", "long comments"],
)
@given(source=invoices())
def test_what_quickbooks_does_not_take_cannot_be_taken(value: dict[str, Any], source: LedgerInvoice) -> None:
    case = changed(source, **value)
    plan = plan_invoice_mirror(case, PULLS)
    assume(isinstance(plan, Attend))
    assert isinstance(plan, Attend)
    assert plan.conflict is not None
    assert plan.conflict.sides == (Side.QUICKBOOKS,)
    unknown = plan_invoice_mirror(replace(changed(source, memo="changed"), company=None), PULLS)
    assert isinstance(unknown, Attend)
    assert unknown.conflict is not None
    assert unknown.conflict.sides == (Side.QUICKBOOKS,)


@given(invoices())
def test_a_closed_period_stays_closed(source: LedgerInvoice) -> None:
    case = decided(changed(source, due_date=date(2020, 1, 1)), Side.HUBSPOT)
    closed = replace(case, company=replace(COMPANY, books_closed_through=source.content.invoice_date))
    plan = plan_invoice_mirror(closed, PULLS)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED
    backwards = decided(changed(source, invoice_date=date(2019, 1, 1)), Side.HUBSPOT)
    before = replace(backwards, company=replace(COMPANY, books_closed_through=date(2019, 1, 1)))
    plan = plan_invoice_mirror(before, PULLS)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.PERIOD_CLOSED


def test_no_code_offers_a_side_that_would_take_something_away_in_quickbooks_unasked() -> None:
    assert sides_of(AttentionCode.EDITED_IN_QUICKBOOKS) == (Side.HUBSPOT, Side.QUICKBOOKS)
    assert sides_of(AttentionCode.EDITED_IN_HUBSPOT, mirrored=True) == (Side.HUBSPOT, Side.QUICKBOOKS)
    assert sides_of(AttentionCode.PERIOD_CLOSED) == sides_of(AttentionCode.TOTAL_DIFFERS, mirrored=True) == ()
    gone = set(OFFERED_OF_MIRROR) - {AttentionCode.EDITED_IN_HUBSPOT}
    assert {OFFERED_OF_MIRROR[one] for one in gone} == {(Side.QUICKBOOKS,)}
    assert OFFERED[AttentionCode.DELETED_IN_QUICKBOOKS] == (Side.HUBSPOT,)
