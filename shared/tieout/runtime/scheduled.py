"""Runs on a schedule: a service that works until its time is up, and says what it did and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieout.domain.errors import ConnectionLost
from tieout.ports import Clock, ReadMeter
from tieout.runtime.observability import count, flushed, loggable, logger
from tieout.services.outcome import Run, Trouble

# What is under way when the time is up still has to end: vendor calls of 30 s at worst, and what they found is queued.
_RESERVE = timedelta(seconds=75)


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """What a function behind a schedule is made of. `work` is told a trace id and when to stop."""

    work: Callable[[str, datetime], Run]
    clock: Clock
    meter: ReadMeter


def run_scheduled(job: ScheduledJob) -> Callable[[Mapping[str, Any], Any], dict[str, int]]:
    """A Lambda handler for EventBridge: counts and logs what a run did. What our own code or infrastructure is to blame
    for fails the invocation, which AWS repeats and then reports; a vendor's trouble with one connection does not."""

    def handler(_event: Mapping[str, Any], context: Any) -> dict[str, int]:
        deadline = job.clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - _RESERVE
        trace_id = context.aws_request_id
        with flushed():
            try:
                run = job.work(trace_id, deadline)
            finally:
                job.meter.flush()
            for name, number in run.counts.items():
                count(name, number)
            for trouble in run.troubles:
                _report(trouble, trace_id)
            logger.info("scheduled run", extra={**run.counts, "trace_id": trace_id})
            if run.failure is not None:
                raise run.failure
        return dict(run.counts)

    return handler


def _report(trouble: Trouble, trace_id: str) -> None:
    facts = {"connection": trouble.connection, "step": trouble.step, "trace_id": trace_id}
    logger.error("scheduled step failed", extra={**facts, **loggable(trouble.error)})
    count("step_failed")
    if isinstance(trouble.error, ConnectionLost):
        count("connection_lost")
