"""Pairs of fields from the settings document: every part checked, every refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from tieout.domain.field_pairs import BY_NAME, DEFINITIONS, Direction, FieldPair, NativeField, Winner

_PARTS = frozenset({"hubspot", "quickbooks", "direction", "winner"})
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_OWN = "tieout_"
# What HubSpot sets by itself or Tieout writes of an invoice: no value of another system goes there.
_NOT_WRITTEN = frozenset(
    {
        "hs_number",
        "hs_invoice_status",
        "hs_currency",
        "hs_invoice_date",
        "hs_due_date",
        "hs_amount_billed",
        "hs_amount_paid",
        "hs_balance_due",
        "hs_comments",
        "hs_invoice_billable",
        "hs_invoice_source",
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
    }
)
# A label of QuickBooks' own has at most so many characters (Intuit: custom fields).
_LONGEST_NAME = 30
_FIELDS = f'"1", "2" or "3", "{BY_NAME}" and the name of a custom field, or one of {", ".join(NativeField)}'


def parse_pairs(value: object) -> tuple[FieldPair, ...]:
    """A list of pairs. Raises ValueError that names the pair by its place."""
    if not isinstance(value, list):
        raise ValueError("a list of pairs")  # noqa: TRY004 - every refusal of a value is a ValueError
    pairs = tuple(_pair(f"pair {place}", item) for place, item in enumerate(value, 1))
    problem = clashes(pairs)
    if problem:
        raise ValueError(problem)
    return pairs


def clashes(pairs: Sequence[FieldPair]) -> str:
    """What several pairs together make no sense of, "" for nothing."""
    for names in ([pair.hubspot for pair in pairs], [_as_named(pair.quickbooks) for pair in pairs]):
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            return f"{twice} is in two pairs"
    custom = [pair.quickbooks for pair in pairs if pair.quickbooks not in set(NativeField)]
    if len(custom) > len(DEFINITIONS):
        return f"QuickBooks has {len(DEFINITIONS)} custom fields on invoices, these are {len(custom)}"
    return ""


def _as_named(field: str) -> str:
    return field.casefold() if field.startswith(BY_NAME) else field


def _pair(where: str, item: object) -> FieldPair:
    if not isinstance(item, Mapping) or set(item) - _PARTS:
        raise ValueError(f"{where}: an object with hubspot, quickbooks, direction and winner")
    property_, field = item.get("hubspot"), item.get("quickbooks")
    if not isinstance(property_, str) or not _PROPERTY.fullmatch(property_):
        raise ValueError(f"{where}: hubspot is a property's internal name")
    if property_.startswith(_OWN):
        raise ValueError(f"{where}: {property_} is Tieout's own property")
    direction = _choice(f"{where}: direction", item.get("direction", Direction.BOTH.value), Direction)
    winner = _choice(f"{where}: winner", item.get("winner", Winner.ASK.value), Winner)
    pair = FieldPair(property_, _field(where, field), direction, winner)
    if pair.to_hubspot and property_ in _NOT_WRITTEN:
        raise ValueError(f"{where}: {property_} belongs to the invoice itself, so it goes to_quickbooks only")
    return pair


def _field(where: str, value: object) -> str:
    if isinstance(value, str) and value in (*DEFINITIONS, *NativeField):
        return value
    name = value.removeprefix(BY_NAME).strip() if isinstance(value, str) and value.startswith(BY_NAME) else ""
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError(f"{where}: quickbooks is {_FIELDS}")
    return name if name in DEFINITIONS else f"{BY_NAME}{name}"


_C = TypeVar("_C", bound=StrEnum)


def _choice(where: str, value: object, kind: type[_C]) -> _C:
    try:
        return kind(str(value))
    except ValueError:
        raise ValueError(f"{where} is one of {', '.join(kind)}") from None
