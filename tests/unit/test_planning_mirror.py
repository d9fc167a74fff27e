"""QuickBooks payments in HubSpot: one recorded payment for each invoice that money is applied to, whatever happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_ledger_invoice, usd
from tests.support.builders_payments import a_billing
from tieout.domain.attention import AttentionCode
from tieout.domain.money import Money
from tieout.domain.payment import (
    Allocation,
    LedgerPayment,
    PaymentStatus,
    Processor,
    SourcePayment,
    UnreadablePayment,
)
from tieout.domain.planning.applied import facts_of, received_by_invoice
from tieout.domain.planning.mirror import (
    NOT_RECORDED,
    PULL_SWITCHED_OFF,
    RECORDING_REFUSED,
    Correct,
    MirrorCase,
    MirrorPlan,
    MirrorStep,
    Record,
    Remove,
    as_content,
    plan_mirrors,
)
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.posting import Posting
from tieout.domain.settings import Settings

ZONE = "US/Eastern"
BILLINGS = {far_id: a_billing(id_, far_id) for id_, far_id in (("42", "130"), ("43", "131"))}


def applied(*parts: tuple[str, str], type_: str = "Invoice") -> tuple[Allocation, ...]:
    return tuple(Allocation(type_, far_id, usd(amount)) for far_id, amount in parts)


def a_ledger_payment(
    total: str = "100.00", on: Iterable[Allocation] = applied(("130", "100.00")), **changes: Any
) -> LedgerPayment:
    """A payment by cheque of customer 58."""
    allocations = tuple(on)
    signs = {"CreditMemo": -1}
    used = sum((one.amount.amount * signs.get(one.type, 1) for one in allocations), Decimal(0))
    payment = LedgerPayment(
        "88", "0", "58", date(2026, 3, 2), usd(total), Money(usd(total).amount - used, "USD"), allocations, "", False,
        method_id="2", reference="1042", updated_at=NOW,
    )  # fmt: skip
    return replace(payment, **changes)


VOIDED = a_ledger_payment("0.00", (), voided=True, private_note="Voided - a note")


@dataclass
class PlainCrm:
    """Keeps what plans write, as HubSpot would. `shown` are the recorded payments by id."""

    settings: Settings = field(default_factory=Settings)
    shown: dict[str, SourcePayment] = field(default_factory=dict)
    postings: tuple[Posting, ...] = ()
    written: list[MirrorStep] = field(default_factory=list)
    ids: Any = field(default_factory=lambda: count(700))

    def look(self, source: LedgerPayment | None, **changes: Any) -> MirrorPlan:
        """One look: plans and carries out until nothing is left to write; gives the last plan."""
        for _ in range(20):
            values = {"billings": BILLINGS, "present": self.shown, **changes}
            decision = plan_mirrors(MirrorCase(source, self.postings, **values), self.settings, ZONE)
            self.postings = decision.postings
            if not isinstance(decision.plan, MirrorStep):
                return decision.plan
            self._write(decision.plan)
        raise AssertionError("it never ends")

    def _write(self, step: MirrorStep) -> None:
        self.written.append(step)
        match step:
            case Record():
                self._keep(str(next(self.ids)), step.content, step.parent_id)
            case Correct():
                self._keep(step.posting.far_id, step.content, step.posting.parent_id)
            case Remove():
                self.shown.pop(step.posting.far_id, None)
                self.postings = tuple(one for one in self.postings if one is not step.posting)

    def _keep(self, id_: str, content: Any, parent_id: str) -> None:
        at = datetime.combine(content.day, time(12), ZoneInfo(ZONE)).astimezone(UTC)
        refunded = content.refunded or Money(Decimal(0), content.amount.currency)
        self.shown[id_] = SourcePayment(
            id_, PaymentStatus.SUCCEEDED, content.amount, refunded, at, Processor.QUICKBOOKS, content.method_id,
            content.reference, invoice_ids=(parent_id,), modified_at=NOW,
        )  # fmt: skip
        written = as_content(self.shown[id_], content, ZONE)
        posting = Posting(id_, content, written, updated_at=NOW, parent_id=parent_id)
        others = [one for one in self.postings if one.far_id != id_]
        self.postings = (*others, posting)

    def change(self, **changes: Any) -> None:
        """A person changes the only recorded payment."""
        [(id_, payment)] = self.shown.items()
        self.shown[id_] = replace(payment, **changes)

    def paid(self, invoice: str) -> Decimal:
        """What an invoice has in recorded payments."""
        return sum((one.amount.amount for one in self.shown.values() if invoice in one.invoice_ids), Decimal(0))

    @property
    def state(self) -> set[tuple[object, ...]]:
        """What HubSpot shows, without ids."""
        return {
            (one.invoice_ids, one.amount, one.initiated_at, one.method, one.reference) for one in self.shown.values()
        }


@pytest.fixture
def crm() -> PlainCrm:
    return PlainCrm(Settings(payment_methods={"check": "2"}))


def test_each_invoice_that_money_is_applied_to_gets_a_payment_of_its_part(crm: PlainCrm) -> None:
    assert crm.look(a_ledger_payment("100.00", applied(("130", "60.00"), ("131", "40.00")))) == Nothing()
    noon = datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert crm.state == {
        (("42",), usd("60.00"), noon, "check", "1042"),
        (("43",), usd("40.00"), noon, "check", "1042"),
    }


def test_what_is_recorded_already_is_not_written_again(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    assert crm.look(a_ledger_payment()) == Nothing()
    assert len(crm.written) == 1


def test_money_that_is_applied_to_nothing_or_to_other_invoices_is_not_recorded(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment("100.00", applied(("130", "30.00"), ("999", "50.00"))))
    assert {one.amount for one in crm.shown.values()} == {usd("30.00")}


def test_a_payment_of_other_invoices_only_is_left_alone(crm: PlainCrm) -> None:
    plan = crm.look(a_ledger_payment(on=applied(("999", "100.00"))))
    assert isinstance(plan, Skip)
    assert plan.reason == "no_synced_invoice"
    assert not crm.written


def test_a_credit_that_is_applied_is_no_payment(crm: PlainCrm) -> None:
    on = (*applied(("130", "50.00")), *applied(("77", "50.00"), type_="CreditMemo"))
    assert isinstance(crm.look(a_ledger_payment("0.00", on)), Skip)
    assert not crm.shown


def test_of_a_payment_together_with_a_credit_only_the_money_is_recorded(crm: PlainCrm) -> None:
    on = (*applied(("130", "60.00"), ("131", "40.00")), *applied(("77", "50.00"), type_="CreditMemo"))
    assert received_by_invoice(a_ledger_payment("50.00", on)) == {"130": usd("30.00"), "131": usd("20.00")}


def test_a_payment_that_also_pays_an_expense_of_the_customer_counts_for_its_invoice_only() -> None:
    on = (*applied(("130", "60.00")), *applied(("9", "40.00"), type_="Expense"))
    assert received_by_invoice(a_ledger_payment("100.00", on)) == {"130": usd("60.00")}


@pytest.mark.parametrize(
    ("later", "amounts"),
    [
        (a_ledger_payment("100.00", applied(("130", "70.00"))), ["70.00"]),
        (a_ledger_payment("100.00", applied(("130", "30.00"), ("131", "70.00"))), ["30.00", "70.00"]),
        (a_ledger_payment("100.00", applied(("131", "100.00"))), ["100.00"]),
        (a_ledger_payment("100.00", ()), []),
        (VOIDED, []),
        (None, []),
    ],
    ids=["edited", "split", "moved", "unapplied", "voided", "deleted"],
)
def test_what_changes_in_quickbooks_changes_in_hubspot(
    crm: PlainCrm, later: LedgerPayment | None, amounts: list[str]
) -> None:
    crm.look(a_ledger_payment())
    crm.look(later)
    assert sorted(one.amount.amount for one in crm.shown.values()) == [Decimal(amount) for amount in amounts]


def test_an_amount_that_changes_changes_the_payment_that_is_there(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    [before] = crm.shown
    crm.look(a_ledger_payment("70.00", applied(("130", "70.00")), day=date(2026, 3, 5), reference=None))
    [(after, payment)] = crm.shown.items()
    assert after == before
    assert (payment.amount, payment.reference) == (usd("70.00"), None)


@pytest.mark.parametrize(
    "edit",
    [
        {"amount": usd("90.00")},
        {"initiated_at": datetime(2026, 3, 9, 17, tzinfo=UTC)},
        {"reference": "other"},
        {"status": PaymentStatus.FAILED},
        {"refunded": usd("10.00")},
        {"invoice_ids": ()},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_persons_edit_in_hubspot_is_told_with_both_values_and_never_overwritten(
    crm: PlainCrm, edit: dict[str, Any]
) -> None:
    crm.look(a_ledger_payment())
    crm.change(**edit)
    before = dict(crm.shown)
    for source in (a_ledger_payment(), a_ledger_payment("95.00", applied(("130", "95.00"))), None):
        plan = crm.look(source)
        assert isinstance(plan, Attend)
        assert plan.code is AttentionCode.EDITED_IN_HUBSPOT
    assert crm.shown == before


def test_an_edit_on_both_sides_that_comes_to_the_same_is_agreement(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.change(amount=usd("90.00"))
    assert crm.look(a_ledger_payment("90.00", applied(("130", "90.00")))) == Nothing()
    assert len(crm.written) == 1


def test_one_edited_payment_does_not_stop_its_neighbour(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.change(amount=usd("90.00"))
    plan = crm.look(a_ledger_payment("150.00", applied(("130", "100.00"), ("131", "50.00"))))
    assert isinstance(plan, Attend)
    assert crm.paid("43") == 50


def test_a_recorded_payment_that_a_person_deleted_comes_back_only_when_somebody_asks(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.shown.clear()
    plan = crm.look(a_ledger_payment())
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.RECORDED_PAYMENT_DELETED
    assert crm.look(a_ledger_payment(), by_person=True) == Nothing()
    assert crm.paid("42") == 100


def test_what_was_deleted_on_both_sides_is_forgotten(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.shown.clear()
    assert isinstance(crm.look(None), Skip)
    assert not crm.postings


def test_an_edited_payment_that_quickbooks_has_no_longer_is_deleted_when_a_person_asks(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.change(amount=usd("90.00"))
    crm.look(None, by_person=True)
    assert not crm.shown


def test_a_recorded_payment_that_makes_no_sense_is_told(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    [id_] = crm.shown
    plan = crm.look(a_ledger_payment(), present={id_: UnreadablePayment(id_, "hs_initial_amount is missing")})
    assert isinstance(plan, Attend)
    assert plan.detail == "hs_initial_amount is missing"


def test_what_tieout_posted_itself_is_never_recorded(crm: PlainCrm) -> None:
    plan = crm.look(a_ledger_payment(private_note="tieout:c1/payment/900/1"))
    assert isinstance(plan, Skip)
    assert plan.reason == "posted_by_tieout"


@pytest.mark.parametrize(
    ("settings", "refuses", "expected"),
    [
        (Settings(pull_payments=False), False, PULL_SWITCHED_OFF),
        (Settings(record_payments_in_hubspot=False), False, NOT_RECORDED),
        (Settings(), True, RECORDING_REFUSED),
    ],
)
def test_where_nothing_may_be_recorded_the_reason_is_kept(settings: Settings, refuses: bool, expected: Skip) -> None:
    crm = PlainCrm(settings)
    assert crm.look(a_ledger_payment(), refuses=refuses) == expected
    assert not crm.shown


def test_what_is_recorded_is_kept_right_after_recording_was_switched_off(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.settings = replace(crm.settings, record_payments_in_hubspot=False)
    crm.look(a_ledger_payment("100.00", applied(("130", "60.00"), ("131", "40.00"))))
    assert [crm.paid("42"), crm.paid("43")] == [60, 0]


def test_money_of_an_invoice_that_was_deleted_in_hubspot_is_a_persons_decision(crm: PlainCrm) -> None:
    plan = crm.look(a_ledger_payment(), deleted=frozenset({"130"}))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.DELETED_IN_HUBSPOT
    assert not crm.shown


def test_what_a_person_says_was_given_back_is_told_on_the_recorded_payment(crm: PlainCrm) -> None:
    crm.look(a_ledger_payment())
    crm.look(a_ledger_payment(), refunded={"130": usd("25.00")})
    [payment] = crm.shown.values()
    assert payment.refunded == usd("25.00")
    assert crm.look(a_ledger_payment(), refunded={"130": usd("25.00")}) == Nothing()


# -- facts


def test_facts_tell_money_credits_and_what_is_open_and_open_the_newest_payment() -> None:
    invoice = replace(a_ledger_invoice(), total=usd("360.00"), balance=usd("200.00"))
    payments = [
        a_ledger_payment("100.00", id="88", day=date(2026, 3, 9)),
        a_ledger_payment("20.00", applied(("130", "20.00")), id="89"),
        a_ledger_payment("0.00", (*applied(("130", "40.00")), *applied(("7", "40.00"), type_="CreditMemo")), id="90"),
    ]
    facts = facts_of(replace(invoice, id="130"), payments, usd("5.00"), {"88": "https://books/88"})
    assert (facts.paid, facts.credited, facts.balance) == (usd("120.00"), usd("40.00"), usd("200.00"))
    assert (facts.last_payment_day, facts.url, facts.refunded) == (date(2026, 3, 9), "https://books/88", usd("5.00"))


def test_facts_of_an_invoice_without_payments_clear_date_and_link() -> None:
    invoice = replace(a_ledger_invoice(), total=usd("360.00"), balance=usd("360.00"))
    facts = facts_of(invoice, [], None, {})
    assert (facts.paid, facts.last_payment_day, facts.url) == (usd("0.00"), None, None)


# -- whatever happens

cents = st.integers(1, 20_000).map(lambda value: Decimal(value) / 100)


@st.composite
def ledger_payments(draw: st.DrawFn) -> LedgerPayment | None:
    """The same payment as it may stand: on up to three invoices, with a credit or not, voided or deleted."""
    kind = draw(st.sampled_from(["stands", "stands", "stands", "voided", "deleted"]))
    if kind == "deleted":
        return None
    if kind == "voided":
        return VOIDED
    invoices = draw(st.lists(st.sampled_from(["130", "131", "999"]), unique=True, max_size=3))
    parts = [(one, str(draw(cents))) for one in invoices]
    owed = sum((Decimal(amount) for _, amount in parts), Decimal(0))
    credit = min(owed, draw(st.sampled_from([Decimal(0), Decimal("12.34"), owed])))
    on = (*applied(*parts), *(applied(("7", str(credit)), type_="CreditMemo") if credit else ()))
    return a_ledger_payment(str(owed - credit + draw(st.sampled_from([0, 5]))), on)


@given(st.lists(ledger_payments(), max_size=6), ledger_payments())
def test_whatever_came_before_hubspot_ends_as_quickbooks_is(
    looks: list[LedgerPayment | None], last: LedgerPayment | None
) -> None:
    crm, fresh = PlainCrm(), PlainCrm()
    for source in [*looks, last, last]:
        crm.look(source)
    fresh.look(last)
    assert crm.state == fresh.state
    written = len(crm.written)
    crm.look(last)
    assert len(crm.written) == written


@given(ledger_payments())
def test_recorded_payments_are_the_money_applied_to_synced_invoices(source: LedgerPayment | None) -> None:
    crm = PlainCrm()
    crm.look(source)
    received = received_by_invoice(source) if source else {}
    for id_, far_id in (("42", "130"), ("43", "131")):
        assert crm.paid(id_) == (received[far_id].amount if far_id in received else 0)
    if source:
        total = sum((one.amount for one in received.values()), Decimal(0))
        assert total == source.total.amount - source.unapplied.amount
