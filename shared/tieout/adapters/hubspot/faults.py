"""What HubSpot's error answers mean: one table from HTTP status and code to the errors of the domain.

Sources: HubSpot's guides "Error handling" and "API usage guidelines and limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tieout.adapters.hubspot.wire import ErrorBody, ErrorItem
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import ConnectionLost, NeedsAttention, OutcomeUnknown, RateLimited, SyncError, Transient

PROPERTY_MISSING = "PROPERTY_DOESNT_EXIST"
OPTION_MISSING = "INVALID_OPTION"
NOT_FOUND = "OBJECT_NOT_FOUND"
ALREADY_EXISTS = "OBJECT_ALREADY_EXISTS"

_HOUR = 3600.0
_LONGEST_WAIT = 24 * _HOUR


@dataclass(eq=False)
class Refused(NeedsAttention):
    """HubSpot answered no. `status` is HTTP's, `codes` are HubSpot's, `ids` the records that its answer names."""

    code: AttentionCode = AttentionCode.REFUSED_BY_HUBSPOT
    status: int = 0
    codes: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """A row: matches a status between `first` and `last`, and `code` unless that is empty.

    `wait` is how long a RateLimited waits in seconds when the answer does not say so itself.
    """

    first: int
    last: int
    code: str
    on_read: type[SyncError]
    on_write: type[SyncError]
    wait: float = 0.0


# The first row that matches counts. Everything a write may have done although the answer is an error is
# OutcomeUnknown; "not found" on a read is a wrong address, never a deletion: that is an id left out of an answer.
FAULTS: tuple[Fault, ...] = (
    Fault(400, 400, "VALIDATION_ERROR", Refused, Refused),
    Fault(400, 400, PROPERTY_MISSING, Refused, Refused),
    Fault(401, 401, "", ConnectionLost, ConnectionLost),
    Fault(403, 403, "", ConnectionLost, ConnectionLost),
    Fault(404, 404, "", Transient, Refused),
    Fault(408, 408, "", Transient, OutcomeUnknown),
    Fault(409, 409, "", Transient, Refused),
    # A record locked by another change: HubSpot asks for at least two seconds.
    Fault(423, 423, "", RateLimited, RateLimited, wait=5.0),
    # Spent until midnight in the account's time zone, which may be near: looked at again every hour.
    Fault(429, 429, "DAILY", RateLimited, RateLimited, wait=_HOUR),
    Fault(429, 429, "TEN_SECONDLY_ROLLING", RateLimited, RateLimited, wait=10.0),
    Fault(429, 429, "SECONDLY", RateLimited, RateLimited, wait=1.0),
    Fault(429, 429, "", RateLimited, RateLimited, wait=10.0),
    # The account moves to another data centre; the answer says for how long, up to a day.
    Fault(477, 477, "", RateLimited, RateLimited, wait=_HOUR),
    Fault(500, 599, "", Transient, OutcomeUnknown),
)
UNKNOWN = Fault(0, 999, "", Transient, Refused)

# Statuses after which nobody should call for this connection, as opposed to one record that has to wait.
SLOWS_DOWN = frozenset({429, 477})

_CODE_IN_MESSAGE = re.compile(r'"error"\s*:\s*"([A-Z][A-Z_]+)"')
_SAFE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_DETAIL_LENGTH = 600
_NAMES_RECORDS = frozenset({"id", "ids", "objectid", "objectwritetraceid"})


@dataclass(frozen=True, slots=True)
class RecordingRefusal:
    """A sign that an account takes no recorded payments: a status, and one of its codes unless that is empty."""

    status: int
    code: str = ""

    def says(self, status: int, codes: frozenset[str]) -> bool:
        """Whether an answer bears this sign."""
        return status == self.status and (not self.code or self.code in codes)


# That the account has to be set up for payments is documented (HubSpot: commerce payments), its answer is not. A token
# that may not write payments is no lost connection: all else goes on.
RECORDING_REFUSALS = (RecordingRefusal(403), RecordingRefusal(400, "PAYMENTS_NOT_ENABLED"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer, taken apart: `codes` of all levels, `ids` and `scopes` it names, `message` for a person."""

    codes: frozenset[str]
    ids: frozenset[str]
    scopes: tuple[str, ...]
    message: str
    correlation_id: str = ""
    category: str = ""


def take_apart(error: ErrorItem) -> Refusal:
    """What an error answer, or one error inside a batch answer, says."""
    items = [error, *error.errors]
    own = [error.error_type, error.policy_name] if isinstance(error, ErrorBody) else []
    codes = {text for text in own if text}
    for item in items:
        codes |= {text for text in (item.code, item.category, item.sub_category) if isinstance(text, str) and text}
        codes.update(_CODE_IN_MESSAGE.findall(item.message or ""))
    named = [pair for item in items for pair in _texts(item.context)]
    # A 429 bears a request id instead.
    correlation = (error.correlation_id or error.request_id) if isinstance(error, ErrorBody) else None
    return Refusal(
        codes=frozenset(codes),
        ids=frozenset(text for key, text in named if text.isdigit() and key.lower() in _NAMES_RECORDS),
        scopes=tuple(sorted({text for key, text in named if "scope" in key.lower()})),
        message=(error.message or "").strip()[:_DETAIL_LENGTH],
        correlation_id=_safe(correlation),
        category=_safe(error.category),
    )


def _texts(context: dict[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in context.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str | int):
                yield key, str(one)


def _safe(text: str | None) -> str:
    """Only what looks like an identifier goes into a context, because contexts are logged."""
    return text if text and _SAFE.fullmatch(text) else ""


def find_fault(status: int, codes: frozenset[str]) -> Fault:
    """The first row that matches."""
    return next(
        (row for row in FAULTS if row.first <= status <= row.last and (not row.code or row.code in codes)), UNKNOWN
    )


def to_error(
    status: int, body: ErrorBody, *, write: bool, retry_after: float | None, context: dict[str, str]
) -> SyncError:
    """The error to raise for an answer with this status and body.

    `retry_after` is the answer's own wish in seconds; `context` gets HTTP status, category and correlation id.
    """
    said = take_apart(body)
    row = find_fault(status, said.codes)
    kind = row.on_write if write else row.on_read
    facts = {"status": str(status), "category": said.category, "correlationId": said.correlation_id}
    safe = {**context, **{key: value for key, value in facts.items() if value}}
    detail = said.message or f"HubSpot answered with HTTP status {status}."
    if said.scopes:
        detail = f"{detail} Missing scopes: {', '.join(said.scopes)}."
    if kind is RateLimited:
        wait = row.wait if retry_after is None else min(max(retry_after, 1.0), _LONGEST_WAIT)
        return RateLimited(detail, safe, retry_after=wait)
    if kind is Refused:
        return Refused(detail, safe, status=status, codes=said.codes, ids=said.ids)
    return kind(detail, safe)
