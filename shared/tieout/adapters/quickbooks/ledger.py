"""The `Ledger` port over QuickBooks Online."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date
from functools import partial
from typing import TypeVar

from tieout.adapters.quickbooks import customers, invoices, items, query
from tieout.adapters.quickbooks.accounts import AccountReader
from tieout.adapters.quickbooks.changes import ChangeFeed
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.posted import PostedDocuments
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import Connection, LedgerCompany
from tieout.domain.customer import Candidate, CustomerDraft, LedgerCustomer, LedgerItem, NameHolder
from tieout.domain.errors import NeedsAttention, Transient
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.marker import marker_stem
from tieout.domain.planning.deal import Estimate
from tieout.domain.record import RecordKey
from tieout.ports import Clock, PreparedWrite

_IDS_A_QUERY = 100
_NAMES_A_QUERY = 50
# As many as a person reads.
_MOST_FOUND = 25
# Which one a field that cannot be filtered gives is not documented.
_INVALID_QUERY = frozenset({"4000", "4001", "4002"})
_HARMLESS = "tieout"
_MADE = "MetaData.CreateTime"
_SEARCHED = {"PrimaryEmailAddr": "for the e-mail address of the customer", "Sku": "for the SKU of a line's product"}
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class QuickBooksLedger(PostedDocuments, ChangeFeed, AccountReader):
    """QuickBooks Online for one connection; see `ports.Ledger` for what each method promises.

    `app_url` is where people use QuickBooks, such as ``https://app.qbo.intuit.com``. `filter_by_email` False keeps
    the search for customers by e-mail from being tried: Intuit does not document that the field can be filtered, and
    when QuickBooks calls such a query invalid it is not tried again by this object.
    """

    def __init__(
        self,
        connection: Connection,
        client: QuickBooksClient,
        clock: Clock,
        app_url: str,
        *,
        filter_by_email: bool = True,
    ) -> None:
        super().__init__(connection, client, clock, app_url)
        self._not_filterable = set() if filter_by_email else {"PrimaryEmailAddr"}

    def invoices(self, ids: Collection[str]) -> dict[str, LedgerInvoice]:
        """These invoices, 100 a query."""
        convert = self._invoice_reader()
        found = {}
        for chunk in query.chunks(sorted(ids), _IDS_A_QUERY):
            for invoice in self._client.query("Invoice", query.one_of("Id", chunk), convert=convert):
                found[invoice.id] = invoice
        return found

    def invoice_ids_numbered(self, number: str) -> list[str]:
        """The invoices that bear a number, by one metered read; QuickBooks lets several bear it."""
        found = self._client.query("Invoice", query.equals("DocNumber", number), convert=self._invoice_reader())
        return [one.id for one in found]

    def invoice(self, id_: str) -> LedgerInvoice:
        """One invoice."""
        convert = self._invoice_reader()
        return self._client.get("invoice", id_).entity("Invoice", convert)

    def invoices_since(self, day: date) -> Iterator[Sequence[LedgerInvoice]]:
        """By pages in the order in which they were made. A page begins at the time of the last one's end instead of its
        position: who deletes one meanwhile would make positions pass another over."""
        convert, dated = self._invoice_reader(), query.at_least("TxnDate", day.isoformat())
        seen: set[str] = set()
        begin, start = "", 1
        while True:
            made = (query.at_least(_MADE, begin),) if begin else ()
            rows = self._client.page("Invoice", dated, *made, order=_MADE, start=start, convert=partial(_made, convert))
            yield [invoice for _, invoice in rows if invoice.id not in seen]
            if len(rows) < query.PAGE:
                return
            seen.update(invoice.id for _, invoice in rows)
            last = rows[-1][0]
            # More invoices made in one second than a page holds: only there positions have to count.
            begin, start = (last, 1) if last != begin else (begin, start + query.PAGE)

    def find_invoice(self, key: RecordKey, content: InvoiceContent) -> LedgerInvoice | None:
        """Among all invoices of that customer and date, the one whose private note bears the marker of `key`.

        Notes cannot be relied on to be filterable, so they are compared here. The marker counts wherever it stands,
        because a void puts its own word before it. When a person copied the invoice, note and all, the first is ours.
        """
        conditions = (
            query.equals("CustomerRef", content.customer_id),
            query.equals("TxnDate", content.invoice_date.isoformat()),
        )
        stem = marker_stem(key)
        there = self._client.query("Invoice", *conditions, convert=self._invoice_reader())
        ours = [invoice for invoice in there if stem in invoice.private_note]
        return min(ours, key=lambda invoice: (len(invoice.id), invoice.id), default=None)

    def prepare_invoice(self, content: InvoiceContent, private_note: str, company: LedgerCompany) -> PreparedWrite:
        """See `invoices.create_body`."""
        return PreparedWrite(invoices.create_body(content, private_note, company))

    def prepare_invoice_update(
        self, present: LedgerInvoice, content: InvoiceContent, private_note: str, company: LedgerCompany
    ) -> PreparedWrite:
        """See `invoices.update_body`."""
        return PreparedWrite(invoices.update_body(present, content, private_note, company))

    def prepare_invoice_heads(self, present: LedgerInvoice, content: InvoiceContent) -> PreparedWrite:
        """See `invoices.heads_body`."""
        return PreparedWrite(invoices.heads_body(present, content))

    def prepare_fields_update(self, present: LedgerInvoice, fields: Mapping[str, str]) -> PreparedWrite:
        """See `invoices.fields_body`."""
        return PreparedWrite(invoices.fields_body(present, fields))

    def prepare_invoice_void(self, present: LedgerInvoice) -> PreparedWrite:
        """See `invoices.void_body`."""
        return PreparedWrite(invoices.void_body(present))

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        """Send a create or an update."""
        return self._write_invoice(write, request_id)

    def void_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        """Send it."""
        return self._write_invoice(write, request_id, operation="void")

    def _write_invoice(self, write: PreparedWrite, request_id: str, operation: str | None = None) -> LedgerInvoice:
        # What is needed to read the answer is read first: nothing may fail between the write and its answer.
        convert = self._invoice_reader()
        answer = self._client.post("invoice", write.body, request_id, operation=operation)
        return replace(answer.entity("Invoice", convert), call_id=answer.intuit_tid)

    def invoice_url(self, id_: str) -> str:
        """The page of the invoice."""
        return self._page("invoice", id_)

    def invoice_pdf(self, id_: str) -> bytes:
        """The invoice as the customer gets it; raises like a read, and NotInLedger."""
        return self._client.pdf("invoice", id_)

    def find_customers(self, names: Collection[str], emails: Collection[str]) -> Sequence[LedgerCustomer]:
        """By display name and, where QuickBooks lets us, by e-mail."""
        found = self._customers("DisplayName", names)
        spellings = {spelling for email in emails if email.strip() for spelling in (email, email.lower())}
        if spellings:
            found |= self._if_allowed("Customer", "PrimaryEmailAddr", partial(self._customers, values=spellings))
        return list(found.values())

    def _if_allowed(self, entity: str, field: str, ask: Callable[[str], dict[str, _T]]) -> dict[str, _T]:
        """Ask by a field that Intuit does not document as filterable; once QuickBooks calls a query by it invalid
        whatever the value, it is not asked again by this object, and what matches by other fields has to do. When only
        these values are invalid, a person has to correct them: they will be tomorrow, too."""
        if field in self._not_filterable:
            return {}
        try:
            return ask(field)
        except Transient as error:
            if not _invalid(error):
                raise
            if not self._refuses(entity, field):
                told = f"QuickBooks cannot search {_SEARCHED[field]}; correct it in HubSpot."
                raise NeedsAttention(told, error.context) from error
        _log.warning("quickbooks cannot filter", extra={"connection": self._connection.id, "field": field})
        self._not_filterable.add(field)
        return {}

    def _refuses(self, entity: str, field: str) -> bool:
        """Whether a query by this field is invalid even with a value that nothing can be wrong with."""
        try:
            self._client.query(entity, query.equals(field, _HARMLESS), convert=lambda node: node)
        except Transient as error:
            if not _invalid(error):
                raise
            return True
        return False

    def _customers(self, field: str, values: Collection[str]) -> dict[str, LedgerCustomer]:
        found = {}
        for chunk in query.chunks(values, _NAMES_A_QUERY):
            conditions = (query.one_of(field, chunk), query.EVEN_INACTIVE)
            for customer in self._client.query("Customer", *conditions, convert=customers.read_customer):
                found[customer.id] = customer
        return found

    def name_holders(self, name: str) -> Sequence[NameHolder]:
        """One query a list."""
        conditions = (query.equals("DisplayName", name), query.EVEN_INACTIVE)
        return [
            holder
            for kind in customers.NAME_ENTITIES
            for holder in self._client.query(kind, *conditions, convert=partial(customers.read_holder, kind))
        ]

    def prepare_customer(self, draft: CustomerDraft) -> PreparedWrite:
        """See `customers.create_body`."""
        return PreparedWrite(customers.create_body(draft))

    def create_customer(self, write: PreparedWrite, request_id: str) -> LedgerCustomer:
        """Send it."""
        return self._client.post("customer", write.body, request_id).entity("Customer", customers.read_customer)

    def find_items(self, names: Collection[str], skus: Collection[str]) -> Sequence[LedgerItem]:
        """Queries of items give active ones only."""
        found = self._if_allowed("Item", "Sku", partial(self._items, values=skus))
        return list((found | self._items("Name", names)).values())

    def _items(self, field: str, values: Collection[str]) -> dict[str, LedgerItem]:
        return {
            item.id: item
            for chunk in query.chunks(values, _NAMES_A_QUERY)
            for item in self._client.query("Item", query.one_of(field, chunk), convert=items.read_item)
        }

    def estimates(self, ids: Collection[str]) -> dict[str, Estimate]:
        """By id; a deleted one is absent."""
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query("Estimate", query.one_of("Id", chunk), convert=invoices.read_estimate)
        }

    def customers(self, ids: Collection[str]) -> dict[str, LedgerCustomer]:
        """By id, inactive ones too."""
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query(
                "Customer", query.one_of("Id", chunk), query.EVEN_INACTIVE, convert=customers.read_customer
            )
        }

    def search_customers(self, text: str) -> Sequence[Candidate]:
        """See `LedgerDirectory.search_customers`."""
        if "@" in text:
            found: Sequence[LedgerCustomer] = [one for one in self.find_customers([], [text]) if one.active]
        else:
            named = query.contains("DisplayName", text)
            found = self._client.page("Customer", named, most=_MOST_FOUND, convert=customers.read_customer)
        told = {one.id: " ".join(filter(None, (one.email, one.currency))) for one in found}
        return [Candidate(one.id, one.name, told[one.id]) for one in found]

    def search_items(self, text: str) -> Sequence[Candidate]:
        """See `LedgerDirectory.search_items`."""
        named = query.contains("Name", text)
        found = {one.id: one for one in self._client.page("Item", named, most=_MOST_FOUND, convert=items.read_item)}
        found |= self._if_allowed("Item", "Sku", partial(self._items, values=[text]))
        sold = [one for one in found.values() if one.active and one.sold]
        return [Candidate(one.id, one.name, one.sku or "", one.stock) for one in sold]

    def items(self, ids: Collection[str]) -> dict[str, LedgerItem]:
        """By id, inactive ones too."""
        return {
            item.id: item
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for item in self._client.query(
                "Item", query.one_of("Id", chunk), query.EVEN_INACTIVE, convert=items.read_item
            )
        }

    def item(self, id_: str) -> LedgerItem | None:
        """By query, in which an unknown id is an empty answer and not a fault."""
        conditions = (query.equals("Id", id_), query.EVEN_INACTIVE)
        found = self._client.query("Item", *conditions, convert=items.read_item)
        return found[0] if found else None

    def custom_field_names(self) -> dict[str, str] | None:
        """The custom fields that invoices have in this company: name by definition id. An invoice shows all of them,
        filled or not, so any one tells; None while there is no invoice."""
        return self._client.any_one(
            "Invoice",
            convert=lambda node: {
                field.text("DefinitionId"): field.text("Name") for field in node.nodes("CustomField")
            },
        )

    def _invoice_reader(self) -> Callable[[Node], LedgerInvoice]:
        return partial(invoices.read_invoice, home_currency=self.company().home_currency)


def _made(convert: Callable[[Node], LedgerInvoice], node: Node) -> tuple[str, LedgerInvoice]:
    """With the time that it was made, to the second, as queries compare it."""
    made = node.node("MetaData").instant("CreateTime")
    if made is None:
        raise Unreadable(f"{node.where}.{_MADE} is missing")
    return made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), convert(node)


def _invalid(error: Transient) -> bool:
    return error.context.get("code") in _INVALID_QUERY
