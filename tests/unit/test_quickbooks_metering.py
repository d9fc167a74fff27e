"""Which calls to QuickBooks count as reads that Intuit meters."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import httpx
import pytest

from tests.support.builders_world import World
from tests.support.memory import MemoryLimiter, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.domain.company import Connection
from tieout.domain.errors import SyncError


class Tokens:
    def access_token(self) -> str:
        return "token"

    def refresh_after_401(self, stale_access_token: str) -> str:
        return stale_access_token


def counted(answer: httpx.Response, call: Callable[[QuickBooksClient], object]) -> int:
    reads: list[int] = []
    http = make_client("https://quickbooks.test", transport=httpx.MockTransport(lambda _: answer))
    clock = VirtualClock()
    client = QuickBooksClient(
        Connection("c1", "1", "123"), http, Tokens(), MemoryLimiter(clock), lambda: reads.append(1)
    )
    with suppress(SyncError):
        call(client)
    return len(reads)


EMPTY = {"QueryResponse": {}, "time": "2026-03-02T09:00:00-08:00"}


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get("companyinfo", "1"),
        lambda client: client.get("cdc", entities="Invoice", changedSince="2026-03-02T09:00:00Z"),
        lambda client: client.query("Invoice", convert=lambda node: node),
        lambda client: client.any_one("Invoice", convert=lambda node: node),
        lambda client: client.pdf("invoice", "1"),
    ],
    ids=["get", "change data capture", "query", "one", "pdf"],
)
def test_each_read_that_succeeds_counts_and_one_that_fails_does_not(call: Callable[[QuickBooksClient], object]) -> None:
    assert counted(httpx.Response(200, json=EMPTY), call) == 1
    for status in (400, 401, 429, 500, 503):
        assert counted(httpx.Response(status), call) == 0


def test_a_write_does_not_count() -> None:
    answer = httpx.Response(200, json={"Invoice": {"Id": "1"}})
    assert counted(answer, lambda client: client.post("invoice", "{}", "request-1")) == 0


def test_what_a_worker_reads_is_counted_for_its_connection_and_the_deployment() -> None:
    world = World()
    id_ = world.invoice()
    world.sync(id_)
    read = [one for one in world.quickbooks.traffic.exchanges if one.method == "GET"]
    assert world.meter.counted == len(read) > 0
    world.meter.flush()
    month = world.clock.now().date()
    assert world.meter.reads("c1", month) == world.meter.reads(None, month) == {month: len(read)}
    assert world.meter.reads("c1", date(2026, 4, 1)) == {}
