"""The thread that delivers a served sandbox's webhooks over HTTP."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from infra.sandbox.kernel.webhooks import WebhookOutbox

# The sandbox clock can be advanced at any moment, so the queue is looked at, not slept for. What came together within
# this time is delivered together, as the vendors do.
POLL_SECONDS = 0.4


class Courier:
    """Delivers what is due until it is stopped."""

    def __init__(self, outbox: WebhookOutbox) -> None:
        self._outbox = outbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)

    def start(self) -> None:
        """Begins to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stops after the deliveries under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        policy = self._outbox.policy
        with (
            httpx.Client(timeout=policy.timeout_seconds, trust_env=False) as client,
            ThreadPoolExecutor(policy.max_concurrent) as pool,
        ):

            def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
                return client.request(method, url, headers=dict(headers), content=body).status_code

            while not self._stop.wait(POLL_SECONDS):
                for batch in self._outbox.take_due():
                    pool.submit(self._outbox.dispatch, batch, send)
