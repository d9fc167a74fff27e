"""A hint: "look at this record". It carries no amounts and no names, because state, not events, is the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HintObject(StrEnum):
    """What a hint is about, as ``system.entity``. A ledger invoice is looked at through the record of its HubSpot
    invoice.

    A posted document is one that a HubSpot payment made in QuickBooks; its id is "<document>:<QuickBooks id>", and it
    is looked at through the payment's record.

    An own invoice was born in QuickBooks; a mirrored one is the HubSpot invoice in which it is shown, looked at through
    the same record. Both are what hints about invoices become when it is known where the invoice was born.
    """

    HUBSPOT_INVOICE = "hubspot.invoice"
    HUBSPOT_PAYMENT = "hubspot.payment"
    QUICKBOOKS_INVOICE = "quickbooks.invoice"
    QUICKBOOKS_OWN_INVOICE = "quickbooks.own_invoice"
    MIRRORED_INVOICE = "hubspot.mirrored_invoice"
    QUICKBOOKS_PAYMENT = "quickbooks.payment"
    QUICKBOOKS_REFUND_RECEIPT = "quickbooks.refund_receipt"
    QUICKBOOKS_CREDIT_MEMO = "quickbooks.credit_memo"
    QUICKBOOKS_SALES_RECEIPT = "quickbooks.sales_receipt"
    QUICKBOOKS_PURCHASE = "quickbooks.purchase"
    POSTED_DOCUMENT = "quickbooks.posted_document"

    @property
    def system(self) -> str:
        """Whose document it is, "hubspot" or "quickbooks"."""
        return self.value.partition(".")[0]


class Cause(StrEnum):
    """Why somebody should look. `AGAIN`: hints came while a worker held the record, and it passes them on. `BACKFILL`:
    a back-fill takes the document in, whatever its date; the hint's trace id is the run's. `RETRY`, `DUE`, `AGAIN` and
    `BACKFILL` are never dropped as already covered."""

    WEBHOOK = "webhook"
    SWEEP = "sweep"
    DUE = "due"
    RETRY = "retry"
    AGAIN = "again"
    BACKFILL = "backfill"


class BadHint(ValueError):
    """A message that is not a hint."""


@dataclass(frozen=True, slots=True)
class Hint:
    """`occurred_at` is the vendor's time of the change (aware); `trace_id` follows it through logs."""

    connection: str
    object: HintObject
    id: str
    occurred_at: datetime
    cause: Cause
    trace_id: str

    def to_json(self) -> str:
        """The message body."""
        return json.dumps(
            {
                "connection": self.connection,
                "object": self.object.value,
                "id": self.id,
                "occurred_at": self.occurred_at.isoformat(),
                "cause": self.cause.value,
                "trace_id": self.trace_id,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Hint:
        """Parse a message body; raises BadHint for anything but the six fields in their form."""
        try:
            raw = json.loads(text)
            hint = cls(
                connection=raw["connection"],
                object=HintObject(raw["object"]),
                id=raw["id"],
                occurred_at=datetime.fromisoformat(raw["occurred_at"]),
                cause=Cause(raw["cause"]),
                trace_id=raw["trace_id"],
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadHint(f"not a hint: {type(error).__name__}") from None
        texts = (hint.connection, hint.id, hint.trace_id)
        if not all(isinstance(text, str) and text for text in texts) or hint.occurred_at.tzinfo is None:
            raise BadHint("not a hint: empty or untyped field")
        return hint
