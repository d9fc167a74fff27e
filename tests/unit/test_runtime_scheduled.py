"""Scheduled runs: told a trace id, counted, and failing loudly."""

import logging
from dataclasses import dataclass

import pytest

from tests.support.builders_logs import written
from tieout.domain.errors import RateLimited
from tieout.runtime.observability import count, flushed, loggable
from tieout.runtime.scheduled import run_scheduled


@dataclass
class Context:
    aws_request_id: str = "request-7"


def test_a_run_hands_the_request_id_on_and_says_how_many_it_dealt_with() -> None:
    traces = []

    def work(trace_id: str) -> int:
        traces.append(trace_id)
        return 3

    with written() as found:
        assert run_scheduled(work, "records_woken")({"source": "aws.scheduler"}, Context()) == {"records_woken": 3}
    assert traces == ["request-7"]
    assert found.counts == {"records_woken": 3}
    [line] = found.lines
    assert (line["records_woken"], line["trace_id"]) == (3, "request-7")


def test_a_run_that_fails_fails_the_invocation() -> None:
    def work(_: str) -> int:
        raise ZeroDivisionError

    with written() as found, pytest.raises(ZeroDivisionError):
        run_scheduled(work, "records_woken")({}, Context())
    assert found.counts == {}


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
