"""A bookkeeper receives, allocates, credits, refunds and merges in the QuickBooks sandbox, and the books follow."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import RefusedError
from tests.contract.test_quickbooks_sandbox_credits import balances
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, sale

BANK, FEES = "35", "13"


def bookkeeper(**settings: Any) -> Bookkeeper:
    return Bookkeeper(company(**settings).app)


def test_money_is_received_over_several_invoices_allocated_anew_and_taken_off() -> None:
    person = bookkeeper()
    one, two = invoice(person), invoice(person)
    paid = person.receive("1", Decimal(120), {one["Id"]: Decimal(100), two["Id"]: Decimal(20)})
    assert balances(person, one, two) == [0, 80]
    person.allocate(paid["Id"], {two["Id"]: Decimal(90)}, amount=Decimal(90))
    assert balances(person, one, two) == [100, 10]
    assert person.unapply(paid["Id"])["UnappliedAmt"] == 90
    assert person.void_payment(paid["Id"])["TotalAmt"] == 0
    person.delete_payment(person.receive("1", Decimal(5))["Id"])
    assert person.read("Customer", "1")["Balance"] == 200


def test_a_credit_pays_an_invoice_and_a_refund_leaves_it_alone() -> None:
    person = bookkeeper()
    made = invoice(person)
    memo = person.credit("1", Decimal(30))
    joined = person.apply_credit(memo["Id"], {made["Id"]: Decimal(30)})
    assert (joined["TotalAmt"], joined["PrivateNote"][:24]) == (0, "Created by QB Online to ")
    person.refund("1", Decimal(10), BANK)
    person.sell_for_cash("1", Decimal(25), BANK)
    assert balances(person, made, memo) == [70, 0]
    assert person.books() == {"Accounts Receivable (A/R)": 70, "Services": -85, "Checking": 15}


def test_payments_are_deposited_less_fees_and_paid_out() -> None:
    person = bookkeeper()
    paid = [person.receive("1", Decimal(amount))["Id"] for amount in (60, 40)]
    person.deposit(BANK, paid, Decimal(3), FEES)
    person.spend(BANK, FEES, Decimal(2))
    person.transfer(BANK, "36", Decimal(95))
    assert person.books() == {"Bank Charges": 5, "Savings": 95, "Accounts Receivable (A/R)": -100}
    with pytest.raises(RefusedError, match=r"^6540 "):
        person.allocate(paid[0], {})


def test_the_verbs_work_in_the_currency_of_the_customer() -> None:
    person = bookkeeper(multicurrency=True)
    euro = person.create("Customer", DisplayName="Jo", CurrencyRef={"value": "EUR"})["Id"]
    paid = person.receive(euro, Decimal(10), ExchangeRate=Decimal("1.1"))
    assert (paid["CurrencyRef"]["value"], paid["ExchangeRate"]) == ("EUR", Decimal("1.1"))
    assert person.transfer(BANK, "36", Decimal(1))["CurrencyRef"]["value"] == "USD"


def test_two_customers_that_are_merged_are_one() -> None:
    person = bookkeeper()
    invoice(person)
    other = person.create("Customer", DisplayName="Amy again")["Id"]
    made = person.create("Invoice", CustomerRef={"value": other}, Line=[sale("100")])
    person.spend(BANK, "84", Decimal(7), EntityRef={"value": other, "type": "Customer"})
    person.merge_customers("1", other)
    assert person.read("Invoice", made["Id"])["CustomerRef"] == {"value": "1", "name": "Amy's Bird Sanctuary"}
    assert person.read("Customer", "1")["Balance"] == 207
    with pytest.raises(RefusedError, match="has been made inactive"):
        person.read("Customer", other)
    person.create("Customer", DisplayName="Amy again")


def test_where_credits_are_applied_by_themselves_quickbooks_makes_a_payment_of_nothing() -> None:
    person = bookkeeper(auto_apply_credit=True)
    memo = person.credit("1", Decimal(130))
    one, two = invoice(person), invoice(person)
    assert balances(person, one, two, memo) == [0, 70, 0]
    found = person.query("select * from Payment where TotalAmt = '0'")["Payment"]
    assert [paid["PrivateNote"] for paid in found] == ["Created by QB Online to link credits to charges."] * 2
    assert one["Balance"] == 100
