"""A terminal in front of which settings are shown, checked and applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, Ran


class Terminal(CommandLine):
    """A terminal with a document at hand."""

    def __init__(self, capture: pytest.CaptureFixture[str], folder: Path, **quickbooks: Any) -> None:
        super().__init__(World(**quickbooks), capture)
        self.file = folder / "settings.json"

    def settings(self, command: str, document: object, *arguments: str) -> Ran:
        """Run `tieout settings <command>` on a document."""
        self.file.write_text(document if isinstance(document, str) else json.dumps(document))
        return self.run("settings", command, str(self.file), *arguments)

    def doctor(self, **document: object) -> dict[str, tuple[str, str]]:
        """What the online check finds: name -> (level, found)."""
        ran = self.settings("check", document, "--online", "--json")
        found = {check["name"]: (check["level"], check["found"]) for check in ran.json["checks"]}
        assert (ran.code == 1) == any(level == "problem" for level, _ in found.values())
        return found
