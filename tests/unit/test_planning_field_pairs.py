"""Laws of the pairs of fields of one invoice, over whatever the two sides say and however QuickBooks keeps it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.builders import a_ledger_invoice, a_link, some_content
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.field_pairs import (
    Direction,
    FieldPair,
    NativeField,
    SyncedField,
    Winner,
    longest,
    with_definitions,
)
from tieout.domain.planning.fields import (
    ComparedFields,
    answered,
    as_compared,
    hubspot_texts,
    ledger_texts,
    new_fields,
    remembered,
    texts_last_seen,
    unkept,
    worth_keeping,
)

TEXTS = st.sampled_from(["", "a", "b", "c"])
PAIRS = st.builds(
    FieldPair, st.just("p"), st.sampled_from(["1", "TrackingNum"]), st.sampled_from(Direction), st.sampled_from(Winner)
)
KEEPING = st.sampled_from(["keeps", "drops", "spells its own way", "never clears"])


@dataclass(frozen=True)
class State:
    """Both sides of an invoice with one pair, and what is remembered."""

    hubspot: str
    quickbooks: str
    synced: tuple[SyncedField, ...] = ()

    def compared(self, pair: FieldPair) -> ComparedFields:
        return ComparedFields([pair], {"p": self.hubspot}, {pair.quickbooks: self.quickbooks}, self.synced)


def kept(keeping: str, text: str, stood: str) -> str:
    """What stands in QuickBooks after a text was written over what stood there."""
    made = {"keeps": text, "drops": "", "spells its own way": text.upper(), "never clears": text or stood}
    return made[keeping]


def settle(pair: FieldPair, state: State, keeping: str, taken: Side | None = None) -> State:
    """What a push, and what is carried to HubSpot after it, leaves of both sides."""
    plan = state.compared(pair).plan(taken)
    if plan.conflicts or plan.problem:
        return state
    synced, quickbooks = plan.remembered, state.quickbooks
    for _, text in plan.written:
        quickbooks = kept(keeping, text, quickbooks)
        content = some_content(custom_fields=((pair.quickbooks, quickbooks),) if quickbooks else ())
        synced = answered(synced, a_ledger_invoice(content), looked=False)
    hubspot = next((one.quickbooks for one in synced if one.pending), state.hubspot)
    done = [replace(one, hubspot=one.quickbooks, pending=False) if one.pending else one for one in synced]
    return State(hubspot, quickbooks, worth_keeping(done))


EDITS = st.lists(st.tuples(st.sampled_from(Side), TEXTS), max_size=6)


def after(pair: FieldPair, keeping: str, begun: str, edits: list[tuple[Side, str]]) -> State:
    """A new invoice, then edits, each followed by a look."""
    state = State(begun, "")
    plan = new_fields([pair], {"p": begun})
    quickbooks = dict(plan.standing).get(pair.quickbooks, "")
    quickbooks = kept(keeping, quickbooks, "")
    content = some_content(custom_fields=((pair.quickbooks, quickbooks),) if quickbooks else ())
    state = State(begun, quickbooks, answered(plan.remembered, a_ledger_invoice(content), looked=False))
    for side, text in edits:
        edited = replace(state, hubspot=text) if side is Side.HUBSPOT else replace(state, quickbooks=text)
        state = settle(pair, edited, keeping)
    return state


@given(PAIRS, KEEPING, TEXTS, EDITS)
def test_a_further_look_changes_nothing(
    pair: FieldPair, keeping: str, begun: str, edits: list[tuple[Side, str]]
) -> None:
    state = after(pair, keeping, begun, edits)
    again = settle(pair, state, keeping)
    assert (again.hubspot, again.quickbooks) == (state.hubspot, state.quickbooks)
    assert settle(pair, again, keeping) == again


@given(PAIRS, TEXTS, EDITS)
def test_edits_one_after_the_other_arrive_where_the_pair_goes(
    pair: FieldPair, begun: str, edits: list[tuple[Side, str]]
) -> None:
    """As long as each edit is looked at before the next one, nobody is asked about a pair that goes both ways."""
    both = replace(pair, direction=Direction.BOTH)
    state = after(both, "keeps", begun, edits)
    last = edits[-1][1] if edits else begun
    assert (state.hubspot, state.quickbooks) == (last, last)


@given(PAIRS, TEXTS, EDITS, TEXTS, TEXTS)
def test_the_side_that_the_pair_does_not_write_to_is_never_changed(
    pair: FieldPair, begun: str, edits: list[tuple[Side, str]], hubspot: str, quickbooks: str
) -> None:
    for direction in (Direction.TO_HUBSPOT, Direction.TO_QUICKBOOKS):
        one_way = replace(pair, direction=direction)
        state = replace(after(one_way, "keeps", begun, edits), hubspot=hubspot, quickbooks=quickbooks)
        done = settle(one_way, state, "keeps")
        kept = (done.hubspot, hubspot) if direction is Direction.TO_QUICKBOOKS else (done.quickbooks, quickbooks)
        assert kept[0] == kept[1]


@given(PAIRS, TEXTS, EDITS, st.sampled_from(["x", "y"]), st.sampled_from(["x", "y"]))
def test_both_changed_goes_by_the_winner_and_is_never_overwritten_unasked(
    pair: FieldPair, begun: str, edits: list[tuple[Side, str]], hubspot: str, quickbooks: str
) -> None:
    both = replace(pair, direction=Direction.BOTH)
    state = replace(after(both, "keeps", begun, edits), hubspot=hubspot, quickbooks=quickbooks)
    done = settle(both, state, "keeps")
    expected = {
        Winner.HUBSPOT: (hubspot, hubspot),
        Winner.QUICKBOOKS: (quickbooks, quickbooks),
        Winner.ASK: (hubspot, quickbooks),
    }
    assert (done.hubspot, done.quickbooks) == expected[both.winner]
    for side, text in ((Side.HUBSPOT, hubspot), (Side.QUICKBOOKS, quickbooks)):
        if both.winner is Winner.ASK:
            chosen = settle(both, state, "keeps", side)
            assert (chosen.hubspot, chosen.quickbooks) == (text, text)
            assert not chosen.compared(both).plan().conflicts


@given(PAIRS, TEXTS, EDITS, TEXTS, TEXTS, st.sampled_from(Side))
def test_a_decision_ends_every_conflict(
    pair: FieldPair, begun: str, edits: list[tuple[Side, str]], hubspot: str, quickbooks: str, side: Side
) -> None:
    state = replace(after(pair, "keeps", begun, edits), hubspot=hubspot, quickbooks=quickbooks)
    done = settle(pair, state, "keeps", side)
    assert not done.compared(pair).plan().conflicts


@given(PAIRS, KEEPING, TEXTS, EDITS, TEXTS)
@example(FieldPair("p", "1", Direction.TO_QUICKBOOKS, Winner.HUBSPOT), "drops", "a", [], "b")
def test_what_is_not_told_is_neither_changed_nor_cleared(
    pair: FieldPair, keeping: str, begun: str, edits: list[tuple[Side, str]], there: str
) -> None:
    state = after(pair, keeping, begun, edits)
    # What is empty on both sides, as far as is known, is as if it had never been filled.
    known = {one.property for one in state.synced if state.hubspot or one.quickbooks}
    without_property = replace(state.compared(pair), hubspot={}, quickbooks={pair.quickbooks: there}).plan()
    assert not without_property.written
    assert [one for one in without_property.remembered if one.pending] == []
    switched_off = replace(state.compared(pair), quickbooks={}).plan()
    assert not [one for one in switched_off.remembered if one.pending]
    if known:
        assert {one.property for one in switched_off.remembered} == known


@given(PAIRS, TEXTS, TEXTS, TEXTS)
def test_while_a_value_is_on_its_way_to_hubspot_it_may_show_either(
    pair: FieldPair, before: str, coming: str, later: str
) -> None:
    both = replace(pair, direction=Direction.BOTH, winner=Winner.ASK)
    pending = (SyncedField("p", both.quickbooks, before, coming, pending=True),)
    for shown in (before, coming):
        plan = State(shown, later, pending).compared(both).plan()
        assert not plan.conflicts
        assert not plan.written
        done = settle(both, State(shown, later, pending), "keeps")
        assert (done.hubspot, done.quickbooks) == (later, later)


def test_what_a_person_enters_while_a_value_is_on_its_way_is_a_conflict() -> None:
    pair = FieldPair("p", "1")
    pending = (SyncedField("p", "1", "a", "b", pending=True),)
    [conflict] = State("c", "b", pending).compared(pair).plan().conflicts
    assert str(conflict) == "custom field 1: b -> c"


def test_what_quickbooks_did_not_keep_and_shows_later_is_asked_about() -> None:
    """It may be of an older day than HubSpot's."""
    pair = FieldPair("p", "1")
    dropped = (SyncedField("p", "1", "new", ""),)
    assert State("new", "old", dropped).compared(pair).plan().conflicts
    assert unkept(dropped).startswith("QuickBooks did not keep custom field 1: switch it on")
    assert unkept((SyncedField("p", "ShipMethodRef", "", "UPS"),)) == (
        "QuickBooks did not clear shipping method: clear it there."
    )


