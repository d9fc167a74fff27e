"""The world of `builders_mirror_world` with a back-fill, and with books in which somebody entered invoices by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from tests.support.builders_mirror_world import MirrorWorld, sale
from tests.support.builders_world import World
from tieout.domain.record import RecordKey
from tieout.runtime.bootstrap.backfill import Backfill
from tieout.services.backfill import Outlook, Phase, Planned, Step, Wish
from tieout.services.backfill_run import Done
from tieout.services.patience import Patience
from tieout.services.pull_invoices import PullInvoices

T = TypeVar("T")
RUN = "backfill-20260401-120000"
SINCE = date(2026, 1, 1)


class InTurn:
    """One lane."""

    def each(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        for task in tasks:
            yield task()


def backfill_of(world: World, mirrors: PullInvoices) -> Backfill:
    """A back-fill over a world, in one lane."""
    patience, reads = Patience(world.clock), world.quickbooks.company.reads
    spent = partial(_spent, world, reads)
    return Backfill(world, world.records, world.service, mirrors, InTurn(), patience, spent)


def _spent(world: World, before: int) -> int:
    return world.quickbooks.company.reads - before


class BackfillWorld(MirrorWorld):
    """Invoices are dated 2026-03-01 unless a test says otherwise; the cut-over date is after them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.settings(cutover_date="2026-04-01")

    @property
    def backfill(self) -> Backfill:
        return backfill_of(self, self.mirrors)

    def wish(self, **changes: Any) -> Wish:
        return replace(Wish(SINCE, RUN), **changes)

    def outlook(self, told: Callable[[Phase, int, int | None], None] = lambda *_: None, **changes: Any) -> Outlook:
        """What a back-fill would do."""
        workspace = self.open("c1")
        assert workspace is not None
        return self.backfill.outlooks.of(workspace, self.wish(**changes), told)

    def fill(self, **changes: Any) -> list[Done]:
        """Plan and carry out."""
        outlook = self.outlook(**changes)
        run = self.wish(**changes).run
        return [one for done in self.backfill.carry_out(outlook.matches).run(outlook.to_be_done, run) for one in done]

    def steps(self, **changes: Any) -> dict[str, Step]:
        """What is planned, by the id of the invoice where it was born."""
        return {one.key.origin_id: one.step for one in self.outlook(**changes).planned}

    def planned(self, id_: str, **changes: Any) -> Planned:
        """What is planned for one."""
        [found] = [one for one in self.outlook(**changes).planned if one.key.origin_id == id_]
        return found

    def by_hand(self, invoice: str, **changes: Any) -> dict[str, Any]:
        """A bookkeeper entered the HubSpot invoice in QuickBooks before Tieout was there; `changes` make it another."""
        workspace = self.open("c1")
        assert workspace is not None
        source: Any = workspace.crm.invoices([invoice])[invoice]
        name = source.company.name
        customers = {row["DisplayName"]: str(row["Id"]) for row in self.booked("Customer")}
        values = {
            "customer": customers.get(name) or self.customer(name),
            "DocNumber": source.number,
            "TxnDate": source.invoice_date.isoformat(),
            "DueDate": source.due_date.isoformat(),
            **changes,
        }
        price = values.pop("price", "120.00")
        row = self.billed(sale("3", price), **values)
        assert row["TotalAmt"] == 3 * Decimal(price)
        return row

    def key_of(self, row: dict[str, Any]) -> RecordKey | None:
        """The record that a QuickBooks invoice belongs to."""
        return self.records.origin_of("c1", "quickbooks", "invoice", str(row["Id"]))
