"""Writing QuickBooks invoices into HubSpot: what is sent, by what it is found again, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.errors import NotInCrm, StaleVersion, Transient
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.mirrored_invoice import Mirror, MirrorContent, StandingMirror
from tieout.domain.planning.invoice_mirror import CreateMirror, FillMirror, MirrorStep
from tieout.domain.record import VOIDED_TEXT, Intent, Link, Operation, RecordKey, State, SyncRecord, request_id
from tieout.ports import PreparedWrite, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents


def mirror_key(key: RecordKey, generation: int) -> str:
    """The value of the unique property by which a mirror is found again: another one after it was deleted."""
    return f"{key.connection}/{key.kind}/{key.origin_id}/{generation}"


@dataclass(frozen=True, slots=True)
class MirroredInvoiceWriter:
    """Carries plans out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, step: MirrorStep) -> StandingMirror | None:
        """Carry the step out as `Intents.carry_out` says; gives the draft that a create made.

        Leaves the record claimed: waiting after a create, because lines and status follow, else in sync or voided.
        """
        record, now = held.record, self.claims.clock.now()
        if isinstance(step, CreateMirror):
            if step.again:
                # On the new one nothing is shown yet.
                record = replace(record, link=None, generation=record.generation + 1, shown="")
            effect = _Mirrors()
            self._intents.carry_out(workspace, held, effect, record, _create(workspace, record, step.content, now))
            return effect.created
        record = replace(record, link=_begun(record, step.content))
        effect = _Mirrors(step.standing)
        self._intents.carry_out(workspace, held, effect, record, _fill(workspace, record, step, now))
        return None

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, _Mirrors())

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)


def _create(workspace: Workspace, record: SyncRecord, content: MirrorContent, now: datetime) -> Intent:
    body = workspace.crm.prepare_mirror(content, mirror_key(record.key, record.generation)).body
    rid = _request_id(workspace, record, Operation.CREATE)
    return Intent(Operation.CREATE, rid, record.revision + 1, body, now, mirror=content)


def _fill(workspace: Workspace, record: SyncRecord, step: FillMirror, now: datetime) -> Intent:
    rid = _request_id(workspace, record, Operation.UPDATE)
    revision = record.revision + 1
    return Intent(Operation.UPDATE, rid, revision, "", now, far_id=step.standing.id, mirror=step.content)


def _request_id(workspace: Workspace, record: SyncRecord, operation: Operation) -> str:
    """HubSpot takes none; it names the write in the trail."""
    revision = record.revision + 1
    return request_id(workspace.connection.realm_id, "mirror", record.key, operation, revision, record.generation)


def _begun(record: SyncRecord, content: MirrorContent) -> Link | None:
    """The link of a mirror that is about to say `content`: as long as that is not done, anything in between is ours."""
    link = record.link
    if link is None or link.mirror is None:
        return link
    mirror = link.mirror
    before = mirror.sent if mirror.complete else mirror.before
    attempts = (*(one for one in mirror.attempts if one != content), content)
    return replace(link, mirror=Mirror(content, attempts, before))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A mirror as it stands; HubSpot names no calls."""

    id: str
    modified_at: datetime | None = None
    call_id: str = ""


@dataclass(slots=True)
class _Mirrors:
    """Fulfils `intents.Effect` for mirrored invoices. `present` is what a fill begins with, `created` what a create
    answered."""

    present: StandingMirror | None = None
    created: StandingMirror | None = None

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[_Answer, bool]:
        """HubSpot has no versions: an invoice that was deleted meanwhile is what shows that somebody was there."""
        if intent.operation is Operation.CREATE:
            self.created = workspace.crm.create_mirror(PreparedWrite(intent.body))
            return _Answer(self.created.id), False
        if self.present is None or intent.mirror is None or record.link is None or record.link.mirror is None:
            raise TypeError("a fill without what stands there")
        try:
            modified = workspace.crm.fill_mirror(self.present, intent.mirror, record.link.mirror.before)
        except NotInCrm as gone:
            raise StaleVersion(gone.detail, gone.context) from gone
        return _Answer(self.present.id, modified), False

    def find(self, workspace: Workspace, record: SyncRecord, _intent: Intent) -> _Answer | None:
        """By the unique property."""
        key = mirror_key(record.key, record.generation)
        id_ = workspace.crm.mirrors_by_key([key]).get(key)
        return None if id_ is None else _Answer(id_)

    def standing(self, workspace: Workspace, id_: str, _intent: Intent) -> _Answer:
        """By id; one that was created just now and cannot be read is looked for later."""
        if id_ not in workspace.crm.mirrors([id_]):
            raise Transient("The invoice was created and cannot be read yet.", {"system": "hubspot"})
        return _Answer(id_)

    def landed(self, _workspace: Workspace, _record: SyncRecord, _intent: Intent) -> _Answer | None:
        """None: a fill is several calls, so it is planned anew from what stands there, and what arrived is not
        repeated."""
        return None

    def linked(self, record: SyncRecord, intent: Intent, answer: _Answer, *, looked: bool) -> SyncRecord:
        """A created draft is not complete; a fill that was answered is."""
        content = intent.mirror
        if content is None:
            return record
        number = content.number
        if intent.operation is Operation.CREATE:
            return replace(record, link=Link(answer.id, number=number, mirror=Mirror(content, (content,))))
        version = None if looked else answer.modified_at
        return replace(record, link=Link(answer.id, number=number, mirror=Mirror(content), ledger_updated_at=version))

    def settled(self, _workspace: Workspace, record: SyncRecord, intent: Intent, _answer: _Answer) -> SyncRecord:
        """After a create the rest follows."""
        if intent.operation is Operation.CREATE or intent.mirror is None:
            return record.to(State.WAITING, reason="more_to_write")
        return shown_as(record, intent.mirror)

    def may_be_repeated(self, workspace: Workspace, _intent: Intent) -> bool:
        """Not while taking invoices over is switched off."""
        return workspace.settings.pull_invoices

    def done(self, intent: Intent) -> str:
        """For the trail."""
        return "created mirrored invoice" if intent.operation is Operation.CREATE else "wrote mirrored invoice"

    def names(self, answer: _Answer) -> str:
        """For a person."""
        return f"HubSpot invoice {answer.id}"


def shown_as(record: SyncRecord, content: MirrorContent) -> SyncRecord:
    """The record of a mirror that says `content`."""
    if content.status is InvoiceStatus.VOIDED:
        return record.to(State.VOIDED, detail=VOIDED_TEXT)
    return record.to(State.SYNCED)
