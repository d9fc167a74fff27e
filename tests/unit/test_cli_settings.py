"""`tieout settings` and what doctor says about them: problems or a diff, and who is looked at again."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from infra.cli.settings_document import as_shown
from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, Ran, wide
from tieout.domain.company import Connection
from tieout.domain.directions import SWITCHES
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.domain.settings import Settings
from tieout.domain.settings_changes import changes
from tieout.domain.settings_document import BadSettings, parse_settings

# What a document names: directions stand in place of their switches.
NAMES = {one.name for one in fields(Settings)} - {name for pair in SWITCHES.values() for name in pair} | SWITCHES.keys()
FULL: dict[str, object] = {
    "invoices": "to_hubspot",
    "payments": "off",
    "cutover_date": "2026-01-01",
    "filters": [
        {"property": "hs_title", "operator": "in", "values": ["a", "b"]},
        {"property": "hs_comments", "operator": "known"},
    ],
    "customer_level": "contact",
    "match_customers_by_email": False,
    "create_customers": False,
    "fallback_item_id": "1",
    "write_status_to_hubspot": False,
    "skip_data_sync_invoices": False,
    "tax_mode": "as_item",
    "tax_item_id": "1",
    "tax_items": {"City tax": "2"},
    "tax_codes": {"77": "3"},
    "untaxed_code": "5",
    "fee_item_id": "1",
    "fee_items": {"Rush": "2"},
    "total_tolerance": "0.01",
    "variance_tolerance": "0.10",
    "beyond_tolerance": "keep",
    "closed_period": "first_open_day",
    "deleted_in_hubspot": "void",
    "terms": {"30": "3"},
    "field_pairs": [
        {"hubspot": "tracking_number", "quickbooks": "TrackingNum", "direction": "both", "winner": "quickbooks"}
    ],
    "custom_fields": {"hs_title": "2"},
    "purchase_order_field": "1",
    "voided_in_quickbooks": "attention",
    "deleted_in_quickbooks": "void",
    "adopt_data_sync_invoices": True,
    "unknown_in_hubspot": "create",
    "deposit_accounts": {"hs_payments": "35", "none": "4"},
    "payment_methods": {"card": "3"},
    "payments_without_invoice": "sales_receipt",
    "sales_receipt_item_id": "1",
    "refunds": "credit_memo",
    "receivable_account_id": "84",
    "payment_wait_days": 30,
    "recognise_workflow_documents": True,
    "record_payments_in_hubspot": False,
    "fee_booking": "monthly",
    "fee_vendors": {"hs_payments": "56"},
    "processing_fee_account_id": "71",
    "platform_fee_account_id": "72",
    "fee_class_id": "2",
    "deals": "associate",
    "deal_field": "3",
    "deal_order_property": "order_number",
    "deal_window_days": 30,
    "tell_ambiguous_deals": False,
    "pdf": "company",
    "fee_department_id": "3",
}


class Terminal(CommandLine):
    """A terminal with a document at hand."""

    def __init__(self, capture: pytest.CaptureFixture[str], folder: Path, **quickbooks: Any) -> None:
        super().__init__(World(**quickbooks), capture)
        self.file = folder / "settings.json"

    def settings(self, command: str, document: object, *arguments: str) -> Ran:
        """Run `tieout settings <command>` on a document."""
        self.file.write_text(document if isinstance(document, str) else json.dumps(document))
        return self.run("settings", command, str(self.file), *arguments)

    def doctor(self, **document: object) -> dict[str, tuple[str, str]]:
        """What the online check finds: name -> (level, found)."""
        ran = self.settings("check", document, "--online", "--json")
        found = {check["name"]: (check["level"], check["found"]) for check in ran.json["checks"]}
        assert (ran.code == 1) == any(level == "problem" for level, _ in found.values())
        return found


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


def test_a_full_document_names_every_setting_and_comes_back_as_it_was() -> None:
    assert set(FULL) == NAMES
    assert as_shown(parse_settings(FULL)) == FULL


def test_the_defaults_are_a_document_too() -> None:
    assert parse_settings(as_shown(Settings())) == Settings()


def test_changes_name_members_of_objects_and_lists() -> None:
    before = parse_settings({"terms": {"15": "2", "30": "3"}, "filters": FULL["filters"]})
    after = parse_settings({"terms": {"30": "4"}, "cutover_date": "2026-01-01"})
    found = {change.name: change.lines for change in changes(before, after)}
    assert found["terms"] == [("15", "2", ""), ("30", "3", "4")]
    assert found["cutover_date"] == [("", "", "2026-01-01")]
    assert [(old != "", new) for _, old, new in found["filters"]] == [(True, ""), (True, "")]
    assert changes(before, before) == []


# -- show and history


def test_show_prints_a_document_that_can_be_applied(line: Terminal) -> None:
    line.world.settings(cutover_date="2026-01-01", terms={"30": "3"})
    ran = line.run("settings", "show")
    assert ran.code == 0
    assert parse_settings(ran.json) == line.world.connections.settings("c1")
    assert set(ran.json) == NAMES


def test_earlier_versions_are_kept_and_shown(line: Terminal) -> None:
    line.settings("apply", {"cutover_date": "2026-01-01"})
    line.settings("apply", {"cutover_date": "2026-02-01", "push_invoices": False})
    listed = line.run("settings", "history", "--json").json
    assert [one["version"] for one in listed] == [2, 1]
    assert listed[1]["document"] == {"cutover_date": "2026-01-01"}
    assert "cutover_date, push_invoices" in line.run("settings", "history").out
    assert line.run("settings", "show", "--version", "1").json == {"cutover_date": "2026-01-01"}
    missing = line.run("settings", "show", "--version", "7")
    assert (missing.code, missing.out) == (2, "")


# -- check


def test_check_says_every_problem_with_its_field_on_standard_error(line: Terminal) -> None:
    ran = line.settings("check", {"cutover_date": "yesterday", "terms": {"x": "3"}, "nonsense": 1})
    assert (ran.code, ran.out) == (1, "")
    assert "error nonsense: unknown setting" in ran.err
    assert "error cutover_date: a date as text, YYYY-MM-DD" in ran.err
    assert "error terms: " in ran.err
    facts = line.settings("check", {"tax_mode": "magic"}, "--json").json
    assert [problem["field"] for problem in facts["problems"]] == ["tax_mode"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"terms": {}, "terms": {}}', "NaN", '{"push_invoices": 1e999}'])
def test_what_is_no_document_is_said_so(line: Terminal, text: str) -> None:
    ran = line.settings("check", text)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error ")


def test_a_file_that_is_not_there_cannot_be_read(line: Terminal) -> None:
    ran = line.run("settings", "check", "nowhere.json")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere.json cannot be read" in ran.err


def test_check_needs_no_deployment(line: Terminal) -> None:
    ran = line.settings("check", FULL)
    assert (ran.code, ran.out) == (0, "The document is valid.")
    assert line.stacks == []


# -- apply


def test_apply_shows_old_and_new_and_keeps_the_document(line: Terminal) -> None:
    line.world.settings(cutover_date="2026-01-01")
    ran = line.settings("apply", {"cutover_date": "2026-02-01"})
    assert ran.code == 0
    assert "2026-01-01" in ran.out
    assert "2026-02-01" in ran.out
    assert "Version 2 is in force" in ran.out
    facts = line.settings("apply", {"push_invoices": False}, "--json").json
    assert facts["version"] == 3
    assert {"setting": "push_invoices", "from": True, "to": False} in facts["changes"]
    assert not line.world.connections.settings("c1").push_invoices


def test_apply_refuses_a_bad_document_and_changes_nothing(line: Terminal) -> None:
    line.world.settings(cutover_date="2026-01-01")
    ran = line.settings("apply", {"cutover_date": "2026-02-31"})
    assert ran.code == 1
    assert len(line.world.connections.settings_history("c1")) == 1


def test_applying_the_same_again_makes_no_version_and_wakes_nobody(line: Terminal) -> None:
    line.settings("apply", {"cutover_date": "2026-01-01"})
    id_ = line.world.invoice(hs_invoice_date="2025-12-01T00:00:00Z")
    assert line.world.sync(id_).reason == "before_cutover"
    line.world.hints.pop_due()
    ran = line.settings("apply", {"cutover_date": "2026-01-01", "push_invoices": True})
    assert ran.out == "Nothing changes."
    assert len(line.world.connections.settings_history("c1")) == 1
    assert line.world.hints.queued == []


def test_settings_that_this_version_cannot_read_are_said_and_can_be_replaced(
    line: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(connection: str) -> Settings:
        raise BadSettings([("colour", f"unknown setting of {connection}")])

    with monkeypatch.context() as patched:
        patched.setattr(line.world.connections, "settings", unreadable)
        ran = line.run("doctor")
        assert ran.code == 1
        assert ran.err.startswith("error This version cannot read the settings in force: colour: unknown setting of c1")
        assert line.settings("apply", {"push_invoices": False}).code == 0
    assert not line.world.connections.settings("c1").push_invoices


def test_a_document_may_come_on_standard_input(line: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.read", lambda: '{"push_invoices": false}', raising=False)
    assert line.run("settings", "apply", "-", "--json").json["version"] == 1


def test_several_connections_have_to_be_told_apart(line: Terminal) -> None:
    line.world.connections.add_connection(Connection("c2", "2", "2"))
    ran = line.settings("apply", {})
    assert (ran.code, ran.out, ran.err) == (2, "", "error Name one with --connection: c1, c2.")
    assert line.settings("apply", {"push_invoices": False}, "--connection", "c2").code == 0
    assert line.world.connections.settings("c1").push_invoices


def test_other_settings_have_the_invoices_looked_at_that_they_may_concern(line: Terminal) -> None:
    world = line.world
    fine, draft, by_hand = world.invoice(), world.invoice(status="draft"), world.invoice()
    edited = world.invoice()
    filters = [{"property": "hs_title", "operator": "unknown"}]
    world.settings(cutover_date="2026-01-01", filters=filters)
    old = world.invoice(hs_invoice_date="2025-12-01T00:00:00Z")
    filtered = world.invoice(hs_title="Internal")
    needy = world.invoice(product="Drone")
    for id_ in (fine, draft, by_hand, old, filtered, needy, edited):
        world.sync(id_)
    line.run("ignore", by_hand)
    world.settings(cutover_date="2026-01-01", filters=filters, push_invoices=False)
    off = world.invoice()
    assert world.sync(off).reason == "switched_off"
    world.edit(edited, hs_comments="Changed while off")
    assert world.sync(edited).state is State.WAITING
    world.hints.pop_due()

    queued = set(line.settings("apply", {"fallback_item_id": "1"}, "--json").json["queued"])

    assert queued == {old, filtered, needy, off, edited}
    assert {hint.id: hint.cause for hint in world.hints.queued}[edited] is Cause.SWEEP
    assert {hint.id for hint in world.hints.queued} == queued
    world.push(*world.hints.pop_due())
    assert {world.record(id_).state for id_ in queued} == {State.SYNCED}
    assert world.record(by_hand).state is State.IGNORED


# -- what the settings name has to exist


def item(world: World, name: str, **more: object) -> str:
    """A person enters an item in QuickBooks."""
    body = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}, **more}
    return str(world.book("Item", body)["Id"])


def retire(world: World, entity: str, id_: str) -> None:
    """Somebody makes an entity inactive."""
    world.quickbooks.company.rows[entity][id_]["Active"] = False


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
