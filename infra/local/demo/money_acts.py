"""What people do with money: buyers and processors in HubSpot, users there, and the bookkeeper in QuickBooks.

Each function makes an act of a deal's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from infra.local.demo.deal import Deal, Desk
from infra.local.demo.story import CATALOGUE, item_body
from tieout.domain.hint import HintObject

Act = Callable[[Desk, Deal], None]


def together(*acts: Act) -> Act:
    """One after the other, without waiting."""

    def all_of_them(desk: Desk, deal: Deal) -> None:
        for act in acts:
            act(desk, deal)

    return all_of_them


# -- in HubSpot


def finalise(desk: Desk, deal: Deal) -> None:
    """The deal's invoices are finalised only now."""
    for invoice in deal.invoices:
        desk.day.finalise(invoice)


def pay(amount: str | None = None, **terms: str) -> Act:
    """The buyer pays the invoices through HubSpot payments, or the `processor` of the terms: `amount`, or all."""
    return _begun("pay", amount, terms)


def record(amount: str | None = None, **terms: str) -> Act:
    """A user records a payment by hand."""
    return _begun("record", amount, terms)


def _begun(name: str, amount: str | None, terms: dict[str, str]) -> Act:
    def act(desk: Desk, deal: Deal) -> None:
        ids = [invoice.id for invoice in deal.invoices]
        more = {} if amount is None else {"amount": amount}
        deal.payments.append(str(desk.buyers.act(name, invoices=ids, **more, **terms)))

    return act


def pay_link(amount: str, email: str) -> Act:
    """Somebody pays by a payment link; there is no invoice."""

    def act(desk: Desk, deal: Deal) -> None:
        deal.payments.append(str(desk.buyers.act("pay_link", amount=amount, email=email)))

    return act


def then(name: str, **options: object) -> Act:
    """The processor goes on with the payment: succeed, fail, refund, dispute..."""

    def act(desk: Desk, deal: Deal) -> None:
        desk.buyers.act(name, payment=deal.payments[0], **options)

    return act


def correct(**properties: str) -> Act:
    """A user corrects the payment."""

    def act(desk: Desk, deal: Deal) -> None:
        desk.hubspot.update("commerce_payments", deal.payments[0], properties)

    return act


def throw_away(desk: Desk, deal: Deal) -> None:
    """A user deletes the payment of the deal's invoice."""
    desk.hubspot.delete("commerce_payments", _payment_of(desk, deal))


def _payment_of(desk: Desk, deal: Deal) -> str:
    invoice = deal.invoices[0].id
    [payment] = desk.hubspot.linked("invoices", [invoice], "commerce_payments")[invoice]
    return payment


# -- in QuickBooks


def receive(amount: str, *parts: str) -> Act:
    """The bookkeeper receives money, and applies `parts` of it to the deal's invoices in their order."""

    def act(desk: Desk, deal: Deal) -> None:
        _enter(desk, deal, "Payment", TotalAmt=Decimal(amount), Line=_applied(desk, deal, parts))

    return act


def apply(*parts: str, **fields: object) -> Act:
    """The bookkeeper applies the payment anew: `parts` to the deal's invoices, and changes fields."""

    def act(desk: Desk, deal: Deal) -> None:
        lines = _applied(desk, deal, parts)
        desk.quickbooks.change("Payment", desk.receipt(deal), {"Line": lines, **fields})

    return act


def change(**fields: object) -> Act:
    """The bookkeeper changes fields of the payment, and leaves applied what was."""

    def act(desk: Desk, deal: Deal) -> None:
        present = desk.receipt(deal)
        desk.quickbooks.change("Payment", present, {"Line": present["Line"], **fields})

    return act


def void(desk: Desk, deal: Deal) -> None:
    """The bookkeeper voids the payment."""
    desk.quickbooks.void("Payment", desk.receipt(deal))


def delete(desk: Desk, deal: Deal) -> None:
    """The bookkeeper deletes the payment."""
    desk.quickbooks.delete("Payment", desk.receipt(deal))


def credit(amount: str) -> Act:
    """The bookkeeper gives a credit, and applies it to the deal's first invoice."""

    def act(desk: Desk, deal: Deal) -> None:
        memo = _enter(desk, deal, "CreditMemo", Line=[_sale(amount)])
        used = {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]}
        _enter(desk, deal, "Payment", TotalAmt=0, Line=[*_applied(desk, deal, (amount,)), used])

    return act


def give_back(amount: str, account: str) -> Act:
    """The bookkeeper refunds the customer, out of an account (by name)."""

    def act(desk: Desk, deal: Deal) -> None:
        paid_from = {"value": desk.accounts[account]}
        _enter(desk, deal, "RefundReceipt", Line=[_sale(amount)], DepositToAccountRef=paid_from)

    return act


def _enter(desk: Desk, deal: Deal, entity: str, **fields: object) -> dict[str, Any]:
    first = desk.invoice(deal.invoices[0])
    whose = {name: first[name] for name in ("CustomerRef", "CurrencyRef")}
    made = desk.quickbooks.create(entity, {**whose, **fields})
    deal.documents.append((entity, made["Id"]))
    return made


def _applied(desk: Desk, deal: Deal, parts: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {"Amount": Decimal(part), "LinkedTxn": [{"TxnId": desk.invoice(invoice)["Id"], "TxnType": "Invoice"}]}
        for invoice, part in zip(deal.invoices, parts, strict=False)
        if Decimal(part)
    ]


def _sale(amount: str) -> dict[str, object]:
    kind = "SalesItemLineDetail"
    return {"Amount": Decimal(amount), "DetailType": kind, kind: {"ItemRef": {"value": "1"}}}


# -- in Tieout


def enter_product(product: str) -> Act:
    """The bookkeeper enters the product that was missing, and asks for another look at the invoices."""

    def act(desk: Desk, deal: Deal) -> None:
        desk.quickbooks.create("Item", item_body(CATALOGUE[product], desk.quickbooks))
        for invoice in deal.invoices:
            desk.retry(HintObject.HUBSPOT_INVOICE, invoice.id)

    return act


def look_again(desk: Desk, deal: Deal) -> None:
    """Somebody asks for another look at the payment."""
    desk.retry(HintObject.HUBSPOT_PAYMENT, deal.payments[0])


def assign_refund(desk: Desk, deal: Deal) -> None:
    """Somebody tells Tieout that the refund receipt belongs to the payment of the deal's invoice."""
    [refund] = [id_ for entity, id_ in deal.documents if entity == "RefundReceipt"]
    desk.confirm(refund, f"payment:{_payment_of(desk, deal)}")
