"""What an error means for a record: which state it goes to, and when somebody looks again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import (
    ConnectionLost,
    NeedsAttention,
    NotInCrm,
    NotInLedger,
    NotReadyYet,
    OutcomeUnknown,
    Postponed,
    RateLimited,
    StaleVersion,
    StoreUnavailable,
    SyncError,
    Transient,
)
from tieout.domain.planning.take_side import deleted_in_quickbooks
from tieout.domain.record import Kind, State, SyncRecord

_FIRST_BACK_OFF = 5.0
_LONGEST_BACK_OFF = 900.0
_LONGEST_VERIFICATION = timedelta(hours=2)
_CONNECTION_CHECK = 900.0
_STALE_PAUSE = 5.0
_SAYS_IN_SYNC = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE})
_PASSING_ATTEMPTS = 3
# Nobody can say when these end, and until then the books may differ.
_LASTING = frozenset({"switched_off", "disconnected"})
_STATUS_PAUSE = 60.0
_LONGEST_STATUS_PAUSE = 3600.0
_BUG_BACK_OFF = timedelta(minutes=1)
_LONGEST_BUG_BACK_OFF = timedelta(hours=6)


def passing(record: SyncRecord) -> bool:
    """Whether what an unsettled record waits for will probably pass by itself, so that nobody need be told yet."""
    return not record.settled and record.attempts < _PASSING_ATTEMPTS and record.reason not in _LASTING


def park(record: SyncRecord, error: SyncError, now: datetime, vendor_timeout: timedelta) -> SyncRecord:
    """The record after `error`.

    `vendor_timeout` is how long a sent request may still be carried out. A definite refusal ends the intent; while an
    intent is being verified, an error of the look leaves it as it is.
    """
    if isinstance(error, OutcomeUnknown):
        # Each round costs metered reads, so a document on which QuickBooks always fails is looked at less and less.
        wait = min(vendor_timeout * 2 ** min(record.attempts, 10), max(vendor_timeout, _LONGEST_VERIFICATION))
        tried = replace(record, attempts=record.attempts + 1)
        return tried.to(State.VERIFYING, reason="outcome_unknown", detail=error.detail, due_at=now + wait)
    if isinstance(error, NotInLedger):
        code, link = AttentionCode.DELETED_IN_QUICKBOOKS, record.link
        conflict = deleted_in_quickbooks(link) if link is not None and record.key.kind is Kind.INVOICE else None
        return replace(record, intent=None).to(State.DELETED_IN_LEDGER, reason=code, conflict=conflict)
    verifying = record.state is State.VERIFYING and record.intent is not None
    if isinstance(error, NeedsAttention) and not verifying:
        return replace(record, intent=None).to(State.ATTENTION, reason=error.code, detail=error.detail)
    reason, seconds = _waiting(error, record.attempts)
    due_at = now + timedelta(seconds=seconds)
    tried = replace(record, attempts=record.attempts + (not isinstance(error, Postponed)))
    if verifying:
        return tried.to(State.VERIFYING, reason=reason, detail=error.detail, due_at=due_at)
    if _stays(record, reason):
        return replace(tried, due_at=due_at)
    return replace(tried, intent=None).to(State.WAITING, reason=reason, detail=error.detail, due_at=due_at)


def park_bug(record: SyncRecord, now: datetime, vendor_timeout: timedelta) -> SyncRecord:
    """The record after an error that nobody foresaw: it is looked at less and less often, and an intent stays."""
    wait = min(_BUG_BACK_OFF * 2 ** min(record.attempts, 10), _LONGEST_BUG_BACK_OFF)
    due_at = now + max(wait, vendor_timeout)
    tried = replace(record, attempts=record.attempts + 1)
    if _stays(record):
        return replace(tried, due_at=due_at)
    state = State.WAITING if record.intent is None else State.VERIFYING
    return tried.to(state, reason="internal_error", due_at=due_at)


def park_unshown(record: SyncRecord, failure: Exception | None, tries: int, now: datetime) -> SyncRecord:
    """The record whose status could not be shown because of `failure` (None: it was refused), as so often before in
    vain. One that waits anyhow is shown then."""
    if record.due_at is not None:
        return record
    asked = 0.0
    match failure:
        case RateLimited():
            asked = failure.retry_after
        case ConnectionLost():
            asked = _CONNECTION_CHECK
    pause = max(asked, min(_STATUS_PAUSE * 2 ** min(tries, 10), _LONGEST_STATUS_PAUSE))
    attempts = tries + 1 if record.settled else record.attempts
    return replace(record, due_at=now + timedelta(seconds=pause), attempts=attempts)


def next_look(since: datetime, now: datetime, first: timedelta, until: timedelta) -> datetime | None:
    """When to see whether what a record has lacked `since` then has come: after `first`, and then each time when it has
    lacked it twice as long. None once that is longer than `until`."""
    age = now - since
    return None if age >= until else now + max(age, first)


def _stays(record: SyncRecord, reason: str = "") -> bool:
    """Whether what was found out before stays shown, and only the look is due again. A record that says that both sides
    agree says so no longer when it could not be looked at for a while."""
    lasting = record.attempts >= _PASSING_ATTEMPTS or reason in _LASTING
    return record.settled and not (record.state in _SAYS_IN_SYNC and lasting)


def parked_reason(record: SyncRecord, error: SyncError) -> str:
    """Why the record that `park` gave for `error` waits, "" when it does not."""
    if not record.settled:
        return record.reason
    return "" if record.due_at is None else _waiting(error, record.attempts)[0]


def _waiting(error: SyncError, attempts: int) -> tuple[str, float]:
    match error:
        case RateLimited():
            return "rate_limited", error.retry_after
        case StoreUnavailable():
            return "store_unavailable", min(_FIRST_BACK_OFF * 2 ** min(attempts, 10), _LONGEST_BACK_OFF)
        case Postponed():
            return error.reason, error.retry_after
        case NotReadyYet():
            return "not_ready", error.retry_after
        case ConnectionLost():
            return "connection_lost", _CONNECTION_CHECK
        case StaleVersion() | NotInCrm():
            # Somebody was there since it was read; the next look shows what stands there now, if anything does.
            return "changed_meanwhile", _STALE_PAUSE
        case Transient() | NeedsAttention():
            return "vendor_unavailable", min(_FIRST_BACK_OFF * 2 ** min(attempts, 10), _LONGEST_BACK_OFF)
        case _:
            raise error