# -- texts


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-05", "2026-03-05"),
        ("1772668800000", "2026-03-05"),
        ("2026-03-05T00:00:00Z", "2026-03-05"),
        ("", ""),
        (None, ""),
        ("soon", "soon"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_a_date_of_hubspot_is_a_day(text: str | None, day: str) -> None:
    assert as_compared(NativeField.SHIPPING_DATE, text) == day
    assert as_compared("1", text) == (text or "")


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("1", "x" * 31, None),
        ("1", "x" * 32, AttentionCode.TEXT_TOO_LONG),
        ("PONumber", "x" * 15, None),
        ("PONumber", "x" * 16, AttentionCode.TEXT_TOO_LONG),
        ("TrackingNum", "x" * 32, AttentionCode.TEXT_TOO_LONG),
        ("ShipDate", "2026-02-28", None),
        ("ShipDate", "2026-02-30", AttentionCode.REFUSED_BY_HUBSPOT),
    ],
)
def test_a_text_that_quickbooks_does_not_take_is_a_problem_when_it_is_to_be_written(
    field: str, text: str, code: AttentionCode | None
) -> None:
    pair = FieldPair("p", field)
    plan = State(text, "", ()).compared(pair).plan()
    assert (plan.problem.code if plan.problem else None) == code
    assert bool(plan.written) is (code is None)
    known = (SyncedField("p", field, text, "other"),)
    assert State(text, "other", known).compared(pair).plan().problem is None
    assert longest("2") == longest("ShipMethodRef") == 31


