"""The command that tells who did what: audit."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from typing import Annotated

import typer
from rich.text import Text

from infra.cli import show
from infra.cli.deployment import Deployment
from infra.cli.options import Json, OnlyConnection, Stack, opened, read_day
from infra.cli.selection import find_any
from tieout.ports.audit import DEPLOYMENT, AuditLine
from tieout.services.audit import Wanted, lines

_DAYS = timedelta(days=30)
_COLUMNS = ("at", "connection", "record", "by", "action", "field", "before", "after", "request_id", "intuit_tid")
_MORE = ("trace_id", "facts")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OWN_COLUMNS = frozenset({"request_id", "intuit_tid"})

Since = Annotated[
    date | None,
    typer.Option("--since", parser=read_day, help="From this day on; 30 days back without it.", metavar="DAY"),
]
Until = Annotated[
    date | None, typer.Option("--until", parser=read_day, help="Up to this day, included.", metavar="DAY")
]
Record = Annotated[str | None, typer.Option("--record", help="One record, named as for `tieout show`.")]
Who = Annotated[str | None, typer.Option("--who", help='One person; "tieout" for what it did by itself.')]
Csv = Annotated[bool, typer.Option("--csv", help="CSV for a spreadsheet: a row for each value that changed.")]


def audit(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    record: Record = None,
    who: Who = None,
    as_csv: Csv = False,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Tell who did what and when, with the values before and after, and the vendors' request ids. Days are UTC.

    The trail is kept for 400 days. It may lack what was done within the last seconds.

    Example: tieout audit --since 2026-01-01 --until 2026-03-31 --csv > trail.csv
    """
    if as_csv and json:
        raise typer.BadParameter("give --csv or --json, not both", param_hint="--csv")
    deployment = opened(context, stack)
    now = deployment.store.clock.now()
    begin = _midnight(since) if since else now - _DAYS
    end = _midnight(until) + timedelta(days=1) if until else now + timedelta(days=1)
    if begin >= end:
        raise typer.BadParameter("is after --until", param_hint="--since")
    found = _found(deployment, connection, record, begin, end, who)
    if as_csv:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow((*_COLUMNS, *_MORE))
        for one in found:
            rows.writerows(_rows(one))
    elif json:
        show.print_json({"since": begin, "until": end, "lines": [_facts(one) for one in found]})
    else:
        told = 0
        for one in found:
            _print(one)
            told += 1
        show.out.print(f"{told} line(s) from {begin:%Y-%m-%d} to {end - timedelta(microseconds=1):%Y-%m-%d}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _found(
    deployment: Deployment, connection: str | None, record: str | None, begin: datetime, end: datetime, who: str | None
) -> Iterator[AuditLine]:
    """The lines of all that was asked for, newest first."""
    key = find_any(deployment, connection, record) if record else None
    wanted = Wanted(begin, end, who, key)
    if key is not None:
        places = [key.connection]
    else:
        places = [one.id for one in deployment.connections(connection)] + ([] if connection else [DEPLOYMENT])
    each = [lines(deployment.trail, deployment.store.records, place, wanted) for place in places]
    return merge(*each, key=lambda line: line.entry.at, reverse=True)


def _name(line: AuditLine) -> str:
    key = line.record
    return f"{key.kind}/{key.origin_system}/{key.origin_id}" if key else ""


def _connection(line: AuditLine) -> str:
    return "" if line.connection == DEPLOYMENT else line.connection


def _facts(line: AuditLine) -> dict[str, object]:
    entry, key = line.entry, line.record
    return {
        "at": entry.at,
        "connection": _connection(line) or None,
        "record": {"kind": key.kind.value, "origin": key.origin_system, "id": key.origin_id} if key else None,
        "by": entry.actor,
        "action": entry.action,
        "changes": [{"field": one.field, "before": one.before, "after": one.after} for one in entry.changes],
        "request_id": entry.facts.get("request_id"),
        "intuit_tid": entry.facts.get("intuit_tid"),
        "trace_id": entry.trace_id,
        "facts": dict(entry.facts),
    }


def _rows(line: AuditLine) -> Iterator[list[str]]:
    entry = line.entry
    facts = "; ".join(f"{name}={text}" for name, text in entry.facts.items() if name not in _OWN_COLUMNS)
    changes = [(one.field, one.before, one.after) for one in entry.changes] or [("", "", "")]
    for field, before, after in changes:
        row = [entry.at.isoformat(), _connection(line), _name(line), entry.actor, entry.action, field, before, after]
        row += [entry.facts.get("request_id", ""), entry.facts.get("intuit_tid", ""), entry.trace_id, facts]
        yield [f"'{text}" if text.startswith(_FORMULA) else text for text in row]


def _print(line: AuditLine) -> None:
    entry = line.entry
    head = Text.assemble(
        f"{entry.at:%Y-%m-%d %H:%M:%S} UTC ",
        (entry.actor, "bold"),
        f" {entry.action}",
        f" {_connection(line)}" if _connection(line) else "",
        f" {_name(line)}" if line.record else "",
    )
    show.out.print(head, highlight=False, soft_wrap=True)
    for one in entry.changes:
        told = Text.assemble(f"    {one.field}: ", (one.before or "-", "red"), " -> ", (one.after or "-", "green"))
        show.out.print(told, highlight=False, soft_wrap=True)
    if entry.facts:
        told_facts = ", ".join(f"{name} {text}" for name, text in entry.facts.items())
        show.out.print(Text(f"    {told_facts}", style="dim"), highlight=False, soft_wrap=True)
