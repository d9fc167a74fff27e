"""What the commands share: options, exit codes, and the deployment they speak to."""

from __future__ import annotations

import getpass
import uuid
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, cast

import typer

from infra.cli.deployment import Deployment
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side

FINE, NEEDS_A_PERSON, CANNOT_START, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES = {
    FINE: "done, and nothing needs a person",
    NEEDS_A_PERSON: "something needs a person, or was refused",
    CANNOT_START: "cannot start: bad input, nothing there, or AWS not reached",
    INTERRUPTED: "interrupted",
}
"""How every command ends; docs/cli.md says more."""

Opener = Callable[[str | None], Deployment]


class NotFound(Exception):
    """What was named is not there."""


class Codes(StrEnum):
    """The attention codes as an option's choices."""

    _ignore_ = ["code"]  # noqa: RUF012 - the enum's own protocol
    for code in AttentionCode:
        vars()[code.name] = code.value


Stack = Annotated[str | None, typer.Option("--stack", help="CloudFormation stack in AWS; without it, the local stack.")]
OnlyConnection = Annotated[str | None, typer.Option("--connection", help="One connection, by its id.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
CreateProperties = Annotated[
    bool, typer.Option("--create-properties", help="Create the properties that HubSpot's invoices lack.")
]
Invoice = Annotated[str, typer.Argument(help="HubSpot invoice: its id or its number.", metavar="INVOICE")]
EitherInvoice = Annotated[
    str,
    typer.Argument(
        help="An invoice by its number, by HubSpot's id, or qbo-invoice:ID of QuickBooks.", metavar="INVOICE"
    ),
]
_NAMES = "payment:ID for a HubSpot payment, qbo-payment:ID and refund:ID for those made in QuickBooks."
Name = Annotated[str, typer.Argument(help=f"A HubSpot invoice (id or number), or {_NAMES}", metavar="RECORD")]
Invoices = Annotated[
    list[str] | None, typer.Argument(help=f"HubSpot invoices (ids or numbers), or {_NAMES}", metavar="[RECORD]...")
]
Code = Annotated[Codes | None, typer.Option("--code", help="All that need a person for this reason.")]
Everything = Annotated[bool, typer.Option("--all", help="All that need a person.")]
Note = Annotated[str, typer.Option("--note", help="Why, for other people.")]
Belongs = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="What one refund:ID gives back: payment:ID or invoice:ID of HubSpot.",
        metavar="payment:ID|invoice:ID",
    ),
]

Take = Annotated[
    Side | None,
    typer.Option("--take", help="Take this side's values of one invoice, where both say something else."),
]


def read_day(text: str) -> date:
    """A day of an option. Raises BadParameter that says how to write one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day: write it as 2026-01-31.") from None


def opened(context: typer.Context, stack: str | None) -> Deployment:
    """The deployment that a command was called for. Raises NoDeployment. What the command reads of QuickBooks is
    counted when it ends."""
    deployment = cast(Opener, context.obj)(stack)
    context.call_on_close(deployment.store.meter.flush)
    return deployment


def actor() -> str:
    """Who sits at this terminal, for the audit trail."""
    return getpass.getuser()


def new_trace_id() -> str:
    """What follows one command through the logs."""
    return f"cli-{uuid.uuid4().hex[:12]}"
