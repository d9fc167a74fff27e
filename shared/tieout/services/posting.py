"""Writing a payment's documents to the ledger: what is sent, by what it is found again, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotInLedger, NumberTaken
from tieout.domain.marker import bears_marker, with_marker
from tieout.domain.payment import Document, LedgerPayment
from tieout.domain.planning.payment_plan import COMPUTED, Amend, Post, Standing, TakeBack
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.standing import as_content, posting_changes
from tieout.domain.planning.totals import compare
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import TIEOUT, Intent, Operation, State, SyncRecord, request_id
from tieout.domain.settings import BeyondTolerance, FeeBooking
from tieout.ports import Clock, PreparedWrite, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents

Write = Post | Amend | TakeBack


@dataclass(frozen=True, slots=True)
class PostingWriter:
    """Carries plans out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, plan: Write, by: str = TIEOUT) -> None:
        """Carry the plan out as `Intents.carry_out` says. Leaves the record claimed and waiting for the next document,
        because whether there is one is planned anew; or in attention, when the document is another record's. `by` is
        who wants it, for the trail."""
        record, now = held.record, self.claims.clock.now()
        match plan:
            case Post():
                intent = _create(workspace, record, plan, now)
            case Amend():
                intent = _update(workspace, record, plan, now)
            case TakeBack():
                intent = _void(workspace, record, plan.present, plan.content, now)
        self._intents.carry_out(workspace, held, self._effect, record, replace(intent, by=by))

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, self._effect)

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)

    @property
    def _effect(self) -> _Postings:
        return _Postings(self.claims.clock)


def look_at(workspace: Workspace, document: Document, ids: set[str]) -> dict[str, Standing]:
    """Documents of one kind as they stand, in one read per 100; deleted ones are absent."""
    if document.holder_kind == Document.PAYMENT:
        return dict(workspace.ledger.payments(ids))
    return dict(workspace.ledger.documents(document, ids))


def _create(workspace: Workspace, record: SyncRecord, plan: Post, now: datetime) -> Intent:
    content, revision = plan.content, record.revision + 1
    note = with_marker(content.notice, record.key, revision)
    body = workspace.ledger.prepare_posting(content, note).body
    rid = _request_id(workspace, record, content.document, Operation.CREATE)
    return Intent(Operation.CREATE, rid, revision, body, now, posting=content)


def _update(workspace: Workspace, record: SyncRecord, plan: Amend, now: datetime) -> Intent:
    present, content, revision = plan.present, plan.content, record.revision + 1
    note = with_marker(present.private_note, record.key, revision)
    whole = replace(content, allocations=(*content.allocations, *plan.kept))
    body = workspace.ledger.prepare_posting_update(present, whole, note).body
    rid = _request_id(workspace, record, content.document, Operation.UPDATE)
    return Intent(Operation.UPDATE, rid, revision, body, now, far_id=present.id, posting=content)


def _void(
    workspace: Workspace, record: SyncRecord, present: Standing, content: PostingContent, now: datetime
) -> Intent:
    body = workspace.ledger.prepare_posting_void(present).body
    rid = _request_id(workspace, record, content.document, Operation.VOID)
    return Intent(Operation.VOID, rid, record.revision + 1, body, now, far_id=present.id, posting=content)


def _request_id(workspace: Workspace, record: SyncRecord, document: Document, operation: Operation) -> str:
    realm, revision = workspace.connection.realm_id, record.revision + 1
    return request_id(realm, document.value, record.key, operation, revision, record.generation)


@dataclass(frozen=True, slots=True)
class _Removed:
    """A document that was deleted because its kind cannot be voided."""

    id: str
    call_id: str = ""


_Answer = Standing | _Removed


