"""What the services need of the two vendors for money received and given back, and for finding what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerDocument, LedgerPayment, SourcePayment, UnreadablePayment
from tieout.domain.posting import PostingContent
from tieout.domain.record import RecordKey
from tieout.ports.writes import PreparedWrite


@dataclass(frozen=True, slots=True)
class RecordedPayment:
    """A payment to be recorded in HubSpot for one allocation of a QuickBooks payment.

    HubSpot gets noon of `day` in the portal's time zone, which is that day everywhere but at the edge of the map.
    `marker` is the text in the internal comment by which it is found again. `amount` is the allocated amount.
    """

    invoice_id: str
    amount: Money
    day: date
    marker: str
    method: str | None = None
    reference: str | None = None
    refunded: Money | None = None
    contact_id: str | None = None


class PaymentCrm(Protocol):
    """HubSpot's payments, for one connection. Reads raise Transient, RateLimited or ConnectionLost, never turning a
    failure into an absence; writes raise besides OutcomeUnknown when the answer was lost, and NeedsAttention."""

    def payments(self, ids: Collection[str]) -> Mapping[str, SourcePayment | UnreadablePayment]:
        """The present state of these payments with their associations and the history of what was refunded, in grouped
        calls. An id that HubSpot does not return is absent from the answer: deleted."""
        ...

    def payments_of(self, invoice_ids: Collection[str]) -> Mapping[str, tuple[SourcePayment | UnreadablePayment, ...]]:
        """The payments associated with each of these invoices, in grouped calls; an empty tuple where there is none."""
        ...

    def initiated_between(
        self, start: datetime, end: datetime
    ) -> Iterator[Sequence[SourcePayment | UnreadablePayment]]:
        """The payments initiated from `start` until before `end`, oldest first, in pages of one call each: without
        their invoices, customers and the history of refunds."""
        ...

    def refunded_since(self, start: datetime) -> Iterator[Sequence[SourcePayment | UnreadablePayment]]:
        """The payments changed since `start` of which something was given back, with the history of it, in pages."""
        ...

    def prepare_payment(self, payment: RecordedPayment) -> PreparedWrite:
        """The body that records this payment, associations included."""
        ...

    def prepare_payment_update(self, payment: RecordedPayment) -> PreparedWrite:
        """The body that makes a payment which Tieout recorded say this."""
        ...

    def record_payment(self, write: PreparedWrite) -> SourcePayment:
        """Send it. The answer's invoices and parties are those that were sent. Raises NeedsAttention with
        RECORDING_REFUSED when the account takes no recorded payments at all."""
        ...

    def update_payment(self, id_: str, write: PreparedWrite) -> SourcePayment:
        """Send it; raises NotInCrm when the payment was deleted. The answer names no invoices and parties."""
        ...

    def delete_payment(self, id_: str) -> None:
        """Move a payment that Tieout recorded to the recycle bin; one that is there already is no error, so a lost
        answer is Transient here."""
        ...


class PaymentLedger(Protocol):
    """QuickBooks' payments and refunds, for one connection. Errors as `Ledger` says."""

    def payments(self, ids: Collection[str]) -> Mapping[str, LedgerPayment]:
        """These payments in one metered read per 100. A deleted one is absent from the answer."""
        ...

    def documents(self, document: Document, ids: Collection[str]) -> Mapping[str, LedgerDocument]:
        """These documents of one kind in one metered read per 100. A deleted one is absent from the answer. Payments
        and applications are read by `payments`."""
        ...

    def find_posting(
        self, key: RecordKey, content: PostingContent, revision: int
    ) -> LedgerPayment | LedgerDocument | None:
        """The document of `content`'s kind that bears the marker of `key` with `revision`, looked for by customer and
        date. None only when the ledger was asked and holds none."""
        ...

    def unmarked(
        self, document: Document, days: tuple[date, date], amounts: Collection[Decimal]
    ) -> Sequence[LedgerPayment | LedgerDocument]:
        """Payments or sales receipts of these total amounts, dated within `days`, that bear no marker of Tieout, in one
        metered read: what HubSpot's own workflow actions may have made."""
        ...

    def prepare_posting(self, content: PostingContent, private_note: str) -> PreparedWrite:
        """The body that creates this document."""
        ...

    def prepare_posting_update(
        self, present: LedgerPayment | LedgerDocument, content: PostingContent, private_note: str
    ) -> PreparedWrite:
        """The sparse body that turns `present` into `content`, with every line."""
        ...

    def prepare_posting_void(self, present: LedgerPayment | LedgerDocument) -> PreparedWrite:
        """The body that voids `present`."""
        ...

    def post(self, document: Document, write: PreparedWrite, request_id: str) -> LedgerPayment | LedgerDocument:
        """Send a create or an update. A repetition under the same request id gives the first answer."""
        ...

    def void(self, document: Document, write: PreparedWrite, request_id: str) -> LedgerPayment | LedgerDocument | None:
        """Send a void, in the form that QuickBooks wants for this kind. None: it stands there no longer, because
        QuickBooks cannot void refund receipts, credit memos and expenses, only delete them."""
        ...

    def document_url(self, document: Document, id_: str) -> str:
        """Where a person opens the document; empty where Intuit names no address."""
        ...


class Feed(StrEnum):
    """What the sweep follows in HubSpot."""

    INVOICES = "invoices"
    PAYMENTS = "payments"


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A HubSpot record and HubSpot's own time of its last change (aware)."""

    id: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class ChangePage:
    """`next` continues the listing, None at its end. What it says is the adapter's own."""

    changes: tuple[ChangedRecord, ...]
    next: str | None


class CrmChanges(Protocol):
    """What changed in HubSpot."""

    def changed(self, feed: Feed, since: datetime, after: str | None = None) -> ChangePage:
        """A page of the records changed at or after `since`, oldest change first. `next` begins anew at the time of the
        last change, so that none is passed over and a few come twice."""
        ...

    def archived(self, feed: Feed, after: str | None = None) -> ChangePage:
        """A page of the deleted records that HubSpot still keeps, in no order."""
        ...


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """A ledger document that changed: `entity` in Intuit's words ("Invoice", "Payment"...), `updated_at` the ledger's
    own time of it (aware). `deleted`: it stands there no longer."""

    entity: str
    id: str
    updated_at: datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class LedgerChanges:
    """`until`: the ledger's own time of the answer. `complete` False: the answer was cut off at its limit."""

    documents: tuple[ChangedDocument, ...]
    until: datetime
    complete: bool


class LedgerChangeFeed(Protocol):
    """What changed in QuickBooks."""

    def changes(self, entities: Collection[str], since: datetime) -> LedgerChanges:
        """One call of change data capture for all these entities (metered once); at most 30 days back."""
        ...

    def changed_since(self, entity: str, since: datetime) -> Sequence[ChangedDocument]:
        """Every document of one entity changed at or after `since`, paged by query: without those deleted meanwhile."""
        ...
