"""Sends hints to SQS in batches, and does not rest until every one was accepted or the caller is told."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.domain.errors import StoreUnavailable
from tieout.domain.hint import Hint, HintObject
from tieout.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, SendMessageBatchRequestEntryTypeDef

_ENTRIES_A_BATCH = 10
_LONGEST_DELAY = 900
_ATTEMPTS = 4
_BACK_OFF = 0.1


class SqsHints:
    """Fulfils `ports.Hints`. `queue_urls` says where hints about an object go; `clock` only waits between attempts."""

    def __init__(self, client: SQSClient, queue_urls: Mapping[HintObject, str], clock: Clock) -> None:
        self._client = client
        self._queue_urls = queue_urls
        self._clock = clock

    def send(self, hints: Sequence[Hint], delay: float = 0) -> None:
        """Queue all of them, after `delay` seconds (at most 900, rounded up to whole ones).

        Raises StoreUnavailable unless every one was accepted; some may have been, and a hint may always come twice.
        """
        if not 0 <= delay <= _LONGEST_DELAY:
            raise ValueError(f"a delay is between 0 and {_LONGEST_DELAY} seconds, not {delay}")
        by_queue: dict[str, list[Hint]] = defaultdict(list)
        for hint in hints:
            by_queue[self._queue_urls[hint.object]].append(hint)
        for url, queued in by_queue.items():
            for start in range(0, len(queued), _ENTRIES_A_BATCH):
                self._send_batch(url, queued[start : start + _ENTRIES_A_BATCH], math.ceil(delay))

    def _send_batch(self, url: str, hints: Sequence[Hint], delay: int) -> None:
        left: dict[str, SendMessageBatchRequestEntryTypeDef] = {
            str(number): {
                "Id": str(number),
                "MessageBody": hint.to_json(),
                # On a standard queue this asks for fairness: one connection's crowd does not delay the others.
                "MessageGroupId": hint.connection,
                "DelaySeconds": delay,
            }
            for number, hint in enumerate(hints)
        }
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._clock.sleep(_BACK_OFF * (1 << attempt))
            failed = self._try_batch(url, list(left.values()))
            if not failed:
                return
            left = {entry["Id"]: left[entry["Id"]] for entry in failed}
        raise StoreUnavailable(
            context={"system": "sqs", "queue": _name(url), "refused": str(len(failed)), "says": failed[0]["Code"]}
        )

    def _try_batch(
        self, url: str, entries: Sequence[SendMessageBatchRequestEntryTypeDef]
    ) -> Sequence[BatchResultErrorEntryTypeDef]:
        # The SDK has already repeated what is worth repeating.
        with answering("sqs", "send_message_batch", queue=_name(url)):
            return self._client.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])


def _name(url: str) -> str:
    return url.rsplit("/", 1)[-1]
