"""Finds uv and runs build tools, with what they said when they fail."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.paths import ROOT


class ToolFailed(Exception):
    """A tool is not there, or ended with an error; the message holds what it said."""


def uv() -> str:
    """The uv that runs us, else the one that infra/local/find-uv finds or installs. Raises ToolFailed."""
    return os.environ.get("UV") or run([str(ROOT / "infra" / "local" / "find-uv")]).strip()


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
