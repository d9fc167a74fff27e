"""The clients of AWS's services, as every function configures them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from tieout.adapters.sqs.depths import CloudWatch

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=3, read_timeout=10)


class Aws:
    """Clients for the region and credentials of the environment, each built when it is first asked for.

    They are botocore's own: boto3 adds nothing to a client of these services, and its import takes as long as a client.
    """

    def __init__(self) -> None:
        self._session = botocore.session.get_session()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Records, connections, tokens, limits."""
        return cast("DynamoDBClient", self._session.create_client("dynamodb", config=_CONFIG))

    @cached_property
    def sqs(self) -> SQSClient:
        """Hints and dead letters."""
        return cast("SQSClient", self._session.create_client("sqs", config=_CONFIG))

    @cached_property
    def s3(self) -> S3Client:
        """Reports."""
        return cast("S3Client", self._session.create_client("s3", config=_CONFIG))

    @cached_property
    def cloudwatch(self) -> CloudWatch:
        """How old the oldest messages are."""
        return cast("CloudWatch", self._session.create_client("cloudwatch", config=_CONFIG))

    @cached_property
    def secrets_manager(self) -> SecretsManagerClient:
        """What people fill in."""
        return cast("SecretsManagerClient", self._session.create_client("secretsmanager", config=_CONFIG))
