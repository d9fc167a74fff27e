"""What each QuickBooks fault means for the sync: one table from code and HTTP status to what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import (
    ConnectionLost,
    NameTaken,
    NeedsAttention,
    NotInLedger,
    NumberTaken,
    OutcomeUnknown,
    RateLimited,
    StaleVersion,
    SyncError,
    Transient,
)

THROTTLE_SECONDS = 60
"""How long to wait after a throttle fault without a Retry-After (Intuit: limits and throttles)."""


class Outcome(StrEnum):
    """What a fault comes down to."""

    RATE_LIMITED = "rate_limited"
    CONNECTION_LOST = "connection_lost"
    TRANSIENT = "transient"
    OUTCOME_UNKNOWN = "outcome_unknown"
    STALE_VERSION = "stale_version"
    NOT_IN_LEDGER = "not_in_ledger"
    NUMBER_TAKEN = "number_taken"
    NAME_TAKEN = "name_taken"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Row:
    """One code: what it says, and what follows on a read and on a write.

    `attention` is the code shown when the outcome is attention. `detail` restricts the row to faults whose text
    contains it, in any case of letters.
    """

    code: str
    says: str
    on_read: Outcome
    on_write: Outcome
    attention: AttentionCode = AttentionCode.REFUSED_BY_QUICKBOOKS
    detail: str = ""


def _both(code: str, says: str, outcome: Outcome) -> Row:
    return Row(code, says, outcome, outcome)


def _refused(
    code: str, says: str, attention: AttentionCode = AttentionCode.REFUSED_BY_QUICKBOOKS, on_read: Outcome | None = None
) -> Row:
    return Row(code, says, on_read or Outcome.TRANSIENT, Outcome.ATTENTION, attention)


# In order of precedence: a fault with several errors is what its highest row says. Source of the codes: Intuit, error
# codes and handling common errors; the throttle and gateway codes from captured answers.
ROWS: tuple[Row, ...] = (
    _both("3001", "throttled", Outcome.RATE_LIMITED),
    _both("003001", "throttled", Outcome.RATE_LIMITED),
    _both("100", "authentication failed", Outcome.CONNECTION_LOST),
    _both("110", "authentication failed", Outcome.CONNECTION_LOST),
    _both("3200", "access token invalid or expired", Outcome.CONNECTION_LOST),
    _both("3202", "access token invalid", Outcome.CONNECTION_LOST),
    _both("120", "the connecting user lost access to the company", Outcome.CONNECTION_LOST),
    _both("130", "wrong environment or company", Outcome.CONNECTION_LOST),
    _both("3100", "the app is not authorised for the company", Outcome.CONNECTION_LOST),
    _both("6190", "the subscription ended or has a billing problem", Outcome.CONNECTION_LOST),
    _both("140", "the company is locked", Outcome.TRANSIENT),
    _both("150", "the company is under maintenance", Outcome.TRANSIENT),
    Row("10000", "application error", Outcome.TRANSIENT, Outcome.OUTCOME_UNKNOWN),
    Row("600", "duplicate request id", Outcome.TRANSIENT, Outcome.OUTCOME_UNKNOWN),
    Row("5010", "stale object", Outcome.TRANSIENT, Outcome.STALE_VERSION),
    Row("610", "the transaction was deleted", Outcome.NOT_IN_LEDGER, Outcome.NOT_IN_LEDGER, detail="deleted"),
    # A read names one object only: the one that is not there.
    _refused("610", "a reference is inactive", AttentionCode.REFERENCE_INACTIVE, on_read=Outcome.NOT_IN_LEDGER),
    _refused("2500", "invalid reference", AttentionCode.REFERENCE_INACTIVE),
    Row("6140", "duplicate document number", Outcome.TRANSIENT, Outcome.NUMBER_TAKEN),
    Row("6240", "duplicate name", Outcome.TRANSIENT, Outcome.NAME_TAKEN),
    _refused("6200", "the period is closed", AttentionCode.PERIOD_CLOSED),
    _refused("6210", "the period is closed with a password", AttentionCode.PERIOD_CLOSED),
    _refused("2050", "a text is too long", AttentionCode.TEXT_TOO_LONG),
    _refused("2290", "negative amount on a line", AttentionCode.NEGATIVE_LINE),
    _refused("6100", "a line's tax code must be TAX or NON", AttentionCode.TAX_UNSUPPORTED),
    _refused("6170", "tax details where none are allowed", AttentionCode.TAX_UNSUPPORTED),
    _refused("620", "a transaction cannot be linked", AttentionCode.CANNOT_BE_APPLIED),
    _refused("6540", "the transaction has been deposited", AttentionCode.DEPOSITED_IN_QUICKBOOKS),
    _refused("500", "unsupported operation, or text in another character set"),
    _refused("800", "other transactions depend on it"),
    _refused("1040", "batch too large"),
    _refused("2010", "unknown property"),
    _refused("2020", "a required field is missing"),
    _refused("2030", "invalid id"),
    _refused("2090", "invalid number"),
    _refused("2130", "invalid request id"),
    _refused("2170", "invalid enumeration value"),
    _refused("2210", "invalid e-mail address"),
    _refused("2300", "debits and credits differ"),
    _refused("4000", "the query cannot be parsed"),
    _refused("4001", "the query is invalid"),
    _refused("4002", "the query cannot be processed"),
    _refused("5020", "permission denied"),
    _refused("5030", "feature not supported"),
    _refused("6000", "business validation"),
    _refused("6010", "account type is missing"),
    _refused("6070", "amount is not quantity times unit price"),
    _refused("6080", "a name is missing"),
    _refused("6090", "a discount has neither amount nor percentage"),
    _refused("6220", "the balance is not zero"),
    _refused("6270", "dated before the item's inventory start"),
    _refused("6280", "unbilled charges exist"),
)

# For answers whose fault has no row, or that have no readable fault at all. Other statuses are refusals.
STATUS_ROWS: tuple[Row, ...] = (
    _both("401", "not authenticated", Outcome.CONNECTION_LOST),
    Row("408", "the request took too long", Outcome.TRANSIENT, Outcome.OUTCOME_UNKNOWN),
    _both("429", "throttled", Outcome.RATE_LIMITED),
)
_SERVER_ERROR = Row("5xx", "server error", Outcome.TRANSIENT, Outcome.OUTCOME_UNKNOWN)
_NOT_AN_ANSWER = Row("1xx, 2xx, 3xx", "an answer that is none", Outcome.TRANSIENT, Outcome.OUTCOME_UNKNOWN)
_REFUSED_ACCESS = _both("Authorization", "refused access", Outcome.CONNECTION_LOST)
_UNKNOWN = _refused("other", "a fault without a row")

REFRESHABLE = frozenset({"100", "110", "3200", "3202"})
"""The codes of a 401 that a new access token can mend."""


@dataclass(frozen=True, slots=True)
class FaultError:
    """One error of a fault, as QuickBooks or its gateway words it."""

    code: str
    message: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in any of the shapes it comes in; without errors when the answer could not be read."""

    type: str = ""
    errors: tuple[FaultError, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """All codes in it."""
        return frozenset(error.code for error in self.errors)


_DETAIL_LENGTH = 1000
_HOLDER = re.compile(r"TxnType=(?P<type>[A-Za-z ]+?)\s+with\s+TxnId=(?P<id>\d+)")


def error_of(
    fault: Fault, status: int, *, write: bool, context: Mapping[str, str], retry_after: int = THROTTLE_SECONDS
) -> SyncError:
    """The error to raise for an answer that reports a failure.

    A server error leaves the outcome of a write open whatever code it bears. A fault without a row is attention on a
    write, with QuickBooks' own words in `detail`, and transient on a read. `retry_after` in seconds.
    """
    row, error = _row(fault, status, write=write)
    facts = {**context, "status": str(status), "code": error.code, "says": row.says}
    text = _text(error) or f"QuickBooks answered with status {status} and no explanation."
    match row.on_write if write else row.on_read:
        case Outcome.RATE_LIMITED:
            return RateLimited(text, facts, retry_after=retry_after)
        case Outcome.CONNECTION_LOST:
            return ConnectionLost(text, facts)
        case Outcome.TRANSIENT:
            return Transient(text, facts)
        case Outcome.OUTCOME_UNKNOWN:
            return OutcomeUnknown(text, facts)
        case Outcome.STALE_VERSION:
            return StaleVersion(text, facts)
        case Outcome.NOT_IN_LEDGER:
            return NotInLedger(text, facts)
        case Outcome.NUMBER_TAKEN:
            holder = _HOLDER.search(error.detail)
            kind, id_ = (holder["type"], holder["id"]) if holder else ("", "")
            return NumberTaken(text, facts, holder_type=kind, holder_id=id_)
        case Outcome.NAME_TAKEN:
            return NameTaken(text, facts)
        case Outcome.ATTENTION:
            return NeedsAttention(text, facts, code=row.attention)


def _row(fault: Fault, status: int, *, write: bool) -> tuple[Row, FaultError]:
    first = fault.errors[0] if fault.errors else FaultError("")
    if status >= 500 and write:
        return _SERVER_ERROR, first
    for row in ROWS:
        for error in fault.errors:
            if error.code == row.code and row.detail in f"{error.message} {error.detail}".lower():
                return row, error
    by_status = next((row for row in STATUS_ROWS if row.code == str(status)), None)
    kind = fault.type.lower()
    if by_status is not None:
        return by_status, first
    if status >= 500 or kind.startswith("system"):
        return _SERVER_ERROR, first
    if kind.startswith(("authentication", "authoriz")):
        return _REFUSED_ACCESS, first
    return (_UNKNOWN if fault.errors or status >= 400 else _NOT_AN_ANSWER), first


def _text(error: FaultError) -> str:
    words = error.detail or error.message
    number = f" (error {error.code})" if error.code else ""
    return f"QuickBooks: {words[:_DETAIL_LENGTH]}{number}" if words else ""
