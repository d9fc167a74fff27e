"""`tieout settings`: problems or a diff, and who is looked at again."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from infra.cli.settings_document import as_shown
from tests.support.cli_settings import Terminal
from tests.support.cli_world import wide
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


@pytest.fixture
def line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Terminal:
    """A terminal in front of a fresh world; a test may give QuickBooks' preferences."""
    wide(monkeypatch)
    return Terminal(capsys, tmp_path, **getattr(request, "param", {}))


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
