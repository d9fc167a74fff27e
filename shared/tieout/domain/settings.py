"""What a user may configure for one connection, as validated values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum


class CustomerLevel(StrEnum):
    """Whom an invoice is billed to when it has both a company and a contact."""

    COMPANY = "company"
    CONTACT = "contact"


class FilterOperator(StrEnum):
    """How a filter compares a HubSpot invoice property."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Filter:
    """An invoice passes when its `property` (HubSpot internal name) compares with `values` as `operator` says."""

    property: str
    operator: FilterOperator
    values: tuple[str, ...] = ()

    def passes(self, properties: Mapping[str, str | None]) -> bool:
        """Whether an invoice with these property texts passes. A property without a value equals nothing."""
        value = properties.get(self.property) or None
        match self.operator:
            case FilterOperator.KNOWN:
                return value is not None
            case FilterOperator.UNKNOWN:
                return value is None
            case FilterOperator.EQUALS | FilterOperator.IN:
                return value in self.values
            case FilterOperator.NOT_EQUALS | FilterOperator.NOT_IN:
                return value not in self.values


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a connection.

    push_invoices: whether HubSpot invoices go to QuickBooks at all.
    cutover_date: invoices dated earlier are ignored.
    filters: all must pass.
    customer_level: whom to bill when an invoice has both a company and a contact.
    match_customers_by_email: whether to look for a customer by e-mail before looking by name.
    create_customers: whether an unknown customer is created.
    fallback_item_id: QuickBooks item for lines whose product is not found; none means attention.
    write_status_to_hubspot: whether the sync status is shown on the HubSpot invoice.
    skip_data_sync_invoices: whether invoices that HubSpot's own data sync brought are left alone.
    """

    push_invoices: bool = True
    cutover_date: date | None = None
    filters: tuple[Filter, ...] = ()
    customer_level: CustomerLevel = CustomerLevel.COMPANY
    match_customers_by_email: bool = True
    create_customers: bool = True
    fallback_item_id: str | None = None
    write_status_to_hubspot: bool = True
    skip_data_sync_invoices: bool = True

    @property
    def filtered_properties(self) -> frozenset[str]:
        """The HubSpot invoice properties that the filters look at, to be read with each invoice."""
        return frozenset(item.property for item in self.filters)


class BadSettings(ValueError):
    """Settings that were refused: `problems` are (field, reason) pairs."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in problems))
        self.problems = problems


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - every refusal of a value is a ValueError
    return value


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("a date as text, YYYY-MM-DD")  # noqa: TRY004
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date as text, YYYY-MM-DD") from None


def _level(value: object) -> CustomerLevel:
    try:
        return CustomerLevel(str(value))
    except ValueError:
        raise ValueError(f"one of {', '.join(CustomerLevel)}") from None


def _ledger_id(value: object) -> str:
    if not isinstance(value, str) or not (value.isascii() and value.isdecimal()):
        raise ValueError("a QuickBooks id: digits, as text")
    return value


def _filters(value: object) -> tuple[Filter, ...]:
    if not isinstance(value, list):
        raise ValueError("a list of filters")  # noqa: TRY004
    return tuple(_filter(index, item) for index, item in enumerate(value))


def _filter(index: int, item: object) -> Filter:
    where = f"filter {index + 1}"
    if not isinstance(item, Mapping) or set(item) - {"property", "operator", "values"}:
        raise ValueError(f"{where}: an object with property, operator and values")
    name, values = item.get("property"), item.get("values", [])
    if not isinstance(name, str) or not name:
        raise ValueError(f"{where}: property is missing")
    try:
        operator = FilterOperator(str(item.get("operator")))
    except ValueError:
        raise ValueError(f"{where}: operator is one of {', '.join(FilterOperator)}") from None
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{where}: values is a list of texts")
    needs_values = operator not in (FilterOperator.KNOWN, FilterOperator.UNKNOWN)
    if needs_values != bool(values):
        raise ValueError(f"{where}: operator {operator} takes {'at least one value' if needs_values else 'no values'}")
    return Filter(name, operator, tuple(values))


_PARSERS: dict[str, Callable[[object], object]] = {
    "push_invoices": _bool,
    "cutover_date": _date,
    "filters": _filters,
    "customer_level": _level,
    "match_customers_by_email": _bool,
    "create_customers": _bool,
    "fallback_item_id": _ledger_id,
    "write_status_to_hubspot": _bool,
    "skip_data_sync_invoices": _bool,
}
_OPTIONAL = frozenset({"cutover_date", "fallback_item_id"})


def parse_settings(document: Mapping[str, object]) -> Settings:
    """Settings from a JSON document; absent fields take their defaults.

    Raises BadSettings that names every refused field with its reason: unknown name, wrong type, bad value.
    """
    known = {item.name for item in fields(Settings)}
    problems = [(name, "unknown setting") for name in document if name not in known]
    values: dict[str, object] = {}
    for name in sorted(known & set(document)):
        if document[name] is None and name in _OPTIONAL:
            continue
        try:
            values[name] = _PARSERS[name](document[name])
        except ValueError as error:
            problems.append((name, str(error)))
    if problems:
        raise BadSettings(problems)
    return Settings(**values)  # type: ignore[arg-type]  # each value was made by its field's own parser
