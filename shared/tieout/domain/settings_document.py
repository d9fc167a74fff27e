"""Settings from the JSON document that people write: every value checked, every refusal with its field and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.directions import spread
from tieout.domain.field_pairs_document import clashes, parse_pairs
from tieout.domain.payment import Processor
from tieout.domain.settings import (
    NOT_TAXED_US,
    BeyondTolerance,
    ClosedPeriod,
    CustomerLevel,
    DealMode,
    DeletedInHubSpot,
    DeletedInQuickBooks,
    FeeBooking,
    Filter,
    FilterOperator,
    PdfTarget,
    RefundForm,
    Settings,
    TaxMode,
    UnknownInHubSpot,
    VoidedInQuickBooks,
    WithoutInvoice,
)

_DEFINITIONS = frozenset({"1", "2", "3"})
# Who takes money for a company; what the others name is recorded by accounting systems.
_CURRENCY = re.compile("[A-Z]{3}")
_PROCESSORS = (Processor.HUBSPOT, Processor.STRIPE, Processor.BY_HAND)
_MOST_DAYS = 365


class BadSettings(ValueError):
    """Settings that were refused: `problems` are (field, reason) pairs."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in problems))
        self.problems = problems


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - every refusal of a value is a ValueError
    return value


def _property_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", value, re.ASCII):
        raise ValueError("a HubSpot property's internal name")
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


def _by_processor(value: object) -> dict[str, str]:
    table = _table("a processor", _ledger_id)(value)
    for name in table:
        processor, colon, currency = name.partition(":")
        if processor not in _PROCESSORS:
            raise ValueError(f"{processor}: one of {', '.join(_PROCESSORS)}")
        if colon and not _CURRENCY.fullmatch(currency):
            raise ValueError(f"{name}: a currency as in {processor}:EUR")
    return table


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DAYS:
        raise ValueError(f"a number of days, 0 to {_MOST_DAYS}")
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
    "field_pairs": parse_pairs,
    "custom_fields": _custom_fields,
    "purchase_order_field": _definition,
    "push_payments": _bool,
    "pull_payments": _bool,
    "pull_invoices": _bool,
    "voided_in_quickbooks": _choice(VoidedInQuickBooks),
    "deleted_in_quickbooks": _choice(DeletedInQuickBooks),
    "adopt_data_sync_invoices": _bool,
    "unknown_in_hubspot": _choice(UnknownInHubSpot),
    "deposit_accounts": _by_processor,
    "payment_methods": _table("a HubSpot payment method", _ledger_id),
    "payments_without_invoice": _choice(WithoutInvoice),
    "sales_receipt_item_id": _ledger_id,
    "refunds": _choice(RefundForm),
    "receivable_account_id": _ledger_id,
    "payment_wait_days": _days,
    "recognise_workflow_documents": _bool,
    "record_payments_in_hubspot": _bool,
    "fee_booking": _choice(FeeBooking),
    "fee_vendors": _by_processor,
    "processing_fee_account_id": _ledger_id,
    "platform_fee_account_id": _ledger_id,
    "fee_class_id": _ledger_id,
    "fee_department_id": _ledger_id,
    "deals": _choice(DealMode),
    "deal_field": _definition,
    "deal_order_property": _property_name,
    "deal_window_days": _days,
    "tell_ambiguous_deals": _bool,
    "pdf": _choice(PdfTarget),
}
_OPTIONAL = frozenset(
    {
        "cutover_date",
        "fallback_item_id",
        "tax_item_id",
        "untaxed_code",
        "fee_item_id",
        "purchase_order_field",
        "sales_receipt_item_id",
        "receivable_account_id",
        "processing_fee_account_id",
        "platform_fee_account_id",
        "fee_class_id",
        "fee_department_id",
        "deal_field",
        "deal_order_property",
    }
)


def parse_settings(document: Mapping[str, object]) -> Settings:
    """Settings from a JSON document; absent fields take their defaults.

    Raises BadSettings that names every refused field with its reason: unknown name, wrong type, bad value.
    """
    known = {item.name for item in fields(Settings)}
    document, problems = spread(document)
    problems += [(name, "unknown setting") for name in document if name not in known]
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
    elif settings.field_pairs and (problem := clashes(settings.pairs)):
        found.append(("field_pairs", problem))
    if settings.payments_without_invoice is WithoutInvoice.SALES_RECEIPT and not settings.sales_receipt_item_id:
        found.append(("sales_receipt_item_id", "payments_without_invoice is sales_receipt, so an item is needed"))
    if settings.refunds is RefundForm.CREDIT_MEMO and not settings.receivable_account_id:
        found.append(("receivable_account_id", "refunds is credit_memo, so the account is needed"))
    return found
