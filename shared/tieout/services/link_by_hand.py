"""A person says which customer or item of one system stands for one of the other, and that is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tieout.domain.customer import Candidate
from tieout.domain.invoice import SourceInvoice
from tieout.domain.planning.invoice import billed_party
from tieout.domain.planning.invoice_mirror import items_of
from tieout.domain.planning.plan import Change
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry, Clock, Records, Workspace
from tieout.services.books import open_books
from tieout.services.customers import customer_key
from tieout.services.decisions import free, stored
from tieout.services.items import item_key

_LEDGER = "quickbooks"
_SHORTEST, _LONGEST = 2, 100


@dataclass(frozen=True, slots=True)
class Linkable:
    """A customer or product of an invoice, as the system knows it in which the invoice was born. `key` is the record
    that remembers its counterpart, `far_id` the one that is remembered now, `by_hand` whether a person chose it."""

    key: RecordKey
    name: str
    detail: str = ""
    far_id: str | None = None
    by_hand: bool = False


class NotSearchable(ValueError):
    """A text that nobody can search by; the message says why."""


def linkables(workspace: Workspace, records: Records, invoice: RecordKey) -> Sequence[Linkable]:
    """What of an invoice can be linked, its customer first; empty when there is no such invoice any more.

    One grouped read of HubSpot; of an invoice from QuickBooks two metered reads instead. Raises their errors.
    """
    mirrored = invoice.origin_system == _LEDGER
    named = _of_ledger(workspace, invoice) if mirrored else _of_hubspot(workspace, invoice)
    found = records.get_many(named.keys()) if named else {}
    return [_with_link(Linkable(key, *texts), found.get(key)) for key, texts in named.items()]


def search(workspace: Workspace, linkable: RecordKey, text: str) -> Sequence[Candidate]:
    """What a person may choose as the counterpart in the other system. Raises NotSearchable, and the errors of the
    reads: one search of HubSpot, or up to two metered reads of QuickBooks."""
    text = " ".join(text.split())
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise NotSearchable(f"Type between {_SHORTEST} and {_LONGEST} characters.")
    customer = linkable.kind is Kind.CUSTOMER
    if linkable.origin_system == _LEDGER:
        return workspace.crm.search_companies(text) if customer else workspace.crm.search_products(text)
    return workspace.ledger.search_customers(text) if customer else workspace.ledger.search_items(text)


def link(
    records: Records, clock: Clock, linkable: Linkable, chosen: Candidate, actor: str, trace_id: str
) -> SyncRecord:
    """Remember it for every invoice to come; no better match takes its place, and only an invoice that the other system
    refuses because of it makes Tieout forget it. Whoever calls this has the invoice looked at again.

    Raises NotReadyYet while a worker holds the record, or creates the customer just now.
    """
    now = clock.now()
    record = free(records.get(linkable.key) or SyncRecord(linkable.key, created_at=now), now)
    before = record.link.far_id if record.link else ""
    told = replace(record, link=Link(chosen.id, exclusive=False, stock=chosen.stock, by_hand=True), updated_at=now)
    entry = AuditEntry(
        now,
        actor,
        f"linked {linkable.key.kind} by hand",
        trace_id,
        {"from": before, "to": chosen.id} if before else {"to": chosen.id},
        (Change(linkable.name, before, f"{chosen.name} ({chosen.id})"),),
    )
    return stored(records, told.to(State.SYNCED), entry)


def _of_hubspot(workspace: Workspace, invoice: RecordKey) -> Mapping[RecordKey, tuple[str, str]]:
    source = workspace.crm.invoices([invoice.origin_id]).get(invoice.origin_id)
    if not isinstance(source, SourceInvoice):
        return {}
    connection = invoice.connection
    named: dict[RecordKey, tuple[str, str]] = {}
    party = billed_party(source, open_books(workspace))
    if party is not None:
        named[customer_key(connection, party)] = (party.name or party.email or party.id, party.email or "")
    for line in source.lines:
        named.setdefault(item_key(connection, line), (line.name, line.sku or ""))
    return named


def _of_ledger(workspace: Workspace, invoice: RecordKey) -> Mapping[RecordKey, tuple[str, str]]:
    present = workspace.ledger.invoices([invoice.origin_id]).get(invoice.origin_id)
    if present is None:
        return {}

    def key(kind: Kind, id_: str) -> RecordKey:
        return RecordKey(invoice.connection, kind, _LEDGER, id_)

    customer = present.content.customer_id
    ids = items_of([present])
    items = workspace.ledger.items(ids) if ids else {}
    named = {key(Kind.CUSTOMER, customer): (present.customer_name or customer, present.content.email or "")}
    return named | {key(Kind.ITEM, id_): (one.name, one.sku or "") for id_, one in sorted(items.items())}


def _with_link(one: Linkable, record: SyncRecord | None) -> Linkable:
    known = record.link if record is not None else None
    return one if known is None else replace(one, far_id=known.far_id, by_hand=known.by_hand)
