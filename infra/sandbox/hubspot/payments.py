"""Payments: what the API may record, what HubSpot calculates on them, and how much of them each invoice received.

There is no refund object: a refund is a rise of `hs_refunds_amount` with a status (payments guide). Which part of a
payment belongs to which of several invoices is in no API; here it fills their balances, oldest invoice first (UNSURE).
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from infra.sandbox.hubspot.amounts import minor_unit
from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.errors import HubSpotError, invalid
from infra.sandbox.hubspot.object_types import INVOICE, PAYMENT
from infra.sandbox.hubspot.property_model import Option, Property
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.store import Store

Values = Mapping[str, str | None]
PERSON = "CRM_UI"
PROCESSORS = ("hs_payments", "byo_stripe")
# The money is with the seller, or was; what a refund or a dispute takes back is told apart.
RECEIVED = frozenset(
    {
        "succeeded",
        "partially_refunded",
        "refunded",
        "processing_refund",
        "disputed_won",
        "disputed_lost",
        "disputed_action_required",
        "disputed_awaiting_decision",
    }
)
_NONE = Decimal(0)


def account_properties(config: HubSpotConfig, known: Mapping[str, Property]) -> dict[str, Property]:
    """The payment properties whose definition depends on the account: its currencies, and a unique reference."""
    codes = dict.fromkeys((config.currency, *config.additional_currencies))
    options = tuple(Option(code, code, at) for at, code in enumerate(codes))
    reference = known["hs_external_reference_id"]
    return {
        reference.name: replace(reference, unique=config.payment_reference_unique),
        **{name: replace(known[name], options=options) for name in ("hs_currency_code", "hs_settlement_currency_code")},
    }


def check_write(store: Store, config: HubSpotConfig, payment: Record, values: Values, *, new: bool) -> None:
    """Refuses what the API may not do: record without a processor set up, or change a processed payment.

    People can record payments by hand without a processor (knowledge base: manage payments). What an account without
    one answers to the API is UNSURE: `no_processor_status`.
    """
    if store.source == PERSON:
        return
    if new and config.record_needs_processor and not config.payment_processors:
        category = "FORBIDDEN" if config.no_processor_status == 403 else "VALIDATION_ERROR"
        message = "This account is not set up to collect payments."
        raise HubSpotError(
            config.no_processor_status,
            category,
            message,
            errors=[{"message": message, "code": "PAYMENTS_NOT_ENABLED"}],
        )
    definitions = store.properties[PAYMENT]
    custom = all(not definitions[name].hubspot_defined for name in values)
    if payment.processed and not (custom and config.processed_custom_writable):
        raise _untouchable(payment, "modified")


def check_delete(store: Store, payment: Record) -> None:
    """Raises 400 when the API deletes a payment that a processor made; the exact refusal is UNSURE."""
    if payment.processed and store.source != PERSON:
        raise _untouchable(payment, "deleted")


def _untouchable(payment: Record, done: str) -> HubSpotError:
    return invalid(
        f"Payment {payment.id} was created through payment processing and cannot be {done}",
        code="PAYMENT_NOT_EDITABLE",
    )


def defaults(store: Store, values: Values) -> dict[str, str]:
    """What a recorded payment has when nothing was said; the guide's example has neither currency nor processor."""
    by_hand = {"hs_processor_type": "none"} if store.source == PERSON else {}
    standard = {"hs_latest_status": "processing", "hs_payment_creation_method": "OTHER", **by_hand}
    missing = {name: value for name, value in standard.items() if values.get(name) is None}
    return {**missing, "hs_payment_id": store.new_id()}


# -- amounts


def amount(payment: Record, name: str) -> Decimal:
    """A payment's amount by property name, major units of its currency; 0 without a value."""
    return Decimal(payment.get(name) or 0)


def refunded(payment: Record) -> Decimal:
    """What was given back so far, as a positive amount whichever sign the account shows."""
    return abs(amount(payment, "hs_refunds_amount"))


def currency_of(config: HubSpotConfig, payment: Record) -> str:
    """The payment's currency, the account's when it says none."""
    return payment.get("hs_currency_code") or config.currency


