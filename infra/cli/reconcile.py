"""The command that proves that both sides agree: reconcile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from infra.cli import show
from infra.cli.options import FINE, NEEDS_A_PERSON, Json, OnlyConnection, Stack, opened, read_day
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.tie_out import Finding, Sides, TieOut
from tieout.services.drift_report import report_facts
from tieout.services.reconcile import Reconcile, Report

Since = Annotated[
    date | None,
    typer.Option("--since", parser=read_day, help="Only invoices dated on or after this day.", metavar="DAY"),
]


def reconcile(
    context: typer.Context,
    *,
    since: Since = None,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Prove that both sides agree about every synced invoice, and list what does not, with the reason.

    Compares what was billed, applied, received and refunded, currency by currency. Changes nothing on either side.
    A connection that cannot be read does not keep the others from being compared. Exit code 0 when everything ties
    out, 1 otherwise.

    Example: tieout reconcile --since 2026-01-01
    """
    deployment = opened(context, stack)
    service = Reconcile(deployment.store.records, deployment.store.clock)
    reports: list[Report] = []
    unread: list[str] = []
    for one in deployment.connections(connection):
        try:
            with _progress(one.id, shown=not json) as told:
                workspace = deployment.workspace(one.id)
                report = service.run(workspace, since=since, progress=told)
        except StoreUnavailable:
            # Our own table: no other connection can be compared either.
            raise
        except SyncError as error:
            show.print_error(f"Connection {one.id} was not compared: {error.detail or error}")
            unread.append(one.id)
            continue
        reports.append(report)
        if not json:
            print_report(report)
    if json:
        show.print_json({"connections": [report_facts(report) for report in reports], "not_compared": unread})
    raise typer.Exit(NEEDS_A_PERSON if unread or not all(report.ties_out for report in reports) else FINE)


@contextmanager
def _progress(connection: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where a terminal is; it leaves nothing behind."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=show.err, transient=True, disable=not shown) as bar:
        task = bar.add_task(f"Tying out {connection}", total=None)

        def told(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield told


def print_report(report: Report) -> None:
    """What does not tie out and why, and the figures of both sides by currency."""
    rows = [_row(one, finding) for one in report.drifted for finding in one.findings]
    if rows:
        show.table("Does not tie out", ("invoice", "equation", "figures", "why"), rows)
    taken = [(one.label, one.taken) for one in report.results if one.taken]
    if taken:
        show.table("Totals that people took from QuickBooks", ("invoice", "who took what"), taken)
    for currency, figures in report.totals.by_currency.items():
        table = [
            _sides("billed", figures.billed),
            _sides("received", figures.received),
            _sides("refunded", figures.refunded),
            ("credited", "", f"{figures.credited.amount:,}", ""),
            _sides("open", figures.open),
        ]
        show.table(f"{currency}, connection {report.connection}", ("", "HubSpot", "QuickBooks", "difference"), table)
    if report.left_alone:
        show.out.print(f"{report.left_alone} invoice(s) in QuickBooks are ignored, and were not compared.")
    looked = len(report.results)
    if report.ties_out:
        show.out.print(Text(f"{looked} invoice(s) tie out.", style="green"))
        return
    show.out.print(Text(f"{len(report.drifted)} of {looked} invoice(s) do not tie out.", style="bold red"))


def _row(one: TieOut, finding: Finding) -> tuple[str, str, str, str]:
    figures = " / ".join(str(amount) for amount in (finding.left, finding.right) if amount is not None)
    return one.label, finding.equation.value, figures, finding.reason


def _sides(name: str, sides: Sides) -> tuple[str, str, str, str | Text]:
    difference = sides.difference.amount
    told = Text(f"{difference:+,}", style="yellow") if difference else ""
    return name, f"{sides.hubspot.amount:,}", f"{sides.quickbooks.amount:,}", told
