"""Plays a business day on a fresh local stack, shows what became of each invoice, and fails unless the books agree."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.cli.deployment import open_deployment
from infra.local import deployment as local_deployment
from infra.local import processes, stack
from infra.local.demo.business_day import invoices
from infra.local.demo.morning import as_finalised, enter_used_number, morning, settings
from infra.local.demo.people import HubSpotPerson, QuickBooksPerson, Sandbox
from infra.local.demo.proof import Finding, prove
from infra.local.demo.story import QUICKBOOKS_COMPANY, Day, Ending, Invoice
from infra.local.paths import LOCAL
from infra.local.seed import QUICKBOOKS
from infra.local.tools import ToolFailed
from tieout.domain.hint import Cause, Hint, HintObject

TRAFFIC = LOCAL / "traffic.jsonl"
SETTLE_SECONDS = 75.0
POLL_SECONDS = 1.0
COLOURS = {"in_sync": "green", "voided": "green", "excluded": "dim", "needs_attention": "yellow"}
console = Console(width=None if sys.stdout.isatty() else 170)


def main(arguments: Sequence[str]) -> int:
    """0 when every invoice is as it must be, 1 when one is not, 2 when the stack did not start."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack running afterwards (`make down` ends it)")
    keep = parser.parse_args(arguments).keep
    began = time.monotonic()
    try:
        stack.down()
        running = stack.up()
    except (ToolFailed, processes.DidNotStart, local_deployment.DeploymentFailed) as error:
        console.print(f"[red]The local stack did not start.[/red]\n{error}")
        return 2
    try:
        findings = play(running)
        save_traffic(running, TRAFFIC)
    finally:
        if not keep:
            stack.down()
    return report(findings, time.monotonic() - began)


def play(running: stack.Stack) -> list[Finding]:
    """The whole day on a fresh stack; its findings once everything is as it must be, or when patience ends."""
    bar = Progress(
        TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    with bar:
        day = prepare(running, bar)
        cases = invoices()
        by_hand = enter_used_number(day, cases)
        break_things(running)
        for invoice in bar.track(cases, description="Invoices finalised in HubSpot"):
            day.finalise(invoice)
        first = [as_finalised(one) for one in cases]
        settled = settle(bar, "Settled in QuickBooks and shown in HubSpot", day, first, by_hand)
        if any(one.problem for one in settled):
            return settled
        changed = [one for one in cases if one.later]
        for invoice in bar.track(changed, description="Changed, voided and deleted by people"):
            if invoice.later:
                invoice.later(day, invoice)
        return settle(bar, "Settled again", day, cases, by_hand)


def prepare(running: stack.Stack, bar: Progress) -> Day:
    """The two companies as they are in the morning, and their connection's settings."""
    hubspot = HubSpotPerson.at(running.hubspot_url, running.hubspot_token)
    Sandbox.at(running.quickbooks_url).reset(QUICKBOOKS_COMPANY)
    quickbooks = QuickBooksPerson.at(running.quickbooks_url, QUICKBOOKS.access_token, running.realm_id)
    store = open_deployment(None).store

    def retry(invoice_id: str) -> None:
        hint = Hint(
            running.connection, HintObject.HUBSPOT_INVOICE, invoice_id, store.clock.now(), Cause.RETRY, "demo-retry"
        )
        store.hints.send([hint])

    document = settings(quickbooks)
    store.connections.apply_settings(running.connection, document, by="demo", at=store.clock.now())
    return morning(hubspot, quickbooks, retry, lambda steps: bar.track(steps, description="Customers and products"))


def break_things(running: stack.Stack) -> None:
    """Webhooks come twice and in another order; QuickBooks drops connections before and after its work, and fails."""
    hubspot, quickbooks = Sandbox.at(running.hubspot_url), Sandbox.at(running.quickbooks_url)
    hubspot.fault({"kind": "webhook_duplicate", "probability": 0.3, "seed": 1})
    hubspot.fault({"kind": "webhook_reorder", "probability": 0.3, "seed": 2})
    creating = {"method": "POST", "path": "/invoice$", "times": 2}
    for kind, times in (("timeout_after", 2), ("timeout_before", 1), ("status_500", 1)):
        quickbooks.fault({"kind": kind, **creating, "times": times})


def settle(bar: Progress, description: str, day: Day, cases: Sequence[Invoice], by_hand: int) -> list[Finding]:
    """Wait until all is as it must be, at most SETTLE_SECONDS."""
    task = bar.add_task(description, total=len(cases))
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        findings = prove(day, cases, by_hand)
        right = sum(1 for one in findings if not one.problem)
        bar.update(task, completed=min(right, len(cases)))
        if all(not one.problem for one in findings) or time.monotonic() > until:
            return findings
        time.sleep(POLL_SECONDS)


def save_traffic(running: stack.Stack, path: Path) -> None:
    """Every call of the day, by people and by Tieout, in the order of each vendor."""
    parts = [Sandbox.at(url).traffic() for url in (running.hubspot_url, running.quickbooks_url)]
    path.write_text("".join(part if part.endswith("\n") or not part else part + "\n" for part in parts))


def report(findings: Sequence[Finding], seconds: float) -> int:
    """The table of the day and the verdict, as an exit code."""
    drawn = Table(title="What became of each invoice", title_justify="left")
    for name in ("HubSpot", "what happened", "billed", "in QuickBooks", "shown in HubSpot", "why"):
        drawn.add_column(name, justify="right" if name == "billed" else "left", overflow="fold")
    for one in findings:
        colour = "red" if one.problem else COLOURS.get(one.status, "white")
        why = f"[red]{one.problem}[/red] {one.message}" if one.problem else one.message
        status = one.status.replace("_", " ") or "-"
        drawn.add_row(
            one.number or "-", one.invoice.what, one.billed, one.in_quickbooks, f"[{colour}]{status}[/{colour}]", why
        )
    console.print(drawn)
    wrong = [one for one in findings if one.problem]
    in_sync = sum(1 for one in findings if one.invoice.ending is Ending.IN_SYNC and not one.problem)
    if wrong:
        console.print(f"[bold red]{len(wrong)} of {len(findings)} are not as they must be.[/bold red]")
        return 1
    console.print(
        f"[bold green]All {len(findings)} invoices are as they must be[/bold green]: {in_sync} stand in QuickBooks "
        f"exactly once and to the cent, the others say why not. {seconds:.0f} s. Every vendor call: {TRAFFIC}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
