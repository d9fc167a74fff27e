"""Gathers the payments and refunds of a period from HubSpot as fee lines, and makes the report of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from tieout.domain.dates import calendar_date
from tieout.domain.fee import FeeLine, Period, PeriodPayments, RefundLine, UnreadableFee
from tieout.domain.money import Money
from tieout.domain.payment import Processor, SourcePayment, UnreadablePayment
from tieout.domain.planning.fees import FeeReport, report
from tieout.ports import Workspace
from tieout.services.fee_documents import FeeDocument

Progress = Callable[[int], None]
"""Told how many payments were read until now."""


def _silent(_read: int) -> None:
    pass


def fee_report(workspace: Workspace, period: Period, progress: Progress = _silent) -> FeeReport:
    """The fees of a period in the company's time zone.

    Costs a search call for 200 payments, and for what was given back a search call for 200 and a read for 100. Raises
    what reading HubSpot, or the company of the ledger, raises.
    """
    return report(gather(workspace, period, progress))


def fee_document(workspace: Workspace, period: Period, at: datetime, progress: Progress = _silent) -> FeeDocument:
    """The report with the company's name, as it is written down at `at`."""
    company = workspace.ledger.company()
    local = at.astimezone(ZoneInfo(company.time_zone))
    return FeeDocument(workspace.connection.id, company.name, local, fee_report(workspace, period, progress))


def gather(workspace: Workspace, period: Period, progress: Progress = _silent) -> PeriodPayments:
    """The received payments of a period, and what was given back in it, also of earlier payments."""
    zone = workspace.ledger.company().time_zone
    start, end = period.bounds(zone)
    lines: list[FeeLine] = []
    refunds: list[RefundLine] = []
    unreadable: dict[str, UnreadableFee] = {}
    read = 0
    for page in workspace.crm.initiated_between(min(start, _picked(period.first)), end):
        read += len(page)
        progress(read)
        for one in page:
            if isinstance(one, UnreadablePayment):
                unreadable[one.id] = UnreadableFee(one.id, one.reason)
            elif one.received and _day(one, zone) in period:
                lines.append(fee_line(one, zone))
    for page in workspace.crm.refunded_since(start):
        for one in page:
            if isinstance(one, UnreadablePayment):
                unreadable[one.id] = UnreadableFee(one.id, one.reason)
            elif one.received:
                refunds += [line for line in refund_lines(one, zone) if line.day in period]
    return PeriodPayments(period, tuple(lines), tuple(refunds), tuple(unreadable.values()))


def fee_line(payment: SourcePayment, zone: str) -> FeeLine:
    """A payment in the currency in which it settles, on its day in `zone`."""
    gross = payment.settled or payment.amount
    return FeeLine(
        payment.id,
        _day(payment, zone),
        payment.processor,
        gross,
        payment.processing_fee,
        payment.platform_fee,
        payment.net,
        _settled(payment, payment.refunded),
        payment.method or "",
        converted=gross.currency != payment.amount.currency,
    )


def refund_lines(payment: SourcePayment, zone: str) -> Iterator[RefundLine]:
    """Each part that was given back, on its day; a refund that failed is one with a negative amount."""
    line = fee_line(payment, zone)
    history = payment.refund_history
    if not history and payment.refunded.amount:
        detected = payment.modified_at or payment.initiated_at
        yield RefundLine(
            line, detected.astimezone(ZoneInfo(zone)).date(), _settled(payment, payment.refunded), detected=True
        )
    before = Money(payment.refunded.amount * 0, payment.refunded.currency)
    for step in history:
        day = step.at.astimezone(ZoneInfo(zone)).date()
        # What both cumulative amounts come to in the other currency, so that the parts add up to the whole.
        yield RefundLine(line, day, _settled(payment, step.total) - _settled(payment, before))
        before = step.total


def _settled(payment: SourcePayment, amount: Money) -> Money:
    """An amount of the payment in the currency in which it settles, at the payment's own rate."""
    gross = payment.settled
    if gross is None or gross.currency == amount.currency or not payment.amount.amount:
        return amount
    return Money(gross.amount * amount.amount / payment.amount.amount, gross.currency)


def _day(payment: SourcePayment, zone: str) -> date:
    """As `planning.receipt.receipt_day`: a date that a person picked is taken as it is."""
    if payment.processor is Processor.BY_HAND:
        return calendar_date(payment.initiated_at, zone)
    return payment.initiated_at.astimezone(ZoneInfo(zone)).date()


def _picked(day: date) -> datetime:
    """How HubSpot stores a date that a person picked; west of Greenwich it lies before the day begins."""
    return datetime.combine(day, time(), UTC)
