"""The company and those of its preferences that decide the form of an invoice."""

from __future__ import annotations

from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import LedgerCompany

# An old company may not say its home currency; in the United States there is only one to have.
_CURRENCY_OF = {"US": "USD"}
# Country names read back in more than one form (Intuit: changes to the accounting API, 2025).
_UNITED_STATES = frozenset({"US", "USA", "UNITED STATES"})


def read_company(info: Node, preferences: Node) -> LedgerCompany:
    """From CompanyInfo and Preferences. `automated_sales_tax` is that QuickBooks computes the tax by itself.

    The closing date may be absent although books are closed (Intuit: handling common errors), so only a date that is
    there says anything.
    """
    country = (info.optional_text("Country") or "").strip().upper()
    country = "US" if country in _UNITED_STATES else country
    currencies, taxes = preferences.node("CurrencyPrefs"), preferences.node("TaxPrefs")
    home_currency = currencies.reference("HomeCurrency") or _CURRENCY_OF.get(country)
    if home_currency is None:
        raise Unreadable("Preferences.CurrencyPrefs.HomeCurrency is missing")
    return LedgerCompany(
        name=info.optional_text("CompanyName") or info.optional_text("LegalName") or "",
        country=country,
        time_zone=info.optional_text("DefaultTimeZone") or "UTC",
        home_currency=home_currency,
        multicurrency=currencies.flag("MultiCurrencyEnabled"),
        custom_numbers=preferences.node("SalesFormsPrefs").flag("CustomTxnNumbers"),
        uses_sales_tax=taxes.flag("UsingSalesTax"),
        automated_sales_tax=taxes.flag("PartnerTaxEnabled"),
        books_closed_through=preferences.node("AccountingInfoPrefs").day("BookCloseDate"),
    )
