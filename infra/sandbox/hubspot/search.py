"""Search as the search guide describes it: filters, sorts, paging, the 10,000 cap and an index that may lag.

UNSURE and chosen here: NEQ, NOT_IN and NOT_CONTAINS_TOKEN do not find records without a value; texts are compared
without regard to case by EQ, NEQ and the token operators, while IN and NOT_IN want lower-case values; the default
order is by id, oldest first.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from infra.sandbox.hubspot.errors import HubSpotError, invalid, malformed
from infra.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType
from infra.sandbox.hubspot.property_model import Property, iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from infra.sandbox.hubspot.values import parse_moment

MAX_LIMIT, DEFAULT_LIMIT, CAP = 200, 10, 10_000
MAX_GROUPS, MAX_FILTERS, MAX_ALL_FILTERS, MAX_QUERY = 5, 6, 18, 3000
_NEEDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"), ("value",)),
    "BETWEEN": ("value", "highValue"),
    "IN": ("values",),
    "NOT_IN": ("values",),
    "HAS_PROPERTY": (),
    "NOT_HAS_PROPERTY": (),
}
Value = Decimal | str
Read = Callable[[Record], str | None]
Test = Callable[[Record], bool]


@dataclass(frozen=True)
class Found:
    """One page of a search: all matches counted, the records of the page, and the next cursor."""

    total: int
    page: list[Record]
    after: str | None


def bad_request(message: str) -> HubSpotError:
    """400 as search answers it."""
    return HubSpotError(400, "VALIDATION_ERROR", f"There was a problem with the request. {message}")


def search(records: Records, object_type: ObjectType, body: Mapping[str, Any], snapshot: "Snapshot") -> Found:
    """Finds live records. Raises 400 for what the guide does not allow."""
    limit = _whole(body.get("limit", DEFAULT_LIMIT), "limit")
    if not 0 <= limit <= MAX_LIMIT:
        raise bad_request(f"limit must be between 0 and {MAX_LIMIT}")
    after = _whole(body.get("after") or "0", "after")
    if after + limit > CAP:
        raise bad_request(f"Paging beyond {CAP} results is not possible")
    tests = _compile(records, object_type, body, snapshot)
    found = [record for record in snapshot.records(object_type) if any(test(record) for test in tests)]
    query = body.get("query")
    if query:
        if not isinstance(query, str) or len(query) > MAX_QUERY:
            raise bad_request(f"query is a text of at most {MAX_QUERY} characters")
        found = [one for one in found if _mentions(one, object_type, query, snapshot)]
    _sort(records, object_type, body.get("sorts"), found, snapshot)
    page = [snapshot.shown(record) for record in found[after : after + limit]]
    more = after + limit < len(found) and limit > 0
    return Found(len(found), page, str(after + limit) if more else None)


class Snapshot:
    """What the index knows: live values, or those from before the lag (`seconds`) for records just written."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._stale: dict[tuple[str, str], dict[str, str] | None] = {}

    def remember(self, key: tuple[str, str], properties: dict[str, str] | None) -> None:
        """The index still shows these properties (None: not the record at all)."""
        self._stale[key] = properties

    def records(self, object_type: ObjectType) -> Iterable[Record]:
        """Records in the index, oldest first."""
        for record in self._records.store.records[object_type.type_id].values():
            if record.archived is None and self._stale.get(record.key, record.properties) is not None:
                yield record

    def shown(self, record: Record) -> Record:
        """The record as the index has it."""
        stale = self._stale.get(record.key)
        if stale is None:
            return record
        moment = parse_moment(stale[record.type.modified]) or record.updated
        return replace(record, properties=stale, updated=moment)

    def value(self, record: Record, name: str) -> str | None:
        """A value as the index has it."""
        stale = self._stale.get(record.key)
        return stale.get(name) if stale is not None else self._records.value(record, name)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", str(value)):
        raise bad_request(f"{name} must be a whole number")
    return int(value)


