"""Booking of fees over the QuickBooks sandbox: one expense a period, corrected in the open one, by the policies set."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders_fees import a_fee_line
from tests.support.fee_world import FEBRUARY, PLATFORM, PROCESSING, FeeWorld, february, many
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NumberTaken
from tieout.domain.fee import Period
from tieout.domain.marker import marker_stem
from tieout.domain.payment import Processor
from tieout.domain.planning.fees import Evidence
from tieout.domain.record import State
from tieout.domain.status import explain


def test_a_month_is_one_expense_with_a_line_a_kind_of_fee() -> None:
    world = FeeWorld()
    [booked] = world.book_fees(many(10))
    assert booked.finished
    assert world.fee_record().state is State.SYNCED
    expense = world.one("Purchase")
    lines = {one["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]: one["Amount"] for one in expense["Line"]}
    assert lines == {PROCESSING: Decimal("29.00"), PLATFORM: Decimal("5.00")}
    assert expense["TotalAmt"] == Decimal("34.00")
    assert (expense["TxnDate"], expense["DocNumber"]) == ("2026-02-28", "FEE-2026-02-USD")
    assert expense["EntityRef"] == {"value": world.vendor, "name": "HubSpot payments", "type": "Vendor"}
    assert "2026-02" in expense["PrivateNote"]
    assert marker_stem(booked.key) in expense["PrivateNote"]
    assert world.spent() == {"clearing": "-34.00", "stripe": "0", "processing": "29.00", "platform": "5.00"}


def test_booking_again_writes_nothing_and_costs_one_read_of_the_document() -> None:
    world = FeeWorld()
    world.book_fees(many(3))
    writes, reads = world.quickbooks.company.writes, world.quickbooks.company.reads
    workspace = world.open("c1")
    assert workspace is not None
    [booked] = world.fees.book(workspace, many(3), "trace")
    assert booked.finished
    assert world.quickbooks.company.writes == writes
    assert world.quickbooks.company.reads == reads + 1


def test_late_fees_are_an_adjusting_expense_in_the_open_period() -> None:
    world = FeeWorld()
    world.book_fees(many(10))
    world.book_fees(many(11))
    first, second = sorted(world.booked("Purchase"), key=lambda row: int(row["Id"]))
    assert (second["TxnDate"], second["DocNumber"]) == ("2026-03-02", "FEE-2026-02-USD-2")
    assert first["TotalAmt"] + second["TotalAmt"] == Decimal("37.40")
    assert len(world.fee_record().postings) == 2


def test_fees_given_back_are_a_deposit_into_clearing_with_lines_on_the_fee_accounts() -> None:
    world = FeeWorld()
    world.book_fees(many(10))
    world.book_fees(many(9))
    deposit = world.one("Deposit")
    assert deposit["TotalAmt"] == Decimal("3.40")
    assert deposit["DepositToAccountRef"]["value"] == "35"
    assert world.spent()["clearing"] == "-30.60"
    assert world.fee_record().state is State.SYNCED
    [booked] = world.book_fees(many(9))
    assert booked.finished
    assert world.counts() == {"Purchase": 1}
    assert len(world.booked("Deposit")) == 1


@pytest.mark.parametrize(
    ("policy", "state", "day"),
    [
        ("hold", State.ATTENTION, None),
        ("first_open_day", State.SYNCED, "2026-03-01"),
        ("ignore", State.IGNORED, None),
    ],
)
def test_a_closed_month_goes_by_the_policy(policy: str, state: State, day: str | None) -> None:
    world = FeeWorld()
    world.monthly(closed_period=policy)
    world.bookkeeper.close_books(FEBRUARY.last)
    world.book_fees(many(10))
    record = world.fee_record()
    assert record.state is state
    assert [row["TxnDate"] for row in world.booked("Purchase")] == ([day] if day else [])


def test_a_late_fee_of_a_closed_month_is_booked_in_the_open_one() -> None:
    world = FeeWorld()
    world.book_fees(many(10))
    world.bookkeeper.close_books(FEBRUARY.last)
    world.clock.advance(700)
    world.book_fees(many(11))
    assert world.fee_record().state is State.SYNCED
    assert sorted(row["TxnDate"] for row in world.booked("Purchase")) == ["2026-02-28", "2026-03-02"]


def test_an_inactive_vendor_is_attention_that_names_it_and_clears_once_it_is_active() -> None:
    world = FeeWorld()
    vendor = world.bookkeeper.read("Vendor", world.vendor)
    world.bookkeeper.change("Vendor", vendor, Active=False)
    world.book_fees(many(10))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.FEE_MAPPING_UNUSABLE)
    assert world.vendor in record.detail
    assert "inactive" in record.detail
    world.bookkeeper.change("Vendor", world.bookkeeper.read("Vendor", world.vendor), Active=True)
    [booked] = world.book_fees(many(10))
    assert booked.finished
    assert world.counts() == {"Purchase": 1}


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"processing_fee_account_id": "1"}, AttentionCode.FEE_MAPPING_UNUSABLE, "Income"),
        ({"processing_fee_account_id": "999"}, AttentionCode.FEE_MAPPING_UNUSABLE, "999"),
        ({"platform_fee_account_id": None}, AttentionCode.FEE_MAPPING_MISSING, "platform_fee_account_id"),
        ({"fee_vendors": {}}, AttentionCode.FEE_MAPPING_MISSING, "fee_vendors"),
        ({"deposit_accounts": {"byo_stripe": "36"}}, AttentionCode.FEE_MAPPING_MISSING, "deposit_accounts"),
        ({"deposit_accounts": {"hs_payments": "41"}}, AttentionCode.FEE_MAPPING_UNUSABLE, "Credit Card"),
    ],
)
def test_a_mapping_that_cannot_be_booked_on_is_attention(
    changes: dict[str, object], code: AttentionCode, told: str
) -> None:
    world = FeeWorld()
    wanted = {name: value for name, value in changes.items() if value is not None}
    world.monthly(**changes) if wanted == changes else world.settings(
        deposit_accounts={"hs_payments": "35"},
        fee_booking="monthly",
        fee_vendors={"hs_payments": world.vendor},
        processing_fee_account_id=PROCESSING,
    )
    world.book_fees(many(2))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, code)
    assert told in record.detail
    assert world.booked("Purchase") == []


def test_ambiguous_fees_are_not_booked_and_never_summed() -> None:
    world = FeeWorld()
    world.book_fees(february(a_fee_line(net=None), known=Evidence()))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.FEES_AMBIGUOUS)
    assert world.booked("Purchase") == []


def test_payments_whose_fee_is_not_told_are_named_and_count_as_nothing() -> None:
    world = FeeWorld()
    world.book_fees(february(a_fee_line("900"), a_fee_line("901", fee=None, platform=None)))
    record = world.fee_record()
    assert record.state is State.SYNCED
    assert "1 payment" in record.detail
    assert world.one("Purchase")["TotalAmt"] == Decimal("3.40")


def test_report_only_books_nothing() -> None:
    world = FeeWorld()
    world.monthly(fee_booking="report_only")
    assert world.book_fees(many(5)) == ()
    assert world.booked("Purchase") == []


def test_daily_books_a_record_a_day_and_a_month_after_that_books_the_rest() -> None:
    world = FeeWorld()
    world.monthly(fee_booking="daily")
    assert len(world.book_fees(many(3))) == 3
    assert world.counts() == {"Purchase": 3}
    assert sorted(row["DocNumber"] for row in world.booked("Purchase"))[0] == "FEE-2026-02-01-USD"
    world.monthly()
    world.book_fees(many(4))
    assert world.spent()["clearing"] == "-13.60"
    world.monthly(fee_booking="daily")
    world.book_fees(many(5))
    assert world.spent()["clearing"] == "-13.60"
    late = world.fee_record(period=Period.day(FEBRUARY.first.replace(day=5)))
    assert (late.state, late.reason) == (State.IGNORED, "booked_by_month")


@pytest.mark.parametrize("tracked", [True, False])
def test_class_and_location_are_on_the_documents_where_quickbooks_tracks_them(tracked: bool) -> None:
    world = FeeWorld(track_classes=tracked, track_departments=tracked)
    made = {kind: str(world.bookkeeper.create(kind, Name="Online")["Id"]) for kind in ("Class", "Department")}
    world.monthly(fee_class_id=made["Class"], fee_department_id=made["Department"])
    world.book_fees(many(2))
    world.book_fees(many(1))
    assert world.fee_record().state is State.SYNCED
    for kind, detail in (("Purchase", "AccountBasedExpenseLineDetail"), ("Deposit", "DepositLineDetail")):
        row = world.one(kind)
        shown = {line[detail].get("ClassRef", {}).get("value") for line in row["Line"]}
        assert shown == {made["Class"] if tracked else None}
        assert row.get("DepartmentRef", {}).get("value") == (made["Department"] if tracked else None)


def test_a_class_that_quickbooks_does_not_know_is_attention_that_says_what_it_refused() -> None:
    world = FeeWorld(track_classes=True)
    world.monthly(fee_class_id="5000")
    world.book_fees(many(1))
    record = world.fee_record()
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFERENCE_INACTIVE)
    assert "5000" in record.detail
    assert "--book" in explain(record)
    world.monthly()
    [booked] = world.book_fees(many(1))
    assert booked.finished


def test_what_needs_a_person_says_so_of_fees_and_not_of_an_invoice() -> None:
    world = FeeWorld()
    world.book_fees(many(2))
    world.bookkeeper.void("Purchase", world.one("Purchase"))
    world.book_fees(many(2))
    told = explain(world.fee_record())
    assert "entry of these fees" in told
    assert "voided" in told
    assert "invoice" not in told
    world.bookkeeper.delete("Purchase", world.one("Purchase"))
    [booked] = world.book_fees(many(2), by_person=True)
    assert booked.finished
    assert [(row["TotalAmt"], row["DocNumber"]) for row in world.booked("Purchase")] == [
        (Decimal("6.80"), "FEE-2026-02-USD")
    ]


def test_an_entry_that_was_deleted_is_made_anew_under_its_number_beside_the_ones_that_stand() -> None:
    world = FeeWorld()
    world.book_fees(many(2))
    world.book_fees(many(3))
    first = next(row for row in world.booked("Purchase") if row["DocNumber"] == "FEE-2026-02-USD")
    world.bookkeeper.delete("Purchase", first)
    world.book_fees(many(3), by_person=True)
    assert {row["DocNumber"]: row["TotalAmt"] for row in world.booked("Purchase")} == {
        "FEE-2026-02-USD": Decimal("6.80"),
        "FEE-2026-02-USD-2": Decimal("3.40"),
    }
    assert world.spent()["clearing"] == "-10.20"


def test_two_processors_are_booked_where_quickbooks_takes_no_number_twice() -> None:
    world = FeeWorld(warn_duplicate_purchase_numbers=True)
    both = february(a_fee_line("900"), a_fee_line("901", processor=Processor.STRIPE, platform="0.00"))
    assert all(one.finished for one in world.book_fees(both))
    assert {row["DocNumber"] for row in world.booked("Purchase")} == {"FEE-2026-02-USD", "STR-2026-02-USD"}
    more = february(*(a_fee_line(str(number)) for number in range(900, 903)))
    assert all(one.finished for one in world.book_fees(more))


def test_a_number_that_a_person_used_already_is_attention_that_names_it() -> None:
    world = FeeWorld(warn_duplicate_purchase_numbers=True)
    world.bookkeeper.spend("36", PROCESSING, Decimal("1.00"), DocNumber="FEE-2026-02-USD")
    world.book_fees(many(2))
    record = world.fee_record()
    assert record.state is State.ATTENTION
    assert "invoice" not in explain(record).lower()
    assert "FEE-2026-02-USD is borne by" in explain(record)
    spent = next(row for row in world.booked("Purchase") if "tieout:" not in row.get("PrivateNote", ""))
    world.bookkeeper.change("Purchase", spent, DocNumber="12", PaymentType="Cash")
    [booked] = world.book_fees(many(2))
    assert booked.finished
    assert len(world.booked("Purchase")) == 2


def test_a_number_that_our_own_entry_bears_means_that_it_was_booked() -> None:
    world = FeeWorld()
    post = world.ledger.post

    def there_already(*arguments: object) -> object:
        made = post(*arguments)  # type: ignore[arg-type]
        raise NumberTaken("", {}, holder_type="Expense", holder_id=made.id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.ledger, "post", there_already)
        world.book_fees(many(2))
    [booked] = world.book_fees(many(2))
    assert booked.finished
    assert world.fee_record().state is State.SYNCED
    assert len(world.booked("Purchase")) == 1


amounts = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 90)), min_size=1, max_size=6)


@settings(max_examples=20)
@given(amounts, st.data())
def test_a_prefix_and_then_the_rest_stand_in_quickbooks_books_as_the_month_at_once(
    charged: list[tuple[int, int]], data: st.DataObject
) -> None:
    lines = [
        a_fee_line(str(900 + number), 1 + number, fee=str(Decimal(fee) / 100), platform=str(Decimal(platform) / 100))
        for number, (fee, platform) in enumerate(charged)
    ]
    parts, whole = FeeWorld(), FeeWorld()
    for cut in sorted(data.draw(st.lists(st.integers(1, len(lines)), max_size=3))):
        parts.book_fees(february(*lines[:cut]))
    shuffled = data.draw(st.permutations(lines))
    parts.book_fees(february(*shuffled, *shuffled[:2]))
    whole.book_fees(february(*lines))
    assert parts.spent() == whole.spent()
    before = len(parts.booked("Purchase"))
    parts.book_fees(february(*shuffled))
    assert len(parts.booked("Purchase")) == before
    assert parts.booked("Deposit") == []
