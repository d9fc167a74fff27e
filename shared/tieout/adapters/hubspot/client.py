"""A thin HubSpot client: permit, token, one call, and its answer as a checked model or as an error of the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from tieout.adapters.http import decode_json, nothing_sent, retry_after
from tieout.adapters.hubspot.faults import SLOWS_DOWN, to_error
from tieout.adapters.hubspot.wire import parse_error
from tieout.domain.errors import OutcomeUnknown, RateLimited, SyncError, Transient
from tieout.ports import Limiter

Answer = TypeVar("Answer", bound=BaseModel)


# A part of a form: file name, content, media type.
Part = tuple[str | None, bytes, str | None]


@dataclass(frozen=True, slots=True)
class File:
    """A file to be uploaded."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The API version of each family of endpoints: a dated one ("2026-09") or a numbered one ("v3", "v4")."""

    objects: str = "2026-09"
    associations: str = "2026-09"
    properties: str = "2026-09"
    account: str = "2026-09"
    files: str = "2026-09"

    def objects_path(self, rest: str) -> str:
        """Records: `rest` begins with the object type."""
        return _crm("objects", self.objects, rest)

    def associations_path(self, rest: str) -> str:
        """Associations: `rest` begins with the two object types."""
        return _crm("associations", self.associations, rest)

    def properties_path(self, rest: str) -> str:
        """Property definitions: `rest` begins with the object type."""
        return _crm("properties", self.properties, rest)

    def files_path(self, rest: str = "") -> str:
        """Files: `rest` is empty or begins with the id of one."""
        return f"/files/{self.files}/files{'/' if rest else ''}{rest}"

    def account_path(self) -> str:
        """The account's details."""
        return f"/account-info/{self.account}/details"


def _crm(family: str, version: str, rest: str) -> str:
    # Dated versions follow the family, numbered ones precede it.
    return f"/crm/{version}/{family}/{rest}" if version.startswith("v") else f"/crm/{family}/{version}/{rest}"


class HubSpotClient:
    """Calls HubSpot for one connection.

    `http` may be shared; `token` gives the bearer token for each call; `limiter` is asked before each call.
    """

    def __init__(
        self,
        http: httpx.Client,
        token: Callable[[], str],
        limiter: Limiter,
        connection_id: str,
        versions: Versions | None = None,
    ) -> None:
        self._http = http
        self._token = token
        self._limiter = limiter
        self._connection = connection_id
        self.versions = versions or Versions()

    def get(self, path: str, answer: type[Answer]) -> Answer:
        """A read. Raises Transient, RateLimited, ConnectionLost or NeedsAttention."""
        return self._call("GET", path, None, answer, write=False, system="hubspot")

    def read(self, path: str, body: object, answer: type[Answer]) -> Answer:
        """A read that HubSpot wants as a POST (batch read). Raises as `get` does."""
        return self._call("POST", path, body, answer, write=False, system="hubspot")

    def search(self, path: str, body: object, answer: type[Answer]) -> Answer:
        """A search, which has a budget of its own (five a second for the account). Raises as `get` does."""
        return self._call("POST", path, body, answer, write=False, system="hubspot_search")

    def write(self, path: str, body: object, answer: type[Answer], *, method: str = "POST") -> Answer:
        """A write. Raises as `get` does, and OutcomeUnknown when it may have been carried out."""
        return self._call(method, path, body, answer, write=True, system="hubspot")

    def upload(
        self, path: str, file: File, fields: Mapping[str, str], answer: type[Answer], *, method: str = "POST"
    ) -> Answer:
        """Write a file with further form fields. Raises as `write` does."""
        form: dict[str, Part] = {name: (None, text.encode(), None) for name, text in fields.items()}
        form["file"] = (file.name, file.content, file.media_type)
        response = self._send(method, path, None, write=True, system="hubspot", form=form)
        return _understand(response, answer, write=True, context=_context(method, path))

    def delete(self, path: str) -> None:
        """A write that is answered with nothing. Raises as `write` does."""
        self._send("DELETE", path, None, write=True, system="hubspot")

    def post_without_answer(self, path: str, body: object) -> None:
        """A write with a body that is answered with nothing (batch archive). Raises as `write` does."""
        self._send("POST", path, body, write=True, system="hubspot")

    def _call(self, method: str, path: str, body: object, answer: type[Answer], *, write: bool, system: str) -> Answer:
        response = self._send(method, path, body, write=write, system=system)
        return _understand(response, answer, write=write, context=_context(method, path))

    def _send(
        self,
        method: str,
        path: str,
        body: object,
        *,
        write: bool,
        system: str,
        form: Mapping[str, Part] | None = None,
    ) -> httpx.Response:
        context = _context(method, path)
        self._limiter.permit(self._connection, system)
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            response = self._http.request(method, path, json=body, files=form, headers=headers)
        except httpx.RequestError as error:
            failure = {**context, "failure": type(error).__name__}
            if write and not nothing_sent(error):
                raise OutcomeUnknown(context=failure) from error
            raise Transient(context=failure) from error
        if response.is_success:
            return response
        raise self._refusal(response, write=write, system=system, context=context)

    def _refusal(self, response: httpx.Response, *, write: bool, system: str, context: dict[str, str]) -> SyncError:
        try:
            body = decode_json(response)
        except ValueError:
            body = None
        error = to_error(
            response.status_code,
            parse_error(body),
            write=write,
            retry_after=retry_after(response),
            context=context,
        )
        if isinstance(error, RateLimited) and response.status_code in SLOWS_DOWN:
            self._limiter.pause(self._connection, system, error.retry_after)
        return error


def _context(method: str, path: str) -> dict[str, str]:
    return {"system": "hubspot", "call": f"{method} {path}"}


def _understand(response: httpx.Response, answer: type[Answer], *, write: bool, context: dict[str, str]) -> Answer:
    try:
        return answer.model_validate(decode_json(response))
    except (ValueError, ValidationError) as error:
        # Not chained: the values that could not be read would end in a traceback.
        failure = {**context, "status": str(response.status_code), "failure": f"unreadable {type(error).__name__}"}
        raise (OutcomeUnknown if write else Transient)(context=failure) from None
