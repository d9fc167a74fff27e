"""What both vendors' clients share over httpx: the client itself, and whether a failed call may have arrived."""

from __future__ import annotations

import json
import ssl
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache, cached_property

import httpx

# A layer in AWS has no package metadata to read the version from; a test compares this with pyproject.toml.
_USER_AGENT = "tieout/0.1.0"

_TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=10.0, pool=5.0)

_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@cache
def _ssl_context() -> ssl.SSLContext:
    # Loading the certificates is the slowest part of a client; all of them share it.
    return httpx.create_ssl_context(trust_env=False)


class _OnFirstCall(httpx.BaseTransport):
    """A pool of connections that is made by the first call, as botocore's clients do: a worker whose hints turn out to
    be settled calls no vendor, and need not load certificates."""

    @cached_property
    def _pool(self) -> httpx.HTTPTransport:
        return httpx.HTTPTransport(verify=_ssl_context(), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._pool.handle_request(request)

    def close(self) -> None:
        if "_pool" in self.__dict__:
            self._pool.close()


def make_client(
    base_url: str, *, transport: httpx.BaseTransport | None = None, timeout: httpx.Timeout | None = None
) -> httpx.Client:
    """A client for one vendor, to be kept and shared by threads and connections.

    Time-outs in seconds are explicit (5 to connect, 30 to read by default), redirects are never followed, because a
    token must not travel to another host, and proxies or certificates of the environment are not looked at.
    """
    return httpx.Client(
        base_url=base_url,
        transport=transport or _OnFirstCall(),
        timeout=timeout or _TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": _USER_AGENT, "Accept": "application/json"},
    )


def nothing_sent(error: httpx.RequestError) -> bool:
    """Whether a failed call surely never reached the vendor; after any other failure a write may have happened."""
    return isinstance(error, _NOTHING_SENT)


def decode_json(response: httpx.Response) -> object:
    """The JSON body with every number with a fraction as Decimal; raises ValueError for anything else."""
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the `Retry-After` header asks for, None without a usable one.

    A date (RFC 9110, 10.2.3) is compared with the answer's own `Date`, so that no clock of ours is involved.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())
