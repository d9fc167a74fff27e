"""Whether the end is right: each record's state and reason are compared with what is true in both systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.record import Record
from tests.simulation import books, reasons
from tests.simulation.agreement import Items, differences
from tests.simulation.facts import Facts
from tests.simulation.watch import Broken, Watch
from tieout.domain.attention import AttentionCode
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.settings import Settings
from tieout.domain.status import shown_status

_LONGEST_MESSAGE = 1000


@dataclass(slots=True)
class Judge:
    """Compares the records of a connection with the world.

    `url` makes the link that HubSpot shows. `items` are the items of fees and taxes, `ignored` the invoices that a
    person told Tieout to leave alone, `turned` the preferences of QuickBooks that a person changed in between.
    Of `took` a person took QuickBooks' values. `ends` counts where the records came to rest.
    """

    connection: str
    hubspot: HubSpotSandbox
    watch: Watch
    settings: Callable[[], Settings]
    url: Callable[[str], str]
    items: Items
    ignored: Set[str] = field(default_factory=frozenset)
    turned: Set[str] = field(default_factory=frozenset)
    took: Set[str] = field(default_factory=frozenset)
    ends: Counter[str] = field(default_factory=Counter)

    def judge(self) -> None:
        """Raises Broken for the first invoice about which something untrue is said."""
        for id_, invoice in books.invoices(self.hubspot).items():
            record = self.watch.records.get(RecordKey(self.connection, Kind.INVOICE, "hubspot", id_))
            if record is None:
                if invoice.archived is None or self.watch.live(id_):
                    raise Broken(f"nobody ever looked at HubSpot invoice {id_}")
                continue
            self.ends[f"{record.state} {record.reason}".strip()] += 1
            problem = untrue(self.facts(invoice, record), self.items) or self._shown_wrong(invoice, record)
            if problem:
                raise Broken(f"{id_} is {record.state} {record.reason} {record.detail!r}, but {problem}")

    def facts(self, invoice: Record, record: SyncRecord) -> Facts:
        """What is true of an invoice."""
        company, far_id = self.watch.quickbooks.company, record.link.far_id if record.link else ""
        return Facts(
            hubspot=self.hubspot,
            company=company,
            settings=self.settings(),
            invoice=invoice,
            record=record,
            billed=books.billed(self.hubspot, invoice),
            row=company.rows["Invoice"].get(far_id),
            book=self.watch.books.get(far_id),
            live=self.watch.live(invoice.id),
            turned=self.turned,
            ignored=invoice.id in self.ignored,
            took=invoice.id in self.took,
        )

    def _shown_wrong(self, invoice: Record, record: SyncRecord) -> str | None:
        quiet = record.reason in ("draft", "deleted")
        if not self.settings().write_status_to_hubspot or invoice.archived or quiet:
            return None
        status = shown_status(record, self.url(record.link.far_id) if record.link else "")
        shown = (invoice.get("tieout_status"), invoice.get("tieout_message") or "")
        if shown[0] != status.status.value or not _says(shown[1], status.message):
            return f"HubSpot shows {shown}"
        shown = (invoice.get("tieout_quickbooks_number") or "", invoice.get("tieout_quickbooks_link") or "")
        return None if shown == (status.number, status.url) else f"HubSpot shows {shown}"


def _says(shown: str, message: str) -> bool:
    """A message too long for HubSpot is cut, which the mark at its end says."""
    return shown == message or (
        len(message) > _LONGEST_MESSAGE >= len(shown) > _LONGEST_MESSAGE // 2
        and shown.endswith("…")
        and message.startswith(shown[:-1])
    )


def untrue(facts: Facts, items: Items) -> str | None:
    """What is not true of the state in which an invoice came to rest; None when all is."""
    if facts.record.intent is not None or facts.record.lease_owner is not None:
        return "it is not at rest"
    end = _ENDS.get(facts.record.state)
    return end(facts, items) if end else "that is no end"


def _synced(facts: Facts, items: Items) -> str | None:
    far_id = facts.record.link.far_id if facts.record.link else None
    if not facts.finalised or facts.row is None or facts.live != [far_id]:
        return f"HubSpot says {facts.status} and QuickBooks holds {facts.live}"
    return "; ".join(differences(facts, facts.row, items)) or None


def _voided(facts: Facts, items: Items) -> str | None:
    fits = facts.status in ("voided", "deleted") and not facts.live
    return None if fits else f"HubSpot says {facts.status}, in QuickBooks stands {facts.live}"


def _ignored(facts: Facts, items: Items) -> str | None:
    truth = reasons.IGNORED.get(facts.record.reason)
    return None if truth and truth(facts) else f"HubSpot says {facts.status}, in QuickBooks stands {facts.live}"


def _deleted(facts: Facts, items: Items) -> str | None:
    return None if facts.book and facts.book.deleted and not facts.live else "nobody deleted it"


def _attention(facts: Facts, items: Items) -> str | None:
    if facts.live and facts.record.link is None:
        return f"QuickBooks holds {facts.live} without a link"
    truth = reasons.ATTENTION.get(AttentionCode(facts.record.reason))
    if truth and truth(facts):
        return None
    return f"that is not true: HubSpot says {facts.status}, {facts.billed}, QuickBooks {facts.row}"


_ENDS: Mapping[State, Callable[[Facts, Items], str | None]] = {
    State.SYNCED: _synced,
    State.SYNCED_WITH_VARIANCE: _synced,
    State.VOIDED: _voided,
    State.IGNORED: _ignored,
    State.DELETED_IN_LEDGER: _deleted,
    State.ATTENTION: _attention,
}
