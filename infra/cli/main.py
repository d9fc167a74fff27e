"""The `tieout` command. Exit codes: 0 fine, 1 something needs a person, 2 cannot start."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import typer
from botocore.exceptions import BotoCoreError, ClientError

from infra.cli import configure, connect, show, steer, watch
from infra.cli.audit import audit
from infra.cli.backfill import backfill
from infra.cli.deployment import NoDeployment, open_deployment
from infra.cli.fees import fees
from infra.cli.options import CANNOT_START, NEEDS_A_PERSON, NotFound, Opener
from infra.cli.pdf import pdf
from infra.cli.reconcile import reconcile
from infra.cli.redrive import redrive
from infra.cli.sign_in import login_link
from infra.cli.undo import undo
from tieout.domain.connecting import ConnectProblem
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.settings_document import BadSettings

app = typer.Typer(
    help="Watch and steer Tieout, on the local stack (`make up`) or with --stack in AWS.\n\n"
    "Exit codes: 0 fine, 1 something needs a person, 2 cannot start.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
for command in (
    watch.doctor,
    watch.status,
    watch.plan,
    steer.push,
    steer.pull,
    steer.retry,
    steer.resolve,
    steer.ignore,
    reconcile,
    backfill,
    fees,
    pdf,
    redrive,
    audit,
    undo,
):
    app.command()(command)
app.command("show")(watch.show_record)
app.command("login-link")(login_link)
app.command()(connect.disconnect)
app.add_typer(connect.app, name="connect")
app.add_typer(configure.app, name="settings")


def main(arguments: Sequence[str] | None = None, opener: Opener = open_deployment) -> None:
    """The entry point; leaves with an exit code. Errors become one line on standard error."""
    # The functions' log lines are not for this terminal.
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    try:
        app(None if arguments is None else list(arguments), obj=opener, prog_name="tieout")
    except (NoDeployment, NotFound) as error:
        _fail(str(error), CANNOT_START)
    except ConnectProblem as error:
        _fail(str(error), NEEDS_A_PERSON)
    except BadSettings as error:
        _fail(f"This version cannot read the settings in force: {error}. Apply others.", NEEDS_A_PERSON)
    except StoreUnavailable as error:
        _fail(f"AWS: {error}", CANNOT_START)
    except SyncError as error:
        _fail(f"{error.detail or type(error).__name__} ({error})", NEEDS_A_PERSON)
    except (BotoCoreError, ClientError) as error:
        _fail(f"AWS: {error}", CANNOT_START)


def _fail(text: str, code: int) -> None:
    show.print_error(text)
    sys.exit(code)


if __name__ == "__main__":
    main()
