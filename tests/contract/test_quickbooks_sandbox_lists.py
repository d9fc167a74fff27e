"""The QuickBooks sandbox keeps Intuit's rules for names, items, accounts and preferences."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import DEFAULT_REALM, QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor


def visit(**settings: Any) -> Visitor:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    return Visitor(QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC))))


def refused(code: str) -> Any:
    return pytest.raises(RefusedError, match=rf"^{code} ")


def test_a_display_name_is_built_from_its_parts() -> None:
    made = visit().create("Customer", Title="Ms", GivenName="Jane", FamilyName="Doe")
    assert (made["DisplayName"], made["FullyQualifiedName"]) == ("Ms Jane Doe", "Ms Jane Doe")
    assert (made["Active"], made["Balance"], made["SyncToken"]) == (True, 0, "0")
    with refused("6080"):
        visit().create("Customer", CompanyName="Acme")


@pytest.mark.parametrize("kind", ["Customer", "Vendor", "Employee"])
def test_a_name_is_taken_across_customers_vendors_and_employees(kind: str) -> None:
    visitor = visit()
    visitor.create(kind, DisplayName="Jane Doe", GivenName="Jane")
    for other in ("Customer", "Vendor", "Employee"):
        with pytest.raises(RefusedError) as caught:
            visitor.create(other, DisplayName="jane doe", GivenName="Jane")
        assert caught.value.code == "6240"
        assert caught.value.detail == (
            "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
            "Please use a different name."
        )


def test_an_inactive_name_is_still_taken_and_a_changed_one_is_free() -> None:
    visitor = visit()
    first = visitor.create("Customer", DisplayName="Acme")
    first = visitor.change("Customer", first, Active=False)
    with refused("6240"):
        visitor.create("Vendor", DisplayName="Acme")
    visitor.change("Customer", first, DisplayName="Acme (old)")
    assert visitor.create("Vendor", DisplayName="Acme")["DisplayName"] == "Acme"


def test_names_may_differ_in_case_alone_when_so_set() -> None:
    visitor = visit(names_ignore_case=False)
    visitor.create("Customer", DisplayName="Acme")
    assert visitor.create("Customer", DisplayName="ACME")["Id"] == "2"


def test_characters_are_forbidden_in_names_by_setting() -> None:
    with refused("6000"):
        visit().create("Customer", DisplayName="a:b")
    assert visit(forbidden_name_characters="").create("Customer", DisplayName="a:b")["DisplayName"] == "a:b"


def test_a_customer_who_owes_stays_active() -> None:
    visitor = visit()
    customer = visitor.create("Customer", DisplayName="Acme")
    line = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    invoice = visitor.create("Invoice", CustomerRef={"value": customer["Id"]}, Line=[line])
    assert visitor.read("Customer", customer["Id"])["Balance"] == 10
    with refused("6220"):
        visitor.change("Customer", customer, Active=False)
    visitor.void("Invoice", invoice)
    assert visitor.change("Customer", customer, Active=False)["Active"] is False


@pytest.mark.parametrize("entity", ["customer", "item", "account", "vendor", "term"])
def test_lists_cannot_be_deleted_nor_voided(entity: str) -> None:
    visitor = visit()
    for operation in ("delete", "void"):
        response = visitor.call("POST", entity, {"Id": "1", "SyncToken": "0"}, operation=operation)
        assert response.json()["Fault"]["Error"][0]["code"] == "500"


def test_a_full_update_of_a_customer_empties_all_but_its_standing() -> None:
    visitor = visit()
    made = visitor.create("Customer", DisplayName="Acme", Notes="n", PrimaryEmailAddr={"Address": "a@acme.test"})
    made = visitor.change("Customer", made, Active=False)
    full = visitor.write("Customer", {"Id": made["Id"], "SyncToken": made["SyncToken"], "DisplayName": "Acme"})
    assert "Notes" not in full
    assert "PrimaryEmailAddr" not in full
    assert full["Active"] is False


def test_a_sub_customer_is_named_after_its_parent() -> None:
    visitor = visit()
    parent = visitor.create("Customer", DisplayName="Acme")
    child = visitor.create("Customer", DisplayName="Roof", Job=True, ParentRef={"value": parent["Id"]})
    assert (child["FullyQualifiedName"], child["Level"]) == ("Acme:Roof", 1)
    with refused("2020"):
        visitor.create("Customer", DisplayName="Orphan", Job=True)
    with refused("2500"):
        visitor.create("Customer", DisplayName="Orphan", ParentRef={"value": "99"})


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("2050", {"DisplayName": "x" * 501}),
        ("2050", {"DisplayName": "x", "Title": "y" * 17}),
        ("2210", {"DisplayName": "x", "PrimaryEmailAddr": {"Address": "no address"}}),
        ("6000", {"DisplayName": "x", "CurrencyRef": {"value": "USD"}}),
    ],
)
def test_what_is_wrong_with_a_customer_has_its_code(code: str, fields: dict[str, Any]) -> None:
    with refused(code):
        visit().create("Customer", **fields)


def test_a_customer_has_the_home_currency_unless_it_says_otherwise() -> None:
    visitor = visit(multicurrency=True)
    assert visitor.create("Customer", DisplayName="A")["CurrencyRef"]["value"] == "USD"
    assert visitor.create("Customer", DisplayName="B", CurrencyRef={"value": "EUR"})["CurrencyRef"]["value"] == "EUR"


def test_items_need_a_free_name_and_their_accounts() -> None:
    visitor = visit()
    made = visitor.create("Item", Name="Onboarding", Type="Service", UnitPrice=50, IncomeAccountRef={"value": "79"})
    assert made["FullyQualifiedName"] == "Onboarding"
    assert made["IncomeAccountRef"]["name"] == "Sales of Product Income"
    with refused("6240"):
        visitor.create("Item", Name="onboarding", Type="Service", IncomeAccountRef={"value": "79"})
    with refused("2020"):
        visitor.create("Item", Name="No account", Type="Service")
    with refused("2020"):
        visitor.create("Item", Name="Lamp", Type="Inventory", IncomeAccountRef={"value": "79"})
    with refused("500"):
        visitor.create("Item", Name="Bundle", Type="Group")
    with refused("2500"):
        visitor.create("Item", Name="Lost", Type="Service", IncomeAccountRef={"value": "999"})
    with refused("6000"):
        visitor.create("Item", Name="Odd", Type="Service", IncomeAccountRef={"value": "84"})


def test_accounts_need_a_type_and_are_classified() -> None:
    visitor = visit()
    by_both = visitor.create("Account", Name="Stripe fees", AccountType="Expense", AccountSubType="BankCharges")
    assert by_both["Classification"] == "Expense"
    by_sub = visitor.create("Account", Name="Stripe clearing", AccountSubType="Checking")
    assert (by_sub["AccountType"], by_sub["Classification"]) == ("Bank", "Asset")
    with refused("6010"):
        visitor.create("Account", Name="Nothing")
    with refused("2170"):
        visitor.create("Account", Name="Odd", AccountType="Piggy")
    with refused("6240"):
        visitor.create("Account", Name="Checking", AccountType="Bank")


def test_the_chart_at_the_start_holds_what_a_sync_looks_for() -> None:
    visitor = visit()
    found = visitor.query("select * from Account where AccountSubType in ('UndepositedFunds', 'DiscountsRefundsGiven')")
    assert [account["Name"] for account in found["Account"]] == ["Undeposited Funds", "Discounts given"]
    assert [row["AccountType"] for row in visitor.query("select * from Account where Id = '84'")["Account"]] == [
        "Accounts Receivable"
    ]
    assert visitor.query("select count(*) from Term")["totalCount"] == 4
    assert [row["Id"] for row in visitor.query("select * from TaxCode")["TaxCode"]] == ["TAX", "NON", "2"]


def test_preferences_say_what_the_company_was_configured_with() -> None:
    visitor = visit(custom_txn_numbers=True, multicurrency=True, book_close_date="2026-06-30", allow_discount=False)
    seen = visitor.query("select * from Preferences")["Preferences"][0]
    assert seen == visitor.read("Preferences", "1")
    assert seen["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert seen["SalesFormsPrefs"]["AllowDiscount"] is False
    assert seen["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    assert seen["AccountingInfoPrefs"]["BookCloseDate"] == "2026-06-30"
    assert visitor.call("GET", "preferences").status_code == 200


def test_a_change_of_preferences_changes_the_rules_and_nothing_else() -> None:
    visitor = visit()
    before = visitor.read("Preferences", "1")
    body = {"Id": "1", "SyncToken": before["SyncToken"], "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    after = visitor.write("Preferences", body)
    assert after["SalesFormsPrefs"] == {**before["SalesFormsPrefs"], "CustomTxnNumbers": True}
    assert after["CurrencyPrefs"] == before["CurrencyPrefs"]
    assert after["SyncToken"] == "1"


def test_a_person_may_reopen_the_books() -> None:
    app = QuickBooksSandbox(QuickBooksConfig().with_settings({"book_close_date": "2026-12-31"}))
    app.company.prefer("AccountingInfoPrefs", "BookCloseDate", None)
    preferences = Visitor(app).read("Preferences", "1")
    assert "BookCloseDate" not in preferences["AccountingInfoPrefs"]
    assert preferences["SyncToken"] == "1"


def test_company_info_is_read_under_the_realms_own_id() -> None:
    visitor = visit(country="GB", home_currency="GBP", time_zone="Europe/London", company_name="Owls Ltd")
    info = visitor.read("CompanyInfo", DEFAULT_REALM)
    assert (info["CompanyName"], info["Country"], info["DefaultTimeZone"]) == ("Owls Ltd", "GB", "Europe/London")
    assert visitor.call("GET", "companyinfo/999").json()["Fault"]["Error"][0]["code"] == "610"
