"""The hourly fee reports: which day and month, kept where, booked when, and whose trouble is whose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.support.builders_world import World
from tests.unit.test_services_nightly_reconcile import MemoryReports
from tieout.domain.errors import ConnectionLost, StoreUnavailable
from tieout.domain.planning.fees import FeeReport
from tieout.domain.settings import FeeBooking
from tieout.domain.settings_document import parse_settings
from tieout.ports import Workspace
from tieout.services.fee_documents import Booked, Group
from tieout.services.fee_reports import CURSOR, FeeReports
from tieout.services.outcome import Run


@dataclass
class Books:
    """Notes which periods were to be booked."""

    asked: list[str] = field(default_factory=list)

    def book(self, _workspace: Workspace, found: FeeReport, _trace: str, _until: datetime) -> Mapping[Group, Booked]:
        self.asked.append(str(found.payments.period))
        return {(one.processor, one.currency): Booked(problem="No vendor.") for one in found.totals}


class Shop(World):
    """A world on 2 March with its reports."""

    def __init__(self, booking: FeeBooking = FeeBooking.REPORT_ONLY) -> None:
        super().__init__()
        self.kept, self.books, self.booking = MemoryReports(), Books(), booking
        self.opened = 0

    def open(self, connection: str) -> Workspace | None:
        self.opened += 1
        opened = super().open(connection)
        settings = parse_settings({"fee_booking": self.booking.value})
        return replace(opened, settings=settings) if opened else None

    def take(self, amount: str = "100.00", **terms: Any) -> str:
        terms = {"fee": "2.90", "platform_fee": "0.50", **terms}
        return self.hubspot.people.pay_link(amount, "anna@example.test", **terms)

    def hour(self, reports: MemoryReports | None = None, minutes: float = 10) -> Run:
        service = FeeReports(self.connections, self, reports or self.kept, self.cursors, self.clock, self.books.book)
        return service.run("trace", self.clock.now() + timedelta(minutes=minutes))

    def next_day(self, days: int = 1) -> None:
        self.clock.advance(days * 86_400)

    def names(self) -> set[str]:
        return {name for _, _, name in self.kept.kept}


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


@pytest.mark.parametrize(
    ("booking", "asked"),
    [(FeeBooking.MONTHLY, ["2026-02"]), (FeeBooking.DAILY, ["2026-02", "2026-03"])],
)
def test_a_month_is_booked_once_it_is_over_and_days_as_they_close(booking: FeeBooking, asked: list[str]) -> None:
    shop = Shop(booking)
    shop.take()
    shop.next_day()
    shop.hour()
    assert shop.books.asked == asked
    page = shop.kept.kept["c1", date(2026, 3, 31), "fees-2026-03.html"]
    assert ("No vendor." in page) is (booking is FeeBooking.DAILY)


def test_what_is_missing_odd_or_ambiguous_is_counted() -> None:
    shop = Shop()
    shop.take(fee="untold", platform_fee="untold")
    shop.next_day()
    counts = shop.hour().counts
    assert (counts["fees_missing"], counts["fees_odd"], counts["fees_ambiguous"]) == (1, 1, 0)


def test_a_connection_that_cannot_be_read_is_its_own_trouble_and_is_repeated() -> None:
    shop = Shop()

    def lost(_connection: str) -> Workspace | None:
        raise ConnectionLost("sign in again")

    shop.next_day()
    broken = FeeReports(
        shop.connections, type("Lost", (), {"open": staticmethod(lost)})(), shop.kept, shop.cursors, shop.clock
    )
    run = broken.run("trace", shop.clock.now() + timedelta(minutes=10))
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
