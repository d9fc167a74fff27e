"""What outlives the stack can be attached to a new one: the template for it is the stack's own, cut to what is kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.aws.kept import KEPT, kept_template, main, to_import
from infra.local.paths import TEMPLATE
from tests.template.stack_template import loaded, mentioned, template

NAMES = ["--table", "tieout-Table-1A2B", "--key", "1234abcd-12ab-34cd-56ef-1234567890ab", "--bucket", "tieout-reports"]


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """The template for the import, as data."""
    return loaded(kept_template(TEMPLATE.read_text()))


def test_exactly_what_outlives_the_stack_is_attached(kept: dict[str, Any]) -> None:
    outlive = {name for name, one in template()["Resources"].items() if one.get("DeletionPolicy") == "Retain"}
    assert set(kept["Resources"]) == outlive == set(KEPT)


def test_what_is_attached_stands_there_as_in_the_stacks_template(kept: dict[str, Any]) -> None:
    for name in KEPT:
        assert kept["Resources"][name] == template()["Resources"][name]
    for name, parameter in kept["Parameters"].items():
        assert parameter == template()["Parameters"][name]


def test_it_names_nothing_that_is_not_in_it(kept: dict[str, Any]) -> None:
    named = {name for name in mentioned(kept["Resources"]) if not name.startswith("AWS::")}
    assert named <= set(kept["Resources"]) | set(kept["Parameters"])
    assert set(kept["Parameters"]) <= named


def test_everything_that_is_attached_is_kept_again(kept: dict[str, Any]) -> None:
    # CloudFormation imports nothing without it.
    assert {one["DeletionPolicy"] for one in kept["Resources"].values()} == {"Retain"}


def test_cloudformation_is_told_what_each_is() -> None:
    told = to_import({"Table": "t", "TableKey": "k", "ReportBucket": "b"})
    assert {(one["LogicalResourceId"], one["ResourceType"]) for one in told} == {
        (name, template()["Resources"][name]["Type"]) for name in KEPT
    }
    assert [one["ResourceIdentifier"] for one in told] == [{"TableName": "t"}, {"KeyId": "k"}, {"BucketName": "b"}]


def test_the_command_writes_what_the_import_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(NAMES, tmp_path) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "kept.yaml"), str(tmp_path / "kept.json")]
    [table, _, _] = json.loads((tmp_path / "kept.json").read_text())
    assert table["ResourceIdentifier"] == {"TableName": "tieout-Table-1A2B"}
    lint = [str(Path(sys.executable).with_name("cfn-lint")), str(tmp_path / "kept.yaml")]
    answer = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "")


def test_a_template_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no Table"):
        kept_template(TEMPLATE.read_text().replace("\n  Table:\n", "\n  Other:\n"))
    with pytest.raises(ValueError, match="has no Resources"):
        kept_template(yaml.safe_dump({"Parameters": {}}))
