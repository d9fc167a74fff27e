"""Codes of a version that comes later, which records bear after a way back to this one."""

from __future__ import annotations

from tieout.domain.attention import AttentionCode, Explanation

UNKNOWN = Explanation(
    "A newer version of Tieout found something here that this one does not know.",
    "Deploy the newer version again; or retry this record, and this version looks at it by itself.",
)
"""What is told of a code of a version that comes later."""


def code_of(reason: str) -> AttentionCode | None:
    """The code that a record's reason is, None for one that this version does not know."""
    return next((code for code in AttentionCode if code == reason), None)
