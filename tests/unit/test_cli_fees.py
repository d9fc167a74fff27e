"""`tieout fees` over both sandboxes: what it shows, how it ends, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tests.support.fee_world import FeeWorld


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(World(), capsys)


def pay(line: CommandLine, amount: str, **terms: Any) -> str:
    told: dict[str, Any] = {"fee": "2.90", "platform_fee": "0.50", **terms}
    return line.world.hubspot.people.pay_link(amount, "anna@example.test", **told)


def test_a_month_is_shown_by_processor_and_currency_with_a_bar_a_day(line: CommandLine) -> None:
    pay(line, "100.00")
    pay(line, "200.00", processor="byo_stripe")
    ran = line.run("fees", "--month", "2026-03")
    assert ran.code == 0, ran.err
    assert "HubSpot payments" in ran.out
    assert "Stripe" in ran.out
    assert "3.40%" in ran.out
    assert "02 ████" in ran.out
    assert "apart from each other" in ran.out


def test_a_fee_that_is_not_known_is_listed_and_ends_with_1(line: CommandLine) -> None:
    id_ = pay(line, "100.00", fee="untold", platform_fee="untold")
    ran = line.run("fees", "--day", "2026-03-02")
    assert ran.code == 1
    assert id_ in ran.out
    assert "fee missing" in ran.out


def test_json_has_the_same_figures(line: CommandLine) -> None:
    pay(line, "100.00")
    ran = line.run("fees", "--month", "2026-03", "--json")
    [told] = ran.json["connections"]
    assert (told["period"], told["totals"][0]["fees"]) == ("2026-03", "3.40")


def test_any_days_are_reported_as_one_period(line: CommandLine, tmp_path: Path) -> None:
    first = pay(line, "100.00")
    line.world.clock.advance(3 * 86_400)
    second = pay(line, "200.00")
    line.world.clock.advance(86_400)
    pay(line, "400.00")
    days = ("--from", "2026-03-02", "--to", "2026-03-05")
    [told] = line.run("fees", *days, "--json").json["connections"]
    assert (told["period"], told["totals"][0]["gross"]) == ("2026-03-02_2026-03-05", "300.00")
    assert line.run("fees", *days, "--save", str(tmp_path)).code == 0
    [page] = tmp_path.glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "Payment fees, 2 March 2026 to 5 March 2026" in text
    assert first in text
    assert second in text
    assert "Fees of 2026-03" in line.run("fees", "--from", "2026-03-01", "--to", "2026-03-31").out


def test_without_a_period_it_is_last_month(line: CommandLine) -> None:
    assert "Fees of 2026-02" in line.run("fees").out


def test_the_page_and_the_csv_are_saved_where_it_is_asked_for(line: CommandLine, tmp_path: Path) -> None:
    id_ = pay(line, "100.00")
    line.run("fees", "--month", "2026-03", "--save", str(tmp_path / "reports"))
    page, rows = sorted((tmp_path / "reports").iterdir(), key=lambda one: one.suffix, reverse=True)
    assert "Payment fees, March 2026" in page.read_text(encoding="utf-8")
    assert id_ in rows.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--month", "2026-13"), "2026-13"),
        (("--month", "March"), "a month as 2026-10"),
        (("--month", "2026-03-02"), "--month takes a month"),
        (("--day", "2026-03"), "--day a day"),
        (("--day", "2026-03-02", "--month", "2026-03"), "not both"),
        (("--from", "2026-03-02", "--to", "2026-03-04", "--month", "2026-03"), "not both"),
        (("--from", "2026-03-02"), "go together"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "not before"),
        (("--from", "2025-03-02", "--to", "2026-03-03"), "366 days"),
        (("--from", "2026-03", "--to", "2026-04"), "take a day"),
        (("--from", "2026-03-01", "--to", "2026-03-02", "--book"), "booked by day or month"),
    ],
)
def test_a_period_that_is_none_is_refused(line: CommandLine, arguments: tuple[str, ...], why: str) -> None:
    ran = line.run("fees", *arguments)
    assert ran.code == 2
    assert why in ran.err


def test_a_month_is_booked_and_the_clearing_account_proven(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch)
    line = CommandLine(FeeWorld(), capsys)
    pay(line, "100.00")
    ran = line.run("fees", "--month", "2026-03", "--book", "--check")
    assert ran.code == 0, ran.out + ran.err
    assert "hs_payments:USD:2026-03 synced expense" in ran.out.replace("\u2502", "").replace("  ", " ")
    assert "proven" in ran.out
    again = line.run("fees", "--month", "2026-03", "--book", "--check", "--json")
    [told] = again.json["connections"]
    assert [one["state"] for one in told["booking"]] == ["synced"]
    assert [one["number"] for one in told["booked"][0]["entries"]] == ["FEE-2026-03-USD"]
    shown = line.run("fees", "--month", "2026-03")
    assert "FEE-2026-03-USD" in shown.out
    assert told["clearing"][0]["holds"] is True
    assert told["clearing"][0]["fees"] == "-3.40"
    assert len(line.world.booked("Purchase")) == 1


def test_fees_that_need_a_person_are_in_the_status_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch)
    world = FeeWorld()
    world.monthly(fee_vendors={})
    line = CommandLine(world, capsys)
    pay(line, "100.00")
    assert line.run("status").code == 0
    ran = line.run("fees", "--month", "2026-03", "--book")
    assert ran.code == 1
    assert "fee_vendors names no vendor" in ran.out
    ran = line.run("status")
    assert ran.code == 1
    assert "Fees hs_payments USD 2026-03" in ran.out
    assert "fee_vendors names no vendor for hs_payments" in " ".join(ran.out.replace("\u2502", " ").split())
    assert "fee_mapping_missing" in ran.out
    [told] = line.run("status", "--json").json["connections"]
    assert [one["kind"] for one in told["needs_a_person"]] == ["fees"]
    assert line.run("retry", "--all").code == 0
    world.monthly()
    assert line.run("fees", "--month", "2026-03", "--book").code == 0
    assert line.run("status").code == 0


def test_the_original_and_what_adjusted_it_are_in_terminal_json_and_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wide(monkeypatch)
    line = CommandLine(FeeWorld(), capsys)
    pay(line, "100.00")
    late = pay(line, "50.00", fee="untold", platform_fee="untold")
    line.run("fees", "--month", "2026-03", "--book")
    line.world.hubspot.people.charge(late, fee="2.00", platform_fee="0.25")
    line.run("fees", "--month", "2026-03", "--book")
    ran = line.run("fees", "--month", "2026-03", "--save", str(tmp_path))
    [page] = tmp_path.glob("*.html")
    [booked] = line.run("fees", "--month", "2026-03", "--json").json["connections"][0]["booked"]
    assert [(one["number"], one["amount"], one["adjusting"]) for one in booked["entries"]] == [
        ("FEE-2026-03-USD", "3.40", False),
        ("FEE-2026-03-USD-2", "2.25", True),
    ]
    for text in (ran.out, page.read_text(encoding="utf-8")):
        assert all(told in text for told in ("FEE-2026-03-USD", "Adjusting expense", "FEE-2026-03-USD-2", "2.25"))


def test_what_the_policy_does_not_allow_is_not_booked(line: CommandLine) -> None:
    pay(line, "100.00")
    ran = line.run("fees", "--month", "2026-03", "--book")
    assert ran.code == 2
    assert "report_only" in ran.err
    assert line.world.booked("Purchase") == []
