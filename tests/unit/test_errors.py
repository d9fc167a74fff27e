"""Errors: what may be logged of them, and what each means for a record."""

import inspect
from datetime import timedelta

import pytest

from tests.support.builders import NOW, a_record, some_content
from tieout.domain import errors
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import (
    ConnectionLost,
    Malformed,
    NameTaken,
    NeedsAttention,
    NotInCrm,
    NotInLedger,
    NotReadyYet,
    NumberTaken,
    OutcomeUnknown,
    Postponed,
    RateLimited,
    StaleVersion,
    StoreUnavailable,
    SyncError,
    Transient,
)
from tieout.domain.record import SETTLED, Intent, Operation, State, SyncRecord
from tieout.services.parking import park, park_bug, parked_reason

TIMEOUT = timedelta(seconds=120)
INTENT = Intent(Operation.CREATE, "rid", 1, "{}", NOW, some_content())
WRITING = a_record(State.WRITING, intent=INTENT)
VERIFYING = a_record(State.VERIFYING, intent=INTENT)
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, SyncError) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", CLASSES)
def test_the_text_of_an_error_is_what_may_be_logged_and_nothing_of_a_customer(kind: type[SyncError]) -> None:
    error = kind("Anna Muster owes 12.00", {"intuit_tid": "t-1", "code": "6140"})
    assert str(error) == f"{kind.__name__} code=6140 intuit_tid=t-1"
    assert "Anna" not in str(error)
    assert error.detail == "Anna Muster owes 12.00"
    assert str(kind()) == kind.__name__


@pytest.mark.parametrize("kind", CLASSES)
def test_two_errors_are_never_the_same_one(kind: type[SyncError]) -> None:
    assert kind() != kind()
    assert len({kind(), kind()}) == 2


@pytest.mark.parametrize(
    ("error", "state", "reason", "seconds"),
    [
        (RateLimited(retry_after=17), State.WAITING, "rate_limited", 17),
        (NotReadyYet(retry_after=3), State.WAITING, "not_ready", 3),
        (Postponed(reason="out_of_time", retry_after=1), State.WAITING, "out_of_time", 1),
        (ConnectionLost("Reconnect."), State.WAITING, "connection_lost", 900),
        (StaleVersion(), State.WAITING, "changed_meanwhile", 5),
        (NotInCrm(), State.WAITING, "changed_meanwhile", 5),
        (Transient(), State.WAITING, "vendor_unavailable", 5),
        (StoreUnavailable(), State.WAITING, "store_unavailable", 5),
        (OutcomeUnknown(), State.VERIFYING, "outcome_unknown", 120),
    ],
)
def test_what_may_work_later_waits_with_a_time(error: SyncError, state: State, reason: str, seconds: int) -> None:
    parked = park(WRITING, error, NOW, TIMEOUT)
    assert (parked.state, parked.reason) == (state, reason)
    assert parked.due_at == NOW + timedelta(seconds=seconds)
    assert parked.wake_at() == parked.due_at


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 10), (2, 20), (7, 640), (8, 900), (99, 900)])
def test_the_wait_doubles_with_each_attempt_up_to_a_quarter_of_an_hour(attempts: int, seconds: int) -> None:
    parked = park(a_record(State.WAITING, attempts=attempts), Transient(), NOW, TIMEOUT)
    assert parked.due_at == NOW + timedelta(seconds=seconds)
    assert parked.attempts == attempts + 1


def test_what_was_not_tried_counts_as_no_attempt() -> None:
    assert park(a_record(State.WAITING, attempts=2), Postponed(), NOW, TIMEOUT).attempts == 2
    assert park(VERIFYING, Postponed(), NOW, TIMEOUT).attempts == VERIFYING.attempts


def test_a_document_whose_outcome_stays_unknown_is_looked_at_less_and_less() -> None:
    waits = []
    record = WRITING
    for _ in range(9):
        parked = park(record, OutcomeUnknown(), NOW, TIMEOUT)
        assert parked.due_at is not None
        waits.append((parked.due_at - NOW).total_seconds())
        record = parked.to(State.WRITING)
    assert waits == [120, 240, 480, 960, 1920, 3840, 7200, 7200, 7200]


