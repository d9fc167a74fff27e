"""Money that was given back: which refund is posted next, on which day, and over which items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, PaymentStatus, Refunded, SourcePayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.payment_plan import PaymentCase, PaymentPlan, Post
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.receipt import Dated, dated, day_of, reach_problem
from tieout.domain.planning.standing import written_as
from tieout.domain.planning.taxes import untaxed_form
from tieout.domain.planning.totals import goal
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.settings import RefundForm

CREDIT_MEMO, EXPENSE = "CreditMemo", "Expense"
"""QuickBooks' words for what a payment of zero links (Intuit: payment)."""
_UNDATED = "The date is that on which Tieout saw the refund; HubSpot tells none."
# What makes a refund, and so counts as given back.
_GIVES_BACK = frozenset({Document.REFUND_RECEIPT, Document.CREDIT_MEMO})
_FULLY = frozenset({PaymentStatus.REFUNDED})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rise:
    """The next refund: it brings the cumulative amount to `total`. `known`: HubSpot tells its date."""

    total: Decimal
    day: date
    known: bool


def plan_refund(source: SourcePayment, receipt: Posting, case: PaymentCase, books: Books) -> PaymentPlan | None:
    """The next document that a refund needs; None when all that HubSpot says was given back is posted, or when what it
    says makes no sense (see `refund_problem`)."""
    unfinished = _unfinished(case.live)
    if unfinished is not None:
        return _continued(unfinished, receipt, case.live, books)
    if refund_problem(source, case) is not None:
        return None
    posted = refunded_so_far(case.live)
    if source.refunded.amount <= posted:
        return None
    rise = next_rise(posted, source.refunded.amount, source.refund_history, case.today, books)
    total, amount = (Money(one, source.amount.currency) for one in (rise.total, rise.total - posted))
    taken_back = [one for one in case.postings if one.voided and one.sent.refunded == total]
    if taken_back:
        # It was tried, and the ledger came to another total: only a person has it tried again.
        return rejected(taken_back[-1])
    lines = refunded_lines(amount, receipt, case, books)
    if not isinstance(lines, Refund):
        return lines
    account = receipt.sent.account_id or written_as(receipt).account_id
    if account is None:
        detail = f"QuickBooks does not tell where payment {receipt.far_id} was deposited, and deposit_accounts neither."
        return Attend(AttentionCode.DEPOSIT_ACCOUNT_MISSING, detail)
    day = dated(rise.day, "refund", books)
    if not isinstance(day, Dated):
        return day
    memo = books.settings.refunds is RefundForm.CREDIT_MEMO
    notices = (day.notice, "" if rise.known else _UNDATED)
    return Post(
        PostingContent(
            document=Document.CREDIT_MEMO if memo else Document.REFUND_RECEIPT,
            amount=amount,
            day=day.day,
            customer_id=written_as(receipt).customer_id,
            account_id=None if memo else account,
            method_id=None if memo else receipt.sent.method_id,
            reference=None if memo else receipt.sent.reference,
            notice="\n".join(filter(None, notices)),
            lines=lines.lines,
            tax_calculation=lines.tax_calculation,
            tax_code=lines.tax_code,
            refunded=total,
            exchange_rate=receipt.sent.exchange_rate,
        )
    )


def refunded_so_far(live: Sequence[Posting]) -> Decimal:
    """What the posted refunds give back, in the payment's currency."""
    return sum((one.sent.amount.amount for one in live if one.sent.document in _GIVES_BACK), _ZERO)


def rejected(posting: Posting) -> Attend:
    """A document that the ledger brought to another total, so that it was taken back."""
    detail = f"HubSpot says {posting.sent.amount}, QuickBooks made it {written_as(posting).amount}."
    kind = posting.sent.document.value.replace("_", " ")
    return Attend(AttentionCode.TOTAL_DIFFERS, f"{detail} Tieout took the new {kind} back.")


def refund_problem(source: SourcePayment, case: PaymentCase) -> Attend | None:
    """What HubSpot says of refunds and cannot be right, or not any more."""
    said, posted = source.refunded, refunded_so_far(case.live)
    if said.currency != source.amount.currency:
        return Attend(AttentionCode.CURRENCY_DIFFERS, f"Received {source.amount}, given back {said}.")
    told = None
    if said.amount < 0:
        told = f"HubSpot says that {said} were given back."
    elif said.amount > source.amount.amount:
        told = f"HubSpot says that {said} were given back, and that {source.amount} were received."
    elif said.amount < posted:
        told = f"HubSpot says that {said} were given back; posted were {Money(posted, said.currency)}."
    elif source.status in _FULLY and said.amount < source.amount.amount:
        told = f"HubSpot says that all was given back, and names {said} of {source.amount}."
    return Attend(AttentionCode.REFUND_DIFFERS, told) if told else None


def next_rise(posted: Decimal, target: Decimal, history: Sequence[Refunded], today: date, books: Books) -> Rise:
    """The first step by which the cumulative amount rose over `posted`.

    A step that was taken back later, such as a refund that failed, never happened: each step counts as the least that
    came after it. What the history does not reach is of `today`.
    """
    steps: list[tuple[Decimal, datetime]] = []
    least = target
    for one in sorted(history, key=lambda one: one.at, reverse=True):
        least = min(least, one.total.amount)
        steps.append((least, one.at))
    for total, at in reversed(steps):
        if total > posted:
            return Rise(total, day_of(at, books), known=True)
    return Rise(target, today, known=False)


