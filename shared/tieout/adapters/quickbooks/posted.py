"""Payments, receipts, refunds and credit memos of one connection: reading, finding, posting and voiding them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from tieout.adapters.quickbooks import documents, payments, query
from tieout.adapters.quickbooks.documents import FORMS
from tieout.adapters.quickbooks.reference import CompanyReader
from tieout.adapters.quickbooks.wire import Node
from tieout.domain.marker import bears_marker, is_marked
from tieout.domain.payment import Document, LedgerDocument, LedgerPayment
from tieout.domain.posting import PostingContent
from tieout.domain.record import RecordKey
from tieout.ports.writes import PreparedWrite

_IDS_A_QUERY = 100
_PAYMENTS = frozenset({Document.PAYMENT, Document.APPLICATION})

Posted = LedgerPayment | LedgerDocument


class PostedDocuments(CompanyReader):
    """Fulfils `ports.payments.PaymentLedger`."""

    def payments(self, ids: Collection[str]) -> dict[str, LedgerPayment]:
        """These payments, 100 a query."""
        convert = partial(payments.read_payment, home_currency=self.company().home_currency)
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query("Payment", query.one_of("Id", chunk), convert=convert)
        }

    def documents(self, document: Document, ids: Collection[str]) -> dict[str, LedgerDocument]:
        """These documents, 100 a query. Raises ValueError for payments and applications."""
        if document in _PAYMENTS:
            raise ValueError("payments are read by their own method")
        convert = partial(documents.read_document, document, home_currency=self.company().home_currency)
        return {
            one.id: one
            for chunk in query.chunks(sorted(ids), _IDS_A_QUERY)
            for one in self._client.query(FORMS[document].entity, query.one_of("Id", chunk), convert=convert)
        }

    def find_posting(self, key: RecordKey, content: PostingContent, revision: int) -> Posted | None:
        """Among the documents of that customer and date (see `documents.Form`), the one that bears the marker.

        Notes cannot be relied on to be filterable, so they are compared here. When a person copied the document, note
        and all, the first is ours.
        """
        form = FORMS[content.document]
        conditions = [query.equals("TxnDate", content.day.isoformat())]
        if form.by_customer:
            conditions.insert(0, query.equals("CustomerRef", content.customer_id))
        there = self._client.query(form.entity, *conditions, convert=self._reader(content.document))
        ours = [one for one in there if bears_marker(one.private_note, key, revision)]
        return min(ours, key=lambda one: (len(one.id), one.id), default=None)

    def unmarked(self, document: Document, days: tuple[date, date], amounts: Collection[Decimal]) -> Sequence[Posted]:
        """By date; amounts are compared here, because Intuit's schema names their filter for another product only."""
        first, last = days
        conditions = (
            query.at_least("TxnDate", first.isoformat()),
            query.at_most("TxnDate", last.isoformat()),
        )
        there = self._client.query(FORMS[document].entity, *conditions, convert=self._reader(document))
        return [one for one in there if one.total.amount in amounts and not is_marked(one.private_note)]

    def prepare_posting(self, content: PostingContent, private_note: str) -> PreparedWrite:
        """See `payments.create_body` and `documents.create_body`."""
        create = payments.create_body if content.document in _PAYMENTS else documents.create_body
        return PreparedWrite(create(content, private_note, self.company()))

    def prepare_posting_update(self, present: Posted, content: PostingContent, private_note: str) -> PreparedWrite:
        """See `payments.update_body` and `documents.update_body`."""
        if isinstance(present, LedgerPayment):
            return PreparedWrite(payments.update_body(present, content, private_note, self.company()))
        return PreparedWrite(documents.update_body(present, content, private_note, self.company()))

    def prepare_posting_void(self, present: Posted) -> PreparedWrite:
        """See `payments.void_body` and `documents.void_body`."""
        body = payments.void_body(present) if isinstance(present, LedgerPayment) else documents.void_body(present)
        return PreparedWrite(body)

    def post(self, document: Document, write: PreparedWrite, request_id: str) -> Posted:
        """Send it."""
        # What is needed to read the answer is read first: nothing may fail between the write and its answer.
        convert, entity = self._reader(document), FORMS[document].entity
        answer = self._client.post(entity.lower(), write.body, request_id)
        return replace(answer.entity(entity, convert), call_id=answer.intuit_tid)

    def void(self, document: Document, write: PreparedWrite, request_id: str) -> Posted | None:
        """Send it; a kind that cannot be voided is deleted, and there is nothing to answer."""
        convert, form = self._reader(document), FORMS[document]
        path = form.entity.lower()
        if form.voidable:
            answer = self._client.post(path, write.body, request_id, operation="update", include="void")
            return replace(answer.entity(form.entity, convert), call_id=answer.intuit_tid)
        self._client.post(path, write.body, request_id, operation="delete").entity(form.entity, lambda node: node)
        return None

    def document_url(self, document: Document, id_: str) -> str:
        """The page of the document, empty for what is not in QuickBooks."""
        return self._page(FORMS[document].page, id_) if document in FORMS else ""

    def _reader(self, document: Document) -> Callable[[Node], Posted]:
        home_currency = self.company().home_currency
        if document in _PAYMENTS:
            return partial(payments.read_payment, home_currency=home_currency)
        return partial(documents.read_document, document, home_currency=home_currency)
