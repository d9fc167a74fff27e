"""The commands that only look: doctor, status, plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import typer
from rich.text import Text

from infra.cli import show
from infra.cli.backfill_files import planned_facts
from infra.cli.backfill_show import print_planned
from infra.cli.check import as_json
from infra.cli.deployment import Deployment
from infra.cli.doctor import examine, recording_refusal
from infra.cli.options import (
    FINE,
    NEEDS_A_PERSON,
    CreateProperties,
    EitherInvoice,
    Json,
    Name,
    NotFound,
    OnlyConnection,
    Stack,
    opened,
)
from infra.cli.selection import STATES_OF_A_PERSON, find_any, find_invoice, name_of
from infra.cli.usage import print_usage, reads_facts
from tieout.domain.directions import Way, ways
from tieout.domain.record import Kind, RecordKey, State, SyncRecord, own_hint_object
from tieout.domain.settings_document import BadSettings
from tieout.domain.status import explain
from tieout.ports import Records
from tieout.services.decisions import pages_in_state
from tieout.services.preview import preview
from tieout.services.preview_mirrors import preview_mirror
from tieout.services.watching import reads_of, swept_at

_MOST_COUNTED = 2000
_WAYS = {
    Way.BOTH: "both ways",
    Way.TO_QUICKBOOKS: "to QuickBooks only",
    Way.TO_HUBSPOT: "to HubSpot only",
    Way.OFF: "not at all",
}
_UNREADABLE = "unknown, as this version cannot read the settings in force"


def doctor(
    context: typer.Context,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    create: CreateProperties = False,
    json: Json = False,
) -> None:
    """Check both connections, scopes, preferences, settings and webhooks.

    Example: tieout doctor --stack tieout
    """
    deployment = opened(context, stack)
    checks = []
    if not json:
        show.out.print(f"Doctor: {deployment.where}")
    for check in examine(deployment, connection, create=create):
        checks.append(check)
        if not json:
            show.print_check(check)
    if json:
        show.print_json(as_json(checks))
    raise typer.Exit(NEEDS_A_PERSON if any(check.level == "problem" for check in checks) else FINE)


def status(
    context: typer.Context, *, stack: Stack = None, connection: OnlyConnection = None, json: Json = False
) -> None:
    """Show how many records are in which state, what needs a person, the queues, and what was read of QuickBooks.

    Example: tieout status --json
    """
    deployment = opened(context, stack)
    queues = dict(deployment.queues())
    facts: list[dict[str, object]] = []
    waiting_for_a_person = False
    for one in deployment.connections(connection):
        records, unreadable = _listed(deployment.store.records, one.id)
        needy = [record for state in STATES_OF_A_PERSON for record in records[state]]
        needy += _fees_needing_a_person(deployment.store.records, one.id)
        parked = [record for state in (State.WAITING, State.VERIFYING) for record in records[state]]
        waiting_for_a_person |= bool(needy or unreadable)
        kinds = {kind: _counts(records, kind) for kind in (Kind.INVOICE, Kind.PAYMENT, Kind.REFUND)}
        refusal = recording_refusal(deployment, one.id)
        directions = _directions(deployment, one.id)
        if json:
            facts.append(
                {
                    "connection": one.id,
                    "portal_id": one.portal_id,
                    "realm_id": one.realm_id,
                    "directions": directions,
                    "states": kinds[Kind.INVOICE],
                    "payments": kinds[Kind.PAYMENT],
                    "refunds": kinds[Kind.REFUND],
                    "last_complete_sweep": swept_at(deployment.store, one.id),
                    "metered_reads": reads_facts(reads_of(deployment.store, one.id)),
                    "notice": refusal,
                    "needs_a_person": [show.record_facts(record) for record in needy],
                    "unreadable": [str(key) for key in unreadable],
                    "waiting": [show.record_facts(record) for record in parked],
                }
            )
            continue
        title = f"Connection {one.id}: HubSpot {one.portal_id}, QuickBooks {one.realm_id}"
        by_state = [
            (kind.value, show.state_text(state), _counted(number))
            for kind, counts in kinds.items()
            for state, number in counts.items()
            if number
        ]
        show.table(title, ("kind", "state", "number"), by_state)
        told = ", ".join(f"{name} {_WAYS[way]}" for name, way in directions.items()) if directions else _UNREADABLE
        show.out.print(f"Directions: {told}.")
        if refusal:
            show.out.print(Text(refusal, style="yellow"), highlight=False)
        show.table("Needs a person", ("record", "code", "what, and what to do"), [_needy_row(one) for one in needy])
        if unreadable:
            names = ", ".join(map(str, unreadable))
            told = f"A newer version of Tieout wrote these, and this one cannot read them: {names}. Deploy it again."
            show.out.print(Text(told, style="red"), highlight=False)
        show.table("Waiting", ("record", "why", "until"), [_parked_row(one) for one in parked])
    if json:
        reads = reads_facts(reads_of(deployment.store, None))
        show.print_json({"connections": facts, "queues": queues, "metered_reads": reads})
    else:
        print_usage(deployment.store, [one.id for one in deployment.connections(connection)])
        rows = [(name, str(number)) for name, number in queues.items()]
        show.table("Queues", ("queue", "messages"), rows)
    raise typer.Exit(NEEDS_A_PERSON if waiting_for_a_person or queues.get("dead letters") else FINE)


def show_record(
    context: typer.Context,
    name: Name,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Show what Tieout knows of an invoice, a payment or a refund: its state, its documents, and its trail.

    Example: tieout show payment:4711
    """
    deployment = opened(context, stack)
    key = find_any(deployment, connection, name)
    record = deployment.store.records.get(key)
    if record is None:
        raise NotFound(f"Tieout keeps no record of {name!r}.")
    ledger = deployment.workspace(key.connection).ledger
    documents = show.documents(record, ledger)
    trail = deployment.store.records.trail(key)
    if json:
        lines = [
            {
                "at": one.at,
                "by": one.actor,
                "action": one.action,
                **one.facts,
                **({"changes": list(map(asdict, one.changes))} if one.changes else {}),
            }
            for one in trail
        ]
        show.print_json({**show.record_facts(record), "documents": documents, "trail": lines})
        return
    show.print_record(record)
    if documents:
        rows = [[str(one[column] or "") for column in show.DOCUMENT_COLUMNS] for one in documents]
        show.table("Documents", show.DOCUMENT_COLUMNS, rows)
    rows = [
        [f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.actor, "\n".join([one.action, *map(str, one.changes)])] for one in trail
    ]
    show.table("Trail", ("at", "by", "what"), rows)


