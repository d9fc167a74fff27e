"""Finds uv and runs build tools, with what they said when they fail."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.paths import LOCAL, ROOT


class ToolFailed(Exception):
    """A tool is not there, or ended with an error; the message holds what it said."""


def uv() -> str:
    """The uv that runs us, else the one that `make` installed, else the one on the path."""
    for found in (os.environ.get("UV"), LOCAL / "uv" / "bin" / "uv", shutil.which("uv")):
        if found and Path(found).is_file():
            return str(found)
    raise ToolFailed("uv is not on this machine; `make setup` installs it")


def run(command: Sequence[str], cwd: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end and gives its output. Raises ToolFailed."""
    answer = subprocess.run(
        command,
        cwd=cwd,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise ToolFailed(f"{' '.join(command)} ended with {answer.returncode}:\n{answer.stdout}{answer.stderr}".strip())
    return answer.stdout
