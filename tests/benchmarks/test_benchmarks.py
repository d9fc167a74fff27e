"""The figures that do not depend on the machine keep their limits, and a broken limit is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType

import pytest

from infra.aws.counts import ALONE, STORED_BYTES
from tests.benchmarks import (
    backfill_times,
    console_pages,
    fee_reports,
    mirror_costs,
    money_costs,
    push_costs,
    unit_costs,
)
from tests.benchmarks.__main__ import main
from tests.benchmarks.report import Measure, broken


def _part(*measures: Measure) -> dict[str, Callable[[], Iterable[Measure]]]:
    return {"part": lambda: measures}


@pytest.mark.parametrize("part", [push_costs, money_costs, mirror_costs])
def test_invoices_payments_and_the_sweep_keep_their_limits_of_calls(part: ModuleType) -> None:
    measures = list(part.measure())
    assert {one.group for one in measures if one.most is not None} == {one.group for one in measures}
    assert broken(measures) == []


def test_one_invoices_life_costs_no_more_than_the_page_of_costs_goes_by() -> None:
    measures = list(unit_costs.measure({1: ALONE}))
    assert len(measures) == 5 * (len(ALONE) + 1)
    assert broken(measures) == []
    # The page is not far above it either.
    for one in measures:
        assert one.most is not None
        assert one.value >= one.most / 2 or one.most <= 4, f"{one.group}: {one.what} {one.value}"
    assert STORED_BYTES / 2 < unit_costs.stored(1) < STORED_BYTES


def test_the_consoles_pages_cost_the_same_with_more_records() -> None:
    """Time is only measured by `make bench`: it differs by what else runs on the machine."""
    measures = list(console_pages.measure(few=1_000, many=4_000))
    units = [one for one in measures if "units, many" in one.what or "requests" in one.what]
    assert len(units) == 36
    assert broken(units) == []
    assert broken(console_pages.worst(2_000)) == []
    page = next(one.value for one in measures if one.group.endswith(": invoices") and one.what.endswith("with many"))
    assert 27 < page < 32, "a page of 25 reads 25 records, their keys, the session and the connections"


def test_the_fee_report_and_its_booking_keep_their_limits_of_calls() -> None:
    measures = list(fee_reports.calls(payments=600))
    assert len([one for one in measures if one.most is not None]) > 5
    assert broken(measures) == []


def test_a_back_fill_makes_each_invoice_once_within_the_limits_of_both_vendors() -> None:
    """How long it takes is measured where there are enough of them for the beginning and the end not to matter."""
    exact = [one for one in backfill_times.measure(number=60) if one.exactly]
    assert len(exact) == 6
    assert broken(exact) == []


def test_the_memory_of_the_fee_report_is_that_of_its_own_process() -> None:
    for one in fee_reports.memory(payments=20):
        assert 30 < one.value < 256


@pytest.mark.parametrize(
    ("value", "most", "exactly", "holds"),
    [
        (2.0, 2.0, False, True),
        (1.0, 2.0, False, True),
        (2.01, 2.0, False, False),
        (30.0, 30.0, True, True),
        (29.0, 30.0, True, False),
        (31.0, 30.0, True, False),
        (99.0, None, False, True),
    ],
)
def test_a_limit_is_kept_up_to_its_value_or_exactly(
    value: float, most: float | None, exactly: bool, holds: bool
) -> None:
    assert Measure("group", "what", value, most, exactly).holds is holds


def test_a_broken_limit_is_shown_and_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Measure("calls", "reads", 2, 2), Measure("calls", "writes", 31, 30, exactly=True)
    assert main([], _part(good, bad)) == 1
    shown = capsys.readouterr().out
    assert "exactly 30" in shown
    assert "BROKEN" in shown
    assert "1 of 2 limits are broken" in shown


def test_limits_that_hold_are_shown_and_the_command_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], _part(Measure("calls", "reads", 2, 2), Measure("calls", "seconds", 9))) == 0
    shown = capsys.readouterr().out
    assert "at most 2" in shown
    assert "BROKEN" not in shown
