"""The line in a document's private note by which Tieout finds its own documents again."""

from __future__ import annotations

import re

from tieout.domain.record import RecordKey

_MARKER = "tieout:"


def marker(key: RecordKey, revision: int) -> str:
    """The last line of a document's private note, by which Tieout finds its own documents again."""
    return f"{marker_stem(key)}{revision}"


def marker_stem(key: RecordKey) -> str:
    """The part of the marker that all revisions of a document share."""
    return f"{_MARKER}{key.connection}/{key.kind}/{key.origin_id}/"


def marker_revision(private_note: str, key: RecordKey) -> int | None:
    """The revision in the marker of `private_note`, None when it bears no marker of this record."""
    stem = marker_stem(key)
    for line in reversed(private_note.splitlines()):
        text = line.strip()
        revision = text[len(stem) :]
        if text.startswith(stem) and revision.isascii() and revision.isdecimal():
            return int(revision)
    return None


def marked_origin(private_note: str, connection: str) -> tuple[str, str] | None:
    """The kind and the origin id in the last marker of the note, None when it bears none of this connection."""
    found = re.findall(re.escape(f"{_MARKER}{connection}/") + r"([a-z]+)/([^/\s]+)/[0-9]+", private_note)
    return found[-1] if found else None


def is_marked(private_note: str) -> bool:
    """Whether the note bears the marker of any record."""
    return _MARKER in private_note


def bears_marker(private_note: str, key: RecordKey, revision: int) -> bool:
    """Whether the note bears this very marker, wherever: a void puts its own word before what stood there."""
    return re.search(re.escape(marker(key, revision)) + r"(?![0-9])", private_note) is not None


# Intuit: PrivateNote takes at most so many characters.
_MOST_NOTE = 4000


def with_marker(private_note: str, key: RecordKey, revision: int) -> str:
    """`private_note` with this record's marker as its last line. A person's own lines stay, as far as there is room for
    them beside it."""
    stem = marker_stem(key)
    kept = [line for line in private_note.splitlines() if not line.strip().startswith(stem)]
    last = marker(key, revision)
    room, text = _MOST_NOTE - len(last) - 1, "\n".join(kept)
    text = text if len(text) <= room else f"{text[: room - 1]}…"
    return f"{text}\n{last}" if kept else last
