"""The QuickBooks sandbox posts every document to its general ledger, and the ledger is always in balance."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from infra.sandbox.quickbooks.visitor import RefusedError, Visitor
from tests.contract.test_quickbooks_sandbox_banking import deposit, direct, expense, on_deposit
from tests.contract.test_quickbooks_sandbox_credits import used
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, sale
from tests.contract.test_quickbooks_sandbox_payments import applied, pay

AMOUNTS = st.decimals("0.01", "200", places=2).map(str)
KINDS = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Payment", "Purchase", "Deposit", "Transfer")
FORM = {"CustomerRef": {"value": "1"}, "DepositToAccountRef": {"value": "35"}}


def test_a_sale_its_payment_its_fee_and_its_payout_clear_the_clearing_account() -> None:
    visitor = company()
    clearing = visitor.create("Account", Name="Stripe clearing", AccountType="Bank")["Id"]
    to_clearing = {"DepositToAccountRef": {"value": clearing}}
    made = invoice(visitor)
    pay(visitor, "100", applied(made, "100"), **to_clearing)
    visitor.create("RefundReceipt", CustomerRef={"value": "1"}, Line=[sale("20")], **to_clearing)
    visitor.create("Purchase", **expense("3.20", AccountRef={"value": clearing}))
    assert visitor.account_balance(clearing) == Decimal("76.80")
    visitor.create(
        "Transfer", FromAccountRef={"value": clearing}, ToAccountRef={"value": "35"}, Amount=Decimal("76.80")
    )
    assert visitor.books() == {"Bank Charges": Decimal("3.20"), "Checking": Decimal("76.80"), "Services": -80}


def test_tax_discount_and_deposit_of_an_invoice_have_accounts_of_their_own() -> None:
    visitor = company(using_sales_tax=True)
    off = {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    taxed = sale("100", TaxCodeRef={"value": "TAX"})
    code = {"TxnTaxCodeRef": {"value": "2"}}
    visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[taxed, off], TxnTaxDetail=code, Deposit=30)
    assert visitor.books() == {
        "Accounts Receivable (A/R)": 68,
        "Undeposited Funds": 30,
        "Discounts given": 10,
        "Services": -100,
        "Sales Tax Payable": -8,
    }


def test_a_foreign_account_shows_its_own_currency_and_the_books_are_in_home_currency() -> None:
    visitor = company(multicurrency=True)
    euro = {"CurrencyRef": {"value": "EUR"}}
    customer = visitor.create("Customer", DisplayName="Jo", **euro)
    bank = visitor.create("Account", Name="Euro clearing", AccountType="Bank", **euro)
    head = {"CustomerRef": {"value": customer["Id"]}, "ExchangeRate": Decimal("1.1"), **euro}
    visitor.create("Payment", TotalAmt=50, DepositToAccountRef={"value": bank["Id"]}, **head)
    assert visitor.account_balance(bank["Id"]) == 50
    assert visitor.read("Customer", customer["Id"])["Balance"] == -50
    assert visitor.books() == {"Euro clearing": 55, "Accounts Receivable (A/R)": -55}
    dollars = {"CurrencyRef": {"value": "USD"}, "DepositToAccountRef": {"value": bank["Id"]}}
    with pytest.raises(RefusedError, match="another currency"):
        visitor.create("Payment", CustomerRef={"value": "1"}, TotalAmt=5, **dollars)


class Books(RuleBasedStateMachine):
    """A bookkeeper does this and that; what is refused leaves everything as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.visitor: Visitor = company()

    def attempt(self, *action: Any, **fields: Any) -> None:
        do, *arguments = action
        with contextlib.suppress(RefusedError):
            do(*arguments, **fields)

    def some(self, data: st.DataObject, kind: str) -> dict[str, Any] | None:
        rows = list(self.visitor.app.company.all(kind))
        return data.draw(st.sampled_from(rows)) if rows else None

    @rule(kind=st.sampled_from(KINDS[:4]), amount=AMOUNTS)
    def sells(self, kind: str, amount: str) -> None:
        form = {key: value for key, value in FORM.items() if kind.endswith("Receipt") or key == "CustomerRef"}
        self.visitor.create(kind, Line=[sale(amount)], **form)

    @rule(data=st.data(), total=AMOUNTS, on_invoice=AMOUNTS, of_credit=AMOUNTS)
    def receives(self, data: st.DataObject, total: str, on_invoice: str, of_credit: str) -> None:
        made, memo = self.some(data, "Invoice"), self.some(data, "CreditMemo")
        lines = [applied(made, on_invoice)] if made else []
        lines += [used(memo, of_credit)] if memo and data.draw(st.booleans()) else []
        self.attempt(pay, self.visitor, total, *lines)

    @rule(amount=AMOUNTS, account=st.sampled_from(["13", "84", "79"]))
    def spends(self, amount: str, account: str) -> None:
        payee = {"value": "1", "type": "Customer"}
        self.visitor.create("Purchase", **expense(amount, account, EntityRef=payee))

    @rule(data=st.data(), fee=AMOUNTS)
    def deposits(self, data: st.DataObject, fee: str) -> None:
        paid = self.some(data, "Payment")
        if paid:
            self.attempt(deposit, self.visitor, on_deposit(paid), direct(f"-{fee}"))

    @rule(amount=AMOUNTS)
    def transfers(self, amount: str) -> None:
        accounts = {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}}
        self.visitor.create("Transfer", Amount=Decimal(amount), **accounts)

    @rule(data=st.data(), kind=st.sampled_from(KINDS), end=st.sampled_from(["void", "delete"]))
    def ends(self, data: st.DataObject, kind: str, end: str) -> None:
        current = self.some(data, kind)
        if current:
            self.attempt(getattr(self.visitor, end), kind, current)

    @rule(data=st.data(), kind=st.sampled_from(KINDS[:4]), amount=AMOUNTS)
    def changes_a_form(self, data: st.DataObject, kind: str, amount: str) -> None:
        current = self.some(data, kind)
        if current:
            self.attempt(self.visitor.change, kind, current, Line=[sale(amount)])

    @rule(data=st.data(), total=AMOUNTS)
    def changes_a_payment(self, data: st.DataObject, total: str) -> None:
        current = self.some(data, "Payment")
        if current:
            self.attempt(self.visitor.change, "Payment", current, TotalAmt=Decimal(total))

    @invariant()
    def the_books_are_in_balance(self) -> None:
        assert sum(self.visitor.books().values()) == 0

    @invariant()
    def the_receivable_is_what_is_open(self) -> None:
        everything = self.visitor.app.company
        open_invoices = sum(one["Balance"] for one in everything.all("Invoice"))
        granted = sum(one["RemainingCredit"] for one in everything.all("CreditMemo"))
        unapplied = sum(one["UnappliedAmt"] for one in everything.all("Payment"))
        charged = sum(
            line["Amount"]
            for one in everything.all("Purchase")
            for line in one["Line"]
            if line["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == "84"
        )
        owed = open_invoices + charged - granted - unapplied
        assert everything.open_balance("1") == owed == self.visitor.books().get("Accounts Receivable (A/R)", 0)

    @invariant()
    def every_payment_names_what_names_it(self) -> None:
        everything = self.visitor.app.company
        there = {
            (paid["Id"], link["TxnId"])
            for paid in everything.all("Payment")
            for line in paid["Line"]
            for link in line["LinkedTxn"]
        }
        back = {
            (link["TxnId"], one["Id"])
            for kind in ("Invoice", "CreditMemo", "Purchase")
            for one in everything.all(kind)
            for link in one["LinkedTxn"]
            if link["TxnType"] == "Payment"
        }
        assert there == back
        assert all(one["Balance"] >= 0 for kind in KINDS[:2] for one in everything.all(kind))


TestBooks = Books.TestCase
# Shrinking a history of documents takes minutes and tells little more than the history itself.
TestBooks.settings = settings(max_examples=40, stateful_step_count=30, phases=(Phase.reuse, Phase.generate))
