"""The webhook routes: what each kind of request is answered, and that no answer tells more than its status."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from tests.support.builders import NOW
from tests.support.builders_logs import Written, written
from tests.support.memory import MemoryHints, VirtualClock
from tieout.domain.company import Connection
from tieout.domain.errors import Malformed, Transient
from tieout.domain.hint import HintObject
from tieout.ports import Delivery, Notice
from tieout.runtime.http import WebhookApi, run_routes
from tieout.services.intake import Intake


@dataclass
class Vendor:
    """Webhooks that give notices or raise; remembers the last delivery."""

    raises: Exception | None = None
    got: list[Delivery] = field(default_factory=list)

    def read(self, delivery: Delivery) -> Sequence[Notice]:
        self.got.append(delivery)
        if self.raises:
            raise self.raises
        return [
            Notice("1", HintObject.HUBSPOT_INVOICE, "42", NOW),
            Notice("9", HintObject.HUBSPOT_INVOICE, "43", NOW),
            Notice("1", None, "44", NOW),
        ]

    def refresh(self) -> bool:
        return False

    def connection(self, account: str) -> Connection | None:
        return Connection("c1", "1", "11") if account == "1" else None


def request(body: str = "[]", path: str = "/webhooks/hubspot", method: str = "POST", **more: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "X-Mixed-Case": "kept"},
        "requestContext": {
            "requestId": "api-1",
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": False,
        **more,
    }


@dataclass
class Api:
    """The API over one vendor and a queue."""

    vendor: Vendor = field(default_factory=Vendor)

    def __post_init__(self) -> None:
        self.hints = MemoryHints(VirtualClock(NOW))
        api = WebhookApi(Intake(self.hints), "https://hooks.example.test/")
        self.handler = run_routes({("POST", "/webhooks/hubspot"): partial(api.receive, self.vendor, "hubspot")})

    def call(self, event: dict[str, Any]) -> tuple[dict[str, Any], Written]:
        with written() as found:
            answer = self.handler(event, None)
        return answer, found


def test_a_delivery_is_answered_with_200_once_its_hints_are_queued() -> None:
    api = Api()
    answer, found = api.call(request())
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"status": 200})
    [hint] = api.hints.queued
    assert (hint.connection, hint.id, hint.trace_id) == ("c1", "42", "api-1")
    assert found.counts == {"events_queued": 1, "events_foreign": 1, "events_unfollowed": 1}
    [line] = found.lines
    assert (line["message"], line["system"], line["hints"]) == ("delivery taken", "hubspot", 1)


def test_the_delivery_is_as_the_vendor_sent_it_under_the_public_url() -> None:
    api = Api()
    body = 'x\n{"ü": 1} '
    api.call(request(body, rawQueryString="a=1&b=%20"))
    [delivery] = api.vendor.got
    assert delivery.url == "https://hooks.example.test/webhooks/hubspot?a=1&b=%20"
    assert (delivery.method, delivery.body) == ("POST", body.encode())
    assert delivery.headers["x-mixed-case"] == "kept"


def test_the_host_header_never_makes_the_url() -> None:
    api = Api()
    api.call(request(headers={"Host": "evil.example.test", "X-Forwarded-Host": "evil.example.test"}))
    assert api.vendor.got[0].url.startswith("https://hooks.example.test/")


def test_a_body_in_base64_is_decoded() -> None:
    api = Api()
    raw = bytes(range(256))
    api.call(request(base64.b64encode(raw).decode(), isBase64Encoded=True))
    assert api.vendor.got[0].body == raw


@pytest.mark.parametrize("body", ["not base64!", "a", "\ud800"])
def test_a_body_that_cannot_be_decoded_is_refused(body: str) -> None:
    api = Api()
    answer, _ = api.call(request(body, isBase64Encoded=body != "\ud800"))
    assert answer["statusCode"] == 400
    assert api.vendor.got == []


@pytest.mark.parametrize("missing", ["body", "headers", "rawQueryString"])
@pytest.mark.parametrize("as_null", [True, False])
def test_a_request_without_body_headers_or_query_is_a_delivery_too(missing: str, as_null: bool) -> None:
    event = request()
    event[missing] = None
    if not as_null:
        del event[missing]
    assert Api().call(event)[0]["statusCode"] == 200


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("signature_missing", 401),
        ("signature_differs", 401),
        ("signature_wrong", 401),
        ("signature_unreadable", 401),
        ("timestamp_missing", 401),
        ("timestamp_out_of_window", 401),
        ("no_secret", 401),
        ("", 401),
        ("not_json", 400),
        ("not_an_array", 400),
        ("not_an_object", 400),
        ("too_many_events", 400),
        ("unknown_shape", 400),
        ("bad_objectId", 400),
        ("bad_realm", 400),
        ("bad_time", 400),
        ("body_too_large", 413),
    ],
)
def test_a_refusal_says_its_status_and_no_more(reason: str, status: int) -> None:
    api = Api(Vendor(Malformed("hush", {"reason": reason, "system": "hubspot"})))
    answer, found = api.call(request())
    assert answer["statusCode"] == status
    assert json.loads(answer["body"]) == {"status": status}
    assert len(api.hints) == 0
    assert found.counts == {"delivery_refused": 1}
    [line] = found.lines
    assert (line["level"], line["reason"]) == ("WARNING", reason)


@pytest.mark.parametrize("error", [Transient("hush", {"queue": "push"}), RuntimeError("hush"), KeyError("hush")])
def test_what_could_not_be_queued_is_answered_503_so_that_the_vendor_sends_it_again(error: Exception) -> None:
    answer, found = Api(Vendor(error)).call(request())
    assert (answer["statusCode"], json.loads(answer["body"])) == (503, {"status": 503})
    assert found.counts == {"delivery_not_queued": 1}
    assert "hush" not in found.text + json.dumps(answer)
    [line] = found.lines
    assert (line["level"], line["error"]) == ("ERROR", type(error).__name__)


def test_a_queue_that_refuses_is_answered_503_and_nothing_is_lost_silently() -> None:
    api = Api()
    api.hints.refuse_next()
    assert api.call(request())[0]["statusCode"] == 503


@pytest.mark.parametrize("path", ["/webhooks/other", "/", "/..", "/webhooks/hubspot/", "/WEBHOOKS/HUBSPOT", ""])
def test_an_unknown_path_is_not_found_and_says_nothing(path: str) -> None:
    api = Api()
    answer, found = api.call(request(path=path))
    assert (answer["statusCode"], json.loads(answer["body"])) == (404, {"status": 404})
    assert "Allow" not in answer["headers"]
    assert api.vendor.got == []
    assert found.lines == []


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "post"])
def test_another_method_is_not_allowed_and_says_which_is(method: str) -> None:
    api = Api()
    answer, _ = api.call(request(method=method))
    assert (answer["statusCode"], json.loads(answer["body"])) == (405, {"status": 405})
    assert answer["headers"]["Allow"] == "POST"
    assert api.vendor.got == []


def test_each_route_gets_its_own_requests() -> None:
    handler = run_routes(
        {
            ("POST", "/a"): lambda event: {"statusCode": 200, "body": f"posted {event['body']}"},
            ("GET", "/a"): lambda _: {"statusCode": 200, "body": "read"},
            ("POST", "/b"): lambda _: {"statusCode": 200, "body": "other"},
        }
    )
    calls = [("POST", "/a"), ("GET", "/a"), ("POST", "/b"), ("GET", "/b"), ("DELETE", "/a")]
    answers = [handler(request("x", path, method), None) for method, path in calls]
    assert [answer["body"] for answer in answers[:3]] == ["posted x", "read", "other"]
    assert [answer["headers"]["Allow"] for answer in answers[3:]] == ["POST", "GET, POST"]


def test_an_answer_is_json_in_the_form_that_the_http_api_expects() -> None:
    answer, _ = Api().call(request())
    assert answer == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": '{"status": 200}',
        "isBase64Encoded": False,
    }


def test_no_body_or_header_of_a_request_is_logged() -> None:
    _, found = Api().call(request('[{"name": "hush"}]', headers={"x-hubspot-signature-v3": "hush"}))
    assert "hush" not in found.text
