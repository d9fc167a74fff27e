"""The command that lets a person into the console: who may reach the deployment mints the link."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from infra.cli import show
from infra.cli.options import Json, Stack, actor, new_trace_id, opened
from tieout.domain.person import BadName, Role
from tieout.services.sign_in import TICKET_LIFE

OfRole = Annotated[Role, typer.Option("--role", help="viewer looks; operator also decides, retries and connects.")]
Named = Annotated[
    str | None, typer.Option("--name", help="Who it is for, as the audit trail will name them; without it, you.")
]


def login_link(
    context: typer.Context,
    *,
    role: OfRole = Role.VIEWER,
    name: Named = None,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Print a link that signs one person in to the console, once, within 15 minutes.

    Example: tieout login-link --role operator --name "Ana Souza"
    """
    deployment = opened(context, stack)
    who = actor() if name is None else name
    try:
        ticket = deployment.sign_in.mint(who, role, actor(), new_trace_id())
    except BadName as problem:
        raise typer.BadParameter(f"--name: {problem}") from None
    url = f"{deployment.public_url}/console/sign-in/{ticket}"
    if json:
        show.print_json({"url": url, "name": who, "role": role.value, "minutes": TICKET_LIFE // timedelta(minutes=1)})
        return
    show.out.print(url, soft_wrap=True, highlight=False)
    told = f"Signs {who} in as {role.value}, once, within 15 minutes."
    show.err.print(told, highlight=False, markup=False, soft_wrap=True)
