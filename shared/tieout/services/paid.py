"""What invoices show of their payments: read with the invoices that are looked at anyway, and kept on their records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.marker import is_marked
from tieout.domain.payment import Document, LedgerPayment, PaymentFacts
from tieout.domain.planning.applied import facts_of, received_by_invoice
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.ports import Workspace
from tieout.services.claims import Claims
from tieout.services.refunds_made import given_back
from tieout.services.work import S, Work

_PAYMENT = "Payment"
# A payment that was looked at before its invoice was linked.
_LEFT_ALONE = "no_synced_invoice"


@dataclass(frozen=True, slots=True)
class Paid:
    """Keeps the payment facts of invoices, and finds payments that came before their invoice was linked."""

    claims: Claims

    def note(self, workspace: Workspace, works: Sequence[Work[S]], looked: Mapping[str, LedgerInvoice]) -> None:
        """Set the facts of the records whose invoice is among `looked` (by the ledger's id).

        Costs one metered read for all of them, and none where no invoice is settled by anything.
        """
        if not workspace.settings.pull_payments:
            return
        found = [(work, _looked(work.record, looked)) for work in works]
        concerned = [(work, one) for work, one in found if one is not None and _is_concerned(work.record, one)]
        ids = {id_ for _, invoice in concerned for type_, id_ in invoice.settlements if type_ == _PAYMENT}
        payments = workspace.ledger.payments(ids) if ids else {}
        urls = {id_: workspace.ledger.document_url(Document.PAYMENT, id_) for id_ in payments}
        news: dict[str, set[str]] = defaultdict(set)
        changed: list[tuple[Work[S], PaymentFacts]] = []
        for work, invoice in concerned:
            own = [payments[id_] for type_, id_ in invoice.settlements if type_ == _PAYMENT and id_ in payments]
            mirrored = work.record.key.origin_system == "quickbooks"
            facts = facts_of(invoice, own, given_back(work.record), urls)
            if facts != work.record.facts:
                changed.append((work, facts))
                if mirrored:
                    # Its payments are shown on the invoice alone.
                    continue
                for one in own:
                    if received_by_invoice(one).get(invoice.id):
                        news[one.id].add(invoice.id)
        if news:
            self._tell(workspace, {id_: payments[id_] for id_ in sorted(news)}, news, works[0].held.trace_id)
        # Only now: facts that are known are no news to the next look, and the payments would be forgotten.
        for work, facts in changed:
            work.held.record = replace(work.record, facts=facts)

    def _tell(
        self,
        workspace: Workspace,
        payments: Mapping[str, LedgerPayment],
        paid: Mapping[str, Set[str]],
        trace_id: str,
    ) -> None:
        """Have those looked at that Tieout neither posted nor recorded; `paid` are the invoices by payment."""
        connection, records, now = workspace.connection.id, self.claims.records, self.claims.clock.now()
        foreign = [
            one.id
            for one in payments.values()
            if not is_marked(one.private_note)
            and records.origin_of(connection, "quickbooks", Document.PAYMENT.holder_kind, one.id) is None
        ]
        keys = {RecordKey(connection, Kind.PAYMENT, "quickbooks", id_): id_ for id_ in foreign}
        found = records.get_many(keys) if keys else {}
        left = [id_ for key, id_ in keys.items() if _is_left(found.get(key), paid[id_], now)]
        if left:
            about = HintObject.QUICKBOOKS_PAYMENT
            self.claims.hints.send([Hint(connection, about, id_, now, Cause.AGAIN, trace_id) for id_ in left])


def _looked(record: SyncRecord, looked: Mapping[str, LedgerInvoice]) -> LedgerInvoice | None:
    if record.key.origin_system == "quickbooks":
        return looked.get(record.key.origin_id)
    return looked.get(record.link.far_id) if record.link else None


def _is_concerned(record: SyncRecord, invoice: LedgerInvoice) -> bool:
    return bool(invoice.settlements or record.facts or record.given_back)


def _is_left(record: SyncRecord | None, invoice_ids: Set[str], now: datetime) -> bool:
    """Who works on it just now may have looked for its invoice before that was linked; of one that pays several
    invoices, those that were linked in time are recorded already."""
    if record is None or record.leased(now):
        return True
    if record.state is State.SYNCED:
        recorded = {part.far_id for one in record.postings for part in one.sent.allocations}
        return not invoice_ids <= recorded
    return record.state is State.IGNORED and record.reason == _LEFT_ALONE
