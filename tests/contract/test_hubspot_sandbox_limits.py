"""Who may call the HubSpot sandbox and how often: tokens, scopes, limits, faults, errors and settings."""

from typing import Any

import httpx
import pytest

from infra.sandbox.hubspot import NO_LIMITS, HubSpotConfig, HubSpotSandbox
from infra.sandbox.hubspot.config import with_settings
from infra.sandbox.kernel import BadSettingError, SandboxTransport
from tests.contract.hubspot_client_support import OBJECTS, PERSON, PROPERTIES, TOKEN, Account, to


def test_a_call_without_a_known_token_is_401() -> None:
    account = Account()
    for headers in ({"authorization": ""}, {"authorization": "Bearer other"}, {"authorization": f"Basic {TOKEN}"}):
        answer = account.http.get(f"{OBJECTS}/contacts", headers=headers)
        assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
        assert answer.json()["correlationId"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", f"{OBJECTS}/invoices", "crm.objects.invoices.read"),
        ("POST", f"{OBJECTS}/invoices", "crm.objects.invoices.write"),
        ("POST", f"{OBJECTS}/contacts/batch/update", "crm.objects.contacts.write"),
        ("POST", f"{OBJECTS}/deals/search", "crm.objects.deals.read"),
        ("DELETE", f"{OBJECTS}/fees/1", "crm.objects.line_items.write"),
        ("GET", f"{PROPERTIES}/invoices", "crm.schemas.invoices.read"),
        ("POST", f"{PROPERTIES}/invoices", "crm.schemas.invoices.write"),
        ("GET", "/tax-rates/2026-09/tax-rates", "tax_rates.read"),
    ],
)
def test_a_token_without_the_scope_is_403_and_told_which(method: str, path: str, scope: str) -> None:
    account = Account(tokens={TOKEN: ["oauth"]})
    answer = account.http.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in answer.json()["errors"][0]["context"]["requiredGranularScopes"]
    assert answer.json()["links"]["scopes"].startswith("https://")
    assert account.http.get("/account-info/2026-09/details").status_code == 200


def test_reading_associated_records_needs_their_scope_too() -> None:
    account = Account(tokens={TOKEN: ["crm.objects.invoices.read"]})
    pair = "/crm/associations/2026-09/invoices/contacts/batch/read"
    assert account.http.post(pair, json={"inputs": [{"id": "1"}]}).status_code == 403


def test_account_details_tell_portal_currency_and_zone() -> None:
    details = Account(time_zone="Europe/Berlin", currency="EUR").http.get("/account-info/2026-09/details").json()
    assert (details["portalId"], details["companyCurrency"], details["timeZone"]) == (62515001, "EUR", "Europe/Berlin")
    assert (details["utcOffset"], details["utcOffsetMilliseconds"]) == ("+01:00", 3_600_000)


def test_tax_rates_are_listed_by_pages_and_by_activity() -> None:
    account, url = Account(), "/tax-rates/2026-09/tax-rates"
    first = account.http.get(url, params={"limit": 2}).json()
    second = account.http.get(url, params={"limit": 2, "after": first["paging"]["next"]["after"]}).json()
    assert [one["id"] for one in first["results"] + second["results"]] == ["15970230", "15970231", "15970232"]
    assert "paging" not in second
    inactive = account.http.get(url, params={"active": "false"}).json()["results"]
    assert [one["percentageRate"] for one in inactive] == [5.75]
    assert account.http.get(f"{url}/15970230").json()["name"] == "state-sales-tax"
    assert account.http.get(f"{url}/1").status_code == 404


def test_ten_seconds_have_room_for_so_many_calls() -> None:
    account = Account(limits={"per_ten_seconds": 3, "daily": 100})
    for left in (2, 1, 0):
        answer = account.http.get(f"{OBJECTS}/contacts")
        assert answer.headers["X-HubSpot-RateLimit-Remaining"] == str(left)
        assert answer.headers["X-HubSpot-RateLimit-Max"] == "3"
        assert answer.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
        account.sandbox.clock.advance(1)
    refused = account.http.get(f"{OBJECTS}/contacts")
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    body = refused.json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert refused.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "97"
    account.sandbox.clock.advance(7)
    assert account.http.get(f"{OBJECTS}/contacts").status_code == 200
    assert account.http.get(f"{OBJECTS}/contacts").status_code == 429


def test_what_users_do_in_hubspots_screens_counts_for_no_app() -> None:
    account = Account(limits={"per_ten_seconds": 1, "daily": 1})
    for _ in range(3):
        assert account.http.get(f"{OBJECTS}/contacts", headers=PERSON).status_code == 200
    assert [account.http.get(f"{OBJECTS}/contacts").status_code for _ in range(2)] == [200, 429]


def test_the_day_ends_at_midnight_of_the_account() -> None:
    account = Account(limits={"daily": 2}, time_zone="US/Eastern")
    statuses = [account.http.get(f"{OBJECTS}/contacts") for _ in range(3)]
    assert [one.status_code for one in statuses] == [200, 200, 429]
    assert statuses[2].json()["policyName"] == "DAILY"
    assert statuses[2].json()["message"] == "You have reached your daily limit."
    # 09:00 UTC is 04:00 in New York: 20 hours to midnight.
    account.sandbox.clock.advance(20 * 3600 - 1)
    assert account.http.get(f"{OBJECTS}/contacts").status_code == 429
    account.sandbox.clock.advance(1)
    assert account.http.get(f"{OBJECTS}/contacts").status_code == 200


