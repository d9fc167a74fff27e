"""What the domain's own words are called on pages: texts to be translated, and the tone of each state."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.console.language import message
from tieout.domain.payment import Document
from tieout.domain.record import Kind, State
from tieout.domain.register import Flow, Health

HEALTHS: Mapping[Health, str] = {
    Health.IN_SYNC: message("In sync"),
    Health.VARIANCE: message("In sync with variance"),
    Health.WAITING: message("Waiting"),
    Health.ATTENTION: message("Needs attention"),
    Health.EXCLUDED: message("Excluded"),
    Health.VOIDED: message("Voided"),
}
TONES: Mapping[Health, str] = {
    Health.IN_SYNC: "ok",
    Health.VARIANCE: "warning",
    Health.WAITING: "working",
    Health.ATTENTION: "problem",
    Health.EXCLUDED: "plain",
    Health.VOIDED: "plain",
}
FLOWS: Mapping[Flow, str] = {
    (Kind.INVOICE, "hubspot"): message("Invoices, HubSpot to QuickBooks"),
    (Kind.INVOICE, "quickbooks"): message("Invoices, QuickBooks to HubSpot"),
    (Kind.PAYMENT, "hubspot"): message("Payments, HubSpot to QuickBooks"),
    (Kind.PAYMENT, "quickbooks"): message("Payments, QuickBooks to HubSpot"),
    (Kind.REFUND, "quickbooks"): message("Refunds, QuickBooks to HubSpot"),
}
CALLED: Mapping[Kind, str] = {
    Kind.INVOICE: message("Invoice"),
    Kind.PAYMENT: message("Payment"),
    Kind.REFUND: message("Refund"),
}
STATES: Mapping[State, str] = {
    State.SEEN: message("About to be looked at"),
    State.PLANNED: message("About to be written"),
    State.WRITING: message("Being written"),
    State.VERIFYING: message("An answer was lost; it is being looked for"),
    State.WAITING: message("Waiting"),
    State.SYNCED: message("In sync"),
    State.SYNCED_WITH_VARIANCE: message("In sync with variance"),
    State.ATTENTION: message("Needs attention"),
    State.IGNORED: message("Excluded"),
    State.DELETED_IN_LEDGER: message("Deleted in QuickBooks"),
    State.VOIDED: message("Voided"),
}
SOURCES: Mapping[str, str] = {
    "hs_payments": message("HubSpot payments"),
    "byo_stripe": message("Stripe"),
    "none": message("Entered by hand in HubSpot"),
    "quickbooks": message("Entered in QuickBooks"),
    "xero": message("Xero"),
}
# HubSpot's own statuses of invoices and payments, and what Tieout says of documents in QuickBooks.
STATUSES: Mapping[str, str] = {
    "draft": message("Draft"),
    "open": message("Open"),
    "paid": message("Paid"),
    "partly_paid": message("Partly paid"),
    "voided": message("Voided"),
    "processing": message("Processing"),
    "succeeded": message("Received"),
    "failed": message("Failed"),
    "partially_refunded": message("Partly refunded"),
    "refunded": message("Refunded"),
    "processing_refund": message("Refund under way"),
    "disputed_won": message("Dispute won"),
    "disputed_lost": message("Dispute lost"),
    "disputed_action_required": message("Disputed, action required"),
    "disputed_awaiting_decision": message("Disputed, awaiting decision"),
}
DOCUMENTS: Mapping[Document, str] = {
    Document.PAYMENT: message("Payment"),
    Document.SALES_RECEIPT: message("Sales receipt"),
    Document.REFUND_RECEIPT: message("Refund receipt"),
    Document.CREDIT_MEMO: message("Credit memo"),
    Document.EXPENSE: message("Expense"),
    Document.DEPOSIT: message("Deposit"),
    Document.APPLICATION: message("Application of a credit"),
    Document.HUBSPOT_PAYMENT: message("Payment in HubSpot"),
}
SYSTEMS: Mapping[str, str] = {"hubspot": message("HubSpot"), "quickbooks": message("QuickBooks")}
WORKERS: Mapping[str, str] = {
    "invoice_push": message("Invoices to QuickBooks"),
    "payment_push": message("Payments to QuickBooks"),
    "payment_pull": message("Payments to HubSpot"),
    "invoice_pull": message("Invoices to HubSpot"),
}
