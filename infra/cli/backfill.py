"""The command that takes in the invoices from before the cut-over date: backfill."""

from __future__ import annotations

import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from infra.cli import backfill_show as told
from infra.cli import show
from infra.cli.backfill_files import outlook_facts, save
from infra.cli.deployment import Deployment
from infra.cli.options import FINE, NEEDS_A_PERSON, Json, NotFound, OnlyConnection, Stack, opened
from tieout.domain.errors import ConnectionLost
from tieout.domain.settings import Settings
from tieout.ports import Workspace
from tieout.runtime.bootstrap.backfill import Backfill
from tieout.services.backfill import RUN_PREFIX, Outlook, Phase, Step, Wish, new_run
from tieout.services.backfill_run import Done
from tieout.services.outcome import Result


class Direction(StrEnum):
    """Which invoices are taken in: HubSpot's, QuickBooks' own, or both."""

    BOTH = "both"
    TO_QUICKBOOKS = "to_quickbooks"
    TO_HUBSPOT = "to_hubspot"


Since = Annotated[str, typer.Option("--since", help="The first invoice date, as 2026-01-01.", metavar="DATE")]
Which = Annotated[
    Direction | None, typer.Option("--direction", help="One direction; without it, all that the settings allow.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan of every invoice; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Carry the plan out without asking.")]
Run = Annotated[str | None, typer.Option("--run", help="Go on under the id of an earlier run.", metavar="RUN")]
Folder = Annotated[Path | None, typer.Option("--save", help="Also save the plan as CSV and JSON.", metavar="FOLDER")]

_RUN = re.compile(re.escape(RUN_PREFIX) + r"[0-9]{8}-[0-9]{6}")
_ENDED = frozenset({"synced", "synced_with_variance", "voided", "ignored"})


