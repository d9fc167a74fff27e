"""The QuickBooks sandbox applies payments to invoices as Intuit documents it."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, refused, sale


def applied(made: dict[str, Any], amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}


def pay(visitor: Visitor, total: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    more = {"Line": list(lines)} if lines else {}
    return visitor.create("Payment", CustomerRef={"value": "1"}, TotalAmt=Decimal(total), **more, **fields)


def void(visitor: Visitor, payment: dict[str, Any]) -> dict[str, Any]:
    body = {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True}
    return visitor.write("Payment", body, operation="update", include="void")


def test_a_payment_lowers_the_balance_of_its_invoices_and_shows_on_them() -> None:
    visitor = company()
    one, two = invoice(visitor), invoice(visitor, sale("40"))
    paid = pay(visitor, "130", applied(one, "100"), applied(two, "25"), PaymentRefNum="ch_1")
    assert (paid["UnappliedAmt"], paid["DepositToAccountRef"]) == (5, {"value": "4", "name": "Undeposited Funds"})
    read = visitor.read("Invoice", one["Id"])
    assert (read["Balance"], read["TotalAmt"], read["SyncToken"]) == (0, 100, "1")
    assert read["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert visitor.read("Invoice", two["Id"])["Balance"] == 15
    assert visitor.query("select * from Payment where PaymentRefNum = 'ch_1'")["Payment"][0]["Id"] == paid["Id"]
    with refused("5010"):
        visitor.change("Invoice", one, PrivateNote="stale now")
    with refused("800"):
        visitor.delete("Invoice", read)


def test_a_changed_payment_moves_what_it_applies() -> None:
    visitor = company()
    one, two = invoice(visitor), invoice(visitor)
    paid = pay(visitor, "100", applied(one, "100"))
    again = visitor.change("Payment", paid, PrivateNote="lines stay")
    assert visitor.read("Invoice", one["Id"])["SyncToken"] == "1"
    moved = visitor.change("Payment", again, Line=[applied(two, "60")])
    assert [visitor.read("Invoice", made["Id"])["Balance"] for made in (one, two)] == [100, 40]
    assert moved["UnappliedAmt"] == 40
    freed = visitor.change("Payment", moved, Line=[])
    assert freed["UnappliedAmt"] == 100
    assert visitor.read("Invoice", two["Id"])["LinkedTxn"] == []


@pytest.mark.parametrize("end", ["void", "delete"])
def test_a_payment_that_goes_opens_its_invoice_again(end: str) -> None:
    visitor = company(sparse_lines="merge")
    made = invoice(visitor)
    paid = pay(visitor, "100", applied(made, "100"))
    if end == "void":
        gone = void(visitor, paid)
        assert (gone["TotalAmt"], gone["UnappliedAmt"], gone["PrivateNote"]) == (0, 0, "Voided")
    else:
        visitor.delete("Payment", paid)
    read = visitor.read("Invoice", made["Id"])
    assert (read["Balance"], read["LinkedTxn"], read["SyncToken"]) == (100, [], "2")


def test_an_invoice_that_is_voided_leaves_its_payment_as_a_credit() -> None:
    visitor = company()
    made = invoice(visitor)
    paid = pay(visitor, "100", applied(made, "100"))
    visitor.void("Invoice", visitor.read("Invoice", made["Id"]))
    credit = visitor.read("Payment", paid["Id"])
    assert (credit["TotalAmt"], credit["UnappliedAmt"], credit["SyncToken"]) == (100, 100, "1")


def test_an_invoice_that_changes_after_its_payment_keeps_what_was_paid() -> None:
    visitor = company()
    made = invoice(visitor)
    paid = pay(visitor, "80", applied(made, "80"))
    less = visitor.change("Invoice", visitor.read("Invoice", made["Id"]), Line=[sale("60")])
    assert (less["Balance"], visitor.read("Payment", paid["Id"])["UnappliedAmt"]) == (0, 20)
    more = visitor.change("Invoice", less, Line=[sale("100")])
    assert (more["Balance"], more["LinkedTxn"][0]["TxnId"]) == (40, paid["Id"])


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("2020", {"Line": [{"LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}),
        ("2020", {"Line": [{"Amount": 5}]}),
        ("620", {"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "99", "TxnType": "Invoice"}]}]}),
        ("6000", {"Line": [{"Amount": 101, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}),
        ("6000", {"Line": [{"Amount": -1, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}),
        ("6000", {"TotalAmt": 20, "Line": [{"Amount": 30, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}),
        ("6000", {"TotalAmt": -20}),
        ("6000", {"DepositToAccountRef": {"value": "1"}}),
    ],
)
def test_what_is_wrong_with_a_payment_has_its_code_and_leaves_the_invoice_alone(
    code: str, fields: dict[str, Any]
) -> None:
    visitor = company()
    made = invoice(visitor)
    assert made["Id"] == "1"
    with refused(code):
        visitor.create("Payment", **{"CustomerRef": {"value": "1"}, "TotalAmt": 200, **fields})
    assert visitor.read("Invoice", "1") == made


def test_a_payment_of_another_customer_is_refused() -> None:
    visitor = company()
    made = invoice(visitor)
    other = visitor.create("Customer", DisplayName="Jo")
    with refused("6000"):
        visitor.create("Payment", CustomerRef={"value": other["Id"]}, TotalAmt=100, Line=[applied(made, "100")])


def test_a_payment_is_in_the_currency_of_its_customer() -> None:
    visitor = company(multicurrency=True)
    euro = visitor.create("Customer", DisplayName="Jo", CurrencyRef={"value": "EUR"})
    head = {"CustomerRef": {"value": euro["Id"]}, "CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.1")}
    made = visitor.create("Invoice", Line=[sale("100")], **head)
    visitor.create("Payment", TotalAmt=30, Line=[applied(made, "30")], **head)
    read = visitor.read("Invoice", made["Id"])
    assert (read["Balance"], read["HomeBalance"]) == (70, 77)
