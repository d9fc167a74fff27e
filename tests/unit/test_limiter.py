"""The shared budget in DynamoDB: two processes, pauses, and few writes while calls are dense."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import aws
from tests.support.memory import VirtualClock
from tieout.adapters.dynamodb.arrival import Limit
from tieout.adapters.dynamodb.limiter import DEFAULT_LIMITS, DynamoLimiter
from tieout.domain.errors import RateLimited, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = 1_000_000


@dataclass
class Process:
    """One process: a limiter with nothing in memory shared with the others, and the times of its calls."""

    limiter: DynamoLimiter
    clock: VirtualClock
    calls: list[float] = field(default_factory=list)

    def call(self, takes: float = 0.0, system: str = "quickbooks") -> None:
        self.limiter.permit("acme", system)
        self.calls.append(self.clock.now().timestamp())
        self.clock.advance(takes)


@pytest.fixture
def client() -> Iterator[DynamoDBClient]:
    with aws.table() as client:
        yield client


def most_in_a_window(calls: list[float], seconds: float) -> int:
    return max(sum(first <= call < first + seconds - 1e-6 for call in calls) for first in calls)


def test_a_single_process_is_held_to_the_rate(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    process = Process(DynamoLimiter(client, aws.TABLE, clock), clock)
    for _ in range(40):
        process.call()

    assert most_in_a_window(process.calls, 1) <= 10
    limit = DEFAULT_LIMITS["quickbooks"]
    waited = (40 - limit.burst) * limit.interval / 1_000_000
    assert process.calls[-1] - process.calls[0] >= waited - 0.001


def test_two_processes_share_one_budget(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    processes = [Process(DynamoLimiter(client, aws.TABLE, clock), clock) for _ in range(2)]
    for turn in range(60):
        processes[turn % 2].call(takes=0.02)

    calls = processes[0].calls + processes[1].calls
    assert most_in_a_window(calls, 1) <= 10
    assert most_in_a_window(calls, 60) <= 500


def test_two_processes_that_reckon_the_same_time_do_not_both_get_it(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    limits = {"quickbooks": Limit(interval=SECOND, burst=1, block=1, shelf=0)}
    first, second = (DynamoLimiter(client, aws.TABLE, clock, limits) for _ in range(2))
    # Both now believe in the same arrival time, one call ahead of the clock.
    start = clock.now()
    first.permit("acme", "quickbooks")
    second.permit("acme", "quickbooks")
    first.permit("acme", "quickbooks")
    second.permit("acme", "quickbooks")

    assert clock.now() - start == timedelta(seconds=3)


def test_threads_of_two_processes_stay_within_the_budget(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    limits = {"quickbooks": Limit(interval=SECOND // 10, burst=5, block=3, shelf=0)}
    limiters = [DynamoLimiter(client, aws.TABLE, clock, limits) for _ in range(2)]
    granted, lock = list[float](), threading.Lock()

    def work(number: int) -> None:
        for _ in range(5):
            limiters[number % 2].permit("acme", "quickbooks")
            with lock:
                granted.append(clock.now().timestamp())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))

    assert len(granted) == 30
    # Every permit after the burst was reserved an interval after the one before.
    item = client.scan(TableName=aws.TABLE)["Items"][0]
    reserved = int(item["arrival"]["N"]) / SECOND
    assert reserved - VirtualClock().now().timestamp() >= 30 * 0.1 - 1e-6


def test_dense_calls_cost_a_write_a_block_and_sparse_ones_waste_nothing(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    writes = 0

    def count(**_: object) -> None:
        nonlocal writes
        writes += 1

    client.meta.events.register("before-call.dynamodb.UpdateItem", count)
    process = Process(DynamoLimiter(client, aws.TABLE, clock), clock)
    for _ in range(43):
        process.call(takes=0.01, system="hubspot")
    assert writes <= 9

    clock.advance(600)
    before = int(client.scan(TableName=aws.TABLE)["Items"][0]["arrival"]["N"])
    for _ in range(20):
        process.call(takes=30, system="hubspot")
    after = int(client.scan(TableName=aws.TABLE)["Items"][0]["arrival"]["N"])
    last_call = int(process.calls[-1] * SECOND)
    assert before < after == last_call + DEFAULT_LIMITS["hubspot"].interval


def test_a_pause_stops_every_process(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    one, two = (DynamoLimiter(client, aws.TABLE, clock) for _ in range(2))
    one.permit("acme", "quickbooks")
    two.permit("acme", "quickbooks")

    one.pause("acme", "quickbooks", 60)
    clock.advance(1)

    for limiter in (one, two):
        with pytest.raises(RateLimited) as refused:
            limiter.permit("acme", "quickbooks")
        assert refused.value.retry_after == pytest.approx(59)
    two.permit("other", "quickbooks")
    two.permit("acme", "hubspot")

    clock.advance(56)
    start = clock.now()
    two.permit("acme", "quickbooks")
    assert clock.now() - start == timedelta(seconds=3)


def test_a_shorter_pause_does_not_end_a_longer_one(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    limiter = DynamoLimiter(client, aws.TABLE, clock)
    limiter.pause("acme", "quickbooks", 60)
    limiter.pause("acme", "quickbooks", 10)

    with pytest.raises(RateLimited) as refused:
        limiter.permit("acme", "quickbooks")
    assert refused.value.retry_after == pytest.approx(60)


def test_a_refused_permit_takes_nothing_from_the_budget(client: DynamoDBClient) -> None:
    clock = VirtualClock()
    limiter = DynamoLimiter(client, aws.TABLE, clock)
    limiter.pause("acme", "quickbooks", 60)
    for _ in range(5):
        with pytest.raises(RateLimited):
            limiter.permit("acme", "quickbooks")

    clock.advance(60)
    start = clock.now()
    limiter.permit("acme", "quickbooks")
    assert clock.now() == start


def test_a_system_without_a_limit_is_a_mistake(client: DynamoDBClient) -> None:
    with pytest.raises(ValueError, match="no limit is set for hubspto"):
        DynamoLimiter(client, aws.TABLE, VirtualClock()).permit("acme", "hubspto")


def test_a_pause_that_cannot_be_stored_does_not_hide_what_the_vendor_said(client: DynamoDBClient) -> None:
    limiter = DynamoLimiter(client, "no-such-table", VirtualClock())
    limiter.pause("acme", "quickbooks", 60)
    with pytest.raises(StoreUnavailable, match="ResourceNotFoundException"):
        limiter.permit("acme", "quickbooks")
