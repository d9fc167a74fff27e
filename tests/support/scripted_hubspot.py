"""A HubSpot that answers what a test tells it to, call by call, under the real adapter."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.support.memory import MemoryLimiter, VirtualClock
from tieout.adapters.http import make_client
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.company import Connection

OBJECTS = "/crm/objects/2026-09"
ASSOCIATIONS = "/crm/associations/2026-09"
PROPERTIES = "/crm/properties/2026-09"

Answer = httpx.Response | httpx.RequestError | Callable[[Any], httpx.Response]


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def batch(*results: object, errors: tuple[object, ...] = (), status: str = "COMPLETE") -> httpx.Response:
    body: dict[str, object] = {"status": status, "results": list(results), "startedAt": "x", "completedAt": "x"}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    return json_answer(body, 207 if errors else 200)


def record(id_: str, **properties: str | None) -> dict[str, object]:
    return {"id": id_, "properties": properties, "createdAt": "x", "updatedAt": "x", "archived": False, "new": 1}


def associated(from_id: str, *to_ids: int, labels: Mapping[int, str] | None = None, after: str = "") -> object:
    to = [
        {
            "toObjectId": to_id,
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": 409, "label": (labels or {}).get(to_id)},
            ],
        }
        for to_id in to_ids
    ]
    return {"from": {"id": from_id}, "to": to, **({"paging": {"next": {"after": after}}} if after else {})}


def error(category: str, message: str = "no", **more: object) -> dict[str, object]:
    return {"status": "error", "category": category, "message": message, "correlationId": "c0-ffee", **more}


class ScriptedHubSpot:
    """`on(path, answer...)` queues answers; the last one of a path is repeated. A path without any is a failed test."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.limiter = MemoryLimiter(self.clock)
        self.calls: list[tuple[str, str]] = []
        self.bodies: dict[str, list[Any]] = defaultdict(list)
        self.requests: list[httpx.Request] = []
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        http = make_client("https://api.hubapi.test", transport=httpx.MockTransport(self._answer))
        self.client = HubSpotClient(http, lambda: "pat-test", self.limiter, "c1")
        self.crm = HubSpotCrm(Connection("c1", "62515", "9130", "America/New_York"), self.client)

    def on(self, path: str, *answers: Answer) -> None:
        self._answers[path] += answers

    def instead(self, path: str, *answers: Answer) -> None:
        """Forget what was queued for `path`."""
        self._answers[path] = list(answers)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.requests.append(request)
        self.calls.append((request.method, path))
        body = json.loads(request.content) if request.content else None
        self.bodies[path].append(body)
        queued = self._answers[path]
        assert queued, f"nobody expected {request.method} {path}"
        answer = queued.pop(0) if len(queued) > 1 else queued[0]
        if isinstance(answer, httpx.RequestError):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(body)
