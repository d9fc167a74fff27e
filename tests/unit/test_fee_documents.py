"""The fee report as CSV, JSON and as a page: nothing is zero that is not known, nothing acts, nothing is loaded."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.support.builders import usd
from tests.support.builders_fees import OCTOBER, a_fee_case, a_fee_line, fee_books, october, posted
from tieout.domain.fee import PeriodPayments, RefundLine, UnreadableFee
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.fee_booking import plan_fees
from tieout.domain.planning.fees import Charged, FeeReport, report
from tieout.domain.planning.payment_plan import Post
from tieout.services.fee_chart import chart
from tieout.services.fee_documents import Booked, Entry, FeeDocument, as_csv, as_json
from tieout.services.fee_page import as_html

AT = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def a_report() -> FeeReport:
    earlier = replace(a_fee_line("880"), day=date(2026, 9, 30))
    lines = (
        a_fee_line("900"),
        a_fee_line("901", 4, "250.00", currency="EUR", processor=Processor.STRIPE),
        a_fee_line("902", 5, fee=None, platform=None),
    )
    refunds = (RefundLine(earlier, date(2026, 10, 2), usd("25.00"), detected=True),)
    return report(PeriodPayments(OCTOBER, lines, refunds, (UnreadableFee("903", "hs_fees_amount: <b>"),)))


def a_document(found: FeeReport | None = None, company: str = "Craig's") -> FeeDocument:
    return FeeDocument("c1", company, AT, found or a_report())


def test_the_csv_has_a_row_for_each_payment_and_refund_and_no_zero_for_what_is_not_known() -> None:
    rows = list(csv.DictReader(as_csv(a_report()).splitlines()))
    assert [(one["payment"], one["kind"], one["gross"], one["processing_fee"], one["net"]) for one in rows] == [
        ("900", "payment", "100.00", "2.90", "96.60"),
        ("901", "payment", "250.00", "2.90", "246.60"),
        ("902", "payment", "100.00", "", ""),
        ("880", "refund", "", "", "-25.00"),
    ]
    assert rows[2]["findings"] == "fee_missing"
    assert rows[3]["findings"] == "date_of_detection"


def test_no_text_of_hubspots_is_a_formula_to_a_spreadsheet() -> None:
    line = a_fee_line(method='=HYPERLINK("http://evil.test")')
    refund = RefundLine(line, date(2026, 10, 4), usd("5.00"))
    rows = list(csv.DictReader(as_csv(report(PeriodPayments(OCTOBER, (line,), (refund,)))).splitlines()))
    assert [one["method"][:2] for one in rows] == ["'=", "'="]
    assert rows[1]["net"] == "-5.00", "an amount is a number"


def test_the_json_holds_sums_days_findings_and_payments_with_amounts_as_texts() -> None:
    told = json.loads(as_json(a_document()))
    assert (told["period"], told["composition"], told["company"]) == ("2026-10", "apart", "Craig's")
    by_group = {(one["processor"], one["currency"]): one for one in told["totals"]}
    assert by_group["byo_stripe", "EUR"]["fees"] == "3.40"
    assert by_group["hs_payments", "USD"]["without_known_fees"] == 1
    assert by_group["hs_payments", "USD"]["refunds"] == "25.00"
    assert set(told["days"]) == {"2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05"}
    assert [one["id"] for one in told["payments"]] == ["900", "901", "902"]
    assert told["payments"][2]["processing_fee"] is None
    assert told["unreadable"] == [{"payment": "903", "reason": "hs_fees_amount: <b>"}]
    assert "." in told["totals"][0]["gross"]


def test_the_page_loads_nothing_runs_nothing_and_its_style_is_the_one_it_allows() -> None:
    page = as_html(a_document())
    assert not re.search(r"<script|\bon\w+=|javascript:|(?:src|href)=", page)
    assert "http" not in page.replace("http-equiv", "")
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" in page
    assert "style=" not in page.replace("style-src", "")


def test_texts_of_others_are_texts_on_the_page() -> None:
    page = as_html(a_document(company="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "hs_fees_amount: &lt;b&gt;" in page


def test_the_page_shows_each_currency_apart_and_what_is_not_known_as_such() -> None:
    page = as_html(a_document())
    assert "Payment fees, October 2026" in page
    assert "<h3>EUR</h3>" in page
    assert "<h3>USD</h3>" in page
    assert "not known" in page
    assert page.count("<svg") == 2
    assert "Together" not in page


def test_two_processors_in_one_currency_are_added_and_two_currencies_never() -> None:
    found = report(october(a_fee_line("1"), a_fee_line("2", processor=Processor.STRIPE)))
    assert "Together" in as_html(a_document(found))


def test_an_ambiguous_platform_fee_is_said_at_the_top() -> None:
    found = report(october(a_fee_line("1"), a_fee_line("2", net="97.10")))
    page = as_html(a_document(found))
    assert "nothing is booked" in page.split("<h2>Totals", 1)[0]


def test_a_period_without_payments_says_so() -> None:
    page = as_html(a_document(report(october())))
    assert "No payments and no refunds." in page
    assert "<svg" not in page


def test_what_was_booked_is_shown_with_what_corrected_it() -> None:
    plan = plan_fees(a_fee_case(a_report(), today=date(2026, 11, 1)), fee_books())
    assert isinstance(plan, Post)
    correction = replace(plan.content, reference="FEE-2026-10-USD-2", document=Document.DEPOSIT)
    entries = (Entry(posted(plan.content)), Entry(posted(correction, 2), adjusting=True))
    key = (Processor.HUBSPOT, "USD")
    document = replace(a_document(), booked={key: Booked(entries, "Account 71 is <inactive>.")})
    page = as_html(document)
    assert all(text in page for text in ("FEE-2026-10-USD<", "FEE-2026-10-USD-2", "Fees given back (deposit)"))
    assert "Account 71 is &lt;inactive&gt;." in page
    [told] = json.loads(as_json(document))["booked"]
    assert [(one["document"], one["amount"]) for one in told["entries"]] == [("expense", "3.40"), ("deposit", "3.40")]


@pytest.mark.parametrize("highest", ["0.00", "0.01", "1.00", "7.99", "12345.67"])
def test_a_bar_never_leaves_its_chart_and_both_kinds_stand_on_each_other(highest: str) -> None:
    days: list[list[Charged]] = [[] for _ in OCTOBER.days]
    days[2] = [Charged(usd(highest), usd("0")), Charged(usd("0"), usd(highest))]
    days[3] = [Charged(usd("-1.00"), usd("0"))]
    bars = re.findall(r'<rect [^>]*y="([0-9.-]+)"[^>]*height="([0-9.-]+)"', chart("USD", OCTOBER, days))
    assert len(bars) == (2 if Decimal(highest) else 0)
    assert all(Decimal(y) >= 0 and Decimal(y) + Decimal(height) <= 210 for y, height in bars)


def test_every_table_and_drawing_moves_sideways_by_itself_on_a_narrow_screen() -> None:
    page = as_html(a_document())
    opened = page.count('<div class="w">')
    assert opened == page.count("</div>") == page.count("<table>") + page.count("<svg")
    assert page.count("<table>") == page.count("</table></div>")
