"""The most memory that the push function ever holds: its process by itself, sandboxes and AWS in this one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.report import Measure
from tests.benchmarks.watched import Watched, can_watch
from tests.functions.cloud import OBJECTS, Cloud, cloud
from tests.support.lambda_runtime import Function, definition
from tieout.domain.hint import Cause, Hint, HintObject

# More than three times what SQS hands over at once.
INVOICES = 100
_COMPANIES = 10
_LINES = 3


def measure() -> Iterator[Measure]:
    """Peak after the start and after the batch; nothing where there is no /proc."""
    if not can_watch():
        return
    with cloud() as world:
        what = definition("InvoicePushFunction")
        function = Watched(what, world.environment("InvoicePushFunction"))
        try:
            yield from _of(world, function)
        finally:
            function.close()


def _of(world: Cloud, function: Watched) -> Iterator[Measure]:
    group = f"invoice_push in a process by itself, a batch of {INVOICES} new invoices, {INVOICES * _LINES} lines"
    ids = _invoices(world)
    _push(function, [])
    yield Measure(group, "peak of resident memory after the start", function.peak(), unit="MB")
    _push(function, ids)
    if len(world.booked()) != INVOICES:
        raise AssertionError(f"{len(world.booked())} invoices stand in QuickBooks: {function.logged()[-2000:]}")
    yield Measure(group, "peak of resident memory after the batch", function.peak(), 200, unit="MB")


def _push(function: Function, ids: Sequence[str]) -> None:
    hints = [
        Hint("acme", HintObject.HUBSPOT_INVOICE, id_, datetime.now(UTC), Cause.SWEEP, f"trace-{id_}") for id_ in ids
    ]
    messages: list[dict[str, Any]] = [{"messageId": hint.id, "body": hint.to_json()} for hint in hints]
    answer = function.invoke({"Records": messages})
    if answer.payload != {"batchItemFailures": []}:
        raise AssertionError(f"the function answered {answer}: {function.logged()[-2000:]}")


def _invoices(world: Cloud) -> list[str]:
    parties = [
        {
            world.create("contacts", lastname="Muster", email=f"person{number}@example.test"): 177,
            world.create("companies", name=f"Company {number}"): 179,
        }
        for number in range(_COMPANIES)
    ]
    dates = {"hs_invoice_date": "2026-03-01", "hs_due_date": "2026-03-31"}
    ids = []
    for number in range(INVOICES):
        id_ = world.create("invoices", parties[number % _COMPANIES], hs_currency="USD", **dates)
        for _ in range(_LINES):
            world.create("line_items", {id_: 410}, name="Services", quantity="3", price="120.00")
        path = f"{OBJECTS}/invoices/{id_}"
        world.person.patch(path, json={"properties": {"hs_invoice_status": "open"}}).raise_for_status()
        ids.append(id_)
    return ids
