"""Ties out every synced invoice of a connection: reads both sides in groups, compares, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tieout.domain.claim import posted_hint_id
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.invoice import LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.payment import Document, LedgerDocument, LedgerPayment, SourcePayment, UnreadablePayment
from tieout.domain.planning.payment_plan import RECEIPTS
from tieout.domain.planning.rounds import GROUP, Round
from tieout.domain.planning.tie_out import InvoiceCase, tie_out
from tieout.domain.planning.tie_out_mirrors import MirrorCase, tie_out_mirror
from tieout.domain.planning.tie_out_payments import REFUNDING, MoneyCase, Pushed, is_recorded
from tieout.domain.posting import Posting
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.settings import ClosedPeriod, Settings
from tieout.domain.tie_out import TieOut, Totals
from tieout.ports import Clock, Records, Workspace
from tieout.services import decisions

# Those under way come first: most of them move to a state that is listed later.
_LISTED = (
    State.SEEN,
    State.PLANNED,
    State.WRITING,
    State.VERIFYING,
    State.WAITING,
    State.SYNCED,
    State.SYNCED_WITH_VARIANCE,
    State.VOIDED,
    State.ATTENTION,
    State.DELETED_IN_LEDGER,
)
_HUBSPOT, _QUICKBOOKS = "hubspot", "quickbooks"
Payment = SourcePayment | UnreadablePayment


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which part of `of` invoices a nightly tie-out was to compare, beside those whose turn it was: `adrift_before`
    did not hold the last time, `changed` had changed, and `put_off` had too and were too many. `round_began`: since
    when all of them have their turn; `whole_since`: every one of them was compared after that, None before the first
    round is complete."""

    of: int
    changed: int
    adrift_before: int
    put_off: int
    round_began: datetime | None
    whole_since: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a tie-out of one connection found at `at` (aware). `left` invoices were not looked at: the time was up, or a
    vendor `stopped` it. `left_alone` invoices stand in QuickBooks and are not compared, because a person or a setting
    said so. `coverage` and `round` are a nightly one's, which is of a part of the invoices; None: it is of all that
    were asked for."""

    connection: str
    at: datetime
    results: tuple[TieOut, ...]
    left: int = 0
    left_alone: int = 0
    stopped: SyncError | None = None
    coverage: Coverage | None = None
    round: Round | None = None

    @property
    def ties_out(self) -> bool:
        """Whether every invoice that was to be looked at was, and everything holds."""
        return not self.left and not self.drifted

    @property
    def drifted(self) -> tuple[TieOut, ...]:
        """The invoices for which something does not hold, by number."""
        found = (one for one in self.results if one.findings)
        return tuple(sorted(found, key=lambda one: (len(one.label), one.label)))

    @property
    def totals(self) -> Totals:
        """The figures of both sides by currency."""
        return Totals.of(one.figures for one in self.results if one.figures is not None)


def _nobody(_done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Reads only: our own records, HubSpot, and QuickBooks in one metered read per 100 of a kind."""

    records: Records
    clock: Clock

    def run(
        self,
        workspace: Workspace,
        *,
        since: date | None = None,
        keys: Sequence[RecordKey] | None = None,
        partly: bool = False,
        deadline: datetime | None = None,
        progress: Callable[[int, int], None] = _nobody,
    ) -> Report:
        """Tie out the invoices that stand in QuickBooks, also while a change of them waits, and those that need a
        person; with `since` only those dated on or after it, with `keys` those named, in this order. `progress` is
        told how many of how many are done. Raises the SyncError of a vendor that could not be asked; a failed read is
        never taken for a difference. With `partly` what was compared before that is told, too, if anything was."""
        at = self.clock.now()
        if keys is None:
            keys = self._keys(workspace.connection.id, since)
        results: list[TieOut] = []
        progress(0, len(keys))
        for start in range(0, len(keys), GROUP):
            if deadline is not None and self.clock.now() >= deadline:
                return Report(
                    workspace.connection.id, at, tuple(results), len(keys) - start, self._left_alone(workspace)
                )
            group = self.records.get_many(keys[start : start + GROUP])
            try:
                results += self._group(workspace, tuple(group.values()))
            except StoreUnavailable:
                raise
            except SyncError as error:
                if not (partly and start):
                    raise
                return self._stopped(workspace, at, results, len(keys) - start, error)
            progress(min(start + GROUP, len(keys)), len(keys))
        return Report(workspace.connection.id, at, tuple(results), left_alone=self._left_alone(workspace))

    def _group(self, workspace: Workspace, records: Sequence[SyncRecord]) -> list[TieOut]:
        """Those born in HubSpot with their money, those born in QuickBooks with the invoice that shows them."""
        mirrored = [one for one in records if one.key.origin_system == _QUICKBOOKS]
        others = tuple(one for one in records if one.key.origin_system != _QUICKBOOKS)
        found = _Group(workspace, self.records, others).tie_out() if others else []
        return found + (_mirrors(workspace, mirrored) if mirrored else [])

    def _stopped(
        self, workspace: Workspace, at: datetime, results: Sequence[TieOut], left: int, error: SyncError
    ) -> Report:
        alone = self._left_alone(workspace)
        return Report(workspace.connection.id, at, tuple(results), left, left_alone=alone, stopped=error)

    def _left_alone(self, workspace: Workspace) -> int:
        """An invoice that was written is ignored by hand only, or when it was deleted in HubSpot and the setting leaves
        such ones as they are: no filter applies to it any more."""
        ignored = decisions.in_state(self.records, workspace.connection.id, State.IGNORED)
        return len({record.key for record in ignored if record.link is not None})

    def listed(self, connection: str) -> Iterator[SyncRecord]:
        """The records that can be compared. One that changes state meanwhile is named twice."""
        found = (record for state in _LISTED for record in decisions.in_state(self.records, connection, state))
        return (record for record in found if record.link is not None or record.settled)

    def _keys(self, connection: str, since: date | None) -> list[RecordKey]:
        concerned = self.listed(connection)
        return list(dict.fromkeys(record.key for record in concerned if since is None or _dated(record, since)))


