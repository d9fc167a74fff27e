"""A write that is prepared before it is sent, so that it can be stored first and repeated as it was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreparedWrite:
    """The exact request body of a write, made without any call, to be stored in the intent before it is sent."""

    body: str
