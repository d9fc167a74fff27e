"""The commands by which a person decides about invoices: push, retry, resolve, ignore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import typer

from infra.cli import show
from infra.cli.deployment import Deployment
from infra.cli.options import (
    FINE,
    NEEDS_A_PERSON,
    Belongs,
    Code,
    EitherInvoice,
    Everything,
    Invoices,
    Json,
    Note,
    NotFound,
    OnlyConnection,
    Stack,
    Take,
    actor,
    new_trace_id,
    opened,
)
from infra.cli.selection import (
    STATES_OF_A_PERSON,
    find_given_back,
    find_invoice,
    retry_hint,
    select,
)
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.services import decisions, take_side
from tieout.services.audit import note_retry
from tieout.services.steering import decide_each, send_hints


def push(
    context: typer.Context,
    invoice: EitherInvoice,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Push an invoice now and show what became of it; one that is born in QuickBooks is shown in HubSpot.

    Example: tieout push INV-1001
    """
    deployment = opened(context, stack)
    key = find_invoice(deployment, connection, invoice)
    _look_now(deployment, key, retry_hint(deployment, key, new_trace_id()), json=json)


def pull(
    context: typer.Context,
    invoice: EitherInvoice,
    *,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Look now at what QuickBooks says of an invoice, and show what became of it.

    One that is born in QuickBooks is shown in HubSpot. Of one that is HubSpot's, payments and what somebody changed in
    QuickBooks are noticed.

    Example: tieout pull INV-1001
    Example: tieout pull qbo-invoice:145
    """
    deployment = opened(context, stack)
    key = find_invoice(deployment, connection, invoice)
    hint = retry_hint(deployment, key, new_trace_id())
    if key.origin_system == "hubspot":
        record = deployment.store.records.get(key)
        if record is None or record.link is None:
            raise NotFound(
                f"HubSpot invoice {key.origin_id} does not stand in QuickBooks; `tieout push` sends it there."
            )
        hint = replace(hint, object=HintObject.QUICKBOOKS_INVOICE, id=record.link.far_id)
    _look_now(deployment, key, hint, json=json)


def _look_now(deployment: Deployment, key: RecordKey, hint: Hint, *, json: bool) -> None:
    """Hand the hint to the worker of such invoices, in this process, and show the record that comes of it."""
    work = deployment.mirrors.pull if key.origin_system == "quickbooks" else deployment.service.push
    outcome = work([hint])[0]
    if outcome.error is not None:
        raise outcome.error
    record = deployment.store.records.get(key)
    if record is None:
        raise NotFound("Tieout keeps no record of this invoice.")
    if json:
        show.print_json(show.record_facts(record))
    else:
        show.print_record(record)
    raise typer.Exit(NEEDS_A_PERSON if record.state in STATES_OF_A_PERSON else FINE)


def retry(
    context: typer.Context,
    invoice: Invoices = None,
    *,
    code: Code = None,
    everything: Everything = False,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Have invoices looked at again: some, all of one attention code, or all that need a person.

    Example: tieout retry --code item_missing
    """
    deployment = opened(context, stack)
    keys = select(deployment, connection, invoice or (), code, everything=everything)
    _queue(deployment, keys)
    note_retry(deployment.trail, deployment.store.clock, keys, actor(), new_trace_id())
    _print_queued(keys, json=json)


def resolve(
    context: typer.Context,
    invoice: Invoices = None,
    *,
    code: Code = None,
    everything: Everything = False,
    belongs_to: Belongs = None,
    take: Take = None,
    note: Note = "",
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Say that you have put both sides right: it is kept in the trail, and the invoices are looked at again.

    What still differs comes back with its code. Where somebody changed an invoice on the wrong side, --take says whose
    values are right of those that `tieout show` shows: HubSpot's or QuickBooks'. When they were changed again
    meanwhile, nothing is taken, and the new values come back. Of a refund entered in QuickBooks, say with --as what it
    gives back.

    Example: tieout resolve INV-1001 --note "Due date agreed with the buyer"
    Example: tieout resolve INV-1001 --take quickbooks
    Example: tieout resolve refund:145 --as payment:4711
    """
    deployment = opened(context, stack)
    keys = select(deployment, connection, invoice or (), code, everything=everything)
    store, trace_id, who = deployment.store, new_trace_id(), actor()
    target = None
    if take is not None and (len(keys) != 1 or not invoice or belongs_to is not None):
        raise typer.BadParameter("--take is for one invoice, named by its number or id, and not with --as")
    if belongs_to is not None:
        if len(keys) != 1 or keys[0].kind is not Kind.REFUND or not invoice:
            raise typer.BadParameter("--as is for one refund, named refund:ID")
        target = find_given_back(deployment, keys[0], belongs_to)

    def settle(key: RecordKey) -> SyncRecord:
        if take is not None:
            return take_side.take(store.records, store.clock, key, take, note, who, trace_id)
        if target is not None:
            return decisions.confirm_refund(store.records, store.clock, key, target, who, trace_id, note)
        return decisions.resolve(store.records, store.clock, key, note, who, trace_id)

    done = decide_each(keys, settle, _left)
    _queue(deployment, [record.key for record in done])
    _print_queued([record.key for record in done], json=json)
    raise typer.Exit(FINE if len(done) == len(keys) else NEEDS_A_PERSON)


def ignore(
    context: typer.Context,
    invoice: Invoices = None,
    *,
    code: Code = None,
    everything: Everything = False,
    note: Note = "",
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Leave invoices alone, until somebody retries them by number: they were entered by hand, for instance.

    Example: tieout ignore INV-1001 --note "Entered by hand"
    """
    deployment = opened(context, stack)
    keys = select(deployment, connection, invoice or (), code, everything=everything)
    store, trace_id, who = deployment.store, new_trace_id(), actor()

    def leave(key: RecordKey) -> SyncRecord:
        return decisions.ignore(store.records, store.clock, key, note, who, trace_id)

    done = decide_each(keys, leave, _left)
    # Looked at once more only to have the new status shown in HubSpot.
    send_hints(store.hints, store.clock, [one.key for one in done], Cause.DUE, trace_id)
    if json:
        show.print_json({"ignored": [show.record_facts(record) for record in done]})
    else:
        for record in done:
            show.print_record(record)
        show.out.print(f"Ignored {len(done)} record(s).")
    raise typer.Exit(FINE if len(done) == len(keys) else NEEDS_A_PERSON)


def _left(key: RecordKey, why: Exception) -> None:
    """What cannot be decided just now is said on standard error."""
    told = why.detail if isinstance(why, SyncError) else ""
    show.print_error(f"{key.origin_id}: {told or why}")


def _queue(deployment: Deployment, keys: Sequence[RecordKey]) -> None:
    store = deployment.store
    send_hints(store.hints, store.clock, keys, Cause.RETRY, new_trace_id())


def _print_queued(keys: Sequence[RecordKey], *, json: bool) -> None:
    if json:
        show.print_json({"queued": [key.origin_id for key in keys]})
    else:
        show.out.print(f"Queued {len(keys)} record(s); `tieout status` shows what becomes of them.")