def test_a_custom_field_is_found_by_its_name_whatever_its_case() -> None:
    pairs = (FieldPair("p", "custom:order NO"), FieldPair("q", "custom:gone"), FieldPair("r", "TrackingNum"))
    found = with_definitions(pairs, {"2": "Order no", "3": "Crew"})
    assert [(one.hubspot, one.quickbooks) for one in found] == [("p", "2"), ("r", "TrackingNum")]
    twice = (FieldPair("p", "2"), FieldPair("q", "custom:Order no"))
    assert [one.hubspot for one in with_definitions(twice, {"2": "Order no"})] == ["p"]


def test_only_what_an_invoice_shows_is_told() -> None:
    pairs = [FieldPair("p", "1"), FieldPair("q", "2"), FieldPair("r", "TrackingNum")]
    present = replace(
        a_ledger_invoice(some_content(custom_fields=(("2", " text "),))), custom_fields_shown=frozenset({"2"})
    )
    assert ledger_texts(pairs, present) == {"2": "text", "TrackingNum": ""}
    assert hubspot_texts(pairs, {"p": None, "q": " x\r\n"}) == {"p": "", "q": "x"}


def test_what_was_sent_before_pairs_were_remembered_counts_for_pairs_to_quickbooks() -> None:
    sent, written = (some_content(custom_fields=(("1", text), ("2", text))) for text in ("a", "A"))
    link = a_link(a_ledger_invoice(written), sent)
    pairs = [FieldPair("p", "1", Direction.TO_QUICKBOOKS), FieldPair("q", "2")]
    known = remembered(pairs, (), link)
    assert known == (SyncedField("p", "1", "a", "A"),)
    assert texts_last_seen(pairs, known, link) == {"1": "A", "2": "A"}
    mine = (SyncedField("p", "1", "x", "y"),)
    assert remembered(pairs, mine, link) == mine


def test_the_memory_of_a_pair_that_is_not_set_now_stays_but_for_what_was_on_its_way() -> None:
    old, way = SyncedField("old", "2", "a", "a"), SyncedField("way", "3", "a", "b", pending=True)
    plan = ComparedFields([FieldPair("p", "1")], {"p": "x"}, {"1": "x"}, (old, way)).plan()
    assert plan.remembered == (SyncedField("p", "1", "x", "x"), old)
