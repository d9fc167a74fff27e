"""The PDF of a settled invoice on a record in HubSpot: one private file and one note, refreshed and never piling up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

from tieout.domain.attached import AttachedPdf
from tieout.domain.errors import ConnectionLost, NeedsAttention, NotInCrm, NotInLedger, SyncError
from tieout.domain.invoice import SourceInvoice, UnreadableInvoice
from tieout.domain.planning.pdf import QUIET, Step, WantedPdf, next_step, version_of
from tieout.domain.settings import PdfTarget
from tieout.ports import Workspace
from tieout.ports.attachments import NoteText
from tieout.ports.notices import Notice, Notices
from tieout.services.claims import Claims, LeaseLost
from tieout.services.parking import park_unshown
from tieout.services.turn import Turn
from tieout.services.work import Work

REFUSED = "pdf_refused"
"""The notice that PDFs cannot be attached at all: a token is not valid, or has not the scope."""
ONE_REFUSED = "pdf_of_one_refused"
"""The notice that the PDF of one invoice was refused; the others go on."""
_REFUSED_FOR = timedelta(hours=1)
_BUSY_PAUSE = timedelta(seconds=5)

S = TypeVar("S")
WantedOf = Callable[[Workspace, Work[S]], WantedPdf | None]


@dataclass(frozen=True, slots=True)
class Pdfs(Generic[S]):
    """Fulfils `settling.Beside`. `wanted_of` tells which PDF a record should have; for deals it leaves `target_ids`
    empty, and they are asked for all at once."""

    claims: Claims
    notices: Notices
    wanted_of: WantedOf[S]

    def attend(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        """One metered read for each new version of an invoice, at most one in ten minutes. A problem is a notice of the
        connection, and is tried again less and less often."""
        if workspace.settings.pdf is PdfTarget.OFF:
            return
        found = [(work, one) for work in works if _is_done(work) and (one := self.wanted_of(workspace, work))]
        now, by_person = turn.clock.now(), any(work.by_person for work, _ in found)
        try:
            due = [pair for pair in self._with_deals(workspace, found) if self._is_due(*pair, turn)]
        except SyncError as error:
            self._failed(workspace, [work for work, _ in found], error, turn)
            return
        if due and self._refused_lately(workspace) and not by_person:
            for work, _ in due:
                work.wake_at(now + _REFUSED_FOR)
            return
        for work, wanted in due:
            if turn.over:
                work.wake_at(now + _BUSY_PAUSE)
            else:
                self._one(workspace, work, wanted, turn)

    def _with_deals(
        self, workspace: Workspace, found: Sequence[tuple[Work[S], WantedPdf]]
    ) -> Sequence[tuple[Work[S], WantedPdf]]:
        lacking = [one.id for _, one in found if one.object_type == "deals" and not one.target_ids]
        deals = workspace.crm.deals_of("invoices", lacking) if lacking else {}
        whole = [(work, replace(one, target_ids=one.target_ids or deals.get(one.id, ()))) for work, one in found]
        return [(work, one) for work, one in whole if one.target_ids]

    def _is_due(self, work: Work[S], wanted: WantedPdf, turn: Turn) -> bool:
        present = work.record.pdf
        step = next_step(present, wanted, turn.clock.now())
        if step is Step.LATER and present is not None:
            work.wake_at(present.at + QUIET)
        return step is Step.ATTACH

    def _one(self, workspace: Workspace, work: Work[S], wanted: WantedPdf, turn: Turn) -> None:
        try:
            self._attach(workspace, work, wanted)
        except NotInLedger:
            # The next look at the invoice tells it.
            return
        except LeaseLost:
            work.done = work.lost = True
        except SyncError as error:
            self._failed(workspace, [work], error, turn)
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            work.held.record = park_unshown(work.record, None, work.tries, turn.clock.now())
            work.bug = work.bug or error
        else:
            if self.notices.load(workspace.connection.id, REFUSED) is not None:
                self.notices.clear(workspace.connection.id, REFUSED)

    def _attach(self, workspace: Workspace, work: Work[S], wanted: WantedPdf) -> None:
        crm, now, before = workspace.crm, self.claims.clock.now(), work.record.pdf
        known = before if before is not None and before.target == wanted.target else None
        note_id = known.note_id if known is not None else ""
        if note_id and not crm.has_note(note_id):
            self._removed(workspace, work)
            return
        mark = f"tieout-pdf:{workspace.connection.id}/{wanted.id}/"
        if known is not None and not note_id:
            # It was about to be written once, and nobody knows whether it was.
            note_id = crm.find_note(wanted.object_type, wanted.target_ids[0], mark) or ""
        content = workspace.ledger.invoice_pdf(wanted.far_id)
        file_id = crm.keep_file(f"invoice-{wanted.id}.pdf", content, before.file_id if before else None)
        text = f"Invoice {wanted.number} from QuickBooks, as it was on {now:%Y-%m-%d at %H:%M} UTC."
        note = NoteText(text, mark, file_id, now)
        if before is not None and before.note_id and known is None:
            crm.delete_note(before.note_id)
        if note_id:
            self._update(workspace, note_id, note)
        else:
            about = AttachedPdf("", wanted.target, file_id, "", now)
            self.claims.store(work.held, replace(work.record, pdf=about))
            note_id = crm.create_note(wanted.object_type, wanted.target_ids, note)
        attached = AttachedPdf(wanted.version, wanted.target, file_id, note_id, now)
        work.held.record = replace(work.record, pdf=attached)

    def _update(self, workspace: Workspace, note_id: str, note: NoteText) -> None:
        try:
            workspace.crm.update_note(note_id, note)
        except NotInCrm:
            # Deleted just now: the next look finds it gone, and leaves it so.
            return

    def _removed(self, workspace: Workspace, work: Work[S]) -> None:
        """A person deleted the note: the file goes, too, and no other follows."""
        present = work.record.pdf
        if present is not None:
            workspace.crm.delete_file(present.file_id)
            work.held.record = replace(work.record, pdf=replace(present, removed=True))

    def _failed(self, workspace: Workspace, works: Sequence[Work[S]], error: SyncError, turn: Turn) -> None:
        now = turn.clock.now()
        if isinstance(error, NeedsAttention | ConnectionLost):
            code = REFUSED if isinstance(error, ConnectionLost) else ONE_REFUSED
            self.notices.save(workspace.connection.id, code, Notice(error.detail or "It was refused.", now))
        for work in works:
            work.held.record = park_unshown(work.record, error, work.tries, now)

    def _refused_lately(self, workspace: Workspace) -> bool:
        notice = self.notices.load(workspace.connection.id, REFUSED)
        return notice is not None and self.claims.clock.now() < notice.at + _REFUSED_FOR


def _is_done(work: Work[S]) -> bool:
    return work.read and not work.unfinished and not work.lost and work.record.settled


def pdf_of_pushed(workspace: Workspace, work: Work[SourceInvoice | UnreadableInvoice]) -> WantedPdf | None:
    """The PDF of an invoice that was born in HubSpot, on its own company, contact or deals."""
    source, record = work.source, work.record
    version = version_of(record)
    if not version or not isinstance(source, SourceInvoice) or record.link is None:
        return None
    number = record.link.number or source.number or record.link.far_id
    match workspace.settings.pdf:
        case PdfTarget.COMPANY:
            kind, ids = "companies", (source.company.id,) if source.company else ()
        case PdfTarget.CONTACT:
            kind, ids = "contacts", (source.contact.id,) if source.contact else ()
        case _:
            return WantedPdf(source.id, record.link.far_id, number, version, "deals", ())
    return WantedPdf(source.id, record.link.far_id, number, version, kind, ids) if ids else None
