"""Payments and other documents between QuickBooks' JSON and the domain: the exact bodies, and amounts both ways."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.quickbooks import documents, payments
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import LedgerCompany
from tieout.domain.invoice import ContentLine
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, LedgerDocument, LedgerPayment
from tieout.domain.posting import PostingContent

HOME = LedgerCompany("Acme", "US", "UTC", "USD", False, False, False, False)
ABROAD = replace(HOME, country="GB", multicurrency=True)
TAXING = replace(HOME, uses_sales_tax=True)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


LINE = ContentLine("7", "Onboarding", Decimal(2), Decimal("15.00"), Decimal("30.00"))


def content(document: Document, amount: str = "30.00", **more: Any) -> PostingContent:
    return PostingContent(document, usd(amount), date(2026, 3, 2), "20", **more)


RECEIVED = content(
    Document.PAYMENT,
    "55.00",
    allocations=(Allocation("Invoice", "70", usd("50.00")), Allocation("Invoice", "71", usd("5.00"))),
    account_id="35",
    method_id="3",
    reference="ch_3Q",
    exchange_rate=Decimal("0.7900"),
)


def test_the_body_of_a_payment() -> None:
    assert payments.create_body(RECEIVED, "note", HOME) == (
        '{"CustomerRef":{"value":"20"},"TotalAmt":55.00,"TxnDate":"2026-03-02","PaymentMethodRef":{"value":"3"},'
        '"DepositToAccountRef":{"value":"35"},"PaymentRefNum":"ch_3Q","PrivateNote":"note","ProcessPayment":false,'
        '"Line":[{"Amount":50.00,"LinkedTxn":[{"TxnId":"70","TxnType":"Invoice"}]},'
        '{"Amount":5.00,"LinkedTxn":[{"TxnId":"71","TxnType":"Invoice"}]}]}'
    )


def test_currency_and_rate_are_named_where_there_are_several() -> None:
    body = json.loads(payments.create_body(RECEIVED, "note", ABROAD), parse_float=Decimal)
    assert (body["CurrencyRef"], body["ExchangeRate"]) == ({"value": "USD"}, Decimal("0.7900"))


def test_an_unapplied_payment_has_no_lines_and_an_update_takes_them_away() -> None:
    unapplied = replace(RECEIVED, allocations=())
    assert "Line" not in json.loads(payments.create_body(unapplied, "note", HOME))
    present = LedgerPayment("9", "4", "20", date(2026, 3, 2), usd("55.00"), usd("0"), RECEIVED.allocations, "", False)
    body = json.loads(payments.update_body(present, unapplied, "note", HOME))
    assert (body["Id"], body["SyncToken"], body["sparse"], body["Line"]) == ("9", "4", True, [])
    assert "ProcessPayment" not in body


def test_the_rate_goes_with_another_date_only() -> None:
    present = LedgerPayment("9", "4", "20", date(2026, 3, 2), usd("55.00"), usd("0"), (), "", False)
    assert "ExchangeRate" not in json.loads(payments.update_body(present, RECEIVED, "note", ABROAD))
    moved = replace(present, day=date(2026, 3, 1))
    assert "ExchangeRate" in json.loads(payments.update_body(moved, RECEIVED, "note", ABROAD))
    credit = content(Document.CREDIT_MEMO, lines=(LINE,), exchange_rate=Decimal("0.79"))
    stands = LedgerDocument(Document.CREDIT_MEMO, "9", "4", "20", date(2026, 3, 2), usd("30.00"), "", False)
    assert "ExchangeRate" not in json.loads(documents.update_body(stands, credit, "note", ABROAD))
    stands = replace(stands, day=date(2026, 3, 1))
    assert "ExchangeRate" in json.loads(documents.update_body(stands, credit, "note", ABROAD))


def test_the_body_of_an_application() -> None:
    parts = (Allocation("CreditMemo", "8", usd("30.00")), Allocation("Expense", "9", usd("30.00")))
    body = payments.create_body(content(Document.APPLICATION, "0", allocations=parts), "note", HOME)
    assert body == (
        '{"CustomerRef":{"value":"20"},"TotalAmt":0.00,"TxnDate":"2026-03-02","PrivateNote":"note",'
        '"ProcessPayment":false,"Line":[{"Amount":30.00,"LinkedTxn":[{"TxnId":"8","TxnType":"CreditMemo"}]},'
        '{"Amount":30.00,"LinkedTxn":[{"TxnId":"9","TxnType":"Expense"}]}]}'
    )


def test_the_body_of_a_refund_receipt() -> None:
    refund = content(Document.REFUND_RECEIPT, lines=(LINE,), account_id="35", method_id="3", reference="re_1")
    assert documents.create_body(refund, "note", HOME) == (
        '{"CustomerRef":{"value":"20"},"TxnDate":"2026-03-02","PaymentMethodRef":{"value":"3"},'
        '"DepositToAccountRef":{"value":"35"},"PaymentRefNum":"re_1","PrivateNote":"note","PrintStatus":"NotSet",'
        '"Line":[{"LineNum":1,"Description":"Onboarding","Amount":30.00,"DetailType":"SalesItemLineDetail",'
        '"SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":2,"UnitPrice":15.00}}]}'
    )


def test_the_body_of_a_sales_receipt_and_of_a_credit_memo() -> None:
    for document in (Document.SALES_RECEIPT, Document.CREDIT_MEMO):
        body = json.loads(documents.create_body(content(document, lines=(LINE,), account_id="35"), "note", HOME))
        assert "PrintStatus" not in body
        assert ("DepositToAccountRef" in body) is (document is Document.SALES_RECEIPT)


def test_taxes_are_said_as_on_an_invoice() -> None:
    american = content(Document.CREDIT_MEMO, lines=(replace(LINE, tax_code="TAX"), LINE), tax_code="2")
    body = json.loads(documents.create_body(american, "note", TAXING))
    assert body["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "2"}}
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in body["Line"]]
    assert codes == ["TAX", "NON"]
    british = content(Document.CREDIT_MEMO, lines=(replace(LINE, tax_code="2"),), tax_calculation="TaxExcluded")
    body = json.loads(documents.create_body(british, "note", replace(ABROAD, uses_sales_tax=True)))
    assert (body["GlobalTaxCalculation"], "TxnTaxDetail" in body) == ("TaxExcluded", False)


def test_the_body_of_an_expense_that_pays_a_customer_back() -> None:
    expense = content(Document.EXPENSE, account_id="35", line_account_id="84", reference="re_1")
    assert documents.create_body(expense, "note", HOME) == (
        '{"AccountRef":{"value":"35"},"PaymentType":"Cash","EntityRef":{"value":"20","type":"Customer"},'
        '"TxnDate":"2026-03-02","DocNumber":"re_1","PrivateNote":"note",'
        '"Line":[{"Amount":30.00,"DetailType":"AccountBasedExpenseLineDetail",'
        '"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"84"}}}]}'
    )
    assert json.loads(documents.create_body(expense, "note", ABROAD))["GlobalTaxCalculation"] == "NotApplicable"


def test_an_expenses_line_keeps_what_a_person_put_on_it() -> None:
    line = {
        "Id": "1",
        "Description": "theirs",
        "Amount": Decimal("30.00"),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "13"}, "ClassRef": {"value": "2"}, "TaxAmount": 1},
        "LineEx": {},
    }
    wire = {"Id": "9", "SyncToken": "1", "TxnDate": "2026-03-02", "TotalAmt": 30, "Line": [line]}
    present = documents.read_document(Document.EXPENSE, Node(wire), "USD")
    assert (present.line_account_id, present.customer_id) == ("13", None)
    expense = content(Document.EXPENSE, "31.00", account_id="35", line_account_id="84")
    [sent] = json.loads(documents.update_body(present, expense, "note", HOME), parse_float=Decimal)["Line"]
    assert sent == {
        "Id": "1",
        "Amount": Decimal("31.00"),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "84"}, "ClassRef": {"value": "2"}},
    }


@pytest.mark.parametrize(
    ("document", "body"),
    [
        (Document.SALES_RECEIPT, {"Id": "9", "SyncToken": "4", "sparse": True}),
        (Document.REFUND_RECEIPT, {"Id": "9", "SyncToken": "4"}),
        (Document.CREDIT_MEMO, {"Id": "9", "SyncToken": "4"}),
        (Document.EXPENSE, {"Id": "9", "SyncToken": "4"}),
    ],
)
def test_the_body_of_a_void(document: Document, body: dict[str, object]) -> None:
    present = LedgerDocument(document, "9", "4", "20", date(2026, 3, 2), usd("30.00"), "", False)
    assert json.loads(documents.void_body(present)) == body


def paid(*lines: dict[str, object], **more: object) -> LedgerPayment:
    head = {"Id": "9", "SyncToken": "0", "CustomerRef": {"value": "20"}, "TxnDate": "2026-03-02", "TotalAmt": 80}
    return payments.read_payment(Node({**head, "Line": list(lines), **more}), "USD")


def applied(amount: str, *linked: tuple[str, str]) -> dict[str, object]:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnType": type_, "TxnId": id_} for type_, id_ in linked]}


def test_a_payments_parts_come_once_each_in_one_order_whatever_quickbooks_lines_are_like() -> None:
    one = paid(applied("5", ("Invoice", "10")), applied("7.5", ("CreditMemo", "8")), applied("2", ("Invoice", "9")))
    assert one.allocations == (
        Allocation("CreditMemo", "8", usd("7.50")),
        Allocation("Invoice", "9", usd("2.00")),
        Allocation("Invoice", "10", usd("5.00")),
    )
    both = paid(applied("5", ("Invoice", "10"), ("CreditMemo", "8")), applied("1", ("Invoice", "10")), applied("3"))
    assert both.allocations == (Allocation("CreditMemo", "8", usd("5")), Allocation("Invoice", "10", usd("6")))


def test_what_a_payment_does_not_say_is_not_told() -> None:
    bare = paid()
    assert (bare.unapplied, bare.allocations, bare.private_note) == (usd("0"), (), "")
    assert (bare.deposit_account_id, bare.method_id, bare.reference, bare.updated_at) == (None, None, None, None)
    with pytest.raises(Unreadable):
        paid(TxnDate=None)
    with pytest.raises(Unreadable):
        paid(TotalAmt=None)


def test_a_check_that_waits_to_be_printed_has_no_reference() -> None:
    head = {"Id": "9", "SyncToken": "0", "TxnDate": "2026-03-02", "TotalAmt": 30, "PaymentRefNum": "To Print"}
    assert documents.read_document(Document.REFUND_RECEIPT, Node(head), "USD").reference is None


def test_a_persons_discount_on_a_receipt_shows_as_a_line() -> None:
    lines = [{"DetailType": "DiscountLineDetail", "Amount": 5, "DiscountLineDetail": {"PercentBased": False}}]
    head = {"Id": "9", "SyncToken": "0", "TxnDate": "2026-03-02", "TotalAmt": 25, "Line": lines}
    read = documents.read_document(Document.SALES_RECEIPT, Node(head), "USD")
    assert [(line.item_id, line.amount) for line in read.lines] == [("discount", Decimal(-5))]
    body = json.loads(documents.update_body(read, content(Document.SALES_RECEIPT, lines=(LINE,)), "note", HOME))
    assert [line["DetailType"] for line in body["Line"]] == ["SalesItemLineDetail"]


amounts = st.decimals("0.00", "9999999999.99", places=2)
parts = st.lists(
    st.tuples(st.sampled_from(["Invoice", "CreditMemo", "Expense"]), st.integers(1, 99), amounts), max_size=6
)


@given(amounts, parts)
def test_amounts_of_a_payment_come_back_to_the_cent(total: Decimal, applied_to: list[tuple[str, int, Decimal]]) -> None:
    once = {(type_, id_): amount for type_, id_, amount in applied_to}
    allocations = tuple(Allocation(type_, str(id_), Money(amount, "USD")) for (type_, id_), amount in once.items())
    sent = replace(RECEIVED, amount=Money(total, "USD"), allocations=allocations)
    body = json.loads(payments.create_body(sent, "note", HOME), parse_float=Decimal)
    read = payments.read_payment(Node({**body, "Id": "1", "SyncToken": "0"}), "USD")
    assert (read.total, set(read.allocations)) == (sent.amount, set(allocations))
    assert (read.customer_id, read.day, read.reference) == (sent.customer_id, sent.day, sent.reference)


@given(
    st.sampled_from([Document.SALES_RECEIPT, Document.REFUND_RECEIPT, Document.CREDIT_MEMO]),
    st.lists(amounts, min_size=1, max_size=5),
)
def test_lines_of_a_receipt_come_back_to_the_cent(document: Document, prices: list[Decimal]) -> None:
    lines = tuple(ContentLine(str(at), None, Decimal(1), price, price) for at, price in enumerate(prices, start=1))
    body = documents.create_body(content(document, lines=lines), "note", HOME)
    wire = {**json.loads(body, parse_float=Decimal), "Id": "1", "SyncToken": "0", "TotalAmt": sum(prices)}
    assert documents.read_document(document, Node(wire), "USD").lines == lines
