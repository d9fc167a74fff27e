"""What becomes of a payment in the hands of its processor: fees, refunds, disputes and the payout.

UNSURE and chosen here: no fees are returned with a refund (knowledge base), and a dispute changes the status alone.
"""

from datetime import datetime
from decimal import Decimal

from infra.sandbox.hubspot import payments
from infra.sandbox.hubspot.amounts import minor_unit
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from infra.sandbox.kernel import BadSettingError

# The `sourceType` of what a processor changes; HubSpot's own name for it is UNSURE.
PROCESSING = "PAYMENTS"
# Bank debits take days, and so do their refunds (knowledge base: manage payments).
SLOW_METHODS = frozenset({"ach", "sepa", "bacs", "pads"})
DISPUTES = ("disputed_action_required", "disputed_awaiting_decision", "disputed_won", "disputed_lost")


def change(records: Records, payment: Record, **values: str | None) -> None:
    """A processor's change of a payment, with everything that follows from it."""
    for name, value in values.items():
        records.store.put(payment, name, value)
    records.store.touch(payment)
    records.recalculate(payment)


def charge(records: Records, payment: Record, fee: Decimal | None, platform_fee: Decimal | None) -> None:
    """Tells what the processor keeps, in the payment's currency; None leaves a fee as it is, or untold."""
    values = {}
    if platform_fee is not None:
        values["hs_platform_fee"] = f"{platform_fee:f}"
    if fee is not None:
        platform = payments.amount(payment, "hs_platform_fee") if platform_fee is None else platform_fee
        included = platform if records.config.fees_include_platform_fee else Decimal(0)
        values["hs_fees_amount"] = f"{fee + included:f}"
    change(records, payment, **values)


def need(payment: Record, *statuses: str) -> None:
    """Raises `BadSettingError` unless the payment has one of the statuses."""
    status = payment.get("hs_latest_status")
    if status not in statuses:
        raise BadSettingError(f"payment {payment.id} is {status}, not {' or '.join(statuses)}")


def refund(records: Records, payment: Record, amount: Decimal | None, *, slow: bool) -> None:
    """Gives back `amount` or all that is left; a slow refund is under way until it is finished or fails."""
    need(payment, "succeeded", "partially_refunded", "disputed_won")
    left = payments.amount(payment, "hs_initial_amount") - payments.refunded(payment)
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise BadSettingError(f"payment {payment.id} has {left} left to refund, not {amount}")
    records.store.note(payment, refunding=amount)
    if slow:
        counted = amount if records.config.refund_counts_while_processing else Decimal(0)
        _give_back(records, payment, counted, "processing_refund")
    else:
        _give_back(records, payment, amount, None)


def finish_refund(records: Records, payment: Record) -> None:
    """A slow refund reached the buyer."""
    need(payment, "processing_refund")
    counted = Decimal(0) if records.config.refund_counts_while_processing else payment.refunding
    _give_back(records, payment, counted, None)


def fail_refund(records: Records, payment: Record) -> None:
    """The last refund came back, also one that had been finished: the cumulative amount falls again."""
    need(payment, "processing_refund", "partially_refunded", "refunded")
    under_way = payment.get("hs_latest_status") == "processing_refund"
    counted = records.config.refund_counts_while_processing or not under_way
    _give_back(records, payment, -payment.refunding if counted else Decimal(0), None)


def _give_back(records: Records, payment: Record, amount: Decimal, status: str | None) -> None:
    """Moves the cumulative refunded amount; without a status it follows from the amount."""
    total = payments.refunded(payment) + amount
    if status is None:
        whole = total >= payments.amount(payment, "hs_initial_amount")
        status = "refunded" if whole else "partially_refunded" if total else "succeeded"
    shown = -total if records.config.refunds_negative and total else total
    unit = minor_unit(payments.currency_of(records.config, payment))
    change(records, payment, hs_refunds_amount=f"{shown.quantize(unit):f}", hs_latest_status=status)


def dispute(records: Records, payment: Record, status: str) -> None:
    """A buyer's bank disputes the payment, or decides."""
    if status not in DISPUTES:
        raise BadSettingError(f"{status} is none of {', '.join(DISPUTES)}")
    change(records, payment, hs_latest_status=status)


def pay_out(records: Records, payment: Record, at: datetime) -> None:
    """The processor's bank deposit with this payment was made."""
    change(records, payment, hs_payout_date=iso(at))
