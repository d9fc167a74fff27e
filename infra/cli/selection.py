"""Which records a command is about: by id or number, by attention code, or all that need a person."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from infra.cli.deployment import Deployment
from infra.cli.options import Codes, NotFound
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.domain.errors import SyncError
from tieout.domain.hint import Cause, Hint
from tieout.domain.record import Kind, RecordKey, State, SyncRecord, own_hint_object
from tieout.ports import Crm
from tieout.services import decisions
from tieout.services.steering import known_in_hubspot

PREFIXES = {
    "payment": (Kind.PAYMENT, "hubspot"),
    "qbo-payment": (Kind.PAYMENT, "quickbooks"),
    "refund": (Kind.REFUND, "quickbooks"),
    "qbo-invoice": (Kind.INVOICE, "quickbooks"),
}
"""How records other than invoices are named: `payment:<HubSpot id>`, the others with their QuickBooks id."""
_OF_QUICKBOOKS = "qbo-invoice"
STATES_OF_A_PERSON = (State.ATTENTION, State.DELETED_IN_LEDGER)


def name_of(record: SyncRecord) -> str:
    """How a person names a record to a command: an invoice by its number, others with their prefix."""
    key = record.key
    prefix = next((one for one, kind in PREFIXES.items() if kind == (key.kind, key.origin_system)), None)
    named = key.kind is Kind.INVOICE and record.label
    return f"{prefix}:{key.origin_id}" if prefix and not named else record.label or key.origin_id


def needing_a_person(deployment: Deployment, connection: str | None, code: str | None = None) -> list[SyncRecord]:
    """The records that need a person, for any reason or for one."""
    return [
        record
        for one in deployment.connections(connection)
        for state in STATES_OF_A_PERSON
        for record in decisions.steered(deployment.store.records, one.id, state)
        if code in (None, record.reason)
    ]


def select(
    deployment: Deployment, connection: str | None, invoices: Sequence[str], code: Codes | None, *, everything: bool
) -> list[RecordKey]:
    """The records that were asked for. Raises BadParameter unless exactly one way of naming them was used."""
    if sum((bool(invoices), code is not None, everything)) != 1:
        raise typer.BadParameter("name invoices or payments, or give --code, or --all: one of the three")
    if invoices:
        return list(dict.fromkeys(find_any(deployment, connection, one) for one in invoices))
    return [record.key for record in needing_a_person(deployment, connection, code.value if code else None)]


def find_invoice(deployment: Deployment, connection: str | None, name: str) -> RecordKey:
    """An invoice as `find` takes it, or one of QuickBooks by `qbo-invoice:ID` or number, which Tieout need not have
    seen yet. One that was made for a HubSpot invoice is looked at with that."""
    prefix, _, id_ = name.partition(":")
    if prefix != _OF_QUICKBOOKS:
        try:
            return find(deployment, connection, name)
        except NotFound as nowhere:
            born = _numbered_in_quickbooks(deployment, connection, name)
            if born is None:
                raise nowhere from None
            return born
    for one in deployment.connections(connection):
        own = _own_key(deployment, one.id, id_)
        if deployment.store.records.get(own) or id_ in deployment.workspace(one.id).ledger.invoices([id_]):
            return own
    raise NotFound(f"QuickBooks has no invoice with the id {id_!r}.")


def _own_key(deployment: Deployment, connection: str, id_: str) -> RecordKey:
    pushed = deployment.store.records.origin_of(connection, "quickbooks", Kind.INVOICE, id_)
    return pushed or RecordKey(connection, Kind.INVOICE, "quickbooks", id_)


def _numbered_in_quickbooks(deployment: Deployment, connection: str | None, number: str) -> RecordKey | None:
    """Where QuickBooks' invoices are taken over: the only one that bears the number."""
    for one in deployment.connections(connection):
        workspace = deployment.workspace(one.id)
        ledger = workspace.ledger
        if not workspace.settings.pull_invoices or not isinstance(ledger, QuickBooksLedger):
            continue
        found = ledger.invoice_ids_numbered(number)
        if len(found) > 1:
            raise NotFound(f"QuickBooks has {len(found)} invoices {number!r}: name one as {_OF_QUICKBOOKS}:ID.")
        if found:
            return _own_key(deployment, one.id, found[0])
    return None


