"""Laws of the tie-out: a consistent set has no findings, and any one thing that is changed is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_ledger_invoice, a_link, a_record, an_invoice, usd
from tests.support.builders_payments import a_payment
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.money import CurrencyMismatch, Money
from tieout.domain.payment import (
    Allocation,
    Document,
    LedgerDocument,
    LedgerPayment,
    PaymentStatus,
    Processor,
    SourcePayment,
)
from tieout.domain.planning.tie_out import InvoiceCase, tie_out
from tieout.domain.planning.tie_out_payments import MoneyCase, Pushed
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.tie_out import Equation, Figures, Sides, Totals

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FAR = "130"
_ZERO = usd("0")


def cents(amount: int) -> Money:
    return Money(Decimal(amount) / 100, "USD")


def posted(document: Document, far_id: str, amount: Money, on: Money = _ZERO, refunded: Money | None = None) -> Posting:
    allocations = (Allocation("Invoice", FAR, on),) if on.amount else ()
    return Posting(far_id, PostingContent(document, amount, DAY, "58", allocations, refunded=refunded))


def a_receipt(id_: str, total: Money, on: Money, credit: Money = _ZERO) -> LedgerPayment:
    """A QuickBooks payment: `on` of its money and `credit` of a credit memo are applied to the invoice."""
    parts = [Allocation("Invoice", FAR, on + credit)] if (on + credit).amount else []
    parts += [Allocation("CreditMemo", "700", credit)] if credit.amount else []
    return LedgerPayment(id_, "0", "58", DAY, total, total - on, tuple(parts), "", voided=False)


def a_case(from_hubspot: list[tuple[int, int]], from_quickbooks: list[int], credit: int, rest: int) -> InvoiceCase:
    """An invoice with payments of each side (HubSpot's with what was given back of them) that agree in everything."""
    pushed, recorded, mirrors, ledger, documents = [], {}, {}, {}, {}
    for number, (paid, back) in enumerate(from_hubspot):
        id_, far_id, amount, refunded = f"9{number}", f"5{number}", cents(paid), cents(min(back, paid))
        postings = [posted(Document.PAYMENT, far_id, amount, amount)]
        ledger[far_id] = a_receipt(far_id, amount, amount)
        if refunded.amount:
            postings.append(posted(Document.REFUND_RECEIPT, f"6{number}", refunded, refunded=refunded))
            documents[f"refund_receipt:6{number}"] = LedgerDocument(
                Document.REFUND_RECEIPT, f"6{number}", "0", "58", DAY, refunded, "", voided=False
            )
        record = SyncRecord(RecordKey("c1", Kind.PAYMENT, "hubspot", id_), State.SYNCED, postings=tuple(postings))
        source = replace(a_payment(), id=id_, amount=amount, refunded=refunded)
        pushed.append(Pushed(source, record))
    for number, paid in enumerate(from_quickbooks):
        id_, far_id, amount = f"8{number}", f"4{number}", cents(paid)
        mirror = replace(posted(Document.HUBSPOT_PAYMENT, id_, amount), parent_id="42")
        key = RecordKey("c1", Kind.PAYMENT, "quickbooks", far_id)
        mirrors[far_id] = SyncRecord(key, State.SYNCED, postings=(mirror,))
        recorded[id_] = replace(a_payment(), id=id_, amount=amount, processor=Processor.QUICKBOOKS)
        ledger[far_id] = a_receipt(far_id, amount, amount)
    if credit:
        ledger["3"] = a_receipt("3", _ZERO, _ZERO, cents(credit))
    received = sum(paid for paid, _ in from_hubspot) + sum(from_quickbooks)
    total = cents(received + credit + rest)
    present = replace(a_ledger_invoice(), id=FAR, total=total, balance=cents(rest))
    link = a_link(present)
    link = replace(link, far_id=FAR, total=total, sent=replace(link.sent, billed=total) if link.sent else None)
    money = MoneyCase("42", FAR, tuple(pushed), recorded, ledger, documents, mirrors)
    return InvoiceCase(a_record(link=link), replace(an_invoice(), total=total), present, money)


amounts = st.integers(min_value=1, max_value=10**8)
cases = st.builds(
    a_case,
    st.lists(st.tuples(amounts, st.integers(min_value=0, max_value=10**8)), max_size=3),
    st.lists(amounts, max_size=3),
    st.integers(min_value=0, max_value=10**6),
    st.integers(min_value=0, max_value=10**6),
)


@given(cases)
def test_a_consistent_set_never_has_findings_and_its_figures_agree(case: InvoiceCase) -> None:
    result = tie_out(case)
    assert result.findings == ()
    assert result.figures is not None
    for sides in (result.figures.billed, result.figures.received, result.figures.refunded):
        assert sides.hubspot == sides.quickbooks
    assert result.figures.open.hubspot - result.figures.credited == result.figures.open.quickbooks


Perturb = Callable[[InvoiceCase], InvoiceCase]


def with_money(case: InvoiceCase, **changes: object) -> InvoiceCase:
    return replace(case, money=replace(case.money, **changes))  # type: ignore[arg-type]


def first_source(case: InvoiceCase, **changes: object) -> InvoiceCase:
    one, *others = case.money.pushed
    assert isinstance(one.source, SourcePayment)
    source = replace(one.source, **changes)  # type: ignore[arg-type]
    return with_money(case, pushed=(replace(one, source=source), *others))


def first_record(case: InvoiceCase, record: SyncRecord | None) -> InvoiceCase:
    one, *others = case.money.pushed
    return with_money(case, pushed=(replace(one, record=record), *others))


def ledger_payment(case: InvoiceCase, id_: str, **changes: object) -> InvoiceCase:
    present = replace(case.money.ledger[id_], **changes)  # type: ignore[arg-type]
    return with_money(case, ledger={**case.money.ledger, id_: present})


def without(case: InvoiceCase, name: str, id_: str) -> InvoiceCase:
    kept = {key: one for key, one in getattr(case.money, name).items() if key != id_}
    return with_money(case, **{name: kept})


WAITING = SyncRecord(
    RecordKey("c1", Kind.PAYMENT, "hubspot", "90"), State.WAITING, reason="invoice_not_synced", detail="Not there yet."
)
TOO_MUCH = SyncRecord(RecordKey("c1", Kind.PAYMENT, "hubspot", "90"), State.ATTENTION, "overpayment", "10.00 too much.")


def invoice(case: InvoiceCase, **changes: object) -> InvoiceCase:
    assert case.ledger is not None
    return replace(case, ledger=replace(case.ledger, **changes))  # type: ignore[arg-type]


def source(case: InvoiceCase, **changes: object) -> InvoiceCase:
    return replace(case, source=replace(case.source, **changes))  # type: ignore[type-var]


PERTURBATIONS: dict[str, tuple[Perturb, Equation, str]] = {
    "billed more in HubSpot": (lambda c: source(c, total=usd("9999999.99")), Equation.BILLED, "HubSpot billed"),
    "another total in QuickBooks": (lambda c: invoice(c, total=usd("9999999.99")), Equation.BILLED, "QuickBooks"),
    "another currency": (lambda c: source(c, total=Money(Decimal(5), "EUR")), Equation.BILLED, "5.00 EUR"),
    "another balance": (lambda c: invoice(c, balance=usd("9999999.99")), Equation.APPLIED, "no longer open"),
    "voided in QuickBooks": (lambda c: invoice(c, voided=True), Equation.STANDING, "Voided in QuickBooks"),
    "voided in HubSpot": (lambda c: source(c, status=InvoiceStatus.VOIDED), Equation.STANDING, "Voided in HubSpot"),
    "deleted in HubSpot": (lambda c: replace(c, source=None), Equation.STANDING, "Deleted in HubSpot"),
    "deleted in QuickBooks": (lambda c: replace(c, ledger=None), Equation.STANDING, "Deleted in QuickBooks"),
    "not seen yet": (lambda c: first_record(c, None), Equation.RECEIVED, "payment 90"),
    "waiting": (lambda c: first_record(c, WAITING), Equation.RECEIVED, "Not there yet"),
    "amount in HubSpot": (lambda c: first_source(c, amount=usd("9999999.99")), Equation.RECEIVED, "payment 90"),
    "failed": (lambda c: first_source(c, status=PaymentStatus.FAILED), Equation.RECEIVED, "90 is failed"),
    "paid in euros": (lambda c: first_source(c, amount=Money(Decimal(5), "EUR")), Equation.RECEIVED, "5.00 EUR"),
    "unapplied": (lambda c: ledger_payment(c, "50", allocations=()), Equation.RECEIVED, "payment 50 of"),
    "receipt voided": (
        lambda c: ledger_payment(c, "50", allocations=(), voided=True, total=_ZERO, unapplied=_ZERO),
        Equation.RECEIVED,
        "was voided",
    ),
    "receipt deleted": (lambda c: without(c, "ledger", "50"), Equation.RECEIVED, "payment 50 of"),
    "refunded more": (lambda c: first_source(c, refunded=usd("9999999.99")), Equation.REFUNDED, "payment 90"),
    "refund deleted": (lambda c: without(c, "documents", "refund_receipt:60"), Equation.REFUNDED, "receipt 60"),
    "mirror deleted": (lambda c: without(c, "recorded", "80"), Equation.RECEIVED, "payment 40"),
    "mirror not known": (lambda c: without(c, "mirrors", "40"), Equation.RECEIVED, "payment 40"),
    "no longer applied": (lambda c: without(c, "ledger", "40"), Equation.RECEIVED, "payment 40"),
    "credit deleted": (lambda c: without(c, "ledger", "3"), Equation.APPLIED, "no longer open"),
    "needs a person": (
        lambda c: replace(c, record=replace(c.record, state=State.ATTENTION, reason="total_differs")),
        Equation.DECIDED,
        "total_differs",
    ),
}


@pytest.mark.parametrize("name", PERTURBATIONS)
@given(paid=amounts, back=amounts, there=amounts, credit=st.integers(1, 10**6), rest=st.integers(0, 10**6))
def test_any_one_thing_that_changes_is_named(
    name: str, paid: int, back: int, there: int, credit: int, rest: int
) -> None:
    change, equation, word = PERTURBATIONS[name]
    result = tie_out(change(a_case([(paid, back)], [there], credit, rest)))
    assert word in " ".join(one.reason for one in result.findings if one.equation is equation)


def test_a_declared_variance_is_no_finding_and_another_difference_is() -> None:
    case = a_case([], [], 0, 10_000)
    assert case.record.link is not None
    record = replace(case.record, state=State.SYNCED_WITH_VARIANCE, link=replace(case.record.link, total=usd("100.03")))
    assert tie_out(replace(invoice(case, total=usd("100.03"), balance=usd("100.03")), record=record)).findings == ()
    [finding] = tie_out(replace(invoice(case, total=usd("100.04"), balance=usd("100.04")), record=record)).findings
    assert finding.equation is Equation.BILLED
    assert "declared variance of 0.03 USD" in finding.reason


def test_a_refund_that_quickbooks_rounded_is_no_finding_while_its_record_declares_the_variance() -> None:
    case = a_case([(10_000, 1_597)], [], 0, 0)
    [pushed] = case.money.pushed
    assert pushed.record is not None
    receipt, refund = pushed.record.postings
    rounded = replace(refund, written=replace(refund.sent, amount=usd("15.96")))
    declared = replace(pushed.record, state=State.SYNCED_WITH_VARIANCE, postings=(receipt, rounded))

    def stands(amount: str, record: SyncRecord) -> InvoiceCase:
        documents = {id_: replace(one, total=usd(amount)) for id_, one in case.money.documents.items()}
        return first_record(with_money(case, documents=documents), record)

    result = tie_out(stands("15.96", declared))
    assert result.findings == ()
    assert result.figures is not None
    assert result.figures.refunded == Sides(usd("15.97"), usd("15.96"))
    # In attention, or changed since, it is told.
    assert tie_out(stands("15.96", replace(declared, state=State.ATTENTION))).findings
    assert tie_out(stands("15.95", declared)).findings


def test_an_adopted_invoice_declares_no_variance_and_its_own_currency() -> None:
    case = a_case([], [], 0, 10_000)
    assert case.record.link is not None
    record = replace(case.record, link=replace(case.record.link, sent=None))
    assert tie_out(replace(case, record=record)).findings == ()
    changed = replace(invoice(case, total=usd("100.01"), balance=usd("100.01")), record=record)
    [finding] = tie_out(changed).findings
    assert finding.reason == "HubSpot billed 100.00 USD, QuickBooks 100.01 USD."


def test_an_overpayment_that_waits_for_a_decision_is_named_with_its_code() -> None:
    case = a_case([(10_000, 0)], [], 0, 0)
    [pushed] = case.money.pushed
    assert pushed.record is not None
    record = replace(TOO_MUCH, postings=pushed.record.postings)
    [finding] = tie_out(first_record(case, record)).findings
    assert finding.equation is Equation.RECEIVED
    assert "overpayment" in finding.reason


def test_a_payment_over_nothing_is_missing_nowhere() -> None:
    case = a_case([], [10_000], 0, 0)
    nothing = replace(a_payment(), id="97", amount=_ZERO)
    key = RecordKey("c1", Kind.PAYMENT, "hubspot", "97")
    left_out = SyncRecord(key, State.IGNORED, reason="no_amount", detail="The payment is over nothing.")
    for record in (left_out, None):
        assert tie_out(with_money(case, pushed=(Pushed(nothing, record),))).findings == ()


def test_what_a_bookkeeper_applies_of_an_unapplied_rest_elsewhere_is_theirs() -> None:
    case = a_case([(10_000, 0)], [], 0, 0)
    [pushed] = case.money.pushed
    assert isinstance(pushed.source, SourcePayment)
    case = first_source(case, amount=usd("140.00"))
    parts = (*case.money.ledger["50"].allocations, Allocation("Invoice", "131", usd("40.00")))
    assert tie_out(ledger_payment(case, "50", total=usd("140.00"), allocations=parts)).findings == ()


def test_currencies_are_never_added() -> None:
    euros = Figures.none("EUR")
    assert list(Totals.of([Figures.none("USD"), euros, euros]).by_currency) == ["EUR", "USD"]
    with pytest.raises(CurrencyMismatch):
        Sides.none("EUR") + Sides.none("USD")