def _not_sent(settings: Settings) -> frozenset[str]:
    """The reasons for which the settings, as they are now, leave HubSpot payments out."""
    ignores_closed = settings.closed_period is ClosedPeriod.IGNORE
    reasons = (("switched_off", not settings.push_payments), ("period_closed", ignores_closed))
    return frozenset(reason for reason, left_out in reasons if left_out)


def _dated(record: SyncRecord, since: date) -> bool:
    """An invoice that never came to QuickBooks has no date here, and still needs its decision."""
    link = record.link
    if link is None:
        return True
    sent = link.mirror.sent if link.mirror else link.sent
    return sent is None or sent.invoice_date >= since


def _mirrors(workspace: Workspace, records: Sequence[SyncRecord]) -> list[TieOut]:
    """Each of them, by one metered read and a grouped one of HubSpot."""
    ledger = workspace.ledger.invoices([record.key.origin_id for record in records])
    far_ids = {record.link.far_id for record in records if record.link}
    standing = workspace.crm.mirrors(far_ids) if far_ids else {}
    return [
        tie_out_mirror(
            MirrorCase(
                record, standing.get(record.link.far_id) if record.link else None, ledger.get(record.key.origin_id)
            )
        )
        for record in records
    ]


@dataclass(slots=True)
class _Group:
    """Up to a hundred invoices, read together."""

    workspace: Workspace
    store: Records
    records: Sequence[SyncRecord]
    sources: Mapping[str, SourceInvoice | UnreadableInvoice] = field(default_factory=dict)
    ledger: Mapping[str, LedgerInvoice] = field(default_factory=dict)
    of_invoice: dict[str, list[Payment]] = field(default_factory=dict)
    pushed: dict[str, SyncRecord] = field(default_factory=dict)
    mirrors: dict[str, SyncRecord] = field(default_factory=dict)
    payments: Mapping[str, LedgerPayment] = field(default_factory=dict)
    documents: dict[str, LedgerDocument] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()

    def tie_out(self) -> list[TieOut]:
        """Each of them."""
        self._read_invoices()
        self._read_payments()
        self._read_documents()
        return [tie_out(self._case(record)) for record in self.records]

    # -- reading

    def _read_invoices(self) -> None:
        ids = [record.key.origin_id for record in self.records]
        far_ids = [record.link.far_id for record in self.records if record.link]
        self.ledger = self.workspace.ledger.invoices(far_ids) if far_ids else {}
        self.sources = self.workspace.crm.invoices(ids)
        self.of_invoice = {id_: list(some) for id_, some in self.workspace.crm.payments_of(ids).items()}

    def _read_payments(self) -> None:
        """HubSpot payments and their records, and QuickBooks' payments: those applied, and those posted."""
        settling = {id_ for one in self.ledger.values() for kind, id_ in one.settlements if kind == "Payment"}
        origins = {id_: self._origin(Document.PAYMENT, id_) for id_ in sorted(settling)}
        known = {one.id: one for some in self.of_invoice.values() for one in some}
        applied = {key.origin_id for key in origins.values() if key is not None} - set(known)
        known |= self.workspace.crm.payments(applied) if applied else {}
        self.pushed = self._records_of(_HUBSPOT, known)
        recorded = [one for one in known.values() if isinstance(one, SourcePayment) and is_recorded(one)]
        holders = [self._origin(Document.HUBSPOT_PAYMENT, one.id, _HUBSPOT) for one in recorded]
        born_there = {id_ for id_, origin in origins.items() if origin is None}
        self.mirrors = self._records_of(_QUICKBOOKS, born_there | {key.origin_id for key in holders if key})
        posted = {one.far_id for one in self._postings() if one.sent.document in RECEIPTS}
        self.payments = self.workspace.ledger.payments(sorted(settling | posted))
        self._place(known)
        self._find_homes(known)

    def _origin(self, document: Document, far_id: str, system: str = _QUICKBOOKS) -> RecordKey | None:
        return self.store.origin_of(self.workspace.connection.id, system, document.holder_kind, far_id)

    def _records_of(self, system: str, ids: Iterable[str]) -> dict[str, SyncRecord]:
        keys = [RecordKey(self.workspace.connection.id, Kind.PAYMENT, system, id_) for id_ in sorted(ids)]
        return {key.origin_id: record for key, record in self.store.get_many(keys).items()}

    def _postings(self) -> list[Posting]:
        return [posting for record in self.pushed.values() for posting in record.postings if not posting.voided]

    def _place(self, known: Mapping[str, Payment]) -> None:
        """A payment also belongs where QuickBooks applies its document, whatever HubSpot associates it with."""
        holder = {posting.far_id: id_ for id_, record in self.pushed.items() for posting in record.postings}
        for invoice_id, ledger in self._pairs():
            here = self.of_invoice.setdefault(invoice_id, [])
            for far_id in self._applied_to(ledger):
                payment = known.get(holder.get(far_id, ""))
                if payment is not None and payment not in here:
                    here.append(payment)

    def _pairs(self) -> list[tuple[str, LedgerInvoice]]:
        return [
            (record.key.origin_id, self.ledger[record.link.far_id])
            for record in self.records
            if record.link and record.link.far_id in self.ledger
        ]

    def _applied_to(self, invoice: LedgerInvoice) -> list[str]:
        return [id_ for kind, id_ in invoice.settlements if kind == "Payment" and id_ in self.payments]

    def _find_homes(self, known: Mapping[str, Payment]) -> None:
        """Which of the payments' invoices are tied out at all."""
        here = {record.key.origin_id for record in self.records if record.link}
        others = {id_ for one in known.values() if isinstance(one, SourcePayment) for id_ in one.invoice_ids} - here
        keys = [RecordKey(self.workspace.connection.id, Kind.INVOICE, _HUBSPOT, id_) for id_ in sorted(others)]
        found = self.store.get_many(keys) if keys else {}
        self.linked = frozenset(here | {key.origin_id for key, one in found.items() if one.link is not None})

    def _read_documents(self) -> None:
        for document in sorted(REFUNDING):
            ids = {one.far_id for one in self._postings() if one.sent.document is document}
            if ids:
                for one in self.workspace.ledger.documents(document, sorted(ids)).values():
                    self.documents[f"{document.holder_kind}:{one.id}"] = one

    # -- comparing

    def _case(self, record: SyncRecord) -> InvoiceCase:
        id_ = record.key.origin_id
        ledger = self.ledger.get(record.link.far_id) if record.link else None
        return InvoiceCase(record, self.sources.get(id_), ledger, self._money(id_, ledger))

    def _money(self, id_: str, ledger: LedgerInvoice | None) -> MoneyCase:
        settings = self.workspace.settings
        here = self.of_invoice.get(id_, [])
        recorded = {one.id: one for one in here if isinstance(one, SourcePayment) and is_recorded(one)}
        pushed = tuple(
            Pushed(one, self.pushed.get(one.id), self._home(one) == id_) for one in here if one.id not in recorded
        )
        posted = {posting.far_id for one in pushed if one.record for posting in one.record.postings}
        wanted = posted | set(self._applied_to(ledger) if ledger else ())
        hint_ids = {posted_hint_id(posting) for one in pushed if one.record for posting in one.record.postings}
        return MoneyCase(
            invoice_id=id_,
            far_id=ledger.id if ledger else "",
            pushed=pushed,
            recorded=recorded,
            ledger={far_id: self.payments[far_id] for far_id in sorted(wanted) if far_id in self.payments},
            documents={name: one for name, one in self.documents.items() if name in hint_ids},
            mirrors={far_id: one for far_id, one in self.mirrors.items() if self._concerns(one, id_, wanted)},
            by_setting=not (settings.pull_payments and settings.record_payments_in_hubspot),
            not_sent=_not_sent(settings),
        )

    def _home(self, payment: Payment) -> str | None:
        """The first of a payment's invoices that is tied out."""
        ids: Collection[str] = payment.invoice_ids if isinstance(payment, SourcePayment) else ()
        return min((id_ for id_ in ids if id_ in self.linked), key=lambda id_: (len(id_), id_), default=None)

    @staticmethod
    def _concerns(mirror: SyncRecord, invoice_id: str, far_ids: Collection[str]) -> bool:
        return mirror.key.origin_id in far_ids or any(one.parent_id == invoice_id for one in mirror.postings)
