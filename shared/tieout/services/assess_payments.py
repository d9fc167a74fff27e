"""From HubSpot payments and their records to plans: planning asks, and the ledger is read once for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.claim import posted_hint_id
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import Document, SourcePayment, UnreadablePayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.customer import CreateCustomer
from tieout.domain.planning.invoice import by_level, in_currency
from tieout.domain.planning.payment import plan_beforehand, plan_payment
from tieout.domain.planning.payment_plan import Ask, Decision, PaymentCase, Post, Question, Standing, billing_of
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.receipt import INVOICE, TWIN_DAYS, day_of, receipt_day, with_rate
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.ports import Records, Workspace
from tieout.services.books import Rates, open_books
from tieout.services.customers import Customers
from tieout.services.posting import look_at

Source = SourcePayment | UnreadablePayment
# In any other state the record may be wrong about the ledger, so what stands there is looked at.
_TRUSTED = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE})


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What was read of the ledger for a batch. `balances` are by the ledger's invoice id and follow what is posted
    meanwhile, because several payments of a batch may be of one invoice."""

    books: Books
    rates: Rates
    balances: dict[str, LedgerInvoice]

    def spend(self, post: Post) -> None:
        """What was posted leaves less open."""
        for one in post.content.allocations:
            invoice = self.balances.get(one.far_id) if one.type == INVOICE else None
            if invoice is not None:
                left = Money(invoice.balance.amount - one.amount.amount, invoice.balance.currency)
                self.balances[one.far_id] = replace(invoice, balance=left)

    def priced(self, decision: Decision) -> Decision:
        """The document to write with its exchange rate, or why it has none."""
        plan, home = decision.plan, self.books.company.home_currency
        if not isinstance(plan, Post) or plan.content.amount.currency == home:
            return decision
        rate = self.rates.on(plan.content.amount.currency, plan.content.day)
        return replace(decision, plan=with_rate(plan, rate, self.books))


@dataclass(frozen=True, slots=True)
class Assessed:
    """A payment with the answers to what planning asked, and the decision that they lead to. `ledgers` None: it was
    decided without the ledger, and nothing is to be written."""

    case: PaymentCase
    decision: Decision
    ledgers: Ledgers | None


@dataclass(frozen=True, slots=True)
class PaymentAssessor:
    """Makes plans. `customers` finds those of payments without an invoice."""

    records: Records
    customers: Customers

    def assess(
        self,
        workspace: Workspace,
        payments: Sequence[tuple[SyncRecord, Source | None, bool, bool]],
        now: datetime,
        trace_id: str,
        *,
        deadline: datetime | None = None,
    ) -> list[Assessed | Exception]:
        """A plan for each payment (record, what HubSpot says, whether to look, whether a person asked), in order, or
        what stops just that one. A failed grouped read raises. No customer is created after `deadline`.

        Nothing of the ledger is read, its company included, when no payment of the batch needs it."""
        invoices = self._invoices(workspace, [source for _, source, _, _ in payments])
        cases = [
            _case(record, source, invoices, now, look=look, by_person=by_person)
            for record, source, look, by_person in payments
        ]
        found: dict[int, Assessed | Exception] = {}
        open_: dict[int, PaymentCase] = {}
        for index, case in enumerate(cases):
            plan = plan_beforehand(case, workspace.settings)
            if plan is None:
                open_[index] = case
            else:
                found[index] = Assessed(case, Decision(plan, case.postings), None)
        if open_:
            books = open_books(workspace)
            ledgers, today = Ledgers(books, Rates(workspace.ledger, books), {}), day_of(now, books)
            some = [replace(case, today=today) for case in open_.values()]
            answers = self.answered(workspace, some, ledgers, trace_id, deadline=deadline)
            found.update(zip(open_, answers, strict=True))
        return [found[index] for index in range(len(cases))]

    def answered(
        self,
        workspace: Workspace,
        cases: Sequence[PaymentCase],
        ledgers: Ledgers,
        trace_id: str,
        *,
        deadline: datetime | None = None,
    ) -> list[Assessed | Exception]:
        """Plan each case, asking the ledger until nothing is left to ask: one read for all that ask the same."""
        open_ = dict(enumerate(cases))
        found: dict[int, Assessed | Exception] = {}
        while open_:
            asked: dict[Question, dict[int, PaymentCase]] = defaultdict(dict)
            for index, case in open_.items():
                decision = plan_payment(case, ledgers.books)
                if isinstance(decision.plan, Ask):
                    asked[decision.plan.question][index] = case
                else:
                    found[index] = Assessed(case, decision, ledgers)
            open_ = {}
            for question, some in asked.items():
                answers = self._answer(workspace, question, list(some.values()), ledgers, trace_id, deadline)
                for index, case, answer in zip(some, some.values(), answers, strict=True):
                    if isinstance(answer, PaymentCase):
                        open_[index] = answer
                    elif isinstance(answer, Attend):
                        found[index] = Assessed(case, Decision(answer, case.postings), ledgers)
                    else:
                        found[index] = answer
        return [found[index] for index in range(len(cases))]

    def _invoices(self, workspace: Workspace, sources: Sequence[Source | None]) -> Mapping[str, SyncRecord]:
        ids = {id_ for one in sources if isinstance(one, SourcePayment) for id_ in one.invoice_ids}
        keys = [RecordKey(workspace.connection.id, Kind.INVOICE, "hubspot", id_) for id_ in sorted(ids)]
        return {key.origin_id: record for key, record in self.records.get_many(keys).items()} if keys else {}

    def _answer(
        self,
        workspace: Workspace,
        question: Question,
        cases: Sequence[PaymentCase],
        ledgers: Ledgers,
        trace_id: str,
        deadline: datetime | None,
    ) -> Sequence[PaymentCase | Attend | Exception]:
        match question:
            case Question.STANDING:
                return _standing(workspace, cases)
            case Question.BALANCES:
                return _balances(workspace, cases, ledgers)
            case Question.TWINS:
                return _twins(workspace, cases, ledgers.books)
            case Question.CUSTOMER:
                return self._customers(workspace, cases, ledgers.books, trace_id, deadline)

    def _customers(
        self,
        workspace: Workspace,
        cases: Sequence[PaymentCase],
        books: Books,
        trace_id: str,
        deadline: datetime | None,
    ) -> list[PaymentCase | Attend | Exception]:
        parties = [
            by_level(in_currency(one.company, currency, books), in_currency(one.contact, currency, books), books)
            for one in map(_source, cases)
            for currency in [one.amount.currency]
        ]
        wanted = [party for party in parties if party is not None]
        forget = {party.origin_id for case, party in zip(cases, parties, strict=True) if party and case.by_person}
        found = (
            self.customers.resolve(workspace, wanted, trace_id, dry=False, forget=forget, deadline=deadline)
            if wanted
            else {}
        )
        answers: list[PaymentCase | Attend | Exception] = []
        for case, party in zip(cases, parties, strict=True):
            if party is None:
                detail = "The payment has neither an invoice nor a company or contact."
                answers.append(Attend(AttentionCode.CUSTOMER_MISSING, detail))
                continue
            answer = found[party.origin_id]
            if isinstance(answer, CreateCustomer):
                raise TypeError("a customer is planned only in a dry run")
            answers.append(replace(case, customer=answer) if isinstance(answer, str) else answer)
        return answers


