"""The commands. Exit codes: 0 fine, 1 something needs a person, 2 cannot start."""

from __future__ import annotations

import getpass
import logging
import sys
import uuid
from enum import StrEnum
from typing import Annotated, Final

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from infra.cli import show
from infra.cli.deployment import Deployment, NoDeployment, open_deployment
from infra.cli.doctor import as_json, examine
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.attention import ATTENTION, AttentionCode
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.status import explain
from tieout.ports import Crm
from tieout.services import decisions
from tieout.services.preview import preview

FINE, NEEDS_A_PERSON, CANNOT_START = 0, 1, 2
_MOST_COUNTED = 2000
_VISIBLE: Final = "ApproximateNumberOfMessages"
_HIDDEN: Final = "ApproximateNumberOfMessagesNotVisible"
_NEEDS_A_PERSON = (State.ATTENTION, State.DELETED_IN_LEDGER)

app = typer.Typer(
    help="Watch and steer Tieout, on the local stack (`make up`) or with --stack in AWS.\n\n"
    "Exit codes: 0 fine, 1 something needs a person, 2 cannot start.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Stack = Annotated[str | None, typer.Option("--stack", help="CloudFormation stack in AWS; without it, the local stack.")]
OnlyConnection = Annotated[str | None, typer.Option("--connection", help="One connection, by its id.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Invoice = Annotated[str, typer.Argument(help="HubSpot invoice: its id or its number.", metavar="INVOICE")]


class _NotFound(Exception):
    """What was named is not there."""


@app.command()
def doctor(stack: Stack = None, connection: OnlyConnection = None, json: Json = False) -> None:
    """Check both connections, scopes, preferences, settings and webhooks.

    Example: tieout doctor --stack tieout
    """
    deployment = open_deployment(stack)
    checks = []
    marks = {"ok": "[green]ok[/green]     ", "warning": "[yellow]warning[/yellow]", "problem": "[red]problem[/red]"}
    if not json:
        show.out.print(f"Doctor: {deployment.where}")
    for check in examine(deployment, connection):
        checks.append(check)
        if not json:
            advice = f"\n            [italic]{check.advice}[/italic]" if check.advice else ""
            show.out.print(f"  {marks[check.level]} {check.name}: {check.found}{advice}", highlight=False)
    if json:
        show.print_json(as_json(checks))
    raise typer.Exit(NEEDS_A_PERSON if any(check.level == "problem" for check in checks) else FINE)


@app.command()
def status(stack: Stack = None, connection: OnlyConnection = None, json: Json = False) -> None:
    """Show how many invoices are in which state, what needs a person, and the queues.

    Example: tieout status --json
    """
    deployment = open_deployment(stack)
    queues = _queues(deployment)
    facts: list[dict[str, object]] = []
    waiting_for_a_person = False
    for one in deployment.connections(connection):
        records = {state: _in_state(deployment, one.id, state) for state in State}
        needy = [record for state in _NEEDS_A_PERSON for record in records[state]]
        parked = [record for state in (State.WAITING, State.VERIFYING) for record in records[state]]
        waiting_for_a_person |= bool(needy)
        counts = {state: len(found) for state, found in records.items()}
        if json:
            facts.append(
                {
                    "connection": one.id,
                    "portal_id": one.portal_id,
                    "realm_id": one.realm_id,
                    "states": counts,
                    "needs_a_person": [show.record_facts(record) for record in needy],
                    "waiting": [show.record_facts(record) for record in parked],
                }
            )
            continue
        title = f"Connection {one.id}: HubSpot {one.portal_id}, QuickBooks {one.realm_id}"
        by_state = [(show.state_text(state), _counted(number)) for state, number in counts.items() if number]
        show.table(title, ("invoices", "number"), by_state)
        show.table("Needs a person", ("invoice", "code", "what, and what to do"), [_needy_row(one) for one in needy])
        show.table("Waiting", ("invoice", "why", "until"), [_parked_row(one) for one in parked])
    if json:
        show.print_json({"connections": facts, "queues": queues})
    else:
        rows = [(name, str(number)) for name, number in queues.items()]
        show.table("Queues", ("queue", "messages"), rows)
    raise typer.Exit(NEEDS_A_PERSON if waiting_for_a_person or queues["dead letters"] else FINE)


@app.command()
def plan(invoice: Invoice, stack: Stack = None, connection: OnlyConnection = None, json: Json = False) -> None:
    """Show what a push of an invoice would do now, and do nothing.

    Example: tieout plan INV-1001
    """
    deployment = open_deployment(stack)
    workspace_id, invoice_id = _find(deployment, connection, invoice)
    workspace = deployment.workspace(workspace_id)
    found = preview(workspace, deployment.store.records, deployment.assessor, invoice_id, "plan")
    if json:
        show.print_json({"invoice_id": invoice_id, **show.plan_facts(found.plan)})
    else:
        show.print_plan(found.source, found.plan)


@app.command()
def push(invoice: Invoice, stack: Stack = None, connection: OnlyConnection = None, json: Json = False) -> None:
    """Push an invoice now and show what became of it.

    Example: tieout push INV-1001
    """
    deployment = open_deployment(stack)
    workspace_id, invoice_id = _find(deployment, connection, invoice)
    hint = _hint(deployment, workspace_id, invoice_id)
    outcome = deployment.service.push([hint])[0]
    if outcome.error is not None:
        raise outcome.error
    record = deployment.store.records.get(RecordKey(workspace_id, Kind.INVOICE, "hubspot", invoice_id))
    _print_record(record, as_json=json)
    raise typer.Exit(NEEDS_A_PERSON if record is None or record.state in _NEEDS_A_PERSON else FINE)


class _Codes(StrEnum):
    """The attention codes as an option's choices."""

    _ignore_ = ["code"]  # noqa: RUF012 - the enum's own protocol
    for code in AttentionCode:
        vars()[code.name] = code.value


@app.command()
def retry(
    invoice: Annotated[list[str] | None, typer.Argument(help="HubSpot invoices: ids or numbers.")] = None,
    code: Annotated[_Codes | None, typer.Option("--code", help="All that need a person for this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that need a person.")] = False,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Have invoices looked at again: some, all of one attention code, or all that need a person.

    Example: tieout retry --code item_missing
    """
    chosen = sum((bool(invoice), code is not None, everything))
    if chosen != 1:
        raise typer.BadParameter("name invoices, or give --code, or --all: one of the three")
    deployment = open_deployment(stack)
    if invoice:
        found = [_find(deployment, connection, one) for one in invoice]
    else:
        found = [
            (record.key.connection, record.key.origin_id)
            for one in deployment.connections(connection)
            for state in _NEEDS_A_PERSON
            for record in _in_state(deployment, one.id, state)
            if code is None or record.reason == code.value
        ]
    hints = [_hint(deployment, connection_id, invoice_id) for connection_id, invoice_id in found]
    if hints:
        deployment.store.hints.send(hints)
    if json:
        show.print_json({"queued": [hint.id for hint in hints]})
    else:
        show.out.print(f"Queued {len(hints)} invoice(s); `tieout status` shows what becomes of them.")


@app.command()
def ignore(
    invoice: Invoice,
    note: Annotated[str, typer.Option("--note", help="Why, for other people.")] = "",
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Leave an invoice alone, until somebody retries it: it was entered by hand, for instance.

    Example: tieout ignore INV-1001 --note "Entered by hand"
    """
    deployment = open_deployment(stack)
    workspace_id, invoice_id = _find(deployment, connection, invoice)
    key = RecordKey(workspace_id, Kind.INVOICE, "hubspot", invoice_id)
    store = deployment.store
    record = decisions.ignore(store.records, store.clock, key, note, getpass.getuser(), f"cli-{uuid.uuid4().hex[:12]}")
    _print_record(record, as_json=json)


def _find(deployment: Deployment, connection: str | None, invoice: str) -> tuple[str, str]:
    """(connection, HubSpot id) of an invoice named by number or id, in HubSpot or in our own records of it."""
    lost: SyncError | None = None
    for one in deployment.connections(connection):
        known = _find_record(deployment, one.id, invoice)
        if known:
            return one.id, known
        try:
            found = _find_in_hubspot(deployment.workspace(one.id).crm, invoice)
        except SyncError as error:
            lost = error
            continue
        if found:
            return one.id, found
    if lost is not None:
        raise lost
    raise _NotFound(f"HubSpot has no invoice with the id or number {invoice!r}.")


def _find_record(deployment: Deployment, connection: str, invoice: str) -> str | None:
    """The HubSpot id of an invoice that Tieout keeps a record of: by id, or by number among those that need a person,
    which may have been deleted in HubSpot."""
    records = deployment.store.records
    if invoice.isdigit() and records.get(RecordKey(connection, Kind.INVOICE, "hubspot", invoice)):
        return invoice
    needy = (record for state in _NEEDS_A_PERSON for record in _in_state(deployment, connection, state))
    return next((record.key.origin_id for record in needy if record.label == invoice), None)


def _find_in_hubspot(crm: Crm, invoice: str) -> str | None:
    if invoice.isdigit() and crm.invoices([invoice]):
        return invoice
    return crm.invoice_id_by_number(invoice) if isinstance(crm, HubSpotCrm) else None


def _hint(deployment: Deployment, connection: str, invoice_id: str) -> Hint:
    now = deployment.store.clock.now()
    trace_id = f"cli-{uuid.uuid4().hex[:12]}"
    return Hint(connection, HintObject.HUBSPOT_INVOICE, invoice_id, now, Cause.RETRY, trace_id)


def _in_state(deployment: Deployment, connection: str, state: State) -> list[SyncRecord]:
    """The invoices in a state, as many as are worth counting."""
    found: list[SyncRecord] = []
    after: str | None = None
    while len(found) < _MOST_COUNTED:
        page = deployment.store.records.in_state(connection, state, 100, after)
        found += [record for record in page.records if record.key.kind is Kind.INVOICE]
        after = page.next
        if after is None:
            break
    return found


def _counted(number: int) -> str:
    return f"{number} or more" if number >= _MOST_COUNTED else str(number)


def _queues(deployment: Deployment) -> dict[str, int]:
    names = {
        "invoice push": deployment.settings.invoice_push_queue,
        "dead letters": deployment.settings.invoice_push_dlq,
    }
    client = boto3.client("sqs")
    depth = {}
    for name, url in names.items():
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        visible, hidden = found.get(_VISIBLE, "0"), found.get(_HIDDEN, "0")
        depth[name] = int(visible) + int(hidden)
    return depth


def _needy_row(record: SyncRecord) -> tuple[str, str, str]:
    return record.label or record.key.origin_id, record.reason, explain(record)


def _parked_row(record: SyncRecord) -> tuple[str, str, str]:
    until = f"{record.due_at:%Y-%m-%d %H:%M:%S} UTC" if record.due_at else ""
    return record.label or record.key.origin_id, explain(record) or record.state.value, until


def _print_record(record: SyncRecord | None, *, as_json: bool) -> None:
    if record is None:
        raise _NotFound("Tieout keeps no record of this invoice.")
    if as_json:
        show.print_json(show.record_facts(record))
        return
    link = record.link
    line = Text.assemble((record.label or record.key.origin_id, "bold"), ": ", show.state_text(record.state))
    if link:
        line.append(f", QuickBooks invoice {link.number or ''} (id {link.far_id}), {link.total}")
    show.out.print(line)
    if text := explain(record):
        show.out.print(f"  {text}", highlight=False)
    if record.reason in ATTENTION:
        show.out.print(f"  code: {record.reason}", highlight=False)


def main() -> None:
    """The entry point: errors become one line on standard error."""
    # The functions' log lines are not for this terminal.
    logging.getLogger("tieout").setLevel(logging.CRITICAL)
    try:
        app()
    except (NoDeployment, _NotFound) as error:
        _fail(str(error), CANNOT_START)
    except SyncError as error:
        _fail(f"{error.detail or type(error).__name__} ({error})", NEEDS_A_PERSON)
    except (BotoCoreError, ClientError) as error:
        _fail(f"AWS: {error}", CANNOT_START)


def _fail(text: str, code: int) -> None:
    show.err.print(f"[red]error[/red] {text}", highlight=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
