"""The settings of the QuickBooks sandbox: company, credentials, limits, and every point the vendor leaves open."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Self, get_args, get_origin
from zoneinfo import ZoneInfo

from infra.sandbox.kernel import BadSettingError

DEFAULT_REALM = "4620816365000000001"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105
ACCESS_TOKEN = "sandbox-access-token"  # noqa: S105
REFRESH_TOKEN = "sandbox-refresh-token"  # noqa: S105
VERIFIER_TOKEN = "sandbox-verifier"  # noqa: S105
_EXCHANGE_RATE = re.compile(r"[A-Z]{3} \d+(\.\d+)?( \d{4}-\d\d-\d\d)?", re.ASCII)


@dataclass(frozen=True)
class QuickBooksConfig:
    """What a sandbox is started or reset with. Where the vendor's behaviour is not documented, the default is the
    reading that is hardest on a client."""

    # The app and its connection. The two tokens are usable at the start, for `realm_id`; each further realm has
    # tokens of the same names with "-<realm>" appended.
    realm_id: str = DEFAULT_REALM
    extra_realms: tuple[str, ...] = ()
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    access_token: str = ACCESS_TOKEN
    refresh_token: str = REFRESH_TOKEN
    verifier_token: str = VERIFIER_TOKEN

    # The company.
    company_name: str = "Sandbox Company"
    country: str = "US"
    home_currency: str = "USD"
    time_zone: str = "America/Los_Angeles"
    custom_txn_numbers: bool = False
    warn_duplicate_numbers: bool = True
    warn_duplicate_purchase_numbers: bool = False
    using_sales_tax: bool = False
    partner_tax: bool = False
    partner_tax_percent: Decimal = Decimal(8)
    multicurrency: bool = False
    # "<currency> <home units for one>", and behind it, when it does not hold from the beginning, the day it holds from.
    exchange_rates: tuple[str, ...] = ("CAD 0.72", "EUR 1.08", "GBP 1.27", "JPY 0.0067")
    exchange_rate_missing: Literal["fault_610", "no_rate"] = "fault_610"
    allow_discount: bool = True
    track_classes: bool = False
    track_departments: bool = False
    book_close_date: date | None = None
    auto_apply_payments: bool = False
    auto_apply_credit: bool = False
    default_term: str | None = "3"
    custom_fields: tuple[str, ...] = ("Crew #",)
    allow_shipping: bool = False

    # Limits (Intuit: limits and throttles); None switches one off.
    requests_per_minute: int | None = 500
    requests_per_second: int | None = 10
    batches_per_minute: int | None = 40

    # Tokens.
    access_token_seconds: int = 3600
    refresh_token_seconds: int = 8_726_400
    hard_expiry_seconds: int = 157_680_000
    refresh_rotation_seconds: int = 0  # 0: every refresh rotates; 86400: as the vendor does, about once a day
    rotation_grace_seconds: int = 0
    code_seconds: int = 600

    # Faults.
    unauthorized_form: Literal["json", "xml"] = "json"
    wrong_realm: Literal["xml_100", "json_3100"] = "xml_100"
    closed_period_code: Literal["6200", "6210"] = "6210"
    linked_delete_code: str = "800"

    # Idempotency.
    requestid_other_body: Literal["fault_600", "replay"] = "fault_600"
    requestid_in_flight: Literal["fault_600", "replay"] = "fault_600"
    requestid_replays_faults: bool = True
    requestid_retention_seconds: int | None = None

    # Entities.
    sparse_lines: Literal["replace", "merge"] = "replace"
    docnumber_namespace: Literal["per_type", "shared"] = "per_type"
    negative_line_amounts: Literal["allow", "refuse"] = "allow"
    home_currency_ref_when_off: Literal["refuse", "accept"] = "refuse"
    customer_currency_fixed: bool = True
    need_to_send_requires_email: bool = True
    multiple_emails: bool = True
    custom_field_max: int = 31
    shipping_text_max: int = 31  # TrackingNum and the text of ShipMethodRef
    shipping_when_off: Literal["dropped", "kept"] = "dropped"
    shipping_methods: tuple[str, ...] = ()  # where not empty, no others are taken; Intuit knows no list of them
    payment_ref_max: int = 21
    payment_line_links: Literal["one", "several"] = "one"
    void_by_operation: Literal["where_documented", "everywhere"] = "where_documented"
    profit_and_loss_balances: Literal["zero", "posted"] = "zero"  # Account.CurrentBalance of income and expense
    void_sets_txn_status: bool = False
    forbidden_name_characters: str = ":\t\n"
    names_ignore_case: bool = True

    # Queries.
    filter_by_email: bool = True
    filter_by_private_note: bool = False
    query_backslash: Literal["escape", "literal"] = "escape"

    # Change data capture. Whether the limit is for the answer or for each entity, and whether a change at the very
    # moment asked for is in it; the newest changes are those that are kept.
    cdc_most: int = 1000
    cdc_limit: Literal["in_all", "each_entity"] = "in_all"
    cdc_includes_moment: bool = False
    cdc_days: int = 30
    cdc_too_old: Literal["fault_500", "shortened"] = "fault_500"

    # How many metered reads the queries of one batch are.
    batch_reads: Literal["each_query", "one", "none"] = "each_query"

    # Webhooks.
    webhook_format: Literal["cloudevents", "legacy"] = "cloudevents"
    webhook_content_type: str = "application/cloudevents+json"
    webhook_void_verb: Literal["void", "voided", "updated"] = "void"
    webhook_tells_merged: bool = False  # whether a CloudEvent of a merge says which id is gone
    webhook_realms_together: bool = True
    webhook_batch: int = 100

    def with_settings(self, settings: Mapping[str, Any]) -> Self:
        """A copy with the settings of a JSON object; `BadSettingError` for an unknown name or an unfit value."""
        known = {field.name: field for field in dataclasses.fields(self)}
        unknown = set(settings) - set(known)
        if unknown:
            raise BadSettingError(f"unknown setting {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        return dataclasses.replace(self, **{key: _fit(key, known[key].type, value) for key, value in settings.items()})

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, KeyError, OSError) as error:
            raise BadSettingError(f"time_zone {self.time_zone!r} is not known") from error
        if not all(realm.isdigit() for realm in self.realms):
            raise BadSettingError("a realm id is a number, written as text")
        for text in self.exchange_rates:
            if not _EXCHANGE_RATE.fullmatch(text):
                raise BadSettingError(f"exchange_rates: {text!r} is not like 'EUR 1.08' or 'EUR 1.10 2026-03-01'")

    @property
    def realms(self) -> tuple[str, ...]:
        """All companies."""
        return (self.realm_id, *self.extra_realms)


def _fit(key: str, wanted: Any, value: Any) -> Any:
    """The value in the setting's type."""
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise BadSettingError(f"{key} is one of {', '.join(map(str, get_args(wanted)))}")
        return value
    if isinstance(wanted, UnionType):
        inner = next(option for option in get_args(wanted) if option is not type(None))
        return None if value is None else _fit(key, inner, value)
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise BadSettingError(f"{key} is a list of texts")
        return tuple(value)
    try:
        if wanted is date:
            return value if isinstance(value, date) else date.fromisoformat(value)
        if wanted is Decimal and type(value) in (int, str, Decimal):
            return Decimal(value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadSettingError(f"{key}: {value!r} does not fit") from error
    if type(value) is not wanted:
        raise BadSettingError(f"{key} must be {wanted.__name__}, not {value!r}")
    return value
