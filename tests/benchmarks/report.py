"""What a benchmark found, what it may be at most, and the table of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. `most` is its limit, none when it is only shown; `exactly` says that less is as wrong as more."""

    group: str
    what: str
    value: float
    most: float | None = None
    exactly: bool = False
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        if self.most is None:
            return True
        return self.value == self.most if self.exactly else self.value <= self.most

    @property
    def limit(self) -> str:
        """The limit in words."""
        if self.most is None:
            return ""
        return f"{'exactly' if self.exactly else 'at most'} {_number(self.most)}"

    @property
    def verdict(self) -> str:
        """In one word; none where there is no limit."""
        if self.most is None:
            return ""
        return "ok" if self.holds else "BROKEN"


def table(measures: Iterable[Measure]) -> Table:
    """All figures, under the headings of their groups."""
    found = Table("what", title="Benchmarks", title_justify="left")
    for heading in ("value", "limit", "verdict"):
        found.add_column(heading, justify="right" if heading == "value" else "left", no_wrap=True)
    group = ""
    for one in measures:
        if one.group != group:
            group = one.group
            found.add_section()
            found.add_row(f"[bold]{group}[/bold]")
        style = "green" if one.holds else "bold red"
        found.add_row(
            f"  {one.what}", f"{_number(one.value)} {one.unit}".rstrip(), one.limit, f"[{style}]{one.verdict}[/{style}]"
        )
    return found


def broken(measures: Iterable[Measure]) -> list[Measure]:
    """Those whose limit is not kept."""
    return [one for one in measures if not one.holds]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.2f}"
