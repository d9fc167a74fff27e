"""The association types between object types: their ids in each direction, and which of them a request names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.sandbox.hubspot.errors import invalid, malformed
from infra.sandbox.hubspot.object_types import ObjectType


@dataclass(frozen=True)
class Pair:
    """One kind of association: the ids of both directions. The first pair of two types is the default one."""

    one: str
    two: str
    there: int
    back: int
    label: str | None = None


PAIRS: tuple[Pair, ...] = (
    Pair("0-53", "0-1", 177, 178),
    Pair("0-53", "0-2", 179, 180),
    Pair("0-53", "0-3", 175, 176),
    Pair("0-53", "0-8", 409, 410),
    Pair("0-53", "0-84", 411, 412),
    Pair("0-53", "0-85", 413, 414),
    Pair("0-53", "0-86", 415, 416),
    Pair("0-53", "0-123", 517, 518),
    Pair("0-53", "0-69", 622, 623),
    Pair("0-53", "0-101", 541, 542),
    # The guides give the ids from the payment; those to it are UNSURE, except the invoice's and the order's.
    Pair("0-101", "0-1", 387, 388),
    Pair("0-101", "0-2", 389, 390),
    Pair("0-101", "0-3", 391, 392),
    Pair("0-101", "0-69", 393, 394),
    Pair("0-101", "0-8", 395, 396),
    Pair("0-101", "0-84", 428, 427),
    Pair("0-101", "0-85", 1326, 1325),
    Pair("0-101", "0-123", 524, 523),
    # Notes guide; the ids to a note are the next lower ones.
    Pair("0-46", "0-1", 202, 201),
    Pair("0-46", "0-2", 190, 189),
    Pair("0-46", "0-3", 214, 213),
    Pair("0-8", "0-3", 20, 19),
    Pair("0-3", "0-1", 3, 4),
    Pair("0-1", "0-2", 279, 280),
    Pair("0-1", "0-2", 1, 2, "Primary"),
    Pair("0-3", "0-2", 341, 342),
    Pair("0-3", "0-2", 5, 6, "Primary"),
)


def _directed() -> Iterator[tuple[str, str, Pair]]:
    for pair in PAIRS:
        yield pair.one, pair.two, pair
        yield pair.two, pair.one, Pair(pair.two, pair.one, pair.back, pair.there, pair.label)


# All kinds of association from one type to another, default first.
DIRECTED: dict[tuple[str, str], list[Pair]] = {}
for _one, _two, _pair in _directed():
    DIRECTED.setdefault((_one, _two), []).append(_pair)
LABELS = {(pair.one, pair.two, pair.there): pair.label for pairs in DIRECTED.values() for pair in pairs}


def named_pairs(one: ObjectType, two: ObjectType, specs: Any) -> list[Pair]:
    """The kinds of association that `[{"associationCategory", "associationTypeId"}]` names. Raises 400."""
    known = {pair.there: pair for pair in DIRECTED.get((one.type_id, two.type_id), ())}
    if not isinstance(specs, list) or not specs:
        raise malformed("types must be a filled list")
    found = []
    for spec in specs:
        if not isinstance(spec, Mapping):
            raise malformed("an association type is an object")
        category, type_id = spec.get("associationCategory"), spec.get("associationTypeId")
        if category != "HUBSPOT_DEFINED" or type_id not in known:
            raise invalid(
                f"Association type {type_id} of category {category} does not exist from {one.singular} "
                f"to {two.singular}",
                code="INVALID_ASSOCIATION_TYPE",
            )
        found.append(known[type_id])
    return found


def default_pair(one: ObjectType, two: ObjectType) -> Pair:
    """The unlabelled association between two types. Raises 400 when there is none."""
    pairs = DIRECTED.get((one.type_id, two.type_id))
    if not pairs:
        raise invalid(f"{one.singular} and {two.singular} cannot be associated", code="INVALID_ASSOCIATION_TYPE")
    return pairs[0]
