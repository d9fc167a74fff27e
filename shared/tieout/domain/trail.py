"""What a write changed, in words for the trail: what stood there before it, and what was to stand there after it."""

from __future__ import annotations

from collections.abc import Sequence

from tieout.domain.field_pairs import SyncedField, called
from tieout.domain.planning.difference import changes
from tieout.domain.planning.plan import Change
from tieout.domain.posting import PostingContent
from tieout.domain.record import Intent, Operation, SyncRecord

MOST_CHANGES, LONGEST_VALUE = 100, 500
"""So much of a write is kept in the trail."""

_DOCUMENT = "document"


def told(record: SyncRecord, intent: Intent) -> tuple[Change, ...]:
    """What `intent` does to what `record` knew before it: of an update to an invoice the fields that it changes, else
    the document with its amount, empty where there is none."""
    if intent.posting is not None:
        found = _of_posting(record, intent, intent.posting)
    elif intent.mirror is not None:
        sent = record.link.mirror.sent if record.link and record.link.mirror else None
        before = f"{sent.status} invoice over {sent.total}" if sent else ""
        found = (Change(_DOCUMENT, before, f"{intent.mirror.status} invoice over {intent.mirror.total}"),)
    elif intent.content is None and intent.fields is not None:
        found = _of_fields(record, intent.fields)
    else:
        found = _of_invoice(record, intent)
    return tuple(Change(one.field, cut(one.before), cut(one.after)) for one in found[:MOST_CHANGES])


def cut(text: str) -> str:
    """As much of a value as the trail keeps."""
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _of_posting(record: SyncRecord, intent: Intent, content: PostingContent) -> tuple[Change, ...]:
    stood = next((one.sent for one in record.postings if one.far_id == intent.far_id), None)
    return (Change(_DOCUMENT, _said(stood) if stood else "", _taken_back(intent) or _said(content)),)


def _of_fields(record: SyncRecord, fields: Sequence[SyncedField]) -> tuple[Change, ...]:
    before = {(one.property, one.field): one.quickbooks for one in record.fields}
    pairs = ((one, before.get((one.property, one.field), "")) for one in fields)
    return tuple(Change(called(one.field), old, one.quickbooks) for one, old in pairs if old != one.quickbooks)


def _of_invoice(record: SyncRecord, intent: Intent) -> tuple[Change, ...]:
    link = record.link
    stood = f"invoice over {link.total}" if link and link.total else ""
    if intent.content is None:
        return (Change(_DOCUMENT, stood, _taken_back(intent) or ""),)
    written = (link.written or link.sent) if link else None
    if written is not None and intent.operation is Operation.UPDATE:
        return changes(written, intent.content)
    return (Change(_DOCUMENT, "", f"invoice over {intent.content.total}"),)


def _said(content: PostingContent) -> str:
    return f"{content.document.value.replace('_', ' ')} over {content.amount} of {content.day}"


def _taken_back(intent: Intent) -> str | None:
    return {Operation.VOID: "taken back", Operation.DELETE: "deleted"}.get(intent.operation)
