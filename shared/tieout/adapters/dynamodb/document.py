"""A sync record and an audit line as items of the table, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.errors import RecordTooLarge
from tieout.domain.planning.plan import Change
from tieout.domain.record import SyncRecord
from tieout.domain.register import entries_of, health_of, is_listed, place_of
from tieout.ports import AuditEntry, UnreadableRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# DynamoDB's item limit is 400 KB, and an item has attributes beside the document.
_LARGEST_DOCUMENT = 350_000
# How a document begins that was compressed by lzma.
_XZ = b"\xfd7zXZ\x00"
AUDIT_KEPT = timedelta(days=400)


@cache
def _records() -> TypeAdapter[SyncRecord]:
    # Made when first needed: who only lists records by an index, as the sweep does, reads no document.
    return TypeAdapter(SyncRecord)


def record_item(record: SyncRecord, write_id: str) -> dict[str, AttributeValueTypeDef]:
    """The item of a record: one compressed document, and attributes for conditions, indexes and a person's eye.

    `write_id` names this write, so that a writer whose answer was lost recognises its own item. Raises RecordTooLarge.
    """
    document = _compress(_records().dump_json(record))
    if len(document) > _LARGEST_DOCUMENT:
        raise RecordTooLarge(f"{record.key}: {len(document)} bytes compressed, at most {_LARGEST_DOCUMENT} fit")
    updated_at = keys.sortable(record.updated_at or _EPOCH)
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": keys.record_partition(record.key)},
        "sk": {"S": keys.RECORD_SORT},
        "document": {"B": document},
        "write_id": {"S": write_id},
        "version": {"N": str(record.version)},
        "rehints": {"N": str(record.rehints)},
        "state": {"S": record.state.value},
        "label": {"S": record.label},
        "updated_at": {"S": updated_at},
        "gsi1pk": {"S": keys.state_partition(record.key.connection, record.state)},
        "gsi1sk": {"S": updated_at},
    }
    if is_listed(record):
        flow = (record.key.kind, record.key.origin_system)
        item["gsi3pk"] = {"S": keys.health_partition(record.key.connection, flow, health_of(record.state))}
        item["gsi3sk"] = {"S": place_of(record)}
        item["entries"] = {"SS": sorted(entries_of(record))}
    if record.lease_owner is not None:
        item["lease_owner"] = {"S": record.lease_owner}
    if record.lease_until is not None:
        item["lease_until"] = {"S": keys.sortable(record.lease_until)}
    wake_at = record.wake_at()
    if wake_at is not None:
        item["wake_at"] = {"S": keys.sortable(wake_at)}
        item["gsi2pk"] = {"S": keys.due_partition(record.key.connection)}
        item["gsi2sk"] = {"S": keys.sortable(wake_at)}
    return item


def record_of(item: Mapping[str, AttributeValueTypeDef]) -> SyncRecord:
    """The record in an item. Hints are counted on the item without touching the document, so its count is the truth.

    Raises UnreadableRecord.
    """
    try:
        record = _records().validate_json(_decompress(item["document"]["B"]))
    except (ValidationError, zlib.error):
        # The error's own text would carry a customer's data into the logs.
        raise UnreadableRecord(keys.record_key_of(item["pk"]["S"])) from None
    return replace(record, rehints=int(item["rehints"]["N"]))


def entries_in(item: Mapping[str, AttributeValueTypeDef] | None) -> frozenset[str]:
    """The register's entries that stand for the record in an item."""
    return frozenset(item["entries"]["SS"]) if item is not None and "entries" in item else frozenset()


def _compress(text: bytes) -> bytes:
    document = zlib.compress(text)
    if len(document) <= _LARGEST_DOCUMENT:
        return document
    # A record holds its lines several times (what is meant, the request's body, what was written), farther apart than
    # zlib looks back. Imported here because nearly no cold start needs it.
    import lzma  # noqa: PLC0415

    return lzma.compress(text, preset=1)


def _decompress(document: bytes) -> bytes:
    if not document.startswith(_XZ):
        return zlib.decompress(document)
    import lzma  # noqa: PLC0415

    return lzma.decompress(document)


def audit_item(record: SyncRecord, entry: AuditEntry) -> dict[str, AttributeValueTypeDef]:
    """The item of an audit line, beside the record whose `version` it explains."""
    key = record.key
    return audit_attributes(keys.record_partition(key), key.connection, entry, f"{record.version:012d}")


def audit_attributes(pk: str, connection: str, entry: AuditEntry, tail: str) -> dict[str, AttributeValueTypeDef]:
    """The item of an audit line in the partition `pk`. `tail` sets lines of the same moment apart."""
    at = keys.sortable(entry.at)
    return {
        **keys.item_key(pk, f"{keys.AUDIT_PREFIX}{at}#{tail}"),
        "gsi1pk": {"S": keys.audit_month_partition(connection, at[: len("2026-03")])},
        "gsi1sk": {"S": f"{at}#{tail}"},
        "at": {"S": at},
        "actor": {"S": entry.actor},
        "action": {"S": entry.action},
        "trace_id": {"S": entry.trace_id},
        "facts": {"M": {name: {"S": text} for name, text in entry.facts.items()}},
        **({"changes": {"L": [_change(one) for one in entry.changes]}} if entry.changes else {}),
        "expires_at": {"N": str(int((entry.at + AUDIT_KEPT).timestamp()))},
    }


def _change(change: Change) -> AttributeValueTypeDef:
    return {"L": [{"S": change.field}, {"S": change.before}, {"S": change.after}]}


def audit_entry_of(item: Mapping[str, AttributeValueTypeDef]) -> AuditEntry:
    """The audit line in an item."""
    return AuditEntry(
        at=datetime.fromisoformat(item["at"]["S"]),
        actor=item["actor"]["S"],
        action=item["action"]["S"],
        trace_id=item["trace_id"]["S"],
        facts={name: value["S"] for name, value in item["facts"]["M"].items()},
        changes=tuple(Change(*(text["S"] for text in one["L"])) for one in item.get("changes", {"L": []})["L"]),
    )
