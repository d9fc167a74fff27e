"""What the demo's money is told in: deals, the turns that people take in them, and what must stand afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.demo.people import HubSpotPerson, QuickBooksPerson, Sandbox
from infra.local.demo.story import Day, Invoice
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.hint import HintObject
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import Records

# In this round nobody tells Tieout what happens.
LAST_ROUND = 3


@dataclass(frozen=True)
class Stands:
    """What stands after a turn, in the words of `money_proof`: the payments in HubSpot, the documents in QuickBooks,
    and what Tieout says of them. `open` is what is open on the invoices in both systems."""

    hubspot: str
    quickbooks: str
    says: str
    open: str


@dataclass(frozen=True)
class Turn:
    """What people do, and what must come of it."""

    act: Callable[[Desk, Deal], None]
    then: Stands


@dataclass
class Deal:
    """One or more invoices and their money. `payments` are HubSpot ids, `documents` QuickBooks entities and ids, both
    only of what people made. `late`: its first turn finalises the invoices. `lost`: that turn is the day's last, and
    neither system tells Tieout of it."""

    what: str
    invoices: tuple[Invoice, ...]
    turns: tuple[Turn, ...]
    late: bool = False
    lost: bool = False
    payments: list[str] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)

    def turn(self, number: int) -> Turn | None:
        """The turn that is taken in that of the day's rounds (from 1), if any."""
        own = number - LAST_ROUND + 1 if self.lost else number
        return self.turns[own - 1] if 0 < own <= len(self.turns) else None

    def after(self, number: int) -> Stands | None:
        """What stands after that round; None before the first turn."""
        taken = [turn for one in range(1, number + 1) if (turn := self.turn(one)) is not None]
        return taken[-1].then if taken else None

    @property
    def differs(self) -> bool:
        """Whether the tie-out has to name one of its invoices in the end. A refund that nobody has assigned to an
        invoice yet is no invoice's."""
        says = self.turns[-1].then.says
        return bool(self.invoices) and "attention" in says and AttentionCode.REFUND_IN_QUICKBOOKS not in says


@dataclass(frozen=True)
class Desk:
    """Where people handle money: the day, who acts in HubSpot beside its API (buyers, processors), and what Tieout
    keeps. `accounts` maps names of QuickBooks accounts to ids. `retry` asks Tieout for another look at something,
    `confirm` tells it to what (`payment:` or `invoice:` and a HubSpot id) a refund receipt belongs, `take` whose
    values of one of QuickBooks' invoices are right."""

    day: Day
    buyers: Sandbox
    records: Records
    connection: str
    accounts: dict[str, str]
    retry: Callable[[HintObject, str], None]
    confirm: Callable[[str, str], None]
    take: Callable[[str, Side], None]
    booked: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def hubspot(self) -> HubSpotPerson:
        """A user in HubSpot."""
        return self.day.hubspot

    @property
    def quickbooks(self) -> QuickBooksPerson:
        """The bookkeeper."""
        return self.day.quickbooks

    def invoice(self, invoice: Invoice) -> dict[str, Any]:
        """An invoice as it stood in QuickBooks when somebody looked first; its id and customer stay."""
        if invoice.id not in self.booked:
            self.note(self.quickbooks.query("Invoice"))
        return self.booked[invoice.id]

    def note(self, rows: Sequence[dict[str, Any]]) -> None:
        """Remember which of these QuickBooks invoices is which of the day's."""
        for one in rows:
            if (mark := mark_of(one)) is not None:
                self.booked[mark] = one

    def receipt(self, deal: Deal) -> dict[str, Any]:
        """The QuickBooks payment of a deal as it stands: the one that a person entered, or that Tieout posted."""
        mine = {id_ for _, id_ in deal.documents}
        for one in self.quickbooks.query("Payment"):
            if one["Id"] in mine or mark_of(one) in deal.payments:
                return one
        raise LookupError(f"{deal.what}: no payment in QuickBooks")

    def kept(self, deal: Deal) -> Iterator[SyncRecord | None]:
        """Tieout's records of the money that people moved."""
        keys = [RecordKey(self.connection, Kind.PAYMENT, "hubspot", id_) for id_ in deal.payments]
        kinds = {"Payment": Kind.PAYMENT, "RefundReceipt": Kind.REFUND}
        keys += [
            RecordKey(self.connection, kinds[entity], "quickbooks", id_)
            for entity, id_ in deal.documents
            if entity in kinds
        ]
        found = self.records.get_many(keys)
        return (found.get(key) for key in keys)


def mark_of(document: dict[str, Any]) -> str | None:
    """The HubSpot id for which Tieout made a QuickBooks document; None for one that a person made."""
    _, found, mark = document.get("PrivateNote", "").rpartition("tieout:")
    return mark.split("/")[2] if found else None
