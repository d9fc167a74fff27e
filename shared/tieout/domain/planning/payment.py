"""What a HubSpot payment means for the ledger: the receipt first, then its refunds, then what a person has to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.claim import posted_hint_id
from tieout.domain.payment import DISPUTED, Document, PaymentStatus, Processor, SourcePayment, UnreadablePayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.payment_plan import (
    COMPUTED,
    RECEIPTS,
    Ask,
    Decision,
    PaymentCase,
    PaymentPlan,
    Question,
    TakeBack,
)
from tieout.domain.planning.plan import Agreement, Attend, Change, Gone, Nothing, Skip
from tieout.domain.planning.receipt import plan_receipt, plan_unreceipted
from tieout.domain.planning.receipt_change import plan_change, told_now
from tieout.domain.planning.refund import plan_refund, refund_problem, refunded_so_far, rejected
from tieout.domain.planning.standing import accepted, as_content, posting_changes, seen, unapplied, written_as
from tieout.domain.planning.totals import compare
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.settings import Settings

SWITCHED_OFF = Skip("switched_off", "Sending payments to QuickBooks is switched off in the settings.")
_NOT_RECEIVED = {
    PaymentStatus.PROCESSING: Skip("processing", "The payment is not received yet."),
    PaymentStatus.FAILED: Skip("failed", "The payment failed."),
}
_ELSEWHERE = {
    Processor.QUICKBOOKS: Skip("recorded_from_quickbooks", "The payment was recorded in HubSpot from QuickBooks."),
    Processor.XERO: Skip("other_ledger", "The payment was recorded in HubSpot from Xero."),
}
_OUTCOMES = {
    PaymentStatus.DISPUTED_WON: "The dispute was won, the money stays.",
    PaymentStatus.DISPUTED_LOST: "The dispute was lost, the processor takes the money back.",
    PaymentStatus.DISPUTED_ACTION_REQUIRED: "The buyer disputes it, and the processor waits for evidence.",
    PaymentStatus.DISPUTED_AWAITING_DECISION: "The buyer disputes it, and the bank has not decided.",
}


def plan_payment(case: PaymentCase, books: Books) -> Decision:
    """The next step for a payment. One document at a time: after a `Post` or an `Amend` it is planned again."""
    if case.by_person:
        # What Tieout took back because of its total is tried again.
        case = case.without(one for one in case.postings if one.voided)
    looked = _looked(case, books) if case.standing is not None else case
    if not isinstance(looked, PaymentCase):
        return Decision(looked, case.postings)
    plan = _plan(looked, books)
    if isinstance(plan, Posting):
        # It says already what HubSpot says: that is remembered, and then there is no difference left.
        id_ = posted_hint_id(plan)
        kept = tuple(plan if posted_hint_id(one) == id_ else one for one in looked.postings)
        return plan_payment(replace(looked, postings=kept if plan in kept else (*kept, plan)), books)
    return Decision(plan, looked.postings)


def plan_beforehand(case: PaymentCase, settings: Settings) -> PaymentPlan | None:
    """What can be decided of a payment without documents before the ledger is asked for anything, its company
    included: it waits for its invoice, or is none of the ledger's business. None: the books are needed."""
    return None if case.postings else _by_records(case, settings) or _before_receipt(case, settings)


def _by_records(case: PaymentCase, settings: Settings) -> PaymentPlan | None:
    source = case.source
    if isinstance(source, UnreadablePayment):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, source.reason)
    if source is None:
        return _deleted(case)
    if not settings.push_payments:
        return SWITCHED_OFF
    return None if case.live else _ELSEWHERE.get(source.processor)


def _before_receipt(case: PaymentCase, settings: Settings) -> PaymentPlan | None:
    source = case.source
    if not isinstance(source, SourcePayment):
        return None
    return plan_unreceipted(source, case, settings) if source.received else _NOT_RECEIVED[source.status]


