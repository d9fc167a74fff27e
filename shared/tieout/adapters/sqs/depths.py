"""How many messages wait in the queues, from SQS, and how old the oldest is, which only CloudWatch tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tieout.adapters.aws import answering
from tieout.domain.errors import StoreUnavailable
from tieout.ports import Clock
from tieout.ports.queues import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_log = logging.getLogger(__name__)
_VISIBLE: QueueAttributeNameType = "ApproximateNumberOfMessages"
_HIDDEN: QueueAttributeNameType = "ApproximateNumberOfMessagesNotVisible"
_AGE = "ApproximateAgeOfOldestMessage"
# SQS reports once a minute, and a minute or two late (AWS: CloudWatch metrics for SQS).
_BACK, _PERIOD = timedelta(minutes=5), 60


class CloudWatch(Protocol):
    """What is used of CloudWatch's client."""

    def get_metric_data(self, **request: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class QueuePair:
    """The URLs of a worker's queue and of its dead-letter queue."""

    queue: str
    dead_letters: str


class SqsDepths:
    """Fulfils `ports.queues.Queues`. `pairs` are by worker; `cloudwatch` gives its client when first asked for."""

    def __init__(
        self,
        client: SQSClient,
        cloudwatch: Callable[[], CloudWatch],
        pairs: Mapping[str, QueuePair],
        clock: Clock,
    ) -> None:
        self._client = client
        self._cloudwatch = cloudwatch
        self._pairs = pairs
        self._clock = clock

    def depths(self) -> Sequence[QueueDepth]:
        """Two calls a worker, and one of CloudWatch while anything waits; what that does not tell stays untold."""
        with answering("sqs", "get_queue_attributes"):
            counted = {
                worker: (self._number(pair.queue, _VISIBLE, _HIDDEN), self._number(pair.dead_letters, _VISIBLE))
                for worker, pair in self._pairs.items()
            }
        busy = [worker for worker, (waiting, _) in counted.items() if waiting]
        ages = self._ages(busy) if busy else {}
        return [
            QueueDepth(worker, waiting, dead, ages.get(worker) if waiting else timedelta())
            for worker, (waiting, dead) in counted.items()
        ]

    def _number(self, url: str, *names: QueueAttributeNameType) -> int:
        # By name: a hint that waits for its time ("Delayed") is no sign of a lag.
        attributes = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes.get(name, "0")) for name in names)

    def _ages(self, workers: Sequence[str]) -> dict[str, timedelta]:
        now = self._clock.now()
        queries = [
            {
                "Id": f"q{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": _AGE,
                        "Dimensions": [{"Name": "QueueName", "Value": self._pairs[worker].queue.rpartition("/")[2]}],
                    },
                    "Period": _PERIOD,
                    "Stat": "Maximum",
                },
            }
            for number, worker in enumerate(workers)
        ]
        try:
            with answering("cloudwatch", "get_metric_data", mistakes=True):
                answer = self._cloudwatch().get_metric_data(
                    MetricDataQueries=queries, StartTime=now - _BACK, EndTime=now, ScanBy="TimestampDescending"
                )
        except StoreUnavailable as error:
            _log.warning("age of the queues unknown", extra=dict(error.context))
            return {}
        told = {one["Id"]: one["Values"][0] for one in answer["MetricDataResults"] if one.get("Values")}
        found = {worker: told.get(f"q{number}") for number, worker in enumerate(workers)}
        return {worker: timedelta(seconds=int(age)) for worker, age in found.items() if age is not None}
