"""The hourly fee reports: which day and month, kept where, booked when, and whose trouble is whose."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders_world import VENDOR_TIMEOUT
from tests.support.fee_world import FeeWorld
from tests.support.memory_reports import MemoryReports
from tieout.domain.errors import ConnectionLost, StoreUnavailable
from tieout.domain.fee import Period
from tieout.domain.payment import Processor
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.ports import Workspace, Workspaces
from tieout.services.book_fees import BookFees
from tieout.services.fee_reports import CURSOR, FeeReports
from tieout.services.outcome import Run
from tieout.services.report_fees import fee_report


class Shop(FeeWorld):
    """A world on 2 March with its reports; `opened` counts how often its connection was opened."""

    def __init__(self, booking: str = "report_only", **options: Any) -> None:
        self.kept, self.opened = MemoryReports(), 0
        super().__init__(**options)
        self.monthly(fee_booking=booking)

    def open(self, connection: str) -> Workspace | None:
        self.opened += 1
        return super().open(connection)

    def take(self, amount: str = "100.00", **terms: Any) -> str:
        terms = {"fee": "2.90", "platform_fee": "0.50", **terms}
        return self.people.pay_link(amount, "anna@example.test", **terms)

    def hour(
        self, reports: MemoryReports | None = None, minutes: float = 10, workspaces: Workspaces | None = None
    ) -> Run:
        booking = BookFees(self.claims, VENDOR_TIMEOUT)
        service = FeeReports(
            self.connections, workspaces or self, booking, reports or self.kept, self.cursors, self.clock
        )
        return service.run("trace", self.clock.now() + timedelta(minutes=minutes))

    def next_day(self, days: int = 1) -> None:
        self.clock.advance(days * 86_400)

    def names(self) -> set[str]:
        return {name for _, _, name in self.kept.kept}

    def fees_of(self, period: str) -> SyncRecord | None:
        return self.records.get(RecordKey("c1", Kind.FEES, "hubspot", f"{Processor.HUBSPOT.value}:USD:{period}"))


class LostWorkspaces:
    """A connection that has to be renewed."""

    def open(self, connection: str) -> Workspace | None:
        raise ConnectionLost("sign in again")


def test_the_day_that_closed_and_its_month_are_kept_as_page_csv_and_json() -> None:
    shop = Shop()
    id_ = shop.take()
    shop.next_day()
    assert shop.hour().counts["fee_reports"] == 3
    assert {name.rsplit(".", 1)[0] for name in shop.names()} == {"fees-2026-02", "fees-2026-03", "fees-2026-03-02"}
    told = json.loads(shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.json"])
    assert [one["id"] for one in told["payments"]] == [id_]
    assert id_ in shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.csv"]
    assert "Payment fees, 2 March 2026" in shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.html"]


def test_until_the_next_day_closes_nothing_is_read_or_even_opened() -> None:
    shop = Shop()
    shop.hour()
    opened, calls = shop.opened, len(shop.hubspot.traffic.exchanges)
    shop.clock.advance(3600)
    assert shop.hour().counts["fee_reports"] == 0
    assert (shop.opened, len(shop.hubspot.traffic.exchanges)) == (opened, calls)


def test_the_day_that_is_still_going_on_is_in_no_report() -> None:
    shop = Shop()
    shop.next_day()
    today = shop.take()
    shop.hour()
    assert not any(today in text for text in shop.kept.kept.values())
    shop.next_day()
    shop.hour()
    assert today in shop.kept.kept["c1", date(2026, 3, 3), "fees-2026-03-03.csv"]


def test_days_that_were_missed_are_made_up_for() -> None:
    shop = Shop()
    shop.hour()
    shop.next_day(3)
    shop.hour()
    assert {"fees-2026-03-02.csv", "fees-2026-03-03.csv", "fees-2026-03-04.csv"} <= shop.names()


def test_after_the_first_half_of_a_month_the_one_before_is_left_alone() -> None:
    shop = Shop()
    shop.next_day(20)
    shop.hour()
    assert "fees-2026-02.csv" not in shop.names()


def test_a_month_is_booked_once_it_is_over_and_its_page_shows_the_entry() -> None:
    shop = Shop("monthly")
    shop.take()
    shop.next_day()
    shop.hour()
    assert shop.fees_of("2026-03") is None
    shop.next_day(30)
    shop.hour()
    record = shop.fees_of("2026-03")
    assert record is not None
    assert (record.state, [one.sent.reference for one in record.postings]) == (State.SYNCED, ["FEE-2026-03-USD"])
    assert "FEE-2026-03-USD" in shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.html"]


def test_a_fee_told_in_the_month_after_is_a_second_entry_and_both_are_shown() -> None:
    shop = Shop("monthly")
    shop.take()
    late = shop.take(fee="untold", platform_fee="untold")
    shop.next_day(31)
    shop.hour()
    shop.people.charge(late, fee="3.00", platform_fee="0.50")
    shop.next_day()
    shop.hour()
    record = shop.fees_of("2026-03")
    assert record is not None
    assert [str(one.sent.amount) for one in record.postings] == ["3.40 USD", "3.50 USD"]
    page = shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.html"]
    assert "Adjusting expense" in page


def test_a_day_is_booked_as_it_closes_where_the_policy_is_daily() -> None:
    shop = Shop("daily")
    shop.take()
    shop.next_day()
    shop.hour()
    record = shop.fees_of("2026-03-02")
    assert record is not None
    assert record.state is State.SYNCED
    for day, period in ((2, "2026-03-02"), (31, "2026-03")):
        told = json.loads(shop.kept.kept["c1", date(2026, 3, day), f"fees-{period}.json"])
        assert [one["number"] for one in told["booked"][0]["entries"]] == ["FEE-2026-03-02-USD"]


def test_what_stops_a_booking_is_on_the_page_and_the_report_is_kept_all_the_same() -> None:
    shop = Shop("daily")
    shop.monthly(fee_booking="daily", fee_vendors={})
    shop.take()
    shop.next_day()
    assert shop.hour().counts["fee_reports_unfinished"] == 0
    assert "fee_vendors names no vendor" in shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.html"]


def test_a_booking_that_did_not_come_to_its_end_is_done_by_the_next_hour() -> None:
    shop = Shop("daily")
    shop.take()
    shop.next_day()
    shop.quickbooks.faults.add({"kind": "status_500", "method": "POST", "path": "/purchase", "times": 1})
    shop.hour()
    assert shop.cursors.load("c1", CURSOR) is None
    shop.clock.advance(3600)
    shop.hour()
    record = shop.fees_of("2026-03-02")
    assert record is not None
    assert record.state is State.SYNCED
    assert len(record.postings) == 1


def test_what_is_missing_odd_or_ambiguous_is_counted() -> None:
    shop = Shop()
    shop.take(fee="untold", platform_fee="untold")
    shop.next_day()
    counts = shop.hour().counts
    assert (counts["fees_missing"], counts["fees_odd"], counts["fees_ambiguous"]) == (1, 1, 0)


def test_a_connection_that_cannot_be_read_is_its_own_trouble_and_is_repeated() -> None:
    shop = Shop()
    shop.next_day()
    run = shop.hour(workspaces=LostWorkspaces())
    assert [type(one.error) for one in run.troubles] == [ConnectionLost]
    assert (run.failure, run.counts["fee_reports_unfinished"]) == (None, 1)
    assert shop.cursors.load("c1", CURSOR) is None
    assert shop.hour().counts["fee_reports"] == 3


def test_a_bucket_that_is_away_fails_the_run_and_the_day_is_reported_again() -> None:
    class Away(MemoryReports):
        def keep(self, connection: str, day: date, name: str, text: str, content_type: str) -> None:
            raise StoreUnavailable(context={"system": "s3"})

    shop = Shop()
    shop.next_day()
    assert isinstance(shop.hour(Away()).failure, StoreUnavailable)
    assert shop.hour().counts["fee_reports"] == 3


def test_without_time_nothing_is_begun() -> None:
    shop = Shop()
    assert shop.hour(minutes=0).counts["fee_reports_unfinished"] == 1
    assert shop.opened == 0


# Where a day has 23, 25, 23.5 or 24.5 hours, begins at a half or quarter hour, or has no midnight.
DAYS = [
    ("America/New_York", date(2026, 3, 8)),
    ("Europe/London", date(2026, 3, 29)),
    ("Asia/Kolkata", date(2026, 3, 31)),
    ("Asia/Kathmandu", date(2026, 3, 31)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Beirut", date(2026, 3, 29)),
]


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_each_day_is_reported_once_by_the_first_run_after_it_closed_where_the_company_is(zone: str, day: date) -> None:
    shop = Shop(time_zone=zone)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=40)
    shop.clock.advance((begin - shop.clock.now()).total_seconds())
    shop.hour()
    seen: dict[str, datetime] = {}
    for _ in range(100):
        shop.clock.advance(3600)
        before = shop.names()
        shop.hour()
        for name in sorted(shop.names() - before):
            seen.setdefault(name, shop.clock.now())
    for told in (day, day + timedelta(days=1)):
        closes = datetime.combine(told + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
        ran = seen[f"fees-{told}.csv"]
        assert closes <= ran < closes + timedelta(hours=1)


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_a_payment_counts_on_the_day_that_it_is_where_the_company_is_and_on_no_other(zone: str, day: date) -> None:
    shop = Shop(time_zone=zone)
    local = ZoneInfo(zone)
    begin = datetime.combine(day, datetime.min.time(), local).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), local).astimezone(UTC)
    ids = []
    for at in (begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end):
        shop.clock.advance((at - shop.clock.now()).total_seconds())
        ids.append(shop.take())
    workspace = shop.open("c1")
    assert workspace is not None
    found = {
        told: [one.payment_id for one in fee_report(workspace, Period.day(told)).payments.lines]
        for told in (day - timedelta(days=1), day, day + timedelta(days=1))
    }
    assert list(found.values()) == [ids[:1], ids[1:3], ids[3:]]


def test_a_month_closes_and_is_booked_by_the_companys_clock() -> None:
    shop = Shop("monthly", time_zone="Asia/Kolkata")
    shop.take()
    closes = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    shop.clock.advance((closes - shop.clock.now()).total_seconds() - 1)
    shop.hour()
    assert shop.fees_of("2026-03") is None
    shop.clock.advance(1)
    shop.hour()
    record = shop.fees_of("2026-03")
    assert record is not None
    assert [one.sent.day for one in record.postings] == [date(2026, 3, 31)]


def test_what_a_person_did_to_the_mapping_is_attention_on_the_page_and_the_report_is_kept() -> None:
    for changes, told in (
        ({"fee_vendors": {}}, "fee_vendors names no vendor for hs_payments"),
        ({"deposit_accounts": {"byo_stripe": "36"}}, "deposit_accounts names no clearing account for hs_payments"),
        ({"processing_fee_account_id": "1"}, "account 1 (Services), of type Income"),
        ({"platform_fee_account_id": "999"}, "account 999, which QuickBooks does not have"),
    ):
        shop = Shop("daily")
        shop.monthly(**{"fee_booking": "daily", **changes})
        id_ = shop.take()
        shop.next_day()
        assert shop.hour().counts["fee_reports"] == 3
        page = shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.html"]
        assert told in page
        assert "then book" in page
        assert id_ in shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.csv"]
        assert shop.booked("Purchase") == []


def test_closed_books_hold_the_entry_say_so_on_the_page_and_the_report_is_kept() -> None:
    shop = Shop("daily")
    shop.take()
    shop.next_day()
    shop.bookkeeper.close_books(date(2026, 3, 2))
    shop.hour()
    page = shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.html"]
    assert "are closed in QuickBooks" in page
    assert "Reopen the period" in page
    assert shop.booked("Purchase") == []


def test_a_processor_that_tieout_does_not_know_is_listed_and_the_others_are_booked() -> None:
    shop = Shop("daily", hubspot={"payment_processors": ("hs_payments", "quantum_pay")})
    shop.take()
    strange = shop.take(processor="quantum_pay")
    shop.next_day()
    shop.hour()
    page = shop.kept.kept["c1", date(2026, 3, 2), "fees-2026-03-02.html"]
    assert f"Payment {strange} cannot be read" in page
    assert "quantum_pay" in page
    assert shop.one("Purchase")["TotalAmt"] == Decimal("3.40")


def test_two_functions_at_once_book_a_month_once() -> None:
    shop = Shop("daily")
    shop.take()
    shop.next_day()
    post = shop.ledger.post
    met: list[Run] = []

    def both(*arguments: object) -> object:
        met.append(shop.hour())
        return post(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop.ledger, "post", both)
        shop.hour()
    assert [one.counts["fee_reports_unfinished"] for one in met] == [1]
    assert len(shop.booked("Purchase")) == 1
    shop.next_day()
    shop.hour()
    assert len(shop.booked("Purchase")) == 1


def test_a_day_of_a_month_that_is_booked_by_day_is_no_adjustment() -> None:
    shop = Shop("daily")
    for _ in range(3):
        shop.take()
        shop.next_day()
    shop.hour()
    [booked] = json.loads(shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.json"])["booked"]
    assert [(one["number"], one["adjusting"]) for one in booked["entries"]] == [
        (f"FEE-2026-03-0{day}-USD", False) for day in (2, 3, 4)
    ]
    assert "Adjusting" not in shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.html"]
