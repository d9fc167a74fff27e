"""The sweep's steps in HubSpot, for one connection: what was modified, and what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tieout.ports import Clock, Cursors, Records, Workspace
from tieout.ports.payments import Feed
from tieout.services.news import News
from tieout.services.waking import Found

# QuickBooks names no lag of its change data capture.
OVERLAP = timedelta(minutes=5)
# HubSpot's search index lags behind its records, a few moments by its guide and minutes as others saw it. A record that
# is indexed later than that, and after a younger one, would never be found, and searching costs nothing.
INDEX_LAG = timedelta(minutes=15)
# How far our clock may be ahead of a vendor's.
CLOCKS_DIFFER = timedelta(minutes=15)
# A connection without a known beginning is followed from a day before its first sweep.
_UNKNOWN_BEGINNING = timedelta(days=1)
_NIGHTLY = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Following:
    """The steps for one connection."""

    workspace: Workspace
    records: Records
    cursors: Cursors
    clock: Clock
    trace_id: str

    @property
    def connection(self) -> str:
        """Whose steps these are."""
        return self.workspace.connection.id

    @property
    def news(self) -> News:
        """What is not in the records, now."""
        pulls = self.workspace.settings.pull_invoices
        return News(self.records, self.connection, self.trace_id, self.clock.now(), pulls)

    def position(self, name: str) -> datetime:
        """How far a cursor has come; before its first run, to the beginning of the connection, because what was before
        is the back-fill's business."""
        begun = self.workspace.connection.connected_at or self.clock.now() - _UNKNOWN_BEGINNING
        return self.cursors.load(self.connection, name) or begun - CLOCKS_DIFFER

    def hubspot(self, feed: Feed) -> Iterator[Found]:
        """Records that were modified in HubSpot, oldest first.

        The cursor follows HubSpot's own times, and where nothing changed our clock at a distance.
        """
        name, begun = f"hubspot.{feed.value}", self.clock.now()
        newest = self.position(name)
        since, after = newest - INDEX_LAG, None
        while True:
            page = self.workspace.crm.changed(feed, since, after)
            # A time far ahead would make the sweep pass over everything until then.
            latest = max((one.modified_at for one in page.changes), default=newest)
            newest = max(newest, min(latest, begun + CLOCKS_DIFFER))
            after = page.next
            reached = newest if after else max(newest, begun - CLOCKS_DIFFER)
            hints = self.news.of_hubspot(feed, page.changes)
            yield Found(hints, partial(self.cursors.save, self.connection, name, reached))
            if after is None:
                return

    def archived(self, feed: Feed) -> Iterator[Found]:
        """Records that were deleted in HubSpot, which its search does not find: once a day, of those that we hold."""
        name, now = f"hubspot.{feed.value}.archived", self.clock.now()
        mark = self.cursors.mark(self.connection, name)
        last = self.cursors.load(self.connection, name)
        if mark is None and last is not None and now - last < _NIGHTLY:
            return
        # A listing that was not finished goes on where it was, as of the time when it began.
        began, _, after = mark.partition(" ") if mark else (now.isoformat(), "", "")
        since = self.position(name) - INDEX_LAG - CLOCKS_DIFFER
        while True:
            page = self.workspace.crm.archived(feed, after or None)
            recent = [one for one in page.changes if one.modified_at >= since]
            hints = self.news.of_hubspot(feed, recent, held_only=True)
            if page.next is None:
                yield Found(hints, partial(self._listed, name, datetime.fromisoformat(began)))
                return
            after = page.next
            yield Found(hints, partial(self.cursors.set_mark, self.connection, name, f"{began} {after}"))

    def _listed(self, name: str, began: datetime) -> None:
        self.cursors.save(self.connection, name, began)
        self.cursors.set_mark(self.connection, name, None)
