"""Planning a back-fill: every invoice from a date on, of both systems, planned as a worker would plan it.

Nothing is claimed, created, remembered or written. Reads are grouped, and those of QuickBooks are metered: a page of a
thousand invoices is one, and what our records know to be in sync costs no more than the page that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.marker import is_marked
from tieout.domain.planning.adoption import Match, Same, Unclaimed, Unclear, Wanted, match
from tieout.domain.record import BY_HAND, Kind, RecordKey, State, SyncRecord
from tieout.ports import Records, Workspace
from tieout.ports.dated import DatedInvoice
from tieout.services.assess import Assessor, Case
from tieout.services.backfill import Lanes, Outlook, Phase, Planned, Step, Told, Wish
from tieout.services.backfill_told import AGREED, of_document, pushed
from tieout.services.patience import Patience
from tieout.services.preview_mirrors import preview_mirrors

_AT_ONCE = 100
_UNFINISHED = "An earlier write of it has to be verified first."


@dataclass(frozen=True, slots=True)
class Outlooks:
    """Plans back-fills. `assessor` is the workers' own."""

    records: Records
    assessor: Assessor
    lanes: Lanes
    patience: Patience

    def of(self, workspace: Workspace, wish: Wish, told: Told) -> Outlook:
        """What the run would do. Raises ConnectionLost, or what a vendor keeps answering; then nothing was done."""
        planned, wanted = self._pushes(workspace, wish, told)
        documents = self._documents(workspace, wish, told) if wanted or wish.to_hubspot else []
        origins = self._origins(workspace, "quickbooks", [one.id for one in documents])
        own = self._records(workspace, "quickbooks", [one.id for one in documents])
        strangers = [one for one in documents if one.id not in origins]
        matches = match(wanted.values(), (Unclaimed.of(one) for one in strangers if _unclaimed(one, own.get(one.id))))
        pushes = [_matched(one, matches.get(one.key.origin_id)) for one in planned] if wish.to_quickbooks else []
        mirrors = self._mirrors(workspace, wish, strangers, own, matches, told) if wish.to_hubspot else []
        return Outlook((*pushes, *mirrors), matches)

    # -- HubSpot's invoices

    def _pushes(self, workspace: Workspace, wish: Wish, told: Told) -> tuple[list[Planned], dict[str, Wanted]]:
        """A plan for each, and what those would be of which nothing stands. When they are not to be sent, they are
        planned all the same: what is one of them in QuickBooks must not be shown in HubSpot a second time."""
        if not wish.to_quickbooks:
            workspace = replace(workspace, settings=replace(workspace.settings, push_invoices=True))
        found = self._found(workspace, wish, told)
        shown = self._origins(workspace, "hubspot", [one.id for one in found])
        found = [one for one in found if one.id not in shown]
        known = self._records(workspace, "hubspot", [one.id for one in found])
        planned: dict[str, Planned] = {}
        before: dict[str, Planned] = {}
        asked: list[DatedInvoice] = []
        for one in found:
            record = known.get(one.id)
            beforehand = _beforehand(_key(workspace, "hubspot", one.id), record, one)
            if beforehand is not None:
                before[one.id] = beforehand
            if beforehand is None or (beforehand.step is Step.LEAVE and record is not None and record.unclear):
                # What may stand in QuickBooks and was left alone for it is compared all the same.
                asked.append(one)
        wanted: dict[str, Wanted] = {}
        told(Phase.PLAN, 0, len(asked))
        chunks = [[one.id for one in asked[at : at + _AT_ONCE]] for at in range(0, len(asked), _AT_ONCE)]
        done = 0
        for some, new in self.lanes.each(partial(self._assessed, workspace, wish, chunk, known) for chunk in chunks):
            planned, wanted, done = planned | some, wanted | new, done + len(some)
            told(Phase.PLAN, done, len(asked))
        planned |= before
        return [planned[one.id] for one in found], wanted

    def _found(self, workspace: Workspace, wish: Wish, told: Told) -> list[DatedInvoice]:
        def find() -> list[DatedInvoice]:
            found: list[DatedInvoice] = []
            for page in workspace.crm.invoices_since(wish.since):
                found += page
                told(Phase.FIND_HUBSPOT, len(found), None)
            return found

        return self.patience.keep_trying(find)

    def _assessed(
        self, workspace: Workspace, wish: Wish, ids: Sequence[str], known: Mapping[str, SyncRecord]
    ) -> tuple[dict[str, Planned], dict[str, Wanted]]:
        """These invoices, read and planned together. What one of them causes is not the affair of the others, so after
        an error that one may have caused, the halves are planned apart."""
        try:
            return self.patience.keep_trying(partial(self._assess, workspace, wish, ids, known))
        except NeedsAttention as error:
            if len(ids) > 1:
                half = len(ids) // 2
                planned, wanted = self._assessed(workspace, wish, ids[:half], known)
                others, more = self._assessed(workspace, wish, ids[half:], known)
                return planned | others, wanted | more
            [id_] = ids
            key = _key(workspace, "hubspot", id_)
            return {id_: Planned(key, Step.ATTENTION, reason=error.code, detail=error.detail)}, {}

    def _assess(
        self, workspace: Workspace, wish: Wish, ids: Sequence[str], known: Mapping[str, SyncRecord]
    ) -> tuple[dict[str, Planned], dict[str, Wanted]]:
        sources = workspace.crm.invoices(ids, workspace.settings.needed_properties)
        records = {id_: known.get(id_) or SyncRecord(_key(workspace, "hubspot", id_)) for id_ in ids}
        cases = [Case(_taken_in(records[id_], wish), sources.get(id_)) for id_ in ids]
        wanted: dict[str, Wanted] = {}
        plans = self.assessor.assess(workspace, cases, wish.run, dry=True, wanted=wanted)
        planned = {
            id_: pushed(records[id_], case.source, plan, in_full=wish.in_full)
            for id_, case, plan in zip(ids, cases, plans, strict=True)
        }
        return planned, wanted

    # -- QuickBooks' invoices

    def _documents(self, workspace: Workspace, wish: Wish, told: Told) -> list[LedgerInvoice]:
        def find() -> list[LedgerInvoice]:
            found: list[LedgerInvoice] = []
            for page in workspace.ledger.invoices_since(wish.since):
                # Their lines in QuickBooks' own words serve updates alone, and are the larger part.
                found += [replace(one, line_bodies=()) for one in page]
                told(Phase.FIND_QUICKBOOKS, len(found), None)
            return found

        return self.patience.keep_trying(find)

    def _mirrors(
        self,
        workspace: Workspace,
        wish: Wish,
        documents: Sequence[LedgerInvoice],
        known: Mapping[str, SyncRecord],
        matches: Mapping[str, Match],
        told: Told,
    ) -> Iterator[Planned]:
        """A plan for each invoice that is not HubSpot's own in other words."""
        by_document = _by_document(matches)
        asked: list[LedgerInvoice] = []
        for one in documents:
            key, record = _key(workspace, "quickbooks", one.id), known.get(one.id)
            beforehand = _beforehand_mirror(key, one, record)
            if one.id in by_document:
                id_, found = by_document[one.id]
                if not (wish.to_quickbooks and isinstance(found, Same)):
                    yield _stands_in_hubspot(key, one, id_, found)
            elif beforehand is not None:
                yield beforehand
            else:
                asked.append(one)
        chunks = [asked[at : at + _AT_ONCE] for at in range(0, len(asked), _AT_ONCE)]
        tasks = (
            partial(self.patience.keep_trying, partial(self._mirrored, workspace, wish, chunk, known))
            for chunk in chunks
        )
        done = 0
        for some in self.lanes.each(tasks):
            yield from some
            done += len(some)
            told(Phase.PLAN, done, len(asked))

    def _mirrored(
        self,
        workspace: Workspace,
        wish: Wish,
        documents: Sequence[LedgerInvoice],
        known: Mapping[str, SyncRecord],
    ) -> list[Planned]:
        """As a worker would look at them, taken in."""
        records = [known.get(one.id) or SyncRecord(_key(workspace, "quickbooks", one.id)) for one in documents]
        some = [(_taken_in(record, wish), one) for record, one in zip(records, documents, strict=True)]
        planned = preview_mirrors(workspace, some, in_full=wish.in_full)
        # What is known of a record that no back-fill took in yet has to be said once more, so that it is taken in.
        return [
            replace(one, known=one.known and bool(record.run)) for one, record in zip(planned, records, strict=True)
        ]

    # -- our own records

    def _records(self, workspace: Workspace, system: str, ids: Sequence[str]) -> Mapping[str, SyncRecord]:
        keys = [_key(workspace, system, id_) for id_ in ids]
        return {key.origin_id: record for key, record in self.records.get_many(keys).items()} if keys else {}

    def _origins(self, workspace: Workspace, system: str, ids: Sequence[str]) -> Mapping[str, RecordKey]:
        """The records, born on the other side, that these documents stand for."""
        places = [(Kind.INVOICE.value, id_) for id_ in ids]
        found = self.records.origins_of(workspace.connection.id, system, places) if places else {}
        return {id_: key for (_, id_), key in found.items()}


