"""What a bookkeeper does with money in a company: receive, allocate, credit, refund, deposit, close the books."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks import merging
from infra.sandbox.quickbooks.operations import JOINED
from infra.sandbox.quickbooks.visitor import Visitor

Amounts = Mapping[str, Decimal]  # by id of an invoice or a credit memo
SERVICES = "1"


class Bookkeeper(Visitor):
    """A visitor with a bookkeeper's verbs. Documents are named by id and read anew before they are changed; amounts
    are in the customer's currency. What comes back is the document as answered."""

    def receive(self, customer: str, amount: Decimal, on: Amounts | None = None, **fields: Any) -> dict[str, Any]:
        """A payment, allocated to invoices (by id) as far as `on` says; the rest stays unapplied."""
        lines = {"Line": _lines("Invoice", on)} if on else {}
        return self.create("Payment", TotalAmt=amount, **lines, **self._whose(customer), **fields)

    def allocate(self, payment: str, on: Amounts, amount: Decimal | None = None) -> dict[str, Any]:
        """Allocates a payment anew, to these invoices alone, and changes its amount where one is given."""
        total = {} if amount is None else {"TotalAmt": amount}
        return self.change("Payment", self.read("Payment", payment), Line=_lines("Invoice", on), **total)

    def unapply(self, payment: str) -> dict[str, Any]:
        """Takes a payment off everything; it becomes a credit."""
        return self.allocate(payment, {})

    def void_payment(self, payment: str) -> dict[str, Any]:
        """Voids a payment."""
        return self.void("Payment", self.read("Payment", payment))

    def delete_payment(self, payment: str) -> dict[str, Any]:
        """Deletes a payment."""
        return self.delete("Payment", self.read("Payment", payment))

    def credit(self, customer: str, amount: Decimal, item: str = SERVICES, **fields: Any) -> dict[str, Any]:
        """A credit memo with one line."""
        return self.create("CreditMemo", Line=[_sale(amount, item)], **self._whose(customer), **fields)

    def apply_credit(self, memo: str, on: Amounts) -> dict[str, Any]:
        """Pays invoices from a credit memo: the payment of 0 that QuickBooks makes for it."""
        customer = self.read("CreditMemo", memo)["CustomerRef"]["value"]
        lines = [*_lines("Invoice", on), *_lines("CreditMemo", {memo: sum(on.values(), Decimal(0))})]
        note = {"PrivateNote": JOINED}
        return self.create("Payment", TotalAmt=Decimal(0), Line=lines, **self._whose(customer), **note)

    def refund(
        self, customer: str, amount: Decimal, account: str, item: str = SERVICES, **fields: Any
    ) -> dict[str, Any]:
        """A refund receipt, paid from the account."""
        return self._receipt("RefundReceipt", customer, amount, account, item, **fields)

    def sell_for_cash(
        self, customer: str, amount: Decimal, account: str, item: str = SERVICES, **fields: Any
    ) -> dict[str, Any]:
        """A sales receipt, paid to the account."""
        return self._receipt("SalesReceipt", customer, amount, account, item, **fields)

    def _receipt(
        self, kind: str, customer: str, amount: Decimal, account: str, item: str, **fields: Any
    ) -> dict[str, Any]:
        to = {"DepositToAccountRef": {"value": account}}
        return self.create(kind, Line=[_sale(amount, item)], **to, **self._whose(customer), **fields)

    def deposit(self, bank: str, payments: list[str], fees: Decimal = Decimal(0), account: str = "") -> dict[str, Any]:
        """Brings payments from Undeposited Funds to the bank, less fees on an expense account."""
        lines: list[dict[str, Any]] = [self._deposited(payment) for payment in payments]
        if fees:
            detail = {"AccountRef": {"value": account}}
            lines.append({"Amount": -fees, "DetailType": "DepositLineDetail", "DepositLineDetail": detail})
        return self.create("Deposit", DepositToAccountRef={"value": bank}, Line=lines, **self._home())

    def _deposited(self, payment: str) -> dict[str, Any]:
        link = {"TxnId": payment, "TxnType": "Payment", "TxnLineId": "0"}
        return {"Amount": self.read("Payment", payment)["TotalAmt"], "LinkedTxn": [link]}

    def spend(self, account: str, on: str, amount: Decimal, **fields: Any) -> dict[str, Any]:
        """An expense paid from one account and booked on another."""
        detail = {"AccountRef": {"value": on}}
        kind = "AccountBasedExpenseLineDetail"
        head = {"AccountRef": {"value": account}, "PaymentType": "Cash", **self._home()}
        return self.create("Purchase", Line=[{"Amount": amount, "DetailType": kind, kind: detail}], **head, **fields)

    def transfer(self, from_account: str, to_account: str, amount: Decimal, **fields: Any) -> dict[str, Any]:
        """Moves money between two accounts, as a payout does."""
        accounts = {"FromAccountRef": {"value": from_account}, "ToAccountRef": {"value": to_account}}
        return self.create("Transfer", Amount=amount, **accounts, **{**self._home(), **fields})

    def close_books(self, through: date | None) -> None:
        """Closes the books through a day, or opens them (None), as the settings page does."""
        with self.app.lock:
            company = self.app.store[self.realm]
            company.prefer("AccountingInfoPrefs", "BookCloseDate", through and through.isoformat())

    def merge_customers(self, kept: str, gone: str) -> None:
        """Makes one customer of two: what was the one's is the other's, and the one is no more."""
        with self.app.lock:
            merging.merge_customers(self.app.store[self.realm], kept, gone)

    def _whose(self, customer: str) -> dict[str, Any]:
        reference = {"CustomerRef": {"value": customer}}
        currency = self.read("Customer", customer).get("CurrencyRef")
        return {**reference, "CurrencyRef": {"value": currency["value"]}} if currency else reference

    def _home(self) -> dict[str, Any]:
        company = self.app.store[self.realm]
        return {"CurrencyRef": {"value": company.home_currency}} if company.multicurrency else {}


def _lines(kind: str, amounts: Amounts) -> list[dict[str, Any]]:
    return [{"Amount": amount, "LinkedTxn": [{"TxnId": id_, "TxnType": kind}]} for id_, amount in amounts.items()]


def _sale(amount: Decimal, item: str) -> dict[str, Any]:
    detail = {"ItemRef": {"value": item}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