def backfill(
    context: typer.Context,
    since: Since,
    *,
    direction: Which = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    run: Run = None,
    save_to: Folder = None,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Take in the invoices dated on a day or later, whatever the cut-over date says.

    Prints the plan with every document that it would adopt, asks, and carries it out beside the workers, within the
    same limits. Stopped, by whatever, it goes on when it is called again. Exit code 0 when all of it is done (or there
    is nothing to do, or the answer is no), 1 when something needs a person or is left to do, 2 when it cannot start.

    Example: tieout backfill --since 2026-01-01 --dry-run
    """
    deployment = opened(context, stack)
    if json and not (dry_run or yes):
        raise typer.BadParameter("--json goes with --dry-run or --yes, because nothing can be asked")
    parts, workspace = _opened(deployment, connection)
    wish = _wish(since, run, direction, workspace.settings, deployment, in_full=dry_run)
    if not json:
        told.print_wish(wish, workspace.connection.id)
    outlook = _plan(parts, workspace, wish, shown=not json)
    if save_to is not None:
        save(save_to, workspace.connection.id, wish, outlook)
    if not json:
        told.print_outlook(outlook, in_full=dry_run)
        told.print_reads(parts.spent())
    if dry_run or not outlook.to_be_done:
        if json:
            _print_json(parts, workspace, wish, outlook)
        needy = outlook.unplanned or any(planned.step is Step.ATTENTION for planned in outlook.planned)
        raise typer.Exit(NEEDS_A_PERSON if needy else FINE)
    if not yes and not typer.confirm("Carry this out?"):
        show.out.print("Nothing was done.")
        raise typer.Exit(FINE)
    done, stopped = _carry_out(parts, outlook, wish, shown=not json)
    if json:
        more = {"done": [told.done_facts(each) for each in done], "stopped": stopped}
        _print_json(parts, workspace, wish, outlook, more)
    else:
        told.print_done(done, len(outlook.to_be_done) + len(outlook.unplanned))
        told.print_reads(parts.spent())
    if stopped:
        show.print_error(f"{stopped} What is done is kept: the same command with --run {wish.run} goes on.")
    left = stopped or outlook.unplanned or not all(map(_fine, done))
    raise typer.Exit(NEEDS_A_PERSON if left else FINE)


def _opened(deployment: Deployment, connection: str | None) -> tuple[Backfill, Workspace]:
    [one, *more] = deployment.connections(connection)
    if more:
        raise typer.BadParameter("there are several connections: name one with --connection")
    parts = deployment.backfill()
    workspace = parts.workspaces.open(one.id)
    if workspace is None:
        raise NotFound(f"There is no connection {one.id!r}.")
    return parts, workspace


def _print_json(
    parts: Backfill, workspace: Workspace, wish: Wish, outlook: Outlook, more: Mapping[str, object] | None = None
) -> None:
    facts = outlook_facts(wish, workspace.connection.id, outlook)
    show.print_json({**facts, **(more or {}), "metered_reads": parts.spent()})


def _wish(
    since: str,
    run: str | None,
    direction: Direction | None,
    settings: Settings,
    deployment: Deployment,
    *,
    in_full: bool,
) -> Wish:
    try:
        first = date.fromisoformat(since)
    except ValueError:
        raise typer.BadParameter(f"--since takes a day as 2026-01-01, not {since!r}") from None
    if run is not None and not _RUN.fullmatch(run):
        raise typer.BadParameter(f"--run takes the id of a run as {RUN_PREFIX}20260101-120000, not {run!r}")
    allowed = {Direction.TO_QUICKBOOKS: settings.push_invoices, Direction.TO_HUBSPOT: settings.pull_invoices}
    wanted = set(allowed) if direction in (None, Direction.BOTH) else {direction}
    switched_off = [one for one in sorted(allowed) if one in wanted and not allowed[one]]
    if switched_off and (direction is not None or len(switched_off) == len(allowed)):
        names = {Direction.TO_QUICKBOOKS: "push_invoices", Direction.TO_HUBSPOT: "pull_invoices"}
        raise typer.BadParameter(f"switched off in the settings: {', '.join(names[one] for one in switched_off)}")
    wanted -= set(switched_off)
    return Wish(
        first,
        run or new_run(deployment.store.clock.now()),
        to_quickbooks=Direction.TO_QUICKBOOKS in wanted,
        to_hubspot=Direction.TO_HUBSPOT in wanted,
        in_full=in_full,
    )


def _plan(parts: Backfill, workspace: Workspace, wish: Wish, *, shown: bool) -> Outlook:
    """Raises Exit when it is interrupted, and what stops the planning."""
    with _progress(shown=shown) as bar:
        tasks: dict[Phase, TaskID] = {}

        def tell(phase: Phase, done: int, of: int | None) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase.value, total=of)
            bar.update(tasks[phase], completed=done, total=of)

        try:
            return parts.outlooks.of(workspace, wish, tell)
        except KeyboardInterrupt:
            show.print_error("Stopped while planning: nothing was done.")
            raise typer.Exit(NEEDS_A_PERSON) from None


def _carry_out(parts: Backfill, outlook: Outlook, wish: Wish, *, shown: bool) -> tuple[list[Done], str]:
    """What was done, and why it stopped before the end, "" when it did not."""
    done: list[Done] = []
    with _progress(shown=shown) as bar, _told_at_once():
        task = bar.add_task(Phase.CARRY_OUT.value, total=len(outlook.to_be_done))
        try:
            for some in parts.carry_out(outlook.matches).run(outlook.to_be_done, wish.run):
                done += some
                counts = Counter(told.outcome_of(one) for one in done)
                bar.update(task, completed=len(done), description=_counted(counts))
        except KeyboardInterrupt:
            return done, "Stopped."
        except ConnectionLost as lost:
            return done, f"The connection was lost. {lost.detail}".strip()
    return done, ""


def _counted(counts: Counter[str]) -> str:
    return f"{Phase.CARRY_OUT.value}: " + ", ".join(f"{number:,} {name}" for name, number in counts.most_common(4))


def _fine(done: Done) -> bool:
    return done.result is Result.HANDLED and done.state in _ENDED


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Nothing as long as it is not known."""
        return Text(f"{task.speed:,.1f}/s" if task.speed else "")


@contextmanager
def _progress(*, shown: bool) -> Iterator[Progress]:
    """Counts, rate and time left on standard error, where a terminal is; it leaves nothing behind."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=show.err, transient=True, disable=not shown) as bar:
        yield bar


@contextmanager
def _told_at_once() -> Iterator[None]:
    """Whoever presses Ctrl-C hears at once that what is under way is finished first."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread is ever interrupted.
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: object) -> None:
        show.print_error("Stopping: what is under way is finished first, which takes up to a minute.")
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
