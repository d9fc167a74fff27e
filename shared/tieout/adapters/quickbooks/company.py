"""The company: those of its preferences that decide the form of an invoice, its tax codes, terms and exchange rates."""

from __future__ import annotations

import re
from decimal import Decimal

from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.company import LedgerCompany, TaxCode, Term

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
    forms, accounting = preferences.node("SalesFormsPrefs"), preferences.node("AccountingInfoPrefs")
    return LedgerCompany(
        name=info.optional_text("CompanyName") or info.optional_text("LegalName") or "",
        country=country,
        time_zone=info.optional_text("DefaultTimeZone") or "UTC",
        home_currency=home_currency,
        multicurrency=currencies.flag("MultiCurrencyEnabled"),
        custom_numbers=forms.flag("CustomTxnNumbers"),
        uses_sales_tax=taxes.flag("UsingSalesTax"),
        automated_sales_tax=taxes.flag("PartnerTaxEnabled"),
        books_closed_through=accounting.day("BookCloseDate"),
        allow_discount=forms.flag("AllowDiscount"),
        discount_account_id=_account(forms, "DefaultDiscountAccount"),
        # Of a document as a whole or of each line: fees have one class on every line.
        tracks_classes=accounting.flag("ClassTrackingPerTxn") or accounting.flag("ClassTrackingPerTxnLine"),
        tracks_locations=accounting.flag("TrackDepartments"),
        custom_fields=_custom_fields(forms),
        allow_shipping=forms.flag("AllowShipping"),
    )


_USED, _NAMED = re.compile(r"\.UseSalesCustom([1-9])$"), re.compile(r"\.SalesCustomName([1-9])$")


def _custom_fields(forms: Node) -> dict[str, str]:
    """Name by definition id of the custom fields of sales forms that are switched on. They are told in groups of names
    and values, switches and names apart from each other (Intuit: preferences)."""
    told = [one for group in forms.nodes("CustomField") for one in (group, *group.nodes("CustomField"))]
    used, names = set(), {}
    for one in told:
        name = one.optional_text("Name") or ""
        if (found := _USED.search(name)) and one.flag("BooleanValue"):
            used.add(found[1])
        if found := _NAMED.search(name):
            names[found[1]] = one.optional_text("StringValue") or ""
    return {id_: names.get(id_, "") for id_ in sorted(used)}


def _account(preferences: Node, key: str) -> str | None:
    # A text in Intuit's schema, where every other account is a reference.
    if isinstance(preferences.fields.get(key), dict):
        return preferences.reference(key)
    return preferences.optional_text(key)


def read_tax_code(node: Node) -> TaxCode:
    """A tax code of an answer. In the United States TAX and NON are codes like others."""
    return TaxCode(
        id=node.text("Id"),
        name=node.text("Name"),
        active=node.flag("Active", default=True),
        taxable=node.flag("Taxable"),
    )


def read_term(node: Node) -> Term:
    """A term of an answer."""
    by_days = node.optional_number("DayOfMonthDue") is None
    days = node.optional_number("DueDays") if by_days else None
    return Term(
        id=node.text("Id"),
        name=node.text("Name"),
        due_days=None if days is None else int(days),
        active=node.flag("Active", default=True),
    )


def read_exchange_rate(node: Node, home_currency: str) -> Decimal | None:
    """Home units for one unit (Intuit: exchange rate); None when the answer has no rate that is one."""
    target = node.optional_text("TargetCurrencyCode") or home_currency
    if target != home_currency:
        raise Unreadable("ExchangeRate.TargetCurrencyCode is not the home currency")
    rate = node.optional_number("Rate")
    return rate if rate is not None and rate > 0 else None
