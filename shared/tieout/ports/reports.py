"""Where reports are kept for people."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Reports(Protocol):
    """Files by connection and day; the same name on the same day replaces what was there."""

    def keep(self, connection: str, day: date, name: str, text: str, content_type: str) -> None:
        """Store one file. Raises StoreUnavailable."""
        ...

    def read(self, connection: str, day: date, name: str) -> str | None:
        """What was stored, None when nothing was, or when it was forgotten by now. Raises StoreUnavailable."""
        ...
