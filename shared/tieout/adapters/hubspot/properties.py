"""The properties in which a HubSpot invoice shows its sync and its payments, and creating those that are absent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import ALREADY_EXISTS, Refused
from tieout.adapters.hubspot.wire import ErrorItem, Property, PropertyList
from tieout.domain.status import ShownState

STATUS = "tieout_status"
MESSAGE = "tieout_message"
NUMBER = "tieout_quickbooks_number"
LINK = "tieout_quickbooks_link"
PAID = "tieout_paid_amount"
CREDITED = "tieout_credited_amount"
BALANCE = "tieout_balance"
REFUNDED = "tieout_refunded_amount"
LAST_PAYMENT_DATE = "tieout_last_payment_date"
LAST_PAYMENT_LINK = "tieout_last_payment_link"
KEY = "tieout_quickbooks_key"

_GROUP = "tieout"
_OPTIONS: Mapping[ShownState, str] = {
    ShownState.IN_SYNC: "In sync",
    ShownState.WORKING: "Working",
    ShownState.NEEDS_ATTENTION: "Needs attention",
    ShownState.EXCLUDED: "Excluded",
    ShownState.VOIDED: "Voided",
}


@dataclass(frozen=True, slots=True)
class _Definition:
    name: str
    label: str
    type: str
    field_type: str
    description: str
    unique: bool = False


_DEFINITIONS = (
    _Definition(
        STATUS, "QuickBooks sync status", "enumeration", "select", "Where this invoice stands on its way to QuickBooks."
    ),
    _Definition(
        MESSAGE, "QuickBooks sync message", "string", "textarea", "What the sync status means, and what to do next."
    ),
    _Definition(NUMBER, "QuickBooks invoice number", "string", "text", "The number this invoice bears in QuickBooks."),
    _Definition(LINK, "QuickBooks invoice link", "string", "text", "Opens this invoice in QuickBooks."),
    _Definition(PAID, "QuickBooks paid amount", "number", "number", "What payments in QuickBooks pay of this invoice."),
    _Definition(
        CREDITED, "QuickBooks credited amount", "number", "number", "What credits in QuickBooks take off this invoice."
    ),
    _Definition(BALANCE, "QuickBooks balance", "number", "number", "What is still open of this invoice in QuickBooks."),
    _Definition(
        REFUNDED, "QuickBooks refunded amount", "number", "number", "What was given back in QuickBooks itself."
    ),
    _Definition(
        LAST_PAYMENT_DATE,
        "QuickBooks last payment date",
        "date",
        "date",
        "The day of the newest payment in QuickBooks.",
    ),
    _Definition(
        LAST_PAYMENT_LINK, "QuickBooks last payment link", "string", "text", "Opens the newest payment in QuickBooks."
    ),
    _Definition(
        KEY,
        "QuickBooks invoice key",
        "string",
        "text",
        "By this Tieout finds an invoice again that it brought from QuickBooks.",
        unique=True,
    ),
)


def missing_properties(client: HubSpotClient) -> tuple[str, ...]:
    """The names of the properties that the portal lacks. Raises as any read."""
    present = _present(client)
    return tuple(one.name for one in _DEFINITIONS if one.name not in present)


def undefined_properties(client: HubSpotClient, names: Collection[str]) -> tuple[str, ...]:
    """Which of these invoice properties the portal does not have, by name. Raises as any read."""
    return tuple(sorted(set(names) - set(_present(client))))


@dataclass(frozen=True, slots=True)
class Described:
    """A property as HubSpot has it: its type ("string", "date"...), and whether HubSpot alone writes it."""

    type: str
    read_only: bool


def describe(client: HubSpotClient, names: Collection[str]) -> dict[str, Described]:
    """Those of these invoice properties that the portal has. Raises as any read."""
    present = _present(client)
    return {
        name: Described(one.type, one.calculated or one.modification.read_only_value)
        for name in names
        if (one := present.get(name)) is not None
    }


def create_fields(client: HubSpotClient, wanted: Mapping[str, bool]) -> tuple[str, ...]:
    """Create these invoice properties in Tieout's group, as texts or (True) as dates; returns their names. May be
    repeated: one that exists already is left as it is."""
    if wanted:
        _create_group(client)
    for name, of_days in wanted.items():
        kind, field_type = ("date", "date") if of_days else ("string", "text")
        label = name.replace("_", " ").capitalize()
        told = "Follows a field of the QuickBooks invoice."
        create_definition(client, "invoices", _body(_Definition(name, label, kind, field_type, told)))
    return tuple(wanted)


def _create_group(client: HubSpotClient) -> None:
    create_definition(client, "invoices/groups", {"name": _GROUP, "label": "Tieout sync", "displayOrder": -1})


def ensure_properties(client: HubSpotClient) -> tuple[str, ...]:
    """Create the group, the properties and the status values that the portal lacks; returns the properties' names.

    May be repeated and may run twice at a time: what exists already is left as it is.
    """
    present = _present(client)
    missing = [one for one in _DEFINITIONS if one.name not in present]
    if missing:
        _create_group(client)
    for one in missing:
        create_definition(client, "invoices", _body(one))
    if STATUS in present:
        _complete_options(client, present[STATUS])
    return tuple(one.name for one in missing)


def _present(client: HubSpotClient) -> dict[str, Property]:
    answer = client.get(client.versions.properties_path("invoices"), PropertyList)
    return {one.name: one for one in answer.results}


def create_definition(client: HubSpotClient, rest: str, body: object) -> None:
    """Create a property or a group; `rest` begins with the object type. One that exists already is left as it is."""
    try:
        client.write(client.versions.properties_path(rest), body, ErrorItem)
    except Refused as refusal:
        if refusal.status != 409 and ALREADY_EXISTS not in refusal.codes:
            raise


def _body(one: _Definition) -> dict[str, object]:
    body: dict[str, object] = {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "fieldType": one.field_type,
        "groupName": _GROUP,
        "description": one.description,
    }
    if one.unique:
        body["hasUniqueValue"] = True
    if one.type == "enumeration":
        body["options"] = [_option(value, label, at) for at, (value, label) in enumerate(_OPTIONS.items())]
    return body


def _option(value: str, label: str, position: int, *, hidden: bool = False) -> dict[str, object]:
    return {"label": label, "value": value, "displayOrder": position, "hidden": hidden}


def _complete_options(client: HubSpotClient, present: Property) -> None:
    """Add status values that are not there yet; HubSpot replaces the whole list, so the present ones go along."""
    known = {option.value for option in present.options}
    absent = {value: label for value, label in _OPTIONS.items() if value not in known}
    if not absent:
        return
    options = [_option(one.value, one.label, one.display_order, hidden=one.hidden) for one in present.options]
    options += [_option(value, label, len(known) + at) for at, (value, label) in enumerate(absent.items())]
    path = client.versions.properties_path(f"invoices/{STATUS}")
    client.write(path, {"options": options}, ErrorItem, method="PATCH")
