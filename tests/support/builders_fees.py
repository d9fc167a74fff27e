"""Fees that are right by default: a payment of 100.00 with a fee of 2.90 and a platform fee of 0.50 apart from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.builders import some_books
from tieout.domain.account import LedgerAccount, LedgerVendor
from tieout.domain.fee import FeeLine, Period, PeriodPayments, RefundLine
from tieout.domain.money import Money
from tieout.domain.payment import Processor
from tieout.domain.planning.books import Books
from tieout.domain.planning.fee_booking import FeeCase, desired
from tieout.domain.planning.fees import FeeReport
from tieout.domain.posting import Posting, PostingContent

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
CLEARING, VENDOR, PROCESSING, PLATFORM = "35", "56", "71", "72"
ACCOUNTS = {
    CLEARING: LedgerAccount(CLEARING, "HubSpot clearing", "Bank"),
    PROCESSING: LedgerAccount(PROCESSING, "Processing fees", "Expense"),
    PLATFORM: LedgerAccount(PLATFORM, "Platform fees", "Expense"),
}
VENDORS = {VENDOR: LedgerVendor(VENDOR, "HubSpot payments")}


def fee_settings(**changes: Any) -> dict[str, Any]:
    """A settings document that names all that booking needs."""
    return {
        "fee_booking": "monthly",
        "deposit_accounts": {"hs_payments": CLEARING},
        "fee_vendors": {"hs_payments": VENDOR},
        "processing_fee_account_id": PROCESSING,
        "platform_fee_account_id": PLATFORM,
        **changes,
    }


def fee_books(**changes: Any) -> Books:
    """Books of a company whose settings name all that booking needs."""
    return some_books(None, **fee_settings(**changes))


def a_fee_line(id_: str = "900", day: int = 3, gross: str = "100.00", **changes: Any) -> FeeLine:
    """A payment in October; `fee`, `platform` and `net` as texts, None for one that is not told."""
    currency = changes.pop("currency", "USD")
    amount = Money(Decimal(gross), currency)
    fee, platform = changes.pop("fee", "2.90"), changes.pop("platform", "0.50")
    told = [Money(Decimal(one), currency) for one in (fee, platform) if one is not None]
    net = changes.pop("net", str((amount - sum(told, Money(Decimal(0), currency))).amount) if fee else None)

    def money(text: str | None) -> Money | None:
        return None if text is None else Money(Decimal(text), currency)

    return FeeLine(
        id_,
        date(2026, 10, day),
        changes.pop("processor", Processor.HUBSPOT),
        amount,
        money(fee),
        money(platform),
        money(net),
        money(changes.pop("refunded", "0.00")),
        **changes,
    )


def october(*lines: FeeLine, refunds: tuple[RefundLine, ...] = ()) -> PeriodPayments:
    """The payments of October."""
    return PeriodPayments(OCTOBER, lines, refunds)


def a_fee_case(report: FeeReport, *postings: Posting, today: date = date(2026, 11, 1), **changes: Any) -> FeeCase:
    """The fees in dollars of HubSpot payments, with the accounts and the vendor that the settings name."""
    fees = desired(report)[Processor.HUBSPOT, "USD"]
    known: dict[str, Any] = {"accounts": ACCOUNTS, "vendors": VENDORS, **changes}
    return FeeCase(
        report.payments.period, Processor.HUBSPOT, "USD", fees, report.evidence, today, postings=postings, **known
    )


def posted(content: PostingContent, number: int = 1) -> Posting:
    """What a record remembers of it."""
    return Posting(str(500 + number), content, content, "0")
