"""The registers: the lists of invoices and of payments that people page through, search and filter.

An entry is a text that sorts as its register is read. `place` is what all entries of a record end with: its date, and
what makes it unique.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from tieout.domain.record import Kind, RecordKey, State, SyncRecord


class Register(StrEnum):
    """Refunds that were entered in QuickBooks stand among the payments."""

    INVOICES = "invoices"
    PAYMENTS = "payments"


class Health(StrEnum):
    """The states, as far as people have to tell them apart."""

    IN_SYNC = "in_sync"
    VARIANCE = "variance"
    WAITING = "waiting"
    ATTENTION = "attention"
    EXCLUDED = "excluded"
    VOIDED = "voided"


SMALL = (Health.WAITING, Health.ATTENTION)
"""What is counted each time somebody looks, because it matters now and is little."""

_HEALTH: Mapping[State, Health] = {
    State.SEEN: Health.WAITING,
    State.PLANNED: Health.WAITING,
    State.WRITING: Health.WAITING,
    State.VERIFYING: Health.WAITING,
    State.WAITING: Health.WAITING,
    State.SYNCED: Health.IN_SYNC,
    State.SYNCED_WITH_VARIANCE: Health.VARIANCE,
    State.ATTENTION: Health.ATTENTION,
    State.DELETED_IN_LEDGER: Health.ATTENTION,
    State.IGNORED: Health.EXCLUDED,
    State.VOIDED: Health.VOIDED,
}

Flow = tuple[Kind, str]
"""Object and direction: what kind of document goes from which system ("hubspot", "quickbooks") to the other."""

FLOWS: Mapping[Register, tuple[Flow, ...]] = {
    Register.INVOICES: ((Kind.INVOICE, "hubspot"), (Kind.INVOICE, "quickbooks")),
    Register.PAYMENTS: ((Kind.PAYMENT, "hubspot"), (Kind.PAYMENT, "quickbooks"), (Kind.REFUND, "quickbooks")),
}
ALL_FLOWS: tuple[Flow, ...] = tuple(flow for flows in FLOWS.values() for flow in flows)

_REGISTERS = {flow: register for register, flows in FLOWS.items() for flow in flows}
_NO_DAY = date(1, 1, 1)
_LONGEST_TERM = 60
# A payment may be of hundreds of invoices, and all entries are written in one transaction.
_MOST_INVOICES = 20
_SEPARATOR = "#"
# Compiled when first needed: every worker's cold start imports this.
_PLACE = r"\d{4}-\d\d-\d\d#[a-z]+#[a-z]+#[^#\s]{1,100}"
_DIGITS_AT_END = r"[1-9][0-9]*$"


def health_of(state: State) -> Health:
    """Which health a state is."""
    return _HEALTH[state]


def register_of(key: RecordKey) -> Register | None:
    """The register that a record stands in; None for customers, products, fees and deals."""
    return _REGISTERS.get((key.kind, key.origin_system))


def is_listed(record: SyncRecord) -> bool:
    """Whether it stands in a register: not before it is known what it is, which takes a worker a moment."""
    return register_of(record.key) is not None and (record.state is not State.SEEN or record.about is not None)


def place_of(record: SyncRecord) -> str:
    """Where the record stands: its date (until it is known, the day on which Tieout heard of it, UTC), kind, system
    and id."""
    heard = record.created_at.date() if record.created_at else _NO_DAY
    day = record.about.day if record.about and record.about.day else heard
    key = record.key
    return _SEPARATOR.join((day.isoformat(), key.kind.value, key.origin_system, key.origin_id))


def is_place(text: str) -> bool:
    """Whether a text has the form of a place."""
    return re.fullmatch(_PLACE, text, re.ASCII) is not None


def id_in(place: str) -> tuple[Kind, str, str]:
    """Kind, origin system and origin id of the record at a place."""
    _, kind, system, id_ = place.split(_SEPARATOR, 3)
    return Kind(kind), system, id_


class Column(StrEnum):
    """What entries are sorted by: the date alone, a document number, or the customer's name."""

    DAY = "d"
    NUMBER = "n"
    CUSTOMER = "c"


def entries_of(record: SyncRecord) -> frozenset[str]:
    """The entries under which a record is found: one by its date, one for each of its numbers in either system, those
    of a payment's invoices among them, and one for its customer's name."""
    if not is_listed(record):
        return frozenset()
    place, about = place_of(record), record.about
    numbers = {record.label, *(about.invoices[:_MOST_INVOICES] if about else ())}
    if record.link is not None and record.link.number:
        numbers.add(record.link.number)
    terms = {(Column.NUMBER, term) for number in numbers for term in _number_terms(number)}
    if about is not None and (customer := normalised(about.customer)):
        terms.add((Column.CUSTOMER, customer))
    return frozenset(
        {_SEPARATOR.join((Column.DAY, place)), *(_SEPARATOR.join((column, term, place)) for column, term in terms)}
    )


def place_in(entry: str) -> str:
    """The place that an entry ends with."""
    return _SEPARATOR.join(entry.split(_SEPARATOR)[-4:])


def beginning(column: Column, text: str = "") -> str:
    """What the entries of a column begin with whose term begins with `text`."""
    return f"{column}{_SEPARATOR}{normalised(text)}"


def normalised(text: str) -> str:
    """A number or name as it is compared: without case, accents and superfluous space."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = (one for one in plain if not unicodedata.combining(one))
    kept = (" " if one == _SEPARATOR or not one.isprintable() else one for one in letters)
    return " ".join("".join(kept).split())[:_LONGEST_TERM].strip()


def _number_terms(number: str) -> set[str]:
    """INV-1001 is found by 1001, too."""
    whole = normalised(number)
    digits = re.search(_DIGITS_AT_END, whole)
    return {term for term in (whole, digits.group() if digits else "") if term}
