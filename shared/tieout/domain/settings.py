"""What a user may configure for one connection, as validated values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum


class CustomerLevel(StrEnum):
    """Whom an invoice is billed to when it has both a company and a contact."""

    COMPANY = "company"
    CONTACT = "contact"


class TaxMode(StrEnum):
    """How sales tax on a HubSpot invoice reaches QuickBooks.

    none: it does not, such an invoice is attention. as_item: each tax is a line with an item on a liability account.
    automated: QuickBooks computes it by itself (United States). codes: HubSpot's rate groups are QuickBooks' tax codes.
    """

    NONE = "none"
    AS_ITEM = "as_item"
    AUTOMATED = "automated"
    CODES = "codes"


class BeyondTolerance(StrEnum):
    """What becomes of an invoice that was just created and whose total in QuickBooks is not HubSpot's."""

    VOID = "void"
    KEEP = "keep"


class ClosedPeriod(StrEnum):
    """What to do with a new invoice dated in a period whose books are closed."""

    HOLD = "hold"
    FIRST_OPEN_DAY = "first_open_day"
    IGNORE = "ignore"


class DeletedInHubSpot(StrEnum):
    """What to do with a QuickBooks invoice whose HubSpot invoice was deleted."""

    ATTENTION = "attention"
    VOID = "void"
    IGNORE = "ignore"


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
    tax_mode: how sales tax reaches QuickBooks.
    tax_item_id: QuickBooks item for a tax line in mode as_item.
    tax_items: other items for taxes with these HubSpot labels.
    tax_codes: QuickBooks tax code by HubSpot tax rate group, in mode codes.
    untaxed_code: the code of lines that bear no tax; in the United States it is NON without being set.
    fee_item_id: QuickBooks item for order-level fees.
    fee_items: other items for fees with these HubSpot labels.
    total_tolerance: up to which difference of the two totals, in major units of its currency, an invoice is in sync.
    variance_tolerance: up to which difference it is in sync with a variance; beyond it is attention.
    beyond_tolerance: what becomes of a just created invoice that differs by more.
    closed_period: what to do with a new invoice dated in a closed period.
    deleted_in_hubspot: what to do when an invoice that stands in QuickBooks was deleted in HubSpot.
    terms: QuickBooks terms by the days between invoice and due date.
    custom_fields: QuickBooks custom field (definition id 1 to 3) by HubSpot invoice property.
    purchase_order_field: custom field that takes HubSpot's purchase order number.
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
    tax_mode: TaxMode = TaxMode.NONE
    tax_item_id: str | None = None
    tax_items: Mapping[str, str] = field(default_factory=dict)
    tax_codes: Mapping[str, str] = field(default_factory=dict)
    untaxed_code: str | None = None
    fee_item_id: str | None = None
    fee_items: Mapping[str, str] = field(default_factory=dict)
    total_tolerance: Decimal = Decimal("0.00")
    variance_tolerance: Decimal = Decimal("0.05")
    beyond_tolerance: BeyondTolerance = BeyondTolerance.VOID
    closed_period: ClosedPeriod = ClosedPeriod.HOLD
    deleted_in_hubspot: DeletedInHubSpot = DeletedInHubSpot.ATTENTION
    terms: Mapping[int, str] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    purchase_order_field: str | None = None

    @property
    def needed_properties(self) -> frozenset[str]:
        """The HubSpot invoice properties that filters and custom fields look at, to be read with each invoice."""
        return frozenset(item.property for item in self.filters) | frozenset(self.custom_fields)


NOT_TAXED_US = "NON"
"""The code of a line that bears no sales tax, in the United States (Intuit: invoice)."""
_DEFINITIONS = frozenset({"1", "2", "3"})


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