def plan(
    context: typer.Context,
    invoice: EitherInvoice,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Show what a push of an invoice would do now (of one that is born in QuickBooks, a pull), and do nothing.

    Example: tieout plan INV-1001
    Example: tieout plan qbo-invoice:145
    """
    deployment = opened(context, stack)
    key = find_invoice(deployment, connection, invoice)
    workspace = deployment.workspace(key.connection)
    if key.origin_system == "quickbooks":
        planned = preview_mirror(workspace, deployment.store.records, key.origin_id)
        if json:
            show.print_json({"quickbooks_id": key.origin_id, "action": planned.step.value, **planned_facts(planned)})
        else:
            print_planned(planned)
        return
    found = preview(workspace, deployment.store.records, deployment.assessor, key.origin_id, "plan")
    if json:
        show.print_json({"invoice_id": key.origin_id, **show.plan_facts(found.plan)})
    else:
        show.print_plan(found.source, found.plan)


def _directions(deployment: Deployment, connection: str) -> dict[str, Way] | None:
    """None when this version cannot read the settings in force, which must not keep the rest from being shown."""
    try:
        return ways(deployment.store.connections.settings(connection))
    except BadSettings:
        return None


def _listed(records: Records, connection: str) -> tuple[Mapping[State, Sequence[SyncRecord]], Sequence[RecordKey]]:
    """What people decide about by state, at most `_MOST_COUNTED` of each, and what cannot be read."""
    found: dict[State, Sequence[SyncRecord]] = {}
    unreadable: list[RecordKey] = []
    for state in State:
        read: list[SyncRecord] = []
        passed = 0
        for page in pages_in_state(records, connection, state):
            read += (one for one in page.readable if own_hint_object(one.key) is not None)
            unreadable += page.unreadable
            passed += len(page.unreadable)
            if len(read) + passed >= _MOST_COUNTED:
                break
        found[state] = read[:_MOST_COUNTED]
    return found, unreadable


def _counts(records: Mapping[State, Sequence[SyncRecord]], kind: Kind) -> dict[State, int]:
    return {state: sum(one.key.kind is kind for one in found) for state, found in records.items()}


def _counted(number: int) -> str:
    return f"{number} or more" if number >= _MOST_COUNTED else str(number)


def _fees_needing_a_person(records: Records, connection: str) -> list[SyncRecord]:
    """Booked fees are nobody's to retry, as no queue works on them: their next step is to book the period again."""
    return [
        record
        for state in STATES_OF_A_PERSON
        for page in pages_in_state(records, connection, state)
        for record in page.readable
        if record.key.kind is Kind.FEES
    ]


def _needy_row(record: SyncRecord) -> tuple[str, str, str]:
    return name_of(record), record.reason, explain(record)


def _parked_row(record: SyncRecord) -> tuple[str, str, str]:
    until = f"{record.due_at:%Y-%m-%d %H:%M:%S} UTC" if record.due_at else ""
    return name_of(record), explain(record) or record.state.value, until
