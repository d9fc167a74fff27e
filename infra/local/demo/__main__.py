"""Plays a business day on a fresh local stack, shows what became of it, and fails unless the books agree."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from infra.cli import show
from infra.cli.backfill_show import print_done, print_outlook
from infra.cli.fee_books import print_proofs
from infra.cli.fees import print_fees
from infra.cli.reconcile import print_report
from infra.local import deployment as local_deployment
from infra.local import processes, stack
from infra.local.demo.deal import Deal
from infra.local.demo.entry import Entry
from infra.local.demo.entry_proof import EntryFinding, unexpected_entries
from infra.local.demo.money_proof import MoneyFinding, unexpected
from infra.local.demo.month_end import MonthEnd, problems
from infra.local.demo.people import Sandbox
from infra.local.demo.proof import Finding
from infra.local.demo.rounds import Played, begin
from infra.local.demo.story import Ending
from infra.local.demo.summer import SINCE
from infra.local.paths import LOCAL
from infra.local.tools import ToolFailed
from tieout.services.reconcile import Report

TRAFFIC = LOCAL / "traffic.jsonl"
COLOURS = {"in_sync": "green", "voided": "green", "excluded": "dim", "needs_attention": "yellow"}
# The first that is said counts.
_TOLD = {"attention": "yellow", "left out": "dim", "in sync": "green"}
console = show.out
_WIDTH = 170


def main(arguments: Sequence[str]) -> int:
    """0 when everything is as it must be, 1 when something is not, 2 when the stack did not start."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack running afterwards (`make down` ends it)")
    if not console.is_terminal:
        console.width = _WIDTH
    keep = parser.parse_args(arguments).keep
    # What the services log is not for this terminal.
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    began = time.monotonic()
    try:
        stack.down()
        running = stack.up()
    except (ToolFailed, processes.DidNotStart, local_deployment.DeploymentFailed) as error:
        console.print(f"[red]The local stack did not start.[/red]\n{error}")
        return 2
    try:
        with _bar() as bar:
            rounds = begin(running, bar)
            played = rounds.play()
        save_traffic(running, TRAFFIC)
    finally:
        if not keep:
            stack.down()
    code = report(played, rounds.deals, rounds.entries, time.monotonic() - began)
    if keep:
        console.print(f"The console is at {running.api_url}/console. A link that signs in to it, once:")
        console.print(f"  {stack.SIGN_IN}")
    return code


def _bar() -> Progress:
    columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def save_traffic(running: stack.Stack, path: Path) -> None:
    """Every call of the day, by people and by Tieout, in the order of each vendor."""
    parts = [Sandbox.at(url).traffic() for url in (running.hubspot_url, running.quickbooks_url)]
    path.write_text("".join(part if part.endswith("\n") or not part else part + "\n" for part in parts))


def report(played: Played, deals: Sequence[Deal], entries: Sequence[Entry], seconds: float) -> int:
    """The tables of the day, the tie-out and the verdict, as an exit code."""
    if played.filled is not None:
        console.print(f"[bold]Last summer, as tieout backfill --since {SINCE} shows it[/bold]")
        print_outlook(played.filled.outlook, in_full=False)
        print_done(played.filled.done, len(played.filled.outlook.to_be_done))
    console.print(_invoices([one for one in played.invoices if not _of_deal(one, deals) or one.problem]))
    console.print(_entries(played.entries))
    console.print(_money(played.money))
    wrong = played.wrong
    if wrong or played.report is None or played.month is None:
        console.print(f"[bold red]{wrong} of {played.seen} are not as they must be.[/bold red]")
        return 1
    print_report(played.report)
    print_fees(played.month.document)
    print_proofs(played.month.proofs)
    return _verdict(played, played.report, played.month, deals, entries, seconds)


def _of_deal(finding: Finding, deals: Sequence[Deal]) -> bool:
    return any(finding.invoice.id == bill.id for deal in deals for bill in deal.invoices)


