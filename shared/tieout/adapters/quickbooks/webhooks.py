"""QuickBooks' webhooks: signature checked, events turned into notices about what is followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tieout.adapters.quickbooks import signature
from tieout.adapters.quickbooks.events import (
    CREDIT_MEMO,
    INVOICE,
    PAYMENT,
    PURCHASE,
    REFUND_RECEIPT,
    SALES_RECEIPT,
    parse,
)
from tieout.domain.company import Connection
from tieout.domain.hint import HintObject
from tieout.ports import Clock, Delivery, Notice

_FOLLOWED = {
    INVOICE: HintObject.QUICKBOOKS_INVOICE,
    PAYMENT: HintObject.QUICKBOOKS_PAYMENT,
    REFUND_RECEIPT: HintObject.QUICKBOOKS_REFUND_RECEIPT,
    CREDIT_MEMO: HintObject.QUICKBOOKS_CREDIT_MEMO,
    SALES_RECEIPT: HintObject.QUICKBOOKS_SALES_RECEIPT,
    PURCHASE: HintObject.QUICKBOOKS_PURCHASE,
}


class QuickBooksWebhooks:
    """Fulfils `ports.Webhooks`. `tokens` gives the verifier tokens that may sign, two during a rotation, `refresh`
    forgets the ones that were read; `find` gives the connection of a company (realm)."""

    def __init__(
        self,
        tokens: Callable[[], Sequence[str]],
        refresh: Callable[[], bool],
        find: Callable[[str], Connection | None],
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._refresh = refresh
        self._find = find
        self._clock = clock

    def read(self, delivery: Delivery) -> Sequence[Notice]:
        """The events of a delivery that Intuit signed; raises Malformed for any other."""
        signature.verify(delivery.body, delivery.headers.get(signature.SIGNATURE_HEADER), self._tokens())
        return [
            Notice(event.realm_id, _FOLLOWED.get(event.entity), event.entity_id, event.occurred_at)
            for event in parse(delivery.body, self._clock.now())
        ]

    def refresh(self) -> bool:
        """Look for rotated signing secrets."""
        return self._refresh()

    def connection(self, account: str) -> Connection | None:
        """The connection of a company."""
        return self._find(account)
