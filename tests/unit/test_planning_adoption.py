"""Which unmarked documents are adopted: those that say the same, one for one; all that only looks like it is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import usd
from tieout.domain.planning.adoption import Same, Unclaimed, Unclear, Wanted, match

DAY = date(2026, 3, 1)
WANTED = Wanted("101", "INV-1", "7", usd("360.00"), DAY)
THERE = Unclaimed("9", "INV-1", "7", usd("360.00"), DAY)


def test_what_says_the_same_is_adopted() -> None:
    assert match([WANTED], [THERE]) == {"101": Same("9")}


def test_what_has_nothing_in_common_is_no_match() -> None:
    assert match([WANTED], [Unclaimed("9", "1043", "8", usd("1.00"), DAY)]) == {}
    assert match([WANTED], []) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"customer_id": "8"}, "but not the customer"),
        ({"total": usd("360.01")}, "but not the total"),
        ({"day": DAY + timedelta(days=1)}, "but not the date"),
        ({"customer_id": "8", "total": usd("1.00")}, "but not the customer, the total"),
        ({"number": "1043"}, "but not the number"),
        ({"number": None}, "but not the number"),
    ],
)
def test_whatever_differs_is_a_persons_to_judge(change: dict[str, Any], told: str) -> None:
    answer = match([WANTED], [replace(THERE, **change)])["101"]
    assert isinstance(answer, Unclear)
    assert answer.far_ids == ("9",)
    assert told in answer.detail
    assert "QuickBooks has" in answer.detail


def test_an_invoice_without_a_number_is_never_adopted() -> None:
    answer = match([replace(WANTED, number=None)], [replace(THERE, number=None)])["101"]
    assert isinstance(answer, Unclear)


def test_two_documents_that_say_the_same_are_not_chosen_between() -> None:
    answer = match([WANTED], [THERE, replace(THERE, id="10")])["101"]
    assert isinstance(answer, Unclear)
    assert answer.far_ids == ("9", "10")


def test_two_invoices_that_say_the_same_do_not_share_a_document() -> None:
    answers = match([WANTED, replace(WANTED, id="102")], [THERE])
    assert all(isinstance(one, Unclear) for one in answers.values())
    assert set(answers) == {"101", "102"}


def test_what_is_adopted_makes_nothing_else_unclear() -> None:
    """Two monthly invoices of one customer, day and total: each has its own number, and one is not there yet."""
    other = replace(WANTED, id="102", number="INV-2")
    assert match([WANTED, other], [THERE]) == {"101": Same("9")}


NUMBERS = st.sampled_from([None, "1", "2", "3"])
PARTS = st.tuples(NUMBERS, st.sampled_from("78"), st.sampled_from(["1.00", "2.00"]), st.integers(0, 1))


def _wanted(at: int, part: tuple[str | None, str, str, int]) -> Wanted:
    number, customer, total, days = part
    return Wanted(str(100 + at), number, customer, usd(total), DAY + timedelta(days=days))


def _there(at: int, part: tuple[str | None, str, str, int]) -> Unclaimed:
    number, customer, total, days = part
    return Unclaimed(str(at), number, customer, usd(total), DAY + timedelta(days=days))


@given(st.lists(PARTS, max_size=6), st.lists(PARTS, max_size=6))
def test_adoption_is_one_for_one_exact_and_does_not_depend_on_order(
    mine: list[tuple[str | None, str, str, int]], theirs: list[tuple[str | None, str, str, int]]
) -> None:
    wanted = [_wanted(at, part) for at, part in enumerate(mine)]
    there = [_there(at, part) for at, part in enumerate(theirs)]
    answers = match(wanted, there)
    by_id, asked = {one.id: one for one in there}, {one.id: one for one in wanted}
    same = {id_: one.far_id for id_, one in answers.items() if isinstance(one, Same)}
    assert len(set(same.values())) == len(same)
    for id_, far_id in same.items():
        one, other = asked[id_], by_id[far_id]
        assert one.number
        assert (one.number, one.customer_id, one.total, one.day) == (
            other.number,
            other.customer_id,
            other.total,
            other.day,
        )
    for one in wanted:
        if one.id not in answers:
            left = [other for other in there if other.id not in same.values()]
            assert not any(one.number and one.number == other.number for other in left)
            assert not any((one.customer_id, one.total, one.day) == (o.customer_id, o.total, o.day) for o in left)
    assert match(list(reversed(wanted)), list(reversed(there))) == answers
