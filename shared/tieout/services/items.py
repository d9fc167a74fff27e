"""Finding the ledger items of a batch of invoices in as few reads as possible, and remembering them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tieout.domain.invoice import SourceLine
from tieout.domain.planning.item import UseItem, origin_id, plan_item
from tieout.domain.planning.plan import Attend
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import Clock, RecordChanged, Records, Workspace
from tieout.services import memory

ItemAnswers = Mapping[str, UseItem | Attend]


@dataclass(frozen=True, slots=True)
class Items:
    """Resolves lines to item ids."""

    records: Records
    clock: Clock

    def resolve(
        self,
        workspace: Workspace,
        lines: Sequence[SourceLine],
        *,
        dry: bool,
        forget: Collection[str],
        refused: Collection[str] = (),
    ) -> ItemAnswers:
        """By line id: the ledger's item, or the attention. `forget` names lines whose remembered item gives way to one
        that matches (a person retried), unless a person chose it; `refused` those whose remembered item the ledger
        refused.

        Raises what the grouped reads raise.
        """
        connection = workspace.connection.id
        keys = {line.id: item_key(connection, line) for line in lines}
        remembered = self.records.get_many(set(keys.values()))
        answers: dict[str, UseItem | Attend] = {}
        unknown: list[SourceLine] = []
        for line in lines:
            record = remembered.get(keys[line.id])
            if record and record.link and line.id not in refused:
                answers[line.id] = UseItem(record.link.far_id, "remembered", record.link.stock)
            chosen = line.id in answers and record is not None and record.link is not None and record.link.by_hand
            if line.id not in answers or (line.id in forget and not chosen):
                unknown.append(line)
        if not unknown:
            return answers
        candidates = workspace.ledger.find_items(
            {line.name for line in unknown if line.name}, {line.sku for line in unknown if line.sku}
        )
        for line in unknown:
            plan, key = plan_item(line, candidates, workspace.settings), keys[line.id]
            matches = isinstance(plan, UseItem) and plan.how != "fallback"
            if matches or line.id not in answers:
                answers[line.id] = plan
            if dry:
                continue
            if isinstance(plan, UseItem) and matches:
                self._remember(key, remembered.get(key), plan)
            elif line.id in refused and key in remembered:
                memory.forget(self.records, [remembered[key]], self.clock.now())
        return answers

    def _remember(self, key: RecordKey, record: SyncRecord | None, item: UseItem) -> None:
        now = self.clock.now()
        base = record or SyncRecord(key=key, created_at=now)
        linked = replace(base, link=Link(item.id, exclusive=False, stock=item.stock), updated_at=now)
        try:
            self.records.put(linked.to(State.SYNCED))
        except RecordChanged:
            # Another worker remembered the same product; what it found is as good.
            return


def item_key(connection: str, line: SourceLine) -> RecordKey:
    """The record under which a line's item is remembered."""
    return RecordKey(connection, Kind.ITEM, "hubspot", origin_id(line))
