"""Which invoices a night compares: everything in turn, what is adrift again, what changed beside it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.planning import rounds
from tieout.domain.planning.rounds import NIGHTS, Listed, Round, advanced, is_change, tonight
from tieout.domain.record import Kind, RecordKey

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)


def key(number: int) -> RecordKey:
    return RecordKey("c1", Kind.INVOICE, "hubspot", str(number))


def listed(count: int, changed: Collection[int] = ()) -> list[Listed]:
    return [Listed(key(number), number in changed) for number in range(count, 0, -1)]


def test_a_small_company_is_compared_whole_every_night() -> None:
    round_ = Round()
    for night in range(3):
        found = tonight(round_, listed(1000))
        assert len(found.keys) == len(set(found.keys)) == 1000
        at = NOW + timedelta(days=night)
        round_ = advanced(round_, found, set(found.keys), [], at)
        assert (round_.after, round_.whole) == ("", at)


def test_a_large_company_is_compared_within_the_nights_and_no_night_is_long() -> None:
    round_, seen = Round(), set[RecordKey]()
    for night in range(NIGHTS):
        assert round_.whole is None
        found = tonight(round_, listed(100_000))
        assert len(found.keys) <= 3572
        seen |= set(found.keys)
        round_ = advanced(round_, found, set(found.keys), [], NOW + timedelta(days=night))
    assert len(seen) == 100_000
    assert (round_.whole, round_.after) == (NOW, "")


def test_a_night_that_was_too_short_goes_on_where_it_was() -> None:
    found = tonight(Round(), listed(5000))
    half = set(found.keys[:500])
    round_ = advanced(Round(), found, half, [], NOW)
    assert (round_.after, round_.whole, round_.began) == ("500", None, NOW)
    assert tonight(round_, listed(5000)).turn[0] == key(501)


def test_invoices_of_both_systems_with_the_same_number_do_not_hide_each_other() -> None:
    other = RecordKey("c1", Kind.INVOICE, "quickbooks", "500")
    both = [*listed(5000), Listed(other, changed=False)]
    found = tonight(Round(), both)
    assert {key(500), other} <= set(found.turn)
    for first in (key(500), other):
        reached = found.turn.index(first) + 1
        again = tonight(advanced(Round(), found, set(found.turn[:reached]), [], NOW), both)
        assert again.turn[0] == found.turn[reached]
    told = advanced(Round(), found, set(found.turn), ["quickbooks:500"], NOW)
    assert tonight(told, both).keys[0] == other


def test_what_is_adrift_comes_again_first_and_stays_so_until_it_was_compared() -> None:
    round_ = Round(after="4000", began=NOW, since=NOW, adrift=("7", "9"))
    found = tonight(round_, listed(5000))
    assert found.keys[:2] == (key(7), key(9))
    assert advanced(round_, found, {key(7)}, [], NOW).adrift == ("9",)
    assert advanced(round_, found, set(found.keys), ["9"], NOW).adrift == ("9",)


def test_what_changed_is_taken_out_of_turn_and_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tonight(Round(after="10", began=NOW, since=NOW), listed(5000, changed=range(3000, 3150)))
    assert (found.changed, found.put_off) == (150, 0)
    # A group of each at a time, so that a night without time has something of both.
    assert [one.origin_id for one in found.keys[:1]] == ["3000"]
    assert found.keys[100] == key(11)
    monkeypatch.setattr(rounds, "MOST_CHANGED", 100)
    found = tonight(Round(after="10", began=NOW, since=NOW), listed(5000, changed=range(3000, 3150)))
    assert (found.changed, found.put_off) == (100, 50)


@pytest.mark.parametrize(
    ("stored", "changed"), [(timedelta(), True), (timedelta(minutes=-14), True), (timedelta(minutes=-16), False)]
)
def test_a_record_counts_as_changed_from_a_little_before_the_last_night(stored: timedelta, changed: bool) -> None:
    assert is_change(NOW + stored, NOW) is changed
    assert not is_change(NOW + stored, None)


@given(st.sets(st.integers(1, 9999), max_size=40), st.data())
def test_whatever_comes_and_goes_everything_that_stays_has_its_turn(ids: set[int], data: st.DataObject) -> None:
    """Nights that end anywhere, and invoices that appear and vanish meanwhile."""
    stay = set(data.draw(st.lists(st.sampled_from(sorted(ids)), unique=True))) if ids else set()
    round_, seen = Round(), set[RecordKey]()
    for night in range(200):
        others = data.draw(st.sets(st.integers(1, 9999), max_size=5)) if night < 5 else set()
        found = tonight(round_, [Listed(key(id_), changed=False) for id_ in stay | others])
        done = data.draw(st.integers(min(1, len(found.keys)), len(found.keys))) if night < 5 else len(found.keys)
        seen |= set(found.keys[:done])
        round_ = advanced(round_, found, set(found.keys[:done]), [], NOW + timedelta(days=night))
        if night >= 5 and round_.whole is not None and round_.after == "":
            break
    assert {key(id_) for id_ in stay} <= seen
