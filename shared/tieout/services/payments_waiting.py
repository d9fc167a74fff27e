"""Waking HubSpot payments that were given up, because their invoice comes to the ledger after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tieout.domain.errors import ConnectionLost, NeedsAttention
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.planning.payment_plan import Reach, billing_of
from tieout.domain.planning.plan import Adopt, Attend, Create, Plan, Skip
from tieout.domain.record import State, SyncRecord
from tieout.ports import Workspace
from tieout.services.claims import Claims
from tieout.services.work import S, Work

# The payments are looked at once the invoice is written and its record given back. One that comes too early all the
# same waits like any early payment.
_DELAY = 15.0
# A payment that waits less than this looks again about as soon by itself.
_YOUNG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PaymentsWaiting:
    """Finds and wakes them."""

    claims: Claims

    def wake(self, workspace: Workspace, works: Sequence[Work[S]], plans: Sequence[Plan | Exception]) -> None:
        """Have the payments looked at of invoices that were left out, or needed a person, and now reach the ledger; of
        those that a back-fill takes in, which were paid before anybody looked; and of those that are left out no
        longer, or only now, because their payments name the reason.

        Costs HubSpot's grouped reads where there are such invoices, and nothing for one that is new.
        """
        now = self.claims.clock.now()
        ids = [work.id for work, plan in zip(works, plans, strict=True) if _is_news(work.record, plan, now)]
        if not ids or not workspace.settings.push_payments:
            return
        try:
            found = workspace.crm.payments_of(ids)
        except (NeedsAttention, ConnectionLost):
            # Who may read invoices may not be allowed to read payments, which then have not been looked at either.
            return
        connection, trace_id = workspace.connection.id, works[0].held.trace_id
        payments = sorted({payment.id for some in found.values() for payment in some})
        hints = [Hint(connection, HintObject.HUBSPOT_PAYMENT, id_, now, Cause.AGAIN, trace_id) for id_ in payments]
        if hints:
            self.claims.hints.send(hints, delay=_DELAY)


def _is_news(record: SyncRecord, plan: Plan | Exception, now: datetime) -> bool:
    """Whether payments that were looked at before may find something else now."""
    reach = billing_of(record.key.origin_id, record).reach
    match plan:
        case Create() | Adopt():
            return bool(record.run) or _came_late(record, now)
        case Attend():
            return reach is Reach.EXCLUDED
        case Skip():
            return record.state is State.ATTENTION and reach is Reach.PENDING and record.link is None
        case _:
            return False


def _came_late(record: SyncRecord, now: datetime) -> bool:
    """Whether its payments may have been given up. A draft has none, and what stands in the ledger has no such ones."""
    if billing_of(record.key.origin_id, record).reach is Reach.LINKED:
        return False
    if record.settled:
        return not (record.state is State.IGNORED and record.reason == "draft")
    return record.created_at is not None and now - record.created_at >= _YOUNG
