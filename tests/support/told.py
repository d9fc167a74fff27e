"""A world that learns of changes as a deployment does: by the vendors' webhooks, by the sweep, or by both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.builders_money_world import MoneyWorld
from tieout.adapters.hubspot.webhooks import HubSpotWebhooks
from tieout.adapters.quickbooks.webhooks import QuickBooksWebhooks
from tieout.domain.record import SyncRecord
from tieout.ports import Delivery, Webhooks
from tieout.services.intake import Intake
from tieout.services.outcome import Run

QUARTER = 900.0
_MOST_ROUNDS = 60


class ToldWorld(MoneyWorld):
    """`webhooks`: the vendors' deliveries arrive. `sweeps`: the schedule runs every quarter of an hour."""

    def __init__(self, *, webhooks: bool = True, sweeps: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.runs: list[Run] = []
        self._webhooks, self._sweeps = webhooks, sweeps
        hubspot, quickbooks = self.hubspot.config.client_secret, self.quickbooks.config.verifier_token
        self._readers: dict[str, Webhooks] = {
            "hubspot": HubSpotWebhooks(lambda: [hubspot], lambda: False, self.connections.by_portal, self.clock),
            "quickbooks": QuickBooksWebhooks(
                lambda: [quickbooks], lambda: False, self.connections.by_realm, self.clock
            ),
        }
        for name in self._readers:
            self._app(name).outbox.target_url = f"https://tieout.test/webhooks/{name}"

    def pass_time(self, quarters: int = 1) -> None:
        """A quarter of an hour passes, or several: what was delivered is worked off, then the schedule runs."""
        for _ in range(quarters):
            self.work()
            self.clock.advance(QUARTER)
            if self._sweeps:
                run = self.sweep()
                assert (run.failure, run.troubles) == (None, ())
                self.runs.append(run)
            else:
                self.wake()
            self.work()

    def work(self) -> None:
        """Webhooks arrive and the workers work, until nobody has anything to do at this moment."""
        for _ in range(_MOST_ROUNDS):
            self._deliver()
            hints = self.hints.pop_due(limit=30)
            if hints:
                self.push(*hints)
            elif not self._soon():
                return
        raise AssertionError("the workers find no end")

    def far_id(self, id_: str) -> str:
        """The QuickBooks id of a HubSpot invoice."""
        link = self.record(id_).link
        assert link is not None
        return link.far_id

    def _soon(self) -> bool:
        """Goes on to the next message of the coming minutes."""
        due = self.hints.next_due
        if due is None or (wait := (due - self.clock.now()).total_seconds()) > QUARTER:
            return False
        self.clock.advance(max(0.0, wait))
        return True

    def _deliver(self) -> None:
        for name in self._readers:
            app = self._app(name)
            app.outbox.take_due() if not self._webhooks else app.deliver_webhooks(self._receiver(name))

    def _receiver(self, name: str) -> Any:
        def receive(method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
            delivery = Delivery(method, url, {key.lower(): value for key, value in headers.items()}, body)
            Intake(self.hints).receive(self._readers[name], delivery, "webhook")
            return 200

        return receive

    def _app(self, name: str) -> Any:
        return self.hubspot if name == "hubspot" else self.quickbooks


def settled_as(record: SyncRecord) -> tuple[object, ...]:
    """What a record came to, without anything that depends on when."""
    link = record.link
    postings = [
        (str(one.sent.document), str(one.sent.amount), one.sent.day, one.voided, one.parent_id,
         [(each.type, str(each.amount)) for each in one.sent.allocations])
        for one in record.postings
    ]  # fmt: skip
    linked = (link.number, str(link.total)) if link else None
    return str(record.key), str(record.state), record.reason, record.label, linked, postings
