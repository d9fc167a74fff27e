"""One call to the QuickBooks API: permit, token, request, and an answer or an error that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote as percent

import httpx

from tieout.adapters.http import nothing_sent, retry_after
from tieout.adapters.quickbooks import answers, query
from tieout.adapters.quickbooks.faults import REFRESHABLE, THROTTLE_SECONDS, Fault, error_of
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import Connection
from tieout.domain.errors import OutcomeUnknown, RateLimited, SyncError, Transient
from tieout.ports import Limiter

MINOR_VERSION = "75"
SYSTEM = "quickbooks"

_MOST_PAGES = 100
_LONGEST_PAUSE = 3600
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class AccessTokens(Protocol):
    """Where access tokens come from; see `auth.TokenSource`."""

    def access_token(self) -> str:
        """A valid one."""
        ...

    def refresh_after_401(self, stale_access_token: str) -> str:
        """Another one than the refused one."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `facts` are loggable and hold QuickBooks' own id of the call, `intuit_tid`."""

    node: Node
    facts: Mapping[str, str]
    write: bool

    @property
    def intuit_tid(self) -> str:
        """What Intuit's support asks for."""
        return self.facts["intuit_tid"]

    def entity(self, name: str, convert: Callable[[Node], _T]) -> _T:
        """The entity of that name, converted. An answer that cannot be converted is as good as none."""
        return self._understood(lambda: convert(Node.of(self.node.fields.get(name), name)))

    def whole(self, convert: Callable[[Node], _T]) -> _T:
        """The whole answer, converted."""
        return self._understood(lambda: convert(self.node))

    def entities(self, name: str, convert: Callable[[Node], _T]) -> list[_T]:
        """The entities of a query's answer, converted; none is an empty list."""
        return self._understood(lambda: [convert(one) for one in self._response().nodes(name)])

    def _response(self) -> Node:
        # Its absence is not an empty result.
        return Node.of(self.node.fields.get("QueryResponse"), "QueryResponse")

    def _understood(self, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except ValueError as error:
            says = str(error) if isinstance(error, Unreadable) else "a value makes no sense"
            raise _unreadable({**self.facts, "says": says}, write=self.write) from None


class QuickBooksClient:
    """Calls for one connection. Threads may share it; the httpx client may be shared by connections.

    `count_read` is called for each read that Intuit meters: gets, queries and change data capture that succeed.
    """

    def __init__(
        self,
        connection: Connection,
        http: httpx.Client,
        tokens: AccessTokens,
        limiter: Limiter,
        count_read: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._http = http
        self._tokens = tokens
        self._limiter = limiter
        self._count_read = count_read

    def get(self, *path: str, **parameters: str) -> Answer:
        """Read `/v3/company/<realm>/<path>?<parameters>`."""
        return self._json(self._request("GET", path, parameters))

    def query(self, entity: str, *conditions: str, convert: Callable[[Node], _T]) -> list[_T]:
        """All entities that meet the conditions, over all pages."""
        found: list[_T] = []
        for page in range(_MOST_PAGES):
            rows = self.page(entity, *conditions, start=1 + page * query.PAGE, convert=convert)
            found += rows
            if len(rows) < query.PAGE:
                return found
        raise Transient(context={"system": SYSTEM, "operation": "GET query", "says": "too many results"})

    def page(
        self,
        entity: str,
        *conditions: str,
        order: str = "",
        start: int = 1,
        most: int | None = None,
        convert: Callable[[Node], _T],
    ) -> list[_T]:
        """One page of the entities that meet the conditions, at most `most` of them."""
        statement = query.select(entity, *conditions, order=order, start=start, page=most or query.PAGE)
        return self._json(self._request("GET", ("query",), {"query": statement})).entities(entity, convert)

    def any_one(self, entity: str, *, convert: Callable[[Node], _T]) -> _T | None:
        """Any one entity of a kind, None when there is none."""
        parameters = {"query": query.select(entity, page=1)}
        rows = self._json(self._request("GET", ("query",), parameters)).entities(entity, convert)
        return rows[0] if rows else None

    def post(
        self, entity: str, body: str, request_id: str, *, operation: str | None = None, include: str | None = None
    ) -> Answer:
        """Write: create or update by the body, or another `operation` (void, delete), in the form that `include` names.
        The same `request_id` gives the first answer."""
        form = {"operation": operation, "include": include}
        parameters = {"requestid": request_id} | {name: value for name, value in form.items() if value}
        return self._json(self._request("POST", (entity,), parameters, body))

    def pdf(self, entity: str, id_: str) -> bytes:
        """The document as a customer sees it."""
        response = self._send(self._request("GET", (entity, id_, "pdf"), accept="application/pdf"))
        if not response.content.startswith(b"%PDF"):
            raise self._failure(response)
        return response.content

    def _request(
        self,
        method: str,
        path: tuple[str, ...],
        parameters: Mapping[str, str] | None = None,
        body: str | None = None,
        accept: str = "application/json",
    ) -> httpx.Request:
        where = "/".join(percent(part, safe="") for part in (self._connection.realm_id, *path))
        headers = {"Accept": accept} | ({} if body is None else {"Content-Type": "application/json"})
        return self._http.build_request(
            method,
            f"/v3/company/{where}",
            params={**(parameters or {}), "minorversion": MINOR_VERSION},
            content=None if body is None else body.encode("ascii"),
            headers=headers,
        )

    def _json(self, request: httpx.Request) -> Answer:
        response = self._send(request)
        try:
            answer: Node | Fault = answers.read(response)
        except Unreadable:
            answer = Fault()
        if not response.is_success or isinstance(answer, Fault):
            raise self._failure(response)
        return Answer(answer, self._facts(request, response), _writes(request))

    def _send(self, request: httpx.Request) -> httpx.Response:
        """The answer; when QuickBooks refuses the token, that of one repetition with another token."""
        token = self._tokens.access_token()
        response = self._attempt(request, token)
        if response.status_code == 401 and _fault(response).codes <= REFRESHABLE:
            response = self._attempt(request, self._tokens.refresh_after_401(token))
        return response

    def _attempt(self, request: httpx.Request, token: str) -> httpx.Response:
        self._limiter.permit(self._connection.id, SYSTEM)
        request.headers["Authorization"] = f"Bearer {token}"
        try:
            response = self._http.send(request)
        except httpx.RequestError as error:
            raise self._lost(request, error) from None
        if response.is_success and not _writes(request):
            self._count_read()
        _log.info("quickbooks answered", extra=dict(self._facts(request, response)))
        return response

    def _lost(self, request: httpx.Request, error: httpx.RequestError) -> SyncError:
        facts = {**self._facts(request), "says": type(error).__name__}
        known = nothing_sent(error) or not _writes(request)
        return Transient(context=facts) if known else OutcomeUnknown(context=facts)

    def _failure(self, response: httpx.Response) -> SyncError:
        """The error for an answer that is no success; asks everybody to pause when it is a throttle."""
        request = response.request
        asked = retry_after(response)
        error = error_of(
            _fault(response),
            response.status_code,
            write=_writes(request),
            context=self._facts(request, response),
            retry_after=THROTTLE_SECONDS if asked is None else min(int(asked) or 1, _LONGEST_PAUSE),
        )
        if isinstance(error, RateLimited):
            self._limiter.pause(self._connection.id, SYSTEM, error.retry_after)
        return error

    def _facts(self, request: httpx.Request, response: httpx.Response | None = None) -> Mapping[str, str]:
        path = request.url.path.partition(f"/{self._connection.realm_id}/")[2]
        facts = {"system": SYSTEM, "connection": self._connection.id, "operation": f"{request.method} {path}"}
        if "requestid" in request.url.params:
            facts["requestid"] = request.url.params["requestid"]
        if response is not None:
            facts |= {"status": str(response.status_code), "intuit_tid": response.headers.get("intuit_tid", "")}
        return facts


def _writes(request: httpx.Request) -> bool:
    return request.method != "GET"


def _fault(response: httpx.Response) -> Fault:
    """The fault of an answer, an empty one when there is none to be read."""
    try:
        answer = answers.read(response)
    except Unreadable:
        return Fault()
    return answer if isinstance(answer, Fault) else Fault()


def _unreadable(facts: Mapping[str, str], *, write: bool) -> SyncError:
    return OutcomeUnknown(context=facts) if write else Transient(context=facts)
