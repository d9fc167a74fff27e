"""The world of `builders_money_world` with the worker that shows QuickBooks' own invoices in HubSpot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.support.builders_money_world import MoneyWorld
from tests.support.builders_world import OBJECTS, VENDOR_TIMEOUT
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.mirrored_invoice import StandingMirror
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.services.beside_mirrors import of_mirrored, pdf_of_mirrored
from tieout.services.carrying import CarryFields
from tieout.services.deals import Deals
from tieout.services.on_deals import OnDeals
from tieout.services.pdfs import Pdfs
from tieout.services.pull_invoices import PullInvoices
from tieout.services.showing_invoices import MirroredInvoiceWriter

_OF_MIRRORS = frozenset({HintObject.QUICKBOOKS_OWN_INVOICE, HintObject.MIRRORED_INVOICE})


class MirrorWorld(MoneyWorld):
    """Invoices are taken over from QuickBooks unless a test says otherwise."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.mirrors = self.make_mirrors()

    def make_mirrors(self) -> PullInvoices:
        """A worker of QuickBooks' own invoices; several share store, queue and clock."""
        beside = (
            CarryFields(self.claims, self.notices),
            OnDeals(Deals(self.claims, self.notices), of_mirrored),
            Pdfs(self.claims, self.notices, pdf_of_mirrored),
        )
        writer = MirroredInvoiceWriter(self.claims, VENDOR_TIMEOUT)
        return PullInvoices(self, self.claims, writer, VENDOR_TIMEOUT, beside)

    def settings(self, **document: object) -> None:
        """Apply settings."""
        super().settings(**{"pull_invoices": True, **document})

    def by_worker(self, hints: Sequence[Hint]) -> list[tuple[Any, list[Hint]]]:
        """Which worker gets which hints."""
        ours = [hint for hint in hints if hint.object in _OF_MIRRORS]
        return [*super().by_worker([hint for hint in hints if hint not in ours]), (self.mirrors.pull, ours)]

    # -- a bookkeeper

    def customer(self, name: str = "Globex", **fields: Any) -> str:
        """A customer that the bookkeeper enters."""
        return str(self.bookkeeper.create("Customer", DisplayName=name, **fields)["Id"])

    def billed(self, *lines: Mapping[str, Any], customer: str | None = None, **fields: Any) -> dict[str, Any]:
        """An invoice that the bookkeeper makes in QuickBooks itself, over 3 x 120.00 unless lines are given."""
        self.clock.advance(60)
        chosen = lines or (sale("3", "120.00"),)
        values = {"CustomerRef": {"value": customer or self.customer(f"Customer {next(self._names)}")}, **fields}
        return self.bookkeeper.create("Invoice", Line=list(chosen), **values)

    # -- what became of it

    def own_hint(self, row: Mapping[str, Any], cause: Cause = Cause.WEBHOOK) -> Hint:
        """A hint about an invoice that is QuickBooks' own, occurring now."""
        return self.hint(str(row["Id"]), cause, object=HintObject.QUICKBOOKS_OWN_INVOICE)

    def show(self, row: Mapping[str, Any], cause: Cause = Cause.WEBHOOK) -> SyncRecord:
        """Hand the worker one hint, a minute later; gives the record."""
        self.clock.advance(60)
        self.push(self.own_hint(row, cause))
        return self.mirror(row)

    def mirror(self, row: Mapping[str, Any]) -> SyncRecord:
        """The record of a QuickBooks invoice."""
        found = self.records.get(RecordKey("c1", Kind.INVOICE, "quickbooks", str(row["Id"])))
        assert found is not None
        return found

    def shown_id(self, row: Mapping[str, Any]) -> str:
        """The HubSpot invoice of a QuickBooks invoice."""
        link = self.mirror(row).link
        assert link is not None
        return link.far_id

    def standing(self, row: Mapping[str, Any]) -> StandingMirror:
        """The mirror as it stands in HubSpot."""
        id_ = self.shown_id(row)
        return self.crm.mirrors([id_])[id_]

    def in_hubspot(self, id_: str, *names: str) -> dict[str, Any]:
        """Properties of a HubSpot invoice."""
        answer = self.person.get(f"{OBJECTS}/invoices/{id_}", params={"properties": ",".join(names)})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["properties"]
        return found

    def invoices_there(self) -> list[str]:
        """Every HubSpot invoice, by id."""
        answer = self.person.get(f"{OBJECTS}/invoices", params={"limit": "100"})
        return [str(one["id"]) for one in answer.json()["results"]]


def sale(quantity: str, price: str, item: str = "1", **fields: Any) -> dict[str, Any]:
    """A line over quantity x price."""
    number, each = Decimal(quantity), Decimal(price)
    detail = {"ItemRef": {"value": item}, "Qty": number, "UnitPrice": each}
    amount = (number * each).quantize(Decimal("0.01"))
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **fields}


def discount(amount: str) -> dict[str, Any]:
    """The discount of a whole invoice."""
    detail = {"PercentBased": False}
    return {"Amount": Decimal(amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
