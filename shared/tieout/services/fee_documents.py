"""The fee report for programs and for spreadsheets: JSON, and CSV with a row for each payment and refund."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tieout.domain.fee import FeeLine, RefundLine
from tieout.domain.money import Money
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.fees import Composition, FeeReport, Finding, Total, charged
from tieout.domain.posting import Posting

Group = tuple[Processor, str]
"""A processor and a currency."""

PROCESSORS: Mapping[Processor, str] = {
    Processor.HUBSPOT: "HubSpot payments",
    Processor.STRIPE: "Stripe",
    Processor.BY_HAND: "Recorded by hand",
    Processor.QUICKBOOKS: "Recorded by QuickBooks",
    Processor.XERO: "Recorded by Xero",
}
"""The processors in a bookkeeper's words."""
COMPOSITIONS: Mapping[Composition, str] = {
    Composition.APART: "HubSpot tells the processing fee and the platform fee apart from each other.",
    Composition.INCLUDED: "HubSpot's processing fee includes the platform fee, which is taken out of it here.",
    Composition.NO_PLATFORM_FEE: "HubSpot tells of no platform fee.",
    Composition.AMBIGUOUS: "It cannot be told whether HubSpot's processing fee includes the platform fee. The two are "
    "not added, payments that bear both count as without known fees, and nothing is booked.",
}
"""How the two fees go together, in a bookkeeper's words."""

_COLUMNS = (
    "day",
    "payment",
    "kind",
    "processor",
    "currency",
    "gross",
    "processing_fee",
    "platform_fee",
    "refund",
    "net",
    "method",
    "findings",
)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a period's fees. `adjusting`: it corrects what was booked before it."""

    posting: Posting
    adjusting: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """What stands in the books for a processor and currency: the first entry and those that correct it, of a month
    that is booked day by day those of each day. `problem` is why nothing more was booked."""

    entries: tuple[Entry, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FeeDocument:
    """A report with what people have to know beside it: whose it is, when it was made (aware), and what was booked."""

    connection: str
    company: str
    at: datetime
    report: FeeReport
    booked: Mapping[Group, Booked] = field(default_factory=dict)


def as_json(document: FeeDocument) -> str:
    """The report for programs; amounts are texts, so that no program reads them as binary fractions."""
    return json.dumps({**facts(document), "payments": _payments(document.report)}, indent=2, ensure_ascii=False) + "\n"


def facts(document: FeeDocument) -> dict[str, object]:
    """Everything but the single payments, as plain values."""
    report = document.report
    return {
        "connection": document.connection,
        "company": document.company,
        "period": str(report.payments.period),
        "at": document.at.isoformat(),
        "composition": report.composition.value,
        "evidence": {"apart": report.evidence.apart, "included": report.evidence.included},
        "totals": [_total(one) for one in report.totals],
        "days": {day: [_total(one) for one in totals] for day, totals in report.by_day().items()},
        "findings": [_finding(one) for one in report.findings],
        "unreadable": [{"payment": one.payment_id, "reason": one.reason} for one in report.payments.unreadable],
        "booked": [
            {
                "processor": processor.value,
                "currency": currency,
                "problem": one.problem,
                "entries": [_entry(entry) for entry in one.entries],
            }
            for (processor, currency), one in document.booked.items()
        ],
    }


def as_csv(report: FeeReport) -> str:
    """A row for each payment and for each refund, oldest first; a fee that is not known is empty, never zero."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    odd = _oddities(report.findings)
    for line in report.payments.lines:
        fees = charged(line, report.composition)
        rows.writerow(
            (
                line.day,
                line.payment_id,
                "payment",
                line.processor.value,
                line.currency,
                plain(line.gross),
                plain(fees.processing) if fees else "",
                plain(fees.platform) if fees else "",
                "",
                plain(line.gross - fees.total) if fees else "",
                _cell(line.method),
                " ".join(odd.get(line.payment_id, ())),
            )
        )
    for refund in report.payments.refunds:
        rows.writerow(_refund_row(refund))
    return text.getvalue()


def _refund_row(refund: RefundLine) -> Sequence[object]:
    line, amount = refund.payment, refund.amount
    noted = "date_of_detection" if refund.detected else ""
    return (
        refund.day,
        line.payment_id,
        "refund",
        line.processor.value,
        amount.currency,
        "",
        "",
        "",
        plain(amount),
        plain(-amount),
        _cell(line.method),
        noted,
    )


def _cell(text: str) -> str:
    """A text of HubSpot's as a cell that is no formula to a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(amount: Money) -> str:
    """An amount for programs: no thousands separators, no currency."""
    return f"{amount.amount:f}"


def _oddities(findings: Sequence[Finding]) -> Mapping[str, list[str]]:
    odd: dict[str, list[str]] = {}
    for one in findings:
        odd.setdefault(one.line.payment_id, []).append(one.oddity.value)
    return odd


def _total(total: Total) -> Mapping[str, object]:
    return {
        "processor": total.processor.value,
        "currency": total.currency,
        "payments": total.payments,
        "without_known_fees": total.missing,
        "gross": plain(total.gross),
        "processing_fees": plain(total.fees.processing),
        "platform_fees": plain(total.fees.platform),
        "fees": plain(total.fees.total),
        "refunds": plain(total.refunds),
        "fees_on_refunds": plain(total.fees_on_refunds),
        "net": plain(total.net),
        "rate": None if total.rate is None else f"{total.rate:f}",
    }


def _finding(one: Finding) -> Mapping[str, str]:
    return {"payment": one.line.payment_id, "finding": one.oddity.value, "detail": one.detail}


def told_as(entry: Entry) -> str:
    """What an entry is, in a bookkeeper's words."""
    deposit = entry.posting.sent.document is Document.DEPOSIT
    what = "Fees given back (deposit)" if deposit else "Adjusting expense" if entry.adjusting else "Expense"
    return f"{what}, does not count any more" if entry.posting.voided else what


def booked_amount(entry: Entry) -> Money:
    """What an entry adds to the fees: less than nothing where they were given back."""
    content = entry.posting.sent
    return -content.amount if content.document is Document.DEPOSIT else content.amount


def _entry(entry: Entry) -> Mapping[str, object]:
    posting = entry.posting
    content = posting.sent
    return {
        "document": "deposit" if content.document is Document.DEPOSIT else "expense",
        "quickbooks_id": posting.far_id,
        "number": content.reference,
        "day": content.day.isoformat(),
        "amount": plain(content.amount),
        "lines": {one.fee.value: plain(one.amount) for one in content.account_lines},
        "adjusting": entry.adjusting,
        "voided": posting.voided,
    }


def _payments(report: FeeReport) -> list[Mapping[str, object]]:
    return [_payment(line, report.composition) for line in report.payments.lines]


def _payment(line: FeeLine, composition: Composition) -> Mapping[str, object]:
    fees = charged(line, composition)
    return {
        "id": line.payment_id,
        "day": line.day.isoformat(),
        "processor": line.processor.value,
        "currency": line.currency,
        "gross": plain(line.gross),
        "processing_fee": plain(fees.processing) if fees else None,
        "platform_fee": plain(fees.platform) if fees else None,
        "told_net": plain(line.net) if line.net else None,
    }
