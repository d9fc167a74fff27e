"""How a back-fill looks in a terminal: its plan as a readable diff, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from rich.text import Text

from infra.cli import show
from tieout.domain.record import RecordKey
from tieout.services.backfill import Outlook, Planned, Step, Wish
from tieout.services.backfill_run import Done
from tieout.services.outcome import Result

_SIGNS: Mapping[Step, tuple[str, str]] = {
    Step.CREATE: ("+", "green"),
    Step.ADOPT: ("=", "cyan"),
    Step.UPDATE: ("~", "yellow"),
    Step.VOID: ("x", "yellow"),
    Step.NOTE: ("=", "cyan"),
    Step.ATTENTION: ("!", "bold red"),
    Step.WAIT: ("?", "yellow"),
    Step.IN_SYNC: (" ", "dim"),
    Step.LEAVE: ("-", "dim"),
}
_STEPS: Mapping[Step, str] = {
    Step.CREATE: "create",
    Step.ADOPT: "adopt",
    Step.UPDATE: "update",
    Step.VOID: "void",
    Step.NOTE: "note that both sides agree",
    Step.ATTENTION: "needs a person",
    Step.WAIT: "look again",
    Step.IN_SYNC: "in sync already",
    Step.LEAVE: "leave out",
}
# What a step has become once its record is in sync.
_BECAME: Mapping[Step, str] = {Step.CREATE: "created", Step.ADOPT: "adopted", Step.UPDATE: "updated"}


def print_wish(wish: Wish, connection: str) -> None:
    """What was asked for."""
    ways = [name for name, on in (("to QuickBooks", wish.to_quickbooks), ("to HubSpot", wish.to_hubspot)) if on]
    told = f"Back-fill of connection {connection}: invoices dated {wish.since} or later, {' and '.join(ways)}"
    show.out.print(told, highlight=False)
    show.out.print(f"Run {wish.run}", highlight=False)


def print_outlook(outlook: Outlook, *, in_full: bool) -> None:
    """The plan: a table of it, what would be adopted, what needs a person; `in_full`: every invoice with its fields."""
    if in_full:
        for one in outlook.planned:
            print_planned(one)
    rows = [
        (_way(key), Text(_STEPS[step], style=_SIGNS[step][1]), reason, f"{len(some):,}", _totals(some))
        for (key, step, reason), some in _grouped(outlook.planned)
    ]
    show.table("Plan", ("direction", "what", "why", "invoices", "total"), rows)
    adopted = [one for one in outlook.planned if one.step is Step.ADOPT]
    if adopted:
        columns = ("invoice", "date", "customer", "total", "stands as")
        show.table("To be adopted as they stand", columns, [_adopted(one) for one in adopted])
    needy = [one for one in outlook.planned if one.step is Step.ATTENTION]
    if needy:
        show.table(
            "Needs a person", ("invoice", "code", "why"), [(_name(one), one.reason, Text(one.detail)) for one in needy]
        )


def print_planned(one: Planned) -> None:
    """One invoice and what is to be done, with its fields."""
    sign, style = _SIGNS[one.step]
    parts = [_name(one), f"{one.day or ''}", one.customer, f"{one.total or ''}", _STEPS[one.step]]
    line = Text.assemble((f"{sign} ", style), "  ".join(part for part in parts if part))
    if one.far_id:
        line.append(f"  ({'HubSpot' if one.key.origin_system == 'quickbooks' else 'QuickBooks'} id {one.far_id})")
    show.out.print(line, highlight=False, soft_wrap=True)
    for change in one.changes:
        show.out.print(Text(f"    {change}", style="dim"), highlight=False, soft_wrap=True)
    for text in (one.reason, one.detail):
        if text:
            show.out.print(Text(f"    {text}", style="italic"), highlight=False, soft_wrap=True)


def print_done(done: Sequence[Done], asked: int) -> None:
    """A table by outcome."""
    by_outcome: dict[tuple[str, str], list[Planned]] = defaultdict(list)
    for one in done:
        by_outcome[_way(one.planned.key), outcome_of(one)].append(one.planned)
    rows = [(way, what, f"{len(some):,}", _totals(some)) for (way, what), some in sorted(by_outcome.items())]
    if len(done) < asked:
        rows.append(("", "left to do", f"{asked - len(done):,}", ""))
    show.table("Outcome", ("direction", "what", "invoices", "total"), rows)


def print_reads(reads: int) -> None:
    """What was spent so far of what Intuit meters."""
    show.out.print(f"Metered reads of QuickBooks: {reads:,}", highlight=False)


def outcome_of(one: Done) -> str:
    """What became of an invoice, in words."""
    if one.result is Result.PARKED:
        return f"waits: {one.reason}"
    if one.result is not Result.HANDLED:
        return f"failed: {one.reason or one.result.value}"
    match one.state:
        case "attention" | "deleted_in_ledger":
            return f"needs a person: {one.reason}"
        case "ignored":
            return f"left out: {one.reason}"
        case "synced" | "synced_with_variance":
            return _BECAME.get(one.planned.step, "in sync")
        case _:
            return one.state


def done_facts(one: Done) -> dict[str, object]:
    """What became of an invoice, for --json."""
    key = one.planned.key
    return {
        "origin": key.origin_system,
        "id": key.origin_id,
        "number": one.planned.number,
        "outcome": outcome_of(one),
        "state": one.state,
        "reason": one.reason,
    }


def _grouped(planned: Iterable[Planned]) -> list[tuple[tuple[RecordKey, Step, str], list[Planned]]]:
    """By direction, step and reason, in the order of the steps; the key is that of any one of them."""
    groups: dict[tuple[str, int, str], list[Planned]] = defaultdict(list)
    order = list(Step)
    for one in planned:
        groups[one.key.origin_system, order.index(one.step), one.reason].append(one)
    return [((some[0].key, some[0].step, some[0].reason), some) for _, some in sorted(groups.items())]


def _totals(planned: Iterable[Planned]) -> str:
    """By currency: amounts of different currencies are never added."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in planned:
        if one.total is not None:
            sums[one.total.currency] += one.total.amount
    return ", ".join(f"{amount:,} {currency}" for currency, amount in sorted(sums.items()))


def _way(key: RecordKey) -> str:
    return "to QuickBooks" if key.origin_system == "hubspot" else "to HubSpot"


def _name(one: Planned) -> str:
    return one.number or one.key.origin_id


def _adopted(one: Planned) -> Sequence[str | Text]:
    other = "HubSpot" if one.key.origin_system == "quickbooks" else "QuickBooks"
    return _name(one), f"{one.day or ''}", Text(one.customer), f"{one.total or ''}", f"{other} id {one.far_id}"
