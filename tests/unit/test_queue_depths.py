"""How many messages wait, how old the oldest is, and what happens when CloudWatch does not tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import aws
from tests.support.memory import VirtualClock
from tieout.adapters.sqs.depths import QueuePair, SqsDepths
from tieout.domain.errors import StoreUnavailable
from tieout.ports.queues import QueueDepth
from tieout.services.watching import lag


@dataclass
class Told:
    """A CloudWatch that tells these ages, by name of the queue, or fails."""

    ages: Mapping[str, float] = field(default_factory=dict)
    error: Exception | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return {
            "MetricDataResults": [
                {"Id": one["Id"], "Values": [self.ages[name]] if name in self.ages else []}
                for one in request["MetricDataQueries"]
                for name in [one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]]
            ]
        }


@pytest.fixture
def pairs() -> Iterator[dict[str, QueuePair]]:
    with aws.aws():
        client = aws.sqs()
        yield {
            name: QueuePair(
                client.create_queue(QueueName=name)["QueueUrl"],
                client.create_queue(QueueName=f"{name}-dlq")["QueueUrl"],
            )
            for name in ("push", "pull")
        }


def depths(pairs: Mapping[str, QueuePair], told: Told) -> Mapping[str, QueueDepth]:
    found = SqsDepths(aws.sqs(), lambda: told, pairs, VirtualClock()).depths()
    return {one.worker: one for one in found}


def test_waiting_messages_those_in_a_workers_hands_and_those_set_aside(pairs: dict[str, QueuePair]) -> None:
    client = aws.sqs()
    for _ in range(3):
        client.send_message(QueueUrl=pairs["push"].queue, MessageBody="m")
    client.send_message(QueueUrl=pairs["push"].dead_letters, MessageBody="d")
    client.receive_message(QueueUrl=pairs["push"].queue)
    told = Told({"push": 90.0})
    found = depths(pairs, told)
    assert found["push"] == QueueDepth("push", 3, 1, timedelta(seconds=90))
    assert found["pull"] == QueueDepth("pull", 0, 0, timedelta())
    assert lag(list(found.values())) == timedelta(seconds=90)
    [asked] = told.asked
    assert len(asked["MetricDataQueries"]) == 1, "of an empty queue nothing is asked"


def test_empty_queues_cost_no_metric(pairs: dict[str, QueuePair]) -> None:
    told = Told()
    assert lag(list(depths(pairs, told).values())) == timedelta()
    assert told.asked == []


@pytest.mark.parametrize("error", [None, ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData")])
def test_an_age_that_is_not_told_is_unknown(pairs: dict[str, QueuePair], error: Exception | None) -> None:
    aws.sqs().send_message(QueueUrl=pairs["pull"].queue, MessageBody="m")
    found = depths(pairs, Told(error=error))
    assert found["pull"] == QueueDepth("pull", 1, 0, None)
    assert lag(list(found.values())) is None


def test_a_queue_that_cannot_be_asked_is_the_stores_failure(pairs: dict[str, QueuePair]) -> None:
    gone = {**pairs, "lost": QueuePair("https://sqs.eu-west-1.amazonaws.com/1/none", pairs["push"].dead_letters)}
    with pytest.raises(StoreUnavailable):
        depths(gone, Told())
