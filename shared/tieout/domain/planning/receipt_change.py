"""A receipt that HubSpot tells otherwise than it was posted: what follows, and what a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, SourcePayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import moved_notice
from tieout.domain.planning.payment_plan import Amend, Ask, PaymentCase, PaymentPlan, Question
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.receipt import allocate, open_balance, period_closed, receipt_day, short
from tieout.domain.planning.standing import posting_changes, written_as
from tieout.domain.posting import Posting, PostingContent


def plan_change(
    source: SourcePayment, receipt: Posting, case: PaymentCase, books: Books
) -> PaymentPlan | Posting | None:
    """What to do about a receipt that HubSpot tells otherwise; None when it tells the same, the receipt as it is to be
    remembered when the ledger says already what HubSpot says.

    Amount, date and reference follow, as long as nobody changed them in the ledger. Account and method are chosen when
    it is posted: settings that change later do not rewrite the books.
    """
    sent = receipt.sent
    if set(source.invoice_ids) != set(sent.invoice_ids):
        told = ", ".join(one.label for one in case.billings) or "none"
        return Attend(AttentionCode.PAYMENT_REASSIGNED, f"HubSpot now names as its invoice: {told}.")
    if source.amount.currency != sent.amount.currency:
        return Attend(AttentionCode.CURRENCY_DIFFERS, f"Posted {sent.amount}, HubSpot now says {source.amount}.")
    desired = told_now(source, sent, books)
    if desired == sent:
        return None
    present = case.present(receipt)
    if present is None:
        return Ask(Question.STANDING)
    extra = _persons_allocations(receipt)
    if desired.amount != sent.amount:
        if extra:
            applied = ", ".join(f"{one.amount} to {one.type} {one.far_id}" for one in extra)
            detail = f"Posted {sent.amount}, HubSpot now says {source.amount}; a person applied {applied}."
            return Attend(AttentionCode.EDITED_IN_QUICKBOOKS, detail)
        if sent.invoice_ids and case.balances is None:
            return Ask(Question.BALANCES)
        desired = replace(desired, allocations=_reallocated(desired.amount, receipt, case, case.balances or {}))
    # What a person applied is in none of our own documents' contents, and stays.
    difference = posting_changes(written_as(receipt), replace(desired, allocations=(*desired.allocations, *extra)))
    if not difference:
        return replace(receipt, sent=desired)
    for day in (written_as(receipt).day, desired.day):
        if books.closed(day):
            return period_closed(day, "payment", books)
    return Amend(present, desired, difference, extra)


def told_now(source: SourcePayment, sent: PostingContent, books: Books) -> PostingContent:
    """What was sent, with what HubSpot says now. A receipt that was moved into an open period stays there as long as
    its own date stays."""
    day = receipt_day(source, books)
    lines = sent.lines
    if source.amount != sent.amount and len(lines) == 1:
        lines = (replace(lines[0], amount=source.amount.amount),)
    return replace(
        sent,
        amount=source.amount,
        day=sent.day if moved_notice(day) in sent.notice else day,
        reference=short(source.reference) or sent.reference,
        lines=lines,
    )


def _reallocated(
    amount: Money, receipt: Posting, case: PaymentCase, balances: Mapping[str, LedgerInvoice]
) -> tuple[Allocation, ...]:
    """Applied anew: its invoices can take what is open on them, and what this payment applies to them already."""
    own = {one.far_id: one.amount.amount for one in written_as(receipt).allocations}
    invoices = [balances[one.far_id] for one in case.billings if one.far_id in balances]
    return allocate(amount, {one.id: open_balance(one) + own.get(one.id, 0) for one in invoices})


def _persons_allocations(receipt: Posting) -> tuple[Allocation, ...]:
    """What a person applied our payment to beside what Tieout applied it to."""
    ours = {(one.type, one.far_id) for one in receipt.sent.allocations}
    return tuple(one for one in written_as(receipt).allocations if (one.type, one.far_id) not in ours)
