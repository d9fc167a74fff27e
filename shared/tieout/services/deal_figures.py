"""What deals show: each the latest of its invoices, and the next latest one when that counts no longer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tieout.domain.planning.deal import DealInvoice, instead, newest, shown_of, shown_of_mirror
from tieout.domain.record import SHOWN_UNKNOWN, Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import Workspace
from tieout.ports.notices import Notice, Notices
from tieout.services.claims import Claims, Held, LeaseLost

DEAL_REFUSED = "deal_refused"
"""The notice that HubSpot refused to change one deal; the others go on."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An invoice that changed, as a deal would show it. `gone`: it belongs to the deal no longer."""

    shown: DealInvoice
    gone: bool = False

    @property
    def counts(self) -> bool:
        """Whether the deal may show it."""
        return not self.gone and self.shown.counts


@dataclass(frozen=True, slots=True)
class DealFigures:
    """Writes them. A deal's record is claimed meanwhile."""

    claims: Claims
    notices: Notices

    def show(
        self, workspace: Workspace, by_deal: Mapping[str, Sequence[Moved]], trace_id: str
    ) -> tuple[Collection[str], Collection[str]]:
        """Have each deal show the latest of these invoices and of what it shows; gives the deals that other workers
        hold, and those that HubSpot refused."""
        busy: set[str] = set()
        with self._held(workspace, by_deal, trace_id, busy) as held:
            wanted = self._wanted(workspace, by_deal, held)
            writes = {id_: one for id_, one in wanted.items() if held[id_].record.shown != _fingerprint(one)}
            refused = workspace.crm.show_on_deals(writes) if writes else {}
            for deal_id, shown in wanted.items():
                if deal_id not in refused:
                    held[deal_id].record = _showing(held[deal_id].record, shown)
        if refused:
            id_, text = next(iter(refused.items()))
            self.note(workspace, f"Deal {id_}: {text}")
        return busy, refused.keys()

    def note(self, workspace: Workspace, detail: str) -> None:
        """Tell that HubSpot refused something about one deal."""
        self.notices.save(workspace.connection.id, DEAL_REFUSED, Notice(detail, self.claims.clock.now()))

    def _wanted(
        self, workspace: Workspace, by_deal: Mapping[str, Sequence[Moved]], held: Mapping[str, Held]
    ) -> dict[str, DealInvoice | None]:
        """What each deal should show, None: nothing. Deals that show something later are left out."""
        found: dict[str, DealInvoice | None] = {}
        left: dict[str, Moved] = {}
        for deal_id, one in held.items():
            record, moved = one.record, by_deal[deal_id]
            counting = [each.shown for each in moved if each.counts]
            lost = next((each for each in moved if not each.counts and _shows(record, each.shown)), None)
            if counting and not _outdated(newest(counting), None if lost else record):
                found[deal_id] = newest(counting)
            elif lost is not None or (not counting and record.link is None):
                left[deal_id] = lost or moved[-1]
        others = self._others(workspace, left) if left else {}
        for deal_id, was in left.items():
            found[deal_id] = instead(was.shown, others.get(deal_id, ()), gone=was.gone)
        return found

    def _others(self, workspace: Workspace, deal_ids: Collection[str]) -> dict[str, list[DealInvoice]]:
        """The invoices of these deals as our records know them."""
        records, connection = self.claims.records, workspace.connection.id
        of_deals = workspace.crm.invoices_of_deals(deal_ids)
        ids = {id_ for some in of_deals.values() for id_ in some}
        mirrors = records.origins_of(connection, "hubspot", [(Kind.INVOICE.value, id_) for id_ in ids]) if ids else {}
        keys = {id_: mirrors.get((Kind.INVOICE.value, id_)) or _pushed(connection, id_) for id_ in ids}
        known = records.get_many(keys.values()) if keys else {}
        found = {id_: _of_record(workspace, known[key]) for id_, key in keys.items() if key in known}
        shown = {id_: one for id_, one in found.items() if one is not None}
        return {deal_id: [shown[id_] for id_ in some if id_ in shown] for deal_id, some in of_deals.items()}

    @contextmanager
    def _held(
        self, workspace: Workspace, deal_ids: Collection[str], trace_id: str, busy: set[str]
    ) -> Iterator[dict[str, Held]]:
        """The records of these deals while they are claimed, so that of two workers none shows what is older."""
        held: dict[str, Held] = {}
        try:
            for deal_id in sorted(deal_ids):
                key = RecordKey(workspace.connection.id, Kind.DEAL, "hubspot", deal_id)
                mine = self.claims.take_in_passing(key, trace_id)
                if mine is None:
                    busy.add(deal_id)
                else:
                    held[deal_id] = mine
            try:
                yield held
            except Exception:
                # The answer may be what was lost.
                for one in held.values():
                    one.record = replace(one.record, shown=SHOWN_UNKNOWN)
                raise
        finally:
            for one in held.values():
                self._release(one)

    def _release(self, held: Held) -> None:
        try:
            self.claims.release(held, held.record.to(State.SYNCED))
        except LeaseLost:
            return


def _pushed(connection: str, invoice_id: str) -> RecordKey:
    return RecordKey(connection, Kind.INVOICE, "hubspot", invoice_id)


def _of_record(workspace: Workspace, record: SyncRecord) -> DealInvoice | None:
    if record.key.origin_system == "quickbooks":
        return shown_of_mirror(record, workspace.ledger.invoice_url(record.key.origin_id))
    return shown_of(record, workspace.ledger.invoice_url(record.link.far_id)) if record.link else None


def _shows(record: SyncRecord, invoice: DealInvoice) -> bool:
    return record.link is not None and record.link.far_id == invoice.id


def _fingerprint(shown: DealInvoice | None) -> str:
    return shown.fingerprint if shown is not None else ""


def _outdated(latest: DealInvoice, record: SyncRecord | None) -> bool:
    """Whether the deal shows another invoice that was updated later."""
    link = record.link if record is not None else None
    if link is None or link.far_id == latest.id:
        return False
    present = replace(latest, id=link.far_id, updated_at=link.ledger_updated_at)
    return newest((latest, present)) is present


def _showing(record: SyncRecord, shown: DealInvoice | None) -> SyncRecord:
    link = Link(shown.id, exclusive=False, ledger_updated_at=shown.updated_at) if shown is not None else None
    return replace(record, link=link, shown=_fingerprint(shown))
