"""Writing an invoice to the ledger: what is sent, by what it is found again, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotInLedger, NumberTaken, Transient
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.marker import marker, marker_revision, with_marker
from tieout.domain.planning.accepted import as_answered, take_off
from tieout.domain.planning.difference import as_written, changes, filled_in
from tieout.domain.planning.fields import answered
from tieout.domain.planning.plan import Agreement, Attend, Create, Update, Void
from tieout.domain.planning.totals import agreement
from tieout.domain.record import TIEOUT, VOIDED_TEXT, Intent, Link, Operation, State, SyncRecord, request_id
from tieout.domain.settings import BeyondTolerance
from tieout.ports import Clock, PreparedWrite, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents


@dataclass(frozen=True, slots=True)
class Writer:
    """Carries plans out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, plan: Create | Update | Void, by: str = TIEOUT) -> None:
        """Carry the plan out as `Intents.carry_out` says, and compare the answer's total with the intended one.

        Leaves the record claimed, in state synced (with variance), voided or attention. A new invoice whose total is
        not HubSpot's is voided again where the settings say so. `by` is who wants it, for the trail.
        """
        record, now = held.record, self.claims.clock.now()
        match plan:
            case Create():
                if record.link is not None:
                    # It was deleted, or voided by us: replaying its request id would give the old success.
                    record = replace(record, link=None, accepted=None, generation=record.generation + 1)
                intent = _create(workspace, record, plan, now)
            case Update():
                record = replace(record, accepted=plan.accepted)
                intent = _update(workspace, record, plan, now)
            case Void():
                intent = _void(workspace, record, plan.present, now)
                if record.link is not None:
                    record = replace(record, link=replace(record.link, rejected=plan.rejected))
        self._intents.carry_out(workspace, held, self._effect, record, replace(intent, by=by))

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, self._effect)

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)

    @property
    def _effect(self) -> _Invoices:
        return _Invoices(self.claims.clock)


def _create(workspace: Workspace, record: SyncRecord, plan: Create, now: datetime) -> Intent:
    revision, content = record.revision + 1, plan.content
    note = with_marker(content.notice, record.key, revision)
    body = workspace.ledger.prepare_invoice(content, note, workspace.ledger.company()).body
    rid = _request_id(workspace, record, Operation.CREATE)
    references, fields = plan.references, plan.fields
    return Intent(Operation.CREATE, rid, revision, body, now, content, references=references, fields=fields)


def _update(workspace: Workspace, record: SyncRecord, plan: Update, now: datetime) -> Intent:
    revision, present, content = record.revision + 1, plan.present, plan.content
    note = with_marker(present.private_note, record.key, revision)
    body = workspace.ledger.prepare_invoice_update(present, content, note, workspace.ledger.company()).body
    rid = _request_id(workspace, record, Operation.UPDATE)
    return Intent(
        Operation.UPDATE, rid, revision, body, now, content, present.id, references=plan.references, fields=plan.fields
    )


def _void(workspace: Workspace, record: SyncRecord, present: LedgerInvoice, now: datetime) -> Intent:
    body = workspace.ledger.prepare_invoice_void(present).body
    rid = _request_id(workspace, record, Operation.VOID)
    return Intent(Operation.VOID, rid, record.revision + 1, body, now, far_id=present.id)


def _request_id(workspace: Workspace, record: SyncRecord, operation: Operation) -> str:
    realm, revision = workspace.connection.realm_id, record.revision + 1
    return request_id(realm, "invoice", record.key, operation, revision, record.generation)


