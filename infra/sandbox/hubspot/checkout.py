"""The checkout: how a buyer's payment comes into being through HubSpot payments or Stripe.

The default rates of the fees are the sandbox's own, no price list. Fees are told once a payment has succeeded (UNSURE).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypedDict

from infra.sandbox.hubspot import payments, processing
from infra.sandbox.hubspot.amounts import minor_unit
from infra.sandbox.hubspot.association_types import default_pair
from infra.sandbox.hubspot.object_types import BY_ID, PAYMENT
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from infra.sandbox.hubspot.values import parse_moment
from infra.sandbox.kernel import BadSettingError

# Major units; texts are taken too, so that everything can be said in JSON.
Amount = Decimal | str | int
Moment = datetime | str
USUAL = "usual"
UNTOLD = "untold"
_CARD_RATE, _DEBIT_RATE, _PLATFORM_RATE = Decimal("0.029"), Decimal("0.008"), Decimal("0.005")


class Terms(TypedDict, total=False):
    """How a buyer pays. Fees are amounts in the payment's currency, `USUAL` for the sandbox's rates, or `UNTOLD`.

    `processor` hs_payments or byo_stripe, `method` card, ach and so on, `status` processing or succeeded;
    `settlement_rate` is what one unit of the payment's currency is in `settlement_currency`; `at` is when the buyer
    paid, by default now.
    """

    processor: str
    method: str
    status: str
    fee: Amount
    platform_fee: Amount
    settlement_currency: str
    settlement_rate: Amount
    at: Moment


def decimal_of(value: Amount) -> Decimal:
    """An amount that somebody said. Raises `BadSettingError`."""
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError):
        raise BadSettingError(f"{value} is not an amount") from None


def moment_of(value: Moment) -> datetime:
    """A moment that somebody said. Raises `BadSettingError`, also without a time zone."""
    moment = parse_moment(value) if isinstance(value, str) else value
    if moment is None or moment.tzinfo is None:
        raise BadSettingError(f"{value} is not an aware moment")
    return moment


def charge(records: Records, payment: Record, fee: Amount, platform_fee: Amount) -> None:
    """Tells the fees of a payment."""
    amount = payments.amount(payment, "hs_initial_amount")
    unit = minor_unit(payments.currency_of(records.config, payment))
    rate = _CARD_RATE if payment.get("hs_payment_method_type") == "card" else _DEBIT_RATE

    def said(value: Amount, usual: Decimal) -> Decimal | None:
        return (amount * usual).quantize(unit) if value == USUAL else None if value == UNTOLD else decimal_of(value)

    processing.charge(records, payment, said(fee, rate), said(platform_fee, _PLATFORM_RATE))


def collect(
    records: Records, amount: Decimal, currency: str, terms: Terms, about: Mapping[str, str | None], *others: Record
) -> Record:
    """A payment of `amount` taken by a processor, associated with `others`; `about` are further properties.

    Raises `HubSpotError` when it is more than its invoices ask for, `BadSettingError` for terms that make no sense.
    """
    store, config = records.store, records.config
    processor, status = terms.get("processor", "hs_payments"), terms.get("status", "succeeded")
    if processor not in config.payment_processors:
        raise BadSettingError(f"{processor} is not set up in this account")
    if status not in ("processing", "succeeded"):
        raise BadSettingError(f"a payment begins as processing or succeeded, not {status}")
    method = terms.get("method", "card")
    payment = store.insert(BY_ID[PAYMENT])
    store.note(payment, processed=True, settlement_rate=decimal_of(terms.get("settlement_rate", 1)))
    values = {
        "hs_initial_amount": f"{amount:f}",
        "hs_currency_code": currency,
        "hs_initiated_date": iso(moment_of(terms.get("at", store.now()))),
        "hs_latest_status": status,
        "hs_processor_type": processor,
        "hs_payment_method_type": method,
        "hs_payment_method": method,
        "hs_settlement_currency_code": terms.get("settlement_currency", currency),
        "hs_payment_id": store.new_id(),
        **about,
    }
    for name, value in values.items():
        store.put(payment, name, value)
    for other in {one.key: one for one in others}.values():
        records.link(payment, other, [default_pair(payment.type, other.type)])
    records.recalculate(payment)
    payments.check_applied(store, config, payment)
    if status == "succeeded":
        charge(records, payment, terms.get("fee", USUAL), terms.get("platform_fee", USUAL))
    return payment
