"""Laws of payments: whatever HubSpot told, in whichever order and however often, the same documents stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import some_content, usd
from tests.support.builders_payments import PAID_AT, RECEIVABLE, PlainLedger, a_payment, payment_books
from tieout.domain.invoice import ContentLine
from tieout.domain.payment import DISPUTED, Document, PaymentStatus, Processor, Refunded, SourcePayment
from tieout.domain.planning.plan import Attend, Nothing
from tieout.domain.posting import PostingContent

CENT = Decimal("0.01")
RECEIPTS = (Document.PAYMENT, Document.SALES_RECEIPT)
GIVEN_BACK = (Document.REFUND_RECEIPT, Document.CREDIT_MEMO)


@dataclass(frozen=True)
class Life:
    """The versions of a payment that HubSpot shows one after the other, over an invoice of `total` in `lines`."""

    lines: tuple[Decimal, ...]
    versions: tuple[SourcePayment, ...]

    @property
    def last(self) -> SourcePayment:
        return self.versions[-1]

    def ledger(self, form: str) -> PlainLedger:
        ledger = PlainLedger(payment_books(refunds=form, receivable_account_id=RECEIVABLE))
        rows = tuple(
            ContentLine(str(number), None, Decimal(1), amount, amount) for number, amount in enumerate(self.lines)
        )
        ledger.add_invoice("42", "130", some_content(lines=rows))
        return ledger


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A payment that is received, then refunded in steps, with disputes in between."""
    lines = tuple(Decimal(cents) * CENT for cents in draw(st.lists(st.integers(1, 50_000), min_size=1, max_size=4)))
    paid = Decimal(draw(st.integers(1, 120_000))) * CENT
    start = a_payment(str(paid), processor=draw(st.sampled_from([Processor.HUBSPOT, Processor.STRIPE])))
    versions = [replace(start, status=PaymentStatus.PROCESSING)] if draw(st.booleans()) else []
    versions.append(start)
    shares = draw(st.lists(st.integers(1, 5), max_size=4))
    whole, given_back = max(sum(shares), draw(st.integers(1, 20))), Decimal(0)
    history: tuple[Refunded, ...] = ()
    for day, share in enumerate(shares, start=1):
        given_back = min(paid, given_back + (paid * share / whole).quantize(CENT))
        history = (*history, Refunded(usd(str(given_back)), PAID_AT + timedelta(days=day)))
        status = PaymentStatus.REFUNDED if given_back == paid else PaymentStatus.PARTIALLY_REFUNDED
        slow = draw(st.sampled_from([status, PaymentStatus.PROCESSING_REFUND]))
        version = replace(start, status=slow, refunded=usd(str(given_back)), refund_history=history)
        versions.append(version)
        if draw(st.booleans()):
            versions.append(replace(version, status=draw(st.sampled_from(sorted(DISPUTED)))))
    return Life(lines, tuple(versions))


def documents(ledger: PlainLedger) -> list[PostingContent]:
    return [one.sent for one in ledger.postings]


def looks(life: Life, seen: Sequence[int]) -> list[SourcePayment]:
    """Some of the versions, in their order (HubSpot is asked anew each time), each as often as drawn; the last one at
    the end, because every version is looked at until it was seen."""
    return [life.versions[index % len(life.versions)] for index in sorted(i % len(life.versions) for i in seen)] + [
        life.last
    ]


@given(lives(), st.lists(st.integers(0, 30), max_size=12), st.sampled_from(["refund_receipt", "credit_memo"]))
def test_any_looks_in_between_end_in_the_same_documents(life: Life, seen: list[int], form: str) -> None:
    once, often = life.ledger(form), life.ledger(form)
    once.look(life.last)
    for version in looks(life, seen):
        often.look(version, look=bool(len(seen) % 2))
    assert documents(often) == documents(once)


@given(lives(), st.lists(st.integers(0, 30), max_size=6), st.sampled_from(["refund_receipt", "credit_memo"]))
def test_receipts_less_refunds_are_what_hubspot_received_and_kept(life: Life, seen: list[int], form: str) -> None:
    ledger = life.ledger(form)
    for version in looks(life, seen):
        ledger.look(version)
        assert ledger.total(*GIVEN_BACK) <= ledger.total(*RECEIPTS)
        kept = version.amount.amount - version.refunded.amount if version.received else Decimal(0)
        assert ledger.total(*RECEIPTS) - ledger.total(*GIVEN_BACK) == kept


@given(lives(), st.sampled_from(["refund_receipt", "credit_memo"]))
def test_a_second_look_writes_nothing_and_says_the_same(life: Life, form: str) -> None:
    ledger = life.ledger(form)
    first = ledger.look(life.last)
    count = len(ledger.written)
    assert ledger.look(life.last) == first
    assert ledger.look(life.last, look=True) == first
    assert len(ledger.written) == count


@given(lives())
def test_every_document_is_exact(life: Life) -> None:
    ledger = life.ledger("refund_receipt")
    ledger.look(life.last)
    for content in documents(ledger):
        if content.lines:
            assert sum((line.amount for line in content.lines), Decimal(0)) == content.amount.amount
            assert all(line.amount > 0 for line in content.lines)
    applied = sum((one.amount.amount for content in documents(ledger) for one in content.allocations), Decimal(0))
    total = sum(life.lines, Decimal(0))
    assert applied == min(total, life.last.amount.amount)
    assert ledger.invoices["130"].balance.amount == total - applied


@given(lives())
def test_both_sides_agree_or_a_person_is_told_why(life: Life) -> None:
    ledger = life.ledger("refund_receipt")
    plan = ledger.look(life.last)
    overpaid = life.last.amount.amount > sum(life.lines, Decimal(0))
    disputed = life.last.status in DISPUTED and life.last.status is not PaymentStatus.DISPUTED_WON
    if overpaid or disputed:
        assert isinstance(plan, Attend)
    else:
        assert isinstance(plan, Nothing)


@given(lives(), st.data())
def test_an_interruption_after_any_document_changes_nothing(life: Life, data: st.DataObject) -> None:
    whole, cut = life.ledger("credit_memo"), life.ledger("credit_memo")
    whole.look(life.last)
    # The ledger keeps what was written; only then the record forgets what it planned, never what was stored.
    for _ in range(data.draw(st.integers(0, len(whole.written)))):
        cut.step(life.last)
    cut.look(life.last, look=True)
    assert documents(cut) == documents(whole)
