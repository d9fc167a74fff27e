"""The world of payments with what fees are booked on, and reports of a month of plain figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.support.builders_fees import a_fee_line
from tests.support.builders_money_world import ACCOUNTS, CLEARING, STRIPE, MoneyWorld
from tests.support.builders_world import VENDOR_TIMEOUT
from tieout.domain.fee import FeeLine, Period, PeriodPayments
from tieout.domain.payment import Processor
from tieout.domain.planning.fee_booking import fee_key
from tieout.domain.planning.fees import Evidence, FeeReport, report
from tieout.domain.record import SyncRecord
from tieout.services.book_fees import Booked, BookFees

FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))
# The sandbox company's expense accounts.
PROCESSING, PLATFORM = "13", "7"
APART = Evidence(apart=1, told=1)


def february(*lines: FeeLine, known: Evidence = APART) -> FeeReport:
    """The report of these payments, taken in February."""
    moved = tuple(replace(one, day=FEBRUARY.first + timedelta(days=one.day.day - 1)) for one in lines)
    return report(PeriodPayments(FEBRUARY, moved), known)


def many(count: int, **changes: Any) -> FeeReport:
    """Payments of 100.00 with a fee of 2.90 and a platform fee of 0.50 each."""
    return february(*(a_fee_line(str(900 + number), 1 + number % 28, **changes) for number in range(count)))


class FeeWorld(MoneyWorld):
    """`fees` books; vendors stand in QuickBooks, and the settings name everything."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.vendor = str(self.bookkeeper.create("Vendor", DisplayName="HubSpot payments")["Id"])
        self.stripe = str(self.bookkeeper.create("Vendor", DisplayName="Stripe")["Id"])
        self.fees = self.make_fees()
        self.monthly()

    def make_fees(self) -> BookFees:
        """One that books; several share store and clock."""
        return BookFees(self.claims, VENDOR_TIMEOUT)

    def monthly(self, **changes: object) -> None:
        """Apply settings that name all that booking needs."""
        self.settings(
            **{
                "deposit_accounts": ACCOUNTS,
                "fee_booking": "monthly",
                "fee_vendors": {"hs_payments": self.vendor, "byo_stripe": self.stripe},
                "processing_fee_account_id": PROCESSING,
                "platform_fee_account_id": PLATFORM,
                **changes,
            }
        )

    def book_fees(self, found: FeeReport, **how: Any) -> tuple[Booked, ...]:
        """Book a report, an hour later."""
        self.clock.advance(3600)
        workspace = self.open("c1")
        assert workspace is not None
        return self.fees.book(workspace, found, "trace", **how)

    def fee_record(
        self, processor: Processor = Processor.HUBSPOT, currency: str = "USD", period: Period = FEBRUARY
    ) -> SyncRecord:
        """The record of booked fees."""
        found = self.records.get(fee_key("c1", processor, currency, period))
        assert found is not None
        return found

    def spent(self) -> dict[str, str]:
        """What stands on the clearing and fee accounts by the general ledger."""
        books = self.quickbooks.company.ledger
        accounts = {"clearing": CLEARING, "stripe": STRIPE, "processing": PROCESSING, "platform": PLATFORM}
        return {name: str(books.balance(account)) for name, account in accounts.items()}
