"""The QuickBooks sandbox knows exchange rates and currencies without cents."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel import BadSettingError
from infra.sandbox.kernel.wire import loads
from infra.sandbox.quickbooks import QuickBooksConfig
from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, sale


def rate(visitor: Visitor, **options: str) -> tuple[int, dict[str, Any]]:
    response = visitor.call("GET", "exchangerate", **options)
    value = loads(response.content)
    return response.status_code, value.get("ExchangeRate") or value["Fault"]["Error"][0]


def test_a_rate_is_in_home_units_and_of_the_day_that_is_asked_for() -> None:
    visitor = company(multicurrency=True, exchange_rates=["EUR 1.05", "EUR 1.08 2026-03-01", "EUR 1.2 2027-01-01"])
    status, found = rate(visitor, sourcecurrencycode="EUR", asofdate="2026-02-28")
    assert (status, found["Rate"], found["AsOfDate"]) == (200, Decimal("1.05"), "2026-02-28")
    assert (found["SourceCurrencyCode"], found["TargetCurrencyCode"]) == ("EUR", "USD")
    status, found = rate(visitor, sourcecurrencycode="EUR")
    assert (found["Rate"], found["AsOfDate"]) == (Decimal("1.08"), "2026-11-24")
    assert rate(visitor, sourcecurrencycode="USD")[1]["Rate"] == 1


@pytest.mark.parametrize(
    ("settings", "options", "code"),
    [
        ({}, {"sourcecurrencycode": "EUR"}, "5030"),
        ({"multicurrency": True}, {}, "2020"),
        ({"multicurrency": True}, {"sourcecurrencycode": "EUR", "asofdate": "today"}, "2010"),
        ({"multicurrency": True}, {"sourcecurrencycode": "CHF"}, "610"),
        ({"multicurrency": True, "exchange_rate_missing": "no_rate"}, {"sourcecurrencycode": "euro"}, "610"),
    ],
)
def test_a_rate_that_there_is_not_has_its_code(settings: dict[str, Any], options: dict[str, str], code: str) -> None:
    status, error = rate(company(**settings), **options)
    assert (status, error["code"]) == (400, code)


def test_a_rate_that_there_is_not_may_be_an_answer_without_rate() -> None:
    visitor = company(multicurrency=True, exchange_rate_missing="no_rate")
    status, found = rate(visitor, sourcecurrencycode="CHF")
    assert status == 200
    assert "Rate" not in found


def test_a_rate_in_the_settings_that_is_none_is_refused() -> None:
    with pytest.raises(BadSettingError, match="EUR 1,08"):
        QuickBooksConfig().with_settings({"exchange_rates": ["EUR 1,08"]})


def test_a_currency_without_cents_has_whole_amounts_and_home_amounts_with_cents() -> None:
    visitor = company(multicurrency=True, using_sales_tax=True, partner_tax=True, partner_tax_percent="8.25")
    yen = visitor.create("Customer", DisplayName="Jo", CurrencyRef={"value": "JPY"})
    made = visitor.create(
        "Invoice",
        CustomerRef={"value": yen["Id"]},
        CurrencyRef={"value": "JPY"},
        ExchangeRate=Decimal("0.0067"),
        Line=[sale("1050", TaxCodeRef={"value": "TAX"})],
    )
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (87, 1137)
    assert made["HomeTotalAmt"] == Decimal("7.62")