def _key(workspace: Workspace, system: str, id_: str) -> RecordKey:
    return RecordKey(workspace.connection.id, Kind.INVOICE, system, id_)


def _taken_in(record: SyncRecord, wish: Wish) -> SyncRecord:
    return replace(record, run=record.run or wish.run)


def _unclaimed(document: LedgerInvoice, own: SyncRecord | None) -> bool:
    """Whether it belongs to nobody: neither ours by its marker, nor shown in HubSpot already."""
    shown = own is not None and own.link is not None
    return not (document.voided or shown or is_marked(document.private_note))


def _beforehand(key: RecordKey, record: SyncRecord | None, one: DatedInvoice) -> Planned | None:
    """What our record says without a look at the invoice."""
    if record is None:
        return None
    return _of_record(record, Planned(key, Step.IN_SYNC, number=record.label, day=one.day, known=True))


def _beforehand_mirror(key: RecordKey, document: LedgerInvoice, record: SyncRecord | None) -> Planned | None:
    return None if record is None else _of_record(record, replace(of_document(key, Step.IN_SYNC, document), known=True))


def _of_record(record: SyncRecord, told: Planned) -> Planned | None:
    """What is in sync is followed by webhooks and the sweep, so that what changed since is theirs to find."""
    if record.intent is not None:
        return replace(told, step=Step.WAIT, reason="outcome_unknown", detail=_UNFINISHED, known=False)
    if record.state is State.IGNORED and record.reason == BY_HAND:
        return replace(told, step=Step.LEAVE, reason=BY_HAND, detail=record.detail)
    return replace(told, far_id=record.link.far_id if record.link else "") if record.state in AGREED else None


def _matched(planned: Planned, found: Match | None) -> Planned:
    if planned.step is Step.LEAVE:
        return planned
    match found:
        case Same():
            return replace(planned, step=Step.ADOPT, far_id=found.far_id, reason="", detail="", known=False)
        case Unclear():
            code = AttentionCode.ADOPTION_UNCLEAR
            return replace(planned, step=Step.ATTENTION, reason=code, detail=found.detail, known=False)
        case None:
            return planned


def _by_document(matches: Mapping[str, Match]) -> dict[str, tuple[str, Match]]:
    found: dict[str, tuple[str, Match]] = {}
    for id_, one in matches.items():
        for far_id in (one.far_id,) if isinstance(one, Same) else one.far_ids:
            found[far_id] = (id_, one)
    return found


def _stands_in_hubspot(key: RecordKey, document: LedgerInvoice, id_: str, found: Match) -> Planned:
    sure = "is" if isinstance(found, Same) else "may be"
    detail = f"HubSpot invoice {id_} {sure} the same; a back-fill to QuickBooks decides about it."
    told = of_document(key, Step.LEAVE, document)
    return replace(told, reason="stands_in_hubspot", detail=detail, far_id=id_)
