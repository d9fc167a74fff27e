"""The QuickBooks sandbox refuses, throttles and fails in the shapes that Intuit's gateways use."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from infra.sandbox.kernel import BadSettingError, SandboxClock, SandboxTransport
from infra.sandbox.quickbooks import DEFAULT_REALM, QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import Visitor

NAMESPACE = "{http://schema.intuit.com/finance/v3}"
OTHER_REALM = "4620816365000000002"


def build(**settings: Any) -> QuickBooksSandbox:
    config = QuickBooksConfig().with_settings(settings)
    return QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC)))


def app_of(app: QuickBooksSandbox, realm: str = "") -> Visitor:
    """The app itself as a caller: throttled, metered, and only as good as its token."""
    return Visitor(app, realm=realm, access_token=app.config.access_token, actor="app")


def xml_error(response: httpx.Response) -> tuple[str, str, str]:
    """(fault type, code, message) of an XML fault."""
    assert response.headers["content-type"].startswith("application/xml")
    fault = ET.fromstring(response.content).find(f"{NAMESPACE}Fault")  # noqa: S314
    assert fault is not None
    error = fault.find(f"{NAMESPACE}Error")
    assert error is not None
    return fault.attrib["type"], error.attrib["code"], error.findtext(f"{NAMESPACE}Message", "")


def test_every_answer_carries_a_transaction_id_of_its_own() -> None:
    visitor = Visitor(build())
    tids = [visitor.call("GET", path).headers["intuit_tid"] for path in ("preferences", "customer/9", "nothing")]
    assert len(set(tids)) == 3


def test_an_unknown_token_is_refused_in_lower_case_json() -> None:
    response = Visitor(build(), access_token="nonsense").call("GET", "preferences")
    body = response.json()
    assert response.status_code == 401
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert body["fault"]["error"] == [
        {
            "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
            "detail": "Malformed bearer token: too short or too long",
            "code": "3200",
            "element": None,
        }
    ]
    assert body["time"] == 1795478400000
    assert body["batchItemResponse"] == []


def test_an_expired_token_is_refused_in_xml_when_so_set() -> None:
    app = build(unauthorized_form="xml")
    app.clock.advance(3599)
    assert app_of(app).call("GET", "preferences").status_code == 200
    app.clock.advance(1)
    response = app_of(app).call("GET", "preferences")
    assert response.status_code == 401
    assert xml_error(response)[1] == "3200"


def test_a_token_of_another_company_is_an_authentication_error_in_xml() -> None:
    app = build(extra_realms=[OTHER_REALM])
    response = app_of(app, OTHER_REALM).call("GET", "preferences")
    assert response.status_code == 401
    assert xml_error(response) == ("AuthenticationFault", "100", "General Authentication Error")
    own = Visitor(app, realm=OTHER_REALM, access_token=f"{app.config.access_token}-{OTHER_REALM}")
    assert own.call("GET", "preferences").status_code == 200


def test_a_token_of_another_company_is_forbidden_when_so_set() -> None:
    response = app_of(build(wrong_realm="json_3100"), OTHER_REALM).call("GET", "preferences")
    assert response.status_code == 403
    assert response.json()["fault"]["error"][0]["code"] == "3100"
    assert response.json()["fault"]["type"] == "SERVICE"


def test_the_eleventh_request_of_a_second_is_throttled_in_xml() -> None:
    app = build()
    visitor = app_of(app)
    assert [visitor.call("GET", "preferences").status_code for _ in range(11)] == [200] * 10 + [429]
    response = visitor.call("POST", "customer", {"DisplayName": "Late"}, requestid="r1")
    assert xml_error(response) == ("SERVICE", "3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429")
    assert Visitor(app).call("GET", "preferences").status_code == 200
    app.clock.advance(1)
    assert visitor.call("POST", "customer", {"DisplayName": "Late"}, requestid="r1").status_code == 200


def test_a_minute_has_five_hundred_requests_for_each_realm() -> None:
    app = build(requests_per_second=None, extra_realms=[OTHER_REALM])
    visitor = app_of(app)
    for _ in range(500):
        app.clock.advance(0.1)
        assert visitor.call("GET", "preferences").status_code == 200
    assert visitor.call("GET", "preferences").status_code == 429
    other = Visitor(app, realm=OTHER_REALM, access_token=f"{app.config.access_token}-{OTHER_REALM}")
    assert other.call("GET", "preferences").status_code == 200
    app.clock.advance(11)
    assert visitor.call("GET", "preferences").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "unicorn/1"), ("GET", "invoice"), ("POST", "invoice/1"), ("PATCH", "invoice"), ("POST", "companyinfo")],
)
def test_an_operation_that_does_not_exist_is_unsupported(method: str, path: str) -> None:
    response = Visitor(build()).call(method, path, {"Id": "1", "SyncToken": "0"})
    assert response.status_code == 400
    assert response.json()["Fault"]["Error"][0]["code"] == "500"


def test_a_body_that_is_no_json_object_is_an_unsupported_property_and_no_utf8_is_500() -> None:
    visitor = Visitor(build())
    for body, code in ((b"{", "2010"), (b"[]", "2010"), (b'{"a": NaN}', "2010"), (b"\xff", "500")):
        assert visitor.call("POST", "customer", body).json()["Fault"]["Error"][0]["code"] == code


def test_minor_versions_below_75_change_nothing() -> None:
    visitor = Visitor(build())
    plain, old = (visitor.call("GET", "preferences", minorversion=version).json() for version in ("75", "1"))
    assert plain["Preferences"] == old["Preferences"]


@pytest.mark.parametrize(
    ("rule", "status", "expected"),
    [
        ({"kind": "status_429"}, 429, "3001"),
        ({"kind": "status_401", "form": "xml"}, 401, "3200"),
        ({"kind": "status_401", "form": "json"}, 401, '"code":"3200"'),
        ({"kind": "status_403"}, 403, '"code":"3100"'),
        ({"kind": "status_500"}, 500, '"code":"10000"'),
        ({"kind": "fault_200", "code": "6190"}, 200, '"code":"6190"'),
        ({"kind": "fault_400", "code": "6540", "detail": "deposited"}, 400, '"Detail":"deposited"'),
    ],
)
def test_an_ordered_fault_strikes_once_and_does_nothing(rule: dict[str, Any], status: int, expected: str) -> None:
    app = build()
    visitor = Visitor(app)
    app.faults.add({"path": "customer$", "method": "POST", "times": 1, **rule})
    response = visitor.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1")
    assert response.status_code == status
    assert expected in response.text
    assert "intuit_tid" in response.headers
    assert not app.company.rows["Customer"]
    assert visitor.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1").status_code == 200


def test_a_system_fault_is_what_intuit_answers() -> None:
    app = build()
    app.faults.add({"kind": "status_500", "times": 1})
    body = Visitor(app).call("GET", "preferences").json()
    assert body["Fault"]["type"] == "SystemFault"
    assert body["Fault"]["Error"][0]["Message"] == "An application error has occurred while processing your request"


@pytest.mark.parametrize(("kind", "stored"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_dropped_connection_is_before_or_after_the_work(kind: str, stored: int) -> None:
    app = build()
    app.faults.add({"kind": kind, "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        Visitor(app).call("POST", "customer", {"DisplayName": "Amy"})
    assert len(app.company.rows["Customer"]) == stored


def test_a_delay_moves_a_virtual_clock() -> None:
    app = build()
    app.faults.add({"kind": "delay", "seconds": 30})
    before = app.clock.now()
    Visitor(app).call("GET", "preferences")
    assert (app.clock.now() - before).total_seconds() == 30


def test_a_fault_rule_has_the_keys_of_its_kind() -> None:
    app = build()
    with pytest.raises(BadSettingError, match="form"):
        app.faults.add({"kind": "fault_200", "form": "xml"})
    admin = httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox")
    assert admin.post("/_sandbox/faults", json={"kind": "fault_500"}).status_code == 400
    assert admin.post("/_sandbox/faults", json={"kind": "status_401", "form": "xml"}).json()["form"] == "xml"


def test_a_reset_takes_settings_and_leaves_nothing_behind() -> None:
    app = build()
    admin = httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox")
    Visitor(app).create("Customer", DisplayName="Amy")
    settings = {"country": "CA", "home_currency": "CAD", "custom_txn_numbers": True, "book_close_date": "2026-01-31"}
    assert admin.post("/_sandbox/reset", json={"config": settings}).status_code == 200
    state = admin.get("/_sandbox/state").json()["realms"][DEFAULT_REALM]
    assert (state["reads"], state["entities"].get("Customer", [])) == (0, [])
    assert state["entities"]["Preferences"][0]["CurrencyPrefs"]["HomeCurrency"] == {"value": "CAD"}
    assert state["entities"]["TaxCode"][0]["Name"] == "20.0% S"
    for wrong in ({"colour": 1}, {"multicurrency": 1}, {"wrong_realm": "no"}, {"time_zone": "Mars"}, {"realm_id": "x"}):
        assert admin.post("/_sandbox/reset", json={"config": wrong}).status_code == 400
    assert "secret" not in admin.get("/_sandbox/state").text


def test_a_person_outlives_the_apps_tokens_and_a_reset() -> None:
    app = build()
    person = Visitor(app)
    app.clock.advance(10_000_000)
    person.create("Customer", DisplayName="Amy")
    app.reset()
    assert person.create("Customer", DisplayName="Bob")["Id"] == "1"


def test_somebody_signs_in_to_the_companys_screens_and_is_no_call_of_the_app() -> None:
    app = build(requests_per_second=1)
    admin = httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox")
    token = admin.post("/_sandbox/people", json={"act": "sign_in"}).json()["result"]
    person = Visitor(app, access_token=token)
    for name in ("Amy", "Bob", "Cyd"):
        person.create("Customer", DisplayName=name)
    person.query("select * from Customer")
    assert (app.company.reads, app.company.writes) == (0, 0)
    assert admin.post("/_sandbox/people", json={"act": "sign_in", "as": "me"}).status_code == 400
    assert admin.post("/_sandbox/people", json={"act": "sign_out"}).status_code == 400


def test_the_actor_header_changes_nothing() -> None:
    person, app = Visitor(build(), actor="user"), Visitor(build(), actor="app")
    assert person.create("Customer", DisplayName="A") == app.create("Customer", DisplayName="A")
