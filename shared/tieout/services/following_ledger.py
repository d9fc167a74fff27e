"""The sweep's steps in QuickBooks: one call of change data capture, and what is done where that is not enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tieout.domain.claim import posted_hint_id
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.payment import Document
from tieout.domain.record import Kind, State, SyncRecord
from tieout.ports.payments import ChangedDocument
from tieout.services.following import OVERLAP, Following
from tieout.services.news import HOLDER_KINDS
from tieout.services.waking import Found

ENTITIES = tuple(HOLDER_KINDS)
_CURSOR, _KNOWN, _KNOWN_AGAIN = "quickbooks", "quickbooks.known", "quickbooks.known.again"
_BEGINNING = "0 "
# Change data capture looks 30 days back (Intuit: change data capture); a day is left for clocks and zones.
_LOOK_BACK = timedelta(days=29)
_RECORDS_A_TIME = 100
_DOCUMENTS_A_TIME = 500
# Records whose documents ought to stand in QuickBooks.
_STANDING = (State.SYNCED, State.SYNCED_WITH_VARIANCE, State.ATTENTION)


@dataclass(frozen=True, slots=True)
class FollowingLedger:
    """The steps for one connection."""

    following: Following

    def changes(self) -> Iterator[Found]:
        """Documents that changed or were deleted, of all entities by one metered call.

        Where that was cut off, or the cursor is older than it looks back, entity by entity; and where that is not
        enough either, by queries, which do not tell of deletions: then the known documents are looked through.
        """
        of = self.following
        since = of.position(_CURSOR) - OVERLAP
        recent = self._reachable(since)
        answer = of.workspace.ledger.changes(ENTITIES, recent)
        if answer.complete and recent == since:
            yield from self._queued(answer.documents, _CURSOR, answer.until)
            return
        for entity in ENTITIES:
            yield from self._one_by_one(entity, since)
        yield Found((), partial(of.cursors.save, of.connection, _CURSOR, answer.until))

    def _one_by_one(self, entity: str, since: datetime) -> Iterator[Found]:
        of, name = self.following, f"{_CURSOR}.{entity}"
        # A run that ended in between has come further with some entities than with others.
        own = of.cursors.load(of.connection, name)
        since = max(since, own - OVERLAP) if own else since
        recent = self._reachable(since)
        answer = of.workspace.ledger.changes([entity], recent)
        documents: Sequence[ChangedDocument] = answer.documents
        if not answer.complete or recent != since:
            deleted = [one for one in documents if one.deleted]
            documents = [*deleted, *of.workspace.ledger.changed_since(entity, since)]
            mark = of.cursors.mark(of.connection, _KNOWN)
            if mark is None:
                yield Found((), partial(of.cursors.set_mark, of.connection, _KNOWN, _BEGINNING))
            elif mark != _BEGINNING:
                # What was looked through already may have been deleted since.
                yield Found((), partial(of.cursors.set_mark, of.connection, _KNOWN_AGAIN, _BEGINNING))
        yield from self._queued(documents, name, answer.until)

    def known(self) -> Iterator[Found]:
        """Documents that ought to stand in QuickBooks and do not: after changes that were too many for change data
        capture, over as many runs as it takes."""
        of = self.following
        mark = of.cursors.mark(of.connection, _KNOWN)
        if mark is None:
            return
        number, _, after = mark.partition(" ")
        for index in range(int(number), len(_STANDING)):
            while True:
                page = of.records.in_state(of.connection, _STANDING[index], _RECORDS_A_TIME, after or None)
                after = page.next or ""
                upcoming = f"{index} {after}" if after else f"{index + 1} "
                hints = self._missing(page.records)
                yield Found(hints, partial(of.cursors.set_mark, of.connection, _KNOWN, upcoming))
                if not after:
                    break
        again = of.cursors.mark(of.connection, _KNOWN_AGAIN)
        yield Found((), partial(of.cursors.set_mark, of.connection, _KNOWN, again))
        if again is not None:
            yield Found((), partial(of.cursors.set_mark, of.connection, _KNOWN_AGAIN, None))

    def _missing(self, records: Sequence[SyncRecord]) -> list[Hint]:
        """A hint for each document of these records that QuickBooks does not show, in one read a kind."""
        of = self.following
        kinds: dict[Document | None, dict[str, tuple[HintObject, str]]] = defaultdict(dict)
        for record in records:
            for document, far_id, about, id_ in _documents(record):
                kinds[document][far_id] = about, id_
        now = of.clock.now()
        return [
            Hint(of.connection, about, id_, now, Cause.SWEEP, of.trace_id)
            for document, expected in kinds.items()
            for far_id, (about, id_) in self._absent(document, expected)
        ]

    def _absent(
        self, document: Document | None, expected: Mapping[str, tuple[HintObject, str]]
    ) -> list[tuple[str, tuple[HintObject, str]]]:
        ledger = self.following.workspace.ledger
        standing: Collection[str]
        match document:
            case None:
                standing = ledger.invoices(expected.keys())
            case Document.PAYMENT:
                standing = ledger.payments(expected.keys())
            case _:
                standing = ledger.documents(document, expected.keys())
        return [(far_id, about) for far_id, about in expected.items() if far_id not in standing]

    def _queued(self, documents: Sequence[ChangedDocument], name: str, until: datetime) -> Iterator[Found]:
        of = self.following
        for start in range(0, len(documents), _DOCUMENTS_A_TIME):
            yield Found(of.news.of_ledger(documents[start : start + _DOCUMENTS_A_TIME]))
        yield Found((), partial(of.cursors.save, of.connection, name, until))

    def _reachable(self, since: datetime) -> datetime:
        return max(since, self.following.clock.now() - _LOOK_BACK)


def _documents(record: SyncRecord) -> Iterator[tuple[Document | None, str, HintObject, str]]:
    """The ledger documents of a record: kind (None: an invoice), id, and what a hint about it is about."""
    key = record.key
    match (key.kind, key.origin_system):
        case (Kind.INVOICE, "hubspot") if record.link is not None:
            yield None, record.link.far_id, HintObject.QUICKBOOKS_INVOICE, record.link.far_id
        case (Kind.INVOICE, "quickbooks") if record.link is not None:
            yield None, key.origin_id, HintObject.QUICKBOOKS_OWN_INVOICE, key.origin_id
        case (Kind.PAYMENT, "hubspot"):
            for one in record.postings:
                if not one.voided:
                    document = one.sent.document
                    kind = Document.PAYMENT if document is Document.APPLICATION else document
                    yield kind, one.far_id, HintObject.POSTED_DOCUMENT, posted_hint_id(one)
        case (Kind.PAYMENT, "quickbooks"):
            yield Document.PAYMENT, key.origin_id, HintObject.QUICKBOOKS_PAYMENT, key.origin_id
        case (Kind.REFUND, "quickbooks"):
            yield Document.REFUND_RECEIPT, key.origin_id, HintObject.QUICKBOOKS_REFUND_RECEIPT, key.origin_id
