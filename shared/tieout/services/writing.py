"""Writing an invoice to the ledger: intent before effect, and finding out what happened when the answer is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import ConnectionLost, NeedsAttention, NotInLedger, NumberTaken, StaleVersion, Transient
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.planning.difference import changes, filled_in
from tieout.domain.planning.plan import Agreement, Attend, Create, Update, Void
from tieout.domain.planning.totals import agreement
from tieout.domain.record import (
    VOIDED_TEXT,
    Intent,
    Link,
    Operation,
    State,
    SyncRecord,
    marker,
    marker_revision,
    request_id,
    with_marker,
)
from tieout.domain.settings import BeyondTolerance
from tieout.ports import AuditEntry, LinkTaken, PreparedWrite, Workspace
from tieout.services.claims import Claims, Held


@dataclass(frozen=True, slots=True)
class Writer:
    """Carries plans out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, plan: Create | Update | Void) -> None:
        """Store the intent, call, keep the answer, compare its total with the intended one.

        Leaves the record claimed, in state synced (with variance), voided or attention. A new invoice whose total is
        not HubSpot's is voided again where the settings say so. Raises what the ledger raises for a write
        (the intent stands then, and the caller parks the record), and StaleVersion to be planned again.
        """
        record, ledger = held.record, workspace.ledger
        if isinstance(plan, Create) and record.link is not None:
            # It was deleted, or voided by us: replaying its request id would give the old success.
            record = replace(record, link=None, generation=record.generation + 1)
        revision, company = record.revision + 1, ledger.company()
        content: InvoiceContent | None
        match plan:
            case Create():
                operation, content, far_id, references = Operation.CREATE, plan.content, None, plan.references
                prepared = ledger.prepare_invoice(content, with_marker(content.notice, record.key, revision), company)
            case Update():
                operation, content, far_id, references = (
                    Operation.UPDATE,
                    plan.content,
                    plan.present.id,
                    plan.references,
                )
                note = with_marker(plan.present.private_note, record.key, revision)
                prepared = ledger.prepare_invoice_update(plan.present, content, note, company)
            case Void():
                self._void(workspace, held, plan)
                return
        rid = request_id(workspace.connection.realm_id, "invoice", record.key, operation, revision, record.generation)
        intent = Intent(
            operation, rid, revision, prepared.body, self.claims.clock.now(), content, far_id, "", references
        )
        planned = record.to(State.PLANNED).to(State.WRITING)
        self.claims.store(held, replace(planned, revision=revision, intent=intent))
        self._send(workspace, held, intent)

    def _void(self, workspace: Workspace, held: Held, plan: Void) -> None:
        intent = self._void_intent(workspace, held.record, plan.present)
        link = replace(held.record.link, rejected=plan.rejected) if held.record.link else None
        planned = held.record.to(State.PLANNED).to(State.WRITING)
        self.claims.store(held, replace(planned, revision=intent.revision, intent=intent, link=link))
        self._send(workspace, held, intent)

    def _void_intent(self, workspace: Workspace, record: SyncRecord, present: LedgerInvoice) -> Intent:
        revision, realm = record.revision + 1, workspace.connection.realm_id
        rid = request_id(realm, "invoice", record.key, Operation.VOID, revision, record.generation)
        body = workspace.ledger.prepare_invoice_void(present).body
        return Intent(Operation.VOID, rid, revision, body, self.claims.clock.now(), far_id=present.id)

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """Find out what became of an intent whose outcome is unknown. True when it is known now.

        False: the vendor may still carry it out, the record is to be parked until `intent.stored_at` + time-out.
        A create that cannot be found is repeated with the same body under the same request id.
        """
        intent = held.record.intent
        if intent is None:
            return True
        now = self.claims.clock.now()
        if now < intent.stored_at + self.vendor_timeout:
            return False
        if held.record.state is not State.VERIFYING:
            self.claims.store(held, held.record.to(State.VERIFYING, reason="outcome_unknown"))
        if intent.operation is not Operation.CREATE or intent.content is None:
            self._verify_change(workspace, held, intent)
            return True
        found = workspace.ledger.find_invoice(held.record.key, intent.content)
        # A voided document of an earlier attempt, which was given up, is not what this one looks for.
        given_up = found and found.voided and marker(held.record.key, intent.revision) not in found.private_note.split()
        if found and not given_up:
            self._keep(workspace, held, intent, found, looked=True)
            return True
        repeated = replace(intent, stored_at=now)
        self.claims.store(held, replace(held.record.to(State.WRITING), intent=repeated))
        try:
            self._send(workspace, held, repeated, repeated_create=True)
        except (Transient, ConnectionLost):
            # That is what became of the repetition; of the first attempt it says nothing, so the intent must stay.
            held.record = held.record.to(State.VERIFYING, reason="outcome_unknown")
            raise
        return True

    def _verify_change(self, workspace: Workspace, held: Held, intent: Intent) -> None:
        """An update or void either stands in the ledger now, or it never will and is planned anew: its SyncToken and
        the time that passed make sure that it cannot arrive later."""
        present = workspace.ledger.invoice(intent.far_id or "")
        landed = (
            present.voided
            if intent.operation is Operation.VOID
            else marker_revision(present.private_note, held.record.key) == intent.revision
        )
        if landed:
            self._keep(workspace, held, intent, present, looked=True)
        else:
            self.claims.store(held, replace(held.record, intent=None).to(State.WAITING, reason="not_carried_out"))

    def _send(
        self,
        workspace: Workspace,
        held: Held,
        intent: Intent,
        *,
        repeated_create: bool = False,
    ) -> None:
        ledger, write, looked = workspace.ledger, PreparedWrite(intent.body), repeated_create
        try:
            match intent.operation:
                case Operation.CREATE:
                    answer = ledger.create_invoice(write, intent.request_id)
                case Operation.UPDATE:
                    answer = ledger.update_invoice(write, intent.request_id)
                case Operation.VOID:
                    answer = ledger.void_invoice(write, intent.request_id)
        except NumberTaken as taken:
            answer, looked = self._holder(workspace, held, taken), True
        except StaleVersion:
            self.claims.store(held, replace(held.record, intent=None).to(State.WAITING, reason="changed_meanwhile"))
            raise
        if repeated_create:
            answer = self._still_there(workspace, held, intent, answer)
        self._keep(workspace, held, intent, answer, looked=looked)

    def _holder(self, workspace: Workspace, held: Held, taken: NumberTaken) -> LedgerInvoice:
        """The document that bears the number, when it is ours: then our create had happened. Else attention."""
        if taken.holder_type == "Invoice" and taken.holder_id:
            try:
                holder = workspace.ledger.invoice(taken.holder_id)
            except NotInLedger:
                raise Transient("The holder of the number was just deleted.", taken.context) from None
            if marker_revision(holder.private_note, held.record.key) is not None and not holder.voided:
                return holder
        raise NeedsAttention(
            f"It is borne by {taken.holder_type or 'a document'} {taken.holder_id or '(unknown)'}.",
            taken.context,
            AttentionCode.DUPLICATE_NUMBER,
        )

    def _still_there(self, workspace: Workspace, held: Held, intent: Intent, answer: LedgerInvoice) -> LedgerInvoice:
        """The answer to a repetition may be the old success of a document that was deleted since: look."""
        try:
            return workspace.ledger.invoice(answer.id)
        except NotInLedger:
            self.claims.store(held, replace(held.record, link=_link(intent, answer)))
            raise

    def _keep(
        self, workspace: Workspace, held: Held, intent: Intent, answer: LedgerInvoice, *, looked: bool = False
    ) -> None:
        record = replace(held.record, intent=None, link=_link(intent, answer, held.record.link, looked=looked))
        settled = self._settled(workspace, record, intent, answer)
        action = f"{_DONE[intent.operation]}{' (found after a lost answer)' if looked else ''}"
        facts = {"request_id": intent.request_id, "quickbooks_id": answer.id}
        entry = AuditEntry(self.claims.clock.now(), "tieout", action, held.hint.trace_id, facts)
        try:
            self.claims.store(held, settled, entry)
        except LinkTaken as taken:
            lost = replace(held.record, intent=None)
            detail = f"QuickBooks invoice {answer.id} belongs to {taken.holder}."
            self.claims.store(held, lost.to(State.ATTENTION, reason=AttentionCode.LINKED_ELSEWHERE, detail=detail))
            return
        if settled.intent is not None:
            self._send(workspace, held, settled.intent)

    def _settled(self, workspace: Workspace, record: SyncRecord, intent: Intent, answer: LedgerInvoice) -> SyncRecord:
        """The record after a write. One whose new document has to go again bears the intent to void it, stored together
        with the link, so that the document is never left standing unmarked."""
        if intent.operation is Operation.VOID or intent.content is None:
            return _voided(record)
        verdict = agreement(intent.content, answer.content, answer.total, workspace.settings)
        if isinstance(verdict, Agreement):
            return agreed(record, verdict)
        if not self._to_be_voided(workspace, intent, answer) or record.link is None:
            return record.to(State.ATTENTION, reason=verdict.code, detail=verdict.detail)
        again = self._void_intent(workspace, record, answer)
        link = replace(record.link, rejected=_rejected(verdict))
        return replace(record, link=link, intent=again, revision=again.revision)

    def _to_be_voided(self, workspace: Workspace, intent: Intent, answer: LedgerInvoice) -> bool:
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


_DONE = {
    Operation.CREATE: "created invoice",
    Operation.UPDATE: "updated invoice",
    Operation.VOID: "voided invoice",
}


def _link(intent: Intent, answer: LedgerInvoice, before: Link | None = None, *, looked: bool = False) -> Link:
    """What is remembered of a write. `looked`: the answer is not the write's own but what stands there later, and a
    person may have changed it since; what counts as written is then what was sent, and no version counts as seen, so
    that the next look compares the two."""
    sent = intent.content or (before.sent if before else None)
    written = answer.content
    if looked and sent is not None:
        written = filled_in(sent, answer.content)
    return Link(
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
