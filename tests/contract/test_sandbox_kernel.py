"""The kernel of the sandboxes: faults, dropped connections, traffic, clock, admin surface and both ways to reach it."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from werkzeug import Request, Response

from infra.sandbox.kernel import (
    BadSettingError,
    Delivery,
    SandboxApp,
    SandboxClock,
    SandboxTransport,
    WebhookPolicy,
    running,
)
from infra.sandbox.kernel.wire import dumps, json_response, loads

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
TARGET = "https://sync.example.test/hook"


@dataclass(frozen=True)
class PlainPolicy:
    """Two events a request, three tries a minute apart."""

    batch_limit: int = 2
    timeout_seconds: float = 2
    max_concurrent: int = 3

    def build(self, events: list[dict[str, Any]], attempt: int, url: str, now: datetime) -> Delivery:
        return Delivery(url, {"x-attempt": str(attempt), "x-at": now.isoformat()}, json.dumps(events).encode())

    def accepted(self, status: int) -> bool:
        return status < 300

    def retry_after(self, attempt: int, status: int | None, chance: random.Random) -> float | None:
        return 60 if attempt < 2 else None


class Counter(SandboxApp):
    """Counts POSTs; each raises an event."""

    count = 0

    def handle(self, request: Request) -> Response:
        if request.method == "POST":
            self.count += 1
            self.outbox.add({"count": self.count})
        return json_response({"count": self.count, "query": request.query_string.decode(), "id": self.new_uuid()})

    def fault_response(self, kind: str, request: Request) -> Response:
        return json_response({"fault": kind}, int(kind.removeprefix("status_")))

    def webhook_policy(self) -> WebhookPolicy:
        return PlainPolicy()

    def configure(self, config: Mapping[str, Any]) -> None:
        if set(config) - {"count"}:
            raise BadSettingError("only count can be set")
        self.count = config.get("count", 0)

    def state(self) -> Any:
        return {"count": self.count}


@pytest.fixture
def app() -> Counter:
    return Counter("hubspot", SandboxClock(START), seed=7)


@pytest.fixture(params=["in_process", "server"])
def client(request: pytest.FixtureRequest, app: Counter) -> Iterator[httpx.Client]:
    if request.param == "in_process":
        with httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox") as inside:
            yield inside
    else:
        with running(app) as url, httpx.Client(base_url=url, trust_env=False) as outside:
            yield outside


def test_the_answer_is_the_same_in_process_and_over_http(client: httpx.Client) -> None:
    answer = client.post("/a%20b/c?x=1&y=%2F", json={"k": "v"}, headers={"authorization": "Bearer secret"})
    assert answer.json() == {
        "count": 1,
        "query": "x=1&y=%2F",
        "id": str(Counter("hubspot", seed=7).new_uuid()),
    }
    (line,) = client.get("/_sandbox/traffic").text.splitlines()
    exchange = json.loads(line)
    assert exchange["url"] == f"{str(client.base_url).rstrip('/')}/a%20b/c?x=1&y=%2F"
    assert (exchange["system"], exchange["method"], exchange["status"]) == ("hubspot", "POST", 200)
    assert json.loads(exchange["request_body"]) == {"k": "v"}
    assert "Bearer redacted" in exchange["request_headers"].values()
    assert "secret" not in line


def test_exchanges_marked_as_hostile_are_not_recorded(client: httpx.Client) -> None:
    client.get("/x", headers={"x-sandbox-hostile": "1"})
    assert client.get("/_sandbox/traffic").text == ""


@pytest.mark.parametrize(("kind", "done"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_dropped_connection_gives_no_answer(app: Counter, client: httpx.Client, kind: str, done: int) -> None:
    client.post("/_sandbox/faults", json={"kind": kind, "times": 1}).raise_for_status()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout)):
        client.post("/thing")
    assert app.count == done
    assert [exchange.status for exchange in app.traffic.exchanges] == [None]
    assert client.post("/thing").json()["count"] == done + 1


@pytest.mark.parametrize("status", [429, 500, 401])
def test_a_status_fault_answers_in_the_vendors_shape_and_does_nothing(
    app: Counter, client: httpx.Client, status: int
) -> None:
    app.faults.add({"kind": f"status_{status}", "method": "post", "path": "^/th.ng$", "times": 2})
    assert client.get("/thing").status_code == 200
    assert [client.post("/thing").status_code for _ in range(3)] == [status, status, 200]
    assert app.count == 1


def test_chance_is_repeatable_by_the_seed_of_the_rule(app: Counter, client: httpx.Client) -> None:
    rule = {"kind": "status_500", "probability": 0.5, "seed": 3}
    runs = []
    for _ in range(2):
        client.delete("/_sandbox/faults")
        client.post("/_sandbox/faults", json=rule)
        runs.append([client.get("/thing").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_delay_moves_a_virtual_clock_instead_of_sleeping(app: Counter, client: httpx.Client) -> None:
    app.faults.add({"kind": "delay", "seconds": 3600, "times": 1})
    client.get("/thing")
    assert (app.clock.now() - START).total_seconds() == 3600


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "delay", "path": "("},
        {"kind": "delay", "probability": 2},
        {"kind": "delay", "probability": "often"},
        {"kind": "delay", "times": -1},
        {"kind": "delay", "seed": "x"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "method": 5},
        {"kind": "delay", "colour": "red"},
    ],
)
def test_an_unusable_fault_rule_is_refused_with_a_reason(client: httpx.Client, rule: dict[str, Any]) -> None:
    answer = client.post("/_sandbox/faults", json=rule)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


def test_the_admin_surface_refuses_what_it_does_not_know(client: httpx.Client) -> None:
    assert client.get("/_sandbox/nowhere").status_code == 404
    assert client.put("/_sandbox/reset").status_code == 405
    assert client.post("/_sandbox/reset", content=b"{").status_code == 400
    assert client.post("/_sandbox/reset", json=[1]).status_code == 400
    assert client.post("/_sandbox/reset", json={"config": {"nonsense": 1}}).status_code == 400
    assert client.post("/_sandbox/reset", json={"konfig": {}}).status_code == 400
    assert client.post("/_sandbox/clock", json={"advance_seconds": -1}).status_code == 400
    assert client.post("/_sandbox/clock", json={}).status_code == 400
    assert client.post("/_sandbox/webhooks", json={"target_url": "ftp://x"}).status_code == 400


def test_reset_empties_everything_and_starts_chance_over(app: Counter, client: httpx.Client) -> None:
    first = client.post("/thing").json()
    client.post("/_sandbox/faults", json={"kind": "status_500"})
    client.post("/_sandbox/reset", json={"config": {"count": 0}}).raise_for_status()
    assert client.get("/_sandbox/traffic").text == ""
    assert client.get("/_sandbox/faults").json() == {"faults": []}
    assert client.get("/_sandbox/webhooks").json()["pending"] == 0
    assert client.post("/thing").json() == first
    assert client.get("/_sandbox/state").json() == {"count": 1}


def test_the_clock_moves_by_the_admin_surface(client: httpx.Client) -> None:
    client.post("/_sandbox/clock", json={"advance_seconds": 90})
    assert client.get("/_sandbox/clock").json() == {"now": "2026-11-24T09:01:30+00:00", "virtual": True}


def test_a_real_clock_runs_with_the_machine_plus_what_was_advanced() -> None:
    clock = SandboxClock()
    clock.advance(86400)
    assert 86399 < (clock.now() - datetime.now(UTC)).total_seconds() <= 86400


class Receiver:
    """Takes webhooks in process; answers with the statuses given, then 204."""

    def __init__(self, *statuses: int | Exception) -> None:
        self.statuses = list(statuses)
        self.bodies: list[list[int]] = []

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert (method, url) == ("POST", TARGET)
        self.bodies.append([event["count"] for event in json.loads(body)])
        answer = self.statuses.pop(0) if self.statuses else 204
        if isinstance(answer, Exception):
            raise answer
        return answer


def post(app: Counter, times: int) -> None:
    app.outbox.target_url = TARGET
    with httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox") as client:
        for _ in range(times):
            client.post("/thing")


def test_webhooks_go_out_in_batches_and_once(app: Counter) -> None:
    post(app, 5)
    receiver = Receiver()
    assert app.deliver_webhooks(receiver) == 3
    assert receiver.bodies == [[1, 2], [3, 4], [5]]
    assert app.deliver_webhooks(receiver) == 0


@pytest.mark.parametrize("failure", [500, 404, httpx.ReadTimeout("slow"), ConnectionRefusedError()])
def test_a_failed_webhook_is_tried_again_by_the_clock_and_given_up(app: Counter, failure: int | Exception) -> None:
    post(app, 1)
    receiver = Receiver(failure, failure, failure)
    assert app.deliver_webhooks(receiver) == 1
    assert app.deliver_webhooks(receiver) == 0
    for _ in range(2):
        app.clock.advance(60)
        assert app.deliver_webhooks(receiver) == 1
    app.clock.advance(600)
    assert app.deliver_webhooks(receiver) == 0
    assert [attempt.outcome for attempt in app.outbox.attempts] == ["retrying", "retrying", "abandoned"]
    assert [attempt.attempt for attempt in app.outbox.attempts] == [0, 1, 2]


def test_webhook_faults_drop_duplicate_and_reorder(app: Counter) -> None:
    app.faults.add({"kind": "webhook_reorder", "times": 1, "seconds": 30})
    app.faults.add({"kind": "webhook_drop", "times": 1})
    app.faults.add({"kind": "webhook_duplicate", "times": 1})
    post(app, 4)
    receiver = Receiver()
    app.deliver_webhooks(receiver)
    app.clock.advance(30)
    app.deliver_webhooks(receiver)
    assert receiver.bodies == [[3, 4], [3], [1]]
    assert app.outbox.describe()["dropped"] == 1


def test_an_event_is_held_back_only_once(app: Counter) -> None:
    app.faults.add({"kind": "webhook_reorder", "seconds": 30})
    post(app, 1)
    receiver = Receiver()
    assert app.deliver_webhooks(receiver) == 0
    app.clock.advance(30)
    assert app.deliver_webhooks(receiver) == 1


def test_events_wait_until_there_is_a_target(app: Counter) -> None:
    post(app, 1)
    app.outbox.target_url = None
    receiver = Receiver()
    assert app.deliver_webhooks(receiver) == 0
    app.outbox.target_url = TARGET
    assert app.deliver_webhooks(receiver) == 1


def test_a_served_sandbox_delivers_its_webhooks_over_http(app: Counter) -> None:
    received: list[Any] = []

    class Sink(Counter):
        def handle(self, request: Request) -> Response:
            received.append((request.headers["x-attempt"], loads(request.get_data())))
            return Response(status=204)

    with running(Sink("hubspot")) as target, running(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.post("/_sandbox/webhooks", json={"target_url": f"{target}/hook"}).raise_for_status()
        client.post("/thing")
        for _ in range(100):
            if client.get("/_sandbox/webhooks").json()["delivered"]:
                break
            SandboxClock().pause(0.02)
    assert received == [("0", [{"count": 1}])]


def test_money_crosses_the_wire_without_floats() -> None:
    assert dumps({"a": Decimal("0.10"), "b": [Decimal("-5")], "t": "1.5"}) == '{"a":0.10,"b":[-5],"t":"1.5"}'
    assert loads('{"a": 0.10}') == {"a": Decimal("0.10")}
    with pytest.raises(ValueError, match="NaN"):
        loads("[NaN]")
