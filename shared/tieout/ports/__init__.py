"""What the services need from the world, as protocols. Adapters fulfil them, tests play them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from tieout.domain.company import Connection, CrmAccount, LedgerCompany, TaxCode, Term
from tieout.domain.customer import CustomerDraft, LedgerCustomer, LedgerItem, NameHolder
from tieout.domain.hint import Hint, HintObject
from tieout.domain.invoice import InvoiceContent, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.plan import Change
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.domain.settings import Settings
from tieout.domain.status import ShownStatus
from tieout.ports.accounts import AccountLedger
from tieout.ports.attachments import AttachmentCrm
from tieout.ports.dated import DatedCrm, DatedLedger
from tieout.ports.deals import DealCrm, EstimateLedger
from tieout.ports.directory import CrmDirectory, LedgerDirectory
from tieout.ports.fields import FieldCrm, FieldLedger
from tieout.ports.invoices import MirrorCrm
from tieout.ports.listing import RecordPage as RecordPage
from tieout.ports.listing import UnreadableRecord as UnreadableRecord
from tieout.ports.payments import CrmChanges, LedgerChangeFeed, PaymentCrm, PaymentLedger
from tieout.ports.sweeping import Cursors as Cursors
from tieout.ports.sweeping import ReadMeter as ReadMeter
from tieout.ports.writes import PreparedWrite as PreparedWrite


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, for at most a few seconds (a permit, another worker's token refresh)."""
        ...


class Crm(PaymentCrm, CrmChanges, DealCrm, AttachmentCrm, MirrorCrm, FieldCrm, DatedCrm, CrmDirectory, Protocol):
    """HubSpot, for one connection. Every call may raise Transient, RateLimited, ConnectionLost or NeedsAttention."""

    def invoices(
        self, ids: Collection[str], extra_properties: Collection[str] = ()
    ) -> Mapping[str, SourceInvoice | UnreadableInvoice]:
        """The present state of these invoices with lines, adjustments, company and contact, in grouped calls.

        An id that HubSpot does not return is absent from the answer: deleted. A failed read raises. One invoice with
        values that cannot be understood is answered as UnreadableInvoice and does not spoil its neighbours.
        `extra_properties` (HubSpot internal names) are added to `SourceInvoice.properties`.
        """
        ...

    def invoice_id_by_number(self, number: str) -> str | None:
        """The id of the invoice with this number, None when no live invoice bears it. HubSpot's search lags a little
        behind its records. Raises NeedsAttention when several bear the number."""
        ...

    def show_statuses(self, statuses: Mapping[str, ShownStatus]) -> Mapping[str, str]:
        """Write the sync status onto invoices (by HubSpot id) in one batch update per 100; the properties and their
        group are created when absent. Returns the ids that HubSpot refused, with its message."""
        ...

    def account(self) -> CrmAccount:
        """The account behind the token."""
        ...


