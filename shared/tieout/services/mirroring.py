"""Recording QuickBooks payments in HubSpot: what is sent, by what it is found again, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.errors import NotInCrm, OutcomeUnknown, RateLimited, StaleVersion, Transient
from tieout.domain.marker import bears_marker, marker
from tieout.domain.payment import Document, SourcePayment, UnreadablePayment
from tieout.domain.planning.mirror import Correct, MirrorStep, Record, Remove, as_content
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Intent, Operation, State, SyncRecord, request_id
from tieout.ports import PreparedWrite, Workspace
from tieout.ports.payments import RecordedPayment
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents


@dataclass(frozen=True, slots=True)
class MirrorWriter:
    """Carries plans out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, step: MirrorStep) -> SourcePayment | None:
        """Carry the step out as `Intents.carry_out` says; gives what HubSpot answered, None for a deletion. Leaves the
        record claimed and waiting, because what comes next is planned anew; or in attention, when the payment is
        another record's."""
        record, now = held.record, self.claims.clock.now()
        match step:
            case Record():
                intent = _create(workspace, record, step, now)
            case Correct():
                intent = _update(workspace, record, step, now)
            case Remove():
                intent = _delete(workspace, record, step.posting, now)
        effect = _Mirrors(workspace.connection.portal_time_zone)
        self._intents.carry_out(workspace, held, effect, record, intent)
        return effect.answered

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, _Mirrors(workspace.connection.portal_time_zone))

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)


def _create(workspace: Workspace, record: SyncRecord, step: Record, now: datetime) -> Intent:
    content, parent_id = step.content, step.parent_id
    body = workspace.crm.prepare_payment(_recorded(workspace, record, content, parent_id)).body
    rid, revision = _request_id(workspace, record, Operation.CREATE), record.revision + 1
    return Intent(Operation.CREATE, rid, revision, body, now, posting=content, parent_id=parent_id)


def _update(workspace: Workspace, record: SyncRecord, step: Correct, now: datetime) -> Intent:
    content, posting = step.content, step.posting
    body = workspace.crm.prepare_payment_update(_recorded(workspace, record, content, posting.parent_id)).body
    rid, revision = _request_id(workspace, record, Operation.UPDATE), record.revision + 1
    return Intent(
        Operation.UPDATE, rid, revision, body, now, far_id=posting.far_id, posting=content, parent_id=posting.parent_id
    )


def _delete(workspace: Workspace, record: SyncRecord, posting: Posting, now: datetime) -> Intent:
    rid, revision = _request_id(workspace, record, Operation.DELETE), record.revision + 1
    return Intent(
        Operation.DELETE, rid, revision, "", now, far_id=posting.far_id, posting=posting.sent,
        parent_id=posting.parent_id,
    )  # fmt: skip


def _recorded(workspace: Workspace, record: SyncRecord, content: PostingContent, parent_id: str) -> RecordedPayment:
    """The internal comment opens the payment in QuickBooks and bears the marker, by which it is found again."""
    url = workspace.ledger.document_url(Document.PAYMENT, record.key.origin_id)
    own = marker(record.key, record.revision + 1)
    return RecordedPayment(
        invoice_id=parent_id,
        amount=content.amount,
        day=content.day,
        marker="\n".join(filter(None, (url, own))),
        method=content.method_id,
        reference=content.reference,
        refunded=content.refunded,
    )


