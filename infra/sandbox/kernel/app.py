"""The part of a sandbox that is no vendor: faults before and after, recording, one lock, and the admin surface."""

import random
import socket
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from werkzeug import Request, Response

from infra.sandbox.kernel import admin
from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.errors import BadSettingError, ConnectionDroppedError
from infra.sandbox.kernel.faults import NO_VENDOR_KINDS, FaultBook, FaultRule, VendorKinds
from infra.sandbox.kernel.traffic import TrafficLog
from infra.sandbox.kernel.webhooks import Send, WebhookOutbox, WebhookPolicy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADMIN_PREFIX = "/_sandbox/"
ACTOR_HEADER = "x-sandbox-actor"
DEFAULT_DELAY_SECONDS = 1.0


class SandboxApp(ABC):
    """A WSGI application that stands in for one vendor's API.

    A vendor implements `handle`, `fault_response`, `webhook_policy`, `configure` and `state`. Requests of several
    threads are handled one after the other under one lock; delays are waited for outside it.
    """

    # Fault kinds of the vendor's own, and further keys for rules of a kind; see `FaultBook`.
    vendor_kinds: ClassVar[VendorKinds] = NO_VENDOR_KINDS

    def __init__(
        self, system: Literal["hubspot", "quickbooks"], clock: SandboxClock | None = None, seed: int = 0
    ) -> None:
        self.system = system
        self.clock = clock or SandboxClock()
        self.seed = seed
        self.lock = RLock()
        self.chance = random.Random(seed)
        self.faults = FaultBook(self.vendor_kinds)
        self.traffic = TrafficLog(system)
        self.outbox = WebhookOutbox(self.clock, self.webhook_policy(), self.faults, self.lock, seed)

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Answers one vendor request; called under the lock."""

    @abstractmethod
    def fault_response(self, kind: str, request: Request, /) -> Response:
        """The vendor's own answer for `status_429`, `status_500` and `status_401`."""

    def answer_fault(self, rule: FaultRule, request: Request) -> Response:
        """The answer of a rule; a vendor with `vendor_kinds` overrides this to see the rule's `options`."""
        return self.fault_response(rule.kind, request)

    @abstractmethod
    def webhook_policy(self) -> WebhookPolicy:
        """How this vendor batches, signs and retries; asked at construction and after each reset."""

    @abstractmethod
    def configure(self, config: Mapping[str, Any]) -> None:
        """Takes over the settings given (others stay) and empties the vendor's store. Raises `BadSettingError`."""

    def act(self, name: str, options: Mapping[str, Any]) -> Any:
        """What somebody does in the vendor's account, by name; gives JSON. Raises `BadSettingError`."""
        raise BadSettingError(f"nobody here can {name} with {sorted(options)}")

    @abstractmethod
    def state(self) -> Any:
        """Everything stored, as JSON."""

    def new_uuid(self) -> str:
        """A random-looking id, the same for the same seed and history."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def reset(self, config: Mapping[str, Any] | None = None) -> None:
        """Back to the beginning: store, faults, traffic and webhook queue. The clock and the target URL stay."""
        with self.lock:
            self.configure(config or {})
            self.chance.seed(self.seed)
            self.faults.clear()
            self.traffic.clear()
            self.outbox.clear()
            self.outbox.use(self.webhook_policy())

    def deliver_webhooks(self, send: Send) -> int:
        """Delivers what is due by the clock through `send`, one after the other; gives the number of requests.

        Events that arise meanwhile wait for the next call, so that two systems that answer each other cannot
        keep this one from returning.
        """
        due = self.outbox.take_due()
        for batch in due:
            self.outbox.dispatch(batch, send)
        return len(due)

    def respond(self, request: Request) -> Response:
        """Answers one request, or raises `ConnectionDroppedError`."""
        if request.path.startswith(ADMIN_PREFIX):
            return admin.answer(self, request, request.path.removeprefix(ADMIN_PREFIX))
        with self.lock:
            delay = self.faults.first(("delay",), request.method, request.path)
        if delay is not None:
            self.clock.pause(DEFAULT_DELAY_SECONDS if delay.seconds is None else delay.seconds)
        with self.lock:
            rule = self.faults.first(self.faults.exchange_kinds, request.method, request.path)
            return self._exchange(request, rule)

    def _exchange(self, request: Request, rule: FaultRule | None) -> Response:
        request.get_data(cache=True)
        kind = None if rule is None else rule.kind
        if kind == "timeout_before":
            self.traffic.record(request, None)
            raise ConnectionDroppedError("timeout_before")
        response = self.handle(request) if rule is None or kind == "timeout_after" else self.answer_fault(rule, request)
        if kind == "timeout_after":
            self.traffic.record(request, None)
            raise ConnectionDroppedError("timeout_after")
        self.traffic.record(request, response)
        return response

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            response = self.respond(Request(environ))
        except ConnectionDroppedError:
            connection = environ.get("werkzeug.socket")
            if isinstance(connection, socket.socket):
                connection.shutdown(socket.SHUT_RDWR)
            raise
        return response(environ, start_response)