def _plan(case: PaymentCase, books: Books) -> PaymentPlan | Posting:
    source, known = case.source, _by_records(case, books.settings)
    if known is not None:
        return known
    if not isinstance(source, SourcePayment):
        raise TypeError("what HubSpot does not show is decided by our records")
    if case.look and case.live and case.standing is None:
        return Ask(Question.STANDING)
    return _posted(source, case, books)


def _posted(source: SourcePayment, case: PaymentCase, books: Books) -> PaymentPlan | Posting:
    half = next((one for one in case.live if one.rejected), None)
    if half is not None:
        return _taking_back(half, case, books)
    receipt = case.receipt
    if not source.received:
        # Without its receipt, which a person deleted, a refund of it may still stand.
        if not case.live:
            return _NOT_RECEIVED[source.status]
        detail = f"It was received and posted ({_names(case)}); HubSpot now says {source.status.value}."
        return Attend(AttentionCode.PAYMENT_FAILED, detail)
    if receipt is None:
        taken_back = [one for one in case.postings if one.voided and one.sent.document in RECEIPTS]
        return rejected(taken_back[-1]) if taken_back else plan_receipt(source, case, books)
    return (
        plan_change(source, receipt, case, books)
        or plan_refund(source, receipt, case, books)
        or _verdict(source, receipt, case, books)
    )


def _taking_back(posting: Posting, case: PaymentCase, books: Books) -> PaymentPlan | Posting:
    """A document whose total was wrong still stands, because taking it back failed."""
    present = case.present(posting)
    if present is None:
        return Ask(Question.STANDING)
    if isinstance(compare(posting.sent.amount, present.total, books.settings), Attend):
        return TakeBack(present, posting.sent)
    return replace(posting, rejected=False)


def _deleted(case: PaymentCase) -> PaymentPlan:
    if not case.live:
        return Skip("deleted", "The payment was deleted in HubSpot, and nothing of it stands in QuickBooks.")
    if case.standing is None:
        return Ask(Question.STANDING)
    return Attend(AttentionCode.DELETED_IN_HUBSPOT, f"In QuickBooks stands {_names(case)}.")


# -- what stands


def _looked(case: PaymentCase, books: Books) -> PaymentCase | PaymentPlan:
    """The case with its documents as they stand, or what a person did to them and has to decide about."""
    case = replace(case, postings=tuple(_gone(one, case) for one in case.postings))
    dead = [one for one in case.live if _is_dead(one, case)]
    wanted = [one for one in dead if _is_wanted(one, case, dead)]
    if wanted and not case.by_person:
        return _taken_away(wanted, case)
    case = case.without(dead)
    if case.by_person:
        # Whoever asks has seen what was changed.
        known = tuple(accepted(one, stands) if (stands := case.present(one)) else one for one in case.postings)
        case = replace(case, postings=known)
    edits = [(one, change) for one in case.live for change in _conflicts(one, case, books)]
    if edits:
        told = "; ".join(f"{_name(one)}: {change}" for one, change in edits)
        return Attend(AttentionCode.EDITED_IN_QUICKBOOKS, f"{told}.")
    kept = tuple(seen(one, stands) if (stands := case.present(one)) else one for one in case.postings)
    return replace(case, postings=kept)


def _is_dead(posting: Posting, case: PaymentCase) -> bool:
    present = case.present(posting)
    return present is None or present.voided


def _gone(posting: Posting, case: PaymentCase) -> Posting:
    """A document that Tieout wanted to take back, and that stands there no longer."""
    return replace(posting, voided=True) if posting.rejected and _is_dead(posting, case) else posting


def _is_wanted(posting: Posting, case: PaymentCase, dead: list[Posting]) -> bool:
    """Whether HubSpot still says what a document was posted for, so that taking it away was no correction."""
    source = case.source
    if not isinstance(source, SourcePayment):
        return isinstance(source, UnreadablePayment)
    if posting.sent.document in RECEIPTS:
        return source.received
    remaining = case.without(dead).live
    if source.refunded.amount > refunded_so_far(remaining):
        return True
    # A part of a refund whose credit memo still stands.
    memos = [one for one in remaining if one.sent.document is Document.CREDIT_MEMO]
    return any(one.sent.refunded == posting.sent.refunded for one in memos)


