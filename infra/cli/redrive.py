"""The command that sends dead letters again: redrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from infra.cli import show
from infra.cli.deployment import Deployment
from infra.cli.options import FINE, NEEDS_A_PERSON, Json, Stack, actor, new_trace_id, opened
from infra.cli.selection import name_of
from tieout.domain.status import explain
from tieout.services.redrive import Fate, Redriven

_MOST_SHOWN = 300
_TOLD = {
    Fate.SENT: "sent again",
    Fate.WOULD_BE_SENT: "would be sent again",
    Fate.NOT_A_HINT: "stays: nobody can work on it",
}

Queue = Annotated[
    str | None, typer.Argument(help="invoice_push, payment_push, payment_pull or invoice_pull.", metavar="[QUEUE]")
]
Everything = Annotated[bool, typer.Option("--all", help="The dead letters of all queues.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show them.")]


def redrive(
    context: typer.Context,
    queue: Queue = None,
    *,
    everything: Everything = False,
    dry_run: DryRun = False,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Send dead letters to the queue that they came from again: each is sent first and deleted then.

    Safe at any time: when it is interrupted, a hint comes twice at worst, which does no harm. Messages that are no
    hints stay, and are shown.

    Example: tieout redrive --all --dry-run
    """
    deployment = opened(context, stack)
    names = _names(deployment, queue, everything=everything)
    found: list[Redriven] = []
    try:
        for one in deployment.redrive.run(names, actor(), new_trace_id(), dry_run=dry_run):
            found.append(one)
            if not json:
                show.out.print(_line(one), highlight=False, markup=False, soft_wrap=True)
    finally:
        # What was done is told, whatever came in between.
        if json:
            show.print_json({"dry_run": dry_run, "letters": [_facts(one) for one in found]})
    stay = [one for one in found if one.fate is Fate.NOT_A_HINT]
    if not json:
        sent = sum(one.fate is Fate.SENT for one in found)
        show.out.print(f"{len(found)} dead letter(s): {sent} sent again, {len(stay)} cannot be worked on.")
    raise typer.Exit(NEEDS_A_PERSON if stay else FINE)


def _names(deployment: Deployment, queue: str | None, *, everything: bool) -> Sequence[str]:
    names = deployment.redrive.queues.names
    if (queue is None) != everything:
        raise typer.BadParameter("name one queue, or give --all: one of the two", param_hint="QUEUE")
    if queue is None:
        return names
    wanted = queue.replace("-", "_").replace(" ", "_")
    if wanted not in names:
        raise typer.BadParameter(f"there is no queue {queue!r}: {', '.join(names)}", param_hint="QUEUE")
    return [wanted]


def _line(one: Redriven) -> str:
    if one.hint is None:
        return f"{one.letter.queue}: {_TOLD[one.fate]}: {one.letter.body[:_MOST_SHOWN]}"
    about = f"{one.hint.connection} {one.hint.object} {one.hint.id}, {one.hint.cause} of {one.hint.occurred_at}"
    return f"{one.letter.queue}: {about}: {_TOLD[one.fate]}. {_why(one)}".rstrip()


def _why(one: Redriven) -> str:
    """What is known of why it ended here."""
    if one.letter.reason or one.record is None:
        return one.letter.reason
    told = explain(one.record) or one.record.state.value.replace("_", " ")
    return f"{name_of(one.record)}: {told}"


def _facts(one: Redriven) -> dict[str, object]:
    hint, record = one.hint, one.record
    return {
        "queue": one.letter.queue,
        "message_id": one.letter.id,
        "sent_at": one.letter.sent_at,
        "outcome": one.fate.value,
        "why": _why(one),
        "body": one.letter.body[:_MOST_SHOWN] if hint is None else None,
        "hint": None
        if hint is None
        else {
            "connection": hint.connection,
            "object": hint.object.value,
            "id": hint.id,
            "cause": hint.cause.value,
            "occurred_at": hint.occurred_at,
            "trace_id": hint.trace_id,
        },
        "state": record.state.value if record else None,
        "reason": record.reason if record else None,
    }