def _request_id(workspace: Workspace, record: SyncRecord, operation: Operation) -> str:
    """HubSpot takes none; it names the write in the trail."""
    kind, revision = Document.HUBSPOT_PAYMENT.value, record.revision + 1
    return request_id(workspace.connection.realm_id, kind, record.key, operation, revision, record.generation)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A recorded payment as it stands; `payment` None: it is deleted. HubSpot names no calls."""

    id: str
    payment: SourcePayment | UnreadablePayment | None
    call_id: str = ""


@dataclass(slots=True)
class _Mirrors:
    """Fulfils `intents.Effect` for recorded payments. `time_zone` is the portal's, `answered` the last answer."""

    time_zone: str
    answered: SourcePayment | None = None

    def send(self, workspace: Workspace, _record: SyncRecord, intent: Intent) -> tuple[_Answer, bool]:
        """HubSpot has no versions: a payment that was deleted meanwhile is what shows that somebody was there."""
        crm, id_, write = workspace.crm, intent.far_id or "", PreparedWrite(intent.body)
        if intent.operation is Operation.DELETE:
            try:
                crm.delete_payment(id_)
            except RateLimited:
                raise
            except Transient as lost:
                # It may be deleted all the same, which must not pass for a person's doing.
                raise OutcomeUnknown(lost.detail, lost.context) from lost
            return _Answer(id_, None), False
        if intent.operation is Operation.CREATE:
            self.answered = crm.record_payment(write)
        else:
            try:
                answer = crm.update_payment(id_, write)
            except NotInCrm as gone:
                raise StaleVersion(gone.detail, gone.context) from gone
            # It answers no associations.
            self.answered = replace(answer, invoice_ids=(intent.parent_id,))
        return _Answer(self.answered.id, self.answered), False

    def find(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> _Answer | None:
        """Among the payments of its invoice, by the marker with this very revision."""
        found = workspace.crm.payments_of([intent.parent_id]).get(intent.parent_id, ())
        return next((mine for one in found if (mine := _own(one, record, intent)) is not None), None)

    def standing(self, workspace: Workspace, id_: str, _intent: Intent) -> _Answer:
        """By id. One that was recorded just now and cannot be read is looked for later."""
        found = workspace.crm.payments([id_]).get(id_)
        if found is None:
            raise Transient("The payment was recorded and cannot be read yet.", {"system": "hubspot"})
        return _Answer(id_, found)

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> _Answer | None:
        """An update shows by the revision in its marker, a deletion by the absence."""
        id_ = intent.far_id or ""
        found = workspace.crm.payments([id_]).get(id_)
        if intent.operation is Operation.DELETE:
            return None if found is not None else _Answer(id_, None)
        return _own(found, record, intent)

    def linked(self, record: SyncRecord, intent: Intent, answer: _Answer, *, looked: bool) -> SyncRecord:
        """What counts as written after a look is what was sent, and no version counts as seen, so that the next look
        compares the two; one that cannot be read is told then, and never recorded once more."""
        others = tuple(one for one in record.postings if one.far_id != answer.id)
        content, payment = intent.posting, answer.payment
        if payment is None or content is None:
            return replace(record, postings=others)
        shown = None if looked or isinstance(payment, UnreadablePayment) else payment
        posting = Posting(
            far_id=answer.id,
            sent=content,
            written=as_content(shown, content, self.time_zone) if shown else None,
            updated_at=shown.modified_at if shown else None,
            parent_id=intent.parent_id,
        )
        return replace(record, postings=(*others, posting))

    def settled(self, _workspace: Workspace, record: SyncRecord, _intent: Intent, _answer: _Answer) -> SyncRecord:
        """What comes next is planned anew."""
        return record.to(State.WAITING, reason="more_to_post")

    def may_be_repeated(self, workspace: Workspace, _intent: Intent) -> bool:
        """While payments are recorded at all."""
        return workspace.settings.pull_payments and workspace.settings.record_payments_in_hubspot

    def done(self, intent: Intent) -> str:
        """For the trail."""
        return _DONE[intent.operation]

    def names(self, answer: _Answer) -> str:
        """For a person."""
        return f"HubSpot payment {answer.id}"


_DONE = {
    Operation.CREATE: "recorded payment",
    Operation.UPDATE: "corrected recorded payment",
    Operation.VOID: "deleted recorded payment",
    Operation.DELETE: "deleted recorded payment",
}


def _own(payment: SourcePayment | UnreadablePayment | None, record: SyncRecord, intent: Intent) -> _Answer | None:
    """The payment, when it bears the marker of this very write."""
    if payment is None:
        return None
    mine = bears_marker(payment.comment or "", record.key, intent.revision)
    return _Answer(payment.id, payment) if mine else None
