"""Refunds that people enter in QuickBooks: what they may belong to, and what happens when a person says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.marker import is_marked
from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerDocument
from tieout.domain.planning.accepted import standing_content
from tieout.domain.planning.mirror import PULL_SWITCHED_OFF
from tieout.domain.planning.payment_plan import RECEIPTS
from tieout.domain.planning.plan import Attend, Skip
from tieout.domain.posting import Posting
from tieout.domain.record import GivenBack, Kind, RecordKey, State, SyncRecord
from tieout.ports import Workspace
from tieout.services.claims import Claims

_STANDING = (State.SYNCED, State.SYNCED_WITH_VARIANCE, State.ATTENTION)
# A person who does not find it among the suggestions looks it up; the search must not read the whole table.
_MOST_READ, _MOST_SUGGESTED, _PAGE = 1000, 5, 100
# How soon to come back to a record that is not free, in seconds.
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 900.0


NO_SYNCED_INVOICE = "no_synced_invoice"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person said what a refund gives back: `invoice` shows it, and the payment `mirror` is a part of, if it is one
    that was recorded in HubSpot. `amount` None: the refund is gone again."""

    amount: Money | None
    invoice: SyncRecord
    mirror: Posting | None = None
    payment: RecordKey | None = None
    told: str = ""


MadePlan = Confirmed | Skip | Attend


@dataclass(frozen=True, slots=True)
class RefundsMade:
    """Plans such refunds, and notes on other records what was confirmed."""

    claims: Claims

    def plan(self, workspace: Workspace, record: SyncRecord, source: LedgerDocument | None) -> MadePlan:
        """What is to be done about a refund receipt as it stands (None: deleted)."""
        gone = source is None or source.voided
        if source is not None and is_marked(source.private_note):
            return Skip("posted_by_tieout", "Tieout itself posted it; it is looked at with its HubSpot payment.")
        if not workspace.settings.pull_payments:
            return PULL_SWITCHED_OFF
        if record.link is not None:
            return self._confirmed(record, record.link.far_id, None if gone or source is None else source.total)
        if source is None or gone:
            return Skip("deleted" if source is None else "voided", "The refund does not stand in QuickBooks.")
        suggested = list(islice(self._suggestions(record.key.connection, source), _MOST_SUGGESTED))
        if not suggested:
            return Skip(NO_SYNCED_INVOICE, "Its customer has no invoice that came from HubSpot.")
        detail = f"{source.total} of {source.day} were given back. It may belong to {'; '.join(suggested)}."
        return Attend(AttentionCode.REFUND_IN_QUICKBOOKS, detail)

    def _confirmed(self, record: SyncRecord, target: str, amount: Money | None) -> MadePlan:
        connection, records = record.key.connection, self.claims.records
        kind, _, id_ = target.partition(":")
        is_payment = kind == "payment"
        payment = records.origin_of(connection, "hubspot", Document.HUBSPOT_PAYMENT, id_) if is_payment else None
        recorded = records.get(payment) if payment else None
        mirror = next((one for one in recorded.postings if one.far_id == id_), None) if recorded else None
        invoice_id = mirror.parent_id if mirror else self._invoice_of(connection, id_) if is_payment else id_
        invoice = records.get(RecordKey(connection, Kind.INVOICE, "hubspot", invoice_id)) if invoice_id else None
        if invoice is None or invoice.link is None:
            told = (
                f"{target} is no payment of exactly one synced invoice." if is_payment else f"{target} is not synced."
            )
            return Attend(AttentionCode.REFUND_IN_QUICKBOOKS, told)
        most = mirror.sent.amount if mirror else invoice.link.total
        if amount is not None and most is not None:
            noted = (recorded or invoice).given_back
            others = [one.amount.amount for one in noted if _competes(one, record, mirror)]
            if amount.currency != most.currency or sum(others, amount.amount) > most.amount:
                told = f"{amount} are more than can be given back of {target} over {most}."
                return Attend(AttentionCode.REFUND_IN_QUICKBOOKS, told)
        told = f"Given back of {'payment' if mirror else 'invoice'} {id_ if mirror else invoice.label or invoice_id}."
        return Confirmed(amount, invoice, mirror, payment, told)

    def _invoice_of(self, connection: str, payment_id: str) -> str | None:
        """The invoice of a HubSpot payment that was posted; None where there is not exactly one."""
        pushed = self.claims.records.get(RecordKey(connection, Kind.PAYMENT, "hubspot", payment_id))
        ids = {id_ for one in pushed.postings for id_ in one.sent.invoice_ids} if pushed else set()
        return ids.pop() if len(ids) == 1 else None

    def confirm(self, record: SyncRecord, plan: Confirmed, trace_id: str) -> None:
        """Note it on the invoice and on the payment, and have both shown. Raises NotReadyYet while a worker holds one
        of them or it is not due, for longer each time, because every look at the refund is metered; a repetition does
        no harm."""
        link, now = plan.invoice.link, self.claims.clock.now()
        if link is None:
            raise ValueError("a confirmed refund is of a synced invoice")
        made = GivenBack(record.key.origin_id, link.far_id, plan.amount) if plan.amount else None
        for key in (plan.payment, plan.invoice.key):
            if key is not None:
                self._note(key, record, made, trace_id)
        connection = record.key.connection
        about = [Hint(connection, HintObject.QUICKBOOKS_INVOICE, link.far_id, now, Cause.AGAIN, trace_id)]
        if plan.payment is not None:
            about.append(self.claims.hint_for(plan.payment, Cause.AGAIN, trace_id))
        self.claims.hints.send(about)

    def _note(self, key: RecordKey, refund: SyncRecord, made: GivenBack | None, trace_id: str) -> None:
        held = self.claims.take_in_passing(key, trace_id)
        if held is None:
            pause = min(_FIRST_PAUSE * 2 ** min(refund.attempts, 10), _LONGEST_PAUSE)
            raise NotReadyYet(context={"record": str(key)}, retry_after=pause)
        others = tuple(one for one in held.record.given_back if one.refund_id != refund.key.origin_id)
        self.claims.release(held, replace(held.record, given_back=(*others, made) if made else others))

    # -- what it may belong to

    def _suggestions(self, connection: str, source: LedgerDocument) -> list[str]:
        """Payments and invoices of the same customer, those of the same amount first."""
        found = [
            (amount != source.total, told)
            for record in islice(self._standing(connection), _MOST_READ)
            for customer, amount, told in _candidates(record)
            if customer == source.customer_id
        ]
        return [told for _, told in sorted(found, key=lambda one: one[0])]

    def _standing(self, connection: str) -> Iterator[SyncRecord]:
        for state in _STANDING:
            after: str | None = None
            while True:
                page = self.claims.records.in_state(connection, state, _PAGE, after)
                yield from page.records
                after = page.next
                if after is None:
                    break