def _compile(records: Records, object_type: ObjectType, body: Mapping[str, Any], snapshot: Snapshot) -> list[Test]:
    """One test per filter group; a record is found when any holds."""
    groups = [] if body.get("filterGroups") is None else body["filterGroups"]
    if not isinstance(groups, list) or not all(_is_group(one) for one in groups):
        raise malformed("filterGroups must be a list of objects with a list of filters")
    sizes = [len(one["filters"]) for one in groups]
    if len(groups) > MAX_GROUPS or sum(sizes) > MAX_ALL_FILTERS or any(size > MAX_FILTERS for size in sizes):
        raise bad_request(
            f"At most {MAX_GROUPS} filterGroups, {MAX_FILTERS} filters in each and {MAX_ALL_FILTERS} in all"
        )
    compiled = [[_filter(records, object_type, one, snapshot) for one in group["filters"]] for group in groups]
    if not compiled:
        return [lambda _: True]
    return [_all(tests) for tests in compiled]


def _is_group(raw: Any) -> bool:
    return isinstance(raw, Mapping) and isinstance(raw.get("filters"), list)


def _all(tests: list[Test]) -> Test:
    return lambda record: all(test(record) for test in tests)


def _filter(records: Records, object_type: ObjectType, raw: Any, snapshot: Snapshot) -> Test:
    if not isinstance(raw, Mapping):
        raise malformed("a filter is an object")
    operator, name = raw.get("operator"), raw.get("propertyName")
    if operator not in _NEEDS:
        raise bad_request(f"operator {operator!r} is not one of {', '.join(_NEEDS)}")
    for key in _NEEDS[operator]:
        if raw.get(key) is None:
            raise bad_request(f"operator {operator} requires {key}")
    if isinstance(name, str) and name.startswith("associations."):
        return _associated(records, name, operator, raw)
    definition = _definition(records, object_type, name)

    def read(record: Record) -> str | None:
        return snapshot.value(record, definition.name)

    return _OPERATORS[operator](definition, read, raw)


def _definition(records: Records, object_type: ObjectType, name: Any) -> Property:
    definition = records.store.properties[object_type.type_id].get(str(name))
    if definition is None or definition.archived:
        raise invalid(f'Property "{name}" does not exist', code="PROPERTY_DOESNT_EXIST")
    return definition