def _case(
    record: SyncRecord,
    source: Source | None,
    invoices: Mapping[str, SyncRecord],
    now: datetime,
    *,
    look: bool,
    by_person: bool,
) -> PaymentCase:
    """The company's own date is set once its time zone is known."""
    ids = source.invoice_ids if isinstance(source, SourcePayment) else ()
    return PaymentCase(
        source=source,
        postings=record.postings,
        billings=tuple(billing_of(id_, invoices.get(id_)) for id_ in ids),
        today=now.date(),
        waited=now - record.waiting_since if record.waiting_since else timedelta(0),
        look=look or by_person or record.state not in _TRUSTED,
        by_person=by_person,
    )


def _standing(workspace: Workspace, cases: Sequence[PaymentCase]) -> list[PaymentCase | Attend | Exception]:
    """Applications are payments, so one read finds both."""
    ids: dict[Document, set[str]] = defaultdict(set)
    for case in cases:
        for one in case.live:
            ids[Document(one.sent.document.holder_kind)].add(one.far_id)
    found: dict[str, Standing] = {}
    for document, some in ids.items():
        found |= {f"{document}:{id_}": one for id_, one in look_at(workspace, document, some).items()}
    return [
        replace(case, standing={id_: found[id_] for id_ in map(posted_hint_id, case.live) if id_ in found})
        for case in cases
    ]


def _balances(
    workspace: Workspace, cases: Sequence[PaymentCase], ledgers: Ledgers
) -> list[PaymentCase | Attend | Exception]:
    ids = {one.far_id for case in cases for one in case.billings if one.far_id}
    ledgers.balances.update(workspace.ledger.invoices(ids))
    return [replace(case, balances=ledgers.balances) for case in cases]


def _twins(workspace: Workspace, cases: Sequence[PaymentCase], books: Books) -> list[PaymentCase | Attend | Exception]:
    sources = [_source(case) for case in cases]
    days = [receipt_day(one, books) for one in sources]
    span = (min(days) - TWIN_DAYS, max(days) + TWIN_DAYS)
    amounts = {one.amount.amount for one in sources}
    found = [
        one
        for document in (Document.PAYMENT, Document.SALES_RECEIPT)
        for one in workspace.ledger.unmarked(document, span, amounts)
    ]
    return [replace(case, twins=found) for case in cases]


def _source(case: PaymentCase) -> SourcePayment:
    if not isinstance(case.source, SourcePayment):
        raise TypeError("only a payment that HubSpot shows asks this")
    return case.source
