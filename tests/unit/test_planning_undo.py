"""Laws of undoing: only what Tieout made, newest first, all of a group or nothing, and once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_company, a_ledger_invoice, a_link, some_books, some_content, usd
from tieout.domain.conflict import Accepted
from tieout.domain.payment import Allocation, Document, LedgerDocument, LedgerPayment
from tieout.domain.planning.books import Books
from tieout.domain.planning.payment_plan import Standing
from tieout.domain.planning.standing import as_content
from tieout.domain.planning.undo import (
    Hindrance,
    InvoiceCase,
    MoneyCase,
    Refused,
    Step,
    place,
    plan_undo,
    without,
)
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, RecordKey, State, SyncRecord

DAY = date(2026, 3, 2)
CLOSED = some_books(a_company(books_closed_through=DAY))
INVOICE = "130"
KEY = RecordKey("c1", Kind.INVOICE, "hubspot", "42")


@dataclass(frozen=True)
class Situation:
    """An invoice with the payments that Tieout posted for it, and their refunds."""

    invoice: InvoiceCase
    money: tuple[MoneyCase, ...]
    books: Books

    @property
    def plan(self) -> tuple[Step, ...] | Refused:
        return plan_undo(self.invoice, self.money, self.books)

    @property
    def made(self) -> set[tuple[str, str]]:
        """What the records know of."""
        documents = {(one.sent.document.value, one.far_id) for case in self.money for one in case.record.postings}
        return documents | {("invoice", INVOICE)}


def posting(document: Document, far_id: str, amount: str, *allocations: Allocation) -> tuple[Posting, Standing]:
    """A document as Tieout wrote it, and as it stands."""
    sent = PostingContent(document, usd(amount), DAY, "58", allocations, "35")
    stands: Standing
    if document is Document.PAYMENT:
        stands = LedgerPayment(far_id, "0", "58", DAY, usd(amount), usd("0"), allocations, "", voided=False,
                               deposit_account_id="35", updated_at=NOW)  # fmt: skip
    else:
        stands = LedgerDocument(document, far_id, "0", "58", DAY, usd(amount), "", voided=False, account_id="35",
                                updated_at=NOW)  # fmt: skip
    return Posting(far_id, sent, as_content(stands, sent), "0", NOW), stands


def a_payment_case(number: int, refunds: int) -> MoneyCase:
    """Payment `number` of the invoice with so many refunds."""
    on = Allocation("Invoice", INVOICE, usd("100.00"))
    pairs = [posting(Document.PAYMENT, f"{500 + number}", "100.00", on)]
    pairs += [posting(Document.REFUND_RECEIPT, f"{600 + 10 * number + one}", "10.00") for one in range(refunds)]
    key = RecordKey("c1", Kind.PAYMENT, "hubspot", f"{number}")
    record = SyncRecord(key, State.SYNCED, postings=tuple(one for one, _ in pairs))
    return MoneyCase(record, {place(one): stands for one, stands in pairs})


def situation(payments: tuple[int, ...]) -> Situation:
    """An invoice with a payment for each number, which is how many refunds it has."""
    money = tuple(a_payment_case(number, refunds) for number, refunds in enumerate(payments))
    settled = tuple(("Payment", f"{500 + number}") for number in range(len(payments)))
    present = a_ledger_invoice(id=INVOICE, settled_by=("Payment",) if settled else (), settlements=settled)
    record = SyncRecord(KEY, State.SYNCED, link=a_link(present))
    return Situation(InvoiceCase(record, made=True, present=present), money, some_books())


situations = st.lists(st.integers(0, 3), max_size=3).map(lambda refunds: situation(tuple(refunds)))


@given(situations)
def test_refunds_go_before_their_payment_and_payments_before_the_invoice_the_latest_first(where: Situation) -> None:
    plan = where.plan
    assert isinstance(plan, tuple)
    assert {(step.document, step.far_id) for step in plan} == where.made
    order = [(step.document, step.far_id) for step in plan]
    assert order[-1] == ("invoice", INVOICE)
    for case in where.money:
        mine = [step.far_id for step in plan if step.key == case.record.key]
        assert mine == [one.far_id for one in reversed(case.record.postings)]
    payments = [far_id for document, far_id in order if document == Document.PAYMENT]
    assert payments == sorted(payments, reverse=True)


@given(situations, st.data())
def test_what_is_taken_back_already_is_not_taken_back_again(where: Situation, data: st.DataObject) -> None:
    plan = where.plan
    assert isinstance(plan, tuple)
    done = plan[: data.draw(st.integers(0, len(plan)))]
    gone = {step.far_id for step in done if step.posting is not None}
    present = where.invoice.present
    assert present is not None
    voided = any(step.posting is None for step in done)
    left = tuple(one for one in present.settlements if one[1] not in gone)
    stands = replace(present, voided=voided, settlements=left, settled_by=("Payment",) if left else ())
    after = Situation(
        replace(where.invoice, present=stands),
        tuple(without(case, [step for step in done if step.key == case.record.key]) for case in where.money),
        where.books,
    )
    assert after.plan == plan[len(done) :]


@st.composite
def hindered(draw: st.DrawFn) -> tuple[Situation, Hindrance]:
    """A situation in which exactly one thing is in the way, of any document of it."""
    where = draw(situations)
    documents = [(case, at) for case in range(len(where.money)) for at in range(len(where.money[case].record.postings))]
    present = where.invoice.present
    assert present is not None
    of_invoice = {
        "stranger": (replace(present, settlements=(*present.settlements, ("Payment", "9")), settled_by=("Payment",)),
                     Hindrance.PAID),
        "credit": (replace(present, settlements=(*present.settlements, ("CreditMemo", "9"))), Hindrance.PAID),
        "unnamed": (replace(present, settlements=(), settled_by=("Payment",)), Hindrance.PAID),
        "edited": (replace(present, content=replace(present.content, due_date=DAY + timedelta(days=99))),
                   Hindrance.EDITED),
        "total": (replace(present, total=usd("1.00")), Hindrance.EDITED),
    }  # fmt: skip
    ways = [*of_invoice, "not made", "accepted", "born there", "closed", *(["money"] if documents else [])]
    way = draw(st.sampled_from(ways))
    if way in of_invoice:
        changed, why = of_invoice[way]
        return replace(where, invoice=replace(where.invoice, present=changed)), why
    record = where.invoice.record
    match way:
        case "not made":
            return replace(where, invoice=replace(where.invoice, made=False)), Hindrance.NOT_MADE_BY_TIEOUT
        case "accepted":
            taken = replace(
                record, accepted=Accepted(("memo",), present.content, present.content, present.total, "Ada", NOW)
            )
            return replace(where, invoice=replace(where.invoice, record=taken)), Hindrance.EDITED
        case "born there":
            born = replace(record, key=replace(KEY, origin_system="quickbooks"))
            return replace(where, invoice=replace(where.invoice, record=born)), Hindrance.NOT_MADE_BY_TIEOUT
        case "closed":
            return replace(where, books=CLOSED), Hindrance.PERIOD_CLOSED
    at, number = draw(st.sampled_from(documents))
    case = where.money[at]
    there = place(case.record.postings[number])
    stands = case.present[there]
    changed_money: list[tuple[Standing, Hindrance]] = [
        (replace(stands, deposited=True), Hindrance.DEPOSITED),
        (replace(stands, total=usd("99.00")), Hindrance.EDITED),
        (replace(stands, day=DAY + timedelta(days=1)), Hindrance.EDITED),
        (replace(stands, customer_id="59"), Hindrance.EDITED),
        (replace(stands, reference="by hand"), Hindrance.EDITED),
    ]
    if isinstance(stands, LedgerPayment):
        more = (*stands.allocations, Allocation("Invoice", "131", usd("5.00")))
        changed_money.append((replace(stands, allocations=more), Hindrance.EDITED))
        changed_money.append((replace(stands, allocations=()), Hindrance.EDITED))
    became, why = draw(st.sampled_from(changed_money))
    money = list(where.money)
    money[at] = replace(case, present={**case.present, there: became})
    return replace(where, money=tuple(money)), why


@given(hindered())
def test_one_document_that_must_not_be_touched_keeps_the_whole_group(found: tuple[Situation, Hindrance]) -> None:
    where, why = found
    plan = where.plan
    assert isinstance(plan, Refused)
    assert plan.why is why
    assert plan.detail.endswith(".")


@given(situations)
def test_a_payment_that_tieout_also_applied_to_another_invoice_is_not_taken_from_it(where: Situation) -> None:
    on = (Allocation("Invoice", INVOICE, usd("60.00")), Allocation("Invoice", "131", usd("40.00")))
    sent, stands = posting(Document.PAYMENT, "499", "100.00", *on)
    key = RecordKey("c1", Kind.PAYMENT, "hubspot", "99")
    shared = MoneyCase(SyncRecord(key, State.SYNCED, postings=(sent,)), {place(sent): stands})
    plan = plan_undo(where.invoice, (*where.money, shared), where.books)
    assert isinstance(plan, Refused)
    assert plan.why is Hindrance.APPLIED_ELSEWHERE
    alone = plan_undo(None, (shared,), where.books)
    assert isinstance(alone, tuple)
    assert [step.far_id for step in alone] == ["499"]


@pytest.mark.parametrize("gone", ["deleted", "voided", "never"])
def test_where_nothing_stands_there_is_nothing_to_do(gone: str) -> None:
    where = situation(())
    case = where.invoice
    assert case.present is not None
    match gone:
        case "deleted":
            found = replace(case, present=None)
        case "voided":
            found = replace(case, present=replace(case.present, voided=True))
        case _:
            found = InvoiceCase(SyncRecord(KEY, State.WAITING), made=False, present=None)
    assert plan_undo(found, (), where.books) == ()


def test_only_what_cannot_be_voided_is_deleted() -> None:
    for document in (Document.PAYMENT, Document.SALES_RECEIPT, Document.REFUND_RECEIPT, Document.CREDIT_MEMO):
        one, stands = posting(document, "700", "10.00")
        key = RecordKey("c1", Kind.PAYMENT, "hubspot", "1")
        case = MoneyCase(SyncRecord(key, State.SYNCED, postings=(one,)), {place(one): stands})
        plan = plan_undo(None, (case,), some_books())
        assert isinstance(plan, tuple)
        [step] = plan
        assert step.deletes is (document in (Document.REFUND_RECEIPT, Document.CREDIT_MEMO))
        assert step.amount.amount == Decimal("10.00")


def test_content_that_the_ledger_stores_a_little_differently_is_no_edit() -> None:
    sent = some_content(memo="Thank you")
    answered = replace(sent, memo="Thank  you")
    present = a_ledger_invoice(answered, id=INVOICE)
    record = SyncRecord(KEY, State.SYNCED, link=a_link(present, sent))
    plan = plan_undo(InvoiceCase(record, made=True, present=present), (), some_books())
    assert isinstance(plan, tuple)
    assert len(plan) == 1
