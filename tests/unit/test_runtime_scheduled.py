"""Scheduled runs: told a trace id and a deadline, counted, and failing loudly."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.builders import NOW
from tests.support.builders_logs import written
from tests.support.memory import VirtualClock
from tests.support.memory_sweep import MemoryReadMeter
from tieout.domain.errors import ConnectionLost, RateLimited
from tieout.runtime.observability import count, flushed, loggable
from tieout.runtime.scheduled import ScheduledJob, run_scheduled
from tieout.services.outcome import Run, Trouble


@dataclass
class Context:
    aws_request_id: str = "request-7"
    remaining: int = 240_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


@dataclass
class Work:
    """A service that gives `run` or raises."""

    run: Run | Exception
    told: list[tuple[str, datetime]] = field(default_factory=list)

    def __call__(self, trace_id: str, deadline: datetime) -> Run:
        self.told.append((trace_id, deadline))
        if isinstance(self.run, Exception):
            raise self.run
        return self.run


def handler(work: Work) -> tuple[Callable[[Mapping[str, Any], Any], dict[str, int]], MemoryReadMeter]:
    clock = VirtualClock(NOW)
    meter = MemoryReadMeter(clock)
    meter.count("c1")
    return run_scheduled(ScheduledJob(work, clock, meter)), meter


def test_a_run_hands_request_id_and_deadline_on_and_says_what_it_did() -> None:
    work = Work(Run({"records_woken": 3, "changes_queued": 0}))
    run, meter = handler(work)
    with written() as found:
        assert run({"source": "aws.scheduler"}, Context()) == {"records_woken": 3, "changes_queued": 0}
    assert work.told == [("request-7", NOW + timedelta(seconds=240 - 75))]
    assert found.counts == {"records_woken": 3, "changes_queued": 0}
    [line] = found.lines
    assert (line["records_woken"], line["trace_id"]) == (3, "request-7")
    assert sum(meter.reads("c1", NOW.date()).values()) == 1


def test_a_run_that_fails_fails_the_invocation_and_its_reads_are_stored_all_the_same() -> None:
    run, meter = handler(Work(ZeroDivisionError()))
    with written() as found, pytest.raises(ZeroDivisionError):
        run({}, Context())
    assert found.counts == {}
    assert sum(meter.reads("c1", NOW.date()).values()) == 1


def test_a_vendors_trouble_is_logged_and_counted_and_does_not_fail_the_invocation() -> None:
    lost = ConnectionLost("Anna Muster", {"intuit_tid": "t-1"})
    run, _ = handler(Work(Run({"records_woken": 1}, (Trouble("c1", "quickbooks", lost),))))
    with written() as found:
        assert run({}, Context()) == {"records_woken": 1}
    assert found.counts == {"records_woken": 1, "step_failed": 1, "connection_lost": 1}
    line, _ = found.lines
    assert (line["connection"], line["step"], line["error"], line["intuit_tid"]) == (
        "c1", "quickbooks", "ConnectionLost", "t-1",
    )  # fmt: skip
    assert "Anna" not in found.text


def test_what_is_our_own_fault_fails_the_invocation_after_everything_was_said() -> None:
    run, _ = handler(Work(Run({"records_woken": 1}, failure=ZeroDivisionError())))
    with written() as found, pytest.raises(ZeroDivisionError):
        run({}, Context())
    assert found.counts == {"records_woken": 1}


def test_what_was_counted_before_a_failure_is_published() -> None:
    def work() -> None:
        with flushed():
            count("seen", 2)
            raise ZeroDivisionError

    with written() as found, pytest.raises(ZeroDivisionError):
        work()
    assert found.counts == {"seen": 2}


def test_an_error_is_logged_by_type_place_and_safe_context() -> None:
    def work() -> None:
        raise RateLimited("Anna Muster", {"intuit_tid": "t-1"})

    with pytest.raises(RateLimited) as raised:
        work()
    facts = loggable(raised.value)
    assert facts["error"] == "RateLimited"
    assert facts["intuit_tid"] == "t-1"
    assert facts["where"].startswith("test_runtime_scheduled.py:")
    assert "Anna" not in str(facts)


def test_the_urls_of_vendor_calls_are_not_logged() -> None:
    assert logging.getLogger("httpx").level == logging.getLogger("httpcore").level == logging.WARNING
