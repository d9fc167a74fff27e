"""The commands about the local stack: demo, up, down. What they need is loaded when they run, so that the others start
without it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from infra.cli import show
from infra.cli.options import CANNOT_START, FINE, Json

Keep = Annotated[bool, typer.Option("--keep", help="Leave the stack running afterwards; `tieout down` ends it.")]


def demo(*, keep: Keep = False, json: Json = False) -> None:
    """Play a business day on a fresh local stack, and fail unless the books agree. It ends a stack that is up.

    Example: tieout demo --keep
    """
    from infra.local.demo.__main__ import main as play  # noqa: PLC0415 - see above

    arguments = ["--keep"] if keep else []
    if not json:
        raise typer.Exit(play(arguments))
    with contextlib.redirect_stdout(sys.stderr):
        code = play(arguments)
    show.print_json({"as_it_must_be": code == FINE, "kept": keep})
    raise typer.Exit(code)


def up(*, json: Json = False) -> None:
    """Start the local stack: the whole template on this machine, with stand-ins for HubSpot and QuickBooks.

    Example: tieout up
    """
    from infra.local import stack  # noqa: PLC0415 - see above

    with _explained():
        running = stack.up()
    if json:
        names = ("api_url", "hubspot_url", "quickbooks_url", "aws_endpoint_url", "connection", "portal_id", "realm_id")
        show.print_json({name: getattr(running, name) for name in names})


def down(*, json: Json = False) -> None:
    """Stop the local stack, also after a crash; nothing else is ended.

    Example: tieout down
    """
    from infra.local import stack  # noqa: PLC0415 - see above

    with _explained():
        stack.down()
    if json:
        show.print_json({"running": False})


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    from infra.local.deployment import DeploymentFailed  # noqa: PLC0415 - see above
    from infra.local.processes import DidNotStart  # noqa: PLC0415
    from infra.local.tools import ToolFailed  # noqa: PLC0415

    try:
        yield
    except (ToolFailed, DidNotStart, DeploymentFailed) as error:
        show.print_error(f"The local stack did not start: {error}")
        raise typer.Exit(CANNOT_START) from None
