"""Booking of fees when something goes wrong: lost answers, two workers, crashes, edits in between, closed books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.builders_fees import a_fee_line
from tests.support.fee_world import FEBRUARY, FeeWorld, february, many
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import ConnectionLost
from tieout.domain.payment import Processor
from tieout.domain.record import State
from tieout.domain.status import explain


@pytest.mark.parametrize("grown", [10, 8], ids=["expense", "deposit"])
@pytest.mark.parametrize("fault", ["lost_answer", "never_arrived"])
def test_a_lost_answer_is_looked_for_and_nothing_is_booked_twice(fault: str, grown: int) -> None:
    world = FeeWorld()
    if grown == 8:
        world.book_fees(many(9))
    kind = "timeout_after" if fault == "lost_answer" else "timeout_before"
    world.fault(kind, path="/(purchase|deposit)$")
    [booked] = world.book_fees(many(grown))
    assert not booked.finished
    assert world.fee_record().state is State.VERIFYING
    [again] = world.book_fees(many(grown))
    assert again.finished
    assert world.spent()["clearing"] == f"-{grown * Decimal('3.40')}"
    assert len(world.booked("Purchase")) + len(world.booked("Deposit")) == (2 if grown == 8 else 1)


def test_two_workers_book_once() -> None:
    world = FeeWorld()
    other = world.make_fees()
    workspace = world.open("c1")
    assert workspace is not None
    seen = []
    post = world.ledger.post

    def both(*arguments: object) -> object:
        seen.append(other.book(workspace, many(4), "other"))
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", both)
        [booked] = world.book_fees(many(4))
    assert booked.finished
    [[met]] = seen
    assert met.record is None
    assert world.counts() == {"Purchase": 1}


def test_a_crash_between_two_currencies_is_finished_by_the_next_run() -> None:
    world = FeeWorld()
    both = february(a_fee_line("900"), a_fee_line("901", processor=Processor.STRIPE, platform="0.00"))
    post, calls = world.ledger.post, []

    class Killed(BaseException):
        pass

    def dies(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise Killed
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", dies)
        with pytest.raises(Killed):
            world.book_fees(both)
    assert world.counts() == {"Purchase": 1}
    assert all(one.finished for one in world.book_fees(both))
    assert world.counts() == {"Purchase": 2}
    assert world.spent() == {"clearing": "-3.40", "stripe": "-2.90", "processing": "5.80", "platform": "0.50"}


def test_an_unforeseen_error_of_one_processor_leaves_the_other_alone() -> None:
    world = FeeWorld()
    both = february(a_fee_line("900"), a_fee_line("901", processor=Processor.STRIPE, platform="0.00"))
    post, calls = world.ledger.post, []

    def breaks(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError("a bug")
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", breaks)
        found = world.book_fees(both)
    assert [one.finished for one in found] == [False, True]
    assert isinstance(found[0].bug, RuntimeError)


def test_an_edited_expense_is_attention_with_both_values_and_is_not_overwritten() -> None:
    world = FeeWorld()
    world.book_fees(many(10))
    row = world.one("Purchase")
    line = {**row["Line"][0], "Amount": Decimal("30.00")}
    world.bookkeeper.change("Purchase", row, Line=[line, row["Line"][1]], PaymentType="Cash")
    world.book_fees(many(12))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "34.00" in record.detail
    assert "35.00" in record.detail
    assert world.one("Purchase")["TotalAmt"] == Decimal("35.00")


def test_a_deleted_expense_is_told_and_booked_again_only_when_a_person_asks() -> None:
    world = FeeWorld()
    world.book_fees(many(10))
    world.bookkeeper.delete("Purchase", world.one("Purchase"))
    world.book_fees(many(10))
    assert world.fee_record().state is State.DELETED_IN_LEDGER
    world.book_fees(many(10))
    assert world.booked("Purchase") == []
    [booked] = world.book_fees(many(10), by_person=True)
    assert booked.finished
    assert world.one("Purchase")["TotalAmt"] == Decimal("34.00")


def test_an_edited_entry_beside_a_deleted_one_is_told_before_anything_is_made_anew() -> None:
    world = FeeWorld()
    world.book_fees(many(2))
    world.book_fees(many(3))
    first, second = sorted(world.booked("Purchase"), key=lambda row: int(row["Id"]))
    world.bookkeeper.delete("Purchase", first)
    line = {**second["Line"][0], "Amount": Decimal("9.00")}
    world.bookkeeper.change("Purchase", second, Line=[line, second["Line"][1]], PaymentType="Cash")
    world.book_fees(many(3), by_person=True)
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert len(world.booked("Purchase")) == 1


def test_the_token_that_ends_between_two_currencies_leaves_the_rest_to_a_later_run() -> None:
    world = FeeWorld()
    both = february(a_fee_line("900"), a_fee_line("901", processor=Processor.STRIPE, platform="0.00"))
    post, calls = world.ledger.post, []

    def ends(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise ConnectionLost("sign in again")
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", ends)
        found = world.book_fees(both)
    assert [one.finished for one in found] == [True, False]
    waits = next(one.record for one in found if not one.finished)
    assert waits is not None
    assert waits.reason in ("connection_lost", "outcome_unknown")
    assert all(one.finished for one in world.book_fees(both))
    assert world.counts() == {"Purchase": 2}
    assert world.spent()["clearing"] == "-3.40"


@pytest.mark.parametrize("policy", ["hold", "first_open_day"])
def test_books_that_are_closed_while_a_month_is_booked_refuse_it_and_the_policy_decides_next_time(policy: str) -> None:
    world = FeeWorld()
    world.monthly(closed_period=policy)
    post = world.ledger.post

    def closes(*arguments: object) -> object:
        world.bookkeeper.close_books(FEBRUARY.last)
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", closes)
        world.book_fees(many(2))
    assert world.booked("Purchase") == []
    assert world.fee_record().state is State.ATTENTION
    world.book_fees(many(2))
    record = world.fee_record()
    if policy == "hold":
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.PERIOD_CLOSED)
        assert "reopen" in explain(record).lower()
        world.bookkeeper.close_books(None)
        world.book_fees(many(2))
    assert world.fee_record().state is State.SYNCED
    assert world.one("Purchase")["TxnDate"] == ("2026-02-28" if policy == "hold" else "2026-03-01")


def test_a_person_who_edits_between_a_lost_answer_and_the_look_is_told_and_nothing_is_booked_twice() -> None:
    world = FeeWorld()
    world.fault("timeout_after", path="/purchase$")
    world.book_fees(many(2))
    row = world.one("Purchase")
    line = {**row["Line"][0], "Amount": Decimal("9.00")}
    world.bookkeeper.change("Purchase", row, Line=[line, row["Line"][1]], PaymentType="Cash")
    world.book_fees(many(2))
    world.book_fees(many(2))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "9.00" in record.detail
    assert len(world.booked("Purchase")) == 1


def test_an_entry_that_was_deleted_before_its_lost_answer_was_looked_for_is_not_booked_twice() -> None:
    world = FeeWorld()
    world.fault("timeout_after", path="/purchase$")
    world.book_fees(many(2))
    world.bookkeeper.delete("Purchase", world.one("Purchase"))
    world.book_fees(many(2))
    world.book_fees(many(2), by_person=True)
    assert len(world.booked("Purchase")) == 1 or world.fee_record().state is State.DELETED_IN_LEDGER
    world.book_fees(many(2), by_person=True)
    assert world.spent()["clearing"] == "-6.80"


def test_a_period_that_changes_while_it_is_booked_is_corrected_by_whoever_comes_next() -> None:
    world = FeeWorld()
    other = world.make_fees()
    workspace = world.open("c1")
    assert workspace is not None
    post = world.ledger.post

    def meanwhile(*arguments: object) -> object:
        assert all(one.record is None for one in other.book(workspace, many(6), "other"))
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", meanwhile)
        world.book_fees(many(4))
    assert world.one("Purchase")["TotalAmt"] == Decimal("13.60")
    world.book_fees(many(6))
    assert world.spent()["clearing"] == "-20.40"
    assert len(world.booked("Purchase")) == 2