@dataclass(frozen=True, slots=True)
class _Postings:
    """Fulfils `intents.Effect` for the documents of payments."""

    clock: Clock

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[_Answer, bool]:
        """A document that has to go and is gone already is no error; a number that our own document of this very
        intent bears means that the write had happened."""
        ledger, write, document = workspace.ledger, PreparedWrite(intent.body), _content(intent).document
        if intent.operation is not Operation.VOID:
            try:
                return ledger.post(document, write, intent.request_id), False
            except NumberTaken as taken:
                return _holder(workspace, record, intent, taken), True
        gone = _Removed(intent.far_id or "")
        try:
            return ledger.void(document, write, intent.request_id) or gone, False
        except NotInLedger:
            return gone, True

    def find(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> _Answer | None:
        """By the marker with this very revision: each document of a payment has one of its own."""
        return workspace.ledger.find_posting(record.key, _content(intent), intent.revision)

    def standing(self, workspace: Workspace, id_: str, intent: Intent) -> _Answer:
        """By id."""
        found = look_at(workspace, _content(intent).document, {id_}).get(id_)
        if found is None:
            raise NotInLedger
        return found

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> _Answer | None:
        """An update shows by the revision in its marker, a deletion by the absence."""
        id_ = intent.far_id or ""
        found = look_at(workspace, _content(intent).document, {id_}).get(id_)
        if intent.operation is Operation.VOID:
            return _Removed(id_) if found is None else found if found.voided else None
        if found is None:
            raise NotInLedger
        return found if bears_marker(found.private_note, record.key, intent.revision) else None

    def linked(self, record: SyncRecord, intent: Intent, answer: _Answer, *, looked: bool) -> SyncRecord:
        """What counts as written after a look is what was sent, and no version counts as seen, so that the next look
        compares the two."""
        content, id_ = _content(intent), answer.id
        before = next((one for one in record.postings if _is(one, content, id_)), None)
        if intent.operation is Operation.VOID and before is not None:
            posting = replace(before, voided=True)
        elif isinstance(answer, _Removed):
            return record
        else:
            posting = Posting(
                far_id=id_,
                sent=content,
                written=_written(answer, content, looked=looked),
                sync_token=answer.sync_token,
                updated_at=None if looked else answer.updated_at,
                entered=before is not None and before.entered,
            )
        if before is None:
            return replace(record, postings=(*record.postings, posting))
        return replace(record, postings=tuple(posting if one is before else one for one in record.postings))

    def settled(self, workspace: Workspace, record: SyncRecord, intent: Intent, answer: _Answer) -> SyncRecord:
        """A new document whose total is not HubSpot's bears the intent to take it back, by setting; not one that a
        person changed before it was found."""
        waiting = record.to(State.WAITING, reason="more_to_post")
        content = _content(intent)
        computed = intent.operation is Operation.CREATE and content.document in COMPUTED
        if not computed or isinstance(answer, _Removed | LedgerPayment) or answer.voided:
            return waiting
        verdict = compare(content.amount, answer.total, workspace.settings)
        if not isinstance(verdict, Attend) or workspace.settings.beyond_tolerance is not BeyondTolerance.VOID:
            return waiting
        if posting_changes(replace(content, amount=answer.total), as_content(answer, content)):
            return waiting
        again = _void(workspace, record, answer, content, self.clock.now())
        # Should that fail, the next look takes it back.
        postings = tuple(
            replace(one, rejected=True) if _is(one, content, answer.id) else one for one in record.postings
        )
        return replace(record, postings=postings, intent=again, revision=again.revision)

    def may_be_repeated(self, workspace: Workspace, intent: Intent) -> bool:
        """While payments are sent at all; fees while they are booked."""
        if _content(intent).account_lines:
            return workspace.settings.fee_booking is not FeeBooking.REPORT_ONLY
        return workspace.settings.push_payments

    def done(self, intent: Intent) -> str:
        """For the trail."""
        return f"{_DONE[intent.operation]} {_content(intent).document.value.replace('_', ' ')}"

    def names(self, answer: _Answer) -> str:
        """For a person."""
        kind = "document" if isinstance(answer, _Removed) else _kind(answer)
        return f"QuickBooks {kind} {answer.id}"


def _holder(workspace: Workspace, record: SyncRecord, intent: Intent, taken: NumberTaken) -> Standing:
    """The document that bears the number, when it is this intent's own. Else attention."""
    found = look_at(workspace, _content(intent).document, {taken.holder_id}) if taken.holder_id else {}
    holder = found.get(taken.holder_id)
    if holder is not None and bears_marker(holder.private_note, record.key, intent.revision):
        return holder
    raise NeedsAttention(
        f"Number {_content(intent).reference or ''} is borne by {taken.holder_type or 'a document'} "
        f"{taken.holder_id or '(unknown)'}.",
        taken.context,
        AttentionCode.DUPLICATE_NUMBER,
    )


_DONE = {
    Operation.CREATE: "created",
    Operation.UPDATE: "updated",
    Operation.VOID: "took back",
    Operation.DELETE: "deleted",
}


def _is(posting: Posting, content: PostingContent, id_: str) -> bool:
    """Whether a posting is the document `id_` of `content`'s kind."""
    return posting.far_id == id_ and posting.sent.document.holder_kind == content.document.holder_kind


def _written(answer: Standing, content: PostingContent, *, looked: bool) -> PostingContent | None:
    """After a look only the total counts, where QuickBooks computes it."""
    if not looked:
        return as_content(answer, content)
    return replace(content, amount=answer.total) if content.document in COMPUTED else None


def _kind(answer: Standing) -> str:
    return "payment" if isinstance(answer, LedgerPayment) else answer.document.value.replace("_", " ")


def _content(intent: Intent) -> PostingContent:
    if intent.posting is None:
        raise ValueError(f"intent {intent.revision} is of no payment's document")
    return intent.posting
