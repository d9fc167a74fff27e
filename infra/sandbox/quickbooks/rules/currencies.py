"""Currencies: which one a document is in, what its smallest amount is, and the company's exchange rates."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.rules.names import CURRENCY_CODE, currency

CENT = Decimal("0.01")
# Currencies without a hundredth that can be chosen in QuickBooks.
WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"})


def rounded(draft: Draft, amount: Decimal) -> Decimal:
    """An amount of the document, halves away from zero."""
    return _round(amount, draft.entity.get("CurrencyRef", {}).get("value", draft.company.home_currency))


def at_home(company: Company, document: Mapping[str, Any], amount: Decimal) -> Decimal:
    """An amount of the document in the company's home currency."""
    return _round(amount * document["ExchangeRate"], company.home_currency)


def _round(amount: Decimal, code: str) -> Decimal:
    return amount.quantize(Decimal(1) if code in WITHOUT_CENTS else CENT, ROUND_HALF_UP)


def document(draft: Draft) -> None:
    """The currency of a document is its customer's; without a rate QuickBooks takes 1. Raises 2020 and 6000."""
    entity, company = draft.entity, draft.company
    if not company.multicurrency:
        currency(draft)
        entity.pop("ExchangeRate", None)
        return
    if "CurrencyRef" not in entity:
        raise missing("CurrencyRef")
    currency(draft)
    given = entity.get("CustomerRef")
    if given and company.get("Customer", given["value"])["CurrencyRef"]["value"] != entity["CurrencyRef"]["value"]:
        raise business("The currency of the transaction is invalid for customer.")
    entity.setdefault("ExchangeRate", Decimal(1))
    if entity["ExchangeRate"] <= 0:
        raise business("The exchange rate must be greater than 0.")


def check_account(draft: Draft, account: Mapping[str, Any]) -> None:
    """A document's money moves in accounts of its own currency or the company's. Raises 6000."""
    company = draft.company
    home = company.home_currency
    own = account.get("CurrencyRef", {}).get("value", home)
    if company.multicurrency and own not in (home, draft.entity["CurrencyRef"]["value"]):
        raise business(f"The account {account['Name']} is in another currency than the transaction.")


def exchange_rate(company: Company, code: str, day: str) -> dict[str, Any]:
    """The ExchangeRate of one unit of `code` in home currency as of `day` (today without one).

    Raises 2020 without a code, 5030 when the company has one currency only, 2010 for a day that is none, and 610 for
    a currency without a rate, for which the setting may have an answer without Rate instead.
    """
    if not code:
        raise missing("sourcecurrencycode")
    if not company.multicurrency:
        raise fault("5030", "Multicurrency is turned off for this company.")
    try:
        asked = date.fromisoformat(day) if day else company.today()
    except ValueError:
        raise fault("2010", f"Property Name:asofdate is not a date: {day}", "asofdate") from None
    answer: dict[str, Any] = {
        "SyncToken": "0",
        "domain": "QBO",
        "AsOfDate": asked.isoformat(),
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": company.home_currency,
        "MetaData": {"LastUpdatedTime": company.stamp()},
    }
    rate = Decimal(1) if code == company.home_currency else _rate(company.config.exchange_rates, code, asked)
    if rate is not None:
        return answer | {"Rate": rate}
    if not CURRENCY_CODE.fullmatch(code) or company.config.exchange_rate_missing == "fault_610":
        raise fault("610", f"Object Not Found : There is no exchange rate for {code}.")
    return answer


def _rate(rates: tuple[str, ...], code: str, day: date) -> Decimal | None:
    """The rate of the latest day that is not after `day`; a rate without a day holds from the beginning."""
    known = [text.split() for text in rates]
    valid = [
        (parts[2] if len(parts) > 2 else "", Decimal(parts[1]))
        for parts in known
        if parts[0] == code and (len(parts) < 3 or parts[2] <= day.isoformat())
    ]
    return max(valid)[1] if valid else None
