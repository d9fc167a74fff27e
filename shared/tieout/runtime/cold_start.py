"""The cold start: what a function imports and builds once, and keeps for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cold_start() -> Iterator[None]:
    """Import and build without the garbage collector, which would search some hundred thousand new objects again and
    again though nearly all of them stay; nor does it look at them afterwards."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
