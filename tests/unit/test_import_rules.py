"""Who may import whom, and what is kept to one place: read from the sources' syntax trees."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "tieout"
# What each part of the package may import of the package; an adapter's own folder comes to it in `_allowed`.
MAY_IMPORT = {
    "domain": {"domain"},
    "ports": {"domain", "ports"},
    "services": {"domain", "ports", "services"},
    "adapters": {"domain", "ports"},
    "console": {"domain", "ports", "services", "console"},
    "runtime": {"domain", "ports", "services", "adapters", "console", "runtime"},
    "functions": {"runtime"},
}
# Modules of an adapter folder's level that every adapter may use.
SHARED_ADAPTERS = {"aws", "http"}
NOT_IN_DOMAIN = {"os", "random", "time", "uuid", "secrets", "socket", "subprocess", "threading", "logging"}
# The pages are made with these two libraries, and nothing else is.
PAGE_LIBRARIES = {"jinja2", "babel"}
NOT_IN_SERVICES = {"boto3", "botocore", "httpx", "os", "pydantic", "aws_lambda_powertools"}
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "sleep"),
}
# Fields of the domain that hold seconds to wait, which are no money.
SECONDS = {"retry_after"}
NO_SUCH_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "lib"}
LONGEST_HANDLER = 40
LONGEST_MODULE = 400


@dataclass(frozen=True)
class Module:
    """One source file: its path from the root of the house, as ("tieout", "domain", "money")."""

    path: tuple[str, ...]
    source: str

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def part(self) -> str:
        """domain, ports, services, adapters, console, runtime or functions."""
        return self.path[1] if self.path[0] == PACKAGE and len(self.path) > 1 else self.path[0]

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)


def read_house() -> list[Module]:
    files = [*(ROOT / "shared" / PACKAGE).rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    return [_module(file) for file in sorted(files)]


def _module(file: Path) -> Module:
    base = ROOT / "shared" if (ROOT / "shared") in file.parents else ROOT
    parts = file.relative_to(base).with_suffix("").parts
    return Module(parts[:-1] if parts[-1] == "__init__" else parts, file.read_text(encoding="utf-8"))


def imported(module: Module) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; `from a import b` gives a.b."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = module.path[: len(module.path) - node.level]
                base = ".".join([*up, base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer_problems(module: Module) -> list[str]:
    """Imports that the layering forbids."""
    return [
        f"{module.name} imports {name}"
        for name in imported(module)
        if name.split(".")[0] in (PACKAGE, "functions", "infra", "tests") and not _allowed(module, name)
    ]


def _allowed(module: Module, name: str) -> bool:
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return False
    if module.part == PACKAGE or len(parts) == 1:
        return module.part == PACKAGE
    if parts[1] == "adapters" and module.part == "adapters":
        return len(parts) > 2 and (parts[2] in SHARED_ADAPTERS or (len(module.path) > 2 and parts[2] == module.path[2]))
    return parts[1] in MAY_IMPORT[module.part]


def foreign_problems(module: Module) -> list[str]:
    """Packages that a part does not use."""
    roots = {name.split(".")[0] for name in imported(module)}
    match module.part:
        case "domain":
            unwanted = {root for root in roots if root not in sys.stdlib_module_names and root != PACKAGE}
            unwanted |= roots & NOT_IN_DOMAIN
        case "services" | "ports":
            unwanted = roots & NOT_IN_SERVICES
        case "console":
            unwanted = roots & NOT_IN_SERVICES
        case "functions":
            unwanted = roots - {PACKAGE, "__future__"}
        case _:
            unwanted = set()
    if module.part != "console":
        unwanted |= roots & PAGE_LIBRARIES
    return [f"{module.name} imports {root}" for root in sorted(unwanted)]


def environment_problems(module: Module) -> list[str]:
    """Reads of the environment outside runtime/config.py."""
    if module.name == f"{PACKAGE}.runtime.config":
        return []
    words = {"environ", "environb", "getenv", "putenv"}
    return [
        f"{module.name} reads the environment"
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in words)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and words & {one.name for one in node.names})
    ]


def clock_problems(module: Module) -> list[str]:
    """Reads of the clock outside its adapter."""
    if module.name == f"{PACKAGE}.adapters.clock":
        return []
    found = [
        f"{module.name} reads the clock: {ast.unparse(node)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in CLOCK_READS
    ]
    renamed = {f"{one}.{what}" for one, what in CLOCK_READS}
    return found + [f"{module.name} imports {name}" for name in imported(module) if name in renamed]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def float_problems(module: Module) -> list[str]:
    """Floating point where money is."""
    domain = module.part == "domain"
    if not domain and module.path[:3] != (PACKAGE, "adapters", "quickbooks"):
        return []
    tree = module.tree
    seconds = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in SECONDS
        for inner in ast.walk(node)
    }
    numbers = (
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "float")
        or (domain and isinstance(node, ast.Constant) and isinstance(node.value, float))
    )
    return [f"{module.name} line {node.lineno}: {ast.unparse(node)}" for node in numbers if node not in seconds]


def name_problems(module: Module) -> list[str]:
    """Modules whose name says nothing, and modules that outgrew themselves."""
    found = [f"{module.name}: what is it for?" for part in module.path if part in NO_SUCH_NAMES]
    if len(module.source.splitlines()) > LONGEST_MODULE:
        found.append(f"{module.name} has more than {LONGEST_MODULE} lines")
    return found


def docstring_problems(module: Module) -> list[str]:
    """A module opens with what it is for."""
    return [] if ast.get_docstring(module.tree) or not module.source.strip() else [f"{module.name} has no docstring"]


def handler_problems(module: Module) -> list[str]:
    """Decisions in an entry point."""
    if module.part != "functions" or len(module.path) < 3:
        return []
    found = [
        f"{module.name} line {node.lineno} decides"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If | ast.IfExp | ast.Try | ast.For | ast.While | ast.Match | ast.BoolOp)
    ]
    if len(module.source.splitlines()) > LONGEST_HANDLER:
        found.append(f"{module.name} has more than {LONGEST_HANDLER} lines")
    return found


Rule = Callable[[Module], list[str]]
RULES: tuple[Rule, ...] = (
    layer_problems,
    foreign_problems,
    environment_problems,
    clock_problems,
    float_problems,
    name_problems,
    docstring_problems,
    handler_problems,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert [problem for module in read_house() for problem in rule(module)] == []


def test_the_whole_house_is_read() -> None:
    names = {module.name for module in read_house()}
    assert {
        "tieout.domain.planning.invoice",
        "tieout.ports",
        "tieout.services.push_invoices",
        "tieout.adapters.quickbooks.ledger",
        "tieout.runtime.config",
        "functions.invoice_push.app",
        "functions.sweep.app",
        "functions.webhook_intake.app",
    } <= names


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (layer_problems, "tieout/domain/money", "from tieout.ports import Clock"),
        (layer_problems, "tieout/domain/money", "def f():\n    import tieout.services.sweep"),
        (layer_problems, "tieout/ports", "from tieout.services import sweep"),
        (layer_problems, "tieout/services/sweep", "from tieout.adapters.clock import SystemClock"),
        (layer_problems, "tieout/services/sweep", "from tieout import runtime"),
        (layer_problems, "tieout/services/sweep", "from ..adapters import clock"),
        (layer_problems, "tieout/adapters/hubspot/crm", "from tieout.services import sweep"),
        (layer_problems, "tieout/adapters/hubspot/crm", "from tieout.adapters.quickbooks import query"),
        (layer_problems, "tieout/adapters/hubspot/crm", "from tieout.adapters import quickbooks"),
        (layer_problems, "tieout/adapters/hubspot/crm", "from ..quickbooks import query"),
        (layer_problems, "tieout/adapters/http", "from tieout.adapters.quickbooks import query"),
        (layer_problems, "tieout/services/sweep", "from tieout.console import web"),
        (layer_problems, "tieout/adapters/http", "from tieout.console import web"),
        (layer_problems, "tieout/console/site", "from tieout.adapters.clock import SystemClock"),
        (layer_problems, "tieout/console/pages/overview", "from tieout.runtime import config"),
        (foreign_problems, "tieout/console/site", "import boto3"),
        (foreign_problems, "tieout/console/pages/overview", "import httpx"),
        (foreign_problems, "tieout/services/sweep", "import jinja2"),
        (foreign_problems, "tieout/runtime/http", "from babel import Locale"),
        (layer_problems, "tieout/runtime/http", "from functions.sweep import app"),
        (layer_problems, "tieout/runtime/http", "import infra.local"),
        (layer_problems, "functions/sweep/app", "from tieout.services.sweep import Sweep"),
        (foreign_problems, "tieout/domain/money", "import httpx"),
        (foreign_problems, "tieout/domain/money", "from os import path"),
        (foreign_problems, "tieout/domain/money", "import random"),
        (foreign_problems, "tieout/domain/money", "import time"),
        (foreign_problems, "tieout/domain/money", "from uuid import uuid4"),
        (foreign_problems, "tieout/services/sweep", "import boto3"),
        (foreign_problems, "tieout/services/sweep", "from httpx import Client"),
        (foreign_problems, "functions/sweep/app", "import boto3"),
        (foreign_problems, "functions/sweep/app", "from aws_lambda_powertools import Logger"),
        (environment_problems, "tieout/runtime/http", "import os\nx = os.environ['A']"),
        (environment_problems, "tieout/adapters/clock", "from os import getenv"),
        (environment_problems, "tieout/adapters/clock", "import os as o\no.getenv('A')"),
        (clock_problems, "tieout/domain/dates", "x = datetime.now(UTC)"),
        (clock_problems, "tieout/services/sweep", "import datetime\nx = datetime.datetime.utcnow()"),
        (clock_problems, "tieout/services/sweep", "import time\ntime.time()"),
        (clock_problems, "tieout/services/sweep", "time.monotonic()"),
        (clock_problems, "tieout/services/sweep", "from time import monotonic"),
        (float_problems, "tieout/domain/money", "x = float('1')"),
        (float_problems, "tieout/domain/money", "x: float = y"),
        (float_problems, "tieout/domain/money", "x = 0.1"),
        (float_problems, "tieout/domain/errors", "amount: float = 1.0"),
        (float_problems, "tieout/adapters/quickbooks/wire", "x = float('1')"),
        (name_problems, "tieout/domain/utils", ""),
        (name_problems, "tieout/helpers/money", ""),
        (name_problems, "tieout/domain/money", "x = 1\n" * 401),
        (docstring_problems, "tieout/domain/money", "x = 1"),
        (handler_problems, "functions/sweep/app", "if x:\n    pass"),
        (handler_problems, "functions/sweep/app", "x = 1 if y else 2"),
        (handler_problems, "functions/sweep/app", "try:\n    x\nexcept E:\n    pass"),
        (handler_problems, "functions/sweep/app", "x = 1\n" * 41),
    ],
)
def test_a_source_that_breaks_the_rule_is_found(rule: Rule, path: str, source: str) -> None:
    assert rule(Module(tuple(path.split("/")), source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("tieout/domain/money", '"""M."""\nfrom datetime import UTC, datetime\nfrom tieout.domain.hint import Hint'),
        ("tieout/services/sweep", '"""S."""\nfrom tieout.ports import Clock\nclock.now()\nself.clock.sleep(1)'),
        ("tieout/adapters/hubspot/crm", '"""C."""\nimport httpx\nfrom tieout.adapters.hubspot.wire import Record'),
        ("tieout/adapters/hubspot/crm", '"""C."""\nfrom tieout.adapters.http import make_client\nfrom . import wire'),
        ("tieout/domain/errors", '"""E."""\nclass RateLimited:\n    retry_after: float = 60.0'),
        ("tieout/runtime/config", '"""C."""\nimport os\nx = os.environ'),
        ("tieout/adapters/clock", '"""C."""\nimport time\nx = datetime.now(UTC)\ntime.sleep(1)'),
        ("functions/sweep/app", '"""H."""\nfrom tieout.runtime.bootstrap.sweep import build\nhandler = build()'),
    ],
)  # fmt: skip
def test_a_source_that_keeps_the_rules_is_left_alone(path: str, source: str) -> None:
    module = Module(tuple(path.split("/")), source)
    assert [problem for rule in RULES for problem in rule(module)] == []
