"""What settings name has to exist in both systems: the online check of a document, and doctor's of those in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from tests.support.builders_world import World
from tests.support.cli_settings import Terminal
from tests.support.cli_world import wide


@pytest.fixture
def line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Terminal:
    """A terminal in front of a fresh world; a test may give QuickBooks' preferences."""
    wide(monkeypatch)
    return Terminal(capsys, tmp_path, **getattr(request, "param", {}))


def test_payments_are_checked_for_their_accounts_and_for_who_else_posts_them(line: Terminal) -> None:
    accounts = {"hs_payments": "35", "byo_stripe": "36"}
    level, told = line.doctor()["payments"]
    assert (level, "hs_payments, byo_stripe" in told) == ("warning", True)
    assert line.doctor(deposit_accounts={"hs_payments": "35"})["payments"][0] == "warning"
    assert line.doctor(deposit_accounts=accounts)["payments"] == ("ok", "each processor has its account")
    recognised = line.doctor(deposit_accounts=accounts, recognise_workflow_documents=True)["payments"]
    assert recognised[0] == "ok"
    assert "recognised" in recognised[1]
    assert line.doctor(push_payments=False)["payments"][0] == "ok"


def item(world: World, name: str, **more: object) -> str:
    """A person enters an item in QuickBooks."""
    body = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}, **more}
    return str(world.book("Item", body)["Id"])


def retire(world: World, entity: str, id_: str) -> None:
    """Somebody makes an entity inactive."""
    world.quickbooks.company.rows[entity][id_]["Active"] = False


# -- what the settings name has to exist


def test_items_in_the_settings_have_to_be_there_and_active(line: Terminal) -> None:
    fee, tax = item(line.world, "Fees"), item(line.world, "City tax")
    good: dict[str, object] = {
        "fallback_item_id": "1", "fee_item_id": fee, "tax_mode": "as_item", "tax_items": {"City tax": tax}
    }  # fmt: skip
    found = line.doctor(**good)
    assert {found[name][0] for name in ("fallback item", "fee items", "tax items")} == {"ok"}
    retire(line.world, "Item", fee)
    found = line.doctor(**{**good, "fallback_item_id": "99"})
    assert found["fallback item"] == ("problem", "item 99 is missing or inactive")
    assert found["fee items"] == ("problem", f"item {fee} is missing or inactive")
    assert found["tax items"][0] == "ok"


def test_no_fallback_item_is_worth_a_warning(line: Terminal) -> None:
    assert line.doctor()["fallback item"][0] == "warning"


def test_terms_have_to_be_there_and_mean_what_they_are_named_for(line: Terminal) -> None:
    assert line.doctor(terms={"30": "3"})["terms"] == ("ok", "30 days: Net 30")
    assert line.doctor(terms={"45": "3"})["terms"][0] == "warning"
    assert line.doctor(terms={"30": "77"})["terms"] == ("problem", "terms 77 for 30 days are missing or inactive")
    retire(line.world, "Term", "3")
    # What was read of the company is kept for ten minutes.
    line.world.clock.advance(601)
    assert line.doctor(terms={"30": "3"})["terms"][0] == "problem"


@pytest.mark.parametrize("line", [{"using_sales_tax": True, "country": "GB", "home_currency": "GBP"}], indirect=True)
def test_tax_codes_have_to_be_there_and_active(line: Terminal) -> None:
    found = line.doctor(tax_mode="codes", tax_codes={"7": "2"}, untaxed_code="5")
    assert (found["sales tax"][0], found["tax codes"]) == ("ok", ("ok", "7: 20.0% S"))
    assert line.doctor(tax_mode="codes", tax_codes={"7": "99"})["tax codes"][0] == "problem"
    # NON is a code of the United States.
    assert line.doctor(tax_mode="codes", tax_codes={"7": "2"}, untaxed_code="NON")["tax codes"][0] == "problem"


@pytest.mark.parametrize(
    ("line", "levels"),
    [
        ({}, {"none": "ok", "automated": "problem", "codes": "problem"}),
        ({"using_sales_tax": True}, {"none": "ok", "automated": "problem", "codes": "ok"}),
        (
            {"using_sales_tax": True, "partner_tax": True},
            {"none": "warning", "automated": "ok", "codes": "problem"},
        ),
        (
            {"using_sales_tax": True, "country": "GB", "home_currency": "GBP"},
            {"none": "warning", "automated": "problem", "codes": "ok"},
        ),
    ],
    indirect=["line"],
)
def test_the_tax_mode_has_to_fit_the_company(line: Terminal, levels: dict[str, str]) -> None:
    assert {mode: line.doctor(tax_mode=mode)["sales tax"][0] for mode in levels} == levels


@pytest.mark.parametrize("line", [{"using_sales_tax": True, "country": "GB", "home_currency": "GBP"}], indirect=True)
def test_taxes_as_items_need_a_code_for_what_bears_no_tax(line: Terminal) -> None:
    document: dict[str, object] = {"tax_mode": "as_item", "tax_item_id": "1"}
    assert line.doctor(**document)["sales tax"][0] == "problem"
    assert line.doctor(**document, untaxed_code="5")["sales tax"] == ("ok", "mode as_item")


