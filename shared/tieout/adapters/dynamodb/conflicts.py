"""Which of DynamoDB's errors mean that a condition failed, and which that it is worth asking again."""

from __future__ import annotations

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own name

# A request that ended in one of these may have been carried out all the same.
LOST_ANSWER = (ConnectionError, HTTPClientError)
CONDITION_FAILED = "ConditionalCheckFailedException"
_CONTENDED = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_REFUSED = frozenset({CONDITION_FAILED, "TransactionCanceledException"})
_BACK_OFF = 0.05
_LONGEST_BACK_OFF = 1.0


def code_of(error: ClientError) -> str:
    """DynamoDB's name of the error."""
    return error.response["Error"]["Code"]


def is_contended(error: ClientError) -> bool:
    """Another transaction touched the same item at the same moment; nothing was written."""
    return code_of(error) in _CONTENDED


def is_conflict(error: ClientError) -> bool:
    """A condition failed or another transaction was in the way; the stored items tell which."""
    return code_of(error) in _REFUSED or is_contended(error)


def back_off(attempt: int) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0)."""
    return min(_BACK_OFF * (1 << attempt), _LONGEST_BACK_OFF)
