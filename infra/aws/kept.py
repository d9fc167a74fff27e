"""What stays when the stack is removed, as a template of just that: CloudFormation attaches it by an import.

`python -m infra.aws.kept --table NAME --key ID --bucket NAME` writes `kept.yaml` and `kept.json` into `.aws-sam`, which
are the two arguments of an import (docs/deployment.md).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.paths import ROOT, TEMPLATE

FOLDER = ROOT / ".aws-sam"
# Resource in the template -> its type, and what CloudFormation recognises one by (resource import).
KEPT: Mapping[str, tuple[str, str]] = {
    "Table": ("AWS::DynamoDB::Table", "TableName"),
    "TableKey": ("AWS::KMS::Key", "KeyId"),
    "ReportBucket": ("AWS::S3::Bucket", "BucketName"),
}
_HEAD = """AWSTemplateFormatVersion: "2010-09-09"
Description: What a removed stack of Tieout left, to be attached to a new one.
"""


def kept_template(template: str) -> str:
    """The resources of the stack that outlive it, as they stand in its template, with the parameters they name."""
    resources = {name: _block(template, "Resources", name) for name in KEPT}
    text = "".join(resources.values())
    named = [name for name in _names(template, "Parameters") if re.search(rf"!Ref {name}\b", text)]
    parameters = "".join(_block(template, "Parameters", name) for name in named)
    return f"{_HEAD}\nParameters:\n{parameters}\nResources:\n{text}"


def to_import(identifiers: Mapping[str, str]) -> list[dict[str, object]]:
    """What CloudFormation has to be told of each; `identifiers` by name of the resource."""
    return [
        {
            "ResourceType": kind,
            "LogicalResourceId": name,
            "ResourceIdentifier": {identifier: identifiers[name]},
        }
        for name, (kind, identifier) in KEPT.items()
    ]


def _chapter(template: str, heading: str) -> str:
    found = re.search(rf"^{heading}:\n((?:[ #].*\n|\n)*)", template, re.MULTILINE)
    if found is None:
        raise ValueError(f"the template has no {heading}")
    return found[1]


def _names(template: str, heading: str) -> list[str]:
    return re.findall(r"^  (\w+):$", _chapter(template, heading), re.MULTILINE)


def _block(template: str, heading: str, name: str) -> str:
    """One entry of a chapter, without the comments before the next."""
    found = re.search(rf"^  {name}:\n(?:    .*\n|\n(?=    ))*", _chapter(template, heading), re.MULTILINE)
    if found is None:
        raise ValueError(f"the template has no {name}")
    return found[0]


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m infra.aws.kept", description=__doc__)
    parser.add_argument("--table", required=True, help="name of the DynamoDB table")
    parser.add_argument("--key", required=True, help="id of the KMS key, without what stands before it in its ARN")
    parser.add_argument("--bucket", required=True, help="name of the bucket of reports")
    given = parser.parse_args(arguments)
    folder.mkdir(exist_ok=True)
    template, resources = folder / "kept.yaml", folder / "kept.json"
    template.write_text(kept_template(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
    identifiers = {"Table": given.table, "TableKey": given.key, "ReportBucket": given.bucket}
    resources.write_text(json.dumps(to_import(identifiers), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{template}\n{resources}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
