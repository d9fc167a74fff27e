"""What customer payments of the ledger mean for its invoices: money received, credits used up, what is still open."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tieout.domain.invoice import LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.payment import LedgerPayment, PaymentFacts

INVOICE = "Invoice"
# What a customer owes (Intuit: payment, LinkedTxn); everything else that a payment links is owed to the customer.
_CHARGES = frozenset({INVOICE, "Expense", "Check"})
_NONE = Decimal(0)


def received_by_invoice(payment: LedgerPayment) -> dict[str, Money]:
    """By invoice, the money of `payment` that is applied to it; invoices that only credits pay are left out.

    A payment may use credits up together with money, and nothing says which invoice got which. Each document then has
    the same part of both (largest remainder), so that the sum over all is exactly the money that is applied.
    """
    charges = [one for one in payment.allocations if one.type in _CHARGES]
    owed = sum((one.amount.amount for one in charges), _NONE)
    money = max(payment.total.amount - payment.unapplied.amount, _NONE)
    parts: Iterable[Money] = (one.amount for one in charges)
    if owed > money:
        parts = Money(money, payment.total.currency).allocate([one.amount.amount for one in charges])
    return {
        one.far_id: part for one, part in zip(charges, parts, strict=True) if one.type == INVOICE and part.amount > 0
    }


def facts_of(
    invoice: LedgerInvoice, payments: Iterable[LedgerPayment], refunded: Money | None, urls: dict[str, str]
) -> PaymentFacts:
    """What a HubSpot invoice shows of its payments. `payments` are those applied to `invoice`, `urls` where each opens.

    What is neither open nor paid with money was credited, so that the three come to the total.
    """
    received = [(one, part) for one in payments if (part := received_by_invoice(one).get(invoice.id)) is not None]
    paid = Money(sum((part.amount for _, part in received), _NONE), invoice.total.currency)
    last = max((one for one, _ in received), key=lambda one: (one.day, len(one.id), one.id), default=None)
    return PaymentFacts(
        paid=paid,
        credited=invoice.total - invoice.balance - paid,
        balance=invoice.balance,
        refunded=refunded,
        last_payment_day=last.day if last else None,
        url=urls.get(last.id) if last else None,
    )
