"""The association endpoints: batches under /crm/associations, single ones under /crm/objects, and labels.

v4 answers 201 to a batch create and 204 to a batch archive, 2026-09 answers 200 to both (published documents).
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from infra.sandbox.hubspot.association_types import DIRECTED, LABELS, default_pair, named_pairs
from infra.sandbox.hubspot.call import Call, inputs_of, no_content
from infra.sandbox.hubspot.errors import HubSpotError, invalid, malformed
from infra.sandbox.hubspot.object_types import ObjectType
from infra.sandbox.hubspot.record import Record
from infra.sandbox.kernel.wire import json_response

READ_LIMIT, WRITE_LIMIT, PAGE_LIMIT = 1000, 2000, 500


def _can_read(call: Call, one: ObjectType, two: ObjectType) -> None:
    call.require(one.scopes("read"), two.scopes("read"))


def _can_write(call: Call, one: ObjectType, two: ObjectType) -> None:
    """UNSURE: the record that is written needs write, its counterpart read."""
    call.require(one.scopes("write"), two.scopes("read"))


def _page(call: Call, record: Record, two: ObjectType, after: str | None, limit: int) -> tuple[list[Any], str | None]:
    """Associated records after a cursor, and the next cursor."""
    links = call.store.link_types(record, two.type_id)
    if after is not None and not str(after).isdecimal():
        raise invalid(f"after is not a cursor of these associations: {after}")
    ids = [one for one in sorted(links, key=int) if int(one) > int(after or 0)]
    shown = [
        {
            "toObjectId": int(one) if call.config.numeric_to_object_id else one,
            "associationTypes": [
                {
                    "category": "HUBSPOT_DEFINED",
                    "typeId": type_id,
                    "label": LABELS[record.type.type_id, two.type_id, type_id],
                }
                for type_id in sorted(links[one])
            ],
        }
        for one in ids[:limit]
    ]
    return shown, ids[limit - 1] if len(ids) > limit else None


def read_batch(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """Reads associations of up to 1000 records; a record without any is told in a 207 (UNSURE, switchable)."""
    _can_read(call, one, two)
    results, errors = [], []
    for item in inputs_of(call.body(), READ_LIMIT):
        record_id = str(item.get("id"))
        record = call.store.find(one.type_id, record_id)
        shown: list[Any] = []
        after = None
        if record is not None:
            shown, after = _page(call, record, two, item.get("after"), call.config.association_page_size)
        if not shown:
            if not call.config.association_read_reports_missing:
                continue
            refused = HubSpotError(
                404,
                "OBJECT_NOT_FOUND",
                f"No {two.singular} is associated with {one.singular} {record_id}.",
                context={"fromObjectId": [record_id], "fromObjectType": [one.singular], "toObjectType": [two.singular]},
            )
            errors.append(refused.item(call.new_uuid(), None))
            continue
        result: dict[str, Any] = {"from": {"id": record_id}, "to": shown}
        if after is not None:
            result["paging"] = {"next": {"after": after}}
        results.append(result)
    return call.batch(results, errors, 200)


def list_associations(call: Call, one: ObjectType, record_id: str, two: ObjectType) -> Response:
    """GET: associated records of one type, by pages of up to 500."""
    _can_read(call, one, two)
    record = call.records.get(one, record_id)
    limit = call.whole("limit", PAGE_LIMIT, PAGE_LIMIT)
    shown, after = _page(call, record, two, call.request.args.get("after"), limit)
    answer: dict[str, Any] = {"results": shown}
    if after is not None:
        answer["paging"] = call.next_link(after)
    return json_response(answer)


def _end(call: Call, object_type: ObjectType, raw: Any) -> Record:
    if not isinstance(raw, Mapping) or raw.get("id") is None:
        raise malformed("from and to are objects with an id")
    return call.records.get_association_end(object_type, str(raw["id"]))


def create_batch(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """Associates pairs of records by the types given."""
    _can_write(call, one, two)

    def create(item: Mapping[str, Any]) -> list[Any]:
        return [_link(call, _end(call, one, item.get("from")), _end(call, two, item.get("to")), item.get("types"))]

    return _each(call, create, 201 if call.version == "v4" else 200)


def default_batch(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """Associates pairs of records without a label."""
    _can_write(call, one, two)

    def associate(item: Mapping[str, Any]) -> list[Any]:
        return _link_default(call, _end(call, one, item.get("from")), _end(call, two, item.get("to")))

    return _each(call, associate, 200)


def _each(call: Call, write: Any, status: int) -> Response:
    results: list[Any] = []
    errors: list[Any] = []
    for item in inputs_of(call.body(), WRITE_LIMIT):
        try:
            with call.store.atomic():
                results += write(item)
        except HubSpotError as refused:
            errors.append(refused.item(call.new_uuid(), None))
    return call.batch(results, errors, status)


def _link(call: Call, record: Record, other: Record, specs: Any) -> dict[str, Any]:
    pairs = named_pairs(record.type, other.type, specs)
    call.records.link(record, other, pairs)
    return {
        "fromObjectTypeId": record.type.type_id,
        "fromObjectId": record.id,
        "toObjectTypeId": other.type.type_id,
        "toObjectId": other.id,
        "labels": [pair.label for pair in pairs if pair.label],
    }


def _link_default(call: Call, record: Record, other: Record) -> list[dict[str, Any]]:
    pair = default_pair(record.type, other.type)
    call.records.link(record, other, [pair])
    return [
        {
            "from": {"id": here.id},
            "to": {"id": there.id},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id},
        }
        for here, there, type_id in ((record, other, pair.there), (other, record, pair.back))
    ]


def archive_batch(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """Removes all associations between the pairs given; what is not associated is no error."""
    _can_write(call, one, two)
    for item in inputs_of(call.body(), WRITE_LIMIT):
        ends = item.get("to")
        record = _end(call, one, item.get("from"))
        for other in ends if isinstance(ends, list) else [ends]:
            call.records.unlink(record, _end(call, two, other))
    return _archived(call)


def archive_labels(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """Removes single types of associations between the pairs given."""
    _can_write(call, one, two)
    for item in inputs_of(call.body(), WRITE_LIMIT):
        record, other = _end(call, one, item.get("from")), _end(call, two, item.get("to"))
        for pair in named_pairs(one, two, item.get("types")):
            call.records.unlink(record, other, pair)
    return _archived(call)


def _archived(call: Call) -> Response:
    return no_content() if call.version == "v4" else call.batch([], [], 200)


def put_association(call: Call, one: ObjectType, record_id: str, two: ObjectType, other_id: str) -> Response:
    """PUT with types: 201."""
    _can_write(call, one, two)
    record, other = (call.records.get_association_end(*end) for end in ((one, record_id), (two, other_id)))
    return json_response(_link(call, record, other, call.json()), 201)


def put_default(call: Call, one: ObjectType, record_id: str, two: ObjectType, other_id: str) -> Response:
    """PUT without a label: 200, both directions in the answer."""
    _can_write(call, one, two)
    record, other = (call.records.get_association_end(*end) for end in ((one, record_id), (two, other_id)))
    return call.batch(_link_default(call, record, other), [], 200)


def delete_association(call: Call, one: ObjectType, record_id: str, two: ObjectType, other_id: str) -> Response:
    """DELETE: 204, also when there was no association."""
    _can_write(call, one, two)
    record, other = (call.records.get_association_end(*end) for end in ((one, record_id), (two, other_id)))
    call.records.unlink(record, other)
    return no_content()


def list_labels(call: Call, one: ObjectType, two: ObjectType) -> Response:
    """GET …/labels: the association types from one type to another; none is an empty list."""
    _can_read(call, one, two)
    pairs = DIRECTED.get((one.type_id, two.type_id), [])
    return json_response(
        {"results": [{"category": "HUBSPOT_DEFINED", "typeId": one.there, "label": one.label} for one in pairs]}
    )
