"""The HubSpot sandbox: authentication, limits, one transaction a request, errors, webhooks and the admin's view."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from infra.sandbox.hubspot import errors
from infra.sandbox.hubspot.call import Call
from infra.sandbox.hubspot.config import HubSpotConfig, with_settings
from infra.sandbox.hubspot.errors import HubSpotError
from infra.sandbox.hubspot.events import EventMaker, HubSpotWebhooks
from infra.sandbox.hubspot.invoices import BALANCES
from infra.sandbox.hubspot.limits import RateLimiter
from infra.sandbox.hubspot.object_types import INVOICE, OBJECT_TYPES, PAYMENT
from infra.sandbox.hubspot.payments import PERSON, account_properties
from infra.sandbox.hubspot.people import People
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.records import Records
from infra.sandbox.hubspot.routes import match, typed
from infra.sandbox.hubspot.search import Snapshot
from infra.sandbox.hubspot.store import Store
from infra.sandbox.kernel import SandboxApp, SandboxClock
from infra.sandbox.kernel.app import ACTOR_HEADER
from infra.sandbox.kernel.wire import json_response

MAX_TARGET = 8192


class HubSpotSandbox(SandboxApp):
    """A stand-in for HubSpot's public API with one account.

    `acting()` lets a test be a person in the account without HTTP, and `people` are buyers, users and processors;
    `store` holds the data.
    """

    def __init__(self, config: HubSpotConfig | None = None, clock: SandboxClock | None = None, seed: int = 0) -> None:
        self.config = config or HubSpotConfig()
        super().__init__("hubspot", clock, seed)
        self.people = People(self)
        self._start()

    def _start(self) -> None:
        self.store = Store(self.clock, self.seed)
        self.records = Records(self.store, self.config)
        self.limiter = RateLimiter(self.config)
        self._events = EventMaker(self.config, self.chance)
        self._unindexed: deque[tuple[datetime, tuple[str, str], dict[str, str] | None]] = deque()
        self.store.properties[PAYMENT].update(account_properties(self.config, self.store.properties[PAYMENT]))
        if self.config.balance_writable:
            known = self.store.properties[INVOICE]
            known.update({name: replace(known[name], read_only=False) for name in BALANCES})

    def webhook_policy(self) -> HubSpotWebhooks:
        """HubSpot's signing, batching and retries."""
        return HubSpotWebhooks(self.config)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Takes over settings of `HubSpotConfig` and empties the account. Raises `BadSettingError`."""
        self.config = with_settings(self.config, config)
        self.chance.seed(self.seed)
        self._start()

    # -- one request

    def handle(self, request: Request) -> Response:
        """Answers one request: all of it happens, or nothing."""
        search = request.method == "POST" and request.path.endswith("/search")
        try:
            response = self._answer(request, search=search)
        except HubSpotError as refused:
            response = self._refusal(refused)
        except HTTPException as unknown:
            response = self._refusal(HubSpotError(unknown.code or 404, None, _UNKNOWN.get(unknown.code or 404, "")))
        if not search and response.status_code != 401:
            response.headers.update(self.limiter.headers())
        return response

    def _answer(self, request: Request, *, search: bool) -> Response:
        if len(request.environ.get("REQUEST_URI", "")) > MAX_TARGET:
            raise HubSpotError(414, None, "URI Too Long")
        endpoint, arguments, version = match(request.path, request.method)
        scopes = self._authenticate(request)
        self.store.source = request.headers.get(ACTOR_HEADER, "INTEGRATION")
        if self.store.source != PERSON:
            # Only calls of apps count (HubSpot: usage guidelines), not what users do in HubSpot's own screens.
            self.limiter.admit(self.clock.now(), self.new_uuid(), search=search)
        call = Call(request, version, scopes, self.records, self._snapshot(), self.new_uuid)
        with self.store.atomic():
            response = endpoint(call, *typed(arguments))
        self._publish()
        return response

    def _authenticate(self, request: Request) -> frozenset[str]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        scopes = self.config.tokens.get(token) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise errors.unauthenticated()
        return scopes

    def _refusal(self, refused: HubSpotError) -> Response:
        response = json_response(refused.body(self.new_uuid()), refused.status)
        if refused.status == 429 and self.config.retry_after_on_429:
            response.headers["Retry-After"] = str(self.limiter.retry_after(self.clock.now()))
        return response

    def fault_response(self, kind: str, _: Request, /) -> Response:
        """HubSpot's own 429, 500 and 401."""
        return self._refusal(
            {
                "status_429": errors.rate_limited("TEN_SECONDLY_ROLLING", self.new_uuid()),
                "status_500": errors.internal(),
                "status_401": errors.expired(60),
            }[kind]
        )

    # -- after a request

    def _publish(self) -> None:
        """Queues the webhooks of what happened, and lets the index lag behind it."""
        before = self.store.before
        for event in self._events.events(self.store.commit()):
            self.outbox.add(event)
        if self.config.index_lag_seconds:
            visible = self.clock.now() + timedelta(seconds=self.config.index_lag_seconds)
            self._unindexed.extend((visible, key, properties) for key, properties in before.items())

    def _snapshot(self) -> Snapshot:
        now = self.clock.now()
        while self._unindexed and self._unindexed[0][0] <= now:
            self._unindexed.popleft()
        snapshot = Snapshot(self.records)
        for _, key, properties in reversed(self._unindexed):
            snapshot.remember(key, properties)
        return snapshot

    # -- without HTTP

    @contextmanager
    def acting(self, source: str = "CRM_UI") -> Iterator[Records]:
        """A person's (or another integration's) work in the account: all or nothing, with webhooks."""
        with self.lock:
            self.store.source = source
            with self.store.atomic():
                yield self.records
            self._publish()

    def act(self, name: str, options: Mapping[str, Any]) -> Any:
        """One act of `people`; a payment's id or nothing."""
        return self.people.act(name, options)

    def state(self) -> Any:
        """All records by type with every property, associations, and custom property definitions."""
        return {
            "portal_id": self.config.portal_id,
            "objects": {
                one.name: [
                    {
                        "id": record.id,
                        "archived": record.archived is not None,
                        "updatedAt": iso(record.updated),
                        "properties": record.properties,
                        "associations": {
                            other.name: [linked.id for linked in self.store.linked(record, other.type_id)]
                            for other in OBJECT_TYPES
                            if self.store.linked(record, other.type_id)
                        },
                    }
                    for record in self.store.records[one.type_id].values()
                ]
                for one in OBJECT_TYPES
            },
            "custom_properties": {
                one.name: [
                    prop.answer() for prop in self.store.properties[one.type_id].values() if not prop.hubspot_defined
                ]
                for one in OBJECT_TYPES
            },
        }


_UNKNOWN = {404: "resource not found", 405: "HTTP 405 Method Not Allowed"}
