"""What changed at a vendor and is not in our records yet: the rest is our own echo, or was seen already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tieout.domain.claim import ClaimVerdict, judge_claim
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.payment import Document
from tieout.domain.record import Kind, RecordKey, State, SyncRecord, own_hint_object
from tieout.ports import Records, UnreadableRecord
from tieout.ports.payments import ChangedDocument, ChangedRecord, Feed

_FEEDS: Mapping[Feed, tuple[Kind, HintObject]] = {
    Feed.INVOICES: (Kind.INVOICE, HintObject.HUBSPOT_INVOICE),
    Feed.PAYMENTS: (Kind.PAYMENT, HintObject.HUBSPOT_PAYMENT),
}
# QuickBooks' entities, and the kind under which a document of ours is held.
HOLDER_KINDS: Mapping[str, str] = {
    "Invoice": Kind.INVOICE.value,
    "Payment": Document.PAYMENT.holder_kind,
    "CreditMemo": Document.CREDIT_MEMO.holder_kind,
    "RefundReceipt": Document.REFUND_RECEIPT.holder_kind,
    "SalesReceipt": Document.SALES_RECEIPT.holder_kind,
    "Purchase": Document.EXPENSE.holder_kind,
}
# What people make in QuickBooks and a record of its own is about.
_OF_PEOPLE: Mapping[str, tuple[Kind, HintObject]] = {
    "Invoice": (Kind.INVOICE, HintObject.QUICKBOOKS_OWN_INVOICE),
    "Payment": (Kind.PAYMENT, HintObject.QUICKBOOKS_PAYMENT),
    "RefundReceipt": (Kind.REFUND, HintObject.QUICKBOOKS_REFUND_RECEIPT),
}
_WORTH_A_LOOK = frozenset({ClaimVerdict.TAKE, ClaimVerdict.BUSY})


@dataclass(frozen=True, slots=True)
class News:
    """Compares what a vendor says with the records of one connection, at `now`.

    `pulls_invoices`: invoices that are born in QuickBooks are taken over. A change of a record that cannot be read is
    always news: nobody can tell, and its hint is kept among the dead letters.
    """

    records: Records
    connection: str
    trace_id: str
    now: datetime
    pulls_invoices: bool = False

    def of_hubspot(self, feed: Feed, changes: Sequence[ChangedRecord], *, held_only: bool = False) -> list[Hint]:
        """A hint for each change that is not covered; with `held_only`, only where a record is held at all."""
        kind, about = _FEEDS[feed]
        keys = {change.id: RecordKey(self.connection, kind, "hubspot", change.id) for change in changes}
        found, unreadable = self._read(keys.values())
        origins = self._origins(feed, [id_ for id_, key in keys.items() if key not in found and key not in unreadable])
        mirrors, hidden = self._read(origins.values())
        hints = []
        for change in changes:
            key, origin = keys[change.id], origins.get(change.id)
            mirrored = feed is Feed.INVOICES and (origin in mirrors or origin in hidden)
            of = HintObject.MIRRORED_INVOICE if mirrored else about
            hint = self._hint(of, change.id, change.modified_at)
            if key in unreadable or origin in hidden:
                hints.append(hint)
                continue
            record, mirror = found.get(key), mirrors.get(origin) if origin is not None else None
            held = record is not None or mirror is not None
            if (held or not held_only) and not _echoed(mirror, change) and self._worth_a_look(record, hint):
                hints.append(hint)
        return hints

    def of_ledger(self, documents: Sequence[ChangedDocument]) -> list[Hint]:
        """A hint for each document of ours that is not as it was last seen, and for each payment and refund of other
        people whose record does not show it. Other documents that are not ours are nobody's business yet."""
        followed = [one for one in documents if one.entity in HOLDER_KINDS]
        places = [(HOLDER_KINDS[one.entity], one.id) for one in followed]
        origins = self.records.origins_of(self.connection, "quickbooks", places)
        keys = [origins.get(place) or self._own_key(one) for place, one in zip(places, followed, strict=True)]
        found, unreadable = self._read([key for key in keys if key is not None])
        hints = []
        for place, one, key in zip(places, followed, keys, strict=True):
            record = found.get(key) if key is not None else None
            hint: Hint | None
            if key is not None and key in unreadable:
                hint = self._about_ours(one, key) if place in origins else self._about_people(one)
            else:
                hint = self._of_ours(one, record) if place in origins else self._of_people(one, record)
            if hint is not None:
                hints.append(hint)
        return hints

    def _own_key(self, one: ChangedDocument) -> RecordKey | None:
        if one.entity not in _OF_PEOPLE:
            return None
        return RecordKey(self.connection, _OF_PEOPLE[one.entity][0], "quickbooks", one.id)

    def _of_ours(self, one: ChangedDocument, record: SyncRecord | None) -> Hint | None:
        return None if record is None or _seen(one, record) else self._about_ours(one, record.key)

    def _about_ours(self, one: ChangedDocument, key: RecordKey) -> Hint | None:
        if own_hint_object(key) is None:
            # Expenses are booked for fees, too, and no hint is about those.
            return None
        if one.entity == "Invoice":
            return self._hint(HintObject.QUICKBOOKS_INVOICE, one.id, one.updated_at)
        return self._hint(HintObject.POSTED_DOCUMENT, f"{HOLDER_KINDS[one.entity]}:{one.id}", one.updated_at)

    def _of_people(self, one: ChangedDocument, record: SyncRecord | None) -> Hint | None:
        if one.entity not in _OF_PEOPLE or (one.deleted and record is None):
            return None
        if one.entity == "Invoice" and record is None and not self.pulls_invoices:
            return None
        hint = self._about_people(one)
        return hint if self._worth_a_look(record, hint) else None

    def _about_people(self, one: ChangedDocument) -> Hint:
        return self._hint(_OF_PEOPLE[one.entity][1], one.id, one.updated_at)

    def _origins(self, feed: Feed, ids: Sequence[str]) -> dict[str, RecordKey]:
        """The QuickBooks documents that these HubSpot records stand for, by HubSpot id."""
        kind = Document.HUBSPOT_PAYMENT.holder_kind if feed is Feed.PAYMENTS else Kind.INVOICE.value
        origins = self.records.origins_of(self.connection, "hubspot", [(kind, id_) for id_ in ids])
        return {id_: key for (_, id_), key in origins.items()}

    def _read(self, keys: Collection[RecordKey]) -> tuple[Mapping[RecordKey, SyncRecord], Collection[RecordKey]]:
        """The records that exist among `keys`, and those that cannot be read: one of them must not hide the others."""
        try:
            return self.records.get_many(keys), frozenset()
        except UnreadableRecord:
            found, unreadable = {}, set()
            for key in keys:
                try:
                    record = self.records.get(key)
                except UnreadableRecord:
                    unreadable.add(key)
                else:
                    if record is not None:
                        found[key] = record
            return found, unreadable

    def _worth_a_look(self, record: SyncRecord | None, hint: Hint) -> bool:
        return judge_claim(record, hint, self.now) in _WORTH_A_LOOK

    def _hint(self, about: HintObject, id_: str, occurred_at: datetime) -> Hint:
        return Hint(self.connection, about, id_, occurred_at, Cause.SWEEP, self.trace_id)


def _echoed(mirror: SyncRecord | None, change: ChangedRecord) -> bool:
    """Whether a HubSpot record of ours still is as Tieout wrote or saw it last."""
    if mirror is None:
        return False
    if mirror.key.kind is Kind.INVOICE:
        seen = mirror.link.ledger_updated_at if mirror.link else None
        return seen is not None and change.modified_at <= seen
    versions = [one.updated_at for one in mirror.postings if one.far_id == change.id and one.updated_at is not None]
    return any(change.modified_at <= version for version in versions)


def _seen(one: ChangedDocument, record: SyncRecord) -> bool:
    """Whether the record knows this version of a document of ours, or that it is gone."""
    if one.entity == "Invoice":
        version = record.link.ledger_updated_at if record.link else None
        gone = record.state is State.DELETED_IN_LEDGER
    else:
        kind = HOLDER_KINDS[one.entity]
        mine = [each for each in record.postings if (each.sent.document.holder_kind, each.far_id) == (kind, one.id)]
        version = mine[-1].updated_at if mine else None
        gone = bool(mine) and mine[-1].voided
    return gone if one.deleted else version is not None and one.updated_at <= version
