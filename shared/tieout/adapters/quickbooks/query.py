"""Statements of QuickBooks' query language; the only place where a value becomes part of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import quote as percent

PAGE = 1000
"""The most that one answer holds (Intuit: data queries)."""

# A statement travels in the URL; gateways commonly refuse one beyond 8,000 characters.
_MOST_CHARACTERS = 4000

EVEN_INACTIVE = "Active IN (true, false)"
"""Queries of named objects give active ones only unless told (Intuit: data queries)."""


def quote(value: str) -> str:
    """`value` as a literal: in single quotes, with a backslash before each quote and each backslash.

    The escape of the quote is documented (Intuit: data queries). That of the backslash is not, but without it a value
    that ends in a backslash would swallow the closing quote.
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def equals(field: str, value: str) -> str:
    """The condition that `field` (a name in our code, never from outside) is `value`."""
    return f"{field} = {quote(value)}"


def contains(field: str, text: str) -> str:
    """The condition that `field` holds `text` somewhere. A per cent sign stands for anything, and nothing says how to
    ask for one itself (Intuit: data queries), so that it is taken as it is."""
    return f"{field} LIKE {quote(f'%{text}%')}"


def at_least(field: str, value: str) -> str:
    """The condition that `field` is `value` or more: dates and times as Intuit writes them."""
    return f"{field} >= {quote(value)}"


def at_most(field: str, value: str) -> str:
    """The condition that `field` is `value` or less."""
    return f"{field} <= {quote(value)}"


def one_of(field: str, values: Collection[str]) -> str:
    """The condition that `field` is one of `values`, of which there is at least one."""
    if not values:
        raise ValueError("IN needs at least one value")
    return f"{field} IN ({', '.join(quote(value) for value in values)})"


def select(entity: str, *conditions: str, order: str = "", start: int = 1, page: int = PAGE) -> str:
    """The statement for one page of `entity`; `start` counts from 1. Conditions are joined by AND, the only joiner;
    `order` is a field, ascending."""
    where = ("WHERE", " AND ".join(conditions)) if conditions else ()
    by = ("ORDERBY", order) if order else ()
    return " ".join(("SELECT * FROM", entity, *where, *by, "STARTPOSITION", str(start), "MAXRESULTS", str(page)))


def chunks(values: Collection[str], most: int) -> Iterator[list[str]]:
    """`values` without blanks and repetitions, in order, in lists that fit one statement and have at most `most`."""
    chunk: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        if not value.strip():
            continue
        added = len(percent(quote(value), safe="")) + len("%2C%20")
        if chunk and (len(chunk) == most or length + added > _MOST_CHARACTERS):
            yield chunk
            chunk, length = [], 0
        chunk.append(value)
        length += added
    if chunk:
        yield chunk