def _verdict(
    played: Played, tied: Report, month: MonthEnd, deals: Sequence[Deal], entries: Sequence[Entry], seconds: float
) -> int:
    named, booked = (
        {
            one.key.origin_id: [finding.reason for finding in one.findings]
            for one in tied.drifted
            if one.key.origin_system == system
        }
        for system in ("hubspot", "quickbooks")
    )
    odd = unexpected(named, [one.invoice for one in played.invoices], deals)
    odd += unexpected_entries(booked, entries)
    if tied.left:
        odd.append(f"{tied.left} invoices were not looked at")
    if odd:
        console.print("[bold red]The tie-out does not say what it must:[/bold red]", *odd, sep="\n")
    unproven = problems(month)
    if unproven:
        console.print("[bold red]October's fees are not what they must be:[/bold red]", *unproven, sep="\n")
    if odd or unproven:
        return 1
    in_sync = sum(1 for one in played.invoices if one.invoice.ending is Ending.IN_SYNC)
    console.print(
        f"[bold green]All {len(played.invoices)} invoices, {len(played.entries)} invoices of QuickBooks' own and "
        f"{len(played.money)} stories of money are as they must be.[/bold green] {in_sync} invoices stand in "
        f"QuickBooks once and to the cent, its own once in HubSpot. Both sides tie out but for the "
        f"{len(named) + len(booked)} invoices named above, which need a person on purpose. October's fees are booked, "
        f"and {len(month.proofs)} clearing accounts proven. {seconds:.0f} s. Every call: {TRAFFIC}"
    )
    return 0


def _invoices(findings: Sequence[Finding]) -> Table:
    drawn = Table(title="What became of each invoice", title_justify="left")
    for name in ("HubSpot", "what happened", "billed", "QuickBooks", "shown in HubSpot"):
        drawn.add_column(name, justify="right" if name in ("billed", "QuickBooks") else "left", overflow="fold")
    for one in findings:
        drawn.add_row(one.number or "-", one.invoice.what, one.billed, _standing(one), _shown(one))
    return drawn


def _standing(one: Finding) -> str:
    """The amount in QuickBooks, with its number where that is another than HubSpot's."""
    return one.in_quickbooks.removeprefix(f"{one.number} ")


def _shown(one: Finding | EntryFinding) -> Text:
    colour = "red" if one.problem else COLOURS.get(one.status, "white")
    told = Text(one.status.replace("_", " ") or "-", style=colour)
    if one.message and one.status != "voided":
        told.append(f": {one.message}", style="default")
    return told.append(f" {one.problem}", style="red") if one.problem else told


def _entries(findings: Sequence[EntryFinding]) -> Table:
    drawn = Table(title="What became of QuickBooks' own invoices", title_justify="left")
    for name in ("what happened", "QuickBooks", "HubSpot", "belongs to", "shown in HubSpot"):
        drawn.add_column(name, justify="right" if name == "QuickBooks" else "left", overflow="fold")
    for one in findings:
        drawn.add_row(one.entry.what, one.quickbooks, one.hubspot, one.belongs or "-", _shown(one))
    return drawn


def _money(findings: Sequence[MoneyFinding]) -> Table:
    drawn = Table(title="What became of the money", title_justify="left")
    for name in ("what happened", "payments in HubSpot", "documents in QuickBooks", "open", "Tieout says"):
        drawn.add_column(name, justify="right" if name == "open" else "left", overflow="fold")
    for one in findings:
        documents = one.stands.quickbooks.replace("; ", "\n")
        payments = one.stands.hubspot.replace("; ", "\n")
        drawn.add_row(one.deal.what, payments, documents, one.stands.open, _said(one))
    return drawn


def _said(one: MoneyFinding) -> Text:
    """What Tieout says of the money, a code in words."""
    says = one.stands.says
    if one.problem:
        return Text.assemble((f"{says} {one.problem}", "red"), f" {one.why}")
    colour = next((_TOLD[word] for word in _TOLD if word in says), "yellow")
    return Text(says.replace("_", " "), style=colour)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
