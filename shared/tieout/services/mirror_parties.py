"""Which HubSpot company, contact and products stand for those of QuickBooks invoices, in grouped calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.invoice_mirror import Parties, items_of
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.domain.settings import CustomerLevel, UnknownInHubSpot
from tieout.ports import Clock, Records, Workspace
from tieout.services import memory

_LEDGER = "quickbooks"


@dataclass(frozen=True, slots=True)
class MirrorParties:
    """Finds them, and remembers companies and products that were found."""

    records: Records
    clock: Clock

    def parties(
        self, workspace: Workspace, sources: Sequence[LedgerInvoice], anew: Collection[str] = ()
    ) -> dict[str, Parties]:
        """By the ledger's invoice: the contact by e-mail, the company remembered for the customer, else by its name.

        No metered read, as an invoice names its customer, unless a company is to be created. Two searches for all of
        them together. `anew` are invoices for
        which nothing remembered counts, because a person retried: the company may have been deleted since.
        """
        connection = workspace.connection.id
        names = {one.content.customer_id: one.customer_name for one in sources}
        doubtful = {one.content.customer_id for one in sources if one.id in anew}
        companies = self._remembered(connection, Kind.CUSTOMER, names.keys(), doubtful)
        unknown = {id_: name for id_, name in names.items() if name and id_ not in companies}
        if unknown:
            found = self._companies(workspace, unknown)
            self._remember(connection, Kind.CUSTOMER, found)
            companies |= found
        contacts = self._contacts(workspace, sources)
        return {one.id: Parties(companies.get(one.content.customer_id), contacts.get(_email(one))) for one in sources}

    def _companies(self, workspace: Workspace, unknown: Mapping[str, str]) -> dict[str, str]:
        """By the ledger's customer: the only company of its name; a new one by setting, where none bears it."""
        named = workspace.crm.companies_named(set(unknown.values()))
        found = {id_: named[name][0] for id_, name in unknown.items() if len(named.get(name, ())) == 1}
        settings = workspace.settings
        creates = settings.unknown_in_hubspot is UnknownInHubSpot.CREATE
        strangers = [id_ for id_, name in unknown.items() if name not in named]
        if not strangers or not creates or settings.customer_level is not CustomerLevel.COMPANY:
            return found
        called = {
            id_: name
            for id_, one in workspace.ledger.customers(strangers).items()
            if (name := one.named_company) is not None
        }
        # The company may be known by another name than the customer shows.
        others = {name for id_, name in called.items() if name != unknown[id_]}
        named = dict(workspace.crm.companies_named(others)) if others else {}
        for id_, name in sorted(called.items()):
            there = named.get(name, ())
            if len(there) == 1:
                found[id_] = there[0]
            elif not there:
                found[id_] = workspace.crm.create_company(company_key(workspace.connection.id, id_), name)
                # Another customer of the same company may be next.
                named[name] = (found[id_],)
        return found

    def chosen(self, workspace: Workspace, sources: Sequence[LedgerInvoice]) -> dict[str, str]:
        """By the ledger's invoice, the company that a person chose for its customer."""
        connection = workspace.connection.id
        customers = {one.content.customer_id for one in sources}
        found = self._remembered(connection, Kind.CUSTOMER, customers, customers)
        return {one.id: found[id_] for one in sources if (id_ := one.content.customer_id) in found}

    def _contacts(self, workspace: Workspace, sources: Iterable[LedgerInvoice]) -> dict[str, str]:
        wanted = {_email(one): one.customer_name for one in sources if _email(one)}
        if not wanted:
            return {}
        found = dict(workspace.crm.contacts_by_email(wanted.keys()))
        if workspace.settings.unknown_in_hubspot is UnknownInHubSpot.CREATE:
            for email, name in sorted(wanted.items()):
                if email not in found:
                    found[email] = workspace.crm.create_contact(email, name)
        return found

    def products(
        self, workspace: Workspace, sources: Sequence[LedgerInvoice], anew: Collection[str] = ()
    ) -> dict[str, str]:
        """HubSpot product by QuickBooks item: remembered, else by SKU, else by name. One metered read for the items
        that are not remembered, and two searches; `anew` as for parties."""
        connection, ids = workspace.connection.id, items_of(sources)
        doubtful = items_of(one for one in sources if one.id in anew)
        known = self._remembered(connection, Kind.ITEM, ids, doubtful)
        unknown = ids - known.keys()
        if not unknown:
            return known
        items = workspace.ledger.items(unknown)
        skus = {one.sku for one in items.values() if one.sku}
        by_sku, by_name = workspace.crm.products(skus, {one.name for one in items.values()})
        found = {
            id_: product
            for id_, one in items.items()
            if (product := by_sku.get(one.sku or "") or by_name.get(one.name)) is not None
        }
        self._remember(connection, Kind.ITEM, found)
        return known | found

    def _remembered(self, connection: str, kind: Kind, ids: Iterable[str], doubtful: Collection[str]) -> dict[str, str]:
        """What stands for these; of the doubtful ones only what a person chose."""
        keys = {RecordKey(connection, kind, _LEDGER, id_): id_ for id_ in ids}
        found = self.records.get_many(keys.keys()) if keys else {}
        return {
            keys[key]: one.link.far_id
            for key, one in found.items()
            if one.link is not None and (one.link.by_hand or keys[key] not in doubtful)
        }

    def _remember(self, connection: str, kind: Kind, found: Mapping[str, str]) -> None:
        keys = {id_: RecordKey(connection, kind, _LEDGER, id_) for id_ in found}
        known = self.records.get_many(keys.values()) if keys else {}
        for id_, far_id in found.items():
            memory.remember(self.records, known.get(keys[id_]) or SyncRecord(keys[id_]), far_id, self.clock.now())


def company_key(connection: str, customer_id: str) -> str:
    """The value of the unique property by which a company is found again that was made for a customer."""
    return f"{connection}/{Kind.CUSTOMER}/{customer_id}"


def _email(invoice: LedgerInvoice) -> str:
    # QuickBooks takes several addresses, separated by commas; the first is the customer's.
    return (invoice.content.email or "").split(",")[0].strip().lower()
