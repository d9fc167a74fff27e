"""Property values: what HubSpot accepts for each property type, and the text it keeps."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from infra.sandbox.hubspot.errors import bad_values, malformed
from infra.sandbox.hubspot.property_model import Property, iso

MAX_TEXT = 65_536
_DAY_MS = 86_400_000
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


class _RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_values(definitions: Mapping[str, Property], raw: Any) -> dict[str, str | None]:
    """Checks the `properties` of a write and gives the texts to keep; None clears a value.

    Numbers and booleans are taken as their text; `""` and null clear. Raises 400 with every problem at once.
    """
    if not isinstance(raw, Mapping):
        raise malformed("properties must be an object")
    kept: dict[str, str | None] = {}
    problems = []
    for name, value in raw.items():
        definition = definitions.get(name)
        try:
            kept[name] = _text(_writable(name, definition), value)
        except _RefusedError as refused:
            problems.append({"message": str(refused), "error": refused.code, "name": name})
    if problems:
        raise bad_values(problems)
    return kept


def _writable(name: str, definition: Property | None) -> Property:
    if definition is None or definition.archived:
        raise _RefusedError("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if definition.read_only:
        raise _RefusedError("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    return definition


def _text(definition: Property, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | Decimal):
        value = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not isinstance(value, str):
        raise _RefusedError("INVALID_STRING", f"{definition.name} must be a text, a number or a boolean")
    return _READERS[definition.type](definition, value)


def _string(definition: Property, value: str) -> str:
    if len(value) > MAX_TEXT:
        raise _RefusedError("PROPERTY_VALUE_TOO_LONG", f"{definition.name} is longer than {MAX_TEXT} characters")
    return value


def _number(definition: Property, value: str) -> str:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _RefusedError("INVALID_INTEGER", f"{value} was not a valid number.")
    if definition.minimum is not None and number < definition.minimum:
        raise _RefusedError("NUMBER_OUT_OF_RANGE", f"{value} is less than the minimum {definition.minimum}.")
    return f"{number:f}" if definition.scale is None else f"{number:.{definition.scale}f}"


def _choice(definition: Property, value: str) -> str:
    allowed = {option.value for option in definition.options}
    for one in value.strip(";").split(";") if definition.multiple else [value]:
        if one not in allowed:
            listed = ", ".join(option.value for option in definition.options)
            raise _RefusedError("INVALID_OPTION", f"{value} was not one of the allowed options: [{listed}]")
    return value


def _boolean(definition: Property, value: str) -> str:
    return _choice(definition, value.lower())


def _date(_: Property, value: str) -> str:
    try:
        if re.fullmatch(r"-?\d{6,}", value):
            if int(value) % _DAY_MS:
                raise _RefusedError("INVALID_DATE", f"{value} is at {int(value) % _DAY_MS} ms, not midnight UTC")
            return from_ms(int(value)).date().isoformat()
        return date.fromisoformat(value).isoformat()
    except (ValueError, OverflowError):
        raise _RefusedError("INVALID_DATE", f"{value} was not a valid date.") from None


def _datetime(_: Property, value: str) -> str:
    moment = parse_moment(value)
    if moment is None:
        raise _RefusedError("INVALID_LONG", f"{value} was not a valid long.")
    return iso(moment)


_READERS = {
    "string": _string,
    "phone_number": _string,
    "number": _number,
    "enumeration": _choice,
    "bool": _boolean,
    "date": _date,
    "datetime": _datetime,
}


def from_ms(milliseconds: int) -> datetime:
    """A moment from milliseconds since 1970, without floats."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def parse_moment(value: str) -> datetime | None:
    """A moment from ISO 8601 (without zone: UTC), a date, or milliseconds; None when it is neither."""
    try:
        if re.fullmatch(r"-?\d{6,}", value):
            return from_ms(int(value))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        if not _ISO.fullmatch(value):
            return None
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
