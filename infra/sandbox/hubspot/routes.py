"""The routes: which vendor path leads to which endpoint, whatever version segment it carries."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug import Response
from werkzeug.routing import Map, Rule

from infra.sandbox.hubspot import (
    api_account,
    api_associations,
    api_batch,
    api_files,
    api_groups,
    api_objects,
    api_properties,
    merges,
)
from infra.sandbox.hubspot.object_types import find_type

Endpoint = Callable[..., Response]
CURRENT = "2026-09"
VERSIONS = (CURRENT, "2026-03")
# The older forms that the official Python client and the guides still use; group 1 is the version.
_OLDER = (
    (re.compile(r"/crm/(v3)/(objects|properties)(/.*)"), r"/crm/\2/*\3"),
    (re.compile(r"/crm/(v4)/(objects)(/[^/]+/[^/]+/associations/.*)"), r"/crm/\2/*\3"),
    (re.compile(r"/crm/(v4)/(associations)(/.*)"), r"/crm/\2/*\3"),
    (re.compile(r"/tax-rates/(v1)(/tax-rates.*)"), r"/tax-rates/*\2"),
    (re.compile(r"/account-info/(v3)(/details)"), r"/account-info/*\2"),
    (re.compile(r"/files/(v3)(/files.*)"), r"/files/*\2"),
)
_DATED = re.compile(r"/(crm/objects|crm/properties|crm/associations|tax-rates|account-info|files)/([^/]+)(/.*)")


def canonical(path: str) -> tuple[str, str]:
    """The path with `*` for its version segment, and the version; the path itself and "" when it has none known."""
    dated = _DATED.fullmatch(path)
    if dated and dated[2] in VERSIONS:
        return f"/{dated[1]}/*{dated[3]}", dated[2]
    for pattern, target in _OLDER:
        older = pattern.fullmatch(path)
        if older:
            return older.expand(target), older[1]
    return path, ""


_OBJECTS, _ASSOCIATIONS, _PROPERTIES = (
    "/crm/objects/*/<one>",
    "/crm/associations/*/<one>/<two>",
    "/crm/properties/*/<one>",
)
_TYPED = f"{_OBJECTS}/<record_id>/associations/<two>/<other_id>"
_TABLE: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", _OBJECTS, api_objects.list_records),
    ("POST", _OBJECTS, api_objects.create_record),
    ("POST", f"{_OBJECTS}/search", api_objects.search_records),
    ("POST", f"{_OBJECTS}/merge", merges.merge_records),
    ("GET", f"{_OBJECTS}/<record_id>", api_objects.read_record),
    ("PATCH", f"{_OBJECTS}/<record_id>", api_objects.update_record),
    ("DELETE", f"{_OBJECTS}/<record_id>", api_objects.archive_record),
    ("POST", f"{_OBJECTS}/batch/read", api_batch.read_batch),
    ("POST", f"{_OBJECTS}/batch/create", api_batch.create_batch),
    ("POST", f"{_OBJECTS}/batch/update", api_batch.update_batch),
    ("POST", f"{_OBJECTS}/batch/upsert", api_batch.upsert_batch),
    ("POST", f"{_OBJECTS}/batch/archive", api_batch.archive_batch),
    ("GET", f"{_OBJECTS}/<record_id>/associations/<two>", api_associations.list_associations),
    ("PUT", f"{_OBJECTS}/<record_id>/associations/default/<two>/<other_id>", api_associations.put_default),
    ("PUT", _TYPED, api_associations.put_association),
    ("DELETE", _TYPED, api_associations.delete_association),
    ("POST", f"{_ASSOCIATIONS}/batch/read", api_associations.read_batch),
    ("POST", f"{_ASSOCIATIONS}/batch/create", api_associations.create_batch),
    ("POST", f"{_ASSOCIATIONS}/batch/associate/default", api_associations.default_batch),
    ("POST", f"{_ASSOCIATIONS}/batch/archive", api_associations.archive_batch),
    ("POST", f"{_ASSOCIATIONS}/batch/labels/archive", api_associations.archive_labels),
    ("GET", f"{_ASSOCIATIONS}/labels", api_associations.list_labels),
    ("GET", _PROPERTIES, api_properties.list_properties),
    ("POST", _PROPERTIES, api_properties.create_property),
    ("POST", f"{_PROPERTIES}/batch/create", api_properties.create_batch),
    ("POST", f"{_PROPERTIES}/batch/read", api_properties.read_batch),
    ("POST", f"{_PROPERTIES}/batch/archive", api_properties.archive_batch),
    ("GET", f"{_PROPERTIES}/groups", api_groups.list_groups),
    ("POST", f"{_PROPERTIES}/groups", api_groups.create_group),
    ("GET", f"{_PROPERTIES}/groups/<name>", api_groups.read_group),
    ("PATCH", f"{_PROPERTIES}/groups/<name>", api_groups.update_group),
    ("DELETE", f"{_PROPERTIES}/groups/<name>", api_groups.archive_group),
    ("GET", f"{_PROPERTIES}/<name>", api_properties.read_property),
    ("PATCH", f"{_PROPERTIES}/<name>", api_properties.update_property),
    ("DELETE", f"{_PROPERTIES}/<name>", api_properties.archive_property),
    ("POST", "/files/*/files", api_files.upload),
    ("GET", "/files/*/files/<file_id>", api_files.read_file),
    ("PUT", "/files/*/files/<file_id>", api_files.replace_file),
    ("DELETE", "/files/*/files/<file_id>", api_files.delete_file),
    ("GET", "/files/*/files/<file_id>/signed-url", api_files.signed_url),
    ("GET", "/account-info/*/details", api_account.account_details),
    ("POST", api_account.TOKEN_INFO_PATH, api_account.token_info),
    ("GET", "/tax-rates/*/tax-rates", api_account.list_tax_rates),
    ("GET", "/tax-rates/*/tax-rates/<rate_id>", api_account.read_tax_rate),
)
ROUTES = Map(
    [Rule(path, methods=[method], endpoint=endpoint) for method, path, endpoint in _TABLE],
    strict_slashes=False,
    merge_slashes=False,
)
_BOUND = ROUTES.bind("api.hubapi.com")


def match(path: str, method: str) -> tuple[Endpoint, dict[str, Any], str]:
    """Endpoint, its arguments and the version of a path. Raises werkzeug's NotFound or MethodNotAllowed."""
    route, version = canonical(path)
    endpoint, arguments = _BOUND.match(route, method)
    return endpoint, dict(arguments), version


def typed(arguments: Mapping[str, Any]) -> list[Any]:
    """The arguments in the order of the path, object types looked up. Raises 400 for an unknown type."""
    return [find_type(value) if name in ("one", "two") else value for name, value in arguments.items()]
