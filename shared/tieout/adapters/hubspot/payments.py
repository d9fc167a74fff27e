"""Reading HubSpot payments with invoices, parties and the refunds' history, in grouped calls, as neutral payments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TypeVar

from tieout.adapters.hubspot.batches import is_id, read_associations, read_records, sorted_ids
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.parts import PARTIES, Part, company_of, contact_of, own_records, read_part
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record
from tieout.domain.money import Money
from tieout.domain.payment import PaymentStatus, Processor, Refunded, SourcePayment, UnreadablePayment

PAYMENTS = "commerce_payments"
"""HubSpot's object type (commerce payments guide)."""

_NONE = Decimal(0)
REFUNDED = "hs_refunds_amount"
"""What was given back until now, of which HubSpot keeps the history."""
_SETTLED = "_in_settlement_currency"
_FEES, _PLATFORM_FEE, _NET = "hs_fees_amount", "hs_platform_fee", "hs_net_amount"
PROPERTIES = (
    "hs_initial_amount",
    "hs_initial_amount_in_settlement_currency",
    "hs_initiated_date",
    "hs_currency_code",
    "hs_latest_status",
    "hs_processor_type",
    "hs_payment_method_type",
    "hs_payment_method",
    "hs_reference_number",
    "hs_internal_comment",
    "hs_customer_email",
    "hs_payment_source_app",
    REFUNDED,
    *(name + suffix for name in (_FEES, _PLATFORM_FEE, _NET) for suffix in ("", _SETTLED)),
    "hs_settlement_currency_code",
    "hs_lastmodifieddate",
)

Found = SourcePayment | UnreadablePayment
_Word = TypeVar("_Word", bound=StrEnum)


def read_payments(client: HubSpotClient, ids: Collection[str], account_currency: Callable[[], str]) -> dict[str, Found]:
    """The payments among `ids` that exist, by id; see `PaymentCrm.payments`.

    At most two calls for up to 100 payments, and four more where some have no invoice: a payment of an invoice is its
    invoice's customer's. `account_currency` is asked when a payment names none, which then is in the account's.
    """
    records = read_records(client, PAYMENTS, [id_ for id_ in ids if is_id(id_)], PROPERTIES, (REFUNDED,))
    invoices = read_associations(client, PAYMENTS, "invoices", records) if records else {}
    alone = [id_ for id_ in records if not invoices.get(id_)]
    parties = PARTIES.items() if alone else ()
    parts = {type_: read_part(client, PAYMENTS, type_, alone, names) for type_, names in parties}
    currency = cache(account_currency)
    return {
        id_: understand(
            records[id_],
            tuple(one.id for one in invoices.get(id_, ())),
            parts if id_ in alone else {},
            currency,
        )
        for id_ in sorted_ids(records)
    }


def read_payments_of(
    client: HubSpotClient, invoice_ids: Collection[str], account_currency: Callable[[], str]
) -> dict[str, tuple[Found, ...]]:
    """The payments of each of these invoices, in numeric order; see `PaymentCrm.payments_of`."""
    known = [id_ for id_ in invoice_ids if is_id(id_)]
    associated = read_associations(client, "invoices", PAYMENTS, known) if known else {}
    ids = {one.id for to in associated.values() for one in to}
    found = read_payments(client, ids, account_currency) if ids else {}
    return {id_: tuple(found[one.id] for one in associated.get(id_, ()) if one.id in found) for id_ in invoice_ids}


def understand(
    record: Record, invoice_ids: tuple[str, ...], parts: Mapping[str, Part], account_currency: Callable[[], str]
) -> Found:
    """The payment of a record; an UnreadablePayment that names the property which makes no sense."""
    try:
        return _payment(record, invoice_ids, parts, account_currency)
    except BadValue as error:
        return UnreadablePayment(record.id, str(error), record.properties.get("hs_internal_comment") or None)


def _payment(
    record: Record, invoice_ids: tuple[str, ...], parts: Mapping[str, Part], account_currency: Callable[[], str]
) -> SourcePayment:
    values = Values(record.properties)
    currency = values.currency("hs_currency_code") or account_currency()
    settlement = values.currency("hs_settlement_currency_code")
    initiated_at = values.instant("hs_initiated_date")
    if initiated_at is None:
        raise values.bad("hs_initiated_date", "is missing")
    own = {type_: own_records(record.id, type_, part) for type_, part in parts.items()}
    return SourcePayment(
        id=record.id,
        status=_word(values, "hs_latest_status", PaymentStatus),
        amount=Money(values.required_decimal("hs_initial_amount"), currency),
        # Documented as an amount; should HubSpot show what left as a negative one, it is the same refund.
        refunded=Money(abs(values.decimal(REFUNDED) or _NONE), currency),
        initiated_at=initiated_at,
        processor=_word(values, "hs_processor_type", Processor, Processor.BY_HAND),
        method=values.text("hs_payment_method_type") or values.text("hs_payment_method"),
        reference=values.text("hs_reference_number"),
        comment=values.text("hs_internal_comment"),
        email=values.text("hs_customer_email"),
        source=values.text("hs_payment_source_app"),
        invoice_ids=invoice_ids,
        company=company_of(own.get("companies", [])),
        contact=contact_of(own.get("contacts", [])),
        refund_history=tuple(_history(record, currency)),
        processing_fee=_settled(values, _FEES, currency, settlement),
        platform_fee=_settled(values, _PLATFORM_FEE, currency, settlement),
        net=_settled(values, _NET, currency, settlement),
        settled=_settled(values, "hs_initial_amount", currency, settlement),
        settlement_currency=settlement,
        modified_at=values.instant("hs_lastmodifieddate"),
    )


def _word(values: Values, name: str, words: type[_Word], absent: _Word | None = None) -> _Word:
    text = values.text(name)
    if text is None and absent is not None:
        return absent
    try:
        return words(text or "")
    except ValueError:
        raise values.bad(name, f'"{text[:40]}" is not known' if text else "is missing") from None


def _history(record: Record, currency: str) -> Iterator[Refunded]:
    """The changes of the refunded amount, oldest first; the 0 that it may begin with is none."""
    versions = []
    for version in (record.history or {}).get(REFUNDED, []):
        values = Values({REFUNDED: version.value, "timestamp": version.timestamp}, f"the history of {REFUNDED}")
        at = values.instant("timestamp")
        if at is not None:
            versions.append((at, Money(abs(values.decimal(REFUNDED) or _NONE), currency)))
    last = Money(_NONE, currency)
    for at, total in sorted(versions, key=lambda version: version[0]):
        if total != last:
            yield Refunded(total, at)
        last = total


def _settled(values: Values, name: str, currency: str, settlement: str | None) -> Money | None:
    """An amount in the settlement currency; None where HubSpot does not tell it, or not in that currency.

    The converted amount counts only beside the amount itself: HubSpot may calculate it from one that it has not told.
    """
    own, converted = values.decimal(name), values.decimal(name + _SETTLED)
    told = converted if converted is not None or settlement not in (None, currency) else own
    return None if own is None or told is None else Money(told, settlement or currency)
