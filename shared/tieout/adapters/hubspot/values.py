"""HubSpot's property texts as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MILLISECONDS = re.compile(r"-?[0-9]{1,15}")
# Larger amounts do not fit the 28 digits of decimal arithmetic with their decimals.
_LARGEST_EXPONENT = 15
_CURRENCY_LENGTH = 3
# A number of another kind in a date property is a day of 1970 when taken as milliseconds.
_YEARS = range(1990, 2200)


class BadValue(ValueError):
    """A value that makes no sense; the text names the property, for a person."""


class Values:
    """The properties of one record. Every method raises BadValue for a text it cannot understand.

    `record` says in messages whose properties they are ("line item 123"), empty for the invoice itself.
    """

    def __init__(self, properties: Mapping[str, str | None], record: str = "") -> None:
        self._properties = properties
        self._record = record

    def text(self, name: str) -> str | None:
        """Without surrounding white space, None when there is nothing."""
        return (self._properties.get(name) or "").strip() or None

    def decimal(self, name: str) -> Decimal | None:
        """A finite number."""
        text = self.text(name)
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text) or Decimal(text).adjusted() > _LARGEST_EXPONENT:
            raise self.bad(name, f'"{text[:40]}" is not a number')
        return Decimal(text)

    def required_decimal(self, name: str) -> Decimal:
        """A finite number that must be there."""
        number = self.decimal(name)
        if number is None:
            raise self.bad(name, "is missing")
        return number

    def instant(self, name: str) -> datetime | None:
        """A `datetime` property: ISO 8601 with a zone, a date alone (midnight UTC), or epoch milliseconds."""
        text = self.text(name)
        if text is None:
            return None
        try:
            instant = _instant(text)
        except (ValueError, OverflowError):
            raise self.bad(name, f'"{text[:40]}" is not a date') from None
        if instant.year not in _YEARS:
            raise self.bad(name, f'"{text[:40]}" is not a date')
        return instant

    def flag(self, name: str, *, default: bool) -> bool:
        """A `bool` property."""
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise self.bad(name, f'"{text[:40]}" is neither true nor false')
        return text.lower() == "true"

    def currency(self, name: str) -> str | None:
        """An ISO 4217 code in capitals."""
        text = self.text(name)
        if text is None:
            return None
        code = text.upper()
        if len(code) != _CURRENCY_LENGTH or not (code.isascii() and code.isalpha()):
            raise self.bad(name, f'"{text[:40]}" is not a currency code')
        return code

    def bad(self, name: str, problem: str) -> BadValue:
        """The error that names this record's property."""
        where = f"{name} of {self._record}" if self._record else name
        return BadValue(f"{where}: {problem}")


def _instant(text: str) -> datetime:
    if _MILLISECONDS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(text))
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no time zone")
    return instant.astimezone(UTC)
