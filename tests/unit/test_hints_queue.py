"""Hints on their way into SQS, and what is buried in a dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber

from tests.support import aws
from tests.support.memory import MemoryHints, VirtualClock
from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.adapters.sqs.hints import SqsHints
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause, Hint, HintObject

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def hint(id_: str, object_: HintObject = HintObject.HUBSPOT_INVOICE, connection: str = "acme") -> Hint:
    return Hint(connection, object_, id_, datetime(2026, 3, 2, tzinfo=UTC), Cause.WEBHOOK, f"trace-{id_}")


@dataclass
class Queues:
    client: SQSClient
    push: str
    pull: str
    clock: VirtualClock

    @property
    def hints(self) -> SqsHints:
        urls = {HintObject.HUBSPOT_INVOICE: self.push, HintObject.QUICKBOOKS_INVOICE: self.pull}
        return SqsHints(self.client, urls, self.clock)

    def received(self, url: str) -> Sequence[MessageTypeDef]:
        messages: list[MessageTypeDef] = []
        while batch := self.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
        return messages


@pytest.fixture
def queues() -> Iterator[Queues]:
    with aws.aws():
        client = aws.sqs()
        push, pull = (client.create_queue(QueueName=name)["QueueUrl"] for name in ("push", "pull"))
        yield Queues(client, push, pull, VirtualClock())


def test_more_hints_than_a_batch_holds_all_arrive_as_they_were(queues: Queues) -> None:
    sent = [hint(str(number)) for number in range(23)]

    queues.hints.send(sent)

    arrived = [Hint.from_json(message["Body"]) for message in queues.received(queues.push)]
    assert sorted(arrived, key=lambda one: int(one.id)) == sent


def test_hints_go_to_the_queue_of_their_object(queues: Queues) -> None:
    queues.hints.send([hint("1"), hint("2", HintObject.QUICKBOOKS_INVOICE), hint("3")])

    assert {Hint.from_json(message["Body"]).id for message in queues.received(queues.push)} == {"1", "3"}
    assert {Hint.from_json(message["Body"]).id for message in queues.received(queues.pull)} == {"2"}


def test_a_connection_is_a_group_so_that_none_starves_another(queues: Queues) -> None:
    queues.hints.send([hint("1"), hint("2", connection="other")])

    groups = {message["Attributes"]["MessageGroupId"] for message in queues.received(queues.push)}
    assert groups == {"acme", "other"}


def test_no_hints_are_no_call(queues: Queues) -> None:
    with Stubber(queues.client):
        queues.hints.send([])


def test_a_delay_is_rounded_up_to_whole_seconds(queues: Queues) -> None:
    with Stubber(queues.client) as stub:
        stub.add_response(
            "send_message_batch",
            {"Successful": [], "Failed": []},
            {
                "QueueUrl": queues.push,
                "Entries": [{"Id": "0", "MessageBody": ANY, "MessageGroupId": "acme", "DelaySeconds": 3}],
            },
        )
        queues.hints.send([hint("1")], delay=2.1)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("delay", [-1, 900.5])
def test_a_delay_that_no_queue_can_keep_is_refused_by_both_queues(queues: Queues, delay: float) -> None:
    for hints in (queues.hints, MemoryHints(queues.clock)):
        with pytest.raises(ValueError, match="900"):
            hints.send([hint("1")], delay)


def _failure(id_: str) -> dict[str, object]:
    return {"Id": id_, "SenderFault": False, "Code": "InternalError", "Message": "try again"}


def _entry(number: int) -> dict[str, object]:
    return {
        "Id": str(number),
        "MessageBody": hint(str(number)).to_json(),
        "MessageGroupId": "acme",
        "DelaySeconds": 0,
    }


def test_only_the_entries_that_failed_are_sent_again(queues: Queues) -> None:
    with Stubber(queues.client) as stub:
        for entries, failed in (((0, 1, 2), ("0", "2")), ((0, 2), ("2",)), ((2,), ())):
            stub.add_response(
                "send_message_batch",
                {"Successful": [], "Failed": [_failure(id_) for id_ in failed]},
                {"QueueUrl": queues.push, "Entries": [_entry(number) for number in entries]},
            )
        queues.hints.send([hint("0"), hint("1"), hint("2")])
        stub.assert_no_pending_responses()


def test_an_entry_that_keeps_failing_is_reported(queues: Queues) -> None:
    with Stubber(queues.client) as stub:
        for _ in range(4):
            stub.add_response("send_message_batch", {"Successful": [], "Failed": [_failure("1")]})
        with pytest.raises(Transient) as refused:
            queues.hints.send([hint("0"), hint("1")])
        stub.assert_no_pending_responses()

    assert refused.value.context == {"system": "sqs", "queue": "push", "refused": "1", "says": "InternalError"}


def test_a_queue_that_cannot_be_reached_is_reported(queues: Queues) -> None:
    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    queues.client.meta.events.register("before-send.sqs.SendMessageBatch", unreachable)
    with pytest.raises(Transient) as refused:
        queues.hints.send([hint("1")])
    told = {"system": "sqs", "operation": "send_message_batch", "queue": "push", "says": "EndpointConnectionError"}
    assert refused.value.context == told


def test_a_queue_that_does_not_exist_is_reported(queues: Queues) -> None:
    queues.client.delete_queue(QueueUrl=queues.push)
    with pytest.raises(Transient, match="NonExistentQueue"):
        queues.hints.send([hint("1")])


def test_a_malformed_message_is_buried_as_it_came_with_its_reason(queues: Queues) -> None:
    DeadLetters(queues.client, queues.pull).bury('{"broken', "not a hint: JSONDecodeError")
    DeadLetters(queues.client, queues.pull).bury("", "")

    buried = {
        message["Body"]: message["MessageAttributes"]["reason"]["StringValue"]
        for message in queues.received(queues.pull)
    }
    assert buried == {'{"broken': "not a hint: JSONDecodeError", " ": "malformed"}


def test_what_cannot_be_buried_is_reported(queues: Queues) -> None:
    with pytest.raises(Transient):
        DeadLetters(queues.client, queues.pull + "-gone").bury("x", "y")


def test_the_queue_in_memory_holds_hints_back_until_they_are_due() -> None:
    clock = VirtualClock()
    hints = MemoryHints(clock)
    hints.send([hint("1"), hint("2")], delay=10)
    hints.send([hint("3")])

    assert hints.pop_due() == [hint("3")]
    clock.advance(10)
    assert hints.pop_due(limit=1) == [hint("1")]
    assert hints.queued == [hint("2")]


def test_the_queue_in_memory_can_refuse() -> None:
    hints = MemoryHints(VirtualClock())
    hints.refuse_next()
    with pytest.raises(Transient):
        hints.send([hint("1")])
    hints.send([hint("1")])

    assert len(hints) == 1
