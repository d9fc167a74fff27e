"""What the services need of HubSpot's files and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note: `text` is plain, `mark` its last line, by which it is found again; `at` (aware) dates it."""

    text: str
    mark: str
    file_id: str
    at: datetime


class AttachmentCrm(Protocol):
    """Private files in HubSpot and notes that bear them. Errors as `Crm` says. Objects are `companies`, `contacts` or
    `deals`."""

    def keep_file(self, name: str, content: bytes, file_id: str | None) -> str:
        """Keep a private PDF in place of the file `file_id`; when there is none, or it is gone, under `name`, in place
        of one that bears it. Gives its id; doing it again does no harm, so a lost answer is Transient."""
        ...

    def delete_file(self, file_id: str) -> None:
        """Delete a file; one that is not there is no error."""
        ...

    def find_note(self, object_type: str, object_id: str, mark: str) -> str | None:
        """The newest note of a record that bears `mark`. Only the newest 500 are looked at: for one sent just now."""
        ...

    def has_note(self, note_id: str) -> bool:
        """Whether the note is still there."""
        ...

    def create_note(self, object_type: str, object_ids: Sequence[str], note: NoteText) -> str:
        """A note on these records; gives its id. Raises OutcomeUnknown when the answer was lost."""
        ...

    def update_note(self, note_id: str, note: NoteText) -> None:
        """Change it. Raises NotInCrm when it was deleted; a lost answer is Transient."""
        ...

    def delete_note(self, note_id: str) -> None:
        """Delete it; one that is not there is no error."""
        ...
