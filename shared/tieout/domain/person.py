"""Who uses the console, and what they may do there."""

from __future__ import annotations

from enum import StrEnum

from tieout.domain.record import TIEOUT

LONGEST_NAME = 80


class Role(StrEnum):
    """A viewer looks; an operator also decides, retries and connects."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class BadName(ValueError):
    """A text that cannot stand in the audit trail as somebody's name; the error says why."""


def read_name(text: str) -> str:
    """`text` as the name of a person, without blanks around it. Raises BadName."""
    name = text.strip()
    if not name:
        raise BadName("the name is empty")
    if len(name) > LONGEST_NAME:
        raise BadName(f"the name has more than {LONGEST_NAME} characters")
    if name.casefold() == TIEOUT:
        raise BadName("the name is what Tieout itself bears in the trail")
    if not name.isprintable():
        raise BadName("the name holds characters that cannot be printed")
    return name
