"""Writing to QuickBooks what a person changed in HubSpot of an invoice that was born in QuickBooks, and then took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotInLedger, NumberTaken, StaleVersion
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.planning.invoice_mirror import CarryBack
from tieout.domain.record import Intent, Operation, State, SyncRecord, request_id
from tieout.ports import PreparedWrite, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents


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


@dataclass(frozen=True, slots=True)
class _Answer:
    """The invoice as QuickBooks has it; `id` is the HubSpot invoice's, which is the record's far side."""

    id: str
    invoice: LedgerInvoice
    call_id: str = ""


@dataclass(slots=True)
class _Heads:
    """Fulfils `intents.Effect`. `answered` is the last answer."""

    answered: LedgerInvoice | None = None

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[_Answer, bool]:
        """QuickBooks' version guards it, and an invoice that was deleted meanwhile has none. A number is held once."""
        try:
            self.answered = workspace.ledger.post_invoice(PreparedWrite(intent.body), intent.request_id)
        except NotInLedger as gone:
            raise StaleVersion(gone.detail, gone.context) from gone
        except NumberTaken as taken:
            told = f"It is borne by {taken.holder_type or 'a document'} {taken.holder_id or '(unknown)'}."
            raise NeedsAttention(told, taken.context, AttentionCode.DUPLICATE_NUMBER) from taken
        return _answer(record, self.answered), False

    def find(self, _workspace: Workspace, _record: SyncRecord, _intent: Intent) -> _Answer | None:
        """Nothing is ever created."""
        return None

    def standing(self, workspace: Workspace, _id: str, intent: Intent) -> _Answer:
        """By QuickBooks' id."""
        found = workspace.ledger.invoice(intent.far_id or "")
        return _Answer(found.id, found)

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> _Answer | None:
        """By the values; a deleted one is planned anew."""
        try:
            present = workspace.ledger.invoice(intent.far_id or "")
        except NotInLedger:
            return None
        says = intent.content is not None and not present.voided and heads(present.content) == heads(intent.content)
        return _answer(record, present) if says else None

    def linked(self, record: SyncRecord, _intent: Intent, _answer: _Answer, *, looked: bool) -> SyncRecord:  # noqa: ARG002
        """The mirror is as it was."""
        return record

    def settled(self, _workspace: Workspace, record: SyncRecord, _intent: Intent, _answer: _Answer) -> SyncRecord:
        """What HubSpot shows is compared with it next."""
        return record.to(State.WAITING, reason="more_to_write")

    def may_be_repeated(self, _workspace: Workspace, _intent: Intent) -> bool:
        """Only creates are."""
        return False

    def done(self, _intent: Intent) -> str:
        """For the trail."""
        return "wrote HubSpot's values to QuickBooks"

    def names(self, answer: _Answer) -> str:
        """For a person."""
        return f"QuickBooks invoice {answer.invoice.id}"


def heads(content: InvoiceContent) -> tuple[object, ...]:
    """What can be carried back of an invoice."""
    return content.number, content.invoice_date, content.due_date, content.memo


def _answer(record: SyncRecord, invoice: LedgerInvoice) -> _Answer:
    return _Answer(record.link.far_id if record.link else invoice.id, invoice, invoice.call_id)
