"""What the store refuses."""

from __future__ import annotations


class UnknownConnection(LookupError):
    """There is no connection with this id."""


class RecordTooLarge(ValueError):
    """A record that does not fit into one item of the table."""


class BadPageToken(ValueError):
    """A text that no listing gave as the beginning of its next page."""


class UnreadableItem(ValueError):
    """Stored tokens that this version cannot read. Its text names the item and never its content."""
