"""Whether the end is right where HubSpot shows QuickBooks' invoices: each is there once and right, or says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, DEAL, INVOICE
from tests.simulation import books
from tests.simulation.books import Entity, View
from tests.simulation.clerks import KEPT
from tests.simulation.mirror_watch import KEY, MirrorWatch, meant
from tests.simulation.watch import Broken
from tieout.domain.attention import AttentionCode
from tieout.domain.record import State, SyncRecord
from tieout.domain.settings import DealMode, DeletedInQuickBooks, Settings, VoidedInQuickBooks
from tieout.domain.status import shown_status

_VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is true of one QuickBooks invoice: `row` None, it was deleted; `here` are the mirrors that are there, `view`
    what the linked one says, None when it is not there. `touched`: a person changed a mirror of it. `pairs_differ`: its
    fields do not say the same in both systems."""

    row: Entity | None
    record: SyncRecord
    here: list[str]
    view: View | None
    settings: Settings
    touched: bool
    ignored: bool
    pairs_differ: bool = False

    @property
    def counts(self) -> bool:
        """Whether it stands in QuickBooks and is not void."""
        return self.row is not None and not books.dead(self.row)

    @property
    def status(self) -> str:
        """HubSpot's, "" without a mirror."""
        return self.view["status"] if self.view else ""

    @property
    def differs(self) -> bool:
        """Whether HubSpot says something else than it should."""
        if self.view is None:
            return False
        if self.pairs_differ:
            return True
        if self.row is not None and self.counts:
            return self.view != meant(self.row)
        return True


def _synced(one: Shown) -> str | None:
    link = one.record.link
    if one.row is None or not one.counts or link is None or one.here != [link.far_id]:
        return f"QuickBooks has {one.row and one.row['TotalAmt']}, and HubSpot {one.here}"
    wanted, view = meant(one.row), one.view or {}
    wrong = [f"{name} is {view.get(name)!r}, not {text!r}" for name, text in wanted.items() if view.get(name) != text]
    return "; ".join(wrong) or None


def _was_voided(one: Shown) -> str | None:
    fits = not one.counts and one.status == _VOIDED
    return None if fits else f"QuickBooks has {one.row and one.row['TotalAmt']}, and HubSpot says {one.status!r}"


_IGNORED: Mapping[str, Callable[[Shown], bool]] = {
    "deleted": lambda one: (
        not one.counts
        and (not one.here or (one.row is None and one.settings.deleted_in_quickbooks is DeletedInQuickBooks.IGNORE))
    ),
    "voided": lambda one: not one.counts and not one.here,
    "before_cutover": lambda one: (
        one.row is not None
        and not one.here
        and one.settings.cutover_date is not None
        and one.row["TxnDate"] < one.settings.cutover_date.isoformat()
    ),
    "by_hand": lambda one: one.ignored,
}
_ATTENTION: Mapping[AttentionCode, Callable[[Shown], bool]] = {
    AttentionCode.EDITED_IN_HUBSPOT: lambda one: one.touched and one.differs,
    AttentionCode.TOTAL_DIFFERS: lambda one: one.row is not None and one.row["TxnTaxDetail"]["TotalTax"] < 0,
    AttentionCode.DELETED_IN_HUBSPOT: lambda one: one.touched and not one.here and one.counts,
    AttentionCode.DELETED_IN_QUICKBOOKS: lambda one: (
        one.row is None
        and one.status not in ("", _VOIDED)
        and one.settings.deleted_in_quickbooks is DeletedInQuickBooks.ATTENTION
    ),
    AttentionCode.VOIDED_IN_QUICKBOOKS: lambda one: (
        not one.counts
        and one.row is not None
        and one.status not in ("", _VOIDED)
        and one.settings.voided_in_quickbooks is VoidedInQuickBooks.ATTENTION
    ),
}