def test_search_has_five_calls_a_second_and_no_headers() -> None:
    account = Account()
    answers = [account.http.post(f"{OBJECTS}/contacts/search", json={}) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert answers[5].json()["policyName"] == "SECONDLY"
    assert not any(name.lower().startswith("x-hubspot-ratelimit") for one in answers for name in one.headers)
    assert account.http.get(f"{OBJECTS}/contacts").status_code == 200
    account.sandbox.clock.advance(1)
    assert account.http.post(f"{OBJECTS}/contacts/search", json={}).status_code == 200


def test_limits_can_be_switched_off() -> None:
    sandbox = HubSpotSandbox(HubSpotConfig(limits=NO_LIMITS))
    with httpx.Client(transport=SandboxTransport(sandbox), base_url="https://api.hubapi.com") as client:
        answers = [
            client.post(f"{OBJECTS}/contacts/search", json={}, headers={"authorization": f"Bearer {TOKEN}"})
            for _ in range(300)
        ]
    assert {one.status_code for one in answers} == {200}


def test_retry_after_can_be_sent() -> None:
    account = Account(limits={"per_ten_seconds": 1}, retry_after_on_429=True)
    account.http.get(f"{OBJECTS}/contacts")
    account.sandbox.clock.advance(4)
    assert account.http.get(f"{OBJECTS}/contacts").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("kind", "status", "key", "value"),
    [
        ("status_429", 429, "policyName", "TEN_SECONDLY_ROLLING"),
        ("status_500", 500, "category", "INTERNAL_ERROR"),
        ("status_401", 401, "category", "EXPIRED_AUTHENTICATION"),
    ],
)
def test_a_fault_speaks_as_hubspot_does(kind: str, status: int, key: str, value: str) -> None:
    account = Account()
    account.sandbox.faults.add({"kind": kind, "method": "POST", "path": "/contacts$", "times": 1})
    answer = account.http.post(f"{OBJECTS}/contacts", json={"properties": {}})
    assert (answer.status_code, answer.json()[key], answer.json()["status"]) == (status, value, "error")
    assert account.http.get(f"{OBJECTS}/contacts").json()["results"] == []


def test_an_answer_can_get_lost_after_the_work_is_done() -> None:
    account = Account()
    account.sandbox.faults.add({"kind": "timeout_after", "path": "/contacts", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        account.http.post(f"{OBJECTS}/contacts", json={"properties": {"firstname": "Ann"}})
    assert len(account.http.get(f"{OBJECTS}/contacts").json()["results"]) == 1


def test_a_path_that_does_not_exist_is_404_and_a_wrong_method_405() -> None:
    account = Account()
    assert account.http.get("/crm/objects/2026-09").json()["message"] == "resource not found"
    assert account.http.put(f"{OBJECTS}/contacts/1").status_code == 405
    assert account.http.get(f"{OBJECTS}//contacts").status_code == 404


def test_a_url_that_is_too_long_is_414() -> None:
    names = ",".join(["hs_amount_billed"] * 600)
    assert Account().http.get(f"{OBJECTS}/invoices", params={"properties": names}).status_code == 414


def test_a_failed_request_leaves_no_trace_in_the_account() -> None:
    account = Account()
    invoice = account.finalised()
    before = account.sandbox.state()
    body = {"properties": {"name": "x"}, "associations": [to(invoice, 410), to("9", 20)]}
    assert account.http.post(f"{OBJECTS}/line_items", json=body).status_code == 404
    assert account.sandbox.state() == before


def test_the_state_shows_every_record_with_its_associations() -> None:
    account = Account()
    invoice = account.finalised()
    shown = account.http.get("/_sandbox/state").json()["objects"]["invoices"]
    assert [one["id"] for one in shown] == [invoice]
    assert shown[0]["properties"]["hs_number"] == "INV-1001"
    assert set(shown[0]["associations"]) == {"contacts", "line_items"}


def test_reset_takes_settings_and_empties_the_account() -> None:
    account = Account()
    account.create("contacts", firstname="Ann")
    config = {
        "portal_id": 7,
        "tokens": {"other": ["oauth"]},
        "limits": {"daily": 5},
        "tax_rates": [{"id": "1", "name": "n", "label": "l", "percentageRate": 7.25}],
        "tax_ids": ["DE 1"],
        "subscriptions": [{"subscriptionType": "object.creation", "objectType": "invoice"}],
    }
    assert account.http.post("/_sandbox/reset", json={"config": config}).status_code == 200
    headers = {"authorization": "Bearer other"}
    details = account.http.get("/account-info/2026-09/details", headers=headers)
    assert details.json()["portalId"] == 7
    assert details.headers["X-HubSpot-RateLimit-Daily"] == "5"
    assert account.sandbox.state()["objects"]["contacts"] == []


@pytest.mark.parametrize(
    "config",
    [
        {"colour": "red"},
        {"portal_id": "x"},
        {"limits": {"hourly": 1}},
        {"time_zone": "Mars/Olympus"},
        {"delete_open": "yes"},
        {"subscriptions": [{"objectType": "spaceship", "subscriptionType": "object.creation"}]},
        {"tax_rates": [{"id": "1"}]},
        {"tokens": ["x"]},
    ],
)
def test_an_unusable_setting_is_refused_with_a_reason(config: dict[str, Any]) -> None:
    with pytest.raises(BadSettingError):
        with_settings(HubSpotConfig(), config)
    answer = Account().http.post("/_sandbox/reset", json={"config": config})
    assert answer.status_code == 400
    assert answer.json()["error"]
