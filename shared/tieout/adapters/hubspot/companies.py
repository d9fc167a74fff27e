"""HubSpot companies made for QuickBooks customers, found again by a unique property, so that none is made twice."""

from __future__ import annotations

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import PROPERTY_MISSING, Refused
from tieout.adapters.hubspot.properties import create_definition
from tieout.adapters.hubspot.wire import PropertyList, Record, RecordBatch
from tieout.domain.errors import OutcomeUnknown, Transient

KEY = "tieout_quickbooks_key"
_GROUP = "tieout"
_DEFINITION = {
    "name": KEY,
    "label": "QuickBooks customer key",
    "type": "string",
    "fieldType": "text",
    "groupName": _GROUP,
    "description": "By this Tieout finds a company again that it made for a QuickBooks customer.",
    "hasUniqueValue": True,
}


def create(client: HubSpotClient, key: str, name: str) -> str:
    """See `MirrorCrm.create_company`."""
    path = client.versions.objects_path("companies")
    body = {"properties": {"name": name, KEY: key}}
    try:
        try:
            return client.write(path, body, Record).id
        except Refused as refusal:
            if PROPERTY_MISSING not in refusal.codes:
                return _standing(client, key, refusal)
        ensure_property(client)
        return client.write(path, body, Record).id
    except OutcomeUnknown as lost:
        # The next attempt is refused the key, and finds who bears it.
        raise Transient(lost.detail, lost.context) from lost


def _standing(client: HubSpotClient, key: str, refusal: Refused) -> str:
    """HubSpot holds each key once, so a refusal may mean that the company is there already."""
    path = client.versions.objects_path("companies/batch/read")
    body = {"inputs": [{"id": key}], "idProperty": KEY, "properties": [KEY]}
    found = client.read(path, body, RecordBatch).results
    there = next((one.id for one in found if not one.archived), None)
    if there is None:
        raise refusal
    return there


def ensure_property(client: HubSpotClient) -> tuple[str, ...]:
    """Create the property that the portal lacks, with its group; gives what was created. May be repeated."""
    present = client.get(client.versions.properties_path("companies"), PropertyList)
    if any(one.name == KEY for one in present.results):
        return ()
    create_definition(client, "companies/groups", {"name": _GROUP, "label": "Tieout", "displayOrder": -1})
    create_definition(client, "companies", _DEFINITION)
    return (KEY,)