def _associated(records: Records, name: str, operator: str, raw: Mapping[str, Any]) -> Test:
    """The pseudo-property `associations.contact`."""
    singular = name.removeprefix("associations.")
    type_id = next((one.type_id for one in OBJECT_TYPES if singular in (one.singular, one.name)), None)
    if type_id is None or operator not in ("EQ", "IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        raise bad_request(f"{name} cannot be filtered by {operator}")
    wanted = {str(raw["value"])} if operator == "EQ" else {str(one) for one in raw.get("values") or ()}

    def test(record: Record) -> bool:
        ids = records.store.link_types(record, type_id).keys()
        if operator in ("EQ", "IN"):
            return bool(wanted & ids)
        return bool(ids) == (operator == "HAS_PROPERTY")

    return test


def wanted_value(definition: Property, text: str) -> Value:
    """A filter's text as something that compares with `kept_value`. Raises 400."""
    if definition.type == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            raise bad_request(f"{text} is not a number, which {definition.name} is") from None
    if definition.type in ("date", "datetime"):
        moment = parse_moment(text)
        if moment is None:
            raise bad_request(f"{text} is not a date, which {definition.name} is")
        return iso(moment)
    return text if definition.type == "enumeration" else text.lower()


def kept_value(definition: Property, text: str) -> Value:
    """A kept text as something that compares with others; moments are kept in one form that sorts as text."""
    if definition.type == "number":
        return Decimal(text)
    if definition.type == "date":
        return f"{text}T00:00:00.000Z"
    return text if definition.type in ("datetime", "enumeration") else text.lower()


def _compared(accept: Callable[[Any, Any], bool]) -> Callable[[Property, Read, Mapping[str, Any]], Test]:
    def make(definition: Property, read: Read, raw: Mapping[str, Any]) -> Test:
        wanted = wanted_value(definition, str(raw["value"]))

        def test(record: Record) -> bool:
            text = read(record)
            return text is not None and accept(kept_value(definition, text), wanted)

        return test

    return make


def _between(definition: Property, read: Read, raw: Mapping[str, Any]) -> Test:
    low: Any = wanted_value(definition, str(raw["value"]))
    high: Any = wanted_value(definition, str(raw["highValue"]))

    def test(record: Record) -> bool:
        text = read(record)
        return text is not None and low <= kept_value(definition, text) <= high

    return test


def _among(*, inside: bool) -> Callable[[Property, Read, Mapping[str, Any]], Test]:
    def make(definition: Property, read: Read, raw: Mapping[str, Any]) -> Test:
        if not isinstance(raw["values"], list) or not raw["values"]:
            raise bad_request("values must be a filled list")
        # Texts are taken as they are: the guide asks for lower-case values, and others find nothing.
        plain = definition.type not in ("number", "date", "datetime")
        wanted = {str(one) if plain else wanted_value(definition, str(one)) for one in raw["values"]}

        def test(record: Record) -> bool:
            text = read(record)
            return text is not None and (kept_value(definition, text) in wanted) == inside

        return test

    return make


def _present(*, present: bool) -> Callable[[Property, Read, Mapping[str, Any]], Test]:
    return lambda _definition, read, _raw: lambda record: (read(record) is not None) == present


def _tokens(text: str) -> list[str]:
    return re.findall(r"[\w*]+", text.lower())


def _token(*, inside: bool) -> Callable[[Property, Read, Mapping[str, Any]], Test]:
    def make(_: Property, read: Read, raw: Mapping[str, Any]) -> Test:
        patterns = [re.compile(re.escape(one).replace(r"\*", ".*")) for one in _tokens(str(raw["value"]))]

        def test(record: Record) -> bool:
            text = read(record)
            if text is None:
                return False
            words = _tokens(text)
            return all(any(one.fullmatch(word) for word in words) for one in patterns) == inside

        return test

    return make


_OPERATORS: dict[str, Callable[[Property, Read, Mapping[str, Any]], Test]] = {
    "EQ": _compared(lambda value, wanted: value == wanted),
    "NEQ": _compared(lambda value, wanted: value != wanted),
    "LT": _compared(lambda value, wanted: value < wanted),
    "LTE": _compared(lambda value, wanted: value <= wanted),
    "GT": _compared(lambda value, wanted: value > wanted),
    "GTE": _compared(lambda value, wanted: value >= wanted),
    "BETWEEN": _between,
    "IN": _among(inside=True),
    "NOT_IN": _among(inside=False),
    "HAS_PROPERTY": _present(present=True),
    "NOT_HAS_PROPERTY": _present(present=False),
    "CONTAINS_TOKEN": _token(inside=True),
    "NOT_CONTAINS_TOKEN": _token(inside=False),
}


def _mentions(record: Record, object_type: ObjectType, query: str, snapshot: Snapshot) -> bool:
    text = " ".join(snapshot.value(record, name) or "" for name in object_type.searchable).lower()
    return all(word in text for word in query.lower().split())


def _sort(records: Records, object_type: ObjectType, sorts: Any, found: list[Record], snapshot: Snapshot) -> None:
    """One sort; records without a value come last."""
    if not sorts:
        return
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise bad_request("sorts must be a list of at most one sort")
    one = sorts[0]
    if isinstance(one, str):
        name, descending = one.removeprefix("-"), one.startswith("-")
    elif isinstance(one, Mapping) and one.get("direction", "ASCENDING") in ("ASCENDING", "DESCENDING"):
        name, descending = str(one.get("propertyName")), one.get("direction") == "DESCENDING"
    else:
        raise bad_request("a sort has propertyName and direction ASCENDING or DESCENDING")
    definition = _definition(records, object_type, name)
    valued = [(snapshot.value(record, name), record) for record in found]
    having = [(kept_value(definition, text), record) for text, record in valued if text is not None]
    having.sort(key=lambda pair: pair[0], reverse=descending)
    found[:] = [record for _, record in having] + [record for text, record in valued if text is None]
