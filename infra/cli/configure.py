"""The commands on a connection's settings: show, check, apply, history."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import show
from infra.cli.check import Check, as_json
from infra.cli.deployment import Deployment
from infra.cli.options import (
    FINE,
    NEEDS_A_PERSON,
    Json,
    NotFound,
    OnlyConnection,
    Stack,
    actor,
    new_trace_id,
    opened,
)
from infra.cli.selection import hint_about
from infra.cli.settings_checks import examine_settings
from infra.cli.settings_document import as_shown, read_document
from tieout.domain.company import Connection
from tieout.domain.record import RecordKey
from tieout.domain.settings import Settings
from tieout.domain.settings_changes import changes
from tieout.domain.settings_document import BadSettings
from tieout.services.audit import note_settings
from tieout.services.decisions import concerned_by_settings

_SHOWN, _MOST = 50, 1000

app = typer.Typer(
    help="Show, check and apply the settings of a connection.", no_args_is_help=True, rich_markup_mode="rich"
)

File = Annotated[str, typer.Argument(help="JSON document, - for standard input.", metavar="FILE")]
Online = Annotated[bool, typer.Option("--online", help="Look in HubSpot and QuickBooks for what the document names.")]
JsonAnyway = Annotated[bool, typer.Option("--json", help="As without it: the document is JSON.")]
Version = Annotated[int | None, typer.Option("--version", help="An earlier version, as it was given.")]


@app.command(name="show")
def show_settings(
    context: typer.Context,
    *,
    version: Version = None,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: JsonAnyway = False,
) -> None:
    """Show the settings in force, as a document to edit and apply.

    Example: tieout settings show > settings.json
    """
    del json
    deployment = opened(context, stack)
    one = _the_connection(deployment, connection)
    if version is None:
        show.print_json(as_shown(deployment.store.connections.settings(one.id)))
        return
    for applied in deployment.store.connections.settings_history(one.id, _MOST):
        if applied.version == version:
            show.print_json(dict(applied.document))
            return
    raise NotFound(f"Connection {one.id} has no version {version} of its settings.")


@app.command()
def check(
    context: typer.Context,
    file: File,
    *,
    online: Online = False,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Say everything that is wrong with a settings document; change nothing.

    Example: tieout settings check settings.json --online
    """
    _, settings = _read(file, json=json)
    checks: list[Check] = []
    if online:
        deployment = opened(context, stack)
        workspace = deployment.workspace(_the_connection(deployment, connection).id)
        checks = list(examine_settings(replace(workspace, settings=settings)))
    if json:
        show.print_json({"problems": [], "checks": as_json(checks)})
    else:
        for found in checks:
            show.print_check(found)
        show.out.print("The document is valid.")
    raise typer.Exit(NEEDS_A_PERSON if any(found.level == "problem" for found in checks) else FINE)


@app.command()
def apply(
    context: typer.Context,
    file: File,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Put a settings document in force, in place of the one before, and have the invoices concerned looked at again.

    Example: tieout settings apply settings.json --connection acme
    """
    document, settings = _read(file, json=json)
    deployment = opened(context, stack)
    store, one = deployment.store, _the_connection(deployment, connection)
    found = changes(_in_force(deployment, one), settings)
    queued: Sequence[RecordKey] = ()
    unreadable: Sequence[RecordKey] = ()
    if found:
        store.connections.apply_settings(one.id, document, actor(), store.clock.now())
        queued, unreadable = _look_again(deployment, one)
    latest = store.connections.settings_history(one.id, 1)
    version = latest[0].version if latest else None
    if found:
        changed = [
            (f"{each.name}: {part}" if part else each.name, was, becomes)
            for each in found
            for part, was, becomes in each.lines
        ]
        note_settings(deployment.trail, store.clock, one.id, str(version), changed, actor(), new_trace_id())
    if json:
        facts = [{"setting": each.name, "from": each.before, "to": each.after} for each in found]
        show.print_json({"version": version, "changes": facts, "queued": [key.origin_id for key in queued]})
    elif not found:
        show.out.print("Nothing changes.")
    else:
        show.print_changes(found)
        show.out.print(f"Version {version} is in force; queued {len(queued)} invoice(s) that it may concern.")
    for key in unreadable:
        show.print_error(f"{key}: a newer version wrote it. Deploy that one again, then retry this record.")
    raise typer.Exit(NEEDS_A_PERSON if unreadable else FINE)


@app.command()
def history(
    context: typer.Context, *, stack: Stack = None, connection: OnlyConnection = None, json: Json = False
) -> None:
    """Show the versions of the settings, the latest first: who applied them, when, and what they changed.

    Example: tieout settings history
    """
    deployment = opened(context, stack)
    one = _the_connection(deployment, connection)
    versions = deployment.store.connections.settings_history(one.id, _SHOWN + 1)
    if json:
        show.print_json(
            [
                {"version": it.version, "by": it.by, "at": it.at, "document": dict(it.document)}
                for it in versions[:_SHOWN]
            ]
        )
        return
    older = {it.version + 1: it.document for it in versions}
    rows = [
        (str(it.version), f"{it.at:%Y-%m-%d %H:%M:%S} UTC", it.by, _changed(older.get(it.version, {}), it.document))
        for it in versions[:_SHOWN]
    ]
    show.table(f"Settings of {one.id}", ("version", "applied", "by", "changed"), rows)


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """The names that two documents do not have in common, or with another value."""
    return ", ".join(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def _read(file: str, *, json: bool) -> tuple[dict[str, object], Settings]:
    """The document, or every problem of it and the end of the command."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{file} cannot be read: {error}") from None
    try:
        return read_document(text)
    except BadSettings as bad:
        if json:
            show.print_json({"problems": [{"field": name, "reason": reason} for name, reason in bad.problems]})
        else:
            for name, reason in bad.problems:
                show.print_error(f"{name}: {reason}")
        raise typer.Exit(NEEDS_A_PERSON) from None


def _the_connection(deployment: Deployment, only: str | None) -> Connection:
    found = deployment.connections(only)
    if len(found) > 1:
        raise NotFound(f"Name one with --connection: {', '.join(one.id for one in found)}.")
    return found[0]


def _in_force(deployment: Deployment, connection: Connection) -> Settings | None:
    """The settings in force; None when this version cannot read them, which must not keep others from being applied."""
    try:
        return deployment.store.connections.settings(connection.id)
    except BadSettings:
        return None


def _look_again(deployment: Deployment, connection: Connection) -> tuple[list[RecordKey], list[RecordKey]]:
    """Queue the invoices that other settings may treat differently; the second are those that cannot be read."""
    unreadable: list[RecordKey] = []
    concerned = concerned_by_settings(deployment.store.records, connection.id, unreadable.append)
    trace_id = new_trace_id()
    if concerned:
        deployment.store.hints.send([hint_about(deployment, key, cause, trace_id) for key, cause in concerned.items()])
    return list(concerned), unreadable
