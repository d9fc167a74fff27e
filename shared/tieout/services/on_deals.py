"""When invoices are settled: they are brought onto their deals. The books never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, SyncError
from tieout.domain.hint import Cause
from tieout.domain.invoice import SourceInvoice, UnreadableInvoice
from tieout.domain.planning.deal import shown_of
from tieout.domain.settings import DealMode
from tieout.ports import Workspace
from tieout.ports.notices import Notice
from tieout.services.deals import Deals, SettledInvoice
from tieout.services.parking import park_unshown
from tieout.services.turn import Turn
from tieout.services.work import Work

REFUSED = "deals_refused"
"""The notice that HubSpot refuses to show invoices on deals."""
# How long nothing is tried after HubSpot refused, unless a person asks.
_REFUSED_FOR = timedelta(hours=1)
_BUSY_PAUSE = timedelta(seconds=5)

S = TypeVar("S")
SettledOf = Callable[[Workspace, Work[S]], SettledInvoice | None]


@dataclass(frozen=True, slots=True)
class OnDeals(Generic[S]):
    """Fulfils `settling.Beside`. `settled_of` tells what there is to show of a record, None: nothing."""

    deals: Deals
    settled_of: SettledOf[S]

    def attend(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        """Of the records that their origin was asked about. A problem is a notice of the connection, and is tried again
        less and less often."""
        if workspace.settings.deals is DealMode.OFF:
            return
        found = [(work, one) for work in works if _is_done(work) and (one := self.settled_of(workspace, work))]
        if not found:
            return
        now = turn.clock.now()
        notice = self.deals.notices.load(workspace.connection.id, REFUSED)
        pause = _BUSY_PAUSE if turn.over else _pause(notice, [work for work, _ in found], now)
        if pause is not None:
            for work, _ in found:
                work.wake_at(now + pause)
            return
        if self._follow(workspace, found, now) and notice is not None:
            self.deals.notices.clear(workspace.connection.id, REFUSED)

    def _follow(self, workspace: Workspace, found: Sequence[tuple[Work[S], SettledInvoice]], now: datetime) -> bool:
        """Whether HubSpot took them."""
        try:
            done = self.deals.follow(workspace, [one for _, one in found], found[0][0].held.trace_id)
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            known = error if isinstance(error, SyncError) else None
            if isinstance(known, NeedsAttention | ConnectionLost):
                self._tell(workspace, known)
            for work, _ in found:
                work.held.record = park_unshown(work.record, known, work.tries, now)
                if known is None:
                    # Somebody has to see a bug; the invoice is settled all the same.
                    work.bug = work.bug or error
            return False
        for work, one in found:
            again = any(hint.cause is not Cause.DUE for hint in work.hints)
            if one.id in done.busy:
                work.wake_at(now + _BUSY_PAUSE)
            elif one.id in done.refused and again:
                work.held.record = park_unshown(work.record, None, work.tries, now)
            elif one.id in done.states:
                # What is refused twice is tried again with the next change.
                work.held.record = replace(work.record, on_deals=done.states[one.id])
        return True

    def _tell(self, workspace: Workspace, error: SyncError) -> None:
        now = self.deals.claims.clock.now()
        self.deals.notices.save(workspace.connection.id, REFUSED, Notice(error.detail or "HubSpot said no.", now))


def _pause(notice: Notice | None, works: Sequence[Work[S]], now: datetime) -> timedelta | None:
    """How long it is not tried, because HubSpot refused it lately and nobody asked since."""
    lately = notice is not None and now < notice.at + _REFUSED_FOR
    return _REFUSED_FOR if lately and not any(work.by_person for work in works) else None


def _is_done(work: Work[S]) -> bool:
    return work.read and not work.unfinished and work.record.settled


def of_pushed(workspace: Workspace, work: Work[SourceInvoice | UnreadableInvoice]) -> SettledInvoice | None:
    """Of an invoice that was born in HubSpot: the deals that people gave it, and no others; a deleted one has none."""
    record = work.record
    if isinstance(work.source, UnreadableInvoice) or record.link is None or (work.deleted and not record.on_deals):
        return None
    shown = shown_of(record, workspace.ledger.invoice_url(record.link.far_id))
    return SettledInvoice(work.id, shown, record.on_deals) if shown is not None else None
