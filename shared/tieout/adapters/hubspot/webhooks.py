"""HubSpot's webhooks: signature checked, events turned into notices about invoices and payments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tieout.adapters.hubspot import signature
from tieout.adapters.hubspot.events import INVOICE_TYPE, PAYMENT_TYPE, parse_events
from tieout.domain.company import Connection
from tieout.domain.hint import HintObject
from tieout.ports import Clock, Delivery, Notice

FOLLOWED = {INVOICE_TYPE: HintObject.HUBSPOT_INVOICE, PAYMENT_TYPE: HintObject.HUBSPOT_PAYMENT}
"""HubSpot's object types whose events become hints."""


class HubSpotWebhooks:
    """Fulfils `ports.Webhooks`. `secrets` gives the client secrets that may sign, two during a rotation, `refresh`
    forgets the ones that were read; `find` gives the connection of a portal."""

    def __init__(
        self,
        secrets: Callable[[], Sequence[str]],
        refresh: Callable[[], bool],
        find: Callable[[str], Connection | None],
        clock: Clock,
    ) -> None:
        self._secrets = secrets
        self._refresh = refresh
        self._find = find
        self._clock = clock

    def read(self, delivery: Delivery) -> Sequence[Notice]:
        """The events of a delivery that HubSpot signed; raises Malformed for any other."""
        now = self._clock.now()
        signature.verify(
            method=delivery.method,
            url=delivery.url,
            body=delivery.body,
            timestamp=delivery.headers.get(signature.TIMESTAMP_HEADER.lower()),
            signature=delivery.headers.get(signature.SIGNATURE_HEADER.lower()),
            secrets=self._secrets(),
            now=now,
        )
        return [
            Notice(event.portal_id, FOLLOWED.get(event.object_type_id or ""), event.object_id, event.occurred_at)
            for event in parse_events(delivery.body, now)
        ]

    def refresh(self) -> bool:
        """Look for rotated signing secrets."""
        return self._refresh()

    def connection(self, account: str) -> Connection | None:
        """The connection of a portal."""
        return self._find(account)