@dataclass(frozen=True, slots=True)
class _Invoices:
    """Fulfils `intents.Effect` for invoices."""

    clock: Clock

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[LedgerInvoice, bool]:
        """A number that our own earlier document bears means that the write had happened."""
        ledger, write = workspace.ledger, PreparedWrite(intent.body)
        post = ledger.void_invoice if intent.operation is Operation.VOID else ledger.post_invoice
        try:
            return post(write, intent.request_id), False
        except NumberTaken as taken:
            return _holder(workspace, record, taken), True

    def find(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> LedgerInvoice | None:
        """By the marker. A voided document of an earlier attempt, which was given up, is not what is looked for."""
        if intent.content is None:
            return None
        found = workspace.ledger.find_invoice(record.key, intent.content)
        given_up = found and found.voided and marker(record.key, intent.revision) not in found.private_note.split()
        return None if given_up else found

    def standing(self, workspace: Workspace, id_: str, _intent: Intent) -> LedgerInvoice:
        """By id."""
        return workspace.ledger.invoice(id_)

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> LedgerInvoice | None:
        """An update shows by the revision in its marker."""
        present = workspace.ledger.invoice(intent.far_id or "")
        if intent.operation is Operation.VOID:
            return present if present.voided else None
        return present if marker_revision(present.private_note, record.key) == intent.revision else None

    def linked(self, record: SyncRecord, intent: Intent, answer: LedgerInvoice, *, looked: bool) -> SyncRecord:
        """What counts as written after a look is what was sent, and no version counts as seen, so that the next look
        compares the two."""
        before = record.link
        sent = intent.content or (before.sent if before else None)
        written = answer.content
        if sent is not None:
            written = filled_in(sent, written) if looked else written
            written = as_written(written, sent, before.written if before else None)
            sent, written = take_off(sent, record.accepted), take_off(written, record.accepted)
        link = Link(
            far_id=answer.id,
            sync_token=answer.sync_token,
            number=answer.content.number,
            sent=sent,
            written=written,
            total=answer.total,
            ledger_updated_at=None if looked else answer.updated_at,
            references=intent.references or (before.references if before else None),
            rejected=before.rejected if before and intent.operation is Operation.VOID else "",
        )
        # A change of the total moves what is open, and a payment made meanwhile tells itself.
        facts = replace(record.facts, balance=answer.balance) if record.facts else None
        accepted = record.accepted if looked else as_answered(record.accepted, answer.content)
        fields = record.fields if intent.fields is None else answered(intent.fields, answer, looked=looked)
        return replace(record, link=link, facts=facts, accepted=accepted, fields=fields)

    def settled(self, workspace: Workspace, record: SyncRecord, intent: Intent, answer: LedgerInvoice) -> SyncRecord:
        """One whose new document has to go again bears the intent to void it, so that the document is never left
        standing unmarked."""
        if intent.operation is Operation.VOID or intent.content is None:
            return _voided(record)
        verdict = agreement(intent.content, answer.content, answer.total, workspace.settings, record.accepted)
        if isinstance(verdict, Agreement):
            return agreed(record, verdict)
        if not _to_be_voided(workspace, intent, answer) or record.link is None:
            return record.to(State.ATTENTION, reason=verdict.code, detail=verdict.detail)
        again = _void(workspace, record, answer, self.clock.now())
        link = replace(record.link, rejected=_rejected(verdict))
        return replace(record, link=link, intent=again, revision=again.revision)

    def may_be_repeated(self, workspace: Workspace, _intent: Intent) -> bool:
        """Not while sending invoices is switched off."""
        return workspace.settings.push_invoices

    def done(self, intent: Intent) -> str:
        """For the trail."""
        return _DONE[intent.operation]

    def names(self, answer: LedgerInvoice) -> str:
        """For a person."""
        return f"QuickBooks invoice {answer.id}"


_DONE = {
    Operation.CREATE: "created invoice",
    Operation.UPDATE: "updated invoice",
    Operation.VOID: "voided invoice",
}


def _holder(workspace: Workspace, record: SyncRecord, taken: NumberTaken) -> LedgerInvoice:
    """The document that bears the number, when it is ours: then our create had happened. Else attention."""
    if taken.holder_type == "Invoice" and taken.holder_id:
        try:
            holder = workspace.ledger.invoice(taken.holder_id)
        except NotInLedger:
            raise Transient("The holder of the number was just deleted.", taken.context) from None
        if marker_revision(holder.private_note, record.key) is not None and not holder.voided:
            return holder
    raise NeedsAttention(
        f"It is borne by {taken.holder_type or 'a document'} {taken.holder_id or '(unknown)'}.",
        taken.context,
        AttentionCode.DUPLICATE_NUMBER,
    )


def _to_be_voided(workspace: Workspace, intent: Intent, answer: LedgerInvoice) -> bool:
    """Only a document that is surely as we made it: new, unpaid, and touched by nobody."""
    if workspace.settings.beyond_tolerance is not BeyondTolerance.VOID or intent.content is None:
        return False
    untouched = not answer.voided and not answer.settled_by and not changes(answer.content, intent.content)
    return intent.operation is Operation.CREATE and untouched


def agreed(record: SyncRecord, verdict: Agreement) -> SyncRecord:
    """The record of an invoice that stands as it should, with what a person should know all the same."""
    return record.to(State.SYNCED_WITH_VARIANCE if verdict.variance else State.SYNCED, detail=verdict.detail)


def _voided(record: SyncRecord) -> SyncRecord:
    if record.link is not None and record.link.rejected:
        return record.to(State.ATTENTION, reason=AttentionCode.TOTAL_DIFFERS, detail=record.link.rejected)
    return record.to(State.VOIDED, detail=VOIDED_TEXT)


def _rejected(verdict: Attend) -> str:
    return f"{verdict.detail} Tieout voided the new QuickBooks invoice again."
