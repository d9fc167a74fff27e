"""When payments go wrong: lost answers, crashes, two workers, tokens, outages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_money_world import CLEARING, RECEIVABLE, MoneyWorld
from tests.support.builders_world import VENDOR_TIMEOUT
from tieout.domain.attention import AttentionCode
from tieout.domain.claim import ClaimVerdict
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.services.claims import LEASE


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def posts(world: MoneyWorld, path: str = "/payment?") -> list[str]:
    return [one.url for one in world.quickbooks.traffic.exchanges if one.method == "POST" and path in one.url]


LOST = ["timeout_after", "timeout_before", "status_500"]


@pytest.mark.parametrize("kind", LOST)
def test_after_a_lost_answer_there_is_one_receipt_whatever_had_happened(world: MoneyWorld, kind: str) -> None:
    payment = world.people.pay(world.synced())
    world.fault(kind, path="/payment$")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.VERIFYING, "outcome_unknown")
    assert record.intent is not None
    assert record.due_at == record.intent.stored_at + VENDOR_TIMEOUT
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1}
    assert world.one("Invoice")["Balance"] == 0


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(
    ("form", "path", "expected"),
    [
        ("refund_receipt", "/refundreceipt$", {"Payment": 1, "RefundReceipt": 1}),
        ("credit_memo", "/creditmemo$", {"Payment": 2, "CreditMemo": 1, "Purchase": 1}),
        ("credit_memo", "/purchase$", {"Payment": 2, "CreditMemo": 1, "Purchase": 1}),
    ],
)
def test_after_a_lost_answer_each_document_of_a_refund_stands_once(
    world: MoneyWorld, kind: str, form: str, path: str, expected: dict[str, int]
) -> None:
    world.settings(refunds=form, receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    world.fault(kind, path=path)
    assert world.look(payment).state is State.VERIFYING
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == expected
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")
    assert world.bookkeeper.account_balance(RECEIVABLE) == 0


def test_a_repetition_bears_the_same_request_id_and_body_whatever_hubspot_says_meanwhile(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.fault("timeout_before", path="/payment$")
    first = world.look(payment).intent
    assert first is not None
    world.people.refund(payment, "100.00")
    sent = len(posts(world))
    world.run()
    [repeated] = posts(world)[sent:]
    assert f"requestid={first.request_id}" in repeated
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


def test_before_the_vendors_time_out_is_over_nobody_looks_or_repeats(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.fault("timeout_after", path="/payment$")
    world.look(payment)
    before = len(world.quickbooks.traffic.exchanges)
    for cause in (Cause.WEBHOOK, Cause.RETRY):
        world.push(world.pay_hint(payment, cause))
        assert world.payment(payment).state is State.VERIFYING
    assert len(world.quickbooks.traffic.exchanges) == before


def test_a_receipt_whose_answer_was_lost_and_that_a_person_deleted_meanwhile_is_told(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.fault("timeout_after", path="/payment$")
    world.look(payment)
    world.bookkeeper.delete("Payment", world.one("Payment"))
    world.run()
    # QuickBooks answers the repetition with the old success of what is deleted: a person decides.
    assert world.payment(payment).state is State.DELETED_IN_LEDGER
    assert world.counts() == {}
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.counts() == {"Payment": 1}


def test_what_a_person_changed_before_a_lost_answer_was_looked_for_is_told(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.fault("timeout_after", path="/payment$")
    world.look(payment)
    world.bookkeeper.change("Payment", world.one("Payment"), TxnDate="2026-03-01")
    world.run()
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "date: 2026-03-02 -> 2026-03-01" in record.detail


@pytest.mark.parametrize("kind", LOST)
def test_a_change_whose_answer_was_lost_is_found_by_its_marker_or_made_anew(world: MoneyWorld, kind: str) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    world.fault(kind, path="/payment$")
    assert world.look(payment).state is State.VERIFYING
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Payment")["TotalAmt"] == 120
    assert world.one("Invoice")["Balance"] == 240


# -- crashes: the worker dies between two steps


class Died(BaseException):
    """The process ended."""


def dying(work: Callable[..., Any], *, after: int) -> Callable[..., Any]:
    """`work`, dying after it was done so often."""
    done = 0

    def act(*arguments: Any, **named: Any) -> Any:
        nonlocal done
        if done == after:
            raise Died
        done += 1
        return work(*arguments, **named)

    return act


WHOLE = {
    "refund_receipt": {"Payment": 1, "RefundReceipt": 1},
    "credit_memo": {"Payment": 2, "CreditMemo": 1, "Purchase": 1},
}


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("after", range(12))
def test_a_worker_that_dies_after_any_write_to_our_store_leaves_the_same_books(
    form: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MoneyWorld()
    world.settings(refunds=form, receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    real = world.records.put
    monkeypatch.setattr(world.records, "put", dying(real, after=after))
    with contextlib.suppress(Died):
        world.look(payment)
    monkeypatch.setattr(world.records, "put", real)
    world.clock.advance(LEASE.total_seconds() + 1)
    world.push(world.pay_hint(payment))
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == WHOLE[form]
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")


@pytest.mark.parametrize("after", range(3))
def test_a_worker_that_dies_right_after_quickbooks_answered_leaves_the_same_books(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MoneyWorld()
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    real = world.ledger.post

    def post(*arguments: Any) -> Any:
        nonlocal after
        answer = real(*arguments)
        after -= 1
        if after < 0:
            raise Died
        return answer

    monkeypatch.setattr(world.ledger, "post", post)
    with contextlib.suppress(Died):
        world.look(payment)
    monkeypatch.setattr(world.ledger, "post", real)
    world.clock.advance(LEASE.total_seconds() + 1)
    world.push(world.pay_hint(payment))
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


# -- two workers


def test_two_workers_at_one_payment_post_it_once(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    hint = world.pay_hint(payment)
    held = world.claims.take(world_key(world, payment), hint)
    assert not isinstance(held, ClaimVerdict)
    assert [one.result for one in world.make_payments().push([hint])] == ["busy"]
    world.claims.release(held, held.record)
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1}


def world_key(world: MoneyWorld, payment: str) -> Any:
    return world.payments.key_of(world.open("c1") or pytest.fail("no workspace"), world.pay_hint(payment))


def test_two_payments_of_one_invoice_at_two_workers_never_apply_more_than_is_open(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = world.synced()
    first = world.people.pay(invoice, "200.00")
    second = world.people.pay(invoice, "160.00")
    row = world.one("Invoice")
    other, real = world.make_payments(), world.ledger.invoices

    def read(ids: Any) -> Any:
        # Between our read and our write the other worker posts, and a person takes a part of the rest.
        found = real(ids)
        monkeypatch.setattr(world.ledger, "invoices", real)
        other.push([world.pay_hint(second)])
        world.bookkeeper.create(
            "Payment",
            CustomerRef=row["CustomerRef"],
            TotalAmt=Decimal(50),
            Line=[{"Amount": Decimal(50), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}],
        )
        return found

    monkeypatch.setattr(world.ledger, "invoices", read)
    record = world.look(first)
    assert world.one("Invoice")["Balance"] == 0
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.OVERPAYMENT)
    assert "50.00 USD" in record.detail
    assert world.payment(second).state is State.SYNCED


# -- outages, tokens


def test_quickbooks_down_parks_the_payment_and_it_goes_on_by_itself(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.fault("status_500", method="GET", path="/query", times=3)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.WAITING, "vendor_unavailable")
    world.run()
    assert world.payment(payment).state is State.SYNCED


def test_quickbooks_down_between_receipt_and_refund_is_no_second_receipt(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    world.fault("status_429", path="/refundreceipt$")
    assert world.look(payment).state is State.WAITING
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


def test_hubspot_down_parks_the_payment(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.hubspot_fault("status_500", "/commerce_payments/batch/read", times=3)
    assert world.look(payment).state is State.WAITING
    world.run()
    assert world.payment(payment).state is State.SYNCED


def test_a_dead_token_makes_payments_wait_and_they_go_on_when_it_lives(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    tokens = world.tokens.load("c1")
    assert tokens is not None
    world.clock.advance(3600)
    world.quickbooks.faults.add({"kind": "status_500", "method": "POST", "path": "/tokens/bearer", "times": 5})
    assert world.look(payment).state is State.WAITING
    world.run()
    assert world.payment(payment).state is State.SYNCED
