"""The proof of the clearing account over both sandboxes: a balance that is explained, and what is left of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.builders_money_world import CLEARING
from tests.support.fee_world import FeeWorld, many
from tieout.domain.planning.clearing import Proof
from tieout.services.check_clearing import check_clearing


def proof(world: FeeWorld) -> Proof:
    workspace = world.open("c1")
    assert workspace is not None
    [found] = [one for one in check_clearing(workspace) if one.account.id == CLEARING]
    return found


def paid(world: FeeWorld, *prices: str) -> list[str]:
    ids = []
    for price in prices:
        id_ = world.people.pay(world.synced(price=price))
        world.look(id_)
        ids.append(id_)
    return ids


def test_clearing_is_payments_less_refunds_fees_and_payouts_and_lists_what_is_left() -> None:
    world = FeeWorld()
    first, second = paid(world, "100.00", "50.00")
    world.people.refund(second, Decimal("30.00"))
    world.look(second)
    world.book_fees(many(1))
    world.bookkeeper.transfer(CLEARING, "36", Decimal("200.00"))
    found = proof(world)
    figures = (found.payments, found.refunds, found.fees, found.payouts)
    assert [one.amount for one in figures] == [Decimal(text) for text in ("450.00", "30.00", "3.40", "200.00")]
    assert found.clearing.amount == Decimal("216.60")
    assert found.balance == found.clearing
    assert found.holds
    assert [(one.payment_id, one.amount.amount) for one in found.left] == [
        (first, Decimal("96.60")),
        (second, Decimal("120.00")),
    ]


def test_clearing_is_zero_once_everything_was_paid_out() -> None:
    world = FeeWorld()
    paid(world, "100.00")
    world.book_fees(many(1))
    world.bookkeeper.transfer(CLEARING, "36", Decimal("296.60"))
    found = proof(world)
    assert (found.clearing.amount, found.left, found.holds) == (Decimal(0), (), True)


@pytest.mark.parametrize("what", ["expense of a person", "journal entry"])
def test_what_is_none_of_these_is_named_and_nothing_is_proven(what: str) -> None:
    world = FeeWorld()
    paid(world, "100.00")
    if what == "journal entry":
        kind = "JournalEntryLineDetail"
        lines = [
            {"Amount": Decimal(5), "DetailType": kind, kind: {"PostingType": side, "AccountRef": {"value": account}}}
            for side, account in (("Credit", CLEARING), ("Debit", "13"))
        ]
        world.bookkeeper.create("JournalEntry", Line=lines)
    else:
        world.bookkeeper.spend(CLEARING, "13", Decimal(5))
    found = proof(world)
    [other] = found.others
    assert other.amount.amount == Decimal(-5)
    assert found.difference is not None
    assert found.difference.amount == Decimal(-5)
    assert not found.holds


def test_the_account_of_payments_recorded_by_hand_is_no_clearing_account() -> None:
    world = FeeWorld()
    world.monthly(deposit_accounts={"hs_payments": CLEARING, "none": "36", "none:EUR": "4"})
    workspace = world.open("c1")
    assert workspace is not None
    assert [one.account.id for one in check_clearing(workspace)] == [CLEARING]
