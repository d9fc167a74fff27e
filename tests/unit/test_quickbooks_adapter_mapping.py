"""Invoices and amounts between QuickBooks' JSON and the domain, where no answer of a sandbox shows the case."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.quickbooks.company import read_company, read_exchange_rate
from tieout.adapters.quickbooks.invoices import read_invoice
from tieout.adapters.quickbooks.wire import Node, Unreadable, encode


def test_what_is_linked_to_an_invoice_shows_as_what_settles_it_unless_the_invoice_was_made_from_it() -> None:
    wire = {
        "Id": "7",
        "SyncToken": "3",
        "CustomerRef": {"value": "1"},
        "TxnDate": "2026-03-02",
        "TotalAmt": 52,
        "Balance": 0,
        "Deposit": Decimal("12.0"),
        "LinkedTxn": [{"TxnId": str(n), "TxnType": kind} for n, kind in enumerate(["Payment", "Estimate", "Payment"])],
    }
    read = read_invoice(Node(wire), "USD")
    assert read.settled_by == ("Deposit", "Payment")
    assert read.settlements == (("Payment", "0"), ("Payment", "2"))
    assert (read.content.due_date, read.updated_at, read.content.lines) == (None, None, ())


@pytest.mark.parametrize(
    ("fields", "voided"),
    [
        ({"TotalAmt": 0, "PrivateNote": "Voided - tieout:c1/invoice/42/1"}, True),
        ({"TotalAmt": 0, "PrivateNote": "voided"}, True),
        ({"TotalAmt": 0, "PrivateNote": "A gift"}, False),
        ({"TotalAmt": 5, "PrivateNote": "Voided my stay at the hotel"}, False),
        ({"TotalAmt": 0, "TxnStatus": "Voided"}, True),
    ],
)
def test_a_void_is_told_from_an_invoice_over_nothing(fields: dict[str, object], voided: bool) -> None:
    wire = {"Id": "7", "SyncToken": "3", "CustomerRef": {"value": "1"}, "TxnDate": "2026-03-02", **fields}
    assert read_invoice(Node(wire), "USD").voided is voided


def test_lines_of_every_other_kind_show_as_differences() -> None:
    group = {"GroupItemRef": {"value": "24"}, "Quantity": 1, "Line": [{"Amount": 4}, {"Amount": Decimal("1.5")}]}
    wire = {
        "Id": "7",
        "SyncToken": "3",
        "CustomerRef": {"value": "1"},
        "TxnDate": "2026-03-02",
        "TotalAmt": Decimal("12.5"),
        "Line": [
            {"DetailType": "GroupLineDetail", "GroupLineDetail": group},
            {"DetailType": "ReimburseLineDetail", "Amount": 7},
            {"DetailType": "SubTotalLineDetail", "Amount": Decimal("12.5"), "SubTotalLineDetail": {}},
        ],
    }
    read = read_invoice(Node(wire), "USD")
    assert [(line.item_id, line.amount) for line in read.content.lines] == [
        ("group", Decimal("5.5")),
        ("ReimburseLineDetail", Decimal(7)),
    ]
    assert read.content.total == read.total


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_written_with_its_own_digits_and_read_back_unchanged(value: Decimal) -> None:
    text = encode(value)
    assert "e" not in text.lower()
    assert Decimal(text) == value
    assert json.loads(f"[{text}]", parse_float=Decimal, parse_int=Decimal) == [value]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.5, b"x", object()])
def test_what_has_no_exact_form_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        encode([value])


@pytest.mark.parametrize(
    "change",
    [
        {"Id": None},
        {"SyncToken": 7},
        {"CustomerRef": "1"},
        {"TxnDate": "yesterday"},
        {"TxnDate": None},
        {"TotalAmt": "a lot"},
        {"TotalAmt": True},
        {"TotalAmt": "NaN"},
        {"Line": {}},
        {"Line": ["x"]},
        {"CurrencyRef": {"value": "dollars"}},
        {"MetaData": {"LastUpdatedTime": "noon"}},
    ],
)
def test_an_invoice_with_a_field_missing_or_of_another_kind_is_refused_as_a_whole(change: dict[str, object]) -> None:
    wire = {"Id": "7", "SyncToken": "3", "CustomerRef": {"value": "1"}, "TxnDate": "2026-03-02", "TotalAmt": 1}
    assert read_invoice(Node(wire), "USD").id == "7"
    with pytest.raises(ValueError):  # noqa: PT011 - Unreadable, or the domain's own refusal of a value
        read_invoice(Node({**wire, **change}), "USD")


def test_a_company_outside_the_united_states_has_to_name_its_currency() -> None:
    preferences = {"CurrencyPrefs": {"HomeCurrency": {"value": "GBP"}, "MultiCurrencyEnabled": True}}
    company = read_company(Node({"CompanyName": "Ltd", "Country": "GB"}), Node(preferences))
    assert (company.country, company.home_currency, company.multicurrency, company.time_zone) == (
        "GB",
        "GBP",
        True,
        "UTC",
    )
    assert read_company(Node({"Country": "USA"}), Node({})).home_currency == "USD"
    with pytest.raises(Unreadable):
        read_company(Node({"Country": "GB"}), Node({}))


def test_a_second_discount_and_one_by_percent_show_as_lines() -> None:
    fixed = {"DetailType": "DiscountLineDetail", "Amount": 10, "DiscountLineDetail": {"PercentBased": False}}
    percent = {"DetailType": "DiscountLineDetail", "Amount": 3, "DiscountLineDetail": {"PercentBased": True}}
    wire = {"Id": "7", "SyncToken": "3", "CustomerRef": {"value": "1"}, "TxnDate": "2026-03-02", "TotalAmt": 0}
    read = read_invoice(Node({**wire, "Line": [percent, fixed, {**fixed, "Amount": 4}]}), "USD").content
    assert read.discount == Decimal(10)
    assert [(line.item_id, line.amount) for line in read.lines] == [
        ("discount", Decimal(-3)),
        ("discount", Decimal(-4)),
    ]


@pytest.mark.parametrize(
    ("fields", "rate"),
    [({"Rate": Decimal("1.1")}, Decimal("1.1")), ({"Rate": 0}, None), ({}, None), ({"Rate": -1}, None)],
)
def test_only_a_rate_above_nothing_is_one(fields: dict[str, object], rate: Decimal | None) -> None:
    assert read_exchange_rate(Node({"TargetCurrencyCode": "USD", **fields}), "USD") == rate


def test_a_rate_into_another_currency_than_the_home_currency_is_refused() -> None:
    with pytest.raises(Unreadable):
        read_exchange_rate(Node({"Rate": 1, "TargetCurrencyCode": "EUR"}), "USD")


@pytest.mark.parametrize("account", ["86", {"value": "86"}])
def test_the_discount_account_is_read_as_a_text_and_as_a_reference(account: object) -> None:
    preferences = {"SalesFormsPrefs": {"AllowDiscount": True, "DefaultDiscountAccount": account}}
    assert read_company(Node({"Country": "US"}), Node(preferences)).discount_account_id == "86"
