"""Money that came in: the payment or sales receipt that is posted for it, and what HubSpot changed about it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.domain.attention import AttentionCode
from tieout.domain.dates import calendar_date
from tieout.domain.invoice import ContentLine, LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, LedgerPayment, Processor, SourcePayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import moved_notice
from tieout.domain.planning.entered import entered_by_hand, paid_there
from tieout.domain.planning.payment_plan import Ask, Billing, PaymentCase, PaymentPlan, Post, Question, Reach, Wait
from tieout.domain.planning.plan import Attend, Skip
from tieout.domain.planning.taxes import untaxed_form
from tieout.domain.posting import REFERENCE_LENGTH, Posting, PostingContent
from tieout.domain.settings import ClosedPeriod, Settings, WithoutInvoice

INVOICE = "Invoice"
"""QuickBooks' word for what a payment is applied to."""
WITHOUT_INVOICE = Skip("without_invoice", "The payment belongs to no invoice, and such payments are ignored.")
# An association may follow its payment by a moment, and a document for it could then not be made any more.
_ASSOCIATION_DELAY = timedelta(minutes=5)
# How far apart the dates of one payment may be that two programs posted.
TWIN_DAYS = timedelta(days=3)
# Money of these is at a processor until it pays out, so an account of its own has to show it.
_NEEDS_ACCOUNT = frozenset({Processor.HUBSPOT, Processor.STRIPE})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Dated:
    """The date of a new document; `notice` tells its own date where it was moved."""

    day: date
    notice: str = ""


def plan_receipt(source: SourcePayment, case: PaymentCase, books: Books) -> PaymentPlan | Posting:
    """The document for money that was received and not posted yet, or what stands in the way; or the document by which
    somebody entered it."""
    known = plan_unreceipted(source, case, books.settings)
    if known is not None:
        return known
    adopted = any(one.adopted for one in case.billings) and not case.by_person
    if adopted and case.twins is None:
        return Ask(Question.TWINS)
    entered = entered_by_hand(source, case, receipt_day(source, books), short(source.reference)) if adopted else None
    if entered is not None:
        return entered
    plan = _of_invoices(source, case, books) if source.invoice_ids else _without_invoice(source, case, books)
    recognised = books.settings.recognise_workflow_documents and not case.by_person
    if not isinstance(plan, Post) or not (adopted or recognised):
        return plan
    if case.twins is None:
        return Ask(Question.TWINS)
    return _twin(plan.content, source, case) or (paid_there(case, plan.content) if adopted else None) or plan


def plan_unreceipted(source: SourcePayment, case: PaymentCase, settings: Settings) -> PaymentPlan | None:
    """Why money that was received is not posted now, as far as it can be told without the ledger. A payment may look
    for its invoice for days, and such a look costs no metered read."""
    if source.amount.amount == 0:
        return Skip("no_amount", "The payment is over nothing.")
    if source.amount.amount < 0:
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, f"The payment is over {source.amount}.")
    if source.invoice_ids:
        return reach_problem(case.billings, case, settings)
    if source.source == "INVOICE":
        # It is of an invoice, so it never becomes any other kind of document.
        return _wait("HubSpot does not name its invoice yet.", case, settings)
    if settings.payments_without_invoice is WithoutInvoice.IGNORE:
        return WITHOUT_INVOICE
    return None


def receipt_day(source: SourcePayment, books: Books) -> date:
    """The calendar date of a payment in the company's time zone; a date that a person picked is taken as it is."""
    if source.processor is Processor.BY_HAND:
        return calendar_date(source.initiated_at, books.company.time_zone)
    return day_of(source.initiated_at, books)


def day_of(instant: datetime, books: Books) -> date:
    """The calendar date of an instant in the company's time zone."""
    return instant.astimezone(ZoneInfo(books.company.time_zone)).date()


def dated(day: date, what: str, books: Books) -> Dated | Attend | Skip:
    """The date of a new document; one whose books are known to be closed goes by the setting."""
    closed_through = books.company.books_closed_through
    if closed_through is None or not books.closed(day):
        return Dated(day)
    match books.settings.closed_period:
        case ClosedPeriod.FIRST_OPEN_DAY:
            return Dated(closed_through + timedelta(days=1), moved_notice(day))
        case ClosedPeriod.IGNORE:
            return Skip(
                "period_closed", f"The {what} is dated {day}, and the books are closed through {closed_through}."
            )
        case ClosedPeriod.HOLD:
            return period_closed(day, what, books)


