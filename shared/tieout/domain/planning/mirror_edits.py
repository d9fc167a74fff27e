"""Whether a mirrored invoice stands in HubSpot as Tieout wrote it, and what a person changed of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tieout.domain.invoice import InvoiceStatus
from tieout.domain.mirrored_invoice import Mirror, MirrorContent, MirrorLine, StandingLine, StandingMirror
from tieout.domain.planning.plan import Change

DISCOUNT, FEE, TAX = "discounts", "fees", "taxes"
_Line = tuple[str, Decimal, Decimal, str]


def says(standing: StandingMirror, content: MirrorContent) -> bool:
    """Whether all of `content` stands there, and nothing else in the fields that Tieout owns."""
    return not unlike(standing, content)


def unlike(standing: StandingMirror, content: MirrorContent) -> frozenset[str]:
    """The fields in which what stands there is not `content`, under the names that `edits` gives them."""
    return frozenset(one.field for one in _differences(standing, (content,), partly=False))


def edits(standing: StandingMirror, mirror: Mirror) -> Iterator[Change]:
    """What a person changed: `before` says what Tieout wrote, `after` what stands there.

    While a write is under way, parts of what stood before and of all that was meant since are ours.
    """
    if mirror.complete:
        yield from _differences(standing, (mirror.sent,), partly=False)
        return
    ours = tuple(one for one in (mirror.before, *mirror.attempts) if one is not None)
    yield from _differences(standing, ours, partly=True)


def _differences(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Change]:
    newest = ours[-1]
    for name, stands, meant in (
        ("number", standing.number or "", [one.number or "" for one in ours]),
        ("invoice date", standing.invoice_date, [one.invoice_date for one in ours]),
        ("due date", standing.due_date, [one.due_date for one in ours]),
        ("total", standing.total, [one.total for one in ours]),
        ("comments", _text(standing.memo), [_text(one.memo) for one in ours]),
    ):
        if stands not in meant:
            yield Change(name, f"Tieout wrote {meant[-1] or '(empty)'}", str(stands or ""))
    begun = partly and standing.status is InvoiceStatus.DRAFT
    if not begun and standing.status not in [one.status for one in ours]:
        yield Change("status", f"Tieout wrote {newest.status}", standing.status.value)
    yield from _lines(standing, ours, partly=partly)
    yield from _adjustments(standing, ours, partly=partly)


def _lines(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Change]:
    there = Counter(standing_key(line) for line in standing.lines)
    discounted = any(line.discounted for line in standing.lines)
    meant: Counter[_Line] = Counter()
    for one in ours:
        meant |= Counter(line_key(line) for line in one.lines)
    strange = there - meant
    missing = Counter[_Line]() if partly else meant - there
    if strange or missing or discounted:
        told = f"Tieout wrote {_told(meant)}"
        yield Change("lines", told, f"{_told(there)}{' with a discount' if discounted else ''}")


def _adjustments(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Change]:
    for kind, name in ((DISCOUNT, "discount"), (TAX, "tax"), (FEE, "fee")):
        there = Counter((one.value.normalize(), one.percent) for one in standing.adjustments if one.kind == kind)
        meant: Counter[tuple[Decimal, bool]] = Counter()
        for content in ours:
            amount = adjustment(content, kind)
            meant |= Counter({(amount.normalize(), False): 1} if amount else {})
        if there - meant or (not partly and meant - there):
            wrote = ", ".join(f"{value:f}" for value, _ in meant) or "none"
            stands = ", ".join(f"{value:f}{' %' if percent else ''}" for value, percent in there.elements())
            yield Change(name, f"Tieout wrote {wrote}", stands or "none")


def adjustment(content: MirrorContent, kind: str) -> Decimal:
    """What the mirror bears of one kind of adjustment; it never bears a fee."""
    return {DISCOUNT: content.discount, TAX: content.tax}.get(kind, Decimal(0))


def line_key(line: MirrorLine) -> _Line:
    """What makes two lines the same: their text and figures."""
    return (_text(line.name), line.quantity.normalize(), line.unit_price.normalize(), _text(line.description))


def standing_key(line: StandingLine) -> _Line:
    """The same of a line that stands in HubSpot."""
    return (_text(line.name), line.quantity.normalize(), line.unit_price.normalize(), _text(line.description))


def _text(text: str | None) -> str:
    """HubSpot may keep other line breaks and blanks at the ends."""
    return "\n".join(line.rstrip() for line in (text or "").strip().splitlines())


def _told(lines: Counter[_Line]) -> str:
    shown = sorted(lines.elements())
    return ", ".join(f"{quantity:f} x {price:f} {name}" for name, quantity, price, _ in shown) or "none"