@dataclass(frozen=True, slots=True)
class Refund:
    """What a refund is over."""

    lines: tuple[ContentLine, ...]
    tax_calculation: str | None = None
    tax_code: str | None = None


def refunded_lines(amount: Money, receipt: Posting, case: PaymentCase, books: Books) -> Refund | PaymentPlan:
    """The original items and tax codes, pro rata; with the tax that the ledger adds they come to `amount`.

    Lines bear no quantity: money that was given back says nothing of goods that came back to stock.
    """
    sent = receipt.sent
    if sent.document is Document.SALES_RECEIPT:
        return Refund(pro_rata(amount, sent.lines), sent.tax_calculation, sent.tax_code)
    if not sent.invoice_ids:
        return _of_no_invoice(amount, books)
    problem = reach_problem(case.billings, case, books.settings)
    if problem is not None:
        return problem
    contents = [one.sent for one in case.billings if one.sent is not None]
    forms = {(one.tax_calculation, one.tax_code) for one in contents}
    if len(forms) != 1:
        detail = f"Its invoices are taxed in different ways, so that {amount} cannot be divided over their items."
        return Attend(AttentionCode.TAX_UNSUPPORTED, detail)
    [(calculation, code)] = forms
    return Refund(pro_rata(_net(amount, contents), _lines(contents)), calculation, code)


def _of_no_invoice(amount: Money, books: Books) -> Refund | Attend:
    item = books.settings.sales_receipt_item_id or books.settings.fallback_item_id
    if item is None:
        detail = "The payment has no invoice, and no item is set for its refund (sales_receipt_item_id)."
        return Attend(AttentionCode.ITEM_MISSING, detail)
    form = untaxed_form(books)
    if isinstance(form, Attend):
        return form
    line = ContentLine(item, "Refund of a HubSpot payment", None, None, amount.amount, form.others)
    return Refund((line,), form.calculation)


def _lines(contents: Sequence[InvoiceContent]) -> tuple[ContentLine, ...]:
    return tuple(line for content in contents for line in content.lines)


def _net(amount: Money, contents: Sequence[InvoiceContent]) -> Money:
    """The part of a refund that its lines carry: where the ledger adds the tax, it adds the rest to them, because the
    tax of every line shrinks with the line. A refund has no discount, so that its tax is always of its lines."""
    tax = sum((goal(one).amount - one.total.amount for one in contents), _ZERO)
    taxed = sum((one.total.amount + (one.discount if one.tax_before_discount else _ZERO) for one in contents), _ZERO)
    return Money(amount.amount * taxed / (taxed + tax), amount.currency) if tax and taxed + tax else amount


def pro_rata(amount: Money, lines: Sequence[ContentLine]) -> tuple[ContentLine, ...]:
    """`amount` over lines in proportion to their amounts (largest remainder), the total exact; order discounts shrink
    all lines alike. Lines that get nothing are left out."""
    parts = amount.allocate([line.amount for line in lines])
    return tuple(
        replace(line, quantity=None, unit_price=None, amount=part.amount)
        for line, part in zip(lines, parts, strict=True)
        if part.amount
    )


# -- a refund by credit memo is three documents


def _unfinished(live: Sequence[Posting]) -> Posting | None:
    """The credit memo whose expense or application is still missing."""
    for memo in live:
        if memo.sent.document is Document.CREDIT_MEMO and _part(Document.APPLICATION, memo, live) is None:
            return memo
    return None


def _part(document: Document, memo: Posting, live: Sequence[Posting]) -> Posting | None:
    return next(
        (one for one in live if one.sent.document is document and one.sent.refunded == memo.sent.refunded), None
    )


def _continued(memo: Posting, receipt: Posting, live: Sequence[Posting], books: Books) -> PaymentPlan:
    """The expense pays the customer back over accounts receivable; the application lets it and the memo cancel out."""
    sent, expense = memo.sent, _part(Document.EXPENSE, memo, live)
    if expense is None:
        account, receivable = (
            receipt.sent.account_id or written_as(receipt).account_id,
            books.settings.receivable_account_id,
        )
        if account is None or receivable is None:
            detail = f"Credit memo {memo.far_id} stands, and the accounts for its expense are not set."
            return Attend(AttentionCode.DEPOSIT_ACCOUNT_MISSING, detail)
        return Post(
            replace(
                sent,
                document=Document.EXPENSE,
                account_id=account,
                method_id=receipt.sent.method_id,
                reference=receipt.sent.reference,
                lines=(),
                line_account_id=receivable,
                tax_calculation=None,
                tax_code=None,
            )
        )
    used = min(written_as(memo).amount.amount, expense.sent.amount.amount)
    part = Money(used, sent.amount.currency)
    linked = (Allocation(CREDIT_MEMO, memo.far_id, part), Allocation(EXPENSE, expense.far_id, part))
    return Post(
        replace(
            sent,
            document=Document.APPLICATION,
            amount=Money(_ZERO, sent.amount.currency),
            allocations=linked,
            lines=(),
            tax_calculation=None,
            tax_code=None,
        )
    )
