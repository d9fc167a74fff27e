"""Values in a form whose `repr` is the same for all that are equal, to make digests of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal


def canonical(value: object) -> object:
    """The same for values that are equal; a Decimal's text depends on how many zeros it was written with."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return tuple((key, canonical(value[key])) for key in sorted(value))
    if isinstance(value, tuple):
        return tuple(map(canonical, value))
    if is_dataclass(value):
        return tuple(canonical(getattr(value, one.name)) for one in fields(value) if one.compare)
    return str(value)
