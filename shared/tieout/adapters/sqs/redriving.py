"""The dead-letter queues in SQS: letters are hidden for a short while, so that what is interrupted comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.domain.hint import Hint
from tieout.ports.dead_letters import Letter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_SECONDS = 120
"""How long a letter that was received is nobody else's; a command that dies gives it back by that."""

_AT_ONCE = 10
# Long enough for SQS to ask all of its servers (AWS: long polling).
_WAIT_SECONDS = 2
_REASON = "reason"


class SqsDeadLetterQueues:
    """Fulfils `ports.dead_letters.DeadLetterQueues`. `urls` are, by name, a queue's URL and its dead-letter queue's."""

    def __init__(self, client: Callable[[], SQSClient], urls: Mapping[str, tuple[str, str]]) -> None:
        self._client = client
        self._urls = urls

    @property
    def names(self) -> Sequence[str]:
        """The queues."""
        return tuple(self._urls)

    def receive(self, queue: str) -> Sequence[Letter]:
        """Up to ten letters."""
        with answering("sqs", "receive_message", queue=queue):
            answer = self._client().receive_message(
                QueueUrl=self._urls[queue][1],
                MaxNumberOfMessages=_AT_ONCE,
                WaitTimeSeconds=_WAIT_SECONDS,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageAttributeNames=[_REASON],
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        return [_letter(queue, message) for message in answer.get("Messages", [])]

    def send_again(self, queue: str, hint: Hint) -> None:
        """Queue a hint where its letter came from."""
        with answering("sqs", "send_message", queue=queue):
            self._client().send_message(
                QueueUrl=self._urls[queue][0], MessageBody=hint.to_json(), MessageGroupId=hint.connection
            )

    def delete(self, letter: Letter) -> None:
        """Take a letter out for good; one that is gone is no error."""
        with answering("sqs", "delete_message", queue=letter.queue):
            self._client().delete_message(QueueUrl=self._urls[letter.queue][1], ReceiptHandle=letter.receipt)

    def put_back(self, letter: Letter) -> None:
        """Let others see it again at once."""
        with answering("sqs", "change_message_visibility", queue=letter.queue):
            self._client().change_message_visibility(
                QueueUrl=self._urls[letter.queue][1], ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )


def _letter(queue: str, message: MessageTypeDef) -> Letter:
    milliseconds = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    attributes = message.get("MessageAttributes", {})
    return Letter(
        queue,
        message["MessageId"],
        message["Body"],
        attributes[_REASON].get("StringValue", "") if _REASON in attributes else "",
        datetime.fromtimestamp(milliseconds / 1000, UTC),
        message["ReceiptHandle"],
    )
