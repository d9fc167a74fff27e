"""Structured logs and metrics: one line and one metric a record, and nothing of a customer in either."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tieout.domain.errors import SyncError

# At level INFO httpx logs whole URLs, and the URL of a QuickBooks query holds customers' names.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

logger = Logger()
# What the adapters say of each vendor call (ids only) goes the same way.
_adapters = logging.getLogger("tieout")
_adapters.addHandler(logger.registered_handler)
_adapters.setLevel(logger.log_level)
_adapters.propagate = False
metrics = Metrics()
_FRAMES = 6


def loggable(error: Exception) -> Mapping[str, str]:
    """An error as fields that are safe to log: its type, the context of our own errors (vendor request ids), and where
    it was raised. The text of a foreign error may quote a customer's data, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = " > ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames)
    context = error.context if isinstance(error, SyncError) else {}
    return {**context, "error": type(error).__name__, "where": where}


def count(name: str, value: int = 1) -> None:
    """Add to a metric of this function's service."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


@contextmanager
def flushed() -> Iterator[None]:
    """Publish what was counted inside, whatever happened."""
    try:
        yield
    finally:
        if metrics.metric_set:
            metrics.flush_metrics()
