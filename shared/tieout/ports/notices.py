"""What a whole connection has to be told once, instead of with every record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """`detail` is a vendor's own text, for a person; `at` (aware) is when it was last found to be so."""

    detail: str
    at: datetime


class Notices(Protocol):
    """The standing notices, by connection and code (see `AttentionCode`)."""

    def load(self, connection: str, code: str) -> Notice | None:
        """The notice, None when nothing is wrong."""
        ...

    def save(self, connection: str, code: str, notice: Notice) -> None:
        """Store it, in place of an earlier one."""
        ...

    def clear(self, connection: str, code: str) -> None:
        """It is so no longer."""
        ...
