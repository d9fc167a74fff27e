"""The QuickBooks sandbox answers a repeated request id as it did the first time."""

import threading
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from infra.sandbox.kernel import SandboxClock, running
from infra.sandbox.quickbooks import ACCESS_TOKEN, DEFAULT_REALM, QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import Visitor

LINE = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
INVOICE = {"CustomerRef": {"value": "1"}, "Line": [LINE]}


def visit(**settings: Any) -> tuple[QuickBooksSandbox, Visitor]:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    app = QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC)))
    visitor = Visitor(app)
    visitor.create("Customer", DisplayName="Amy")
    return app, visitor


def codes(response: httpx.Response) -> list[str]:
    return [error["code"] for error in response.json()["Fault"]["Error"]]


def test_a_repeat_is_answered_and_not_carried_out() -> None:
    app, visitor = visit()
    first = visitor.call("POST", "invoice", INVOICE, requestid="r1")
    app.clock.advance(3600 - 1)
    second = visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert second.content == first.content
    assert len(app.company.rows["Invoice"]) == 1


def test_a_repeat_is_answered_though_the_invoice_was_deleted_meanwhile() -> None:
    app, visitor = visit()
    first = visitor.call("POST", "invoice", INVOICE, requestid="r1")
    visitor.delete("Invoice", first.json()["Invoice"])
    second = visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert second.status_code == 200
    assert second.content == first.content
    assert not app.company.rows["Invoice"]


def test_another_body_under_the_same_id_is_refused_or_replayed_by_setting() -> None:
    other = {**INVOICE, "PrivateNote": "other"}
    _, visitor = visit()
    visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert codes(visitor.call("POST", "invoice", other, requestid="r1")) == ["600"]
    assert codes(visitor.call("POST", "customer", {"DisplayName": "B"}, requestid="r1")) == ["600"]
    _, visitor = visit(requestid_other_body="replay")
    first = visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert visitor.call("POST", "invoice", other, requestid="r1").content == first.content


@pytest.mark.parametrize(("replayed", "status"), [(True, 400), (False, 200)])
def test_a_fault_is_replayed_or_tried_again_by_setting(*, replayed: bool, status: int) -> None:
    _, visitor = visit(requestid_replays_faults=replayed)
    taken = visitor.create("Customer", DisplayName="Bob")
    assert codes(visitor.call("POST", "customer", {"DisplayName": "Bob"}, requestid="r1")) == ["6240"]
    visitor.change("Customer", taken, DisplayName="Robert")
    assert visitor.call("POST", "customer", {"DisplayName": "Bob"}, requestid="r1").status_code == status


def test_an_id_is_forgotten_after_the_retention() -> None:
    app, visitor = visit(requestid_retention_seconds=60)
    visitor.call("POST", "invoice", INVOICE, requestid="r1")
    app.clock.advance(61)
    visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert len(app.company.rows["Invoice"]) == 2


def test_an_id_has_at_most_fifty_characters() -> None:
    _, visitor = visit()
    assert visitor.call("POST", "invoice", INVOICE, requestid="x" * 50).status_code == 200
    assert codes(visitor.call("POST", "invoice", INVOICE, requestid="x" * 51)) == ["2130"]


def test_an_answer_lost_on_the_way_can_be_fetched_again() -> None:
    app, visitor = visit()
    app.faults.add({"kind": "timeout_after", "path": "invoice", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        visitor.call("POST", "invoice", INVOICE, requestid="r1")
    assert visitor.call("POST", "invoice", INVOICE, requestid="r1").json()["Invoice"]["Id"] == "1"
    assert len(app.company.rows["Invoice"]) == 1


class HeldClock(SandboxClock):
    """A clock on which a delay lasts until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.released = threading.Event(), threading.Event()

    def pause(self, seconds: float) -> None:
        self.held.set()
        assert self.released.wait(timeout=60)


@pytest.mark.parametrize(("setting", "status"), [("fault_600", 400), ("replay", 200)])
def test_a_second_request_while_the_first_is_under_way_is_a_duplicate(setting: str, status: int) -> None:
    clock = HeldClock()
    app = QuickBooksSandbox(QuickBooksConfig().with_settings({"requestid_in_flight": setting}), clock=clock)
    app.faults.add({"kind": "delay", "path": "customer", "times": 1})
    statuses: dict[str, int] = {}
    with running(app) as url:

        def post(name: str) -> None:
            answer = httpx.post(
                f"{url}/v3/company/{DEFAULT_REALM}/customer",
                params={"requestid": "r1", "minorversion": "75"},
                json={"DisplayName": "Amy"},
                headers={"Authorization": f"Bearer {ACCESS_TOKEN}"},
                trust_env=False,
                timeout=60,
            )
            statuses[name] = answer.status_code

        slow = threading.Thread(target=post, args=("first",))
        slow.start()
        assert clock.held.wait(timeout=60)
        post("second")
        clock.released.set()
        slow.join()
    assert statuses == {"first": 200, "second": status}
    assert len(app.company.rows["Customer"]) == 1
