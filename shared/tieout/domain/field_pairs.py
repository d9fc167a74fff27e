"""Pairs of fields that follow each other: a HubSpot invoice property and a field of the QuickBooks invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.conflict import Side


class Direction(StrEnum):
    """Which way the values of a pair go."""

    TO_HUBSPOT = "to_hubspot"
    TO_QUICKBOOKS = "to_quickbooks"
    BOTH = "both"


class Winner(StrEnum):
    """Whose value stays when both sides of a pair changed; ask: a person decides."""

    ASK = "ask"
    HUBSPOT = "hubspot"
    QUICKBOOKS = "quickbooks"

    @property
    def side(self) -> Side | None:
        """The side that wins, None when a person is asked."""
        return None if self is Winner.ASK else Side(self.value)


class NativeField(StrEnum):
    """The fields of a QuickBooks invoice that a pair may name beside custom fields, by Intuit's names."""

    SHIPPING_METHOD = "ShipMethodRef"
    TRACKING_NUMBER = "TrackingNum"
    SHIPPING_DATE = "ShipDate"
    PURCHASE_ORDER = "PONumber"


NATIVE_FIELDS = frozenset(NativeField)
DEFINITIONS = ("1", "2", "3")
"""The ids of QuickBooks' classic custom fields (Intuit: create custom fields)."""
BY_NAME = "custom:"
"""How a pair names a custom field by the name that the company gave it."""
PURCHASE_ORDER_PROPERTY = "hs_purchase_order_number"

# Intuit documents lengths of few of them: the purchase order number's is the schema's; of custom fields, tracking
# numbers and shipping methods 31 is what is told.
_LONGEST: Mapping[str, int] = {NativeField.PURCHASE_ORDER: 15}
_LONGEST_TEXT = 31
_CALLED: Mapping[str, str] = {
    NativeField.SHIPPING_METHOD: "shipping method",
    NativeField.TRACKING_NUMBER: "tracking number",
    NativeField.SHIPPING_DATE: "shipping date",
    NativeField.PURCHASE_ORDER: "purchase order number",
}


def longest(field: str) -> int:
    """How many characters QuickBooks takes there."""
    return _LONGEST.get(field, _LONGEST_TEXT)


def called(field: str) -> str:
    """The QuickBooks field as people call it: "custom field 1", "tracking number"."""
    return _CALLED.get(field, f"custom field {field.removeprefix(BY_NAME)}")


@dataclass(frozen=True, slots=True)
class FieldPair:
    """`hubspot` is the invoice property (internal name). `quickbooks` is a custom field, by its definition id ("1" to
    "3") or as "custom:" and its name, or a `NativeField`."""

    hubspot: str
    quickbooks: str
    direction: Direction = Direction.BOTH
    winner: Winner = Winner.ASK

    @property
    def to_hubspot(self) -> bool:
        """Whether QuickBooks' value may go to HubSpot."""
        return self.direction is not Direction.TO_QUICKBOOKS

    @property
    def to_quickbooks(self) -> bool:
        """Whether HubSpot's value may go to QuickBooks."""
        return self.direction is not Direction.TO_HUBSPOT


@dataclass(frozen=True, slots=True)
class SyncedField:
    """What is remembered of one pair of one invoice: what stood on each side when they were last the same.

    The two texts may differ a little where one side stores a text in its own way, and altogether where QuickBooks does
    not keep it. `pending`: HubSpot is being brought from `hubspot` to `quickbooks` and may show either. `as_found`:
    they stood like this when the document was adopted, and neither was carried.
    """

    property: str
    field: str
    hubspot: str
    quickbooks: str
    pending: bool = False
    as_found: bool = False


def with_definitions(pairs: tuple[FieldPair, ...], names: Mapping[str, str]) -> tuple[FieldPair, ...]:
    """The pairs with custom fields that are named by their name as definition ids; `names` are the company's, by id.
    Those of a name that the company does not have are left out, and so is the second for one field."""
    ids = {name.strip().casefold(): id_ for id_, name in names.items()}
    found: dict[str, FieldPair] = {}
    for pair in pairs:
        field = pair.quickbooks
        if field.startswith(BY_NAME):
            field = ids.get(field.removeprefix(BY_NAME).strip().casefold(), "")
        if field:
            found.setdefault(field, FieldPair(pair.hubspot, field, pair.direction, pair.winner))
    return tuple(found.values())


def not_taken(dropped: Sequence[str], filled: Sequence[str]) -> str:
    """What a person is told of fields that QuickBooks did not keep, and of those that it did not clear."""
    texts = []
    if dropped:
        texts.append(f"QuickBooks did not keep {_names(dropped)}: switch it on in QuickBooks' sales form settings.")
    if filled:
        texts.append(f"QuickBooks did not clear {_names(filled)}: clear it there.")
    return " ".join(texts)


def _names(fields: Sequence[str]) -> str:
    custom = ", ".join(field for field in fields if field not in NATIVE_FIELDS)
    native = [called(field) for field in fields if field in NATIVE_FIELDS]
    return " and ".join([*([f"custom field {custom}"] if custom else []), *native])
