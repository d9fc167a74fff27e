"""The network between the workers and a sandbox: loses requests and answers, and carries some out much later."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
from werkzeug import Request, Response

from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.traffic import TrafficLog
from infra.sandbox.kernel.transport import SandboxTransport
from tests.simulation.stage import Clock, Stage

PATIENCE = 30.0
# Less than the vendor time-out: later than that nothing is carried out (Intuit: 120 s).
LATEST = 118.0
_WRITES_SUFFER = 3
_COMPANY = "/v3/company/"
# Answers that depend on the time.
_OF_THE_MOMENT = ("/search", "/cdc")
_FROM = re.compile(r"FROM (\w+)")
_Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
_WRITE_FAULTS = {"timeout_after": 4, "late": 4, "timeout_before": 2, "done_500": 1}
_FAULTS = {"timeout_before": 1, "status_429": 1, "status_500": 2, "status_401": 1, "delay": 3}


class FollowingClock(SandboxClock):
    """A sandbox's clock that is the simulation's."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.time)
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.time

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)


class Silent(TrafficLog):
    """Recording the traffic of hundreds of worlds would cost more than making it."""

    def record(self, request: Request, response: Response | None) -> None:
        del request, response


class QuickClient(httpx.Client):
    """A client without what the adapters do not use (cookies, redirects, hooks), which would be half of the time."""

    def __init__(self, base_url: str, wire: Wire) -> None:
        super().__init__(base_url=base_url, transport=wire, trust_env=False, headers={"Accept": "application/json"})
        self._wire = wire
        self._urls: dict[str, httpx.URL] = {}

    def build_request(self, method: str, url: httpx.URL | str, **named: Any) -> httpx.Request:
        known = self._urls.get(str(url))
        if known is None:
            known = self._urls[str(url)] = self.base_url.join(url)
        return super().build_request(method, known, **named)

    def send(self, request: httpx.Request, **named: Any) -> httpx.Response:
        if isinstance(named.get("auth"), tuple):
            return super().send(request, **named)
        return self._wire.handle_request(request)


class Watcher(Protocol):
    """Looks at every exchange on its way."""

    def reading(self, request: httpx.Request) -> None:
        """The vendor answers a read."""
        ...

    def sending(self, request: httpx.Request) -> None:
        """The worker sends it now."""
        ...

    @contextmanager
    def carrying_out(self, request: httpx.Request) -> Iterator[None]:
        """The vendor carries it out inside."""
        ...


