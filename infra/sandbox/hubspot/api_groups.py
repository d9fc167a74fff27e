"""The endpoints for property groups, under /crm/properties/…/groups."""

from dataclasses import replace

from werkzeug import Response

from infra.sandbox.hubspot.api_properties import NAME
from infra.sandbox.hubspot.call import Call, no_content
from infra.sandbox.hubspot.errors import HubSpotError, malformed, not_found
from infra.sandbox.hubspot.object_types import ObjectType
from infra.sandbox.hubspot.property_model import Group
from infra.sandbox.kernel.wire import json_response


def _group(call: Call, object_type: ObjectType, name: str) -> Group:
    found = call.store.groups[object_type.type_id].get(name)
    if found is None:
        raise not_found(f"Property group {name} does not exist for {object_type.singular}")
    return found


def _keep_group(call: Call, object_type: ObjectType, group: Group) -> Group:
    kept = call.store.groups[object_type.type_id]
    before = kept.get(group.name)
    kept[group.name] = group
    call.store.did(lambda: kept.pop(group.name) if before is None else kept.update({group.name: before}))
    return group


def list_groups(call: Call, object_type: ObjectType) -> Response:
    """GET: all groups."""
    call.require(object_type.schema_scopes("read"))
    return json_response({"results": [one.answer() for one in call.store.groups[object_type.type_id].values()]})


def read_group(call: Call, object_type: ObjectType, name: str) -> Response:
    """GET of one group."""
    call.require(object_type.schema_scopes("read"))
    return json_response(_group(call, object_type, name).answer())


def create_group(call: Call, object_type: ObjectType) -> Response:
    """POST: 201, or 409."""
    call.require(object_type.schema_scopes("write"))
    body = call.body()
    name, label = body.get("name"), body.get("label")
    if not isinstance(name, str) or not isinstance(label, str) or not NAME.fullmatch(name):
        raise malformed("a group has a name (lower-case letters, digits and underscores) and a label")
    if name in call.store.groups[object_type.type_id]:
        raise HubSpotError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f"A property group named '{name}' already exists.",
            sub_category="Properties.GROUP_WITH_NAME_EXISTS",
        )
    group = Group(name, label, body.get("displayOrder", -1))
    return json_response(_keep_group(call, object_type, group).answer(), 201)


def update_group(call: Call, object_type: ObjectType, name: str) -> Response:
    """PATCH of label and displayOrder."""
    call.require(object_type.schema_scopes("write"))
    body, found = call.body(), _group(call, object_type, name)
    changed = replace(
        found, label=body.get("label", found.label), display_order=body.get("displayOrder", found.display_order)
    )
    return json_response(_keep_group(call, object_type, changed).answer())


def archive_group(call: Call, object_type: ObjectType, name: str) -> Response:
    """DELETE: 204, or 400 while properties are in it."""
    call.require(object_type.schema_scopes("write"))
    found = _group(call, object_type, name)
    if any(one.group == name and one.archived is None for one in call.store.properties[object_type.type_id].values()):
        raise HubSpotError(
            400,
            "VALIDATION_ERROR",
            f"Property group {name} has active properties and cannot be deleted",
            sub_category="Properties.GROUP_WITH_ACTIVE_PROPERTIES",
        )
    kept = call.store.groups[object_type.type_id]
    del kept[name]
    call.store.did(lambda: kept.update({name: found}))
    return no_content()
