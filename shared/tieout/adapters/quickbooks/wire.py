"""QuickBooks' JSON: amounts written digit for digit from Decimal, answers read field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation


class Unreadable(ValueError):
    """An answer that lacks a field or holds a value of another kind; the text names the field, never its value."""


def encode(value: object) -> str:
    """`value` as JSON in ASCII, keys in the order given, so that equal values are equal bytes.

    A Decimal becomes a number with exactly its digits, without exponent. ASCII, because companies in the United
    States take ISO-8859-1 and others UTF-8 (Intuit: REST API features). Raises TypeError for what has no exact form.
    """
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError("only a finite number can be written")
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(encode(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no exact JSON form")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object of an answer. QuickBooks leaves out fields without a value, so absent and null are the same.

    Every reader raises Unreadable for a value of the wrong kind.
    """

    fields: Mapping[str, object]
    where: str = "$"

    @classmethod
    def of(cls, value: object, where: str = "$") -> Node:
        """The node of a decoded JSON object."""
        if not isinstance(value, dict):
            raise Unreadable(f"{where} is not an object")
        return cls(value, where)

    def optional_text(self, key: str) -> str | None:
        """A text, None when absent or empty."""
        value = self.fields.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise Unreadable(f"{self.where}.{key} is not a text")
        return value

    def text(self, key: str) -> str:
        """A text that has to be there."""
        value = self.optional_text(key)
        if value is None:
            raise Unreadable(f"{self.where}.{key} is missing")
        return value

    def optional_number(self, key: str) -> Decimal | None:
        """A number, also one written as text."""
        value = self.fields.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise Unreadable(f"{self.where}.{key} is not a number")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise Unreadable(f"{self.where}.{key} is not a number") from None
        if not number.is_finite():
            raise Unreadable(f"{self.where}.{key} is not a number")
        return number

    def number(self, key: str) -> Decimal:
        """A number that has to be there."""
        value = self.optional_number(key)
        if value is None:
            raise Unreadable(f"{self.where}.{key} is missing")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.fields.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise Unreadable(f"{self.where}.{key} is not true or false")
        return value

    def day(self, key: str) -> date | None:
        """A calendar date, YYYY-MM-DD; an offset behind it, as old answers have, is cut off."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            raise Unreadable(f"{self.where}.{key} is not a date") from None

    def instant(self, key: str) -> datetime | None:
        """A time with its offset; None when absent or without an offset, because it then says nothing certain."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise Unreadable(f"{self.where}.{key} is not a time") from None
        return value if value.utcoffset() is not None else None

    def node(self, key: str) -> Node:
        """A nested object, an empty one when absent."""
        value = self.fields.get(key)
        return Node({} if value is None else Node.of(value, f"{self.where}.{key}").fields, f"{self.where}.{key}")

    def nodes(self, key: str) -> tuple[Node, ...]:
        """A list of objects, empty when absent."""
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise Unreadable(f"{self.where}.{key} is not a list")
        return tuple(Node.of(item, f"{self.where}.{key}[{index}]") for index, item in enumerate(value))

    def reference(self, key: str) -> str | None:
        """The id in a reference such as CustomerRef."""
        return self.node(key).optional_text("value")
