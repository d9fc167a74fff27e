"""How long the functions take to import, against the libraries that no function of this kind can do without.

Processor seconds, of which others on the machine take less than of the clock's; the best of several fresh processes,
the kinds in turn. Compiled modules are there from a first run that does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.benchmarks.fresh import FUNCTIONS, run
from tests.benchmarks.report import Measure
from tests.functions.cloud import Cloud, cloud
from tieout.domain.hint import Cause, Hint, HintObject

_RUNS = 12
_LIMIT = 1.5
# The console alone makes pages: it imports Jinja2 and Babel, and what all of its pages do.
_LIMITS = {"console": 2.25}
# What calls no vendor keeps the limit even against libraries that are only imported.
_LIGHT = {"webhook_intake"}
_TIMED = """\
import time
start = time.process_time()
{body}
print(time.process_time() - start)
"""
_IMPORTED = """\
import botocore.session, httpx, pydantic
session = botocore.session.get_session()
session.create_client("sqs")
session.create_client("dynamodb")
"""
# What every function imports of pydantic. `import pydantic` by itself loads next to nothing: its names load when they
# are first asked for.
_BY_NAME = _IMPORTED.replace(
    "import botocore.session, httpx, pydantic",
    "import botocore.session, httpx\nfrom pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError",
)
_FIRST_MESSAGES = """\
import contextlib, io, json, sys, time
class Context:
    aws_request_id = "bench"
    def get_remaining_time_in_millis(self):
        return 900_000
took = []
# The log's handler takes stdout as it is at the import.
with contextlib.redirect_stdout(io.StringIO()):
    import app
    for event in sys.argv[1:]:
        start = time.process_time()
        answer = app.handler(json.loads(event), Context())
        took.append(time.process_time() - start)
        assert answer == {"batchItemFailures": []}, answer
print(json.dumps(took))
"""
_MESSAGES = 2
_WORKERS = 5


def measure() -> Iterator[Measure]:
    """Each function's import as a multiple of the libraries', and what the first message of a worker costs on top."""
    kinds = {"by name": (_BY_NAME, "sweep"), "imported": (_IMPORTED, "sweep")}
    kinds |= {name: ("import app", name) for name in FUNCTIONS}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(_RUNS + 1):
        for kind, (body, function) in kinds.items():
            taken[kind].append(run(_TIMED.format(body=body), function))
    least = {kind: min(times[1:]) for kind, times in taken.items()}
    group = "import of a function / import of botocore with an SQS and a DynamoDB client, httpx, and pydantic's names"
    for name in FUNCTIONS:
        yield Measure(group, name, least[name] / least["by name"], _LIMITS.get(name, _LIMIT), unit="x")
    group = "import of a function / the same with a bare `import pydantic`, which loads next to nothing of it"
    for name in FUNCTIONS:
        limit = _LIMIT if name in _LIGHT else None
        yield Measure(group, name, least[name] / least["imported"], limit, unit="x")
    group = "what was put off: processor time of the first message beyond the second / the same"
    yield Measure(group, "invoice_push", _surplus() / least["imported"], unit="x")


def _surplus() -> float:
    """Processor seconds of a fresh invoice_push's first message beyond those of its second, one new invoice each."""
    with cloud() as world:
        environment = world.environment("InvoicePushFunction")
        # One worker more: the first of all makes Tieout's properties in HubSpot.
        rounds = [
            run(_FIRST_MESSAGES, "invoice_push", *(_event(world) for _ in range(_MESSAGES)), environment=environment)
            for _ in range(_WORKERS + 1)
        ]
        if len(world.booked()) != _MESSAGES * (_WORKERS + 1):
            raise AssertionError(f"{len(world.booked())} invoices stand in QuickBooks")
    first, second = zip(*rounds[1:], strict=True)
    return float(min(first) - min(second))


def _event(world: Cloud) -> str:
    hint = Hint("acme", HintObject.HUBSPOT_INVOICE, world.invoice(), datetime.now(UTC), Cause.SWEEP, "bench")
    return json.dumps({"Records": [{"messageId": hint.id, "body": hint.to_json()}]})
