"""What the report of a month of 10,000 payments costs: calls of both vendors, time, and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import date

from tests.benchmarks.report import Measure
from tests.support.builders_world import World
from tieout.domain.fee import Period
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
_MB = 1024 * 1024
# What a function may use, less what it holds after its start (see the memory of invoice_push).
_MOST_MB = 256 - 66


def measure(payments: int = PAYMENTS) -> Iterator[Measure]:
    """The calls are those of the sandboxes' own record, the memory what Python allocated at its peak, the sandbox's
    answers included."""
    world = _world(payments)
    refunds = payments // _REFUNDED
    group = f"the fee report of a month of {payments:,} payments, {refunds:,} of them refunded, with page, CSV and JSON"
    least = -(-payments // _SEARCHED) - (-refunds // _SEARCHED) - (-refunds // _READ)
    before, reads = len(world.hubspot.traffic.exchanges), world.quickbooks.company.reads
    began = time.process_time()
    found = _report(world)
    seconds = time.process_time() - began
    if found != payments:
        raise AssertionError(f"{found} payments are in the report")
    calls = len(world.hubspot.traffic.exchanges) - before
    yield Measure(group, "HubSpot calls / the least possible by page size", calls / least, 1.1, unit="x")
    yield Measure(group, "metered QuickBooks reads", world.quickbooks.company.reads - reads, 2)
    yield Measure(group, "processor time, the sandbox's own included", seconds, unit="s")
    tracemalloc.start()
    try:
        _report(world)
        peak = tracemalloc.get_traced_memory()[1] / _MB
    finally:
        tracemalloc.stop()
    yield Measure(group, "peak of allocated memory", peak, _MOST_MB, unit="MB")


def _world(payments: int) -> World:
    world = World()
    people = world.hubspot.people
    for number in range(payments):
        id_ = people.pay_link(f"{number % 900 + 10}.00", "anna@example.test")
        if number % _REFUNDED == 0:
            people.refund(id_, "5.00", slow=False)
        world.clock.advance(_APART)
    return world


def _report(world: World) -> int:
    workspace = world.open("c1")
    assert workspace is not None
    document = fee_document(workspace, _MONTH, world.clock.now())
    for text in (as_html(document), as_csv(document.report), as_json(document)):
        assert text
    return len(document.report.payments.lines)
