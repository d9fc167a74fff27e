"""The fees of a month as a drawing: a bar a day, processing and platform fees on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from tieout.domain.fee import Period
from tieout.domain.money import Money
from tieout.domain.planning.fees import Charged

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 940, 210, 80, 26, 24
_STEPS, _ROOM = 4, 16
_PROCESSING, _PLATFORM, _GRID, _INK = "#1f6f8b", "#f08a4b", "#e3e8ee", "#5b6875"
_ZERO = Decimal(0)


def chart(currency: str, period: Period, bars: Sequence[Sequence[Charged]]) -> str:
    """An SVG of the fees in one currency: `bars` are those of each day of the period, of one or more processors.

    Days on which more was given back than charged have no bar.
    """
    days = [sum(one, Charged.nothing(currency)) for one in bars]
    top = _round_top(max((max(day.total.amount, _ZERO) for day in days), default=_ZERO))
    whole = sum(days, Charged.nothing(currency)).total
    label = f"Fees in {currency} by day, {period}: {whole.amount:,f} in all"
    width = Decimal(_WIDTH - _LEFT) / len(days)
    drawn = [_grid(top, currency)]
    for number, day in enumerate(days):
        drawn.append(_bar(_LEFT + width * number, width, day, top, f"{period.days[number]}"))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}" '
        f'font-family="inherit" font-size="11">{"".join(drawn)}</svg>'
    )


def _round_top(highest: Decimal) -> Decimal:
    """The end of the scale: 1, 2, 4 or 8 times a power of ten, which divides well."""
    if highest <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(highest.adjusted())
    return next(power * one for one in (1, 2, 4, 8, 10) if power * one >= highest)


def _height(amount: Decimal, top: Decimal) -> Decimal:
    return max(_ZERO, amount) * (_HEIGHT - _TOP - _BOTTOM) / top


def _grid(top: Decimal, currency: str) -> str:
    lines = [f'<text x="0" y="{_TOP - 14}" fill="{_INK}" font-weight="bold">{escape(currency)}</text>']
    for step in range(_STEPS + 1):
        amount = top * step / _STEPS
        y = f"{_HEIGHT - _BOTTOM - _height(amount, top):.1f}"
        lines.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="{_GRID}"/>')
        told = Money(amount, currency).amount if amount else _ZERO
        lines.append(f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end" fill="{_INK}">{told:,f}</text>')
    return "".join(lines)


def _bar(x: Decimal, width: Decimal, day: Charged, top: Decimal, name: str) -> str:
    base, thick = Decimal(_HEIGHT - _BOTTOM), width * Decimal("0.7")
    left = x + (width - thick) / 2
    lower, upper = _height(day.processing.amount, top), _height(day.platform.amount, top)
    told = f"{name}: processing {day.processing}, platform {day.platform}"
    parts = [f"<g><title>{escape(told)}</title>"]
    for height, y, colour in ((lower, base - lower, _PROCESSING), (upper, base - lower - upper, _PLATFORM)):
        if height:
            parts.append(
                f'<rect x="{left:.1f}" y="{y:.1f}" width="{thick:.1f}" height="{height:.1f}" fill="{colour}"/>'
            )
    middle = x + width / 2
    # Many days have room for their months only.
    shown = int(name[-2:]) if width >= _ROOM else name[:7] if name.endswith("-01") else ""
    parts.append(f'<text x="{middle:.1f}" y="{_HEIGHT - 8}" text-anchor="middle" fill="{_INK}">{shown}</text></g>')
    return "".join(parts)
