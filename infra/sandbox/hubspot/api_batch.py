"""The batch endpoints under /crm/objects: up to 100 records at once, with multi-status answers.

Items are reported one by one (207) when every input carries an `objectWriteTraceId`; without them one bad input
refuses the whole batch (400). HubSpot documents the former; that the latter changes nothing at all is UNSURE.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug import Response

from infra.sandbox.hubspot.api_objects import created, written
from infra.sandbox.hubspot.call import Call, inputs_of, no_content
from infra.sandbox.hubspot.errors import HubSpotError, invalid, malformed
from infra.sandbox.hubspot.object_types import ObjectType
from infra.sandbox.hubspot.record import Record

BATCH_LIMIT = 100
Input = Mapping[str, Any]


def read_batch(call: Call, object_type: ObjectType) -> Response:
    """Reads by id or by `idProperty`; ids that are not found are told in a 207 (UNSURE, switchable)."""
    call.require(object_type.scopes("read"))
    body = call.body()
    id_property, archived = body.get("idProperty"), call.flag("archived")
    wanted, history = body.get("properties") or None, body.get("propertiesWithHistory") or ()
    results, missing = [], []
    for text in dict.fromkeys(str(one.get("id")) for one in inputs_of(body, BATCH_LIMIT)):
        try:
            record = call.records.get(object_type, text, id_property, archived=archived)
        except HubSpotError as refused:
            if refused.status != 404:
                raise
            missing.append(text)
        else:
            results.append(call.records.answer(record, wanted, history))
    errors = []
    if missing and call.config.batch_read_reports_missing:
        message = (
            f"Could not get some {object_type.singular.upper()} objects, they may be deleted or not exist. "
            "Check that ids are valid."
        )
        errors = [HubSpotError(404, "OBJECT_NOT_FOUND", message, context={"ids": missing}).item(call.new_uuid(), None)]
    return call.batch(results, errors, 200)


def create_batch(call: Call, object_type: ObjectType) -> Response:
    """Creates: 201, or 207."""

    def create(one: Input) -> dict[str, Any]:
        record = call.records.create(object_type, one.get("properties", {}), one.get("associations"))
        return _traced(created(call, record, one.get("properties", {})), one)

    return _write(call, object_type, create, 201, key=None)


def update_batch(call: Call, object_type: ObjectType) -> Response:
    """Updates: 200, or 207."""

    def update(one: Input) -> dict[str, Any]:
        record = call.records.get(object_type, str(one.get("id")), one.get("idProperty"))
        return _traced(_updated(call, record, one), one)

    return _write(call, object_type, update, 200, key="id")


def upsert_batch(call: Call, object_type: ObjectType) -> Response:
    """Updates or creates by the value of a unique property: 200, or 207; every result says whether it is `new`."""

    def upsert(one: Input) -> dict[str, Any]:
        name, value = one.get("idProperty"), str(one.get("id"))
        if not isinstance(name, str):
            raise malformed("an upsert needs idProperty, the name of a unique property")
        call.records.check_id_property(object_type, name)
        record = call.store.holder(object_type.type_id, name, value)
        if record is not None:
            return _traced({**_updated(call, record, one), "new": False}, one)
        properties = {name: value, **one.get("properties", {})}
        record = call.records.create(object_type, properties)
        return _traced({**created(call, record, properties), "new": True}, one)

    return _write(call, object_type, upsert, 200, key="id")


def archive_batch(call: Call, object_type: ObjectType) -> Response:
    """Archives what there is: 204."""
    call.require(object_type.scopes("write"))
    for one in inputs_of(call.body(), BATCH_LIMIT):
        record = call.store.find(object_type.type_id, str(one.get("id")))
        if record is not None:
            call.records.archive(record)
    return no_content()


def _updated(call: Call, record: Record, one: Input) -> dict[str, Any]:
    call.records.update(record, one.get("properties", {}))
    return written(call, record, one.get("properties", {}))


def _traced(answer: dict[str, Any], one: Input) -> dict[str, Any]:
    trace = one.get("objectWriteTraceId")
    return answer if trace is None else {**answer, "objectWriteTraceId": str(trace)}


def _write(
    call: Call, object_type: ObjectType, write: Callable[[Input], dict[str, Any]], status: int, key: str | None
) -> Response:
    call.require(object_type.scopes("write"))
    inputs = inputs_of(call.body(), BATCH_LIMIT)
    if key is not None:
        counts = Counter((one.get("idProperty"), str(one.get(key))) for one in inputs)
        twice = [text for (_, text), count in counts.items() if count > 1]
        if twice:
            raise invalid(f"Duplicate IDs found in batch input: [{', '.join(twice)}]", code="DUPLICATE_INPUT")
    traced = all(one.get("objectWriteTraceId") is not None for one in inputs)
    results, errors = [], []
    for one in inputs:
        try:
            with call.store.atomic():
                results.append(write(one))
        except HubSpotError as refused:
            if not traced:
                raise
            errors.append(refused.item(call.new_uuid(), str(one["objectWriteTraceId"])))
    return call.batch(results, errors, status)
