"""Puts messages that no retry can help straight into a dead-letter queue, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tieout.adapters.aws import answering

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
        """Keep `body` as it came, with `reason` as a message attribute. Raises StoreUnavailable when it was refused."""
        text = reason[:_LONGEST_REASON] or "malformed"
        with answering("sqs", "send_message", queue="dead letters"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                # SQS refuses an empty body.
                MessageBody=body or " ",
                MessageAttributes={_REASON: {"DataType": "String", "StringValue": text}},
            )
