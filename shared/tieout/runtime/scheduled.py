"""Runs on a schedule: a service that is told a trace id and answers how many it dealt with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieout.runtime.observability import count, flushed, logger


def run_scheduled(work: Callable[[str], int], metric: str) -> Callable[[Mapping[str, Any], Any], dict[str, int]]:
    """A Lambda handler for EventBridge. An error fails the invocation, which AWS repeats and then reports."""

    def handler(_event: Mapping[str, Any], context: Any) -> dict[str, int]:
        with flushed():
            done = work(context.aws_request_id)
            count(metric, done)
            logger.info("scheduled run", extra={metric: done, "trace_id": context.aws_request_id})
        return {metric: done}

    return handler
