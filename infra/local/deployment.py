"""Deploys template.yaml to the emulator as `sam deploy` would to AWS, and makes up for what the emulator leaves out."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from infra.local.artefacts import Artefact
from infra.local.emulator import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_NAME = "tieout"
BUCKET, TEMPLATE_KEY = "tieout-local-artefacts", "template.yaml"
DEPLOY_SECONDS = 120.0
WARM_UP_ATTEMPTS = 5
HAVE_BATCHES = frozenset({"sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"})


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
    """Creates the stack and gives its outputs; the bucket of `upload` has to be there. Raises DeploymentFailed."""
    # A request may carry no template of this size (CloudFormation: quotas); `sam deploy` goes by S3, too.
    aws.client("s3").put_object(Bucket=BUCKET, Key=TEMPLATE_KEY, Body=template.encode())
    cloudformation: CloudFormationClient = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=f"{aws.url}/{BUCKET}/{TEMPLATE_KEY}",
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
    _apply_time_to_live(aws, outputs["TableName"])
    _grant_batches(aws, cloudformation)
    return outputs


def warm_up(aws: Aws, invocations: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Runs functions with events that do nothing, two at a time, so that nobody meets a cold start.

    `invocations` are (function, event); one that comes twice in a row is warm for two requests at once. Raises
    DeploymentFailed when a function does not run.
    """

    def invoke(invocation: tuple[str, Mapping[str, Any]]) -> str | None:
        name, event = invocation
        text = ""
        for _ in range(WARM_UP_ATTEMPTS):
            answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
            text = answer["Payload"].read().decode()
            if "FunctionError" not in answer:
                return None
            # The emulator counts the start of a process towards the function's time; AWS does not.
            if "timed out" not in text:
                break
        return f"{name}: {text}"

    with ThreadPoolExecutor(2) as pool:
        problems = [problem for problem in pool.map(invoke, invocations) if problem]
    if problems:
        raise DeploymentFailed("\n".join(problems))


def _reasons(cloudformation: CloudFormationClient, status: str) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in reversed(events) if event.get("ResourceStatus", "").endswith("FAILED")]
    lines = [f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', '')}" for event in failed]
    return "\n".join([f"the stack is {status}", *lines])


def _apply_time_to_live(aws: Aws, table: str) -> None:
    """The emulator leaves the template's TimeToLiveSpecification out."""
    wanted = {"Enabled": True, "AttributeName": "expires_at"}
    aws.client("dynamodb").update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def _grant_batches(aws: Aws, cloudformation: CloudFormationClient) -> None:
    """In AWS the permission for one SQS message is the permission for a batch; the emulator wants it by name."""
    iam = aws.client("iam")
    for resource in cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]:
        if resource["ResourceType"] != "AWS::IAM::Role":
            continue
        role = resource["PhysicalResourceId"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                statement["Action"] = [*actions, *(f"{one}Batch" for one in actions if one in HAVE_BATCHES)]
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
