"""Measures what Tieout costs and says whether the limits hold: `python -m tests.benchmarks [push_costs ...]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console

from tests.benchmarks import (
    backfill_times,
    cold_start,
    console_pages,
    fee_reports,
    intake,
    memory,
    mirror_costs,
    money_costs,
    push_costs,
    unit_costs,
)
from tests.benchmarks.quiet import quiet
from tests.benchmarks.report import Measure, broken, table

PARTS: Mapping[str, Callable[[], Iterable[Measure]]] = {
    "push_costs": push_costs.measure,
    "money_costs": money_costs.measure,
    "mirror_costs": mirror_costs.measure,
    "unit_costs": unit_costs.measure,
    "backfill_times": backfill_times.measure,
    "cold_start": cold_start.measure,
    "memory": memory.measure,
    "intake": intake.measure,
    "fee_reports": fee_reports.measure,
    "console_pages": console_pages.measure,
}
_WIDTH = 120


def main(arguments: list[str] | None = None, parts: Mapping[str, Callable[[], Iterable[Measure]]] = PARTS) -> int:
    """1 when a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"which to measure: {', '.join(parts)}; all by default"
    )
    wanted = parser.parse_args(arguments).parts or list(parts)
    if strange := set(wanted) - set(parts):
        parser.error(f"there is no {', '.join(sorted(strange))}")
    console = Console(width=_WIDTH)
    measures: list[Measure] = []
    for name in wanted:
        with Console(stderr=True).status(f"measuring {name}"), quiet():
            measures.extend(parts[name]())
    console.print(table(measures))
    if wrong := broken(measures):
        console.print(f"[bold red]{len(wrong)} of {sum(one.most is not None for one in measures)} limits are broken[/]")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
