"""What the report of a month of 10,000 payments costs, and booking it: calls of both vendors, time, and memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.benchmarks.report import Measure
from tests.benchmarks.watched import Watched, can_watch
from tests.functions.cloud import REPORTS, Cloud, cloud, event
from tests.support import aws
from tests.support.fee_world import FeeWorld
from tests.support.lambda_runtime import definition
from tieout.domain.fee import Period
from tieout.domain.planning.fees import FeeReport
from tieout.services.fee_documents import as_csv, as_json
from tieout.services.fee_page import as_html
from tieout.services.report_fees import fee_document

PAYMENTS = 10_000
# One payment in so many is given back in part.
_REFUNDED = 50
_APART = 240.0
_MONTH = Period.month(date(2026, 3, 2))
# HubSpot's own page sizes: of a search, and of a batch read.
_SEARCHED, _READ = 200, 100
# What a function may use.
_MOST_MB = 256


def measure(payments: int = PAYMENTS) -> Iterator[Measure]:
    """The calls are those of the sandboxes' own record; the memory is the function's own, in a process by itself."""
    yield from calls(payments)
    yield from memory(payments)


def calls(payments: int = PAYMENTS) -> Iterator[Measure]:
    """The report, then booking it, over the sandboxes in this process."""
    world = _world(payments)
    refunds = payments // _REFUNDED
    group = f"the fee report of a month of {payments:,} payments, {refunds:,} of them refunded, with page, CSV and JSON"
    least = -(-payments // _SEARCHED) - (-refunds // _SEARCHED) - (-refunds // _READ)
    before, reads = len(world.hubspot.traffic.exchanges), world.quickbooks.company.reads
    began = time.process_time()
    found = _report(world)
    seconds = time.process_time() - began
    if len(found.payments.lines) != payments:
        raise AssertionError(f"{len(found.payments.lines)} payments are in the report")
    made = len(world.hubspot.traffic.exchanges) - before
    yield Measure(group, "HubSpot calls / the least possible by page size", made / least, 1.1, unit="x")
    yield Measure(group, "metered QuickBooks reads", world.quickbooks.company.reads - reads, 2)
    yield Measure(group, "processor time, the sandbox's own included", seconds, unit="s")
    company = world.quickbooks.company
    sent, reads, writes = len(world.quickbooks.traffic.exchanges), company.reads, company.writes
    [booked] = world.book_fees(found)
    if not booked.finished:
        raise AssertionError(f"the month was not booked: {booked.record}")
    group = f"booking the fees of that month of {payments:,} payments"
    yield Measure(group, "QuickBooks writes", company.writes - writes, 1, exactly=True)
    # Company and preferences, which the hour between has made stale, accounts and vendors.
    yield Measure(group, "metered QuickBooks reads", company.reads - reads, 4)
    yield Measure(group, "QuickBooks calls, a new sign-in included", len(world.quickbooks.traffic.exchanges) - sent, 6)
    sent, reads, writes = len(world.quickbooks.traffic.exchanges), company.reads, company.writes
    world.book_fees(found)
    yield Measure(group, "QuickBooks writes, when it is booked again", company.writes - writes, 0)
    yield Measure(group, "metered QuickBooks reads, when it is booked again", company.reads - reads, 3)


def memory(payments: int = PAYMENTS) -> Iterator[Measure]:
    """Peak of the resident size of functions/fee_report over its first run, imports included; nothing without /proc."""
    if not can_watch():
        return
    group = f"fee_report in a process by itself, a month of {payments:,} payments"
    with cloud() as world:
        what = definition("FeeReportFunction")
        _taken(world, payments)
        with closing(Watched(what, world.environment("FeeReportFunction"))) as function:
            answer = function.invoke(event("schedule"))
            if answer.error or not answer.payload["fee_reports"]:
                raise AssertionError(f"the function answered {answer}: {function.logged()[-2000:]}")
            if (read := _reported()) != payments:
                raise AssertionError(f"{read} payments are in the month's report")
            yield Measure(group, "peak of resident memory", function.peak(), _MOST_MB, unit="MB")


def _taken(world: Cloud, payments: int) -> None:
    """Payments from the begin of yesterday's month, where the company is, until the end of yesterday."""
    zone = ZoneInfo(world.quickbooks.config.time_zone)
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = (today - timedelta(days=1)).replace(day=1)
    apart = (today - begin) / payments
    for number in range(payments):
        at = (begin + apart * number).astimezone(UTC)
        world.hubspot.people.pay_link(f"{number % 900 + 10}.00", "anna@example.test", at=at)


def _reported() -> int:
    """How many payments the reports hold, that of the month the most."""
    bucket = aws.s3()
    names = [one["Key"] for one in bucket.list_objects_v2(Bucket=REPORTS)["Contents"]]
    texts = [bucket.get_object(Bucket=REPORTS, Key=name)["Body"].read() for name in names if name.endswith(".json")]
    return max(len(json.loads(text)["payments"]) for text in texts)


def _world(payments: int) -> FeeWorld:
    world = FeeWorld()
    people = world.hubspot.people
    for number in range(payments):
        id_ = people.pay_link(f"{number % 900 + 10}.00", "anna@example.test")
        if number % _REFUNDED == 0:
            people.refund(id_, "5.00", slow=False)
        world.clock.advance(_APART)
    return world


def _report(world: FeeWorld) -> FeeReport:
    workspace = world.open("c1")
    assert workspace is not None
    document = fee_document(workspace, _MONTH, world.clock.now())
    for text in (as_html(document), as_csv(document.report), as_json(document)):
        assert text
    return document.report