def _taken_away(wanted: list[Posting], case: PaymentCase) -> PaymentPlan:
    if any(case.present(one) is None for one in wanted):
        return Gone()
    return Attend(AttentionCode.VOIDED_IN_QUICKBOOKS, f"Voided: {', '.join(map(_name, wanted))}.")


def _conflicts(posting: Posting, case: PaymentCase, books: Books) -> Iterator[Change]:
    """A person's changes of a document that HubSpot does not tell in the same way."""
    present, source = case.present(posting), case.source
    if present is None or not isinstance(source, SourcePayment):
        return
    stands = as_content(present, posting.sent)
    # Beside what Tieout applied it to, a payment is a person's to apply, and to apply otherwise later.
    edits = posting_changes(replace(written_as(posting), allocations=posting.sent.allocations), stands)
    if not edits:
        return
    told = posting.sent
    if posting.sent.document in RECEIPTS:
        told = told_now(source, told, books)
    if told.amount != posting.sent.amount and _agree(stands, told):
        return
    different = {one.field for one in posting_changes(stands, told)}
    for change in edits:
        told_by_hubspot = change.field in ("amount", "date", "reference")
        if change.field in different or not (told_by_hubspot or case.by_person):
            yield change


def _agree(stands: PostingContent, told: PostingContent) -> bool:
    """Whether a receipt that was changed on both sides says the same on both, all of it applied."""
    heads = posting_changes(replace(stands, allocations=()), told)
    applied = sum((one.amount.amount for one in stands.allocations), Decimal(0))
    return not heads and applied == stands.amount.amount


# -- when all is posted


def _verdict(source: SourcePayment, receipt: Posting, case: PaymentCase, books: Books) -> PaymentPlan:
    """Both sides agree; or what a person has to decide, the most urgent first."""
    totals = [(one, compare(one.sent.amount, written_as(one).amount, books.settings)) for one in _computed(case)]
    problems = [
        *filter(None, [refund_problem(source, case)]),
        *(verdict for _, verdict in totals if isinstance(verdict, Attend)),
        *_left_over(receipt, case),
        *_dispute(source),
    ]
    if problems:
        return Attend(problems[0].code, " ".join(one.detail for one in problems))
    variances = [verdict.detail for _, verdict in totals if isinstance(verdict, Agreement) and verdict.variance]
    won = [_OUTCOMES[source.status]] if source.status is PaymentStatus.DISPUTED_WON else []
    return Nothing(Agreement(bool(variances), " ".join([*variances, *won])))


def _computed(case: PaymentCase) -> list[Posting]:
    return [one for one in case.live if one.sent.document in COMPUTED]


def _left_over(receipt: Posting, case: PaymentCase) -> Iterator[Attend]:
    """What of a payment of invoices is applied to nothing."""
    left = unapplied(receipt)
    if receipt.sent.document is not Document.PAYMENT or not receipt.sent.invoice_ids or left.amount <= 0:
        return
    invoices = ", ".join(one.label for one in case.billings)
    if len(receipt.sent.invoice_ids) > 1:
        detail = f"{left} of QuickBooks payment {receipt.far_id} are not applied to invoices {invoices}."
        yield Attend(AttentionCode.ALLOCATION_UNKNOWN, detail)
    else:
        detail = f"{left} of QuickBooks payment {receipt.far_id} are more than was open on invoice {invoices}."
        yield Attend(AttentionCode.OVERPAYMENT, detail)


def _dispute(source: SourcePayment) -> Iterator[Attend]:
    if source.status in DISPUTED and source.status is not PaymentStatus.DISPUTED_WON:
        yield Attend(AttentionCode.PAYMENT_DISPUTED, _OUTCOMES[source.status])


def _names(case: PaymentCase) -> str:
    return ", ".join(map(_name, case.live))


def _name(posting: Posting) -> str:
    return f"{posting.sent.document.value.replace('_', ' ')} {posting.far_id}"
