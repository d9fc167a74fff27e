"""The QuickBooks sandbox keeps Intuit's rules for invoices."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor

START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def company(**settings: Any) -> Visitor:
    """A visitor of a new company with one customer (id 1)."""
    visitor = Visitor(QuickBooksSandbox(QuickBooksConfig().with_settings(settings), clock=SandboxClock(START)))
    visitor.create("Customer", DisplayName="Amy's Bird Sanctuary")
    return visitor


def sale(amount: str, qty: str | None = None, price: str | None = None, **detail: Any) -> dict[str, Any]:
    numbers = {key: Decimal(value) for key, value in (("Qty", qty), ("UnitPrice", price)) if value is not None}
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **numbers, **detail},
    }


def invoice(visitor: Visitor, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return visitor.create("Invoice", CustomerRef={"value": "1"}, Line=list(lines or [sale("100")]), **fields)


def refused(code: str) -> Any:
    return pytest.raises(RefusedError, match=rf"^{code} ")


def test_a_minimal_invoice_is_completed_as_intuit_shows_it() -> None:
    made = invoice(company())
    assert [line["DetailType"] for line in made["Line"]] == ["SalesItemLineDetail", "SubTotalLineDetail"]
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Services"
    assert (made["TotalAmt"], made["Balance"], made["Line"][1]["Amount"]) == (100, 100, 100)
    assert (made["TxnDate"], made["DueDate"]) == ("2026-11-24", "2026-12-24")
    assert made["CustomerRef"]["name"] == "Amy's Bird Sanctuary"
    assert (made["SyncToken"], made["DocNumber"], made["EmailStatus"]) == ("0", "1001", "NotSet")
    assert made["MetaData"]["CreateTime"] == "2026-11-24T10:00:00-08:00"


def test_a_missing_customer_and_missing_lines_are_both_named() -> None:
    response = company().call("POST", "invoice", {"PrivateNote": "x"})
    errors = response.json()["Fault"]["Error"]
    assert response.status_code == 400
    assert [error["code"] for error in errors] == ["2020", "2020"]
    assert errors[1]["Detail"] == "Required parameter Line is missing in the request"


def test_an_amount_must_be_quantity_times_price_to_the_cent() -> None:
    visitor = company()
    assert invoice(visitor, sale("33.33", "3", "11.11"))["TotalAmt"] == Decimal("33.33")
    assert invoice(visitor, sale("0.33", "0.333", "1"))["TotalAmt"] == Decimal("0.33")
    with refused("6070"):
        invoice(visitor, sale("33.34", "3", "11.11"))


def test_a_line_without_an_item_loses_its_amount_in_silence() -> None:
    bare = {"Amount": 55, "Description": "Consulting", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    made = invoice(company(), sale("100"), bare)
    assert made["TotalAmt"] == 100
    assert made["Line"][1]["DetailType"] == "DescriptionOnly"
    assert "Amount" not in made["Line"][1]


def test_a_form_of_descriptions_alone_has_no_line() -> None:
    with refused("2020"):
        invoice(company(), {"Description": "only words", "DetailType": "DescriptionOnly"})


def test_an_inline_subtotal_reads_back_with_its_sum() -> None:
    inline = {"Description": "Subtotal:", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}
    made = invoice(company(), sale("10"), sale("5.50"), inline)
    assert made["Line"][2]["Description"] == "Subtotal: 15.50"


@pytest.mark.parametrize(
    ("discount", "total"),
    [
        ({"Amount": 15, "DiscountLineDetail": {"PercentBased": False}}, "135.00"),
        ({"DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}, "135.00"),
    ],
)
def test_one_discount_lowers_the_total(discount: dict[str, Any], total: str) -> None:
    made = invoice(company(), sale("150"), {"DetailType": "DiscountLineDetail", **discount})
    assert made["TotalAmt"] == Decimal(total)
    assert made["Line"][-1]["Amount"] == 15
    assert made["Line"][-1]["DiscountLineDetail"]["DiscountAccountRef"]["value"] == "86"


def test_discounts_need_an_amount_and_permission_and_come_alone() -> None:
    empty = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    ten = {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {"PercentBased": False}}
    with refused("6090"):
        invoice(company(), sale("100"), empty)
    with refused("6000"):
        invoice(company(), sale("100"), ten, ten)
    with refused("6000"):
        invoice(company(allow_discount=False), sale("100"), ten)
    with refused("6000"):
        invoice(company(), sale("5"), ten)


def test_quickbooks_numbers_invoices_itself_unless_told_otherwise() -> None:
    visitor = company()
    assert invoice(visitor, DocNumber="HS-1")["DocNumber"] == "1001"
    assert invoice(visitor)["DocNumber"] == "1002"


def test_with_custom_numbers_null_stays_null_and_auto_generate_counts_on() -> None:
    visitor = company(custom_txn_numbers=True)
    assert "DocNumber" not in invoice(visitor)
    assert invoice(visitor, DocNumber="2000")["DocNumber"] == "2000"
    assert invoice(visitor, DocNumber="AUTO_GENERATE")["DocNumber"] == "2001"


def test_a_number_in_use_is_refused_with_the_name_of_its_holder() -> None:
    visitor = company(custom_txn_numbers=True)
    first = invoice(visitor, DocNumber="HS-1")
    with pytest.raises(RefusedError) as caught:
        invoice(visitor, DocNumber="HS-1")
    assert caught.value.code == "6140"
    assert caught.value.detail == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber=HS-1 is assigned to TxnType=Invoice with TxnId={first['Id']}"
    )
    body = {"CustomerRef": {"value": "1"}, "Line": [sale("1")], "DocNumber": "HS-1"}
    assert visitor.write("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "HS-1"
    assert visitor.change("Invoice", first, PrivateNote="same number")["DocNumber"] == "HS-1"


def test_without_the_warning_or_without_custom_numbers_duplicates_pass() -> None:
    quiet = company(custom_txn_numbers=True, warn_duplicate_numbers=False)
    assert invoice(quiet, DocNumber="HS-1")["DocNumber"] == invoice(quiet, DocNumber="HS-1")["DocNumber"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("DocNumber", "x" * 22),
        ("PrivateNote", "x" * 4001),
        ("CustomerMemo", {"value": "x" * 1001}),
        ("Line", [{**sale("1"), "Description": "x" * 4001}]),
        ("CustomField", [{"DefinitionId": "1", "StringValue": "x" * 32}]),
    ],
)
def test_texts_that_are_too_long_are_refused(field: str, value: Any) -> None:
    visitor = company(custom_txn_numbers=True)
    with refused("2050"):
        visitor.create("Invoice", **{"CustomerRef": {"value": "1"}, "Line": [sale("1")], field: value})


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("2010", {"Unheard": 1}),
        ("2010", {"Line": {"Amount": 1}}),
        ("2020", {"Line": [{"Amount": 1}]}),
        ("2090", {"Deposit": "ten"}),
        ("2170", {"EmailStatus": "Lost"}),
        ("2170", {"Line": [{"DetailType": "JournalEntryLineDetail", "Amount": 1}]}),
        ("2210", {"BillEmail": {"Address": "nobody"}}),
        ("2500", {"CustomerRef": {"value": "99"}}),
        ("2500", {"SalesTermRef": {"value": "99"}}),
        ("6000", {"EmailStatus": "NeedToSend"}),
        ("6000", {"Deposit": -1}),
        ("6000", {"Line": [sale("-5")]}),
        ("620", {"LinkedTxn": [{"TxnId": "9", "TxnType": "Estimate"}]}),
    ],
)
def test_what_is_wrong_with_an_invoice_has_its_code(code: str, fields: dict[str, Any]) -> None:
    with refused(code):
        company().create("Invoice", **{"CustomerRef": {"value": "1"}, "Line": [sale("1")], **fields})


def test_a_negative_line_passes_or_is_refused_by_setting() -> None:
    assert invoice(company(), sale("10"), sale("-4"))["TotalAmt"] == 6
    with refused("2290"):
        invoice(company(negative_line_amounts="refuse"), sale("10"), sale("-4"))


def test_read_only_fields_are_ignored() -> None:
    made = invoice(company(), TotalAmt=7, Balance=3, MetaData={"CreateTime": "2020-01-01T00:00:00-08:00"})
    assert (made["TotalAmt"], made["Balance"]) == (100, 100)
    assert made["MetaData"]["CreateTime"].startswith("2026-11-24")


def test_a_reference_to_something_inactive_is_not_found() -> None:
    visitor = company()
    item = visitor.create("Item", Name="Old", Type="Service", IncomeAccountRef={"value": "79"})
    visitor.change("Item", item, Active=False)
    line = sale("5")
    line["SalesItemLineDetail"]["ItemRef"] = {"value": item["Id"]}
    with pytest.raises(
        RefusedError, match="610 Object Not Found : Something you're trying to use has been made inactive"
    ):
        invoice(visitor, line)


def test_the_due_date_follows_the_term_of_the_customer() -> None:
    visitor = company()
    customer = visitor.create("Customer", DisplayName="Net 15", SalesTermRef={"value": "2"})
    made = visitor.create("Invoice", CustomerRef={"value": customer["Id"]}, Line=[sale("1")], TxnDate="2026-11-01")
    assert (made["SalesTermRef"]["value"], made["DueDate"]) == ("2", "2026-11-16")
    assert invoice(company(default_term=None), TxnDate="2026-11-01")["DueDate"] == "2026-11-01"


def test_addresses_left_out_are_the_customers() -> None:
    visitor = company()
    customer = visitor.create("Customer", DisplayName="Acme", BillAddr={"Line1": "1 Main St", "City": "Reno"})
    made = visitor.create("Invoice", CustomerRef={"value": customer["Id"]}, Line=[sale("1")])
    assert made["BillAddr"]["Line1"] == "1 Main St"
    assert "ShipAddr" not in made


def test_custom_fields_beyond_those_switched_on_are_dropped_in_silence() -> None:
    sent = [{"DefinitionId": "1", "StringValue": "a"}, {"DefinitionId": "2", "StringValue": "b"}]
    made = invoice(company(), CustomField=sent)
    assert made["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "a"}]


def test_a_deposit_on_the_form_lowers_the_balance() -> None:
    made = invoice(company(), sale("52"), Deposit=12)
    assert (made["TotalAmt"], made["Balance"]) == (52, 40)


def test_a_goods_item_cannot_be_sold_before_it_was_there() -> None:
    visitor = company()
    accounts = {"IncomeAccountRef": "79", "ExpenseAccountRef": "80", "AssetAccountRef": "81"}
    refs = {key: {"value": value} for key, value in accounts.items()}
    stock = {"TrackQtyOnHand": True, "QtyOnHand": 5, "InvStartDate": "2026-11-20"}
    item = visitor.create("Item", Name="Lamp", Type="Inventory", **refs, **stock)
    line = sale("5")
    line["SalesItemLineDetail"]["ItemRef"] = {"value": item["Id"]}
    with refused("6270"):
        invoice(visitor, line, TxnDate="2026-11-19")
    assert invoice(visitor, line)["TotalAmt"] == 5


def test_currencies_are_required_when_on_and_refused_when_off() -> None:
    with refused("6000"):
        invoice(company(), CurrencyRef={"value": "USD"})
    visitor = company(multicurrency=True)
    with refused("2020"):
        invoice(visitor)
    with refused("6000"):
        invoice(visitor, CurrencyRef={"value": "EUR"})
    assert invoice(visitor, CurrencyRef={"value": "USD"})["ExchangeRate"] == 1
    euro = visitor.create("Customer", DisplayName="Jo", CurrencyRef={"value": "EUR"})
    made = visitor.create(
        "Invoice",
        CustomerRef={"value": euro["Id"]},
        Line=[sale("10")],
        CurrencyRef={"value": "EUR"},
        ExchangeRate=Decimal("1.1"),
    )
    assert (made["TotalAmt"], made["HomeTotalAmt"], made["HomeBalance"]) == (10, 11, 11)
    with refused("6000"):
        visitor.change("Customer", euro, CurrencyRef={"value": "USD"})