def find_any(deployment: Deployment, connection: str | None, name: str) -> RecordKey:
    """An invoice as `find` takes it, or a payment or refund that Tieout keeps a record of, by prefix and id."""
    prefix, colon, id_ = name.partition(":")
    if not colon or prefix not in PREFIXES:
        return find(deployment, connection, name)
    kind, system = PREFIXES[prefix]
    for one in deployment.connections(connection):
        key = RecordKey(one.id, kind, system, id_)
        if deployment.store.records.get(key) is not None:
            return key
    raise NotFound(f"Tieout keeps no record of {name!r}.")


def find_given_back(deployment: Deployment, refund: RecordKey, name: str) -> str:
    """What a refund is said to give back, as `decisions.confirm_refund` takes it: from `payment:ID`, or from `invoice:`
    with id or number. Raises BadParameter for any other name, NotFound when Tieout knows no such payment or invoice."""
    kind, _, id_ = name.partition(":")
    if kind not in ("payment", "invoice") or not id_:
        raise typer.BadParameter(f"--as takes payment:ID or invoice:ID, not {name!r}")
    if kind == "invoice":
        return f"invoice:{find(deployment, refund.connection, id_).origin_id}"
    if not known_in_hubspot(deployment.store.records, refund.connection, Kind.PAYMENT, id_):
        raise NotFound(f"Tieout keeps no record of {name!r}.")
    return name


def find(deployment: Deployment, connection: str | None, invoice: str) -> RecordKey:
    """An invoice named by number or id, in HubSpot or in our own records of it. Raises NotFound, or the SyncError of a
    connection that could not be asked."""
    lost: SyncError | None = None
    for one in deployment.connections(connection):
        known = _find_record(deployment, one.id, invoice)
        if known:
            return known
        try:
            found = _find_in_hubspot(deployment.workspace(one.id).crm, invoice)
        except SyncError as error:
            lost = error
            continue
        if found:
            return _record_of(deployment, one.id, found)
    if lost is not None:
        raise lost
    raise NotFound(f"HubSpot has no invoice with the id or number {invoice!r}.")


def _record_of(deployment: Deployment, connection: str, invoice_id: str) -> RecordKey:
    """A HubSpot invoice that shows one of QuickBooks is looked at through that one's record."""
    mirrored = deployment.store.records.origin_of(connection, "hubspot", Kind.INVOICE, invoice_id)
    return mirrored or _key(connection, invoice_id)


def _key(connection: str, invoice_id: str) -> RecordKey:
    return RecordKey(connection, Kind.INVOICE, "hubspot", invoice_id)


def _find_record(deployment: Deployment, connection: str, invoice: str) -> RecordKey | None:
    """An invoice that Tieout keeps a record of: by id, or by number among those that need a person, which may have
    been deleted in HubSpot."""
    if invoice.isdigit() and deployment.store.records.get(_key(connection, invoice)):
        return _key(connection, invoice)
    records = deployment.store.records
    needy = (record for state in STATES_OF_A_PERSON for record in decisions.steered(records, connection, state))
    ours = (record for record in needy if record.key.kind is Kind.INVOICE)
    return next((record.key for record in ours if record.label == invoice), None)


def _find_in_hubspot(crm: Crm, invoice: str) -> str | None:
    if invoice.isdigit() and crm.invoices([invoice]):
        return invoice
    return crm.invoice_id_by_number(invoice) if isinstance(crm, HubSpotCrm) else None


def hint_about(deployment: Deployment, key: RecordKey, cause: Cause, trace_id: str) -> Hint:
    """This invoice or payment is to be looked at now."""
    about = own_hint_object(key)
    if about is None:
        raise ValueError(f"no worker looks at {key.kind} records")
    return Hint(key.connection, about, key.origin_id, deployment.store.clock.now(), cause, trace_id)


def retry_hint(deployment: Deployment, key: RecordKey, trace_id: str) -> Hint:
    """A person wants this invoice to be looked at."""
    return hint_about(deployment, key, Cause.RETRY, trace_id)
