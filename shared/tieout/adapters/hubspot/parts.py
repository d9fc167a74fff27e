"""What belongs to a HubSpot record: the associated records, read in grouped calls, and the parties among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tieout.adapters.hubspot.batches import is_id, read_associations, read_records, sorted_ids
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import AssociatedRecord, Record
from tieout.domain.customer import Party, PartyKind

_MERGED = "hs_merged_object_ids"
_PRIMARY = "primary"
PARTIES: Mapping[str, tuple[str, ...]] = {
    "companies": ("name", _MERGED),
    "contacts": ("firstname", "lastname", "email", _MERGED),
}
"""The object types of which the customer is one, with the properties to read of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one type that belong to some others, and to which of them they belong."""

    associated: Mapping[str, tuple[AssociatedRecord, ...]]
    records: Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Associated:
    """A record that belongs to another. `primary`: HubSpot calls this association the primary one."""

    id: str
    values: Values
    primary: bool


def read_part(
    client: HubSpotClient, from_type: str, object_type: str, from_ids: Collection[str], properties: Sequence[str]
) -> Part:
    """The records of `object_type` that belong to records of `from_type`; at most two calls for up to 100 of each."""
    associated = read_associations(client, from_type, object_type, from_ids)
    ids = {one.id for to in associated.values() for one in to}
    found = read_records(client, object_type, ids, properties) if ids else {}
    # The id of a record that was merged just now is answered with the record that it became (HubSpot changelog:
    # updated merge functionality for contacts and companies).
    led = {former: record for record in found.values() for former in _former_ids(Values(record.properties))}
    return Part(associated, {**led, **found})


def _former_ids(values: Values) -> tuple[str, ...]:
    """The ids of the records that HubSpot merged into this one."""
    parts = (values.text(_MERGED) or "").split(";")
    return tuple(sorted_ids(part for part in map(str.strip, parts) if is_id(part)))


def own_records(origin_id: str, object_type: str, part: Part) -> list[Associated]:
    """The records of one type that belong to `origin_id`. Raises BadValue when one of them was not given: what could be
    read in part only must not look complete."""
    own = []
    for one in part.associated.get(origin_id, ()):
        record = part.records.get(one.id)
        kind = object_type.replace("_", " ")
        if record is None:
            raise BadValue(f"{kind}: HubSpot does not give the associated record {one.id}")
        primary = any((type_.label or "").lower().startswith(_PRIMARY) for type_ in one.types)
        own.append(Associated(record.id, Values(record.properties, f"record {one.id} in {kind}"), primary))
    return own


def _chosen(items: Iterable[Associated]) -> Associated | None:
    """Of several companies or contacts the primary one, else the one with the lowest id: always the same."""
    return min(items, key=lambda one: (not one.primary, int(one.id)), default=None)


def company_of(items: Iterable[Associated]) -> Party | None:
    """The company among these, None without one."""
    one = _chosen(items)
    if one is None:
        return None
    return Party(PartyKind.COMPANY, one.id, one.values.text("name") or "", merged=_former_ids(one.values))


def contact_of(items: Iterable[Associated]) -> Party | None:
    """The contact among these, None without one."""
    one = _chosen(items)
    if one is None:
        return None
    given, family = one.values.text("firstname"), one.values.text("lastname")
    name = " ".join(part for part in (given, family) if part)
    email, merged = one.values.text("email"), _former_ids(one.values)
    return Party(PartyKind.CONTACT, one.id, name, email, given, family, merged=merged)
