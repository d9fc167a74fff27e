"""What a company has at the start: preferences, a small chart of accounts, terms, tax codes and one service item."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.config import QuickBooksConfig
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.entities import DEFINITIONS
from infra.sandbox.quickbooks.faults import QuickBooksFaultError
from infra.sandbox.quickbooks.rules.forms import CLASSIC_CUSTOM_FIELDS

DISCOUNT_ACCOUNT = "86"

# Id, Name, AccountType, AccountSubType
ACCOUNTS = (
    ("1", "Services", "Income", "ServiceFeeIncome"),
    ("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("7", "Advertising", "Expense", "AdvertisingPromotional"),
    ("13", "Bank Charges", "Expense", "BankCharges"),
    ("33", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("35", "Checking", "Bank", "Checking"),
    ("36", "Savings", "Bank", "Savings"),
    ("41", "Mastercard", "Credit Card", "CreditCard"),
    ("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("80", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("81", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("86", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("89", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
)
# Id, Name, DueDays
TERMS = (("1", "Due on receipt", 0), ("2", "Net 15", 15), ("3", "Net 30", 30), ("4", "Net 60", 60))
PAYMENT_METHODS = (("1", "Cash"), ("2", "Check"), ("3", "Credit Card"))
# Id, Name, RateValue
US_RATES = (("1", "Automated Sales Tax", "0"), ("3", "California", "8"))
OTHER_RATES = (("3", "20% Standard", "20"), ("4", "5% Reduced", "5"), ("5", "0% Zero", "0"))
# Id, Name, Taxable, rates
US_CODES: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("TAX", "TAX", True, ()),
    ("NON", "NON", False, ()),
    ("2", "California", True, ("3",)),
)
OTHER_CODES: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("2", "20.0% S", True, ("3",)),
    ("3", "5.0% R", True, ("4",)),
    ("4", "0.0% Z", True, ("5",)),
    ("5", "Exempt", False, ()),
)


def seed(company: Company) -> None:
    """Fills a new company; all entities carry its current time."""
    config = company.config
    _add(company, "Preferences", "1", _preferences(config))
    _add(company, "CompanyInfo", "1", _company_info(config))
    for id_, name, kind, sub in ACCOUNTS:
        _add(company, "Account", id_, {"Name": name, "AccountType": kind, "AccountSubType": sub})
    for id_, name, days in TERMS:
        _add(company, "Term", id_, {"Name": name, "DueDays": days})
    for id_, name in PAYMENT_METHODS:
        _add(company, "PaymentMethod", id_, {"Name": name})
    for id_, name, percent in US_RATES if company.us else OTHER_RATES:
        _add(company, "TaxRate", id_, {"Name": name, "Active": True, "RateValue": Decimal(percent)})
    for id_, name, taxable, rates in US_CODES if company.us else OTHER_CODES:
        _add(company, "TaxCode", id_, _tax_code(name, rates, taxable=taxable))
    income = {"value": "1", "name": "Services"}
    _add(company, "Item", "1", {"Name": "Services", "Type": "Service", "Taxable": False, "IncomeAccountRef": income})


def _add(company: Company, name: str, id_: str, entity: dict[str, Any]) -> None:
    definition = DEFINITIONS[name]
    try:
        definition.rule(Draft(company, definition, entity, dict(entity)))
    except QuickBooksFaultError as error:
        raise ValueError(f"{name} {id_} of the seed breaks the sandbox's own rules: {error}") from error
    now = company.stamp()
    stamps: Mapping[str, Any] = {"CreateTime": now, "LastUpdatedTime": now}
    company.put(
        definition, entity | {"Id": id_, "SyncToken": "0", "domain": "QBO", "sparse": False, "MetaData": stamps}
    )


def _tax_code(name: str, rates: tuple[str, ...], *, taxable: bool) -> dict[str, Any]:
    details = [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rates)
    ]
    return {
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": taxable,
        "TaxGroup": bool(rates),
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }


def _preferences(config: QuickBooksConfig) -> dict[str, Any]:
    accounting: dict[str, Any] = {
        "UseAccountNumbers": False,
        "TrackDepartments": config.track_departments,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": config.track_classes,
        "CustomerTerminology": "Customers",
    }
    if config.book_close_date is not None:
        accounting["BookCloseDate"] = config.book_close_date.isoformat()
    forms: dict[str, Any] = {
        "CustomTxnNumbers": config.custom_txn_numbers,
        "AllowDeposit": True,
        "AllowDiscount": config.allow_discount,
        "AllowShipping": config.allow_shipping,
        "CustomField": custom_field_preferences(config.custom_fields),
        "AllowServiceDate": False,
        "DefaultDiscountAccount": DISCOUNT_ACCOUNT,
        "AutoApplyCredit": config.auto_apply_credit,
        "AutoApplyPayments": config.auto_apply_payments,
        "ETransactionPaymentEnabled": False,
    }
    if config.default_term is not None:
        forms["DefaultTerms"] = {"value": config.default_term}
    tax: dict[str, Any] = {"UsingSalesTax": config.using_sales_tax}
    if config.using_sales_tax and config.partner_tax:
        tax["PartnerTaxEnabled"] = True
    return {
        "AccountingInfoPrefs": accounting,
        "SalesFormsPrefs": forms,
        "TaxPrefs": tax,
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": config.multicurrency,
            "HomeCurrency": {"value": config.home_currency},
        },
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultCustomerMessage", "Value": "Thank you"}]},
    }


def custom_field_preferences(labels: Sequence[str]) -> list[dict[str, Any]]:
    """Which custom fields of sales forms are switched on, and how they are called, as Preferences have it: switches and
    names in groups of their own. An empty label is a field that is switched off."""
    prefix = "SalesFormsPrefs."
    ids = range(1, CLASSIC_CUSTOM_FIELDS + 1)
    called = dict(enumerate(labels, 1))
    switches = [
        {"Name": f"{prefix}UseSalesCustom{id_}", "Type": "BooleanType", "BooleanValue": bool(called.get(id_))}
        for id_ in ids
    ]
    names = [
        {"Name": f"{prefix}SalesCustomName{id_}", "Type": "StringType", "StringValue": called[id_]}
        for id_ in ids
        if called.get(id_)
    ]
    return [{"CustomField": switches}, *([{"CustomField": names}] if names else [])]


def _company_info(config: QuickBooksConfig) -> dict[str, Any]:
    return {
        "CompanyName": config.company_name,
        "LegalName": config.company_name,
        "CompanyStartDate": "2020-01-01",
        "FiscalYearStartMonth": "January",
        "Country": config.country,
        "SupportedLanguages": "en",
        "DefaultTimeZone": config.time_zone,
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }
