"""The QuickBooks sandbox joins payments, credit memos and charges as Intuit documents it."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, refused, sale
from tests.contract.test_quickbooks_sandbox_payments import applied, pay


def credit(visitor: Visitor, amount: str = "100") -> dict[str, Any]:
    return visitor.create("CreditMemo", CustomerRef={"value": "1"}, Line=[sale(amount)])


def used(memo: dict[str, Any], amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]}


def balances(visitor: Visitor, *documents: dict[str, Any]) -> list[Decimal]:
    """What is open of an invoice or a credit memo."""
    kinds = ["CreditMemo" if "RemainingCredit" in document else "Invoice" for document in documents]
    return [visitor.read(kind, document["Id"])["Balance"] for kind, document in zip(kinds, documents, strict=True)]


def test_a_credit_memo_waits_as_a_credit_of_its_customer() -> None:
    visitor = company()
    memo = credit(visitor, "30")
    assert (memo["TotalAmt"], memo["Balance"], memo["RemainingCredit"], memo["DocNumber"]) == (30, 30, 30, "1001")
    invoice(visitor)
    assert visitor.read("Customer", "1")["Balance"] == 70


def test_a_payment_of_nothing_links_a_credit_memo_with_an_invoice() -> None:
    visitor = company()
    made, memo = invoice(visitor), credit(visitor, "30")
    link = pay(visitor, "0", applied(made, "30"), used(memo, "30"))
    assert (link["TotalAmt"], link["UnappliedAmt"]) == (0, 0)
    assert balances(visitor, made, memo) == [70, 0]
    read = visitor.read("CreditMemo", memo["Id"])
    assert (read["RemainingCredit"], read["SyncToken"]) == (0, "1")
    assert read["LinkedTxn"] == visitor.read("Invoice", made["Id"])["LinkedTxn"]
    with refused("800"):
        visitor.delete("CreditMemo", read)
    visitor.delete("Payment", link)
    assert balances(visitor, made, memo) == [100, 30]


def test_a_payment_and_a_credit_pay_an_invoice_together() -> None:
    visitor = company()
    made, memo = invoice(visitor), credit(visitor, "30")
    paid = pay(visitor, "75", applied(made, "100"), used(memo, "30"))
    assert paid["UnappliedAmt"] == 5
    assert balances(visitor, made, memo) == [0, 0]
    assert visitor.read("Customer", "1")["Balance"] == -5


@pytest.mark.parametrize(
    ("total", "on_invoice", "from_credit"),
    [("0", "31", "30"), ("0", "20", "30"), ("0", "31", "31"), ("10", "101", "30")],
)
def test_credits_and_charges_that_do_not_match_are_refused(total: str, on_invoice: str, from_credit: str) -> None:
    visitor = company()
    made, memo = invoice(visitor), credit(visitor, "30")
    with refused("6000"):
        pay(visitor, total, applied(made, on_invoice), used(memo, from_credit))
    assert balances(visitor, made, memo) == [100, 30]


def test_one_line_with_two_links_is_refused_unless_the_setting_reads_it_as_two() -> None:
    for several, expected in ((False, [100, 30]), (True, [70, 0])):
        visitor = company(payment_line_links="several" if several else "one")
        made, memo = invoice(visitor), credit(visitor, "30")
        line = applied(made, "30")
        line["LinkedTxn"] += used(memo, "30")["LinkedTxn"]
        if several:
            assert len(pay(visitor, "0", line)["Line"]) == 2
        else:
            with refused("6000"):
                pay(visitor, "0", line)
        assert balances(visitor, made, memo) == expected


def test_a_credit_memo_that_is_voided_by_a_person_opens_what_it_had_paid() -> None:
    visitor = company()
    made, memo = invoice(visitor), credit(visitor, "30")
    link = pay(visitor, "0", applied(made, "30"), used(memo, "30"))
    voided = visitor.void("CreditMemo", visitor.read("CreditMemo", memo["Id"]))
    assert (voided["TotalAmt"], voided["RemainingCredit"], voided["PrivateNote"]) == (0, 0, "Voided")
    assert balances(visitor, made) == [100]
    assert visitor.read("Payment", link["Id"])["Line"] == []
    assert visitor.read("Customer", "1")["Balance"] == 100


def test_an_invoice_that_is_voided_gives_back_the_credit_it_used() -> None:
    visitor = company()
    made, other, memo = invoice(visitor), invoice(visitor), credit(visitor, "30")
    pay(visitor, "100", applied(made, "100"), applied(other, "30"), used(memo, "30"))
    visitor.void("Invoice", visitor.read("Invoice", made["Id"]))
    assert balances(visitor, other, memo) == [70, 0]
    visitor.void("Invoice", visitor.read("Invoice", other["Id"]))
    assert balances(visitor, memo) == [30]
    assert visitor.read("Customer", "1")["Balance"] == -130


def test_a_credit_memo_that_shrinks_pays_less() -> None:
    visitor = company()
    made, memo = invoice(visitor), credit(visitor, "30")
    pay(visitor, "50", applied(made, "80"), used(memo, "30"))
    less = visitor.change("CreditMemo", visitor.read("CreditMemo", memo["Id"]), Line=[sale("10")])
    assert (less["TotalAmt"], less["RemainingCredit"]) == (10, 0)
    assert balances(visitor, made) == [40]
