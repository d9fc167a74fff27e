"""Puts messages that no retry can help straight into a dead-letter queue, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tieout.domain.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_REASON = 256
_REASON = "reason"


class DeadLetters:
    """The dead-letter queue at `queue_url`."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def bury(self, body: str, reason: str) -> None:
        """Keep `body` as it came, with `reason` as a message attribute. Raises Transient when it was not accepted."""
        text = reason[:_LONGEST_REASON] or "malformed"
        try:
            self._client.send_message(
                QueueUrl=self._queue_url,
                # SQS refuses an empty body.
                MessageBody=body or " ",
                MessageAttributes={_REASON: {"DataType": "String", "StringValue": text}},
            )
        except ClientError as error:
            raise Transient(context={"queue": "dead letters", "code": error.response["Error"]["Code"]}) from error
        except BotoCoreError as error:
            raise Transient(context={"queue": "dead letters", "code": type(error).__name__}) from error
