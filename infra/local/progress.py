"""Lines on stderr that say what the local stack is doing and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_console = Console(stderr=True, highlight=False)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Runs a step and prints its name with the seconds it took, or that it failed."""
    began = time.monotonic()
    try:
        yield
    except BaseException:
        _console.print(f"  [red]failed[/]  {name} after {time.monotonic() - began:.1f} s")
        raise
    _console.print(f"  [green]ok[/]      {name} [dim]{time.monotonic() - began:.1f} s[/]")


def say(text: str) -> None:
    """One line of plain news."""
    _console.print(text)
