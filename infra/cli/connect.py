"""The commands that connect a portal with a company, and end it: connect hubspot, connect quickbooks, disconnect."""

from __future__ import annotations

import getpass
import sys
import webbrowser
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import typer

from infra.cli import show
from infra.cli.asking import ask
from infra.cli.check import as_json
from infra.cli.deployment import Deployment
from infra.cli.field_checks import examine_fields
from infra.cli.loopback import Loopback
from infra.cli.options import FINE, NEEDS_A_PERSON, Json, Stack, actor, new_trace_id, opened
from tieout.services.connect import SIGN_IN_TIME, Connected, PortalConnected, redirect_address

app = typer.Typer(
    help="Connect a HubSpot portal with a QuickBooks company: first HubSpot, then QuickBooks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Option("--connection", help="The connection, by the name that you give it.")]
OfConnection = Annotated[
    str | None, typer.Option("--connection", help="The connection that the token is for, if it exists already.")
]
PortalId = Annotated[str | None, typer.Option("--portal", help="HubSpot's portal id (Hub ID).")]
AcceptMissing = Annotated[
    bool, typer.Option("--accept-missing-scopes", help="Store it even if it lacks scopes that the settings need.")
]
Port = Annotated[int, typer.Option("--port", help="Where this machine waits for the browser.", min=0, max=65535)]
Paste = Annotated[
    bool, typer.Option("--paste", help="Do not wait for the browser: ask for the address that it ends up at.")
]
Redirect = Annotated[
    str | None,
    typer.Option("--redirect", help="With --paste: a redirect address of the Intuit app, else the console's."),
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the address in a browser.")]
ForgetHubSpot = Annotated[bool, typer.Option("--hubspot", help="Remove the portal's HubSpot token, too.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_DEFAULT_PORT = 8400


@app.command()
def hubspot(
    context: typer.Context,
    *,
    connection: OfConnection = None,
    portal: PortalId = None,
    accept_missing: AcceptMissing = False,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Store the token of your HubSpot app, after a look at whose portal it opens and which scopes it has.

    The token is asked for, or read from standard input; it is no argument, because others see those.

    Example: tieout connect hubspot --portal 62515001 < token.txt
    """
    deployment = opened(context, stack)
    found = deployment.connect.store_hubspot_token(
        _token(),
        actor(),
        new_trace_id(),
        connection=connection,
        portal_id=portal,
        accept_missing=accept_missing,
    )
    if json:
        show.print_json(_portal_facts(found))
    else:
        _print_portal(found)
    raise typer.Exit(NEEDS_A_PERSON if found.lacks else 0)


@app.command()
def quickbooks(
    context: typer.Context,
    *,
    connection: Name,
    portal: PortalId = None,
    port: Port = _DEFAULT_PORT,
    paste: Paste = False,
    redirect: Redirect = None,
    browser: Browser = True,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Sign in to the QuickBooks company of a connection, for the first time or again.

    The address to sign in at is shown; the answer comes back to this machine (list http://localhost:8400/callback at
    Intuit), or, with --paste, you copy the address that the browser ends up at. Signing in again keeps records and
    settings, and works for the same company only. Fields that the settings pair are checked at once: exit code 1 when
    one is not switched on in QuickBooks, or missing in HubSpot.

    Example: tieout connect quickbooks --connection acme --portal 62515001
    """
    if redirect is not None and not paste:
        raise typer.BadParameter(
            "is for --paste: without it, this machine waits for the browser", param_hint="--redirect"
        )
    deployment = opened(context, stack)
    holder = new_trace_id()
    if paste:
        uri = redirect or redirect_address(deployment.public_url)
        url = deployment.connect.begin(connection, uri, holder, actor(), portal_id=portal)
        _show_address(url, browser=browser)
        answer = _pasted()
    else:
        answer = _received(deployment, connection, portal, port, holder, browser=browser)
    found = deployment.connect.complete(answer, holder, new_trace_id())
    # What the settings name may be of another type, or switched off, in what was connected just now.
    fields = list(examine_fields(deployment.workspace(found.connection.id)))
    if json:
        show.print_json({**_connected_facts(found), "checks": as_json(fields)})
    else:
        _print_connected(found)
        for check in fields:
            show.print_check(check)
    raise typer.Exit(NEEDS_A_PERSON if any(check.level == "problem" for check in fields) else FINE)


def disconnect(
    context: typer.Context,
    *,
    connection: Name,
    hubspot: ForgetHubSpot = False,
    yes: Yes = False,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """End a connection's sign-in to QuickBooks. Records and settings stay; what is to be done waits.

    Intuit revokes the sign-in and Tieout forgets its tokens. `tieout connect quickbooks` goes on where it stopped.

    Example: tieout disconnect --connection acme
    """
    deployment = opened(context, stack)
    if not yes:
        ask(f"Disconnect {connection} from QuickBooks?")
    found = deployment.connect.disconnect(connection, actor(), new_trace_id(), forget_hubspot=hubspot)
    if json:
        show.print_json(
            {"connection": connection, "revoked": found.revoked, "hubspot_token_removed": found.token_removed}
        )
        return
    ended = {True: "The sign-in was revoked.", False: "The sign-in had ended before.", None: "There was no sign-in."}
    show.out.print(f"{connection} is disconnected. {ended[found.revoked]} Its records wait.")
    if hubspot:
        show.out.print("HubSpot's token was removed." if found.token_removed else "No HubSpot token was stored.")


def _token() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("HubSpot token (not shown): ", stream=sys.stderr)
    return sys.stdin.read()


def _received(
    deployment: Deployment, connection: str, portal: str | None, port: int, holder: str, *, browser: bool
) -> dict[str, str]:
    try:
        listening = Loopback(port)
    except OSError as error:
        raise typer.BadParameter(
            f"{port} cannot be listened at ({error.strerror}): name another, or use --paste", param_hint="--port"
        ) from None
    with listening:
        url = deployment.connect.begin(connection, listening.redirect_uri, holder, actor(), portal_id=portal)
        listening.expect(dict(parse_qsl(urlsplit(url).query))["state"])
        _show_address(url, browser=browser)
        answer = listening.wait(SIGN_IN_TIME.total_seconds())
    if answer is None:
        show.print_error("The browser did not come back within 15 minutes: begin again, or use --paste.")
        raise typer.Exit(NEEDS_A_PERSON)
    return answer


def _show_address(url: str, *, browser: bool) -> None:
    show.err.print("Sign in to QuickBooks at this address:", highlight=False)
    show.err.print(url, highlight=False, soft_wrap=True, markup=False)
    if browser:
        webbrowser.open(url)


def _pasted() -> dict[str, str]:
    show.err.print("Then paste the whole address that the browser ends up at:", highlight=False)
    try:
        return dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
    except ValueError:
        # No address at all, which `complete` tells.
        return {}


def _portal_facts(found: PortalConnected) -> dict[str, object]:
    return {
        "portal_id": found.portal.portal_id,
        "time_zone": found.portal.time_zone,
        "connection": found.connection,
        "missing_scopes": list(found.lacks),
        "unproven_scopes": list(found.unproven),
    }


def _print_portal(found: PortalConnected) -> None:
    show.out.print(f"The token of HubSpot portal {found.portal.portal_id} is stored.")
    if found.lacks:
        show.out.print(f"It lacks {', '.join(found.lacks)}: what needs them will not work.", soft_wrap=True)
    if found.unproven:
        show.out.print(
            f"HubSpot does not tell whether it has {', '.join(found.unproven)}: compare with the app.", soft_wrap=True
        )
    if found.connection is None:
        show.out.print(f"Next: tieout connect quickbooks --connection NAME --portal {found.portal.portal_id}")


def _connected_facts(found: Connected) -> dict[str, object]:
    one = found.connection
    return {
        "connection": one.id,
        "portal_id": one.portal_id,
        "realm_id": one.realm_id,
        "company": found.company,
        "again": found.again,
        "ends_without_use_at": found.tokens.refresh_expires_at,
        "ends_at": found.tokens.hard_expires_at,
    }


def _print_connected(found: Connected) -> None:
    one = found.connection
    how = "again connected" if found.again else "connected"
    show.out.print(
        f"{one.id} is {how}: HubSpot portal {one.portal_id}, QuickBooks company {one.realm_id} ({found.company}).",
        soft_wrap=True,
        markup=False,
    )
    if found.tokens.hard_expires_at is not None:
        show.out.print(f"Sign in again before {_day(found.tokens.hard_expires_at)}.")
    show.out.print(f"Next: tieout doctor --connection {one.id}")


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
