"""Plays seeds from the command line: `python -m tests.simulation --seeds 100 --first 0 [--sabotage look]`."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
from collections import Counter
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.simulation.course import Failed, Result
from tests.simulation.sabotage import Sabotage
from tests.simulation.simulation import WORLDS, simulate


def main(arguments: list[str] | None = None) -> int:
    """1 when a seed failed; with sabotage, 1 when none did."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds to play")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--sabotage", type=Sabotage, choices=list(Sabotage), default=Sabotage.NONE)
    parser.add_argument("--only", choices=list(WORLDS), help="worlds of one kind; all without it")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--trace", action="store_true", help="print every step of every seed")
    given = parser.parse_args(arguments)
    # What the workers log would stand between the lines of the table.
    logging.getLogger("tieout").setLevel(logging.ERROR)
    console = Console()
    seeds = range(given.first, given.first + given.seeds)
    results: list[Result] = []
    failures: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, multiprocessing.Pool(min(given.workers, len(seeds))) as pool:
        kinds = _kinds(given.only, given.sabotage)
        worlds = [(seed, kind) for kind in kinds for seed in seeds]
        task = progress.add_task("seeds", total=len(worlds))
        for outcome in pool.imap_unordered(partial(_play, sabotage=given.sabotage), worlds):
            if isinstance(outcome, str):
                failures.append(outcome)
                progress.update(task, description=f"seeds, {len(failures)} failed")
            else:
                results.append(outcome)
            progress.advance(task)
    if given.trace:
        for result in sorted(results, key=lambda one: one.seed):
            console.print(f"seed {result.seed}", *result.trace, sep="\n", markup=False, highlight=False)
    for failure in failures[:3]:
        console.print(failure, markup=False, highlight=False)
        console.rule()
    console.print(_table(results, failures))
    return int(bool(failures) == (given.sabotage is Sabotage.NONE))


def _kinds(only: str | None, sabotage: Sabotage) -> tuple[str, ...]:
    """Which worlds are played: without a choice all, and of a sabotage those that can notice it."""
    if only is not None:
        return (only,)
    return tuple(WORLDS) if sabotage is Sabotage.NONE else (sabotage.of,)


def _play(world: tuple[int, str], sabotage: Sabotage) -> Result | str:
    seed, kind = world
    try:
        return simulate(seed, sabotage, of=kind)
    except Failed as failed:
        return str(failed)


def _table(results: list[Result], failures: list[str]) -> Table:
    writes = sum((result.writes for result in results), Counter[str]())
    states = sum((result.states for result in results), Counter[str]())
    played = sum((result.played for result in results), Counter[str]())
    ends = sum((result.ends for result in results), Counter[str]())
    table = Table("what", "how often", title="Simulation")
    rows = {
        "seeds that held": len(results),
        "seeds that failed": len(failures),
        "steps": sum(result.steps for result in results),
        "virtual minutes": sum(result.minutes for result in results),
        "crashed workers": sum(result.crashes for result in results),
        "lost answers": sum(result.lost for result in results),
        **{f"QuickBooks: {name}": number for name, number in sorted(writes.items())},
        **{f"reached {name}": number for name, number in sorted(states.items())},
        **{f"played: {name}": number for name, number in sorted(played.items())},
        **{f"judged: {name}": number for name, number in sorted(ends.items())},
    }
    for name, number in rows.items():
        table.add_row(name, f"{number:,}")
    return table


if __name__ == "__main__":
    sys.exit(main())
