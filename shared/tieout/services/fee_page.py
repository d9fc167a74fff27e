"""The fee report as a page to read and to print: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from tieout.domain.fee import FeeLine, Period
from tieout.domain.money import Money
from tieout.domain.payment import Processor
from tieout.domain.planning.fees import Composition, FeeReport, Finding, Oddity, Total, charged
from tieout.services.fee_chart import chart
from tieout.services.fee_documents import COMPOSITIONS, PROCESSORS, Entry, FeeDocument, booked_amount, told_as

_STYLE = """
:root{color-scheme:light}
body{font:14px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;
color:#1c2733;margin:0 auto;max-width:1040px;padding:28px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px}h3{font-size:14px;margin:18px 0 4px}
p{margin:6px 0}.sub{color:#5b6875}.note{border-left:4px solid #c98a00;background:#fff7e5;padding:8px 12px;margin:14px 0}
table{border-collapse:collapse;width:100%;margin:6px 0}th,td{padding:4px 7px;text-align:left;vertical-align:top;
white-space:nowrap;font-size:13px}
.t{white-space:normal;min-width:15em}.w{overflow-x:auto}
th{border-bottom:2px solid #33475b;font-weight:600}td{border-bottom:1px solid #e3e8ee}
.n{text-align:right;font-variant-numeric:tabular-nums}
.sum td{font-weight:600;border-top:1px solid #33475b}
.odd{background:#fff7e5}.unknown{color:#a05a00}svg{display:block;width:100%;height:auto}
.key{display:inline-block;width:10px;height:10px;margin-right:5px}.processing{background:#1f6f8b}.platform{background:#f08a4b}
@media screen and (max-width:640px){body{padding:14px}svg{width:720px}}
@media print{.w{overflow:visible}body{max-width:none;padding:0}body,th,td{font-size:10px}
h2{break-after:avoid}tr,svg,.note{break-inside:avoid}
thead{display:table-header-group}}
"""
_ODDITIES = {
    Oddity.FEE_MISSING: "Fee not known",
    Oddity.NET_DIFFERS: "Net does not follow",
    Oddity.RATE_UNUSUAL: "Unusual rate",
}
_NOT_KNOWN = '<span class="unknown">not known</span>'


def as_html(document: FeeDocument) -> str:
    """The whole page."""
    report = document.report
    title = f"Payment fees, {_period(report.payments.period)}"
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = (
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="sub">{_source(document)}</p>',
        *_notes(report),
        *_summary(report),
        *_charts(report),
        *_bookings(document),
        *_findings(report.findings),
        *_refunds(report),
        *_payments(report),
        "</body></html>\n",
    )
    return "\n".join(parts)


def _source(document: FeeDocument) -> str:
    made = f"{document.at:%Y-%m-%d %H:%M} {document.at.tzname() or ''}"
    return escape(f"{document.company}, connection {document.connection}. Made {made}.")


def _period(period: Period) -> str:
    if period.is_month:
        return f"{period.first:%B %Y}"
    first, last = (f"{day:%d %B %Y}".lstrip("0") for day in (period.first, period.last))
    return first if period.is_day else f"{first} to {last}"


def _notes(report: FeeReport) -> Iterator[str]:
    ambiguous = report.composition is Composition.AMBIGUOUS
    yield f'<p class="{"note" if ambiguous else "sub"}">{escape(COMPOSITIONS[report.composition])}</p>'
    missing = sum(one.missing for one in report.totals)
    if missing and not ambiguous:
        yield (
            f'<p class="note">{missing} payment(s) have no known fee yet. They are listed below and are not counted as '
            "zero: fees are those of the other payments, and net is before the fees that are missing.</p>"
        )
    for one in report.payments.unreadable:
        yield f'<p class="note">Payment {escape(one.payment_id)} cannot be read: {escape(one.reason)}</p>'


def _summary(report: FeeReport) -> Iterator[str]:
    yield "<h2>Totals</h2>"
    if not report.totals:
        yield "<p>No payments and no refunds.</p>"
        return
    names = ("Payments", "Without fee", "Gross", "Processing", "Platform", "Refunds", "Net", "Rate", "Fees on refunds")
    for currency in sorted({one.currency for one in report.totals}):
        own = [one for one in report.totals if one.currency == currency]
        yield f"<h3>{escape(currency)}</h3>"
        yield _head("Processor", *names)
        yield from (_row(_total_cells(one), numbers_from=1) for one in own)
        if len(own) > 1:
            yield _row(_sum_cells(own), numbers_from=1, style="sum")
        yield _END
    yield (
        '<p class="sub">Net = gross - processing and platform fees - refunds. Rate = known fees by the gross that '
        "they were charged on. Fees on refunds: what was charged for money that was given back.</p>"
    )


def _total_cells(one: Total) -> list[str]:
    rate = "" if one.rate is None else f"{one.rate:.2%}"
    figures = (one.gross, one.fees.processing, one.fees.platform, one.refunds, one.net)
    counts = (f"{one.payments:,}", f"{one.missing:,}" if one.missing else "")
    return [_name(one.processor), *counts, *map(_figure, figures), rate, _figure(one.fees_on_refunds)]


def _sum_cells(own: Sequence[Total]) -> list[str]:
    def add(amounts: Iterable[Money]) -> str:
        first, *others = amounts
        return _figure(sum(others, first))

    missing = sum(one.missing for one in own)
    return [
        "Together",
        f"{sum(one.payments for one in own):,}",
        f"{missing:,}" if missing else "",
        add(one.gross for one in own),
        add(one.fees.processing for one in own),
        add(one.fees.platform for one in own),
        add(one.refunds for one in own),
        add(one.net for one in own),
        "",
        add(one.fees_on_refunds for one in own),
    ]


def _charts(report: FeeReport) -> Iterator[str]:
    days = report.by_day()
    if report.payments.period.is_day or not days:
        return
    yield "<h2>Fees by day</h2>"
    yield '<p><span class="key processing"></span>processing <span class="key platform"></span>platform</p>'
    for currency in sorted({one.currency for one in report.totals}):
        bars = [
            [one.fees for one in days.get(day.first.isoformat(), ()) if one.currency == currency]
            for day in report.payments.period.days
        ]
        yield f'<div class="w">{chart(currency, report.payments.period, bars)}</div>'


def _bookings(document: FeeDocument) -> Iterator[str]:
    if not document.booked:
        return
    yield "<h2>Booked in QuickBooks</h2>"
    yield _head("Processor", "Entry", "Number", "Date", "Amount")
    for (processor, currency), booked in document.booked.items():
        for entry in booked.entries:
            yield _row([_name(processor), *_entry(entry)], numbers_from=4)
        if booked.problem:
            told = f'<td colspan="3" class="t">{escape(booked.problem)}</td><td class="n">{escape(currency)}</td>'
            yield f'<tr class="odd"><td>{_name(processor)}</td>{told}</tr>'
    yield _END


def _entry(entry: Entry) -> list[str]:
    content = entry.posting.sent
    number = escape(content.reference or entry.posting.far_id)
    return [told_as(entry), number, f"{content.day}", f"{booked_amount(entry)}"]


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    yield "<h2>To look at</h2>"
    if not findings:
        yield "<p>Every fee is known and as usual.</p>"
        return
    yield _head("Date", "Payment", "Processor", "Finding", "Figures")
    for one in findings:
        line = one.line
        cells = [f"{line.day}", escape(line.payment_id), _name(line.processor), _ODDITIES[one.oddity]]
        yield _row([*cells, escape(one.detail)], numbers_from=9)
    yield _END


def _refunds(report: FeeReport) -> Iterator[str]:
    if not report.payments.refunds:
        return
    yield "<h2>Refunds</h2>"
    yield _head("Date", "Payment", "Processor", "Paid on", "Refund")
    for one in report.payments.refunds:
        line = one.payment
        day = f"{one.day}{' (date of detection)' if one.detected else ''}"
        cells = [day, escape(line.payment_id), _name(line.processor), f"{line.day}", f"{one.amount}"]
        yield _row(cells, numbers_from=4)
    yield _END


def _payments(report: FeeReport) -> Iterator[str]:
    if not report.payments.lines:
        return
    yield "<h2>Payments</h2>"
    yield _head("Date", "Payment", "Processor", "Gross", "Processing fee", "Platform fee", "Net", "Currency")
    odd = {one.line.payment_id for one in report.findings}
    for line in report.payments.lines:
        style = "odd" if line.payment_id in odd else ""
        yield _row(_payment_cells(line, report.composition), numbers_from=3, style=style)
    yield _END


def _payment_cells(line: FeeLine, composition: Composition) -> list[str]:
    fees = charged(line, composition)
    known = (
        [_figure(fees.processing), _figure(fees.platform), _figure(line.gross - fees.total)]
        if fees
        else [_NOT_KNOWN, _NOT_KNOWN, ""]
    )
    return [f"{line.day}", escape(line.payment_id), _name(line.processor), _figure(line.gross), *known, line.currency]


def _name(processor: Processor) -> str:
    return escape(PROCESSORS[processor])


def _figure(amount: Money) -> str:
    return f"{amount.amount:,f}"


# Columns whose heads stand over figures.
_NUMBERS = frozenset(
    {
        "Payments",
        "Gross",
        "Without fee",
        "Processing",
        "Platform",
        "Processing fee",
        "Platform fee",
        "Refunds",
        "Refund",
        "Net",
        "Rate",
        "Fees on refunds",
        "Amount",
        "Currency",
    }
)
# What is too wide for a phone is moved sideways by itself, not the page.
_END = "</tbody></table></div>"
# Longer texts than a name or date are broken into lines.
_LONG = 30


def _head(*names: str) -> str:
    cells = "".join(f"<th{_class(name, number=name in _NUMBERS)}>{escape(name)}</th>" for name in names)
    return f'<div class="w"><table><thead><tr>{cells}</tr></thead><tbody>'


def _row(cells: Sequence[str], *, numbers_from: int, style: str = "") -> str:
    """Cells are HTML already."""
    told = "".join(f"<td{_class(cell, number=index >= numbers_from)}>{cell}</td>" for index, cell in enumerate(cells))
    return f'<tr class="{style}">{told}</tr>' if style else f"<tr>{told}</tr>"


def _class(cell: str, *, number: bool) -> str:
    if number:
        return ' class="n"'
    return ' class="t"' if len(cell) > _LONG else ""
