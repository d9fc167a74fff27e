"""The shared httpx client: what it refuses to do, and what it says about a failed call."""

import ssl
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tieout.adapters.http import _ssl_context, decode_json, make_client, nothing_sent, retry_after

_PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_user_agent_bears_the_version_of_the_project() -> None:
    version = tomllib.loads(_PYPROJECT.read_text())["project"]["version"]
    with make_client("https://vendor.test") as client:
        assert client.headers["User-Agent"] == f"tieout/{version}"


def test_every_time_out_is_set() -> None:
    with make_client("https://vendor.test") as client:
        assert None not in client.timeout.as_dict().values()


def test_certificates_are_loaded_by_the_first_call_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[ssl.SSLContext] = []
    create = httpx.create_ssl_context

    def counted(**options: Any) -> ssl.SSLContext:
        loaded.append(create(**options))
        return loaded[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    _ssl_context.cache_clear()
    try:
        # Port 9 of this machine: nobody listens.
        url = "https://127.0.0.1:9"
        with make_client(url), make_client(url) as one, make_client(url) as other:
            assert loaded == []
            for client in (one, one, other):
                with pytest.raises(httpx.ConnectError):
                    client.get("/x")
        assert len(loaded) == 1
        assert loaded[0].verify_mode is ssl.CERT_REQUIRED
        assert loaded[0].check_hostname
    finally:
        _ssl_context.cache_clear()


def test_a_redirect_is_answered_and_not_followed() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://elsewhere.test/"})

    with make_client("https://vendor.test", transport=httpx.MockTransport(answer)) as client:
        assert client.get("/x", headers={"Authorization": "Bearer t"}).status_code == 302
    assert seen == ["vendor.test"]


def test_an_unreachable_host_is_an_error_before_anything_was_sent() -> None:
    # Port 9 of this machine: nobody listens.
    with make_client("http://127.0.0.1:9") as client, pytest.raises(httpx.ConnectError) as failure:
        client.post("/x", json={})
    assert nothing_sent(failure.value)


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]
)
def test_failures_before_sending_are_known(kind: type[httpx.TransportError]) -> None:
    assert nothing_sent(kind("x"))


@pytest.mark.parametrize(
    "kind",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.DecodingError,
    ],
)
def test_any_other_failure_may_have_arrived(kind: type[httpx.RequestError]) -> None:
    assert not nothing_sent(kind("x"))


def test_numbers_are_decoded_without_loss() -> None:
    body = decode_json(httpx.Response(200, content=b'{"n": 0.10000000000000000001, "i": 12345678901234567890}'))
    assert body == {"n": Decimal("0.10000000000000000001"), "i": 12345678901234567890}


@pytest.mark.parametrize("content", [b"", b"<html>", b"NaN", b"\xff", b"[" * 200_000])
def test_what_is_no_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expecting|JSON|decode"):
        decode_json(httpx.Response(200, content=content))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers=headers)) == seconds
