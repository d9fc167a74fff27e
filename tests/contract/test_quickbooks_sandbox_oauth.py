"""The QuickBooks sandbox hands out, rotates and revokes tokens as Intuit's OAuth does."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from infra.sandbox.kernel import SandboxClock, SandboxTransport
from infra.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import Visitor

CALLBACK = "https://tieout.test/callback"
DAY = 86_400


class Client:
    """An OAuth client of one sandbox."""

    def __init__(self, **settings: Any) -> None:
        config = QuickBooksConfig().with_settings(settings)
        self.app = QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC)))
        self.http = httpx.Client(
            transport=SandboxTransport(self.app), base_url="http://sandbox", auth=(CLIENT_ID, CLIENT_SECRET)
        )

    def refresh(self, token: str, **headers: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.http.post("/oauth2/v1/tokens/bearer", data=form, headers=headers)

    def consent(self, **changes: str) -> httpx.Response:
        query = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting",
            "redirect_uri": CALLBACK,
            "state": "s1",
            **changes,
        }
        return self.http.get("/connect/oauth2", params=query)

    def exchange(self, code: str, uri: str = CALLBACK) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri}
        return self.http.post("/oauth2/v1/tokens/bearer", data=form)

    def code(self) -> str:
        return parse_qs(urlsplit(self.consent().headers["location"]).query)["code"][0]

    def opens(self, token: str) -> bool:
        return Visitor(self.app, access_token=token).call("GET", "preferences").status_code == 200


def test_consent_leads_back_with_code_realm_and_state() -> None:
    client = Client()
    answer = client.consent()
    location = urlsplit(answer.headers["location"])
    query = parse_qs(location.query)
    assert answer.status_code == 302
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    assert (query["realmId"], query["state"]) == ([client.app.config.realm_id], ["s1"])
    tokens = client.exchange(query["code"][0]).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        8726400,
    )
    assert client.opens(tokens["access_token"])
    assert client.consent(client_id="someone").status_code == 400


def test_a_code_is_bound_to_its_redirect_and_used_once() -> None:
    client = Client()
    assert client.exchange(client.code(), "https://evil.test/").json()["error"] == "invalid_grant"
    code = client.code()
    tokens = client.exchange(code).json()
    again = client.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not client.opens(tokens["access_token"])
    late = client.code()
    client.app.clock.advance(600)
    assert client.exchange(late).status_code == 400


def test_a_refresh_rotates_and_the_access_token_before_lives_on() -> None:
    client = Client()
    first = client.refresh(REFRESH_TOKEN).json()
    assert first["refresh_token"] != REFRESH_TOKEN
    assert client.opens(first["access_token"])
    assert client.opens(client.app.config.access_token)
    second = client.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]


def test_the_reuse_of_a_dead_refresh_token_revokes_everything() -> None:
    client = Client()
    fresh = client.refresh(REFRESH_TOKEN).json()
    reused = client.refresh(REFRESH_TOKEN)
    assert reused.status_code == 400
    assert reused.json() == {
        "error": "invalid_grant",
        "error_description": "Incorrect or invalid refresh token",
    }
    assert client.refresh(fresh["refresh_token"]).status_code == 400
    assert not client.opens(fresh["access_token"])


def test_a_grace_forgives_the_reuse_for_a_while() -> None:
    client = Client(rotation_grace_seconds=60)
    fresh = client.refresh(REFRESH_TOKEN).json()
    again = client.refresh(REFRESH_TOKEN)
    assert again.json()["refresh_token"] == fresh["refresh_token"]
    client.app.clock.advance(60)
    assert client.refresh(REFRESH_TOKEN).status_code == 400
    assert client.refresh(fresh["refresh_token"]).status_code == 400


def test_the_value_changes_once_a_day_when_so_set() -> None:
    client = Client(refresh_rotation_seconds=DAY)
    assert client.refresh(REFRESH_TOKEN).json()["refresh_token"] == REFRESH_TOKEN
    client.app.clock.advance(DAY)
    assert client.refresh(REFRESH_TOKEN).json()["refresh_token"] != REFRESH_TOKEN


def test_a_refresh_token_dies_after_its_rolling_time_and_after_five_years_for_good() -> None:
    client = Client()
    client.app.clock.advance(8_726_400)
    assert client.refresh(REFRESH_TOKEN).status_code == 400
    client, token = Client(), REFRESH_TOKEN
    for _ in range(20):
        client.app.clock.advance(90 * DAY)
        token = client.refresh(token).json()["refresh_token"]
    last = client.refresh(token, **{"x-include-refresh-token-hard-expires-in": "true"}).json()
    assert last["x_refresh_token_hard_expires_in"] == last["x_refresh_token_expires_in"] == 25 * DAY
    client.app.clock.advance(25 * DAY)
    assert client.refresh(last["refresh_token"]).status_code == 400


def test_the_hard_expiry_is_told_on_request_only() -> None:
    client = Client()
    assert "x_refresh_token_hard_expires_in" not in client.refresh(REFRESH_TOKEN).json()


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_connection(which: str) -> None:
    client = Client()
    tokens = client.refresh(REFRESH_TOKEN).json()
    assert client.http.post("/v2/oauth2/tokens/revoke", json={"token": tokens[which]}).status_code == 200
    assert not client.opens(tokens["access_token"])
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    assert client.http.post("/v2/oauth2/tokens/revoke", json={"token": tokens[which]}).status_code == 400


def test_the_apps_own_secret_is_checked() -> None:
    client = Client()
    form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
    for auth in ((CLIENT_ID, "wrong"), ("someone", CLIENT_SECRET)):
        answer = client.http.post("/oauth2/v1/tokens/bearer", data=form, auth=auth)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert client.http.post("/v2/oauth2/tokens/revoke", json={"token": "x"}, auth=auth).status_code == 401
    bad = client.http.post("/oauth2/v1/tokens/bearer", data={"grant_type": "password"})
    assert bad.json()["error"] == "unsupported_grant_type"
    assert client.http.get("/oauth2/v1/tokens/bearer").status_code == 405


def test_the_discovery_document_points_at_this_sandbox() -> None:
    found = Client().http.get("/.well-known/openid_sandbox_configuration/").json()
    assert found["token_endpoint"] == "http://sandbox/oauth2/v1/tokens/bearer"
    assert found["revocation_endpoint"] == "http://sandbox/v2/oauth2/tokens/revoke"
    assert found["authorization_endpoint"] == "http://sandbox/connect/oauth2"
