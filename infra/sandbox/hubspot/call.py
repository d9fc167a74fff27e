"""One request on its way through the sandbox: who asks, with which parameters and body, and how to answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug import Request, Response

from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.errors import HubSpotError, invalid, malformed, missing_scopes
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.records import Records
from infra.sandbox.hubspot.search import Snapshot
from infra.sandbox.hubspot.store import Store
from infra.sandbox.kernel.wire import json_response, loads


@dataclass(frozen=True)
class Call:
    """A request that is authenticated and counted. `version` is the version segment of its path."""

    request: Request
    version: str
    scopes: frozenset[str]
    records: Records
    snapshot: Snapshot
    new_uuid: Callable[[], str]

    @property
    def store(self) -> Store:
        """The account's data."""
        return self.records.store

    @property
    def config(self) -> HubSpotConfig:
        """The sandbox's settings."""
        return self.records.config

    def require(self, *any_of: frozenset[str]) -> None:
        """Raises 403 unless the token has one scope of each set."""
        for scopes in any_of:
            if not scopes & self.scopes:
                raise missing_scopes(scopes)

    def names(self, parameter: str) -> list[str] | None:
        """A list parameter, given with commas or repeatedly; None when it is absent."""
        given = self.request.args.getlist(parameter)
        return [name for text in given for name in text.split(",") if name] if given else None

    def flag(self, parameter: str) -> bool:
        """A boolean parameter, false when absent. Raises 400."""
        text = self.request.args.get(parameter, "false").lower()
        if text not in ("true", "false"):
            raise invalid(f"{parameter} must be true or false, not {text}")
        return text == "true"

    def whole(self, parameter: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises 400."""
        text = self.request.args.get(parameter)
        if text is None:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise invalid(f"{parameter} must be a whole number from 1 to {most}, not {text}")
        return int(text)

    def body(self) -> Mapping[str, Any]:
        """The JSON object of the request. Raises 400, or 415 for another media type."""
        value = self.json()
        if not isinstance(value, Mapping):
            raise malformed("the body must be an object")
        return value

    def json(self) -> Any:
        """The JSON of the request. Raises 400, or 415 for another media type."""
        if self.request.mimetype != "application/json":
            raise HubSpotError(415, None, "HTTP 415 Unsupported Media Type")
        try:
            return loads(self.request.get_data())
        except ValueError as error:
            raise malformed(str(error)) from None

    def next_link(self, after: str) -> dict[str, Any]:
        """`paging` with the next cursor."""
        query = [(key, value) for key, value in self.request.args.items(multi=True) if key != "after"]
        link = f"{self.request.base_url}?{urlencode([*query, ('after', after)])}"
        return {"next": {"after": after, "link": link}}

    def batch(self, results: list[Any], errors: list[Any], status: int) -> Response:
        """A batch answer; 207 when something failed."""
        now = iso(self.store.now())
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return json_response(answer, 207 if errors else status)


def inputs_of(body: Mapping[str, Any], limit: int) -> list[Mapping[str, Any]]:
    """The `inputs` of a batch. Raises 400 when there are none, or more than `limit`."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, Mapping) for one in inputs):
        raise malformed("inputs must be a filled list of objects")
    if len(inputs) > limit:
        raise invalid(f"inputs has {len(inputs)} items; the limit is {limit}", code="BATCH_LIMIT_EXCEEDED")
    return inputs


def no_content() -> Response:
    """204."""
    return Response(status=204)
