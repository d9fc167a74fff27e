"""The QuickBooks sandbox keeps Intuit's rules for sales receipts, refund receipts and credit memos as forms."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, refused, sale

KINDS = ("SalesReceipt", "RefundReceipt", "CreditMemo")


def form(visitor: Visitor, kind: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    head = {"CustomerRef": {"value": "1"}, "DepositToAccountRef": {"value": "35"}, **fields}
    return visitor.create(kind, Line=list(lines or [sale("100")]), **head)


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_is_completed_numbered_marked_and_found(kind: str) -> None:
    visitor = company()
    method = {"PaymentMethodRef": {"value": "3"}, "PaymentRefNum": "ch_1"} if kind != "CreditMemo" else {}
    made = form(visitor, kind, sale("20", "2", "10"), PrivateNote="tieout:c/refund/5/1", **method)
    assert (made["TotalAmt"], made["DocNumber"], made["SyncToken"]) == (20, "1001", "0")
    assert [line["DetailType"] for line in made["Line"]] == ["SalesItemLineDetail", "SubTotalLineDetail"]
    assert (made["PrivateNote"], made.get("PaymentMethodRef", {}).get("name", "Credit Card")) == (
        "tieout:c/refund/5/1",
        "Credit Card",
    )
    statement = f"select * from {kind} where CustomerRef = '1' and TxnDate = '2026-11-24'"  # noqa: S608
    assert visitor.query(statement)[kind] == [made]
    again = visitor.change(kind, made, PrivateNote="other")
    assert (again["Line"], again["SyncToken"], again["PrivateNote"]) == (made["Line"], "1", "other")
    visitor.delete(kind, again)
    with refused("610"):
        visitor.read(kind, made["Id"])
    assert visitor.books() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_the_company_gives_itself_are_unique_in_their_kind(kind: str) -> None:
    visitor = company(custom_txn_numbers=True)
    held = form(visitor, kind, DocNumber="RF-1")
    with refused("6140"):
        form(visitor, kind, DocNumber="RF-1")
    assert "DocNumber" not in form(visitor, kind)
    assert form(visitor, "Invoice", DocNumber="RF-1")["DocNumber"] == held["DocNumber"]


def test_a_refund_names_the_account_that_it_is_paid_from() -> None:
    visitor = company()
    with refused("2020"):
        visitor.create("RefundReceipt", CustomerRef={"value": "1"}, Line=[sale("5")])
    for account in ("13", "41", "84"):
        with refused("6000"):
            form(visitor, "RefundReceipt", DepositToAccountRef={"value": account})
    form(visitor, "RefundReceipt", sale("5"))
    assert visitor.account_balance("35") == -5
    assert visitor.read("Customer", "1")["Balance"] == 0


def test_receipts_need_no_customer() -> None:
    visitor = company()
    for kind in ("SalesReceipt", "RefundReceipt"):
        made = visitor.create(kind, Line=[sale("5")], DepositToAccountRef={"value": "35"})
        assert "CustomerRef" not in made


def test_a_refund_gives_back_the_tax_of_the_sale() -> None:
    visitor = company(using_sales_tax=True)
    taxed = sale("50", TaxCodeRef={"value": "TAX"})
    fields = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    form(visitor, "SalesReceipt", taxed, **fields)
    assert form(visitor, "RefundReceipt", taxed, **fields)["TotalAmt"] == Decimal(54)
    assert visitor.books() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_locations_and_classes_must_exist(kind: str) -> None:
    visitor = company()
    place = visitor.create("Department", Name="Reno")["Id"]
    assert form(visitor, kind, DepartmentRef={"value": place})["DepartmentRef"]["name"] == "Reno"
    with refused("2500"):
        form(visitor, kind, DepartmentRef={"value": "9"})
    with refused("2500"):
        form(visitor, kind, sale("5", ClassRef={"value": "9"}))


@pytest.mark.parametrize("kind", KINDS)
def test_closed_books_refuse_the_form(kind: str) -> None:
    visitor = company(book_close_date="2026-10-31")
    with refused("6210"):
        form(visitor, kind, TxnDate="2026-10-31")
    made = form(visitor, kind, TxnDate="2026-11-01")
    with refused("6210"):
        visitor.change(kind, made, TxnDate="2026-10-31")


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_can_be_mailed_and_printed(kind: str) -> None:
    visitor = company()
    made = form(visitor, kind)
    response = visitor.call("POST", f"{kind.lower()}/{made['Id']}/send", sendTo="a@b.test")
    assert response.json()[kind]["EmailStatus"] == "EmailSent"
    assert visitor.call("GET", f"{kind.lower()}/{made['Id']}/pdf").content.startswith(b"%PDF")


def test_a_form_twice_under_one_request_id_is_one_form() -> None:
    visitor = company()
    body = {"CustomerRef": {"value": "1"}, "Line": [sale("5")], "DepositToAccountRef": {"value": "35"}}
    for kind in KINDS:
        first = visitor.write(kind, body, requestid=kind)
        assert visitor.write(kind, body, requestid=kind) == first
    assert visitor.account_balance("35") == 0
