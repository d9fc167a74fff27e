"""Payments that are right by default, and a ledger of plain values on which their plans are carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.builders import NOW, a_ledger_invoice, a_link, a_record, some_books, some_content, usd
from tieout.domain.claim import posted_hint_id
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import (
    Document,
    LedgerDocument,
    LedgerPayment,
    PaymentStatus,
    Processor,
    Refunded,
    SourcePayment,
    UnreadablePayment,
)
from tieout.domain.planning.books import Books
from tieout.domain.planning.payment import plan_payment
from tieout.domain.planning.payment_plan import (
    Amend,
    Ask,
    Billing,
    PaymentCase,
    PaymentPlan,
    Post,
    Question,
    Standing,
    billing_of,
)
from tieout.domain.planning.standing import seen
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, RecordKey

PAYMENT_KEY = RecordKey("c1", Kind.PAYMENT, "hubspot", "900")
PAID_AT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
# Accounts: clearing of HubSpot payments, of Stripe, and accounts receivable.
CLEARING, STRIPE, RECEIVABLE = "35", "36", "84"
_PAYMENTS = (Document.PAYMENT, Document.APPLICATION)


def a_payment(amount: str = "360.00", **changes: Any) -> SourcePayment:
    """A payment by card through HubSpot payments, received, of invoice 42."""
    payment = SourcePayment(
        id="900",
        status=PaymentStatus.SUCCEEDED,
        amount=usd(amount),
        refunded=usd("0"),
        initiated_at=PAID_AT,
        processor=Processor.HUBSPOT,
        method="card",
        reference="ch_1",
        source="INVOICE",
        invoice_ids=("42",),
        modified_at=NOW,
    )
    return replace(payment, **changes)


def refunded(payment: SourcePayment, *totals: str, status: PaymentStatus | None = None) -> SourcePayment:
    """The payment after its cumulative refunded amount came to each of `totals`, a day apart."""
    steps = tuple(Refunded(usd(total), PAID_AT + timedelta(days=day)) for day, total in enumerate(totals, start=1))
    last = steps[-1].total
    whole = PaymentStatus.REFUNDED if last == payment.amount else PaymentStatus.PARTIALLY_REFUNDED
    return replace(payment, status=status or whole, refunded=last, refund_history=steps)


def payment_books(company: LedgerCompany | None = None, **document: Any) -> Books:
    """Books whose settings name the clearing accounts."""
    accounts = {"hs_payments": CLEARING, "byo_stripe": STRIPE}
    return some_books(company, **{"deposit_accounts": accounts, **document})


def a_billing(id_: str = "42", far_id: str = "130", sent: InvoiceContent | None = None) -> Billing:
    """An invoice that stands in QuickBooks."""
    invoice = a_ledger_invoice(sent, id=far_id)
    link = a_link(invoice, sent)
    return billing_of(id_, a_record(key=RecordKey("c1", Kind.INVOICE, "hubspot", id_), link=link, label=f"INV-{id_}"))


@dataclass
class PlainLedger:
    """Keeps what plans write. `invoices` are by id, with their open balance; `documents` by posted hint id."""

    books: Books = field(default_factory=payment_books)
    invoices: dict[str, LedgerInvoice] = field(default_factory=dict)
    documents: dict[str, Standing] = field(default_factory=dict)
    postings: tuple[Posting, ...] = ()
    billings: tuple[Billing, ...] = ()
    today: date = date(2026, 3, 9)
    written: list[PostingContent] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    customer: str = "77"
    twins: Sequence[Standing] = ()

    @classmethod
    def with_invoices(cls, *totals: str, books: Books | None = None) -> PlainLedger:
        """Open invoices 42, 43... in HubSpot, 130, 131... here, of one line each."""
        ledger = cls(books or payment_books())
        for number, total in enumerate(totals):
            content = some_content(lines=(replace(some_content().lines[0], amount=Decimal(total)),))
            ledger.add_invoice(str(42 + number), str(130 + number), content)
        return ledger

    def add_invoice(self, id_: str, far_id: str, content: InvoiceContent, total: Money | None = None) -> None:
        """One more open invoice."""
        total = total or content.billed or content.total
        self.invoices[far_id] = replace(a_ledger_invoice(content), id=far_id, total=total, balance=total)
        self.billings = (*self.billings, a_billing(id_, far_id, content))

    def look(
        self, source: SourcePayment | UnreadablePayment | None, *, look: bool = False, **changes: Any
    ) -> PaymentPlan:
        """One look at the payment: plans and carries out until nothing is left to write; gives the last plan."""
        for _ in range(40):
            plan = self.step(source, look=look, **changes)
            if not isinstance(plan, Post | Amend):
                return plan
        raise AssertionError("it never ends")

    def step(self, source: SourcePayment | UnreadablePayment | None, **changes: Any) -> PaymentPlan:
        """Plan once and carry it out; gives the plan."""
        plan = self.plan(source, **changes)
        if isinstance(plan, Post):
            self._write(plan.content)
        elif isinstance(plan, Amend):
            self._amend(plan)
        return plan

    def plan(self, source: SourcePayment | UnreadablePayment | None, **changes: Any) -> PaymentPlan:
        """The next plan, with every question answered."""
        ids = source.invoice_ids if isinstance(source, SourcePayment) else ()
        billings = tuple(one for id_ in ids for one in self.billings if one.id == id_)
        unknown = tuple(billing_of(id_, None) for id_ in ids if id_ not in {one.id for one in billings})
        case = PaymentCase(source, self.postings, (*billings, *unknown), self.today)
        case = replace(case, **changes)
        while True:
            decision = plan_payment(case, self.books)
            if not isinstance(decision.plan, Ask):
                self.postings = decision.postings
                return decision.plan
            self.asked.append(decision.plan.question)
            case = self._answered(case, decision.plan.question)

    def _answered(self, case: PaymentCase, question: Question) -> PaymentCase:
        match question:
            case Question.STANDING:
                assert case.standing is None
                return replace(case, standing=dict(self.documents))
            case Question.BALANCES:
                assert case.balances is None
                return replace(case, balances=dict(self.invoices))
            case Question.CUSTOMER:
                assert case.customer is None
                return replace(case, customer=self.customer)
            case Question.TWINS:
                assert case.twins is None
                return replace(case, twins=self.twins)

    def _write(self, content: PostingContent) -> None:
        self.written.append(content)
        posting = Posting(str(500 + len(self.written)), content)
        present = self._standing(posting.far_id, content)
        self.documents[posted_hint_id(posting)] = present
        self._apply(content, 1)
        self.postings = (*self.postings, seen(posting, present))

    def _amend(self, plan: Amend) -> None:
        [posting] = [one for one in self.postings if one.far_id == plan.present.id]
        self._apply(posting.sent, -1)
        self._apply(plan.content, 1)
        whole = replace(plan.content, allocations=(*plan.content.allocations, *plan.kept))
        present = self._standing(posting.far_id, whole)
        self.documents[posted_hint_id(posting)] = present
        new = seen(replace(posting, sent=plan.content), present)
        self.postings = tuple(new if one is posting else one for one in self.postings)

    def _apply(self, content: PostingContent, sign: int) -> None:
        for one in content.allocations:
            if one.type == "Invoice":
                invoice = self.invoices[one.far_id]
                balance = Money(invoice.balance.amount - sign * one.amount.amount, invoice.balance.currency)
                assert balance.amount >= 0
                self.invoices[one.far_id] = replace(invoice, balance=balance)

    def _standing(self, id_: str, content: PostingContent) -> Standing:
        if content.document in _PAYMENTS:
            applied = sum((one.amount.amount for one in content.allocations), Decimal(0))
            left = content.amount.amount - (applied if content.document is Document.PAYMENT else 0)
            return LedgerPayment(
                id_, "0", content.customer_id, content.day, content.amount,
                Money(left, content.amount.currency), content.allocations, "", False,
                content.account_id or "4", content.method_id, content.reference, NOW,
            )  # fmt: skip
        return LedgerDocument(
            content.document, id_, "0", content.customer_id, content.day, content.amount, "", False,
            updated_at=NOW, account_id=content.account_id, method_id=content.method_id,
            reference=content.reference, lines=content.lines, line_account_id=content.line_account_id,
        )  # fmt: skip

    def change(self, far_id: str, **changes: Any) -> None:
        """A person changes a document."""
        [key] = [key for key, one in self.documents.items() if one.id == far_id]
        self.documents[key] = replace(self.documents[key], **changes)

    def remove(self, far_id: str) -> None:
        """A person deletes a document."""
        self.documents = {key: one for key, one in self.documents.items() if one.id != far_id}

    def total(self, *documents: Document) -> Decimal:
        """What the live documents of these kinds add up to."""
        live = [one for one in self.postings if not one.voided and one.sent.document in documents]
        return sum((one.sent.amount.amount for one in live), Decimal(0))


def one_invoice(total: str = "360.00", **settings: Any) -> PlainLedger:
    """A ledger with one open invoice, and these settings."""
    return PlainLedger.with_invoices(total, books=payment_books(**settings))
