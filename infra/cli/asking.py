"""Asks a person before something is changed that cannot be changed back."""

from __future__ import annotations

import sys

import typer


def ask(question: str) -> None:
    """Return after a yes at the terminal; a no ends the command. Raises BadParameter where nobody can be asked."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is nobody to ask here: say --yes", param_hint="--yes")
    typer.confirm(question, err=True, abort=True)
