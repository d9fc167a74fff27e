"""Outgoing webhooks: events are queued when state changes, sent in signed batches and tried again by the clock."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from infra.sandbox.kernel.clock import SandboxClock
from infra.sandbox.kernel.faults import FaultBook

# (method, url, headers, body) -> HTTP status; raising OSError or httpx.TransportError means that no answer came.
Send = Callable[[str, str, Mapping[str, str], bytes], int]
DEFAULT_HOLD_SECONDS = 5.0


@dataclass(frozen=True)
class Delivery:
    """One webhook request, ready to be sent."""

    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


class WebhookPolicy(Protocol):
    """What differs between vendors."""

    @property
    def batch_limit(self) -> int:
        """Most events in one request."""

    @property
    def timeout_seconds(self) -> float:
        """How long the vendor waits for an answer."""

    @property
    def max_concurrent(self) -> int:
        """Most requests under way at once."""

    def build(self, events: list[dict[str, Any]], attempt: int, url: str, now: datetime) -> Delivery:
        """Body, headers and signature of a batch; `attempt` starts at 0."""

    def accepted(self, status: int) -> bool:
        """Whether the answer ends the delivery."""

    def retry_after(self, attempt: int, status: int | None, chance: random.Random, /) -> float | None:
        """Seconds until the try after `attempt` (status None: no answer), None to give up."""


@dataclass
class _Queued:
    event: dict[str, Any]
    group: str
    ready_at: datetime
    settled: bool = False  # its faults are decided


@dataclass
class _Batch:
    events: list[dict[str, Any]]
    due: datetime
    attempt: int = 0


@dataclass(frozen=True)
class Attempt:
    """What one try of a delivery came to; `outcome` is delivered, retrying or abandoned."""

    at: str
    url: str
    attempt: int
    events: int
    status: int | None
    outcome: str
    headers: dict[str, str]
    body: str


class WebhookOutbox:
    """The queue of events and the batches under way.

    `lock` is the app's lock; it is never held while a request is sent. Without a target URL events wait in the queue.
    """

    def __init__(self, clock: SandboxClock, policy: WebhookPolicy, faults: FaultBook, lock: RLock, seed: int) -> None:
        self.target_url: str | None = None
        self._clock, self._policy, self._faults, self._lock = clock, policy, faults, lock
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Forgets queue, batches and attempts; the target URL stays."""
        self._chance = random.Random(self._seed)
        self._queue: list[_Queued] = []
        self._retries: list[_Batch] = []
        self.attempts: list[Attempt] = []
        self.dropped = 0

    def use(self, policy: WebhookPolicy) -> None:
        """Takes another policy, as after a change of the configuration."""
        self._policy = policy

    @property
    def policy(self) -> WebhookPolicy:
        """The policy in force."""
        return self._policy

    def add(self, event: dict[str, Any], group: str = "", delay_seconds: float = 0) -> None:
        """Queues one event; only events of one `group` share a request."""
        with self._lock:
            self._queue.append(_Queued(event, group, self._clock.now() + timedelta(seconds=delay_seconds)))

    @property
    def pending(self) -> int:
        """Events that were neither delivered, nor dropped, nor given up."""
        return len(self._queue) + sum(len(batch.events) for batch in self._retries)

    def next_due(self) -> datetime | None:
        """When the next delivery or retry is due, None when nothing waits."""
        with self._lock:
            return min([item.ready_at for item in self._queue] + [batch.due for batch in self._retries], default=None)

    def take_due(self) -> list[_Batch]:
        """Removes what is due by the clock from the queue, in batches; faults strike here, event by event."""
        with self._lock:
            if self.target_url is None:
                return []
            now = self._clock.now()
            due = [batch for batch in self._retries if batch.due <= now]
            self._retries = [batch for batch in self._retries if batch.due > now]
            ready: dict[str, list[dict[str, Any]]] = {}
            again: dict[str, list[dict[str, Any]]] = {}
            waiting: list[_Queued] = []
            path = urlsplit(self.target_url).path
            for item in self._queue:
                if item.ready_at > now or self._held_back(item, now, path):
                    waiting.append(item)
                    continue
                if self._faults.first(("webhook_drop",), "POST", path):
                    self.dropped += 1
                    continue
                ready.setdefault(item.group, []).append(item.event)
                if self._faults.first(("webhook_duplicate",), "POST", path):
                    again.setdefault(item.group, []).append(item.event)
            self._queue = waiting
            limit = self._policy.batch_limit
            for groups in (ready, again):
                for events in groups.values():
                    due += [_Batch(events[at : at + limit], now) for at in range(0, len(events), limit)]
            return due

    def _held_back(self, item: _Queued, now: datetime, path: str) -> bool:
        """A reordered event is held back once, so that later ones overtake it."""
        if item.settled:
            return False
        item.settled = True
        rule = self._faults.first(("webhook_reorder",), "POST", path)
        if rule is None:
            return False
        hold = DEFAULT_HOLD_SECONDS if rule.seconds is None else rule.seconds
        item.ready_at = now + timedelta(seconds=hold)
        return True

    def dispatch(self, batch: _Batch, send: Send) -> None:
        """Sends one batch and notes what came of it."""
        with self._lock:
            url = self.target_url or ""
            delivery = self._policy.build(batch.events, batch.attempt, url, self._clock.now())
        status: int | None
        try:
            status = send(delivery.method, delivery.url, delivery.headers, delivery.body)
        except (OSError, httpx.TransportError):
            status = None
        with self._lock:
            outcome = "delivered"
            if status is None or not self._policy.accepted(status):
                wait = self._policy.retry_after(batch.attempt, status, self._chance)
                outcome = "abandoned" if wait is None else "retrying"
                if wait is not None:
                    due = self._clock.now() + timedelta(seconds=wait)
                    self._retries.append(_Batch(batch.events, due, batch.attempt + 1))
            self.attempts.append(
                Attempt(
                    self._clock.now().isoformat(),
                    delivery.url,
                    batch.attempt,
                    len(batch.events),
                    status,
                    outcome,
                    delivery.headers,
                    delivery.body.decode(),
                )
            )

    def describe(self) -> dict[str, Any]:
        """The state of the outbox as JSON."""
        counts = dict.fromkeys(("delivered", "retrying", "abandoned"), 0)
        for attempt in self.attempts:
            counts[attempt.outcome] += attempt.events
        next_due = self.next_due()
        return {
            "target_url": self.target_url,
            "pending": self.pending,
            "delivered": counts["delivered"],
            "abandoned": counts["abandoned"],
            "dropped": self.dropped,
            "next_due": next_due.isoformat() if next_due else None,
            "attempts": [attempt.__dict__ for attempt in self.attempts],
        }
