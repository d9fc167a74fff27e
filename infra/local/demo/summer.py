"""Last summer, before the cut-over date: what both systems have of it, and the back-fill that takes it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from infra.local.demo.deal import Desk
from infra.local.demo.entry import Entry, Mirrored
from infra.local.demo.entry_day import PIER, QUAI
from infra.local.demo.people import QuickBooksPerson
from infra.local.demo.story import Ending, Invoice, Line, Stands
from tieout.ports import Workspace
from tieout.runtime.bootstrap.backfill import Backfill
from tieout.services.backfill import Outlook, Wish
from tieout.services.backfill_run import Done

SINCE = date(2026, 8, 1)
"""From here on invoices are taken in."""
_CLOSED_THROUGH = "2026-09-30"
_HOURS, _ATTENTION = Line("consulting", "3"), Ending.ATTENTION


@dataclass(frozen=True)
class Copied:
    """An invoice of HubSpot, and what a bookkeeper entered in QuickBooks for it; its number is HubSpot's."""

    invoice: Invoice
    entry: Entry
    adopted: bool = True


@dataclass(frozen=True)
class Filled:
    """What the back-fill planned and did."""

    outlook: Outlook
    done: Sequence[Done]


@dataclass(frozen=True)
class Summer:
    """`copied` stand in both systems, `invoices` in HubSpot alone, `entries` were born in QuickBooks."""

    copied: Sequence[Copied] = field(default_factory=list)
    invoices: Sequence[Invoice] = field(default_factory=list)
    entries: Sequence[Entry] = field(default_factory=list)

    @property
    def of_hubspot(self) -> list[Invoice]:
        """All invoices of HubSpot."""
        return [*(one.invoice for one in self.copied), *self.invoices]

    @property
    def left_there(self) -> int:
        """How many invoices in QuickBooks people entered that belong to none of HubSpot's, as far as Tieout can say."""
        return sum(not one.adopted for one in self.copied)

    def happen(self, desk: Desk) -> None:
        """People enter all of it. Then the books are closed."""
        for invoice in self.of_hubspot:
            desk.day.finalise(invoice)
        numbers = desk.hubspot.read("invoices", [one.invoice.id for one in self.copied], ("hs_number",))
        for one in self.copied:
            one.entry.fields = {**one.entry.fields, "DocNumber": numbers[one.invoice.id]["hs_number"]}
            one.entry.enter(desk)
            one.invoice.by_hand = one.entry.id if one.adopted else ""
        for entry in self.entries:
            entry.enter(desk)


def summer() -> Summer:
    """What there was."""
    return Summer(
        [
            Copied(
                _billed("August, entered by hand in QuickBooks, too", "Acme Corp", "2026-08-12"),
                _entered("its copy", "Acme Corp", "2026-08-12"),
            ),
            Copied(
                _billed(
                    "August, entered with another price", "Cedar & Pine", "2026-08-13", _ATTENTION, "adoption_unclear"
                ),
                _entered("its copy", "Cedar & Pine", "2026-08-13", "140.00"),
                adopted=False,
            ),
        ],
        [
            _billed("August, never entered in QuickBooks", "Delta Freight", "2026-08-14", stands=Stands()),
            _billed("July, before the back-fill begins", "Acme Corp", "2026-07-14", Ending.EXCLUDED),
        ],
        [
            _entered("August, known to QuickBooks alone", PIER, "2026-08-20"),
            _entered("August, in euros", QUAI, "2026-08-21", currency="EUR"),
        ],
    )


def _billed(
    what: str, customer: str, day: str, ending: Ending = Ending.IN_SYNC, code: str = "", stands: Stands | None = None
) -> Invoice:
    return Invoice(what, customer, (_HOURS,), ending, code, date=day, due=_in_a_month(day), stands=stands)


def _entered(what: str, customer: str, day: str, price: str = "145.50", currency: str = "USD") -> Entry:
    dates = {"TxnDate": day, "DueDate": _in_a_month(day)}
    return Entry(what, customer, (("Consulting hour", "3", price),), Mirrored(), currency=currency, fields=dates)


def _in_a_month(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=30)).isoformat()


def close_books(quickbooks: QuickBooksPerson) -> None:
    """The bookkeeper closes the books through September."""
    [preferences] = quickbooks.query("Preferences")
    accounting = {**preferences["AccountingInfoPrefs"], "BookCloseDate": _CLOSED_THROUGH}
    quickbooks.change("Preferences", preferences, {"AccountingInfoPrefs": accounting})


def take_in(backfill: Backfill, workspace: Workspace, run: str) -> Filled:
    """As `tieout backfill --since 2026-08-01 --yes` does."""
    outlook = backfill.outlooks.of(workspace, Wish(SINCE, run), lambda *_: None)
    carrying = backfill.carry_out(outlook.matches)
    return Filled(outlook, [one for some in carrying.run(outlook.to_be_done, run) for one in some])
