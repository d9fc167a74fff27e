"""AWS in this process for tests: moto's services, with the table exactly as template.yaml defines it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import yaml
from botocore.config import Config
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
TABLE = "tieout-test"
_REGION = "eu-west-1"
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 1})
# What create_table takes; the rest of the resource's properties are set by other calls in AWS.
_CREATED_WITH = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, kept as their bare arguments."""


def _argument(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    match node:
        case yaml.ScalarNode():
            return loader.construct_scalar(node)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
    raise AssertionError(f"no such node: {node}")


_TemplateLoader.add_multi_constructor("!", _argument)


def table_properties() -> dict[str, Any]:
    """The properties of the one table in template.yaml."""
    with TEMPLATE.open(encoding="utf-8") as file:
        template = yaml.load(file, Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    properties: dict[str, Any] = template["Resources"]["Table"]["Properties"]
    return properties


@contextmanager
def aws() -> Iterator[None]:
    """Every client made inside talks to moto."""
    with mock_aws():
        yield


def dynamodb() -> DynamoDBClient:
    """A client; inside `aws()` only."""
    return boto3.client("dynamodb", region_name=_REGION, config=_CONFIG)


def sqs() -> SQSClient:
    """A client; inside `aws()` only."""
    return boto3.client("sqs", region_name=_REGION, config=_CONFIG)


def s3() -> S3Client:
    """A client; inside `aws()` only."""
    return boto3.client("s3", region_name=_REGION, config=_CONFIG)


def bucket(name: str) -> None:
    """An empty bucket."""
    s3().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def secrets_manager() -> SecretsManagerClient:
    """A client; inside `aws()` only."""
    return boto3.client("secretsmanager", region_name=_REGION, config=_CONFIG)


class _OneCallAtATime:
    """A client whose calls do not overlap: each is atomic in AWS, but moto's transactions are not among threads."""

    def __init__(self, client: object) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute

        def call(**arguments: Any) -> Any:
            with self._lock:
                return attribute(**arguments)

        return call


@contextmanager
def table() -> Iterator[DynamoDBClient]:
    """A client and the empty table `TABLE`."""
    with aws():
        client = dynamodb()
        properties = table_properties()
        client.create_table(TableName=TABLE, **{name: properties[name] for name in _CREATED_WITH})
        yield cast("DynamoDBClient", _OneCallAtATime(client))
