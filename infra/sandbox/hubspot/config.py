"""The settings of the HubSpot sandbox: the account, the app, limits, and a switch for each behaviour that is UNSURE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.sandbox.hubspot.errors import HubSpotError
from infra.sandbox.hubspot.object_types import all_scopes, find_type
from infra.sandbox.kernel import BadSettingError


@dataclass(frozen=True)
class Limits:
    """Calls allowed; None switches a limit off. Defaults: private app, Professional account (usage guidelines)."""

    per_ten_seconds: int | None = 190
    daily: int | None = 625_000
    search_per_second: int | None = 5


# The sandbox's own; it protects nothing.
DEFAULT_SIGNING_KEY = "sandbox-client-secret"
NO_LIMITS = Limits(None, None, None)


@dataclass(frozen=True)
class Subscription:
    """One webhook subscription of the app; `property_name` for object.propertyChange only."""

    subscription_id: int
    subscription_type: str
    object_type_id: str
    property_name: str | None = None


@dataclass(frozen=True)
class TaxRate:
    """One tax rate of the account; `percentage` 6.5 means 6.5 %."""

    rate_id: str
    name: str
    label: str
    percentage: Decimal
    active: bool = True


def subscriptions_for(object_type_id: str, properties: tuple[str, ...], first_id: int) -> tuple[Subscription, ...]:
    """Creation, deletion, restoration and changes of `properties` of one object type."""
    kinds = ("object.creation", "object.deletion", "object.restore")
    wanted: list[tuple[str, str | None]] = [(kind, None) for kind in kinds]
    wanted += [("object.propertyChange", name) for name in properties]
    return tuple(
        Subscription(first_id + number, kind, object_type_id, name) for number, (kind, name) in enumerate(wanted)
    )


DEFAULT_SUBSCRIPTIONS = subscriptions_for(
    "0-53",
    ("hs_invoice_status", "hs_amount_billed", "hs_due_date", "hs_invoice_date", "hs_comments", "hs_number"),
    12345,
) + subscriptions_for(
    "0-101",
    ("hs_latest_status", "hs_initial_amount", "hs_refunds_amount", "hs_fees_amount", "hs_payout_date"),
    12365,
)


@dataclass(frozen=True)
class HubSpotConfig:
    """All settings; each can be given to the constructor or in `{"config": {...}}` of a reset."""

    portal_id: int = 62515001
    app_id: int = 54321
    client_secret: str = DEFAULT_SIGNING_KEY
    tokens: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"pat-na1-sandbox": all_scopes()})
    time_zone: str = "US/Eastern"
    currency: str = "USD"
    additional_currencies: tuple[str, ...] = ()
    account_type: Literal["STANDARD", "SANDBOX", "DEVELOPER_TEST", "APP_DEVELOPER"] = "STANDARD"
    limits: Limits = Limits()
    tax_rates: tuple[TaxRate, ...] = (
        TaxRate("15970230", "state-sales-tax", "State sales tax 2025", Decimal("6.5")),
        TaxRate("15970231", "no-tax", "No tax", Decimal(0)),
        TaxRate("15970232", "old-sales-tax", "State sales tax 2019", Decimal("5.75"), active=False),
    )
    tax_ids: tuple[str, ...] = ("US EIN 12-3456789",)
    subscriptions: tuple[Subscription, ...] = DEFAULT_SUBSCRIPTIONS

    # Whether a line's fixed discount counts once per unit or once per line is UNSURE.
    discount_per: Literal["unit", "line"] = "unit"
    # Which one counts when a line has a fixed and a percent discount is UNSURE.
    both_discounts: Literal["percent", "amount"] = "percent"
    # HubSpot's rounding is UNSURE; the sandbox rounds each line and each adjustment to the minor unit.
    rounding: Literal["ROUND_HALF_UP", "ROUND_HALF_EVEN"] = "ROUND_HALF_UP"
    # Whether a second percentage of one kind counts on the first's result is UNSURE.
    adjustments_compound: bool = True
    # Whether a line's own tax is of what an order discount leaves of the line is UNSURE.
    line_tax_after_discount: bool = False
    # Account settings of the invoices tool (knowledge base).
    edit_finalised: bool = True
    delete_open: bool = True
    # UNSURE on billable invoices; a person in HubSpot (x-sandbox-actor: CRM_UI) can do both.
    paid_by_api: bool = False
    void_by_api: bool = True
    number_by_api: bool = False
    # UNSURE on non-billable invoices.
    balance_writable: bool = False
    mirror_needs_line_item: bool = False
    # Whether calculated properties raise webhooks is UNSURE.
    calculated_events: bool = True
    # Whether associating records changes their modification date is UNSURE.
    associations_touch: bool = True
    # Whether a record that is taken out of the recycle bin counts as modified is UNSURE.
    restore_touches: bool = False
    # What asking for an unknown property does is UNSURE: ignored, or refused.
    refuse_unknown_in_read: bool = False
    # How a batch read tells of missing ids is UNSURE: 207 with errors, or left out in silence.
    batch_read_reports_missing: bool = True
    # The same for a batch read of associations of a record that has none.
    association_read_reports_missing: bool = True
    # Associations v4 print toObjectId as a number; the published document says string.
    numeric_to_object_id: bool = True
    # Processors set up in the account. The guide asked for one until 2026, its newest revision does not (UNSURE), and
    # what an account without one answers to the API is not documented either: 403 or 400.
    payment_processors: tuple[str, ...] = ("hs_payments", "byo_stripe")
    record_needs_processor: bool = True
    no_processor_status: int = 403
    # Whether custom properties of payments that a processor made can be written is UNSURE.
    processed_custom_writable: bool = True
    # Loaders upsert payments by hs_external_reference_id; the guide does not name it (UNSURE).
    payment_reference_unique: bool = True
    # UNSURE: whether hs_fees_amount holds hs_platform_fee, and whether hs_net_amount is less refunds (knowledge base).
    fees_include_platform_fee: bool = False
    net_after_refunds: bool = True
    # The sign of hs_refunds_amount, and whether it rises while a refund is under way, are UNSURE.
    refunds_negative: bool = False
    refund_counts_while_processing: bool = True
    # What a payment does to its invoices is UNSURE beyond making them paid.
    processing_pays: bool = False
    refund_reopens_invoice: bool = False
    lost_payment_reopens_invoice: bool = True
    payments_settle_mirrors: bool = True
    overpayments: bool = False
    # One unit of a currency in the account's currency; 1 for those not named.
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)
    # Whether a file that is uploaded over another one of its name gets a new id: the specification says so.
    overwritten_file_gets_new_id: bool = True
    # Whether the endpoint that tells a private app's scopes answers for a project app's token is UNSURE; else a status.
    token_info_status: int | None = None
    retry_after_on_429: bool = False
    index_lag_seconds: float = 0
    association_page_size: int = 500


def _scopes(value: Any) -> dict[str, frozenset[str]]:
    return {str(token): frozenset(map(str, scopes)) for token, scopes in value.items()}


def _limits(value: Any) -> Limits:
    return Limits(**value)


def _rates(value: Any) -> dict[str, Decimal]:
    return {str(code): Decimal(str(rate)) for code, rate in value.items()}


def _tax_rates(value: Any) -> tuple[TaxRate, ...]:
    return tuple(
        TaxRate(
            str(one["id"]),
            one["name"],
            one["label"],
            Decimal(str(one["percentageRate"])),
            bool(one.get("active", True)),
        )
        for one in value
    )


def _subscriptions(value: Any) -> tuple[Subscription, ...]:
    return tuple(
        Subscription(
            int(one.get("id", 12345 + number)),
            one["subscriptionType"],
            find_type(one["objectType"]).type_id,
            one.get("propertyName"),
        )
        for number, one in enumerate(value)
    )


def _zone(value: Any) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSettingError(f"time_zone {value!r} is unknown") from None
    return str(value)


def _same_type(value: Any, present: Any) -> Any:
    if type(value) is not type(present):
        raise TypeError(f"must be {type(present).__name__}")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "tokens": _scopes,
    "limits": _limits,
    "tax_rates": _tax_rates,
    "subscriptions": _subscriptions,
    "tax_ids": tuple,
    "additional_currencies": tuple,
    "payment_processors": tuple,
    "exchange_rates": _rates,
    "time_zone": _zone,
    "index_lag_seconds": float,
}


def with_settings(config: HubSpotConfig, settings: Mapping[str, Any]) -> HubSpotConfig:
    """The configuration with the JSON `settings` in place of its own. Raises `BadSettingError`."""
    known = {one.name: getattr(config, one.name) for one in fields(config)}
    changed: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise BadSettingError(f"unknown setting {name}; known: {', '.join(sorted(known))}")
        reader = _READERS.get(name)
        try:
            if reader is not None:
                changed[name] = reader(value)
            else:
                changed[name] = _same_type(value, known[name])
        except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError, HubSpotError) as error:
            raise BadSettingError(f"setting {name} cannot be used: {error!r}") from None
    return replace(config, **changed)
