"""The command that takes back in QuickBooks what Tieout made: undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from infra.cli import show
from infra.cli.asking import ask
from infra.cli.deployment import Deployment
from infra.cli.options import (
    FINE,
    NEEDS_A_PERSON,
    Json,
    Note,
    NotFound,
    OnlyConnection,
    Stack,
    actor,
    new_trace_id,
    opened,
)
from infra.cli.selection import find_any
from tieout.domain.planning.undo import INVOICE_DOCUMENT, Refused, Step
from tieout.domain.record import Kind
from tieout.ports import Workspace
from tieout.services.backfill import RUN_PREFIX
from tieout.services.undo import Group, Undone, began_of

Target = Annotated[
    str,
    typer.Argument(
        help="A back-fill's run (backfill-20260101-120000), a HubSpot invoice (id or number), or payment:ID.",
        metavar="RUN|DOCUMENT",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def undo(
    context: typer.Context,
    target: Target,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    note: Note = "",
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Take back in QuickBooks what Tieout made there, newest first.

    Of an invoice with its payments and refunds, of one payment, or of everything that a back-fill made. Documents are
    voided, or deleted where QuickBooks cannot void.

    Shown first, and done after a yes. What somebody else paid, what is deposited, in closed books, or changed by a
    person is refused, and then nothing of that invoice is touched. The records are left alone until somebody retries
    them by name; the trail keeps who undid what.

    Example: tieout undo INV-1001 --dry-run
    Example: tieout undo backfill-20260101-120000 --note "Wrong year"
    """
    deployment = opened(context, stack)
    found = _groups(deployment, connection, target)
    if not json:
        for _, group in found:
            _print_plan(group)
    ready = [(workspace, group) for workspace, group in found if isinstance(group.plan, tuple) and group.plan]
    done: list[Undone] = []
    if ready and not dry_run:
        steps = sum(len(group.plan) for _, group in ready if isinstance(group.plan, tuple))
        if not yes:
            ask(f"Take back {steps} document(s) in QuickBooks?")
        done = _carry_out(deployment, ready, note, shown=not json)
    _report(target, [group for _, group in found], done, dry_run=dry_run, json=json)
    refused = any(isinstance(group.plan, Refused) for _, group in found)
    stopped = any(one.stopped is not None for one in done)
    raise typer.Exit(NEEDS_A_PERSON if refused or stopped else FINE)


def _groups(deployment: Deployment, connection: str | None, target: str) -> list[tuple[Workspace, Group]]:
    if not target.startswith(RUN_PREFIX):
        key = find_any(deployment, connection, target)
        if key.kind is Kind.REFUND or (key.kind is Kind.PAYMENT and key.origin_system != "hubspot"):
            raise NotFound(f"{target} was entered in QuickBooks: Tieout undoes only what it made.")
        workspace = deployment.workspace(key.connection)
        return [(workspace, deployment.undo.of_record(workspace, key))]
    try:
        began = began_of(target, RUN_PREFIX)
    except ValueError:
        raise typer.BadParameter(
            f"is no run: {RUN_PREFIX}YYYYMMDD-HHMMSS, as `tieout backfill` shows it", param_hint="RUN"
        ) from None
    found = []
    for one in deployment.connections(connection):
        workspace = deployment.workspace(one.id)
        found += [(workspace, group) for group in deployment.undo.of_run(workspace, target, began)]
    if not found:
        raise NotFound(f"Nothing in QuickBooks was made by {target}.")
    return found


def _carry_out(
    deployment: Deployment, ready: Sequence[tuple[Workspace, Group]], note: str, *, shown: bool
) -> list[Undone]:
    who, trace_id, done = actor(), new_trace_id(), list[Undone]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=show.err, transient=True, disable=not shown) as bar:
        task = bar.add_task("Undoing", total=len(ready))
        for workspace, group in ready:
            done.append(deployment.undo.carry_out(workspace, group, who, trace_id, note))
            bar.advance(task)
    return done


def _print_plan(group: Group) -> None:
    if isinstance(group.plan, Refused):
        show.out.print(Text.assemble((group.label, "bold"), ": ", ("stays", "yellow"), f". {group.plan.detail}"))
        return
    rows = [(_named(step), str(step.amount), f"{step.day}", _how(step)) for step in group.plan]
    show.table(f"{group.label}: to be taken back", ("document", "amount", "date", "how"), rows)


def _report(target: str, groups: Sequence[Group], done: Sequence[Undone], *, dry_run: bool, json: bool) -> None:
    by_key = {one.group.key: one for one in done}
    if json:
        facts = [_facts(group, by_key.get(group.key)) for group in groups]
        show.print_json({"target": target, "dry_run": dry_run, "groups": facts})
        return
    for one in done:
        if one.stopped is not None:
            began = f"{len(one.done)} document(s) were taken back; then it stopped. " if one.done else ""
            show.print_error(f"{one.group.label}: {began}{one.stopped.detail}")
    count = sum(len(one.done) for one in done)
    if dry_run:
        show.out.print("Nothing was changed (--dry-run).")
    else:
        show.out.print(f"{count} document(s) were taken back. The trail (`tieout audit`) keeps them.")


def _named(step: Step) -> str:
    kind = "invoice" if step.document == INVOICE_DOCUMENT else step.document.replace("_", " ")
    return f"{kind} {step.far_id}"


def _how(step: Step) -> str:
    return "deleted" if step.deletes else "voided"


def _facts(group: Group, became: Undone | None) -> dict[str, object]:
    refused = group.plan if isinstance(group.plan, Refused) else became.stopped if became else None
    steps = group.plan if isinstance(group.plan, tuple) else ()
    done = {(step.document, step.far_id) for step in became.done} if became else set()
    return {
        "record": {"kind": group.key.kind.value, "id": group.key.origin_id, "connection": group.key.connection},
        "label": group.label,
        "documents": [
            {
                "document": step.document,
                "quickbooks_id": step.far_id,
                "amount": str(step.amount),
                "date": step.day.isoformat(),
                "how": _how(step),
                "done": (step.document, step.far_id) in done,
            }
            for step in steps
        ],
        "refused": {"code": refused.why.value, "detail": refused.detail} if refused else None,
    }