def period_closed(day: date, what: str, books: Books) -> Attend:
    """Attention with both dates."""
    detail = f"The {what} is dated {day}, books closed through {books.company.books_closed_through}."
    return Attend(AttentionCode.PERIOD_CLOSED, detail)


def currency_problem(currency: str, books: Books) -> Attend | None:
    """A foreign document is one only where the company has several currencies."""
    home = books.company.home_currency
    if currency == home or books.company.multicurrency:
        return None
    detail = f"Payment in {currency}, QuickBooks company in {home}, where multicurrency is off."
    return Attend(AttentionCode.CURRENCY_UNSUPPORTED, detail)


def with_rate(plan: Post, rate: Decimal | None, books: Books) -> Post | Attend:
    """The document with `rate`, that of its day in home units; where the ledger has none, at its invoice's.

    Without any QuickBooks would assume 1.
    """
    content, home = plan.content, books.company.home_currency
    if content.amount.currency == home:
        return plan
    chosen = rate or content.exchange_rate
    if chosen is None or chosen <= 0:
        detail = f"QuickBooks has no exchange rate from {content.amount.currency} to {home} for {content.day}."
        return Attend(AttentionCode.CURRENCY_UNSUPPORTED, detail)
    return Post(replace(content, exchange_rate=chosen))


def reach_problem(billings: Sequence[Billing], case: PaymentCase, settings: Settings) -> PaymentPlan | None:
    """Why a payment of these invoices is not posted now; None when all of them stand in the ledger."""
    excluded = [one for one in billings if one.reach is Reach.EXCLUDED]
    if excluded:
        told = ", ".join(f"{one.label}: {one.reason}" for one in excluded)
        if len(excluded) == len(billings):
            return Skip("invoice_ignored", f"Its invoice is not for QuickBooks ({told}).")
        detail = f"Some of its invoices are not for QuickBooks ({told}); HubSpot does not say what was paid on which."
        return Attend(AttentionCode.ALLOCATION_UNKNOWN, detail)
    pending = [one for one in billings if one.reach is Reach.PENDING]
    if not pending:
        return None
    return _wait(f"Invoice {', '.join(one.label for one in pending)} is not in QuickBooks yet.", case, settings)


def _wait(detail: str, case: PaymentCase, settings: Settings) -> Wait | Attend:
    if case.waited >= timedelta(days=settings.payment_wait_days):
        return Attend(AttentionCode.INVOICE_NOT_SYNCED, detail)
    return Wait("invoice_not_synced", detail)


def _of_invoices(source: SourcePayment, case: PaymentCase, books: Books) -> PaymentPlan:
    billings = case.billings
    problem = currency_problem(source.amount.currency, books)
    if problem is not None:
        return problem
    foreign = [one for one in billings if one.sent and one.sent.currency != source.amount.currency]
    if foreign and foreign[0].sent:
        detail = f"Payment of {source.amount}, invoice {foreign[0].label} in {foreign[0].sent.currency}."
        return Attend(AttentionCode.CURRENCY_DIFFERS, detail)
    head = _head(source, Document.PAYMENT, books)
    if not isinstance(head, PostingContent):
        return head
    if case.balances is None:
        return Ask(Question.BALANCES)
    invoices = [case.balances[one.far_id] for one in billings if one.far_id in case.balances]
    if len(invoices) < len(billings):
        gone = [one.label for one in billings if one.far_id not in case.balances]
        return _wait(f"Invoice {', '.join(gone)} does not stand in QuickBooks.", case, books.settings)
    customers = {one.content.customer_id for one in invoices}
    if len(customers) > 1:
        detail = f"Its invoices belong to {len(customers)} QuickBooks customers, and a payment to one."
        return Attend(AttentionCode.ALLOCATION_UNKNOWN, detail)
    [customer] = customers
    rates = [one.content.exchange_rate for one in invoices]
    allocations = allocate(source.amount, {one.id: open_balance(one) for one in invoices})
    return Post(replace(head, customer_id=customer, allocations=allocations, exchange_rate=rates[0]))