def calculate(store: Store, config: HubSpotConfig, payment: Record) -> bool:
    """Calculates and stores a payment's own amounts; whether that changed anything.

    Net = initial amount less fees (payments guide), and less refunds in `hs_net_amount_after_refunds`. Fees are not
    returned with a refund (knowledge base: payments properties).
    """
    currency = currency_of(config, payment)
    unit = minor_unit(currency)
    initial, back = amount(payment, "hs_initial_amount"), refunded(payment)
    platform = amount(payment, "hs_platform_fee")
    charged = amount(payment, "hs_fees_amount") + (_NONE if config.fees_include_platform_fee else platform)
    after_refunds = initial - charged - back
    net = after_refunds if config.net_after_refunds else initial - charged
    to_portal = config.exchange_rates.get(currency, Decimal(1)) if currency != config.currency else Decimal(1)
    to_settlement = payment.settlement_rate
    discounts = amount(payment, "hs_line_item_discounts_amount") + amount(payment, "hs_order_discount_amount")
    portal_unit = minor_unit(config.currency)
    settlement_unit = minor_unit(payment.get("hs_settlement_currency_code") or currency)

    def portal(value: Decimal) -> Decimal:
        return (value * to_portal).quantize(portal_unit, config.rounding)

    def settled(value: Decimal) -> Decimal:
        return (value * to_settlement).quantize(settlement_unit, config.rounding)

    values: dict[str, Decimal] = {
        "hs_net_amount": net.quantize(unit, config.rounding),
        "hs_net_amount_after_refunds": after_refunds.quantize(unit, config.rounding),
        "hs_net_amount_in_portal_currency": portal(net),
        "hs_net_amount_in_settlement_currency": settled(net),
        "hs_initial_amount_in_portal_currency": portal(initial),
        "hs_initial_amount_in_settlement_currency": settled(initial),
        "hs_presentment_to_portal_currency_dated_exchange_rate": to_portal,
        "hs_total_discounts_amount": discounts,
        "hs_total_discounts_amount_in_portal_currency": discounts * to_portal,
    }
    if payment.get("hs_fees_amount") is not None:
        values["hs_fees_amount_in_settlement_currency"] = settled(amount(payment, "hs_fees_amount"))
    if payment.processed:
        values |= {
            "hs_platform_fee_in_portal_currency": portal(platform),
            "hs_platform_fee_in_settlement_currency": settled(platform),
            "hs_max_refundable_amount_in_portal_currency": portal(initial - back),
        }
    if payment.get("hs_refunds_amount") is not None:
        values["hs_refunds_amount_in_portal_currency"] = portal(amount(payment, "hs_refunds_amount"))
    invoices = len(store.linked(payment, INVOICE))
    texts = {
        **{name: f"{value:f}" for name, value in values.items()},
        "hs_has_associated_invoice": "true" if invoices else "false",
        "hs_number_of_associated_invoices": str(invoices),
        "hs_hubspot_payments_enabled": "true" if payment.get("hs_processor_type") == "hs_payments" else "false",
    }
    changed = [store.put(payment, name, text, calculated=True) for name, text in texts.items()]
    return any(changed)


# -- what invoices receive


def counts(config: HubSpotConfig, payment: Record) -> bool:
    """Whether the payment pays its invoices at present."""
    status = payment.get("hs_latest_status") or ""
    return status in RECEIVED or (config.processing_pays and status == "processing")


def marked_paid(invoice: Record) -> bool:
    """Whether somebody set the invoice to paid, rather than payments."""
    return invoice.get("hs_invoice_status") == "paid" and "hs_invoice_status" in invoice.written


def _worth(config: HubSpotConfig, payment: Record) -> Decimal:
    if not counts(config, payment):
        return _NONE
    initial = amount(payment, "hs_initial_amount")
    return max(initial - refunded(payment), _NONE) if config.refund_reopens_invoice else initial


def apply(store: Store, config: HubSpotConfig, payment: Record) -> list[Record]:
    """Shares a payment out over its invoices anew, and gives the invoices whose amounts may have changed."""
    left = _worth(config, payment)
    before = dict(payment.shares)
    shares: dict[str, Decimal] = {}
    linked = store.linked(payment, INVOICE) if payment.archived is None else []
    for invoice in linked:
        due = Decimal(invoice.get("hs_amount_billed") or 0) - paid(store, invoice, besides=payment)
        if invoice.get("hs_invoice_status") != "voided" and not marked_paid(invoice):
            shares[invoice.id] = min(left, max(due, _NONE))
            left -= shares[invoice.id]
    store.note(payment, shares=shares)
    if payment.archived is None and calculate(store, config, payment):
        store.touch(payment)
    dropped = [store.find(INVOICE, one) for one in before.keys() - {one.id for one in linked}]
    return [*linked, *(one for one in dropped if one is not None)]


def check_applied(store: Store, config: HubSpotConfig, payment: Record) -> None:
    """Raises 400 when more was paid than its invoices asked for (product update: partial payments on invoices)."""
    if config.overpayments or not store.linked(payment, INVOICE):
        return
    left = _worth(config, payment) - sum(payment.shares.values(), _NONE)
    if left > 0:
        raise invalid("The payment amount cannot exceed the balance due", code="PAYMENT_EXCEEDS_BALANCE_DUE")


def paid(store: Store, invoice: Record, *, besides: Record | None = None) -> Decimal:
    """What payments gave to an invoice, in its currency."""
    return sum(
        (one.shares.get(invoice.id, _NONE) for one in store.linked(invoice, PAYMENT) if one is not besides), _NONE
    )


def stands_on(store: Store, invoice: Record) -> bool:
    """Whether a payment was made on the invoice, one under way included."""
    return any(one.get("hs_latest_status") != "failed" for one in store.linked(invoice, PAYMENT))


def last_payment_date(store: Store, invoice: Record) -> str | None:
    """When the latest of the payments that count was initiated; None without any."""
    dates = [one.get("hs_initiated_date") or "" for one in store.linked(invoice, PAYMENT) if one.shares.get(invoice.id)]
    return max(dates, default=None)