def given_back(record: SyncRecord) -> Money | None:
    """What people said was given back of an invoice, in all; None when nothing was."""
    amounts = [one.amount for one in record.given_back]
    return Money(sum((one.amount for one in amounts[1:]), amounts[0].amount), amounts[0].currency) if amounts else None


def _competes(one: GivenBack, record: SyncRecord, mirror: Posting | None) -> bool:
    """Whether another refund was confirmed of the same invoice's part."""
    parts = {part.far_id for part in mirror.sent.allocations} if mirror else {one.far_id}
    return one.refund_id != record.key.origin_id and one.far_id in parts


def _candidates(record: SyncRecord) -> Iterator[tuple[str, Money | None, str]]:
    """Customer, amount and words of what a refund may give back."""
    name = record.label or record.key.origin_id
    if record.key.kind is Kind.INVOICE and record.link and (content := standing_content(record)) is not None:
        told = f"invoice {name} over {record.link.total} (HubSpot id {record.key.origin_id})"
        yield content.customer_id, record.link.total, told
    if record.key.kind is not Kind.PAYMENT:
        return
    for one in record.postings:
        if one.sent.document is Document.HUBSPOT_PAYMENT:
            yield one.sent.customer_id, one.sent.amount, f"HubSpot payment {one.far_id} over {one.sent.amount}"
        elif one.sent.document in RECEIPTS and not one.voided:
            told = f"HubSpot payment {record.key.origin_id} over {one.sent.amount}"
            yield one.sent.customer_id, one.sent.amount, told
