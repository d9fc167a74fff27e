"""Everything about one record for a person: what Tieout remembers, and on demand what stands on both sides now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tieout.domain.errors import NotInLedger
from tieout.domain.invoice import LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.mirrored_invoice import StandingMirror
from tieout.domain.payment import Document, LedgerPayment, SourcePayment, UnreadablePayment
from tieout.domain.planning.plan import Plan
from tieout.domain.posting import Posting
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.domain.register import Register
from tieout.ports import AuditEntry, Records, Workspace
from tieout.ports.registers import Registers
from tieout.services.assess import Assessor
from tieout.services.backfill import Planned
from tieout.services.preview import preview
from tieout.services.preview_mirrors import preview_mirrors

_MOST_TOLD, _MOST_PAYMENTS = 200, 50


@dataclass(frozen=True, slots=True)
class Card:
    """`trail` is what was done, newest first. `payments` are the records of an invoice's payments;
    `unreadable` may be some, too."""

    record: SyncRecord
    trail: Sequence[AuditEntry]
    payments: Sequence[SyncRecord] = ()
    unreadable: Sequence[RecordKey] = ()

    @property
    def mirrored(self) -> bool:
        """Whether it was born in QuickBooks."""
        return self.record.key.origin_system == "quickbooks"

    @property
    def hubspot_id(self) -> str | None:
        """The invoice's or payment's id in HubSpot, None where it has none."""
        return self.record.link.far_id if self.mirrored and self.record.link else self._origin("hubspot")

    @property
    def quickbooks_id(self) -> str | None:
        """The same in QuickBooks; what a HubSpot payment made there are its postings."""
        return self.record.link.far_id if not self.mirrored and self.record.link else self._origin("quickbooks")

    def _origin(self, system: str) -> str | None:
        return self.record.key.origin_id if self.record.key.origin_system == system else None


@dataclass(frozen=True, slots=True)
class Sides:
    """What stands now. `plan` is what a push would do; of an invoice from QuickBooks `mirror` stands in HubSpot, and
    `planned` is what a look would do. Of money there is no dry run. `receipts` are QuickBooks' payments by id,
    `payments` HubSpot's."""

    source: SourceInvoice | UnreadableInvoice | None = None
    mirror: StandingMirror | None = None
    present: LedgerInvoice | None = None
    plan: Plan | Exception | None = None
    planned: Planned | None = None
    payments: Sequence[SourcePayment | UnreadablePayment] = ()
    receipts: Mapping[str, LedgerPayment] = field(default_factory=dict)


def card_of(records: Records, registers: Registers, key: RecordKey) -> Card | None:
    """The card from our own store alone; None when Tieout keeps no such record."""
    record = records.get(key)
    if record is None:
        return None
    trail = records.trail(key, _MOST_TOLD)
    return Card(record, trail, *(_payments_of(registers, record) if key.kind is Kind.INVOICE else ()))


def _payments_of(registers: Registers, record: SyncRecord) -> tuple[Sequence[SyncRecord], Sequence[RecordKey]]:
    """Those that name the invoice's number: they are entered in the register by it. The second cannot be read."""
    names = {record.label, record.key.origin_id} - {""}
    page = registers.search(record.key.connection, Register.PAYMENTS, record.label, None, _MOST_PAYMENTS)
    # A longer number may begin with this one.
    found = [one for one in page.readable if one.about is not None and names & set(one.about.invoices)]
    return found, page.unreadable


def compare(workspace: Workspace, records: Records, assessor: Assessor, card: Card, trace_id: str) -> Sides:
    """Ask both systems what stands there now. At most two metered reads of QuickBooks: its invoice and its payments.
    Raises the errors of the reads."""
    match card.record.key.kind, card.mirrored:
        case Kind.INVOICE, False:
            return _pushed(workspace, records, assessor, card, trace_id)
        case Kind.INVOICE, True:
            return _pulled(workspace, card)
    return _money(workspace, card)


def _pushed(workspace: Workspace, records: Records, assessor: Assessor, card: Card, trace_id: str) -> Sides:
    id_, far_id = card.record.key.origin_id, card.quickbooks_id
    found = preview(workspace, records, assessor, id_, trace_id)
    present = found.present
    if present is None and far_id is not None:
        # Planning does not ask for what it need not know.
        present = workspace.ledger.invoices([far_id]).get(far_id)
    payments = workspace.crm.payments_of([id_]).get(id_, ()) if found.source is not None else ()
    sides = Sides(source=found.source, present=present, plan=found.plan, payments=payments)
    return replace(sides, receipts=_receipts(workspace, present))


def _pulled(workspace: Workspace, card: Card) -> Sides:
    id_, far_id = card.record.key.origin_id, card.hubspot_id
    present = workspace.ledger.invoices([id_]).get(id_)
    mirror = workspace.crm.mirrors([far_id]).get(far_id) if far_id is not None else None
    [planned] = preview_mirrors(workspace, [(card.record, present)])
    return Sides(present=present, mirror=mirror, planned=planned, receipts=_receipts(workspace, present))


def _receipts(workspace: Workspace, present: LedgerInvoice | None) -> Mapping[str, LedgerPayment]:
    ids = {id_ for type_, id_ in present.settlements if type_ == "Payment"} if present is not None else set()
    return workspace.ledger.payments(ids) if ids else {}


def _money(workspace: Workspace, card: Card) -> Sides:
    record = card.record
    if card.mirrored:
        ids = [one.far_id for one in record.postings]
        receipts = {} if record.key.kind is Kind.REFUND else workspace.ledger.payments([record.key.origin_id])
    else:
        ids = [record.key.origin_id]
        posted = [one.far_id for one in record.postings if one.sent.document is Document.PAYMENT]
        receipts = workspace.ledger.payments(posted) if posted else {}
    payments = workspace.crm.payments(ids) if ids else {}
    return Sides(payments=tuple(payments.values()), receipts=receipts)


def document_url(workspace: Workspace, posting: Posting) -> str:
    """Where a person opens what was posted; empty where the vendor names no address."""
    if posting.sent.document is Document.HUBSPOT_PAYMENT:
        return ""
    return workspace.ledger.document_url(posting.sent.document, posting.far_id)


def pdf_of(workspace: Workspace, card: Card) -> bytes:
    """The invoice as its customer sees it, in one metered read. Raises NotInLedger when it is not in QuickBooks."""
    if card.record.key.kind is not Kind.INVOICE or card.quickbooks_id is None:
        raise NotInLedger
    return workspace.ledger.invoice_pdf(card.quickbooks_id)
