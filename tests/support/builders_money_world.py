"""The world of `builders_world` with people who pay in HubSpot, a bookkeeper, and the worker of payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.money import Money
from tieout.domain.payment import Document, SourcePayment
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.services.assess_payments import PaymentAssessor
from tieout.services.customers import Customers
from tieout.services.mirroring import MirrorWriter
from tieout.services.outcome import Outcome
from tieout.services.posting import PostingWriter
from tieout.services.pull_payments import PullPayments
from tieout.services.push_payments import PushPayments

# The sandbox company's accounts: two banks as clearing accounts, undeposited funds, accounts receivable.
CLEARING, STRIPE, UNDEPOSITED, RECEIVABLE = "35", "36", "4", "84"
ACCOUNTS = {"hs_payments": CLEARING, "byo_stripe": STRIPE}
DOCUMENTS = ("Payment", "SalesReceipt", "RefundReceipt", "CreditMemo", "Purchase")
_OF_PAYMENTS = frozenset({HintObject.HUBSPOT_PAYMENT, HintObject.POSTED_DOCUMENT})
_OF_LEDGER = frozenset(
    {
        HintObject.QUICKBOOKS_PAYMENT,
        HintObject.QUICKBOOKS_REFUND_RECEIPT,
        HintObject.QUICKBOOKS_CREDIT_MEMO,
        HintObject.QUICKBOOKS_SALES_RECEIPT,
        HintObject.QUICKBOOKS_PURCHASE,
    }
)


class MoneyWorld(World):
    """`people` act in HubSpot, `bookkeeper` in QuickBooks. Hints go to the worker of their queue."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.people = self.hubspot.people
        self.bookkeeper = Bookkeeper(self.quickbooks)
        self.payments = self.make_payments()
        self.pulls = self.make_pulls()
        self.settings()

    def make_payments(self) -> PushPayments:
        """A worker of payments; several share store, queue and clock."""
        assessor = PaymentAssessor(self.records, Customers(self.claims, VENDOR_TIMEOUT))
        writer = PostingWriter(self.claims, VENDOR_TIMEOUT)
        return PushPayments(self, self.claims, assessor, writer, VENDOR_TIMEOUT)

    def make_pulls(self) -> PullPayments:
        """A worker of QuickBooks payments."""
        return PullPayments(self, self.claims, MirrorWriter(self.claims, VENDOR_TIMEOUT), self.notices, VENDOR_TIMEOUT)

    def settings(self, **document: object) -> None:
        """Apply settings; the clearing accounts are set unless the test sets others."""
        super().settings(**{"deposit_accounts": ACCOUNTS, **document})

    def push(self, *hints: Hint, deadline: datetime | None = None) -> list[Outcome]:
        """Hand each worker its own hints."""
        outcomes: list[Outcome] = []
        for work, some in self.by_worker(hints):
            outcomes += work(some, deadline) if some else []
        return outcomes

    def by_worker(self, hints: Sequence[Hint]) -> list[tuple[Any, list[Hint]]]:
        """Which worker gets which hints."""
        ours = [hint for hint in hints if hint.object in _OF_PAYMENTS]
        theirs = [hint for hint in hints if hint.object in _OF_LEDGER]
        return [
            (self.service.push, [hint for hint in hints if hint.object.value.endswith(".invoice")]),
            (self.payments.push, ours),
            (self.pulls.pull, theirs),
        ]

    def synced(self, **options: Any) -> str:
        """A HubSpot invoice that stands in QuickBooks, over 3 x 120.00 unless the options say otherwise."""
        id_ = self.invoice(**options)
        self.sync(id_)
        return id_

    def pay_hint(self, id_: str, cause: Cause = Cause.WEBHOOK) -> Hint:
        """A hint about a HubSpot payment, occurring now."""
        return self.hint(id_, cause, object=HintObject.HUBSPOT_PAYMENT)

    def posted_hint(self, entity: str, id_: str, cause: Cause = Cause.WEBHOOK) -> Hint:
        """A hint about a document that a payment made ("payment", "501")."""
        return self.hint(f"{entity}:{id_}", cause, object=HintObject.POSTED_DOCUMENT)

    def look(self, id_: str, cause: Cause = Cause.WEBHOOK) -> SyncRecord:
        """Hand the worker one hint about a payment, a minute later; gives the record."""
        self.clock.advance(60)
        self.push(self.pay_hint(id_, cause))
        return self.payment(id_)

    def payment(self, id_: str) -> SyncRecord:
        """The record of a HubSpot payment."""
        found = self.records.get(RecordKey("c1", Kind.PAYMENT, "hubspot", id_))
        assert found is not None
        return found

    def pull_hint(self, id_: str, cause: Cause = Cause.WEBHOOK, **changes: Any) -> Hint:
        """A hint about a payment in QuickBooks, occurring now."""
        return self.hint(id_, cause, **{"object": HintObject.QUICKBOOKS_PAYMENT, **changes})

    def pull(self, id_: str, cause: Cause = Cause.WEBHOOK) -> SyncRecord:
        """Hand the worker one hint about a payment in QuickBooks, a minute later; gives the record."""
        self.clock.advance(60)
        self.push(self.pull_hint(id_, cause))
        return self.pulled(id_)

    def pulled(self, id_: str) -> SyncRecord:
        """The record of a QuickBooks payment."""
        found = self.records.get(RecordKey("c1", Kind.PAYMENT, "quickbooks", id_))
        assert found is not None
        return found

    def received(self, amount: str, on: Mapping[str, str] | None = None, **fields: Any) -> str:
        """A payment that the bookkeeper enters, applied to HubSpot invoices (by id) as `on` says; gives its id."""
        self.clock.advance(60)
        customer = self.customer_of(next(iter(on))) if on else fields.pop("customer")
        return str(self.bookkeeper.receive(customer, Decimal(amount), self.applied(on or {}), **fields)["Id"])

    def applied(self, on: Mapping[str, str]) -> dict[str, Decimal]:
        """Amounts by HubSpot invoice, as amounts by QuickBooks invoice."""
        return {self.far_id(id_): Decimal(part) for id_, part in on.items()}

    def far_id(self, id_: str) -> str:
        """The QuickBooks invoice of a HubSpot invoice."""
        link = self.record(id_).link
        assert link is not None
        return link.far_id

    def customer_of(self, id_: str) -> str:
        """The QuickBooks customer of a HubSpot invoice."""
        [row] = [row for row in self.booked("Invoice") if row["Id"] == self.far_id(id_)]
        return str(row["CustomerRef"]["value"])

    def recorded(self, id_: str) -> dict[str, SourcePayment]:
        """The payments of an invoice in HubSpot, by id."""
        [found] = self.crm.payments_of([id_]).values()
        return {one.id: one for one in found if isinstance(one, SourcePayment)}

    def one(self, entity: str) -> dict[str, Any]:
        """The only document of its kind in QuickBooks."""
        [found] = self.booked(entity)
        return found

    def counts(self) -> dict[str, int]:
        """How many documents of money stand in QuickBooks, those of zero left out."""
        return {entity: len(rows) for entity in DOCUMENTS if (rows := self.booked(entity))}


def mirrored(world: MoneyWorld, id_: str) -> tuple[RecordKey, Posting]:
    """The record of QuickBooks payment 88, of which HubSpot payment `id_` was recorded a moment ago."""
    key = RecordKey("c1", Kind.PAYMENT, "quickbooks", "88")
    amount = Money(Decimal("10.00"), "USD")
    content = PostingContent(Document.HUBSPOT_PAYMENT, amount, world.clock.now().date(), "58")
    posting = Posting(id_, content, updated_at=world.clock.now(), parent_id="42")
    world.records.put(SyncRecord(key, State.SYNCED, postings=(posting,)))
    return key, posting
