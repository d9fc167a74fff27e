"""Reports in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class MemoryReports:
    """Fulfils `ports.reports.Reports`. `kept`: by connection, day and name."""

    kept: dict[tuple[str, date, str], str] = field(default_factory=dict)

    def keep(self, connection: str, day: date, name: str, text: str, content_type: str) -> None:
        """Store it."""
        self.kept[connection, day, name] = text

    def read(self, connection: str, day: date, name: str) -> str | None:
        """What was stored."""
        return self.kept.get((connection, day, name))
