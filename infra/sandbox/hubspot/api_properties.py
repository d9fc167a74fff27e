"""The endpoints under /crm/properties: definitions, which an app reads at connect and creates at install."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from werkzeug import Response

from infra.sandbox.hubspot.call import Call, inputs_of, no_content
from infra.sandbox.hubspot.errors import HubSpotError, invalid, malformed, not_found
from infra.sandbox.hubspot.object_types import ObjectType
from infra.sandbox.hubspot.property_model import FIELD_TYPES, UNIQUE_LIMIT, Option, Property
from infra.sandbox.hubspot.schema import BOOLEANS
from infra.sandbox.kernel.wire import json_response

BATCH_LIMIT = 100
_REQUIRED = ("name", "label", "type", "fieldType", "groupName")
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def _find(call: Call, object_type: ObjectType, name: str, *, archived: bool = False) -> Property:
    found = call.store.properties[object_type.type_id].get(name)
    if found is None or (found.archived is not None) != archived:
        raise not_found(f"Property {name} does not exist for {object_type.singular}")
    return found


def _keep(call: Call, object_type: ObjectType, definition: Property) -> Property:
    kept = call.store.properties[object_type.type_id]
    before = kept.get(definition.name)
    kept[definition.name] = definition
    call.store.did(lambda: kept.pop(definition.name) if before is None else kept.update({definition.name: before}))
    return definition


def list_properties(call: Call, object_type: ObjectType) -> Response:
    """GET: all definitions, or the archived ones."""
    call.require(object_type.schema_scopes("read"))
    archived = call.flag("archived")
    known = call.store.properties[object_type.type_id].values()
    return json_response({"results": [one.answer() for one in known if (one.archived is not None) == archived]})


def read_property(call: Call, object_type: ObjectType, name: str) -> Response:
    """GET of one definition."""
    call.require(object_type.schema_scopes("read"))
    return json_response(_find(call, object_type, name, archived=call.flag("archived")).answer())


def create_property(call: Call, object_type: ObjectType) -> Response:
    """POST: 201; an archived property of the name comes back with the new definition."""
    call.require(object_type.schema_scopes("write"))
    return json_response(_create(call, object_type, call.body()).answer(), 201)


def create_batch(call: Call, object_type: ObjectType) -> Response:
    """POST …/batch/create: 201, or 207 with what was refused."""
    call.require(object_type.schema_scopes("write"))
    results, errors = [], []
    for one in inputs_of(call.body(), BATCH_LIMIT):
        try:
            with call.store.atomic():
                results.append(_create(call, object_type, one).answer())
        except HubSpotError as refused:
            item = refused.item(call.new_uuid(), None)
            errors.append({**item, "context": {**item["context"], "name": [str(one.get("name"))]}})
    return call.batch(results, errors, 201)


def read_batch(call: Call, object_type: ObjectType) -> Response:
    """POST …/batch/read: unknown names are left out."""
    call.require(object_type.schema_scopes("read"))
    body = call.body()
    known = call.store.properties[object_type.type_id]
    archived = body.get("archived") is True
    found = [known.get(str(one.get("name"))) for one in inputs_of(body, BATCH_LIMIT)]
    return call.batch([one.answer() for one in found if one and (one.archived is not None) == archived], [], 200)


def archive_batch(call: Call, object_type: ObjectType) -> Response:
    """POST …/batch/archive: 204."""
    call.require(object_type.schema_scopes("write"))
    for one in inputs_of(call.body(), BATCH_LIMIT):
        _archive(call, object_type, str(one.get("name")))
    return no_content()


def update_property(call: Call, object_type: ObjectType, name: str) -> Response:
    """PATCH: `options` replaces the whole list; `hasUniqueValue` cannot be changed and is ignored."""
    call.require(object_type.schema_scopes("write"))
    body, found = call.body(), _changeable(call, object_type, name)
    changes: dict[str, Any] = {
        attribute: body[key]
        for key, attribute in (
            ("label", "label"),
            ("description", "description"),
            ("groupName", "group"),
            ("type", "type"),
            ("fieldType", "field_type"),
            ("displayOrder", "display_order"),
            ("hidden", "hidden"),
            ("formField", "form_field"),
        )
        if key in body
    }
    if "options" in body:
        changes["options"] = _options(body["options"])
    updated = replace(found, **changes, updated=call.store.now())
    _check(call, object_type, updated)
    return json_response(_keep(call, object_type, updated).answer())


def archive_property(call: Call, object_type: ObjectType, name: str) -> Response:
    """DELETE: 204; the values are out of sight until the name is created again."""
    call.require(object_type.schema_scopes("write"))
    _archive(call, object_type, name)
    return no_content()


def _archive(call: Call, object_type: ObjectType, name: str) -> None:
    _keep(call, object_type, replace(_changeable(call, object_type, name), archived=call.store.now()))


def _changeable(call: Call, object_type: ObjectType, name: str) -> Property:
    found = _find(call, object_type, name)
    if found.hubspot_defined:
        raise HubSpotError(
            400,
            "VALIDATION_ERROR",
            f"Property {name} is defined by HubSpot and cannot be changed",
            sub_category="Properties.PROPERTY_READ_ONLY_DEFINITION",
        )
    return found


def _create(call: Call, object_type: ObjectType, body: Mapping[str, Any]) -> Property:
    missing = [key for key in _REQUIRED if not isinstance(body.get(key), str) or not body[key]]
    if missing:
        raise malformed(f"some required fields were not set: {missing}")
    name = body["name"]
    if not NAME.fullmatch(name):
        raise invalid(
            f"{name} is not a valid property name: lower-case letters, digits and underscores, a letter first",
            code="INVALID_PROPERTY_NAME",
        )
    known = call.store.properties[object_type.type_id]
    present = known.get(name)
    if present is not None and present.archived is None:
        raise HubSpotError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f"A property named '{name}' already exists.",
            sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    unique = body.get("hasUniqueValue") is True
    taken = sum(one.unique and not one.hubspot_defined and one.archived is None for one in known.values())
    if unique and taken >= UNIQUE_LIMIT:
        raise invalid(f"At most {UNIQUE_LIMIT} properties with unique values", code="UNIQUE_PROPERTY_LIMIT_EXCEEDED")
    now = call.store.now()
    definition = Property(
        name,
        body["label"],
        body["type"],
        body["fieldType"],
        body["groupName"],
        description=body.get("description", ""),
        options=_options(body.get("options", [])),
        unique=unique,
        hidden=body.get("hidden") is True,
        form_field=body.get("formField") is True,
        display_order=body.get("displayOrder", -1),
        created=now,
        updated=now,
    )
    if definition.type == "bool" and not definition.options:
        definition = replace(definition, options=BOOLEANS)
    _check(call, object_type, definition)
    return _keep(call, object_type, definition)


def _options(raw: Any) -> tuple[Option, ...]:
    if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw):
        raise malformed("options must be a list of objects")
    for one in raw:
        if not isinstance(one.get("label"), str) or not isinstance(one.get("value"), str):
            raise malformed("an option has label and value")
    values = [one["value"] for one in raw]
    if len(set(values)) != len(values):
        raise invalid("Property option values must be unique", code="INVALID_OPTIONS")
    return tuple(
        Option(
            one["label"], one["value"], one.get("displayOrder", -1), one.get("hidden") is True, one.get("description")
        )
        for one in raw
    )


def _check(call: Call, object_type: ObjectType, definition: Property) -> None:
    if definition.group not in call.store.groups[object_type.type_id]:
        raise invalid(f"Property group {definition.group} does not exist", code="INVALID_GROUP")
    fields = FIELD_TYPES.get(definition.type)
    if fields is None:
        raise invalid(f"Property type {definition.type} is not one of {sorted(FIELD_TYPES)}", code="INVALID_TYPE")
    if definition.field_type not in fields:
        raise invalid(
            f"Field type {definition.field_type} does not go with type {definition.type}; one of {sorted(fields)} does",
            code="INVALID_FIELD_TYPE",
        )
    if definition.type == "enumeration" and not definition.options:
        raise invalid("An enumeration needs options", code="INVALID_OPTIONS")
    if definition.unique and definition.type not in ("string", "number"):
        raise invalid(f"Values of type {definition.type} cannot be unique", code="INVALID_UNIQUE_PROPERTY")