def test_properties_in_filters_have_to_be_there(line: Terminal) -> None:
    filters = [{"property": "hs_titel", "operator": "known"}]
    found = line.doctor(filters=filters)["properties in the settings"]
    assert found == ("problem", "HubSpot's invoices have no property hs_titel")


@pytest.mark.parametrize("line", [{"allow_discount": False}], indirect=True)
def test_discounts_that_are_switched_off_are_said(line: Terminal) -> None:
    assert line.doctor()["order discounts"][0] == "warning"


def test_doctor_looks_at_the_settings_in_force(line: Terminal) -> None:
    line.world.settings(fallback_item_id="99")
    ran = line.run("doctor", "--json")
    assert ran.code == 1
    named = {check["name"]: check["level"] for check in ran.json}
    assert named["c1: fallback item"] == "problem"


UNTRACKED = (("class", "classes"), ("department", "locations"))

FEES: dict[str, Any] = {
    "fee_booking": "monthly",
    "deposit_accounts": {"hs_payments": "35"},
    "processing_fee_account_id": "13",
    "platform_fee_account_id": "7",
}


def fees_checked(line: Terminal, **changes: Any) -> tuple[str, str]:
    document = {name: value for name, value in {**FEES, **changes}.items() if value is not None}
    found: tuple[str, str] = line.doctor(**document)["fees"]
    return found


# -- what the settings name has to exist


def test_doctor_says_when_fees_are_only_reported(line: Terminal) -> None:
    assert line.doctor()["fees"] == ("ok", "reported and not booked, by setting")


def test_doctor_checks_the_accounts_and_vendors_of_fees(line: Terminal) -> None:
    bookkeeper = Bookkeeper(line.world.quickbooks)
    vendor = str(bookkeeper.create("Vendor", DisplayName="HubSpot payments")["Id"])
    named = {"fee_vendors": {"hs_payments": vendor}}
    assert fees_checked(line, **named) == ("ok", "booked monthly for hs_payments")
    for other, told in (
        ({}, "fee_vendors names no vendor for any processor"),
        (
            {**named, "deposit_accounts": {"byo_stripe": "35"}},
            "deposit_accounts names no clearing account for hs_payments",
        ),
        ({**named, "processing_fee_account_id": None}, "processing_fee_account_id names no account"),
        (
            {**named, "processing_fee_account_id": "1"},
            "processing_fee_account_id names account 1 (Services), of type Income",
        ),
        ({**named, "platform_fee_account_id": "999"}, "account 999, which QuickBooks does not have"),
        ({**named, "deposit_accounts": {"hs_payments": "41"}}, "account 41 (Mastercard), of type Credit Card"),
        ({"fee_vendors": {"hs_payments": "998"}}, "vendor 998, whom QuickBooks does not have"),
    ):
        level, found = fees_checked(line, **other)
        assert level == "problem"
        assert told in found
    assert fees_checked(line, **named, platform_fee_account_id=None)[0] == "warning"
    bookkeeper.change("Vendor", bookkeeper.read("Vendor", vendor), Active=False)
    assert "who is inactive" in fees_checked(line, **named)[1]
    bookkeeper.change("Account", bookkeeper.read("Account", "13"), Active=False)
    level, found = fees_checked(line, **named)
    assert (level, "account 13 (Bank Charges" in found, "vendor" in found) == ("problem", True, True)


@pytest.mark.parametrize("line", [{"multicurrency": True}], indirect=True)
def test_doctor_checks_the_currencies_of_fee_vendors_and_clearing_accounts(line: Terminal) -> None:
    bookkeeper = Bookkeeper(line.world.quickbooks)
    euro = {"CurrencyRef": {"value": "EUR"}}
    home = str(bookkeeper.create("Vendor", DisplayName="HubSpot payments")["Id"])
    foreign = str(bookkeeper.create("Vendor", DisplayName="HubSpot payments EUR", **euro)["Id"])
    account = str(bookkeeper.create("Account", Name="EUR clearing", AccountType="Bank", **euro)["Id"])
    both = {"hs_payments": home, "hs_payments:EUR": foreign}
    accounts = {"hs_payments": "35", "hs_payments:EUR": account}
    assert fees_checked(line, fee_vendors=both, deposit_accounts=accounts)[0] == "ok"
    only_euros = {"fee_vendors": {"byo_stripe": foreign}, "deposit_accounts": {"byo_stripe": account}}
    assert fees_checked(line, **only_euros)[0] == "ok"
    told = fees_checked(line, fee_vendors={**both, "hs_payments:EUR": home}, deposit_accounts=accounts)
    assert told[0] == "problem"
    assert "in USD, and the fees are in EUR. Name one for hs_payments:EUR" in told[1]
    told = fees_checked(line, fee_vendors=both, deposit_accounts={"hs_payments": account})
    assert "in EUR, and the fees are in USD" in told[1]


@pytest.mark.parametrize("tracked", [True, False])
def test_doctor_says_when_quickbooks_does_not_track_what_fees_should_bear(tracked: bool, line: Terminal) -> None:
    line.world.quickbooks.configure({"track_classes": tracked, "track_departments": tracked})
    found = line.doctor(**FEES, fee_class_id="5", fee_department_id="6")["classes and locations of fees"]
    assert found == (
        ("ok", "5, 6")
        if tracked
        else (
            "warning",
            "; ".join(f"fee_{name}_id is set, and QuickBooks tracks no {what}" for name, what in UNTRACKED),
        )
    )
