"""Updates of invoices that are QuickBooks' own: they bear no marker of Tieout, and nothing of them is ever created."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.domain.errors import NotInLedger, StaleVersion
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.record import Intent, SyncRecord
from tieout.ports import PreparedWrite, Workspace


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """The invoice as QuickBooks has it; `id` is the HubSpot invoice's, which is the record's far side."""

    id: str
    invoice: LedgerInvoice
    call_id: str = ""


@dataclass(slots=True)
class OwnInvoiceUpdate:
    """The part of `intents.Effect` that all such updates share. `answered` is QuickBooks' last answer."""

    answered: LedgerInvoice | None = None

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[OwnInvoice, bool]:
        """QuickBooks' version guards it, and an invoice that was deleted meanwhile has none."""
        try:
            self.answered = workspace.ledger.post_invoice(PreparedWrite(intent.body), intent.request_id)
        except NotInLedger as gone:
            raise StaleVersion(gone.detail, gone.context) from gone
        return own_invoice(record, self.answered), False

    def find(self, _workspace: Workspace, _record: SyncRecord, _intent: Intent) -> OwnInvoice | None:
        """Nothing is ever created."""
        return None

    def standing(self, workspace: Workspace, id_: str, intent: Intent) -> OwnInvoice:
        """By QuickBooks' id."""
        return OwnInvoice(id_, workspace.ledger.invoice(intent.far_id or ""))

    def may_be_repeated(self, _workspace: Workspace, _intent: Intent) -> bool:
        """Only creates are."""
        return False

    def names(self, answer: OwnInvoice) -> str:
        """For a person."""
        return f"QuickBooks invoice {answer.invoice.id}"


def own_invoice(record: SyncRecord, invoice: LedgerInvoice) -> OwnInvoice:
    """What QuickBooks answered, under the id by which the record knows its far side."""
    return OwnInvoice(record.link.far_id if record.link else invoice.id, invoice, invoice.call_id)
