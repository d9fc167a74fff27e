"""The demo's day as other tests look at it: what it said, the stack that it left running, and what Tieout called."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from infra.local.stack import Stack

# HubSpot reads by POST, too.
_READS = re.compile(r"/(search|batch/read)$")
_MARK = re.compile(r"tieout:\S+")


@dataclass(frozen=True)
class PlayedDay:
    """The demo has ended and its stack still runs."""

    stack: Stack
    told: str

    def tieout(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit code of a `tieout` command with --json, and what it answered. Figures are Decimals."""
        command = [sys.executable, "-c", "from infra.cli.main import main; main()", *arguments, "--json"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.stdout, ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout, parse_float=Decimal)
        return ran.returncode, answer

    def traffic(self) -> list[dict[str, Any]]:
        """Every exchange until now, as the stand-ins recorded them."""
        urls = (self.stack.hubspot_url, self.stack.quickbooks_url)
        lines = [line for url in urls for line in httpx.get(f"{url}/_sandbox/traffic", timeout=60).text.splitlines()]
        return [json.loads(line) for line in lines]

    def quickbooks(self, entity: str) -> list[dict[str, Any]]:
        """All records of an entity."""
        state = httpx.get(f"{self.stack.quickbooks_url}/_sandbox/state", timeout=60).json()
        found: list[dict[str, Any]] = state["realms"][self.stack.realm_id]["entities"].get(entity, [])
        return found

    def hubspot(self, kind: str) -> list[dict[str, Any]]:
        """All records of a type that are not deleted."""
        state = httpx.get(f"{self.stack.hubspot_url}/_sandbox/state", timeout=60).json()
        return [one for one in state["objects"][kind] if not one["archived"]]


def marks(texts: Iterable[str | None]) -> Counter[str]:
    """How often each of Tieout's marks stands in these notes."""
    return Counter(mark for text in texts for mark in _MARK.findall(text or ""))


def operations(lines: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often Tieout (and nobody else) did what: vendor, method and path without ids, of a query the entity."""
    return Counter(
        _operation(one) for one in lines if one["request_headers"].get("User-Agent", "").startswith("tieout")
    )


def writes(found: Counter[str]) -> Counter[str]:
    """Those that change something."""
    return Counter(
        {name: times for name, times in found.items() if " GET " not in name and not _READS.search(name.split()[2])}
    )


def read_file(path: Path) -> list[dict[str, Any]]:
    """Exchanges as the demo saved them."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def _operation(one: dict[str, Any]) -> str:
    url = urlsplit(one["url"])
    options = parse_qs(url.query)
    path = re.sub(r"^/v3/company/\d+/|^/crm/objects/2026-09/|^/crm/", "", url.path)
    path = re.sub(r"/\d+(?=/|$)", "/ID", path)
    entity = re.search(r"(?i) from (\w+)", options.get("query", [""])[0])
    more = [entity[1]] if entity else options.get("operation", []) + options.get("include", [])
    return " ".join([one["system"], one["method"], path, *more])
