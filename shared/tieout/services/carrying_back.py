"""Writing to QuickBooks what a person changed in HubSpot of an invoice that was born in QuickBooks, and then took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotInLedger, NumberTaken
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.planning.invoice_mirror import CarryBack
from tieout.domain.record import Intent, Operation, State, SyncRecord, request_id
from tieout.ports import Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents
from tieout.services.own_invoices import OwnInvoice, OwnInvoiceUpdate, own_invoice


@dataclass(frozen=True, slots=True)
class CarryingBack:
    """Carries such plans out. `vendor_timeout` is how long a sent request may still be carried out.

    The invoice is QuickBooks' own and bears no marker of Tieout: whether a lost write happened shows by the values.
    """

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, plan: CarryBack) -> LedgerInvoice | None:
        """Carry the plan out as `Intents.carry_out` says; gives the invoice as QuickBooks answered it.

        Leaves the record claimed and waiting: what QuickBooks says now has to be compared with HubSpot once more.
        """
        record = held.record
        revision = record.revision + 1
        realm, generation = workspace.connection.realm_id, record.generation
        rid = request_id(realm, "invoice", record.key, Operation.UPDATE, revision, generation)
        body = workspace.ledger.prepare_invoice_heads(plan.present, plan.content).body
        intent = Intent(
            Operation.UPDATE, rid, revision, body, self.claims.clock.now(), content=plan.content, far_id=plan.present.id
        )
        effect = _Heads()
        self._intents.carry_out(workspace, held, effect, record, intent)
        return effect.answered

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, _Heads())

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)


def of_quickbooks(record: SyncRecord) -> bool:
    """Whether the intent of this record is such a write, and not one to HubSpot."""
    return record.intent is not None and record.intent.content is not None


@dataclass(slots=True)
class _Heads(OwnInvoiceUpdate):
    """Fulfils `intents.Effect`."""

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[OwnInvoice, bool]:
        """A number is held once."""
        try:
            return OwnInvoiceUpdate.send(self, workspace, record, intent)
        except NumberTaken as taken:
            told = f"It is borne by {taken.holder_type or 'a document'} {taken.holder_id or '(unknown)'}."
            raise NeedsAttention(told, taken.context, AttentionCode.DUPLICATE_NUMBER) from taken

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> OwnInvoice | None:
        """By the values; a deleted one is planned anew."""
        try:
            present = workspace.ledger.invoice(intent.far_id or "")
        except NotInLedger:
            return None
        says = intent.content is not None and not present.voided and heads(present.content) == heads(intent.content)
        return own_invoice(record, present) if says else None

    def linked(self, record: SyncRecord, _intent: Intent, _answer: OwnInvoice, *, looked: bool) -> SyncRecord:  # noqa: ARG002
        """The mirror is as it was."""
        return record

    def settled(self, _workspace: Workspace, record: SyncRecord, _intent: Intent, _answer: OwnInvoice) -> SyncRecord:
        """What HubSpot shows is compared with it next."""
        return record.to(State.WAITING, reason="more_to_write")

    def done(self, _intent: Intent) -> str:
        """For the trail."""
        return "wrote HubSpot's values to QuickBooks"


def heads(content: InvoiceContent) -> tuple[object, ...]:
    """What can be carried back of an invoice."""
    return content.number, content.invoice_date, content.due_date, content.memo
