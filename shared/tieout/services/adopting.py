"""Adopting a ledger invoice that nobody marked: from then on it stands for HubSpot's. Nothing is written to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.planning.difference import as_written
from tieout.domain.planning.plan import Adopt
from tieout.domain.record import Link, State
from tieout.ports import AuditEntry, LinkTaken
from tieout.services.claims import Claims, Held
from tieout.services.writing import agreed

# By then the payments that HubSpot names have been looked at; what only QuickBooks has of them is recorded after that.
_SETTLED_LATER = timedelta(minutes=15)


def adopt(claims: Claims, held: Held, plan: Adopt) -> None:
    """Link the record with `plan.present`, as it stands: what differs of it was there before and is nobody's edit.

    Leaves the record claimed, in sync, or in attention when another record holds the document. One that is settled by
    anything is due again, and counts as not seen yet, so that the ledger is asked then what was paid.
    """
    present, now = plan.present, claims.clock.now()
    link = Link(
        far_id=present.id,
        sync_token=present.sync_token,
        number=present.content.number,
        sent=plan.content,
        written=as_written(present.content, plan.content, None),
        total=present.total,
        ledger_updated_at=None if present.settled_by else present.updated_at,
        references=plan.references,
        adopted=True,
    )
    adopted = agreed(replace(held.record, link=link, intent=None, fields=plan.fields or (), unclear=""), plan.agreement)
    if present.settled_by:
        adopted = replace(adopted, due_at=now + _SETTLED_LATER)
    facts = {"quickbooks_id": present.id}
    try:
        claims.store(held, adopted, AuditEntry(now, "tieout", "adopted invoice", held.trace_id, facts))
    except LinkTaken as taken:
        detail = f"QuickBooks invoice {present.id} belongs to {taken.holder}."
        lost = held.record.to(State.ATTENTION, reason=AttentionCode.LINKED_ELSEWHERE, detail=detail)
        claims.store(held, lost)
