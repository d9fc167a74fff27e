"""Properties of HubSpot invoices that follow fields of QuickBooks: reading and writing their texts, in batches."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tieout.adapters.hubspot.batches import is_id, read_records
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.updates import PropertyWriter

_INVOICES = "invoices"


def read_properties(
    client: HubSpotClient, ids: Collection[str], names: Collection[str]
) -> dict[str, dict[str, str | None]]:
    """See `FieldCrm.properties_of`. HubSpot leaves out what it has no such property for (HubSpot: retrieve records)."""
    wanted = sorted(names)
    found = read_records(client, _INVOICES, [id_ for id_ in ids if is_id(id_)], wanted)
    return {
        id_: {name: record.properties[name] for name in wanted if name in record.properties}
        for id_, record in found.items()
    }


def write_properties(client: HubSpotClient, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """See `FieldCrm.write_properties`. A property that is absent is a person's to create, or `tieout doctor`'s."""
    return PropertyWriter(client, _INVOICES, ensure=lambda _: None).write(values)
