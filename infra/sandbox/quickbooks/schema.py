"""Which fields QuickBooks' entities have and of what type, and the cleaning of a request body by them.

`schema.json` is derived from Intuit's published Finance.xsd (QuickBooks-V3-PHP-SDK, Apache-2.0): for each type its
fields as `<type>[[]][ <longest length>]`, where `[]` says that the field repeats.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from infra.sandbox.quickbooks.faults import fault

_SOURCE = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Field:
    """The type of one field."""

    type: str
    repeated: bool
    longest: int


def _field(text: str) -> Field:
    type_, _, longest = text.partition(" ")
    return Field(type_.removesuffix("[]"), type_.endswith("[]"), int(longest or 0))


TYPES: Mapping[str, Mapping[str, Field]] = {
    name: {key: _field(text) for key, text in fields.items()} for name, fields in _SOURCE["types"].items()
}
ENUMS: Mapping[str, frozenset[str]] = {name: frozenset(values) for name, values in _SOURCE["enums"].items()}


def clean(type_name: str, body: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The body with numbers as Decimal and without fields that carry no value.

    null counts as absent everywhere, an empty text as absent where no text is wanted; at the top level an empty text
    or list stays, because a sparse update clears a field with it. Raises the faults 2010 (unknown field or wrong
    shape), 2030, 2050, 2090, 2170.
    """
    fields = TYPES[type_name]
    cleaned: dict[str, Any] = {}
    for key, value in body.items():
        here = f"{path}.{key}" if path else key
        field = fields.get(key)
        if field is None:
            raise fault("2010", f"Property Name:{here} specified is unsupported or invalid", here)
        if value is None:
            continue
        if field.repeated:
            if not isinstance(value, list):
                raise _misshapen(here)
            items = [_value(field, item, here) for item in value if item is not None]
            if items or not path:
                cleaned[key] = [item for item in items if item is not None]
            continue
        kept = _value(field, value, here)
        if kept is not None or (value == "" and not path):
            cleaned[key] = "" if kept is None else kept
    return cleaned


def _misshapen(path: str) -> Exception:
    return fault("2010", f"Property Name:{path} specified is unsupported or invalid", path)


def _value(field: Field, value: Any, path: str) -> Any:
    """The value in its type; None when it carries nothing."""
    if field.type in TYPES:
        if not isinstance(value, dict):
            raise _misshapen(path)
        inner = clean(field.type, value, path)
        return None if field.type == "ReferenceType" and not inner.get("value") else inner
    if field.type == "any":
        return value
    if isinstance(value, dict | list):
        raise _misshapen(path)
    if value == "":
        return None
    convert = _CONVERSIONS.get(field.type)
    if convert is not None:
        return convert(value, path)
    text = _text(value, path)
    if field.longest and len(text) > field.longest:
        detail = f"Min:0 Max:{field.longest} supported. Supplied length:{len(text)}"
        raise fault("2050", f"String length specified does not match the supported length. {detail}", path)
    if field.type in ENUMS and text not in ENUMS[field.type]:
        raise fault("2170", f"Invalid Enumeration : {text}", path)
    return text


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        raise _misshapen(path)
    return value if isinstance(value, str) else str(value)


def _decimal(value: Any, path: str) -> Decimal:
    if isinstance(value, bool):
        raise fault("2090", f"Invalid Number : {path} is not a number", path)
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise fault("2090", f"Invalid Number : {value}", path)
    return number


def _integer(value: Any, path: str) -> int:
    number = _decimal(value, path)
    if number != int(number):
        raise fault("2090", f"Invalid Number : {value}", path)
    return int(number)


def _boolean(value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise _misshapen(path)


def _date(value: Any, path: str) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise fault("2010", f"Property Name:{path} is not a date: {value}", path) from None


def _datetime(value: Any, path: str) -> str:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        raise fault("2010", f"Property Name:{path} is not a dateTime: {value}", path) from None
    return str(value)


_CONVERSIONS = {
    "decimal": _decimal,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _datetime,
}
