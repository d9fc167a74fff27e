"""Writes what docs/cli.md says of each command from the commands themselves: `make cli-reference`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from infra.cli.main import GROUPS, app

PAGE = Path("docs/cli.md")
MARK = "<!-- From here on written by `make cli-reference`. -->\n"
COMMON = ("--connection", "--stack", "--json")
"""Options that the page explains once."""

_EXAMPLE = "Example: "
_WIDTH = 128


@dataclass(frozen=True)
class Command:
    """A command as its page and its tests see it. `options` are all of its parameters, arguments included."""

    group: str
    name: str
    help: str
    options: tuple[Any, ...]

    @property
    def arguments(self) -> list[str]:
        """The words that call it."""
        return self.name.split()


def commands() -> list[Command]:
    """All commands, in the order of the help."""
    return list(_walk())


def _walk() -> Iterator[Command]:
    root: Any = typer.main.get_command(app)
    for group, named in GROUPS.items():
        for name, _ in named:
            found = root.commands[name]
            inner: dict[str, Any] = getattr(found, "commands", {})
            for word, one in inner.items():
                yield Command(group, f"{name} {word}", one.help or "", tuple(one.params))
            if not inner:
                yield Command(group, name, found.help or "", tuple(found.params))


def reference() -> str:
    """The page's part about the commands."""
    parts: list[str] = []
    group = ""
    for command in commands():
        if command.group != group:
            group = command.group
            parts.append(f"## {group}\n")
        parts.append(_section(command))
    return "\n".join(parts)


def _section(command: Command) -> str:
    paragraphs = command.help.split("\n\n")
    told = [_filled(one) for one in paragraphs if not one.startswith(_EXAMPLE)]
    examples = [f"    {one.removeprefix(_EXAMPLE)}" for one in paragraphs if one.startswith(_EXAMPLE)]
    parts = [f"### tieout {command.name}\n", *(f"{one}\n" for one in told), "\n".join(examples) + "\n"]
    rows = [_row(one) for one in command.options if not _is_common(one)]
    if rows:
        parts.append("\n".join(("| argument or option | what |", "| --- | --- |", *rows)) + "\n")
    also = [name for name in COMMON if any(name in one.opts for one in command.options)]
    if also:
        parts.append(f"Also {', '.join(f'`{name}`' for name in also)}.\n")
    return "\n".join(parts)


def _is_common(option: Any) -> bool:
    return bool({*COMMON, "--help"} & set(option.opts))


def _row(option: Any) -> str:
    if option.param_type_name == "argument":
        named = f"`{option.metavar or option.name.upper()}`"
    else:
        value = f" {option.metavar}" if option.metavar else ""
        named = ", ".join(f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts))
    return f"| {_cell(named)} | {_cell(option.help or '')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def page(present: str) -> str:
    """The page with the part about the commands as it is to be."""
    return f"{present.partition(MARK)[0]}{MARK}\n{reference()}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit()
