"""Answers a parsed query from a company's store."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from infra.sandbox.quickbooks import operations, schema
from infra.sandbox.quickbooks.company import Company, Entity, fold
from infra.sandbox.quickbooks.definitions import Definition
from infra.sandbox.quickbooks.entities import DEFINITIONS
from infra.sandbox.quickbooks.query import Condition, Statement, invalid

Test = Callable[[Entity], bool]
_BY_NAME = {name.lower(): definition for name, definition in DEFINITIONS.items()}
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, want: have == want,
    "<": lambda have, want: have < want,
    ">": lambda have, want: have > want,
    "<=": lambda have, want: have <= want,
    ">=": lambda have, want: have >= want,
}


def answer(company: Company, statement: Statement) -> dict[str, Any]:
    """The QueryResponse: {} when nothing matches, a totalCount alone for count(*). Raises 4001."""
    definition = _BY_NAME.get(statement.entity.lower())
    if definition is None or "query" not in definition.operations:
        raise invalid(f"Entity {statement.entity} is not supported")
    tests = [_test(company, definition, condition) for condition in statement.conditions]
    if definition.kind == "list" and not any(condition.field == "Active" for condition in statement.conditions):
        tests.append(lambda entity: entity.get("Active") is not False)
    rows = _candidates(company, definition, statement)
    if definition.name in ("Customer", "Account"):
        # Their balances are not stored but follow from the documents, and may be asked for.
        rows = [operations.view(company, definition, row) for row in rows]
    found = [row for row in rows if all(test(row) for test in tests)]
    if statement.count:
        return {"totalCount": len(found)}
    for field, descending in reversed(statement.order):
        _allow(company, definition, field, sorting=True)
        read = _reader(company, definition, field)
        filled = [row for row in found if read(row) is not None]
        empty = [row for row in found if read(row) is None]
        found = [*empty, *sorted(filled, key=read)]
        if descending:
            found = [*sorted(filled, key=read, reverse=True), *empty]
    page = [
        operations.view(company, definition, row)
        for row in found[statement.start - 1 : statement.start - 1 + statement.limit]
    ]
    if not page:
        return {}
    response: dict[str, Any] = {definition.name: page, "startPosition": statement.start, "maxResults": len(page)}
    if len(page) == len(found):
        response["totalCount"] = len(found)
    return response


def _candidates(company: Company, definition: Definition, statement: Statement) -> Iterable[Entity]:
    """All rows, or those that a condition on Id or on the customer leaves."""
    for condition in statement.conditions:
        if condition.field == "CustomerRef" and condition.operator == "=":
            return company.of_customer(definition.name, condition.values[0])
        if condition.field == "Id" and condition.operator in ("=", "IN"):
            found = (company.find(definition.name, id_) for id_ in dict.fromkeys(condition.values))
            return [row for row in found if row is not None]
    return company.all(definition.name)


def _allow(company: Company, definition: Definition, field: str, *, sorting: bool) -> None:
    if not _known(definition, field):
        raise invalid(f"Property {field} not found for Entity {definition.name}")
    switched = {
        "PrimaryEmailAddr": company.config.filter_by_email,
        "PrivateNote": company.config.filter_by_private_note,
    }
    allowed = switched.get(field, field in definition.filterable)
    if not allowed or (sorting and field == "Id"):
        raise invalid(f"property '{field}' is not {'sortable' if sorting else 'queryable'}")


def _known(definition: Definition, field: str) -> bool:
    type_: str = definition.name
    for part in field.split("."):
        found = schema.TYPES.get(type_, {}).get(part)
        if found is None:
            return False
        type_ = found.type
    return True


def _type(definition: Definition, field: str) -> str:
    type_: str = definition.name
    for part in field.split("."):
        type_ = schema.TYPES[type_][part].type
    return type_


def _reader(company: Company, definition: Definition, field: str) -> Callable[[Entity], Any]:
    """Reads the field of an entity in the form in which it is compared."""
    type_ = _type(definition, field)
    convert = _converter(company, type_)
    path = field.split(".") + {"ReferenceType": ["value"], "EmailAddress": ["Address"]}.get(type_, [])
    if type_ == "TelephoneNumber":
        path.append("FreeFormNumber")

    if len(path) == 1 and convert is str:
        return lambda entity: entity.get(field)

    def read(entity: Entity) -> Any:
        value: Any = entity
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return None if value is None else convert(value)

    return read


def _converter(company: Company, type_: str) -> Callable[[Any], Any]:
    if type_ in ("decimal", "integer"):
        return _number
    if type_ == "boolean":
        return lambda value: value is True or str(value).lower() == "true"
    if type_ == "dateTime":
        return lambda value: _instant(company, value)
    if type_ == "date":
        return str
    return lambda value: fold(str(value), ignore_case=company.config.names_ignore_case)


def _number(value: Any) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        raise invalid(f"value {value} is not a number") from None


def _instant(company: Company, value: str) -> datetime:
    """A dateTime or a date; without an offset it is the company's time."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(f"value {value} is not a dateTime") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=company.zone)


def _test(company: Company, definition: Definition, condition: Condition) -> Test:
    field, operator = condition.field, condition.operator
    _allow(company, definition, field, sorting=False)
    if field == "Id" and operator not in ("=", "IN"):
        raise invalid(f"Operator {operator} is not supported for property Id")
    read = _reader(company, definition, field)
    if operator == "LIKE":
        pieces = fold(condition.values[0], ignore_case=company.config.names_ignore_case).split("%")
        pattern = re.compile(".*".join(re.escape(piece) for piece in pieces), re.DOTALL)
        return lambda entity: (have := read(entity)) is not None and pattern.fullmatch(str(have)) is not None
    convert = _converter(company, _type(definition, field))
    wanted = [convert(value) for value in condition.values]
    if operator == "IN":
        return lambda entity: read(entity) in wanted
    holds = _ORDERINGS[operator]
    return lambda entity: (have := read(entity)) is not None and holds(have, wanted[0])
