"""The `tieout` command: its groups of commands, and how it ends (`options.EXIT_CODES`)."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Mapping, Sequence

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.exceptions import Abort, TyperException

from infra.cli import configure, connect, local, show, steer, watch
from infra.cli.audit import audit
from infra.cli.backfill import backfill
from infra.cli.deployment import NoDeployment, open_deployment
from infra.cli.fees import fees
from infra.cli.options import CANNOT_START, EXIT_CODES, FINE, NEEDS_A_PERSON, NotFound, Opener
from infra.cli.pdf import pdf
from infra.cli.reconcile import reconcile
from infra.cli.redrive import redrive
from infra.cli.sign_in import login_link
from infra.cli.undo import undo
from tieout.domain.connecting import ConnectProblem
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.settings_document import BadSettings
from tieout.ports import UnreadableRecord


def in_paragraphs(text: str | None) -> str:
    """A docstring without the line breaks of the source within its paragraphs; each example is one by itself."""
    whole = inspect.cleandoc(text or "").replace("\nExample:", "\n\nExample:")
    return "\n\n".join(" ".join(one.split()) for one in whole.split("\n\n") if one.strip())


GROUPS: Mapping[str, Sequence[tuple[str, Callable[..., None] | typer.Typer]]] = {
    "Look": (
        ("status", watch.status),
        ("show", watch.show_record),
        ("plan", watch.plan),
        ("audit", audit),
        ("pdf", pdf),
        ("doctor", watch.doctor),
    ),
    "Decide": (
        ("push", steer.push),
        ("pull", steer.pull),
        ("retry", steer.retry),
        ("resolve", steer.resolve),
        ("ignore", steer.ignore),
        ("undo", undo),
        ("redrive", redrive),
    ),
    "The books as a whole": (
        ("backfill", backfill),
        ("reconcile", reconcile),
        ("fees", fees),
    ),
    "Connect and set": (
        ("connect", connect.app),
        ("disconnect", connect.disconnect),
        ("settings", configure.app),
        ("login-link", login_link),
    ),
    "On this machine": (
        ("demo", local.demo),
        ("up", local.up),
        ("down", local.down),
    ),
}
"""The commands as the help groups them."""

app = typer.Typer(
    help="Watch and steer Tieout, on the local stack (`tieout up`) or with --stack in AWS.",
    epilog=f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in EXIT_CODES.items())}.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)
for panel, commands in GROUPS.items():
    for name, command in commands:
        if isinstance(command, typer.Typer):
            for one in command.registered_commands:
                one.help = in_paragraphs(one.callback.__doc__ if one.callback else None)
            app.add_typer(command, name=name, rich_help_panel=panel)
        else:
            app.command(name, rich_help_panel=panel, help=in_paragraphs(command.__doc__))(command)


def main(arguments: Sequence[str] | None = None, opener: Opener = open_deployment) -> None:
    """The entry point; leaves with an exit code. Errors become one line on standard error."""
    # The functions' log lines are not for this terminal.
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    try:
        given = None if arguments is None else list(arguments)
        code = app(given, obj=opener, prog_name="tieout", standalone_mode=False)
    except Abort:
        _fail("Nothing was done.", NEEDS_A_PERSON)
    except TyperException as error:
        told = _told(error)
        if told:
            show.print_error(told)
        sys.exit(CANNOT_START)
    except (NoDeployment, NotFound) as error:
        _fail(str(error), CANNOT_START)
    except ConnectProblem as error:
        _fail(str(error), NEEDS_A_PERSON)
    except BadSettings as error:
        _fail(f"This version cannot read the settings in force: {error}. Apply others.", NEEDS_A_PERSON)
    except UnreadableRecord as error:
        _fail(f"{error}: a newer version wrote it. Deploy that one again.", NEEDS_A_PERSON)
    except StoreUnavailable as error:
        _fail(f"AWS: {error}", CANNOT_START)
    except SyncError as error:
        _fail(f"{error.detail or type(error).__name__} ({error})", NEEDS_A_PERSON)
    except (BotoCoreError, ClientError) as error:
        _fail(f"AWS: {error}", CANNOT_START)
    else:
        sys.exit(code if isinstance(code, int) else FINE)


def _told(error: TyperException) -> str:
    """What is wrong with the command line, and where to read more; "" where the help was printed instead."""
    where = getattr(error, "ctx", None)
    message = str(error.format_message()) if hasattr(error, "format_message") else str(error)
    if not message:
        return ""
    if not message.endswith((".", "?", "!")):
        message += "."
    return f"{message} See `{where.command_path} --help`." if where is not None else message


def _fail(text: str, code: int) -> None:
    show.print_error(text)
    sys.exit(code)


if __name__ == "__main__":
    main()
