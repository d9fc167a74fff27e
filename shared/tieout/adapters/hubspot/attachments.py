"""Private files in HubSpot, and the notes by which they hang on companies, contacts and deals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from html import escape
from typing import TypeVar

from tieout.adapters.hubspot.batches import chunks, read_associations, read_records
from tieout.adapters.hubspot.client import File, HubSpotClient
from tieout.adapters.hubspot.faults import NOT_FOUND, Refused
from tieout.adapters.hubspot.wire import Record, StoredFile
from tieout.domain.errors import NotInCrm, OutcomeUnknown, Transient
from tieout.ports.attachments import NoteText

NOTES = "notes"
# Association types from a note (HubSpot: notes guide).
_FROM_NOTE: Mapping[str, int] = {"contacts": 202, "companies": 190, "deals": 214}
_FOLDER = "/Tieout"
# A note that was sent just now is among the newest of its record.
_NEWEST = 500
_READ_AT_ONCE = 100

T = TypeVar("T")


def keep_file(client: HubSpotClient, name: str, content: bytes, file_id: str | None) -> str:
    """See `AttachmentCrm.keep_file`."""
    file = File(name, content, "application/pdf")
    if file_id is not None:
        try:
            options = {"options": json.dumps({"access": "PRIVATE"})}
            path = client.versions.files_path(file_id)
            return _sent(lambda: client.upload(path, file, options, StoredFile, method="PUT").id)
        except Refused as refusal:
            if not _is_gone(refusal):
                raise
    options = {
        "fileName": name,
        "folderPath": _FOLDER,
        "options": json.dumps({"access": "PRIVATE", "overwrite": True}),
    }
    return _sent(lambda: client.upload(client.versions.files_path(), file, options, StoredFile).id)


def delete_file(client: HubSpotClient, file_id: str) -> None:
    """See `AttachmentCrm.delete_file`."""
    _gone(client, client.versions.files_path(file_id))


def find_note(client: HubSpotClient, object_type: str, object_id: str, mark: str) -> str | None:
    """See `AttachmentCrm.find_note`."""
    found = read_associations(client, object_type, NOTES, [object_id])
    ids = sorted((one.id for one in found.get(object_id, ())), key=int, reverse=True)[:_NEWEST]
    for chunk in chunks(ids, _READ_AT_ONCE):
        records = read_records(client, NOTES, chunk, ["hs_note_body"])
        ours = [id_ for id_ in chunk if id_ in records and mark in (records[id_].properties.get("hs_note_body") or "")]
        if ours:
            return ours[0]
    return None


def has_note(client: HubSpotClient, note_id: str) -> bool:
    """See `AttachmentCrm.has_note`."""
    return note_id in read_records(client, NOTES, [note_id], ())


def create_note(client: HubSpotClient, object_type: str, object_ids: Sequence[str], note: NoteText) -> str:
    """See `AttachmentCrm.create_note`."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _FROM_NOTE[object_type]}]
    body = {"properties": _note(note), "associations": [{"to": {"id": id_}, "types": types} for id_ in object_ids]}
    return client.write(client.versions.objects_path(NOTES), body, Record).id


def update_note(client: HubSpotClient, note_id: str, note: NoteText) -> None:
    """See `AttachmentCrm.update_note`."""
    path = client.versions.objects_path(f"{NOTES}/{note_id}")
    try:
        _sent(lambda: client.write(path, {"properties": _note(note)}, Record, method="PATCH"))
    except Refused as refusal:
        if _is_gone(refusal):
            raise NotInCrm(refusal.detail, refusal.context) from refusal
        raise


def delete_note(client: HubSpotClient, note_id: str) -> None:
    """See `AttachmentCrm.delete_note`."""
    _gone(client, client.versions.objects_path(f"{NOTES}/{note_id}"))


def _note(note: NoteText) -> dict[str, str]:
    """HubSpot's notes are HTML."""
    return {
        "hs_timestamp": note.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hs_note_body": f"<p>{escape(note.text)}</p><p>{escape(note.mark)}</p>",
        "hs_attachment_ids": note.file_id,
    }


def _gone(client: HubSpotClient, path: str) -> None:
    try:
        _sent(lambda: client.delete(path))
    except Refused as refusal:
        if not _is_gone(refusal):
            raise


def _is_gone(refusal: Refused) -> bool:
    return refusal.status == 404 or NOT_FOUND in refusal.codes


def _sent(write: Callable[[], T]) -> T:
    """What does no harm when it is done again."""
    try:
        return write()
    except OutcomeUnknown as lost:
        raise Transient(lost.detail, lost.context) from lost