class Wire(httpx.BaseTransport):
    """A transport to one sandbox.

    `trouble` is the probability of a fault for each exchange, `writes` counts what was carried out. Until something
    changes, the same read gets the same answer without asking the sandbox again; `forget` tells of changes made by
    another way. `linked`: a write may change records of any kind, as payments change their invoices.
    """

    def __init__(
        self,
        name: str,
        app: SandboxApp,
        stage: Stage,
        chance: random.Random,
        watcher: Watcher,
        *,
        linked: bool = False,
    ) -> None:
        self.trouble = 0.0
        self.writes = 0
        self.lost = 0
        self.late: list[tuple[datetime, httpx.Request]] = []
        self._name = name
        self._app = app
        self._stage = stage
        self._chance = chance
        self._watcher = watcher
        self._linked = linked
        self._sandbox = SandboxTransport(app)
        self._answers: dict[str, dict[tuple[object, ...], _Answer]] = {}

    def forget(self) -> None:
        """Somebody changed something."""
        self._answers.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange as the worker sees it."""
        request.read()
        writes = _writes(request)
        what = f"{self._name} {request.method} {request.url.path.rpartition('/company/')[2]}"
        self._stage.point(what)
        if writes:
            self._watcher.sending(request)
        fault = self._fault(writes=writes)
        if fault is not None:
            self._stage.tell(f"{what}: {fault}")
        response = self._suffer(fault, request)
        if writes:
            self._stage.tell(f"{what} -> {response.status_code}")
            self._stage.point(f"the answer of {what}")
        return response

    def carry_out_late(self) -> bool:
        """Carry out what was lost on its way and arrives now; whether there was any."""
        now = self._stage.clock.time
        due = [one for one in self.late if one[0] <= now]
        for one in due:
            self.late.remove(one)
            response = self._carry_out(one[1])
            self._stage.tell(f"{self._name} carries out a late {one[1].url.path} -> {response.status_code}")
        return bool(due)

    def _fault(self, *, writes: bool) -> str | None:
        if not self.trouble or self._chance.random() >= self.trouble * (_WRITES_SUFFER if writes else 1):
            return None
        kinds = _FAULTS | _WRITE_FAULTS if writes else dict(_FAULTS)
        if self._name != "quickbooks":
            # Only Intuit says that a request without an answer may still be carried out for minutes.
            kinds.pop("late", None)
        return self._chance.choices(list(kinds), list(kinds.values()))[0]

    def _suffer(self, fault: str | None, request: httpx.Request) -> httpx.Response:
        match fault:
            case None:
                return self._carry_out(request)
            case "delay":
                self._stage.pause(self._chance.uniform(0.5, 20))
                return self._carry_out(request)
            case "late":
                arrives = self._stage.clock.time + timedelta(seconds=self._chance.uniform(1, LATEST))
                self.late.append((arrives, request))
                self._lose(request)
            case "timeout_before":
                self._lose(request)
            case "timeout_after":
                self._carry_out(request)
                self._lose(request)
            case "done_500":
                self._carry_out(request)
                self.lost += 1
                fault = "status_500"
        with self._rule(kind=fault):
            return self._sandbox.handle_request(request)

    def _lose(self, request: httpx.Request) -> None:
        self.lost += 1
        self._stage.pause(PATIENCE)
        raise httpx.ReadTimeout("lost in the simulation", request=request)

    def _carry_out(self, request: httpx.Request) -> httpx.Response:
        if not _writes(request):
            return self._read(request)
        self.writes += 1
        if self._linked:
            self._answers.clear()
        else:
            # A write of an invoice or a customer changes nothing but records of its own kind.
            self._answers.pop(_kind(request), None)
        id_ = request.url.params.get("requestid")
        under_way = id_ is not None and any(one.url.params.get("requestid") == id_ for _, one in self.late)
        if under_way:
            with self._rule(kind="fault_400", code="600"):
                return self._sandbox.handle_request(request)
        with self._watcher.carrying_out(request):
            return self._sandbox.handle_request(request)

    def _read(self, request: httpx.Request) -> httpx.Response:
        self._watcher.reading(request)
        if request.url.path.endswith(_OF_THE_MOMENT):
            return self._sandbox.handle_request(request)
        answers = self._answers.setdefault(_kind(request), {})
        key = (str(request.url), request.content, request.headers.get("authorization"))
        known = answers.get(key)
        if known is None:
            answer = self._sandbox.handle_request(request)
            known = answers[key] = (answer.status_code, answer.headers.raw, answer.content)
        return httpx.Response(known[0], headers=known[1], content=known[2], request=request)

    @contextmanager
    def _rule(self, **rule: object) -> Iterator[None]:
        added = self._app.faults.add({**rule, "times": 1})
        try:
            yield
        finally:
            self._app.faults.rules.remove(added)


def _kind(request: httpx.Request) -> str:
    """What a request is about: of HubSpot the path without the last two parts, of QuickBooks the entity."""
    path, _, operation = request.url.path.partition("/batch/")
    if operation or _COMPANY not in path:
        return path
    asked = _FROM.search(str(request.url.params.get("query", "")))
    return asked[1].lower() if asked else path.split("/")[4]


def _writes(request: httpx.Request) -> bool:
    return request.method != "GET" and not request.url.path.endswith(("/batch/read", "/search"))
