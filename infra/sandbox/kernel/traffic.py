"""The record of every vendor exchange, in the form that the traffic check reads: one JSON object per line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug import Request, Response
from werkzeug.datastructures import Headers

# Whatever else a header says about who is asking is no part of an API's shape.
SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-api-key"})
HOSTILE_HEADER = "x-sandbox-hostile"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `status` is None when no answer arrived."""

    system: str
    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str | None
    status: int | None
    response_headers: dict[str, str]
    response_body: str | None

    def line(self) -> str:
        """The exchange as one line of JSON, without the line's end."""
        return json.dumps(self.__dict__, ensure_ascii=False)


def _headers(headers: Headers) -> dict[str, str]:
    return {name: _without_secret(name, value) for name, value in headers}


def _without_secret(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} redacted" if space else "redacted"


def _text(body: bytes) -> str | None:
    if not body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


class TrafficLog:
    """Keeps all exchanges since the last reset. Not locked: the app's lock guards it."""

    def __init__(self, system: str) -> None:
        self._system = system
        self.exchanges: list[Exchange] = []

    def record(self, request: Request, response: Response | None) -> None:
        """Adds one exchange, unless the request is marked as wrong on purpose (`x-sandbox-hostile`)."""
        if HOSTILE_HEADER in request.headers:
            return
        target = request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
        self.exchanges.append(
            Exchange(
                self._system,
                request.method,
                f"{request.scheme}://{request.host}{target}",
                _headers(request.headers),
                _text(request.get_data()),
                None if response is None else response.status_code,
                {} if response is None else _headers(response.headers),
                None if response is None else _text(response.get_data()),
            )
        )

    def clear(self) -> None:
        """Forgets all exchanges."""
        self.exchanges.clear()

    def lines(self) -> Iterator[str]:
        """The exchanges as JSON lines."""
        for exchange in list(self.exchanges):
            yield exchange.line() + "\n"
