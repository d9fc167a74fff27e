"""Deploys template.yaml to the emulator as `sam deploy` would to AWS, and makes up for what the emulator leaves out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from infra.local.artefacts import Artefact
from infra.local.emulator import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_NAME = "tieout"
BUCKET = "tieout-local-artefacts"
DEPLOY_SECONDS = 120.0


class DeploymentFailed(Exception):
    """The stack was not created; the message names the resources and their reasons."""


@dataclass(frozen=True)
class Aws:
    """Clients of the emulator at `url`."""

    url: str

    def client(self, service: str) -> Any:
        """A client; typed where it is used."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"mode": "standard", "max_attempts": 2}, s3={"addressing_style": "path"}),
        )


def packaged(template: str, artefacts: Sequence[Artefact]) -> str:
    """The template with the folders of code replaced by the uploaded zips, as by `sam package`; no other change."""
    for one in artefacts:
        for key in ("CodeUri", "ContentUri"):
            template = template.replace(f"{key}: {one.folder}\n", f"{key}: s3://{BUCKET}/{one.zip.name}\n")
    return template


def upload(aws: Aws, artefacts: Sequence[Artefact]) -> None:
    """Puts the zips into the emulator's S3."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for one in artefacts:
        s3.put_object(Bucket=BUCKET, Key=one.zip.name, Body=one.zip.read_bytes())


def deploy(aws: Aws, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Creates the stack and gives its outputs. Raises DeploymentFailed."""
    cloudformation: CloudFormationClient = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        [stack] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            break
        if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
            raise DeploymentFailed(_reasons(cloudformation, stack["StackStatus"]))
        time.sleep(0.1)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    # The emulator does not apply the template's TimeToLiveSpecification.
    aws.client("dynamodb").update_time_to_live(
        TableName=outputs["TableName"], TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    return outputs


def _reasons(cloudformation: CloudFormationClient, status: str) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in reversed(events) if event.get("ResourceStatus", "").endswith("FAILED")]
    lines = [f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', '')}" for event in failed]
    return "\n".join([f"the stack is {status}", *lines])
