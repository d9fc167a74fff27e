"""Merging two contacts or two companies, as a person or an app does.

The result is a new record with an id of its own; both old ids lead to it from then on, and `hs_merged_object_ids` of
the new record names them (HubSpot changelog: updated merge functionality for contacts and companies).
"""

from werkzeug import Response

from infra.sandbox.hubspot import invoices
from infra.sandbox.hubspot.call import Call
from infra.sandbox.hubspot.errors import invalid
from infra.sandbox.hubspot.object_types import COMPANY, CONTACT, INVOICE, ObjectType
from infra.sandbox.hubspot.record import Record
from infra.sandbox.kernel.wire import json_response

MERGED_IDS = "hs_merged_object_ids"


def merge_records(call: Call, object_type: ObjectType) -> Response:
    """POST …/merge: 200 with the record that resulted."""
    call.require(object_type.scopes("write"))
    if object_type.type_id not in (CONTACT, COMPANY):
        raise invalid(f"{object_type.name} cannot be merged", code="MERGE_NOT_SUPPORTED")
    body = call.body()
    primary, other = (
        call.records.get(object_type, str(body.get(name))) for name in ("primaryObjectId", "objectIdToMerge")
    )
    if primary is other:
        raise invalid("A record cannot be merged into itself", code="INVALID_MERGE")
    return json_response(call.records.answer(_merge(call, primary, other)))


def _merge(call: Call, primary: Record, other: Record) -> Record:
    """The primary record's values count; associations of both come along (HubSpot: merge records)."""
    store, kind = call.store, primary.type
    links = [
        (store.records[type_id][id_], there, store.link_types(store.records[type_id][id_], kind.type_id)[one.id])
        for one in (primary, other)
        for type_id, linked in store.links.get(one.key, {}).items()
        for id_, there in linked.items()
    ]
    # Putting the two away takes their associations apart, so what they are is kept first.
    links = [(far, set(there), set(back)) for far, there, back in links]
    former = sorted({*_former(primary), *_former(other), primary.id, other.id}, key=int)
    store.archive(primary)
    store.archive(other)
    made = store.insert(kind)
    for name, value in {**other.properties, **primary.properties}.items():
        if not store.properties[kind.type_id][name].read_only:
            store.put(made, name, value)
    store.put(made, MERGED_IDS, ";".join(former))
    store.lead(kind.type_id, former, made.id)
    for far, there, back in links:
        for one, two in zip(sorted(there), sorted(back), strict=True):
            store.link(made, far, one, two)
    for invoice in store.linked(made, INVOICE):
        invoices.refresh(store, call.config, invoice)
    return made


def _former(record: Record) -> list[str]:
    return (record.get(MERGED_IDS) or "").split(";") if record.get(MERGED_IDS) else []
