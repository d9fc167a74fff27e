"""The settings page: everything in force in words, and who changed what when."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tests.support.console_world import HOSTILE_NAME, ConsoleWorld
from tieout.console.settings_words import GROUPS
from tieout.domain.person import Role
from tieout.domain.settings import Settings
from tieout.domain.settings_document import BadSettings


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


def shown(world: ConsoleWorld, **headers: str) -> str:
    page = world.signed_in(Role.VIEWER, **headers).get(world.path("/settings"))
    assert page.status == 200
    return page.text


def test_every_setting_has_a_name_in_words_once() -> None:
    named = [name for group in GROUPS for name in group.labels]
    assert sorted(named) == sorted(one.name for one in fields(Settings))


def test_before_any_were_applied_everything_is_as_by_default(world: ConsoleWorld) -> None:
    text = shown(world)
    assert "No settings were applied yet" in text
    assert "changed" not in text.replace("are changed from", "")
    assert "Send HubSpot invoices to QuickBooks push_invoices yes as by default" in text
    assert "Leave out invoices dated before cutover_date not set as by default" in text


def test_what_was_applied_is_shown_and_marked(world: ConsoleWorld) -> None:
    world.world.settings(
        push_payments=False, deposit_accounts={"hs_payments": "35", "none": "4"}, total_tolerance="0.01"
    )
    text = shown(world)
    assert "QuickBooks push_payments no changed" in text
    accounts = text.partition("deposit_accounts ")[2].partition("payment_methods")[0]
    assert all(one in accounts for one in ("hs_payments: 35", "none: 4", "changed"))
    assert "total_tolerance 0.01 changed" in text


def test_the_history_tells_who_changed_what_when(world: ConsoleWorld) -> None:
    world.world.settings(cutover_date="2026-01-01")
    world.world.clock.advance(86_400)
    world.world.connections.apply_settings(
        "c1", {"push_invoices": False, "terms": {"30": "3"}}, HOSTILE_NAME, world.world.clock.now()
    )
    page = world.signed_in().get(world.path("/settings"))
    history = page.text.partition("History")[2]
    assert history.index(HOSTILE_NAME) < history.index("test")
    assert "Send HubSpot invoices to QuickBooks: before yes after no" in history
    assert "Leave out invoices dated before: before 2026-01-01" in history
    assert "Terms by days until due (30): after 3" in history
    assert "Mar 3, 2026, 10:00" in history, "in the portal's time zone"
    assert "the first version" in history
    assert "<script>" not in page.html


def test_a_version_that_cannot_be_read_any_more_spoils_nothing(world: ConsoleWorld) -> None:
    world.world.settings(push_invoices=False)
    world.world.settings(push_invoices=True)
    kept = world.world.connections._history["c1"]
    object.__setattr__(kept[0], "document", {"of_another_version": 1})
    text = shown(world)
    assert text.count("cannot read it") == 2
    object.__setattr__(kept[1], "document", {"of_another_version": 1})
    assert "cannot be read by this version" in shown(world)


@pytest.mark.parametrize("path", ["/fees/2026-03", "/dry-run?invoice=1001"])
def test_settings_that_cannot_be_read_are_told_on_pages_that_need_them(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def unreadable(*_: object) -> None:
        raise BadSettings([("of_another_version", "unknown setting")])

    monkeypatch.setattr(type(world.world.connections), "settings", unreadable)
    page = world.signed_in().get(world.path(path))
    assert page.status == 409
    assert "cannot be read by this version of Tieout: of_another_version" in page.text


def test_a_long_history_is_cut(world: ConsoleWorld) -> None:
    for at in range(25):
        world.world.settings(payment_wait_days=at + 1)
    text = shown(world)
    assert "Only the latest 20 versions" in text
    assert "before 5 after 6" in text, "also the oldest that is shown says what was before"
    assert "before 4 after 5" not in text


def test_in_portuguese(world: ConsoleWorld) -> None:
    world.world.settings(push_payments=False)
    text = shown(world, accept_language="pt-BR")
    assert "Enviar pagamentos e reembolsos do HubSpot ao QuickBooks push_payments não alterado" in text