@pytest.mark.parametrize(
    "error", [RateLimited(), NotReadyYet(), ConnectionLost(), Transient(), StaleVersion(), NotInCrm()]
)
def test_what_was_found_out_before_stays_when_a_later_look_has_to_wait(error: SyncError) -> None:
    attention = a_record(State.ATTENTION, reason="duplicate_number", detail="It is borne by Invoice 7.")
    parked = park(attention, error, NOW, TIMEOUT)
    assert (parked.state, parked.reason, parked.detail) == (attention.state, attention.reason, attention.detail)
    assert parked.due_at is not None
    assert parked.wake_at() == parked.due_at > NOW
    assert parked_reason(parked, error) == parked_reason(park(WRITING, error, NOW, TIMEOUT), error) != ""


@pytest.mark.parametrize("error", [NeedsAttention(), NotInLedger()])
def test_what_is_settled_by_an_error_does_not_wait(error: SyncError) -> None:
    assert not parked_reason(park(WRITING, error, NOW, TIMEOUT), error)


def test_a_bug_is_looked_at_less_and_less_and_keeps_an_intent() -> None:
    parked = park_bug(WRITING, NOW, TIMEOUT)
    assert (parked.state, parked.reason, parked.intent) == (State.VERIFYING, "internal_error", INTENT)
    assert parked.due_at == NOW + TIMEOUT
    waits = [park_bug(a_record(State.WAITING, attempts=n), NOW, TIMEOUT).due_at for n in range(12)]
    minutes = [(due - NOW).total_seconds() / 60 for due in waits if due is not None]
    assert minutes == [2, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    settled = park_bug(a_record(State.SYNCED), NOW, TIMEOUT)
    assert (settled.state, settled.due_at) == (State.SYNCED, NOW + TIMEOUT)


@pytest.mark.parametrize("error", [RateLimited(), NotReadyYet(), ConnectionLost(), Transient()])
def test_when_surely_nothing_was_written_the_intent_ends(error: SyncError) -> None:
    assert park(WRITING, error, NOW, TIMEOUT).intent is None


def test_a_lost_answer_keeps_the_intent() -> None:
    assert park(WRITING, OutcomeUnknown(), NOW, TIMEOUT).intent == INTENT


@pytest.mark.parametrize("error", [RateLimited(), ConnectionLost(), Transient(), NeedsAttention(), OutcomeUnknown()])
def test_an_error_while_looking_leaves_the_intent_to_be_looked_for_again(error: SyncError) -> None:
    parked = park(VERIFYING, error, NOW, TIMEOUT)
    assert parked.state is State.VERIFYING
    assert parked.intent == INTENT
    assert parked.due_at is not None
    assert parked.due_at > NOW


@pytest.mark.parametrize("record", [WRITING, a_record(), a_record(State.WAITING)])
def test_a_definite_refusal_is_attention_with_its_words_and_ends_the_intent(record: SyncRecord) -> None:
    refused = NeedsAttention("Closed through 2026-02-28.", code=AttentionCode.PERIOD_CLOSED)
    parked = park(record, refused, NOW, TIMEOUT)
    assert (parked.state, parked.reason) == (State.ATTENTION, "period_closed")
    assert parked.detail == "Closed through 2026-02-28."
    assert parked.intent is None


@pytest.mark.parametrize("record", [WRITING, VERIFYING, a_record()])
def test_what_the_ledger_deleted_is_told_and_not_waited_for(record: SyncRecord) -> None:
    parked = park(record, NotInLedger(), NOW, TIMEOUT)
    assert (parked.state, parked.reason) == (State.DELETED_IN_LEDGER, AttentionCode.DELETED_IN_QUICKBOOKS)
    assert parked.intent is None
    assert parked.state in SETTLED


@pytest.mark.parametrize("error", [NumberTaken(), NameTaken(), Malformed()])
def test_an_error_that_its_place_has_to_deal_with_is_a_bug_here(error: SyncError) -> None:
    with pytest.raises(type(error)):
        park(WRITING, error, NOW, TIMEOUT)


def test_only_errors_of_which_nothing_was_written_are_transient() -> None:
    assert {kind for kind in CLASSES if issubclass(kind, Transient)} == {
        Transient,
        RateLimited,
        NotReadyYet,
        Postponed,
        StoreUnavailable,
    }
