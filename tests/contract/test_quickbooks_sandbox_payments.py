"""The QuickBooks sandbox applies payments to invoices as Intuit documents it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, refused, sale


def applied(made: dict[str, Any], amount: str) -> dict[str, Any]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}


def pay(visitor: Visitor, total: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    more = {"Line": list(lines)} if lines else {}
    return visitor.create("Payment", CustomerRef={"value": "1"}, TotalAmt=Decimal(total), **more, **fields)


def void(visitor: Visitor, payment: dict[str, Any]) -> dict[str, Any]:
    return visitor.void("Payment", payment)


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


def test_each_line_of_a_payment_says_what_was_open_of_its_invoice() -> None:
    visitor = company()
    made = invoice(visitor)
    [line] = pay(visitor, "40", applied(made, "40"))["Line"]
    facts = {one["value"]["Name"]: one["value"]["Value"] for one in line["LineEx"]["any"]}
    assert facts == {"txnId": made["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": made["DocNumber"]}


def test_a_full_update_without_lines_takes_the_payment_off_everything() -> None:
    visitor = company()
    made = invoice(visitor)
    paid = pay(visitor, "100", applied(made, "100"), PaymentRefNum="ch_1")
    body = {"Id": paid["Id"], "SyncToken": "0", "CustomerRef": {"value": "1"}, "TotalAmt": 100}
    freed = visitor.write("Payment", body)
    assert (freed["UnappliedAmt"], freed["Line"], "PaymentRefNum" in freed) == (100, [], False)
    assert visitor.read("Invoice", made["Id"])["Balance"] == 100


def test_a_payment_that_becomes_smaller_than_what_it_pays_is_refused() -> None:
    visitor = company()
    made = invoice(visitor)
    paid = pay(visitor, "100", applied(made, "100"))
    with refused("6000"):
        visitor.change("Payment", paid, TotalAmt=90)
    less = visitor.change("Payment", paid, TotalAmt=90, Line=[applied(made, "90")])
    assert (less["SyncToken"], visitor.read("Invoice", made["Id"])["Balance"]) == ("1", 10)


def test_a_payment_twice_under_one_request_id_is_one_payment() -> None:
    visitor = company()
    made = invoice(visitor)
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 40, "Line": [applied(made, "40")]}
    first = visitor.write("Payment", body, requestid="p1")
    assert visitor.write("Payment", body, requestid="p1") == first
    assert visitor.read("Invoice", made["Id"])["Balance"] == 60
    with refused("600"):
        visitor.write("Payment", {**body, "TotalAmt": 41}, requestid="p1")


@pytest.mark.parametrize("code", ["6200", "6210"])
def test_closed_books_keep_payments_as_they_are(code: str) -> None:
    visitor = company(closed_period_code=code)
    made = invoice(visitor, TxnDate="2026-10-15")
    old, new = pay(visitor, "10", TxnDate="2026-10-31"), pay(visitor, "10", TxnDate="2026-11-01")
    Bookkeeper(visitor.app).close_books(date(2026, 10, 31))
    with refused(code):
        pay(visitor, "10", TxnDate="2026-10-31")
    with refused(code):
        visitor.change("Payment", new, TxnDate="2026-10-30")
    for attempt in (visitor.change, visitor.void, visitor.delete):
        with refused(code):
            attempt("Payment", old)
    visitor.change("Payment", new, Line=[applied(made, "10")])
    assert visitor.read("Invoice", made["Id"])["Balance"] == 90
    Bookkeeper(visitor.app).close_books(None)
    visitor.delete("Payment", old)


@pytest.mark.parametrize(
    ("entity", "operation", "documented"),
    [
        ("Payment", {"operation": "update", "include": "void"}, True),
        ("Payment", {"operation": "void"}, False),
        ("SalesReceipt", {"operation": "update", "include": "void"}, True),
        ("SalesReceipt", {"operation": "void"}, False),
        ("CreditMemo", {"operation": "void"}, False),
        ("RefundReceipt", {"operation": "void"}, False),
    ],
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_the_api_voids_in_the_documented_form_and_by_setting_in_the_other(
    entity: str, operation: dict[str, str], documented: bool, everywhere: bool
) -> None:
    visitor = company(void_by_operation="everywhere" if everywhere else "where_documented")
    fields: dict[str, Any] = {"Line": [sale("20")], "DepositToAccountRef": {"value": "35"}}
    if entity == "Payment":
        fields = {"TotalAmt": 20}
    made = visitor.create(entity, CustomerRef={"value": "1"}, **fields)
    client = Visitor(visitor.app, access_token=visitor.app.config.access_token)
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    if documented or everywhere:
        assert client.write(entity, body, **operation)["TotalAmt"] == 0
    else:
        with refused("500"):
            client.write(entity, body, **operation)


def test_update_with_include_void_does_not_void_an_invoice() -> None:
    visitor = company()
    made = invoice(visitor)
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert visitor.write("Invoice", body, operation="update", include="void")["TotalAmt"] == 100


def test_a_reference_number_that_is_too_long_is_refused() -> None:
    with refused("2050"):
        pay(company(), "10", PaymentRefNum="c" * 22)
    assert pay(company(payment_ref_max=30), "10", PaymentRefNum="c" * 22)["PaymentRefNum"] == "c" * 22


def test_where_payments_are_applied_by_themselves_the_earliest_invoices_come_first() -> None:
    visitor = company(auto_apply_payments=True)
    late, early = invoice(visitor, DueDate="2026-12-30"), invoice(visitor, DueDate="2026-12-01")
    assert pay(visitor, "130")["UnappliedAmt"] == 0
    assert [visitor.read("Invoice", made["Id"])["Balance"] for made in (late, early)] == [70, 0]


def test_payments_are_found_by_the_time_of_their_last_change_page_by_page() -> None:
    visitor = company()
    old = pay(visitor, "1")
    visitor.app.clock.advance(60)
    made = [pay(visitor, "2") for _ in range(3)]
    changed = visitor.change("Payment", old, PrivateNote="late")
    asked = "select * from Payment where MetaData.LastUpdatedTime > '2026-11-24T18:00:30Z' orderby TotalAmt desc "
    for page, expected in (("startposition 1", made[:2]), ("startposition 3", [made[2], changed])):
        assert visitor.query(f"{asked} {page} maxresults 2")["Payment"] == expected
    assert visitor.query("select count(*) from Payment where CustomerRef = '1'") == {"totalCount": 4}
