"""Payments that were entered by hand on an invoice which was adopted later: each belongs to one side's record only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tieout.domain.attention import AttentionCode
from tieout.domain.claim import posted_hint_id
from tieout.domain.hint import Cause
from tieout.domain.payment import Document, LedgerPayment, SourcePayment
from tieout.domain.planning.payment_plan import Billing
from tieout.domain.planning.tie_out_payments import is_recorded
from tieout.domain.posting import Posting
from tieout.domain.record import Kind, RecordKey, State, own_hint_object
from tieout.ports import AuditEntry, LinkTaken, Records, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.work import S, Work


def keep_entered(claims: Claims, held: Held, postings: tuple[Posting, ...]) -> bool:
    """Remember the documents of a HubSpot payment as they were decided. One that is there anew was entered by hand and
    counts as posted for it: that is stored at once, so that it is nobody else's. False: it is, and the record is in
    attention."""
    known = {posted_hint_id(one) for one in held.record.postings}
    entered = [one for one in postings if posted_hint_id(one) not in known]
    record = replace(held.record, postings=postings)
    if not entered:
        held.record = record
        return True
    now = claims.clock.now()
    facts = {"quickbooks_id": ", ".join(one.far_id for one in entered)}
    try:
        claims.store(held, record, AuditEntry(now, "tieout", "adopted payment", held.trace_id, facts))
    except LinkTaken as taken:
        detail = f"QuickBooks payment {facts['quickbooks_id']} is the same, and belongs to {taken.holder} already."
        attention = held.record.to(State.ATTENTION, reason=AttentionCode.POSSIBLE_DUPLICATE, detail=detail)
        claims.store(held, attention)
        return False
    _tell_own_records(claims, held, entered)
    return True


def _tell_own_records(claims: Claims, held: Held, entered: Sequence[Posting]) -> None:
    """A payment that was looked at by itself before is looked at once more, to see whose it is."""
    connection = held.record.key.connection
    keys = [RecordKey(connection, Kind.PAYMENT, "quickbooks", one.far_id) for one in entered]
    found = claims.records.get_many(keys)
    if found:
        claims.hints.send([claims.hint_for(key, Cause.DUE, held.trace_id) for key in found])


@dataclass(frozen=True, slots=True)
class EnteredPayments:
    """What has to be known of a QuickBooks payment of adopted invoices before it is recorded in HubSpot."""

    records: Records

    def of_hubspot(self, workspace: Workspace, works: Sequence[Work[S]]) -> Collection[str]:
        """Those of these payments that belong to HubSpot payments, by the ledger's id. Only what is due can have a
        record of its own and be one of them: any other hint about it goes to that one's queue."""
        due = [work.id for work in works if any(hint.cause is Cause.DUE for hint in work.hints)]
        if not due:
            return ()
        places = [(Document.PAYMENT.holder_kind, id_) for id_ in due]
        found = self.records.origins_of(workspace.connection.id, "quickbooks", places)
        return {id_ for (_, id_), key in found.items() if own_hint_object(key) is not None}

    def rivals(
        self, workspace: Workspace, works: Sequence[Work[S]], billed: Mapping[str, Billing]
    ) -> Mapping[str, SourcePayment]:
        """By the ledger's adopted invoice, a HubSpot payment of it that was received and stands in QuickBooks as
        nothing yet: it may be the money that was entered there. Asked only where something would be recorded."""
        recorded = {part.far_id for work in works for one in work.record.postings for part in one.sent.allocations}
        sources = [work.source for work in works if isinstance(work.source, LedgerPayment)]
        paid = {part.far_id for source in sources for part in source.allocations}
        adopted = {
            one.id: far_id
            for far_id, one in billed.items()
            if one.adopted and far_id in paid and far_id not in recorded
        }
        if not adopted:
            return {}
        found = {
            adopted[id_]: [
                one for one in some if isinstance(one, SourcePayment) and one.received and not is_recorded(one)
            ]
            for id_, some in workspace.crm.payments_of(adopted.keys()).items()
        }
        keys = {
            RecordKey(workspace.connection.id, Kind.PAYMENT, "hubspot", one.id)
            for some in found.values()
            for one in some
        }
        known = self.records.get_many(keys) if keys else {}
        posted = {key.origin_id for key, record in known.items() if any(not one.voided for one in record.postings)}
        return {
            far_id: left[0] for far_id, some in found.items() if (left := [one for one in some if one.id not in posted])
        }
