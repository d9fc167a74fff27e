"""Tables in the terminal: figures stand to the right, and no terminal is too narrow for a figure."""

from __future__ import annotations

import pytest

from infra.cli import show

COLUMNS = ("processor", "currency", "payments", "gross", "processing", "platform", "refunds", "net", "rate")
ROWS = [
    ("HubSpot payments", "USD", "3", "2,580.00", "55.92", "12.90", "0.00", "2,511.18", "2.67%"),
    ("Stripe", "EUR", "2 (1 without fee)", "850.00", "24.65", "4.25", "0.00", "821.10", "3.40%"),
]


def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    monkeypatch.setattr(show.out, "_width", width)
    show.table("Fees of 2026-10, connection somewhere", COLUMNS, ROWS)
    return capsys.readouterr().out.splitlines()


def test_figures_stand_to_the_right_and_words_to_the_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed(capsys, monkeypatch, 140)
    assert lines[0] == "Fees of 2026-10, connection somewhere"
    assert "│ 2,580.00 │" in lines[4]
    assert "│   850.00 │" in lines[5]
    assert "│ 3                 │" in lines[4]


def test_a_few_rows_too_wide_for_the_terminal_stand_beside_each_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed(capsys, monkeypatch, 60)
    assert all(len(line) <= 60 for line in lines)
    assert "│ gross      │         2,580.00 │            850.00 │" in lines
    assert "┃ processor  ┃ HubSpot payments ┃            Stripe ┃" in lines


def test_many_rows_stay_rows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show.out, "_width", 20)
    show.table("Queues", ("queue", "messages"), [("payment push", "0"), ("payment pull", "12"), ("dead letters", "3")])
    assert sum("┃ queue" in line for line in capsys.readouterr().out.splitlines()) == 1


def test_a_table_without_rows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show.table("Waiting", ("record",), [])
    assert capsys.readouterr().out == "Waiting: none\n"
