"""What is shown on the HubSpot invoice about its sync."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.attention import Explanation, explanation
from tieout.domain.attention_later import UNKNOWN, code_of
from tieout.domain.attention_mirrors import OF_MIRROR
from tieout.domain.payment import PaymentFacts
from tieout.domain.record import Kind, State, SyncRecord


class ShownState(StrEnum):
    """The values of the status property on the HubSpot invoice."""

    IN_SYNC = "in_sync"
    WORKING = "working"
    NEEDS_ATTENTION = "needs_attention"
    EXCLUDED = "excluded"
    VOIDED = "voided"


_SHOWN = {
    State.SEEN: ShownState.WORKING,
    State.PLANNED: ShownState.WORKING,
    State.WRITING: ShownState.WORKING,
    State.VERIFYING: ShownState.WORKING,
    State.WAITING: ShownState.WORKING,
    State.SYNCED: ShownState.IN_SYNC,
    State.SYNCED_WITH_VARIANCE: ShownState.IN_SYNC,
    State.ATTENTION: ShownState.NEEDS_ATTENTION,
    State.DELETED_IN_LEDGER: ShownState.NEEDS_ATTENTION,
    State.IGNORED: ShownState.EXCLUDED,
    State.VOIDED: ShownState.VOIDED,
}


# What a person reads about a record that waits; each reason has a section in the runbook, by test.
WAITING = {
    "rate_limited": "Waiting: a vendor asked to slow down.",
    "not_ready": "Waiting for another record, such as its customer.",
    "out_of_time": "Waiting a moment: there was much to do at once.",
    "switched_off": "Waiting: sending it to QuickBooks is switched off in the settings.",
    "invoice_not_synced": "Waiting for the payment's invoice to reach QuickBooks.",
    "invoice_may_follow": "Waiting a moment: HubSpot may still name the payment's invoice.",
    "more_to_write": "Waiting a moment: the rest of the invoice is about to be written to HubSpot.",
    "more_to_post": "Waiting a moment: the next document of the payment is about to be posted.",
    "connection_lost": "Waiting: the connection to HubSpot or QuickBooks has to be renewed.",
    "changed_meanwhile": "Waiting a moment: somebody changed the document just now.",
    "disconnected": "Waiting: QuickBooks was disconnected, and has to be connected again.",
    "vendor_unavailable": "Waiting: HubSpot or QuickBooks did not answer as it should.",
    "outcome_unknown": "QuickBooks' answer was lost. Tieout finds out what happened before it does anything.",
    "not_carried_out": "A change did not reach QuickBooks and is planned anew.",
    "store_unavailable": "Waiting: Tieout's own store did not answer; the operator sees it.",
    "internal_error": "Waiting: something went wrong inside Tieout; the operator sees it.",
    "name_taken": "Waiting: the customer's name is looked up anew.",
}


@dataclass(frozen=True, slots=True)
class ShownStatus:
    """`message` is plain text; `number` and `url` are the QuickBooks invoice's, empty while there is none. `facts` are
    shown beside them, None as long as nothing was paid."""

    status: ShownState
    message: str
    number: str = ""
    url: str = ""
    facts: PaymentFacts | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for equal statuses; kept on the record so that nothing is written when nothing changed."""
        facts = (str(self.facts),) if self.facts else ()
        text = "\x1f".join((self.status, self.message, self.number, self.url, *facts))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def explanation_of(record: SyncRecord) -> Explanation | None:
    """Why a record needs a person and what to do next; None for one that needs nobody."""
    if record.state not in (State.ATTENTION, State.DELETED_IN_LEDGER):
        return None
    code, key = code_of(record.reason), record.key
    if code is None:
        return UNKNOWN
    if key.kind is Kind.INVOICE and key.origin_system == "quickbooks" and code in OF_MIRROR:
        return OF_MIRROR[code]
    of_payment = key.kind is Kind.PAYMENT and key.origin_system == "hubspot"
    return explanation(code, of_payment=of_payment, of_fees=key.kind is Kind.FEES)


def explain(record: SyncRecord) -> str:
    """One or two sentences for a person: what the state means for this record, and what to do next."""
    text = explanation_of(record)
    if text is not None:
        return " ".join(part for part in (text.summary, record.detail, text.next_step) if part)
    if record.reason in WAITING:
        return " ".join(part for part in (WAITING[record.reason], record.detail) if part)
    return record.detail


def shown_status(record: SyncRecord, url: str) -> ShownStatus:
    """The status to show for a record; `url` opens the QuickBooks invoice, if there is one."""
    number = record.link.number if record.link and record.link.number else ""
    return ShownStatus(_SHOWN[record.state], explain(record), number, url, record.facts)
