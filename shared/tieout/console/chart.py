"""Bars of the last days as shapes: a template draws them, the stylesheet gives them their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 720, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 26, 18, 26
_STEPS = 2
_LABEL_EACH = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its parts from the bottom up, and what a pointer over it is told."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle; `series` is the number of its colour."""

    x: str
    y: str
    width: str
    height: str
    series: int


@dataclass(frozen=True, slots=True)
class Label:
    """A text of an axis at a place."""

    x: str
    y: str
    text: int | str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn, in a box of WIDTH by HEIGHT."""

    bars: tuple[Bar, ...]
    scale: tuple[Label, ...]
    days: tuple[Label, ...]
    left: int = _LEFT
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with its title, the colour of each series, what it is about, and what is said where there is nothing to
    draw: texts in the visitor's language."""

    name: str
    title: str
    key: Sequence[tuple[int, str]]
    chart: Chart
    about: str
    nothing: str


def bars(days: Sequence[tuple[str, str, Sequence[int] | None]], series: Sequence[int]) -> Chart:
    """`days` are label, title and the numbers of each series, None where nothing is known: a gap."""
    top = _top(max((sum(numbers) for _, _, numbers in days if numbers), default=0))
    width = Decimal(WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    drawn = tuple(
        Bar(title, _stack(_LEFT + width * at, width, numbers, series, top))
        for at, (_, title, numbers) in enumerate(days)
        if numbers is not None
    )
    scale = tuple(
        Label(str(_LEFT - 8), f"{HEIGHT - _BOTTOM - _height(top * step // _STEPS, top):.1f}", top * step // _STEPS)
        for step in range(_STEPS + 1)
    )
    labels = tuple(
        Label(f"{_LEFT + width * at + width / 2:.1f}", str(HEIGHT - 7), label)
        for at, (label, _, _) in enumerate(days)
        if (len(days) - 1 - at) % _LABEL_EACH == 0
    )
    return Chart(drawn, scale, labels)


def _stack(left: Decimal, width: Decimal, numbers: Sequence[int], series: Sequence[int], top: int) -> tuple[Part, ...]:
    thick, base = width * Decimal("0.7"), Decimal(HEIGHT - _BOTTOM)
    parts = []
    for number, colour in zip(numbers, series, strict=True):
        height = _height(number, top)
        base -= height
        if number:
            x = left + (width - thick) / 2
            parts.append(Part(f"{x:.1f}", f"{base:.1f}", f"{thick:.1f}", f"{height:.1f}", colour))
    return tuple(parts)


def _height(number: int, top: int) -> Decimal:
    return Decimal(number) * (HEIGHT - _TOP - _BOTTOM) / top


def _top(highest: int) -> int:
    """The end of the scale: an even number, 2, 4, 6 or 10 times a power of ten."""
    power = 1
    while True:
        for one in (2, 4, 6, 10):
            if power * one >= highest:
                return power * one
        power *= 10
