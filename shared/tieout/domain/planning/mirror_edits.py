"""Whether a mirrored invoice stands in HubSpot as Tieout wrote it, and what a person changed of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.domain.invoice import InvoiceStatus
from tieout.domain.mirrored_invoice import Mirror, MirrorContent, MirrorLine, StandingLine, StandingMirror
from tieout.domain.planning.plan import Change

DISCOUNT, FEE, TAX = "discounts", "fees", "taxes"
NUMBER, INVOICE_DATE, DUE_DATE, TOTAL, COMMENTS = "number", "invoice date", "due date", "total", "comments"
STATUS, LINES = "status", "lines"
_ADJUSTMENTS = ((DISCOUNT, "discount"), (TAX, "tax"), (FEE, "fee"))
_Line = tuple[str, Decimal, Decimal, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """A field of which something stands in HubSpot that Tieout did not write: `change` from what it wrote to what
    stands. `parts` are what stands there strangely, each for itself, and what is missing."""

    change: Change
    parts: tuple[str, ...]

    @property
    def field(self) -> str:
        """Its name."""
        return self.change.field


def says(standing: StandingMirror, content: MirrorContent) -> bool:
    """Whether all of `content` stands there, and nothing else in the fields that Tieout owns."""
    return not unlike(standing, content)


def unlike(standing: StandingMirror, content: MirrorContent) -> frozenset[str]:
    """The fields in which what stands there is not `content`, under the names that `edits` gives them."""
    return frozenset(one.field for one in _differences(standing, (content,), partly=False))


def value_of(content: MirrorContent, field: str) -> str:
    """What `content` says in a field of this name, as a text for people."""
    match field:
        case "lines":
            return _told(Counter(line_key(line) for line in content.lines))
        case "number" | "invoice date" | "due date" | "total":
            return str(getattr(content, field.replace(" ", "_")) or "")
        case "comments":
            return plain(content.memo)
        case "status":
            return content.status.value
    kinds = {name: kind for kind, name in _ADJUSTMENTS}
    return f"{adjustment(content, kinds[field]):f}"


def edits(standing: StandingMirror, mirror: Mirror) -> Iterator[Edit]:
    """What a person changed: `before` says what Tieout wrote, `after` what stands there.

    While a write is under way, parts of what stood before and of all that was meant since are ours.
    """
    if mirror.complete:
        yield from _differences(standing, (mirror.sent,), partly=False)
        return
    ours = tuple(one for one in (mirror.before, *mirror.attempts) if one is not None)
    yield from _differences(standing, ours, partly=True)


def _differences(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Edit]:
    newest = ours[-1]
    for name, stands, meant in (
        (NUMBER, standing.number or "", [one.number or "" for one in ours]),
        (INVOICE_DATE, standing.invoice_date, [one.invoice_date for one in ours]),
        (DUE_DATE, standing.due_date, [one.due_date for one in ours]),
        (TOTAL, standing.total, [one.total for one in ours]),
        (COMMENTS, plain(standing.memo), [plain(one.memo) for one in ours]),
    ):
        if stands not in meant:
            there = str(stands or "")
            yield Edit(Change(name, f"Tieout wrote {meant[-1] or '(empty)'}", there), (there,))
    begun = partly and standing.status is InvoiceStatus.DRAFT
    if not begun and standing.status not in [one.status for one in ours]:
        there = standing.status.value
        yield Edit(Change(STATUS, f"Tieout wrote {newest.status}", there), (there,))
    yield from _lines(standing, ours, partly=partly)
    yield from _adjustments(standing, ours, partly=partly)


def _lines(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Edit]:
    there = Counter(standing_key(line) for line in standing.lines)
    discounted = any(line.discounted for line in standing.lines)
    meant: Counter[_Line] = Counter()
    for one in ours:
        meant |= Counter(line_key(line) for line in one.lines)
    strange = there - meant
    missing = Counter[_Line]() if partly else meant - there
    if strange or missing or discounted:
        told = f"Tieout wrote {_told(meant)}"
        stands = f"{_told(there)}{' with a discount' if discounted else ''}"
        parts = [*(repr(one) for one in strange.elements()), *(f"no {one!r}" for one in missing.elements())]
        parts += [f"{line.id} discounted" for line in standing.lines if line.discounted]
        yield Edit(Change(LINES, told, stands), tuple(parts))


def _adjustments(standing: StandingMirror, ours: Sequence[MirrorContent], *, partly: bool) -> Iterator[Edit]:
    for kind, name in _ADJUSTMENTS:
        there = Counter((one.value.normalize(), one.percent) for one in standing.adjustments if one.kind == kind)
        meant: Counter[tuple[Decimal, bool]] = Counter()
        for content in ours:
            amount = adjustment(content, kind)
            meant |= Counter({(amount.normalize(), False): 1} if amount else {})
        strange, missing = there - meant, meant - there
        if strange or (not partly and missing):
            wrote = ", ".join(f"{value:f}" for value, _ in meant) or "none"
            stands = ", ".join(f"{value:f}{' %' if percent else ''}" for value, percent in there.elements())
            parts = [repr(one) for one in strange.elements()]
            parts += [] if partly else [f"no {one!r}" for one in missing.elements()]
            yield Edit(Change(name, f"Tieout wrote {wrote}", stands or "none"), tuple(parts))


def adjustment(content: MirrorContent, kind: str) -> Decimal:
    """What the mirror bears of one kind of adjustment; it never bears a fee."""
    return {DISCOUNT: content.discount, TAX: content.tax}.get(kind, Decimal(0))


def line_key(line: MirrorLine) -> _Line:
    """What makes two lines the same: their text and figures."""
    return (plain(line.name), line.quantity.normalize(), line.unit_price.normalize(), plain(line.description))


def standing_key(line: StandingLine) -> _Line:
    """The same of a line that stands in HubSpot."""
    return (plain(line.name), line.quantity.normalize(), line.unit_price.normalize(), plain(line.description))


def plain(text: str | None) -> str:
    """A text as it is compared: HubSpot may keep other line breaks and blanks at the ends."""
    return "\n".join(line.rstrip() for line in (text or "").strip().splitlines())


def _told(lines: Counter[_Line]) -> str:
    shown = sorted(lines.elements())
    return ", ".join(f"{quantity:f} x {price:f} {name}" for name, quantity, price, _ in shown) or "none"
