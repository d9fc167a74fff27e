"""The association types between object types: their ids in each direction (associations guide)."""

from collections.abc import Iterator
from dataclasses import dataclass


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
