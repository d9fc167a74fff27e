"""What a record remembers of the files that hang beside its document in HubSpot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AttachedPdf:
    """The PDF of an invoice in HubSpot: the file, the note that bears it and whose record the note belongs to, as
    "company:123". `version` is the fingerprint of what the PDF was made of, `at` (aware) when. `removed`: a person
    deleted the note, and none follows."""

    version: str
    target: str
    file_id: str
    note_id: str
    at: datetime
    removed: bool = False
