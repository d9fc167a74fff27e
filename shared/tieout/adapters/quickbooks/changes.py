"""What changed in QuickBooks: change data capture (CDC), and queries where it gives too much."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial

from tieout.adapters.quickbooks import query
from tieout.adapters.quickbooks.reference import CompanyReader
from tieout.adapters.quickbooks.transactions import updated_at
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.ports.payments import ChangedDocument, LedgerChanges

_MOST_CHANGES = 1000
"""All that one answer of CDC holds (Intuit: change data capture)."""

_DELETED = "deleted"
_LAST_CHANGE = "MetaData.LastUpdatedTime"


class ChangeFeed(CompanyReader):
    """Fulfils `ports.payments.LedgerChangeFeed`."""

    def changes(self, entities: Collection[str], since: datetime) -> LedgerChanges:
        """One call for all `entities`; they are told apart by name, because their order is not that of the question."""
        names = ",".join(sorted(entities))
        answer = self._client.get("cdc", entities=names, changedSince=_instant(since))
        return answer.whole(partial(read_changes, entities=entities))

    def changed_since(self, entity: str, since: datetime) -> Sequence[ChangedDocument]:
        """By pages in the order of change. A page begins at the time of the last one's end instead of its position:
        what changes meanwhile moves to the end, and positions counted from the beginning would pass others over."""
        found: dict[str, ChangedDocument] = {}
        begin, start = _instant(since), 1
        while True:
            rows = self._client.page(
                entity,
                query.at_least(_LAST_CHANGE, begin),
                order=_LAST_CHANGE,
                start=start,
                convert=partial(_changed, entity),
            )
            found.update({one.id: one for one in rows})
            if len(rows) < query.PAGE:
                return list(found.values())
            last = _instant(rows[-1].updated_at)
            # More changes in one second than a page holds: only there positions have to count.
            begin, start = (last, 1) if last != begin else (begin, start + query.PAGE)


def read_changes(answer: Node, entities: Collection[str]) -> LedgerChanges:
    """CDC's answer. Raises Unreadable for one that lacks its time or a part: a failed read is no absence of changes."""
    until = answer.instant("time")
    responses = answer.nodes("CDCResponse")
    parts = [part for response in responses for part in response.nodes("QueryResponse")]
    told = responses and all("QueryResponse" in one.fields for one in responses)
    if until is None or not told or any("Fault" in one.fields for one in (*responses, *parts)):
        raise Unreadable("the answer of change data capture is incomplete")
    found = [
        _changed(entity, one, until) for part in parts for entity in sorted(entities) for one in part.nodes(entity)
    ]
    return LedgerChanges(tuple(found), until, complete=len(found) < _MOST_CHANGES)


def _changed(entity: str, node: Node, otherwise: datetime | None = None) -> ChangedDocument:
    when = updated_at(node) or otherwise
    if when is None:
        raise Unreadable(f"{node.where}.{_LAST_CHANGE} is missing")
    deleted = (node.optional_text("status") or "").lower() == _DELETED
    return ChangedDocument(entity, node.text("Id"), when, deleted)


def _instant(time: datetime) -> str:
    """To the second, rounded down, as QuickBooks writes times."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
