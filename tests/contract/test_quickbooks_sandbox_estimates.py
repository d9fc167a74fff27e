"""Estimates in the QuickBooks sandbox: promises that are in no books, and what invoices may be made from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor


@pytest.fixture
def visitor() -> Visitor:
    found = Visitor(QuickBooksSandbox(QuickBooksConfig(custom_fields=("Order",))))
    found.create("Customer", DisplayName="Globex")
    return found


def line(amount: str = "40.00") -> dict[str, Any]:
    detail = {"ItemRef": {"value": "1"}, "Qty": 1, "UnitPrice": Decimal(amount)}
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def estimate(visitor: Visitor, **fields: Any) -> dict[str, Any]:
    return visitor.create("Estimate", CustomerRef={"value": "1"}, Line=[line()], **fields)


def test_an_estimate_has_a_total_a_number_and_a_status_and_is_in_no_books(visitor: Visitor) -> None:
    before = visitor.books()
    made = estimate(visitor)
    assert (made["TotalAmt"], made["TxnStatus"]) == (Decimal("40.00"), "Pending")
    assert made["DocNumber"]
    assert visitor.books() == before


def test_a_query_finds_it_with_its_custom_fields(visitor: Visitor) -> None:
    made = estimate(visitor, CustomField=[{"DefinitionId": "1", "Type": "StringType", "StringValue": "SO-1"}])
    [found] = visitor.query("select * from Estimate")["Estimate"]
    assert found["Id"] == made["Id"]
    assert found["CustomField"][0]["StringValue"] == "SO-1"


def test_an_invoice_is_made_from_it(visitor: Visitor) -> None:
    links = [{"TxnId": estimate(visitor)["Id"], "TxnType": "Estimate"}]
    made = visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[line()], LinkedTxn=links)
    assert made["LinkedTxn"] == links


@pytest.mark.parametrize("status", ["Closed", "Rejected"])
def test_only_what_is_open_can_be_linked(visitor: Visitor, status: str) -> None:
    links = [{"TxnId": estimate(visitor, TxnStatus=status)["Id"], "TxnType": "Estimate"}]
    with pytest.raises(RefusedError) as refused:
        visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[line()], LinkedTxn=links)
    assert refused.value.code == "620"


def test_a_link_stays_when_the_estimate_is_closed_later(visitor: Visitor) -> None:
    made = estimate(visitor)
    links = [{"TxnId": made["Id"], "TxnType": "Estimate"}]
    invoice = visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[line()], LinkedTxn=links)
    visitor.change("Estimate", made, TxnStatus="Closed")
    assert visitor.change("Invoice", invoice, DueDate="2026-12-31")["LinkedTxn"] == links


def test_another_status_is_refused(visitor: Visitor) -> None:
    with pytest.raises(RefusedError) as refused:
        estimate(visitor, TxnStatus="Maybe")
    assert refused.value.code == "2170"