@dataclass(slots=True)
class MirrorJudge:
    """`url` makes the link that HubSpot shows, `titles` are what people wrote where it is theirs; `was_off`
    says whether taking invoices over was switched off in between. `ends` counts."""

    watch: MirrorWatch
    settings: Callable[[], Settings]
    url: Callable[[str], str]
    ignored: Set[str]
    titles: Mapping[str, str]
    was_off: Callable[[], bool]
    ends: Counter[str] = field(default_factory=Counter)

    def judge(self) -> None:
        """Raises Broken for the first invoice about which something untrue is said."""
        for id_ in sorted(self.watch.born):
            self._of(id_)
        for id_, title in self.titles.items():
            said = books.invoices(self.watch.hubspot)[id_].get(KEPT)
            if said != title:
                raise Broken(f"HubSpot invoice {id_}: the title {title!r} became {said!r}")
        self._nobody_twice()
        if self.settings().deals is DealMode.ASSOCIATE:
            for deal_id in self.watch.deals:
                self._on_deal(deal_id)

    def _on_deal(self, deal_id: str) -> None:
        """The invoices that name it are on it, once they are in sync; and it shows the one that changed last."""
        store, rows = self.watch.hubspot.store, self.watch.quickbooks.company.rows["Invoice"]
        deal, mirrors = store.records[DEAL][deal_id], self.watch.mirrors()
        on_it = {mirrors[one.id] for one in store.linked(deal, INVOICE) if one.id in mirrors}
        for id_, named in self.watch.named.items():
            record = self.watch.invoice_record(id_)
            if named == deal_id and record is not None and record.state is State.SYNCED and id_ not in on_it:
                raise Broken(f"QuickBooks invoice {id_} names deal {deal_id}, and is on none")
        if on_it & self.ignored:
            return
        standing = [rows[id_] for id_ in on_it if id_ in rows and not books.dead(rows[id_])]
        if not standing:
            return
        row = max(
            standing, key=lambda one: (datetime.fromisoformat(one["MetaData"]["LastUpdatedTime"]), int(one["Id"]))
        )
        said = (deal.get("tieout_invoice_number") or "", Decimal(deal.get("tieout_invoice_amount") or 0))
        if said != (row.get("DocNumber", ""), row["TotalAmt"]):
            raise Broken(f"deal {deal_id} shows {said}, and invoice {row['Id']} over {row['TotalAmt']} changed last")
        self.ends["deal shows its latest invoice"] += 1

    def _of(self, id_: str) -> None:
        row, here = self.watch.quickbooks.company.rows["Invoice"].get(id_), self.watch.of(id_)
        record = self.watch.invoice_record(id_)
        if record is None:
            # What was billed while it was off is the back-fill's, or comes with its next change.
            if (row is not None and not books.dead(row) and not self.was_off()) or here:
                raise Broken(f"nobody ever looked at QuickBooks invoice {id_}")
            return
        self.ends[f"{record.state} {record.reason}".strip()] += 1
        far_id = record.link.far_id if record.link else ""
        touched = any(self.watch.mirrors(deleted=True)[mirror] == id_ for mirror in self.watch.touched)
        view = self.watch.view(far_id) if far_id in here else None
        one = Shown(row, record, here, view, self.settings(), touched, id_ in self.ignored, self._differs(id_))
        problem = self._untrue(one) or self._shown_wrong(one, far_id)
        if problem:
            raise Broken(
                f"QuickBooks invoice {id_} is {record.state} {record.reason} {record.detail!r}, but {problem}; "
                f"QuickBooks: {row}, HubSpot: {view}"
            )

    def _differs(self, _row_id: str) -> bool:
        """Whether fields that follow each other do not say the same; here there are none."""
        return False

    def _untrue(self, one: Shown) -> str | None:
        record = one.record
        if record.intent is not None or record.lease_owner is not None:
            return "it is not at rest"
        if len(one.here) > 1:
            return f"it stands in HubSpot as {one.here}"
        match record.state:
            case State.SYNCED:
                return _synced(one)
            case State.VOIDED:
                return _was_voided(one)
            case State.IGNORED:
                truth = _IGNORED.get(record.reason)
                return None if truth and truth(one) else "that is not true"
            case State.ATTENTION:
                truth = _ATTENTION.get(AttentionCode(record.reason))
                return None if truth and truth(one) else "that is not true"
        return "that is no end"

    def _shown_wrong(self, one: Shown, far_id: str) -> str | None:
        if not one.settings.write_status_to_hubspot or one.view is None or one.record.reason == "deleted":
            return None
        status = shown_status(one.record, self.url(one.record.key.origin_id))
        mirror = books.invoices(self.watch.hubspot)[far_id]
        told = (mirror.get("tieout_status"), mirror.get("tieout_message") or "")
        return None if told == (status.status.value, status.message) else f"HubSpot shows {told}"

    def _nobody_twice(self) -> None:
        """No company and no contact was made twice, and no invoice of HubSpot's came back from QuickBooks."""
        for type_id, name in ((COMPANY, "name"), (CONTACT, "email")):
            made = Counter(
                one.get(name)
                for one in self.watch.hubspot.store.records[type_id].values()
                if one.get(name) and not one.archived and one.get(name) != "Acme"
            )
            twice = [text for text, number in made.items() if number > 1]
            if twice:
                raise Broken(f"HubSpot has {twice} twice")
        for far_id in self.watch.books:
            record = self.watch.invoice_record(far_id)
            if record is not None and (record.state, record.reason) != (State.IGNORED, "posted_by_tieout"):
                raise Broken(f"{record.key} was posted from HubSpot, and is {record.state} {record.reason}")
        mirrored = {id_ for id_, one in books.invoices(self.watch.hubspot).items() if one.get(KEY)}
        for book in self.watch.books.values():
            if book.origin in mirrored:
                raise Broken(f"HubSpot invoice {book.origin} shows one of QuickBooks, and was posted there")
