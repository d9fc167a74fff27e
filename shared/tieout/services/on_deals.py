"""When invoices are settled: they are brought onto their deals. The books never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

from tieout.domain.errors import ConnectionLost, NeedsAttention, SyncError
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
        pause = _BUSY_PAUSE if turn.over else self._refused_for(workspace, [work for work, _ in found])
        if pause is not None:
            for work, _ in found:
                work.wake_at(now + pause)
            return
        try:
            done = self.deals.follow(workspace, [one for _, one in found], found[0][0].held.trace_id)
        except SyncError as error:
            if isinstance(error, NeedsAttention | ConnectionLost):
                self._tell(workspace, error)
            for work, _ in found:
                work.held.record = park_unshown(work.record, error, work.tries, now)
            return
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            for work, _ in found:
                work.held.record = park_unshown(work.record, None, work.tries, now)
                work.bug = work.bug or error
            return
        self._accepted(workspace)
        for work, one in found:
            if one.id in done:
                work.held.record = replace(work.record, on_deals=done[one.id])
            else:
                work.wake_at(now + _BUSY_PAUSE)

    def _refused_for(self, workspace: Workspace, works: Sequence[Work[S]]) -> timedelta | None:
        """How long it is not tried, because HubSpot refused it lately and nobody asked since."""
        notice = self.deals.notices.load(workspace.connection.id, REFUSED)
        lately = notice is not None and self.deals.claims.clock.now() < notice.at + _REFUSED_FOR
        return _REFUSED_FOR if lately and not any(work.by_person for work in works) else None

    def _tell(self, workspace: Workspace, error: SyncError) -> None:
        now = self.deals.claims.clock.now()
        self.deals.notices.save(workspace.connection.id, REFUSED, Notice(error.detail or "HubSpot said no.", now))

    def _accepted(self, workspace: Workspace) -> None:
        if self.deals.notices.load(workspace.connection.id, REFUSED) is not None:
            self.deals.notices.clear(workspace.connection.id, REFUSED)


def _is_done(work: Work[S]) -> bool:
    return work.read and not work.unfinished and work.record.settled


def of_pushed(workspace: Workspace, work: Work[SourceInvoice | UnreadableInvoice]) -> SettledInvoice | None:
    """Of an invoice that was born in HubSpot: the deals that people gave it, and no others."""
    source, record = work.source, work.record
    if not isinstance(source, SourceInvoice) or record.link is None:
        return None
    shown = shown_of(record, workspace.ledger.invoice_url(record.link.far_id))
    return SettledInvoice(source.id, shown, record.on_deals) if shown is not None else None
