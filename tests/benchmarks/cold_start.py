"""How long the functions take to import, against what no function of this kind can do without.

Processor seconds, of which others on the machine take less than of the clock's; the best of several fresh processes,
the two kinds in turn. Compiled modules are there from a first run that does not count.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.fresh import FUNCTIONS, run
from tests.benchmarks.report import Measure

_RUNS = 10
_TIMED = """\
import time
start = time.process_time()
{body}
print(time.process_time() - start)
"""
_FUNCTION = _TIMED.format(body="import app")
_BASE = _TIMED.format(
    body="""\
import botocore.session, httpx, pydantic
session = botocore.session.get_session()
session.create_client("sqs")
session.create_client("dynamodb")"""
)


def measure() -> Iterator[Measure]:
    """Each function's import as a multiple of the base."""
    base: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in FUNCTIONS}
    for _ in range(_RUNS + 1):
        for name, times in taken.items():
            times.append(run(_FUNCTION, name))
        base.append(run(_BASE, "sweep"))
    least = min(base[1:])
    for name, times in taken.items():
        group = "import of a function / import of botocore with an SQS and a DynamoDB client, httpx, pydantic"
        yield Measure(group, name, min(times[1:]) / least, 1.5, unit="x")
