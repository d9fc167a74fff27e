"""What a function writes to its log: structured lines and metrics."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from tieout.runtime.observability import logger, metrics


class Written:
    """Everything that was written inside `written()`."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The structured lines, without those of metrics."""
        return [line for line in map(json.loads, self.text.splitlines()) if "_aws" not in line]

    @property
    def counts(self) -> dict[str, float]:
        """The metrics by name."""
        return {
            one["Name"]: sum(line[one["Name"]])
            for line in map(json.loads, self.text.splitlines())
            if "_aws" in line
            for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        }


@contextmanager
def written() -> Iterator[Written]:
    """Catch what is logged and counted, as a function with the template's environment would write it."""
    found = Written()
    handler = logger.registered_handler
    before, namespace = handler.stream, metrics.provider.namespace  # type: ignore[attr-defined]  # it is a stream's
    metrics.provider.namespace = "Tieout"
    handler.setStream(found.stream)  # type: ignore[attr-defined]
    try:
        with redirect_stdout(found.stream):
            yield found
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]
        metrics.provider.namespace = namespace
        metrics.clear_metrics()