def open_balance(invoice: LedgerInvoice) -> Decimal:
    """What an invoice can still take."""
    return _ZERO if invoice.voided else max(_ZERO, invoice.balance.amount)


def allocate(amount: Money, balances: dict[str, Decimal]) -> tuple[Allocation, ...]:
    """How a payment is applied to the open balances of its invoices.

    One invoice takes as much as it can. HubSpot tells no allocation over several, so that these are only paid when the
    payment is all that is open on them.
    """
    if len(balances) > 1 and sum(balances.values(), _ZERO) != amount.amount:
        return ()
    parts = ((far_id, min(amount.amount, balance)) for far_id, balance in balances.items())
    return tuple(Allocation(INVOICE, far_id, Money(part, amount.currency)) for far_id, part in parts if part > 0)


def _without_invoice(source: SourcePayment, case: PaymentCase, books: Books) -> PaymentPlan:
    settings = books.settings
    if settings.cutover_date and receipt_day(source, books) < settings.cutover_date:
        return Skip("before_cutover", f"The payment is dated before the cut-over date {settings.cutover_date}.")
    if case.waited < _ASSOCIATION_DELAY and not case.by_person:
        return Wait("invoice_may_follow", "HubSpot may still name an invoice.")
    problem = currency_problem(source.amount.currency, books)
    if problem is not None:
        return problem
    sale = settings.payments_without_invoice is WithoutInvoice.SALES_RECEIPT
    head = _head(source, Document.SALES_RECEIPT if sale else Document.PAYMENT, books)
    if not isinstance(head, PostingContent):
        return head
    if sale:
        form = untaxed_form(books)
        if isinstance(form, Attend):
            return form
        if settings.sales_receipt_item_id is None:
            return Attend(AttentionCode.ITEM_MISSING, "No item is set for sales receipts (sales_receipt_item_id).")
        line = ContentLine(
            settings.sales_receipt_item_id, "HubSpot payment", None, None, source.amount.amount, form.others
        )
        head = replace(head, lines=(line,), tax_calculation=form.calculation)
    if case.customer is None:
        return Ask(Question.CUSTOMER)
    return Post(replace(head, customer_id=case.customer))


def _head(source: SourcePayment, document: Document, books: Books) -> PostingContent | Attend | Skip:
    """What does not depend on invoices and customers."""
    account = books.settings.deposit_account(source.processor, source.amount.currency)
    if account is None and source.processor in _NEEDS_ACCOUNT:
        detail = f"The processor is {source.processor.value}, and deposit_accounts names no account for it."
        return Attend(AttentionCode.DEPOSIT_ACCOUNT_MISSING, detail)
    day = dated(receipt_day(source, books), "payment", books)
    if not isinstance(day, Dated):
        return day
    reference = source.reference or None
    long = reference is not None and len(reference) > REFERENCE_LENGTH
    notices = (day.notice, f"Reference: {reference}" if long else "")
    return PostingContent(
        document=document,
        amount=source.amount,
        day=day.day,
        customer_id="",
        account_id=account,
        method_id=books.settings.payment_methods.get(source.method or ""),
        reference=short(reference),
        notice="\n".join(filter(None, notices)),
        invoice_ids=source.invoice_ids,
    )


def short(reference: str | None) -> str | None:
    """A reference as QuickBooks takes it; the whole one is then in the private note."""
    return reference[:REFERENCE_LENGTH] if reference else None


def _twin(content: PostingContent, source: SourcePayment, case: PaymentCase) -> Attend | None:
    """An unmarked document that says the same: posted by HubSpot's workflow, or by a person."""
    for twin in case.twins or ():
        near = abs(twin.day - content.day) <= TWIN_DAYS
        same_reference = content.reference is not None and twin.reference in (content.reference, source.reference)
        alike = twin.customer_id == content.customer_id or same_reference
        if near and alike and twin.total == content.amount and not twin.voided:
            kind = "payment" if isinstance(twin, LedgerPayment) else twin.document.value.replace("_", " ")
            detail = f"QuickBooks {kind} {twin.id} of {twin.day} is over {twin.total}, too."
            return Attend(AttentionCode.POSSIBLE_DUPLICATE, detail)
    return None