class Ledger(
    PaymentLedger, LedgerChangeFeed, AccountLedger, DatedLedger, EstimateLedger, LedgerDirectory, FieldLedger, Protocol
):
    """QuickBooks Online, for one connection.

    Reads raise Transient, RateLimited or ConnectionLost; they never turn a failure into an absence. Writes raise
    Transient when surely nothing was written, OutcomeUnknown when the answer was lost, StaleVersion, NotInLedger,
    NumberTaken, NameTaken or NeedsAttention (code and QuickBooks' text) when it was refused.
    """

    def company(self) -> LedgerCompany:
        """Company and preferences, cached for a few minutes."""
        ...

    def tax_codes(self) -> Sequence[TaxCode]:
        """The sales tax codes, inactive ones too, cached like `company`."""
        ...

    def terms(self) -> Sequence[Term]:
        """The terms of payment, inactive ones too, cached like `company`."""
        ...

    def exchange_rate(self, currency: str, day: date) -> Decimal | None:
        """Home units for one unit of `currency` on `day`; None when QuickBooks has no rate."""
        ...

    def invoices(self, ids: Collection[str]) -> Mapping[str, LedgerInvoice]:
        """These invoices in one metered read per 100. A deleted one is absent from the answer."""
        ...

    def invoice(self, id_: str) -> LedgerInvoice:
        """One invoice; raises NotInLedger when QuickBooks says that it was deleted."""
        ...

    def find_invoice(self, key: RecordKey, content: InvoiceContent) -> LedgerInvoice | None:
        """The invoice that bears the marker of `key`, looked for by the customer and date of `content`.

        None only when the ledger was asked and holds none.
        """
        ...

    def prepare_invoice(self, content: InvoiceContent, private_note: str, company: LedgerCompany) -> PreparedWrite:
        """The body that creates this invoice."""
        ...

    def prepare_invoice_update(
        self, present: LedgerInvoice, content: InvoiceContent, private_note: str, company: LedgerCompany
    ) -> PreparedWrite:
        """The sparse body that turns `present` into `content`, with every line."""
        ...

    def prepare_invoice_heads(self, present: LedgerInvoice, content: InvoiceContent) -> PreparedWrite:
        """The sparse body that gives `present` the number, dates and memo of `content` and leaves all else alone."""
        ...

    def prepare_invoice_void(self, present: LedgerInvoice) -> PreparedWrite:
        """The body that voids `present`."""
        ...

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        """Send a create or an update. A repetition under the same request id gives the first answer."""
        ...

    def void_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        """Send it."""
        ...

    def invoice_pdf(self, id_: str) -> bytes:
        """The invoice as its customer sees it, in one metered read. Raises NotInLedger when it was deleted."""
        ...

    def invoice_url(self, id_: str) -> str:
        """Where a person opens the invoice."""
        ...

    def find_customers(self, names: Collection[str], emails: Collection[str]) -> Sequence[LedgerCustomer]:
        """Customers, inactive ones too, with one of these display names or e-mails, in as few reads as possible."""
        ...

    def customers(self, ids: Collection[str]) -> Mapping[str, LedgerCustomer]:
        """These customers, inactive ones too, in one metered read per 100; an unknown one is absent."""
        ...

    def name_holders(self, name: str) -> Sequence[NameHolder]:
        """Who holds a display name among customers, vendors and employees, inactive ones too."""
        ...

    def prepare_customer(self, draft: CustomerDraft) -> PreparedWrite:
        """The body that creates this customer."""
        ...

    def create_customer(self, write: PreparedWrite, request_id: str) -> LedgerCustomer:
        """Send it."""
        ...

    def find_items(self, names: Collection[str], skus: Collection[str]) -> Sequence[LedgerItem]:
        """Active items with one of these names or SKUs, in as few reads as possible."""
        ...

    def items(self, ids: Collection[str]) -> Mapping[str, LedgerItem]:
        """These items, inactive ones too, in one metered read per 100; an unknown one is absent."""
        ...

    def item(self, id_: str) -> LedgerItem | None:
        """One item, None when there is none with this id."""
        ...


class RecordChanged(Exception):
    """The record is not as it was read: `current` is what is stored now (None: not there)."""

    def __init__(self, current: SyncRecord | None) -> None:
        super().__init__("the record changed since it was read")
        self.current = current


