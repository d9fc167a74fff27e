"""The record: its state table, who may claim it and when, what covers a change."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tests.support.builders import KEY, NOW, a_hint, a_link, a_record
from tieout.domain.claim import ClaimVerdict, judge_claim
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import (
    SETTLED,
    TRANSITIONS,
    UNSETTLED,
    IllegalTransition,
    Kind,
    State,
    SyncRecord,
)

# The table of architecture.md, section 4, written out once more: what may follow each state.
ENDS = {"synced", "synced_with_variance", "attention", "ignored", "deleted_in_ledger", "voided"}
MAY_FOLLOW = {
    "seen": ENDS | {"waiting", "planned"},
    "planned": ENDS | {"waiting", "writing"},
    "writing": ENDS | {"waiting", "verifying"},
    "verifying": ENDS | {"waiting", "writing", "verifying"},
    "waiting": ENDS | {"waiting", "planned"},
    **dict.fromkeys(ENDS, ENDS | {"waiting", "planned"}),
}
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_a_state_follows_another_exactly_when_the_table_says_so(before: State, after: State) -> None:
    record = a_record(before)
    if before is after or after in MAY_FOLLOW[before]:
        assert record.to(after).state is after
    else:
        with pytest.raises(IllegalTransition, match=f"{before} -> {after}"):
            record.to(after)


def test_the_table_knows_every_state_and_no_other() -> None:
    assert set(TRANSITIONS) == set(State) == set(MAY_FOLLOW)
    assert {state.value: {str(one) for one in after} for state, after in TRANSITIONS.items()} == MAY_FOLLOW


def test_every_state_is_either_settled_or_not() -> None:
    assert {str(state) for state in SETTLED} == ENDS
    assert set(State) == SETTLED | UNSETTLED
    assert not SETTLED & UNSETTLED
    assert all(a_record(state).settled is (state in SETTLED) for state in State)


def test_every_state_can_reach_every_end() -> None:
    assert all(set(after) >= ENDS for after in TRANSITIONS.values())


@pytest.mark.parametrize("state", State)
def test_a_new_state_brings_its_own_reason_and_settling_forgets_the_attempts(state: State) -> None:
    before = a_record(State.VERIFYING, reason="old", detail="old", due_at=NOW, attempts=4)
    if state not in TRANSITIONS[State.VERIFYING]:
        return
    after = before.to(state, reason="new", detail="figures", due_at=NOW + SECOND)
    assert (after.reason, after.detail, after.due_at) == ("new", "figures", NOW + SECOND)
    assert after.attempts == (0 if state in SETTLED else 4)
    bare = before.to(state)
    assert (bare.reason, bare.detail, bare.due_at) == ("", "", None)


# -- who may claim it


def claim(record: SyncRecord | None, cause: Cause = Cause.WEBHOOK, at: datetime = NOW, **hint: Any) -> ClaimVerdict:
    return judge_claim(record, a_hint(cause=cause, **hint), at)


@pytest.mark.parametrize("cause", Cause)
def test_a_record_that_is_not_there_is_taken(cause: Cause) -> None:
    assert claim(None, cause) is ClaimVerdict.TAKE


@pytest.mark.parametrize(("state", "cause"), list(product(State, Cause)))
def test_a_record_that_another_worker_holds_is_busy_until_its_lease_ends(state: State, cause: Cause) -> None:
    held = a_record(state, lease_owner="other", lease_until=NOW + SECOND, covered_until=NOW + SECOND)
    assert claim(held, cause) is ClaimVerdict.BUSY
    later = claim(replace(held, covered_until=None), cause, at=NOW + SECOND)
    assert later is ClaimVerdict.TAKE


@pytest.mark.parametrize("state", sorted(SETTLED))
@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        (Cause.WEBHOOK, ClaimVerdict.COVERED),
        (Cause.SWEEP, ClaimVerdict.COVERED),
        (Cause.DUE, ClaimVerdict.TAKE),
        (Cause.AGAIN, ClaimVerdict.TAKE),
        (Cause.RETRY, ClaimVerdict.TAKE),
    ],
)
def test_a_change_that_was_seen_is_covered_unless_a_person_or_the_clock_asks(
    state: State, cause: Cause, verdict: ClaimVerdict
) -> None:
    record = a_record(state, covered_until=NOW)
    assert claim(record, cause, occurred_at=NOW) is verdict
    assert claim(record, cause, occurred_at=NOW + timedelta(microseconds=1)) is ClaimVerdict.TAKE


@pytest.mark.parametrize("state", sorted(UNSETTLED))
def test_an_unsettled_record_covers_nothing(state: State) -> None:
    assert claim(a_record(state, covered_until=NOW + SECOND)) is ClaimVerdict.TAKE


def test_a_settled_record_that_never_read_hubspot_covers_nothing() -> None:
    assert claim(a_record(covered_until=None)) is ClaimVerdict.TAKE


def test_a_wake_up_before_its_time_is_not_due_and_any_other_hint_is() -> None:
    waiting = a_record(State.WAITING, due_at=NOW + SECOND)
    assert claim(waiting, Cause.DUE) is ClaimVerdict.NOT_DUE
    assert claim(waiting, Cause.DUE, at=NOW + SECOND) is ClaimVerdict.TAKE
    assert claim(waiting, Cause.WEBHOOK) is ClaimVerdict.TAKE
    assert claim(waiting, Cause.RETRY) is ClaimVerdict.TAKE
    assert claim(replace(waiting, due_at=None), Cause.DUE) is ClaimVerdict.TAKE
    assert claim(a_record(due_at=NOW + SECOND), Cause.DUE) is ClaimVerdict.NOT_DUE


def test_the_echo_of_our_own_write_is_covered_and_a_later_change_in_the_ledger_is_not() -> None:
    record = a_record(link=a_link(), covered_until=NOW + timedelta(hours=1))

    def ledger(seconds: int) -> ClaimVerdict:
        when = NOW + timedelta(seconds=seconds)
        return claim(record, object=HintObject.QUICKBOOKS_INVOICE, occurred_at=when)

    assert [ledger(seconds) for seconds in (0, 2)] == [ClaimVerdict.COVERED] * 2
    assert ledger(3) is ClaimVerdict.TAKE


def test_what_the_sweep_says_of_the_ledger_is_no_echo() -> None:
    record = a_record(link=a_link(), covered_until=NOW)
    assert claim(record, Cause.SWEEP, object=HintObject.QUICKBOOKS_INVOICE) is ClaimVerdict.TAKE


@pytest.mark.parametrize("link", [None, a_link(ledger_updated_at=None)])
def test_a_ledger_event_about_a_record_that_knows_no_version_is_looked_at(link: object) -> None:
    record = a_record(link=link, covered_until=NOW + SECOND)
    assert claim(record, object=HintObject.QUICKBOOKS_INVOICE) is ClaimVerdict.TAKE


# -- when the sweep wakes it


@pytest.mark.parametrize(
    ("state", "due", "lease", "wake"),
    [
        (State.WAITING, 5, None, 5),
        (State.VERIFYING, 5, None, 5),
        (State.WAITING, None, None, None),
        (State.WRITING, None, 9, 9),
        (State.WAITING, 5, 9, 9),
        (State.WAITING, 12, 9, 12),
        (State.SYNCED, None, None, None),
        (State.ATTENTION, None, None, None),
        (State.SYNCED, None, 9, 9),
        (State.SYNCED, 5, None, 5),
        (State.ATTENTION, 5, 9, 9),
    ],
)
def test_a_record_wakes_when_it_is_due_or_was_left_behind(
    state: State, due: int | None, lease: int | None, wake: int | None
) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW + timedelta(seconds=seconds)

    record = a_record(state, due_at=at(due), lease_until=at(lease), lease_owner="w" if lease else None)
    assert record.wake_at() == at(wake)


@pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.ITEM])
def test_customers_and_items_wake_with_their_invoices(kind: Kind) -> None:
    record = a_record(State.WAITING, due_at=NOW, lease_until=NOW)
    assert replace(record, key=replace(KEY, kind=kind)).wake_at() is None
