"""How fast webhooks are taken in: signed deliveries through the function's own handler, in a fresh process.

The AWS clients are stubs that answer at once, so this is what Tieout's own work and Powertools' take of a processor,
without DynamoDB, SQS and the network.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

from tests.benchmarks.fresh import run
from tests.benchmarks.report import Measure
from tests.support.lambda_runtime import ROOT
from tests.support.signing import HUBSPOT_SECRET, INTUIT_VERIFIER, PUBLIC_URL, signed_by_hubspot

EVENTS = 100
_DELIVERIES = 10
_ROUNDS = 20
_PORTAL = 62515001
_CONNECTION = {
    "id": {"S": "acme"},
    "portal_id": {"S": str(_PORTAL)},
    "realm_id": {"S": "4620816365000000001"},
    "portal_time_zone": {"S": "US/Eastern"},
}


def measure() -> Iterator[Measure]:
    """Events a second, and how much dearer one is than its signature and its JSON alone."""
    found = run("from tests.benchmarks.intake import main; main()", "webhook_intake", path=str(ROOT))
    group = f"webhook_intake, deliveries of {EVENTS} HubSpot events of as many invoices, AWS clients stubbed"
    yield Measure(group, "events a second of one processor", found["events_a_second"])
    yield Measure(group, "time / time of HMAC and json.loads of the same", found["ratio"], 20, unit="x")
    yield Measure(group, "SQS requests a delivery", found["sends"], EVENTS / 10)
    yield Measure(group, "DynamoDB reads a delivery", found["reads"], 1)
    yield Measure(group, "reads of the secret, all deliveries", found["secrets"], 1)


class _Aws:
    """Every client in one: answers as AWS does when all is well, and counts."""

    def __init__(self) -> None:
        self.sent = self.sends = self.reads = self.secrets = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.sends += 1
        self.sent += len(Entries)
        return {"Successful": Entries}

    def get_item(self, **_: Any) -> dict[str, Any]:
        self.reads += 1
        return {"Item": _CONNECTION}

    def get_secret_value(self, **_: Any) -> dict[str, Any]:
        self.secrets += 1
        secret = {"hubspot_client_secrets": [HUBSPOT_SECRET], "intuit_verifier_tokens": [INTUIT_VERIFIER]}
        return {"SecretString": json.dumps(secret)}


def main() -> None:
    """Measure in this process and print the figures as JSON."""
    aws = _Aws()
    events = [_delivery(number) for number in range(_DELIVERIES)]
    # The log is written, but not to where the figures go; its handler takes stdout as it is at the import.
    with redirect_stdout(io.StringIO()), patch("botocore.session.Session.create_client", return_value=aws):
        handler = importlib.import_module("app").handler
        _take(handler, events)
        ours = min(_seconds(lambda: _take(handler, events)) for _ in range(_ROUNDS))
    if aws.sent != EVENTS * _DELIVERIES * (_ROUNDS + 1):
        raise AssertionError(f"{aws.sent} hints were sent")
    bare = min(_seconds(lambda: _bare(events)) for _ in range(_ROUNDS))
    deliveries = _DELIVERIES * (_ROUNDS + 1)
    figures = {
        "events_a_second": EVENTS * _DELIVERIES / ours,
        "ratio": ours / bare,
        "sends": aws.sends / deliveries,
        "reads": aws.reads / deliveries,
        "secrets": aws.secrets,
    }
    sys.stdout.write(json.dumps(figures))


def _take(handler: Callable[[Any, Any], dict[str, Any]], events: list[dict[str, Any]]) -> None:
    for event in events:
        answer = handler(event, None)
        if answer["statusCode"] != 200:
            raise AssertionError(f"a delivery was answered {answer}")


def _bare(events: list[dict[str, Any]]) -> None:
    """What nobody can do without: prove that HubSpot signed it (HubSpot: validating requests), and read it."""
    for event in events:
        body = event["body"].encode()
        stamp = event["headers"]["x-hubspot-request-timestamp"].encode()
        source = f"POST{PUBLIC_URL}{event['rawPath']}".encode() + body + stamp
        digest = base64.b64encode(hmac.new(HUBSPOT_SECRET.encode(), source, hashlib.sha256).digest())
        if not hmac.compare_digest(digest, event["headers"]["x-hubspot-signature-v3"].encode()):
            raise AssertionError("the signature is not that of this body")
        json.loads(body)


def _seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _delivery(number: int) -> dict[str, Any]:
    template = json.loads((ROOT / "tests/events/hubspot_invoice_changed.json").read_text(encoding="utf-8"))
    [event] = json.loads(template["body"])[:1]
    first = 1000 + number * EVENTS
    events = [{**event, "eventId": id_, "objectId": id_, "portalId": _PORTAL} for id_ in range(first, first + EVENTS)]
    return signed_by_hubspot({**template, "body": json.dumps(events, separators=(",", ":"))})