class LinkTaken(Exception):
    """The far document already belongs to the record `holder`."""

    def __init__(self, holder: str) -> None:
        super().__init__("the far document belongs to another record")
        self.holder = holder


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the trail. `action` is a verb ("created invoice"), `facts` are safe to show and to log. `changes` are
    values of documents before and after, for people: they are never logged."""

    at: datetime
    actor: str
    action: str
    trace_id: str
    facts: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = field(default=(), repr=False)


class Records(Protocol):
    """The sync records. Reads by key are consistent. Every call may raise StoreUnavailable, and what gives records
    UnreadableRecord."""

    def get(self, key: RecordKey) -> SyncRecord | None:
        """The record, or None."""
        ...

    def get_many(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, SyncRecord]:
        """The records that exist among `keys`."""
        ...

    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        """Store `record` if the stored one still has its `version` and `rehints` (version 0: none is stored yet).

        In one transaction with the uniqueness of an exclusive link and the audit line. Returns it with its new
        version. Raises RecordChanged or LinkTaken, and then nothing was stored.
        """
        ...

    def rehint(self, key: RecordKey, lease_owner: str) -> bool:
        """Count one more hint for the worker that holds the record. False when `lease_owner` no longer holds it."""
        ...

    def origin_of(self, connection: str, system: str, kind: str, far_id: str) -> RecordKey | None:
        """The record that an exclusive far document belongs to."""
        ...

    def origins_of(
        self, connection: str, system: str, documents: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], RecordKey]:
        """The same for many documents, by kind and id; those that belong to none are absent."""
        ...

    def due(
        self, connection: str, now: datetime, limit: int = 100, *, after: datetime | None = None
    ) -> Sequence[RecordKey]:
        """Records whose `wake_at` is not after `now` (and later than `after`), oldest first. The listing may lag behind
        a little: it may name a record that was settled just now."""
        ...

    def in_state(self, connection: str, state: State, limit: int = 100, after: str | None = None) -> RecordPage:
        """A page of the records in a state, most recently changed first."""
        ...

    def trail(self, key: RecordKey, limit: int = 50) -> Sequence[AuditEntry]:
        """The latest audit lines of a record, newest first."""
        ...


class Connections(Protocol):
    """The connections and their settings."""

    def get(self, connection: str) -> Connection | None:
        """One connection."""
        ...

    def all(self) -> Iterable[Connection]:
        """Every connection of this deployment."""
        ...

    def by_portal(self, portal_id: str) -> Connection | None:
        """The connection of a HubSpot portal."""
        ...

    def by_realm(self, realm_id: str) -> Connection | None:
        """The connection of a QuickBooks company."""
        ...

    def settings(self, connection: str) -> Settings:
        """The connection's settings; defaults when none were applied."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook request as received. `url` is the public URL as the vendor called it (configured, never from a Host
    header), `headers` have lower-case names, `body` are the raw bytes."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a delivery: `account` is the portal or company it is about; `object` is None for what Tieout does
    not follow."""

    account: str
    object: HintObject | None
    id: str
    occurred_at: datetime


class Webhooks(Protocol):
    """One vendor's webhooks."""

    def read(self, delivery: Delivery) -> Sequence[Notice]:
        """The events of a delivery that the vendor signed; raises Malformed for any other."""
        ...

    def refresh(self) -> bool:
        """Look for rotated signing secrets; False when that was done just now, so that another try is no use."""
        ...

    def connection(self, account: str) -> Connection | None:
        """The connection that an account belongs to."""
        ...


class Hints(Protocol):
    """The queue of hints."""

    def send(self, hints: Sequence[Hint], delay: float = 0) -> None:
        """Queue all of them, after `delay` seconds (at most 900). Raises Transient unless every one was accepted."""
        ...


@dataclass(frozen=True, slots=True)
class TokenSet:
    """A rotating pair of tokens. `version` rises with each refresh; times are aware UTC."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None
    version: int = 0


class Tokens(Protocol):
    """The QuickBooks tokens of the connections."""

    def load(self, connection: str) -> TokenSet | None:
        """The newest tokens, by a consistent read."""
        ...

    def save(self, connection: str, tokens: TokenSet) -> bool:
        """Store `tokens` (with version = stored version + 1); False when somebody stored others meanwhile."""
        ...

    def acquire_refresh(self, connection: str, owner: str, until: datetime) -> bool:
        """Take the refresh lease; False while another owner holds it."""
        ...

    def release_refresh(self, connection: str, owner: str) -> None:
        """Give the lease back."""
        ...


class Limiter(Protocol):
    """The budget of calls that all workers of a connection share. `permit` may raise StoreUnavailable."""

    def permit(self, connection: str, system: str) -> None:
        """Return when one call may be made; raises RateLimited when that would take too long."""
        ...

    def pause(self, connection: str, system: str, seconds: float) -> None:
        """Nobody calls `system` for this connection for so long: the vendor asked us to slow down."""
        ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything about one connection that a service needs."""

    connection: Connection
    settings: Settings
    crm: Crm
    ledger: Ledger


class Workspaces(Protocol):
    """Opens connections."""

    def open(self, connection: str) -> Workspace | None:
        """None when there is no such connection."""
        ...
