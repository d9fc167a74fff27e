"""The endpoints under /crm/objects for one record at a time: list, create, read, update, archive and search."""

from bisect import bisect_right
from typing import Any

from werkzeug import Response

from infra.sandbox.hubspot.call import Call, no_content
from infra.sandbox.hubspot.errors import invalid
from infra.sandbox.hubspot.object_types import ObjectType, find_type
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.search import search
from infra.sandbox.kernel.wire import json_response

PAGE_LIMIT, DEFAULT_PAGE = 100, 10


def list_records(call: Call, object_type: ObjectType) -> Response:
    """GET: a page in the order of the ids; `after` is the last id of the page before."""
    call.require(object_type.scopes("read"))
    limit, after = call.whole("limit", DEFAULT_PAGE, PAGE_LIMIT), call.request.args.get("after", "0")
    if not after.isdecimal():
        raise invalid(f"after is not a cursor of this list: {after}")
    archived, order = call.flag("archived"), call.store.order[object_type.type_id]
    page: list[Record] = []
    for number in order[bisect_right(order, int(after)) :]:
        record = call.store.find(object_type.type_id, str(number), archived=archived)
        if record is not None:
            page.append(record)
        if len(page) > limit:
            break
    results = [_read(call, record) for record in page[:limit]]
    answer: dict[str, Any] = {"results": results}
    if len(page) > limit:
        answer["paging"] = call.next_link(page[limit - 1].id)
    return json_response(answer)


def _read(call: Call, record: Record) -> dict[str, Any]:
    answer = call.records.answer(record, call.names("properties"), call.names("propertiesWithHistory") or ())
    wanted = [find_type(name) for name in call.names("associations") or ()]
    call.require(*(other.scopes("read") for other in wanted))
    found = {
        other.label: {
            "results": [
                {"id": one.id, "type": f"{record.type.singular}_to_{other.singular}"}
                for one in call.store.linked(record, other.type_id)
            ]
        }
        for other in wanted
    }
    shown = {label: part for label, part in found.items() if part["results"]}
    return {**answer, "associations": shown} if shown else answer


def create_record(call: Call, object_type: ObjectType) -> Response:
    """POST: 201 with the record."""
    call.require(object_type.scopes("write"))
    body = call.body()
    record = call.records.create(object_type, body.get("properties", {}), body.get("associations"))
    return json_response(created(call, record, body.get("properties", {})), 201)


def created(call: Call, record: Record, raw: Any) -> dict[str, Any]:
    """The answer to a creation: what was written, the system properties, and what HubSpot tells of a new record."""
    told = [name for name in record.type.told_when_created if record.get(name) is not None]
    return call.records.answer(record, [*raw, *told])


def written(call: Call, record: Record, raw: Any) -> dict[str, Any]:
    """The answer to a change: what was written, and the system properties."""
    return call.records.answer(record, list(raw))


def read_record(call: Call, object_type: ObjectType, record_id: str) -> Response:
    """GET of one record, by id or by `idProperty`."""
    call.require(object_type.scopes("read"))
    record = call.records.get(
        object_type, record_id, call.request.args.get("idProperty"), archived=call.flag("archived")
    )
    return json_response(_read(call, record))


def update_record(call: Call, object_type: ObjectType, record_id: str) -> Response:
    """PATCH of one record, by id or by `idProperty`."""
    call.require(object_type.scopes("write"))
    body = call.body()
    record = call.records.get(object_type, record_id, call.request.args.get("idProperty"))
    call.records.update(record, body.get("properties", {}))
    return json_response(written(call, record, body.get("properties", {})))


def archive_record(call: Call, object_type: ObjectType, record_id: str) -> Response:
    """DELETE: 204, also when the record is archived already."""
    call.require(object_type.scopes("write"))
    if call.store.find(object_type.type_id, record_id, archived=True) is None:
        call.records.archive(call.records.get(object_type, record_id))
    return no_content()


def search_records(call: Call, object_type: ObjectType) -> Response:
    """POST …/search."""
    call.require(object_type.scopes("read"))
    body = call.body()
    found = search(call.records, object_type, body, call.snapshot)
    wanted = body.get("properties") or None
    answer: dict[str, Any] = {
        "total": found.total,
        "results": [call.records.answer(record, wanted) for record in found.page],
    }
    if found.after is not None:
        answer["paging"] = {"next": {"after": found.after}}
    return json_response(answer)
