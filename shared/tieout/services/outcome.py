"""What became of a hint, for whoever delivers hints, and of a scheduled run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tieout.domain.hint import Hint


class Result(StrEnum):
    """`HANDLED`: the record is settled. `PARKED`: the record itself knows when it is due. `COVERED`, `NOT_DUE`, `BUSY`:
    nothing to do for this hint. `NOT_OURS`: no record can come of it. `FAILED`: our own code or infrastructure is at
    fault, deliver the hint again."""

    HANDLED = "handled"
    PARKED = "parked"
    COVERED = "covered"
    NOT_DUE = "not_due"
    BUSY = "busy"
    NOT_OURS = "not_ours"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state` is the record's; `reason` why it is there, or why it is parked; `error` is what a failure was; `context`
    is safe to log and holds the vendors' request ids of what stopped the record; `unshown` is why its status could not
    be shown, in a word."""

    hint: Hint
    result: Result
    state: str = ""
    reason: str = ""
    error: Exception | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    unshown: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stopped a step of a scheduled run for one connection; the others had their turn all the same."""

    connection: str
    step: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Run:
    """What a scheduled run did: `counts` by name of the metric. `failure` is what our own code or infrastructure is to
    blame for, None when only vendors were in trouble."""

    counts: Mapping[str, int]
    troubles: tuple[Trouble, ...] = ()
    failure: Exception | None = None
