"""What is built from the template's folders, for AWS and for this machine, and how it gets into the template."""

import ast
import difflib
import re
from pathlib import Path

import pytest

from infra.local.artefacts import Artefact, code_folders
from infra.local.deployment import packaged
from infra.local.paths import ROOT, TEMPLATE
from infra.local.tools import run, uv
from tests.template.stack_template import FUNCTION, of_type, template

MAKEFILE = (ROOT / "shared" / "Makefile").read_text()
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))


def test_the_layer_installs_what_the_lock_file_says() -> None:
    command = [uv(), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-annotate", "--no-header"]
    assert (ROOT / "shared" / "requirements.txt").read_text() == run(command), "run `make requirements`"


def test_the_layer_is_compiled_by_the_templates_runtime() -> None:
    runtime = template()["Globals"]["Function"]["Runtime"]
    assert f"\nPYTHON ?= {runtime}\n" in MAKEFILE
    assert f"\nRUNTIME ?= {runtime}\n" in (ROOT / "Makefile").read_text()


def test_the_layer_knows_the_aws_services_that_the_code_calls() -> None:
    called = set()
    for source in (ROOT / "shared" / "tieout").rglob("*.py"):
        called |= set(re.findall(r"create_client\(\s*\"(\w+)\"", source.read_text()))
    [kept] = re.findall(r"^AWS_SERVICES = (.*)$", MAKEFILE, re.MULTILINE)
    assert called == set(kept.split())


def test_every_function_and_layer_has_a_folder_of_code_and_the_shared_recipe() -> None:
    folders = {name: one["CodeUri"] for name, one in of_type(FUNCTION).items()}
    assert code_folders(TEMPLATE.read_text()) == {**folders, "SharedLayer": "shared/"}
    for name, folder in folders.items():
        assert (ROOT / folder / "app.py").is_file(), name
        assert template()["Resources"][name]["Metadata"] == {"BuildMethod": "makefile", "ContextPath": "shared"}
    assert {path.parent for path in HANDLERS} == {(ROOT / folder) for folder in folders.values()}


def test_the_local_stack_deploys_the_template_with_no_change_but_the_places_of_code() -> None:
    text = TEMPLATE.read_text()
    artefacts = [Artefact(name, folder, Path(f"{name}.zip")) for name, folder in code_folders(text).items()]
    lines = difflib.ndiff(text.splitlines(), packaged(text, artefacts).splitlines())
    changed = [line for line in lines if line.startswith(("+", "-"))]
    assert len(changed) == 2 * len(artefacts)
    assert all("CodeUri:" in line or "ContentUri:" in line for line in changed)


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_is_short_and_decides_nothing(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 40
    assert ast.get_docstring(tree)
    deciding = (ast.If, ast.IfExp, ast.Try, ast.TryStar, ast.For, ast.While, ast.Match, ast.BoolOp)
    assert [node for node in ast.walk(tree) if isinstance(node, deciding)] == []
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert "handler" in names
