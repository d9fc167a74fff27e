"""The deployed stack from outside: what its public address takes and refuses, where broken messages end, and the demo
as a newcomer runs it, with everything that was said to the vendors judged by the vendors' own schemas."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from infra.local.demo.__main__ import TRAFFIC
from infra.local.deployment import Aws
from infra.local.stack import Stack
from tieout.adapters.hubspot import signature as hubspot_signature
from tieout.adapters.quickbooks import signature as quickbooks_signature

# One stack serves all of these tests, so they are in one file, which one worker runs (`--dist loadfile`).
pytestmark = pytest.mark.stack

# The judge knows the vendors' published schemas; it lies beside the project's checkout where the team works.
JUDGE = Path(__file__).parents[3] / "shared" / "tools" / "check_traffic.py"
SECONDS = 60.0
FOREIGN = [{"eventId": 1, "portalId": 999, "objectId": 5, "objectTypeId": "0-53", "occurredAt": 1790000000000}]


def eventually(found: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found():
            return True
        time.sleep(0.5)
    return False


def hubspot(stack: Stack, body: bytes, *, secret: str | None = None, age_ms: int = 0) -> httpx.Response:
    """A delivery signed as HubSpot signs."""
    url = f"{stack.api_url}/webhooks/hubspot"
    timestamp = str(int(datetime.now(UTC).timestamp() * 1000) - age_ms)
    signed = hubspot_signature.sign(
        method="POST", url=url, body=body, timestamp=timestamp, secret=secret or stack.hubspot_client_secret
    )
    headers = {hubspot_signature.SIGNATURE_HEADER: signed, hubspot_signature.TIMESTAMP_HEADER: timestamp}
    return httpx.post(url, content=body, headers={**headers, "Content-Type": "application/json"}, timeout=30)


def depth(aws: Aws, url: str | None) -> int:
    """How many messages are in a queue, being worked on or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def test_a_signed_delivery_is_taken(stack: Stack) -> None:
    assert hubspot(stack, b"[]").status_code == 200


def test_events_of_a_strange_portal_are_acknowledged_and_not_queued(stack: Stack, aws: Aws) -> None:
    before = depth(aws, stack.queues["invoice_push"]["url"])
    assert hubspot(stack, json.dumps(FOREIGN).encode()).status_code == 200
    assert depth(aws, stack.queues["invoice_push"]["url"]) <= before


@pytest.mark.parametrize(("secret", "age_ms"), [("wrong", 0), (None, 301_000), (None, -301_000)])
def test_a_wrong_signature_or_time_is_refused(stack: Stack, secret: str | None, age_ms: int) -> None:
    answer = hubspot(stack, b"[]", secret=secret, age_ms=age_ms)
    assert (answer.status_code, answer.json()) == (401, {"status": 401})


def test_a_delivery_of_quickbooks_is_taken_in_both_forms(stack: Stack) -> None:
    url = f"{stack.api_url}/webhooks/quickbooks"
    for body in (b"[]", b'{"eventNotifications":[]}'):
        headers = {quickbooks_signature.SIGNATURE_HEADER: quickbooks_signature.sign(body, stack.intuit_verifier_token)}
        assert httpx.post(url, content=body, headers=headers, timeout=30).status_code == 200


def test_a_message_that_is_no_hint_ends_in_the_dead_letter_queue_at_once(stack: Stack, aws: Aws) -> None:
    queue = stack.queues["invoice_push"]
    before = depth(aws, queue["dlq_url"])
    aws.client("sqs").send_message(QueueUrl=queue["url"], MessageBody="not a hint")
    assert eventually(lambda: depth(aws, queue["dlq_url"]) == before + 1)


def test_every_invoice_of_a_business_day_ends_as_it_must() -> None:
    played = subprocess.run([sys.executable, "-m", "infra.local.demo"], capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout[-8000:] + played.stderr[-4000:]


def test_the_traffic_of_that_day_fits_the_vendors_schemas() -> None:
    if not JUDGE.is_file():
        pytest.skip(f"no judge of vendor traffic beside the project ({JUDGE.name})")
    assert TRAFFIC.is_file(), "the demo has to run first"
    judged = subprocess.run([sys.executable, JUDGE, TRAFFIC, "--summary"], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-4000:] + judged.stderr
