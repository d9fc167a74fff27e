"""What must hold after every step where fields of both systems follow each other on QuickBooks' own invoices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import httpx

from tests.simulation import books
from tests.simulation.books import Entity
from tests.simulation.mirror_watch import MirrorWatch
from tests.simulation.watch import Broken
from tieout.domain.conflict import Side
from tieout.domain.field_pairs import Direction, FieldPair, Winner, called
from tieout.domain.record import SyncRecord

# An invoice of QuickBooks' and a pair.
_Place = tuple[str, FieldPair]


def text_of(row: Entity, field: str) -> str:
    """What QuickBooks has in a field of a pair."""
    value = row.get(field, "")
    return str(value.get("value", "")) if isinstance(value, dict) else str(value)


class PairWatch(MirrorWatch):
    """`pairs` go by the settings. `said` is all that ever stood on a side, `news` what a person entered there and is
    another text than Tieout remembers; `decided_for` are the sides that people ever took of an invoice. HubSpot has no
    versions: what a person enters there while a worker is at the invoice may be written over, and is no news."""

    pairs: Sequence[FieldPair] = ()

    def watch_pairs(self, pairs: Sequence[FieldPair]) -> None:
        """From now on."""
        self.pairs = pairs
        self.said: dict[tuple[Side, *_Place], set[str]] = defaultdict(lambda: {""})
        self.news: dict[tuple[Side, *_Place], str] = {}
        self.decided_for: dict[str, set[Side]] = defaultdict(set)

    def stands(self, side: Side, row_id: str, pair: FieldPair) -> str | None:
        """What stands on a side now; None where there is no invoice."""
        if side is Side.QUICKBOOKS:
            row = self.quickbooks.company.rows["Invoice"].get(row_id)
            return None if row is None else text_of(row, pair.quickbooks)
        mirrors = self.of(row_id)
        return (books.invoices(self.hubspot)[mirrors[0]].get(pair.hubspot) or "") if mirrors else None

    def entered(self, side: Side, row_id: str, pair: FieldPair) -> None:
        """A person changed a side."""
        text, record = self.stands(side, row_id, pair), self.invoice_record(row_id)
        unseen = record is None or record.leased(self._now())
        if text is None or text == _remembered(record, side, pair) or (side is Side.HUBSPOT and unseen):
            self.news.pop((side, row_id, pair), None)
        else:
            self.news[side, row_id, pair] = text
        self.agree()

    def agree(self) -> None:
        """Note what stands where, and what is no news any more."""
        super().agree()
        for row_id in self.born:
            for pair in self.pairs:
                both = [self.stands(side, row_id, pair) for side in Side]
                for side, text in zip(Side, both, strict=True):
                    if text is not None:
                        self.said[side, row_id, pair].add(text)
                    if both[0] == both[1] or self.news.get((side, row_id, pair), text) != text:
                        self.news.pop((side, row_id, pair), None)

    def decided(self, record: SyncRecord, side: Side) -> None:
        """Pairs go by themselves; the rest of what the record shows goes as ever."""
        names = {called(pair.quickbooks): pair for pair in self.pairs}
        conflict = record.conflict
        if conflict is not None and any(one.field in names for one in conflict.differences):
            self.decided_for[record.key.origin_id].add(side)
            for pair in (names[one.field] for one in conflict.differences if one.field in names):
                # What was decided about is what both sides have, until one of them changes.
                for each in Side:
                    self.news.pop((each, record.key.origin_id, pair), None)
            rest = tuple(one for one in conflict.differences if one.field not in names)
            record = replace(record, conflict=replace(conflict, differences=rest))
        super().decided(record, side)

    @contextmanager
    def carrying_out(self, request: httpx.Request) -> Iterator[None]:
        """What a write of ours does to HubSpot's side of the pairs."""
        places = [(row_id, pair) for row_id in sorted(self.born) for pair in self.pairs]
        before = {place: self.stands(Side.HUBSPOT, *place) for place in places}
        with super().carrying_out(request):
            yield
        for place, was in before.items():
            now = self.stands(Side.HUBSPOT, *place)
            if was is not None and now is not None and was != now:
                self._carried(Side.QUICKBOOKS, place, was, now)
        self.agree()

    def _invoice_changed(self, id_: str, before: Entity, after: Entity) -> None:
        """Fields of pairs go by the pair; with them, nothing else may change."""
        fields = {pair.quickbooks: pair for pair in self.pairs} if id_ in self.born else {}
        same = dict(before)
        for field, pair in fields.items():
            was, now = text_of(before, field), text_of(after, field)
            if was != now:
                self._carried(Side.HUBSPOT, (id_, pair), was, now)
            same = {name: value for name, value in same.items() if name != field}
            if field in after:
                same[field] = after[field]
        super()._invoice_changed(id_, same, after)

    def _carried(self, source: Side, place: _Place, was: str, now: str) -> None:
        """A value went from `source` to the other side."""
        row_id, pair = place
        goes = Direction.TO_QUICKBOOKS if source is Side.HUBSPOT else Direction.TO_HUBSPOT
        told = f"QuickBooks invoice {row_id}, {pair}: {was!r} became {now!r} from {source.label}'s side"
        if pair.direction not in (goes, Direction.BOTH):
            raise Broken(f"{told}, which the pair does not go")
        if now not in self.said[source, row_id, pair]:
            raise Broken(f"{told}, where it never stood")
        lost = self.news.get((_other(source), row_id, pair))
        wins = pair.winner is Winner(source.value) or source in self.decided_for[row_id]
        if lost is not None and lost == was and not wins:
            raise Broken(f"{told}, and {was!r} was a person's, which nobody let go")
        self.writes[f"pair {goes}"] += 1


def _remembered(record: SyncRecord | None, side: Side, pair: FieldPair) -> str:
    """What stood there when both sides were last the same, as far as Tieout knows."""
    fields = record.fields if record is not None else ()
    found = [one for one in fields if (one.property, one.field) == (pair.hubspot, pair.quickbooks)]
    return "" if not found else found[0].hubspot if side is Side.HUBSPOT else found[0].quickbooks


def _other(side: Side) -> Side:
    return Side.QUICKBOOKS if side is Side.HUBSPOT else Side.HUBSPOT
