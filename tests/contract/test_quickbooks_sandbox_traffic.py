"""What proper clients of the QuickBooks sandbox send and get fits Intuit's published schemas and documented rules."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.sandbox.kernel import SandboxTransport
from infra.sandbox.quickbooks import (
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_REALM,
    REFRESH_TOKEN,
    QuickBooksConfig,
    QuickBooksSandbox,
)
from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.quickbooks_traffic_support import violations

STATEMENTS = (
    "select * from Customer where Active in (true, false)",
    "select * from Vendor",
    "select * from Employee",
    "select * from Item",
    "select * from Account",
    "select * from Term",
    "select * from TaxCode",
    "select * from TaxRate",
    "select * from PaymentMethod",
    "select * from Preferences",
    "select * from CompanyInfo",
    "select * from Invoice orderby TxnDate desc startposition 1 maxresults 10",
    "select * from Payment where CustomerRef = '1'",
    "select * from CreditMemo where MetaData.LastUpdatedTime > '2026-01-01T00:00:00Z'",
    "select * from RefundReceipt where TxnDate >= '2026-01-01'",
    "select * from SalesReceipt",
    "select * from Purchase where PaymentType = 'Cash'",
    "select * from Deposit",
    "select * from Transfer",
    "select * from JournalEntry",
    "select * from Invoice where DocNumber = 'none'",
    "select count(*) from Invoice",
)


@pytest.mark.parametrize(
    "settings",
    [
        {"custom_txn_numbers": True},
        {"using_sales_tax": True},
        {"country": "GB", "home_currency": "GBP", "using_sales_tax": True, "multicurrency": True},
    ],
)
def test_a_proper_clients_traffic_is_clean(settings: dict[str, Any], tmp_path: Path) -> None:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    app = QuickBooksSandbox(config)
    visitor = Visitor(app)
    far = config.country != "US"
    money = {"CurrencyRef": {"value": "GBP"}} if config.multicurrency else {}
    tax = {"TaxCodeRef": {"value": "2" if far else "TAX"}} if config.using_sales_tax else {}
    mode = {"GlobalTaxCalculation": "TaxExcluded"} if far else {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    address = {"Line1": "1 Main St", "City": "Reno"}
    customer = visitor.create("Customer", DisplayName="Amy", BillAddr=address, **money)
    visitor.create("Vendor", DisplayName="Stripe")
    visitor.create("Employee", GivenName="Emily", FamilyName="Platt")
    visitor.create("Account", Name="Clearing", AccountType="Bank")
    item = visitor.create("Item", Name="Hour", Type="Service", IncomeAccountRef={"value": "79"})
    sale = {"ItemRef": {"value": item["Id"]}, "Qty": 3, "UnitPrice": 50, **tax}
    lines = [
        {"Amount": 150, "Description": "Work", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": sale},
        {"Description": "Subtotal:", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}},
        {"Amount": 15, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}},
    ]
    reference = {"value": customer["Id"]}
    body = {"CustomerRef": reference, "DocNumber": "HS-1", "Line": lines, "BillEmail": {"Address": "a@b.test"}}
    first = visitor.create("Invoice", **body, **money, **mode)
    first = visitor.change(
        "Invoice", first, PrivateNote="note", CustomField=[{"DefinitionId": "1", "StringValue": "x"}]
    )
    link = {"Amount": 50, "LinkedTxn": [{"TxnId": first["Id"], "TxnType": "Invoice"}]}
    payment = visitor.create("Payment", CustomerRef=reference, TotalAmt=60, Line=[link], **money)
    payment = visitor.change("Payment", payment, PrivateNote="note")
    visitor.write(
        "Payment",
        {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True},
        operation="update",
        include="void",
    )
    visitor.delete("Payment", visitor.create("Payment", CustomerRef=reference, TotalAmt=5, **money))
    if config.multicurrency:
        visitor.call("GET", "exchangerate", sourcecurrencycode="EUR", asofdate="2026-11-24")
    visitor.void("Invoice", visitor.read("Invoice", first["Id"]))
    second = visitor.create("Invoice", **{**body, "DocNumber": "HS-2"}, **money, **mode)
    visitor.call("GET", f"invoice/{second['Id']}/pdf")
    visitor.delete("Invoice", second)
    visitor.call("GET", f"invoice/{second['Id']}")
    for statement in STATEMENTS:
        visitor.query(statement)
    visitor.read("CompanyInfo", DEFAULT_REALM)
    visitor.call("GET", "preferences")
    for rule in ("status_429", "status_500", "status_403", "fault_200", "status_401"):
        app.faults.add({"kind": rule, "times": 1})
        visitor.call("GET", "preferences")
    app.faults.add({"kind": "status_401", "form": "xml", "times": 1})
    visitor.call("GET", "preferences")
    oauth = httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox", auth=(CLIENT_ID, CLIENT_SECRET))
    for _ in range(2):
        form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        oauth.post("/oauth2/v1/tokens/bearer", data=form)
    assert violations(app, tmp_path) == []


@pytest.mark.parametrize(
    "settings",
    [{}, {"custom_txn_numbers": True}, {"country": "GB", "home_currency": "GBP", "using_sales_tax": True}],
)
def test_the_traffic_of_money_in_and_out_is_clean(settings: dict[str, Any], tmp_path: Path) -> None:
    app = QuickBooksSandbox(QuickBooksConfig(requests_per_second=None).with_settings(settings))
    person = Bookkeeper(app)
    far = app.config.country != "US"
    mode = {"GlobalTaxCalculation": "NotApplicable"} if far else {}
    customer = person.create("Customer", DisplayName="Amy")["Id"]
    payee = {"value": person.create("Vendor", DisplayName="Stripe")["Id"], "type": "Vendor"}
    detail = {"ItemRef": {"value": "1"}}
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    made = [person.create("Invoice", CustomerRef={"value": customer}, Line=[line], **mode)["Id"] for _ in range(3)]
    paid = person.receive(customer, Decimal(150), {made[0]: Decimal(100), made[1]: Decimal(20)}, PaymentRefNum="ch_1")
    person.allocate(paid["Id"], {made[0]: Decimal(100)})
    memo = person.credit(customer, Decimal(30), **mode)
    person.apply_credit(memo["Id"], {made[1]: Decimal(30)})
    person.void("CreditMemo", person.read("CreditMemo", memo["Id"]))
    person.delete("RefundReceipt", person.refund(customer, Decimal(10), "35", **mode))
    person.void("SalesReceipt", person.sell_for_cash(customer, Decimal(20), "35", **mode))
    person.sell_for_cash(customer, Decimal(20), "35", **mode)
    person.void("Purchase", person.spend("35", "13", Decimal(3), EntityRef=payee, DocNumber="F1", **mode))
    bill = person.spend("35", "84", Decimal(5), EntityRef={"value": customer, "type": "Customer"}, **mode)
    charge = {"Amount": 5, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Expense"}]}
    person.create("Payment", CustomerRef={"value": customer}, TotalAmt=5, Line=[charge])
    deposit = person.deposit("35", [paid["Id"]], Decimal(4), "13")
    person.call("POST", "payment", {"Id": paid["Id"], "SyncToken": "9", "sparse": True}, requestid="stale")
    person.delete("Deposit", deposit)
    person.void("Transfer", person.transfer("35", "36", Decimal(1)))
    sides = {"Debit": "13", "Credit": "35"}
    entries = [
        {
            "Amount": 1,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
        }
        for side, account in sides.items()
    ]
    person.delete("JournalEntry", person.create("JournalEntry", Line=entries))
    person.merge_customers(customer, person.create("Customer", DisplayName="Amy again")["Id"])
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    person.changes("Invoice,Payment,CreditMemo,RefundReceipt,SalesReceipt,Purchase,Deposit,Transfer,Customer", since)
    person.changes("JournalEntry,Account,PaymentMethod,Vendor,Item", since)
    person.batch(
        {"bId": "1", "operation": "create", "Payment": {"CustomerRef": {"value": customer}, "TotalAmt": 5}},
        {"bId": "2", "operation": "update", "Payment": {"Id": paid["Id"], "SyncToken": "0", "sparse": True}},
        {"bId": "3", "Query": "select * from Payment"},
    )
    for statement in STATEMENTS:
        person.query(statement)
    assert violations(app, tmp_path) == []


def test_what_a_visitor_sends_wrong_on_purpose_is_not_in_the_log() -> None:
    app = QuickBooksSandbox(QuickBooksConfig(requests_per_second=None))
    Visitor(app, wrong_on_purpose=True).call("POST", "customer", {"Nonsense": 1})
    assert list(app.traffic.lines()) == []
    Visitor(app).create("Customer", DisplayName="Amy")
    assert json.loads(next(app.traffic.lines()))["request_headers"]["Authorization"] == "Bearer redacted"
