"""The kinds of entity that the sandbox knows: the lists in a table, to which a further kind is a further row."""

from collections.abc import Mapping

from infra.sandbox.quickbooks.definitions import MERGED_EVENTS, NAME_EVENTS, Definition
from infra.sandbox.quickbooks.rules import catalog, names, preferences
from infra.sandbox.quickbooks.transactions import TRANSACTIONS

_STAMPS = {"Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"}
_PERSON = {
    *_STAMPS,
    *("Active", "DisplayName", "Title", "GivenName", "MiddleName", "FamilyName", "Suffix", "CompanyName"),
    *("PrintOnCheckName", "PrimaryPhone", "PrimaryEmailAddr"),
}
_NAMED = {*_STAMPS, "Active", "Name"}
_FIXED = frozenset({"read", "query"})


def _small_list(name: str, another: str, *, events: frozenset[str]) -> Definition:
    return Definition(
        name=name,
        kind="list",
        required=("Name",),
        read_only=frozenset({"FullyQualifiedName"}) if name in ("Class", "Department") else frozenset(),
        sticky=frozenset({"Active"}),
        rule=catalog.term if name == "Term" else catalog.named,
        name_field="Name",
        name_space=name,
        another=another,
        filterable=frozenset(_NAMED),
        events=events,
    )


_ROWS = (
    Definition(
        name="Customer",
        kind="list",
        read_only=frozenset({"FullyQualifiedName", "Balance", "BalanceWithJobs", "Level", "OverDueBalance"}),
        sticky=frozenset({"Active", "CurrencyRef"}),
        rule=names.customer,
        name_field="DisplayName",
        name_space="people",
        another="customer, vendor or employee",
        filterable=frozenset({*_PERSON, "FullyQualifiedName", "Balance", "Job", "ParentRef", "Taxable"}),
        events=MERGED_EVENTS,
    ),
    Definition(
        name="Vendor",
        kind="list",
        read_only=frozenset({"Balance"}),
        sticky=frozenset({"Active", "CurrencyRef"}),
        rule=names.vendor,
        name_field="DisplayName",
        name_space="people",
        another="customer, vendor or employee",
        filterable=frozenset({*_PERSON, "Balance", "AcctNum"}),
        events=NAME_EVENTS,
    ),
    Definition(
        name="Employee",
        kind="list",
        sticky=frozenset({"Active"}),
        rule=names.employee,
        name_field="DisplayName",
        name_space="people",
        another="customer, vendor or employee",
        filterable=frozenset(_PERSON),
        events=NAME_EVENTS,
    ),
    Definition(
        name="Item",
        kind="list",
        required=("Name",),
        read_only=frozenset({"FullyQualifiedName", "Level", "AvgCost", "QtyOnPurchaseOrder", "QtyOnSalesOrder"}),
        sticky=frozenset({"Active", "Type"}),
        rule=catalog.item,
        name_field="Name",
        name_space="Item",
        another="product, service or category",
        filterable=frozenset({*_NAMED, "FullyQualifiedName", "Type", "Sku", "UnitPrice", "ParentRef", "Taxable"}),
        events=NAME_EVENTS,
    ),
    Definition(
        name="Account",
        kind="list",
        required=("Name",),
        read_only=frozenset(
            {"FullyQualifiedName", "Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts"}
        ),
        sticky=frozenset({"Active", "AccountType", "AccountSubType"}),
        rule=catalog.account,
        name_field="Name",
        name_space="Account",
        another="account",
        filterable=frozenset(
            {
                *_NAMED,
                "FullyQualifiedName",
                "AccountType",
                "AccountSubType",
                "Classification",
                "CurrentBalance",
                "SubAccount",
            }
        ),
        events=NAME_EVENTS,
    ),
    _small_list("Term", "term", events=frozenset({"created", "updated"})),
    _small_list("Class", "class", events=NAME_EVENTS),
    _small_list("Department", "location", events=NAME_EVENTS),
    _small_list("PaymentMethod", "payment method", events=NAME_EVENTS),
    Definition(
        name="Preferences",
        kind="singleton",
        operations=frozenset({"update", "read", "query"}),
        rule=preferences.preferences,
        filterable=frozenset(_STAMPS),
        events=frozenset({"updated"}),
    ),
    Definition(name="CompanyInfo", kind="singleton", operations=_FIXED, filterable=frozenset(_STAMPS)),
    Definition(name="TaxCode", kind="list", operations=_FIXED, filterable=frozenset(_NAMED)),
    Definition(name="TaxRate", kind="list", operations=_FIXED, filterable=frozenset(_NAMED)),
)

DEFINITIONS: Mapping[str, Definition] = {row.name: row for row in (*_ROWS, *TRANSACTIONS)}
BY_PATH: Mapping[str, Definition] = {name.lower(): row for name, row in DEFINITIONS.items()}