def _choice(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    def parse(value: object) -> StrEnum:
        try:
            return kind(str(value))
        except ValueError:
            raise ValueError(f"one of {', '.join(kind)}") from None

    return parse


def _ledger_id(value: object) -> str:
    if not isinstance(value, str) or not (value.isascii() and value.isdecimal()):
        raise ValueError("a QuickBooks id: digits, as text")
    return value


def _tax_code(value: object) -> str:
    if value == NOT_TAXED_US:
        return NOT_TAXED_US
    return _ledger_id(value)


def _definition(value: object) -> str:
    if value not in _DEFINITIONS:
        raise ValueError('a QuickBooks custom field: "1", "2" or "3"')
    return str(value)


def _tolerance(value: object) -> Decimal:
    # As text, because a JSON number may have become a binary fraction on its way here.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,4})?", value, re.ASCII):
        raise ValueError('an amount as text, such as "0.05"')
    return Decimal(value)


def _table(what: str, value_of: Callable[[object], str]) -> Callable[[object], dict[str, str]]:
    """A parser of an object from `what` (a text) to what `value_of` takes."""

    def parse(value: object) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise ValueError(f"an object from {what} to {_ARTICLES[value_of]}")  # noqa: TRY004
        table = {}
        for key, item in value.items():
            if not isinstance(key, str) or not key.strip():
                raise ValueError(f"an object from {what} to {_ARTICLES[value_of]}")
            try:
                table[key] = value_of(item)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
        return table

    return parse


def _terms(value: object) -> dict[int, str]:
    table = _table("days", _ledger_id)(value)
    for days in table:
        if not re.fullmatch(r"[0-9]{1,4}", days, re.ASCII):
            raise ValueError(f"{days}: a number of days, as text")
    if len({int(days) for days in table}) < len(table):
        raise ValueError("the same number of days twice")
    return {int(days): id_ for days, id_ in table.items()}


def _custom_fields(value: object) -> dict[str, str]:
    table = _table("a HubSpot property", _definition)(value)
    if len(set(table.values())) < len(table):
        raise ValueError("two properties for one custom field")
    return table


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


_ARTICLES: Mapping[Callable[[object], str], str] = {
    _ledger_id: "QuickBooks ids",
    _definition: "custom fields",
}
_PARSERS: dict[str, Callable[[object], object]] = {
    "push_invoices": _bool,
    "cutover_date": _date,
    "filters": _filters,
    "customer_level": _choice(CustomerLevel),
    "match_customers_by_email": _bool,
    "create_customers": _bool,
    "fallback_item_id": _ledger_id,
    "write_status_to_hubspot": _bool,
    "skip_data_sync_invoices": _bool,
    "tax_mode": _choice(TaxMode),
    "tax_item_id": _ledger_id,
    "tax_items": _table("HubSpot's label", _ledger_id),
    "tax_codes": _table("a HubSpot tax rate group", _ledger_id),
    "untaxed_code": _tax_code,
    "fee_item_id": _ledger_id,
    "fee_items": _table("HubSpot's label", _ledger_id),
    "total_tolerance": _tolerance,
    "variance_tolerance": _tolerance,
    "beyond_tolerance": _choice(BeyondTolerance),
    "closed_period": _choice(ClosedPeriod),
    "deleted_in_hubspot": _choice(DeletedInHubSpot),
    "terms": _terms,
    "custom_fields": _custom_fields,
    "purchase_order_field": _definition,
}
_OPTIONAL = frozenset(
    {"cutover_date", "fallback_item_id", "tax_item_id", "untaxed_code", "fee_item_id", "purchase_order_field"}
)


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
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was made by its field's own parser
    contradictions = _contradictions(settings)
    if contradictions:
        raise BadSettings(contradictions)
    return settings


def _contradictions(settings: Settings) -> list[tuple[str, str]]:
    """What each setting alone allows and together makes no sense."""
    found = []
    if settings.variance_tolerance < settings.total_tolerance:
        found.append(("variance_tolerance", "at least total_tolerance"))
    if settings.purchase_order_field and settings.purchase_order_field in settings.custom_fields.values():
        found.append(("purchase_order_field", "this custom field is taken by custom_fields"))
    return found
