"""Dead letters are sent again first and deleted then, whatever dies in between; and the queue in SQS does the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.support import aws
from tests.support.memory import MemoryRecords, VirtualClock
from tests.support.memory_connecting import MemoryTrail
from tests.support.memory_letters import MemoryLetters
from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.adapters.sqs.redriving import SqsDeadLetterQueues
from tieout.domain.errors import StoreUnavailable
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.payment import Document
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import UnreadableRecord
from tieout.ports.dead_letters import DeadLetterQueues
from tieout.services.redrive import Fate, Redrive, Redriven

QUEUE = "invoice_push"


def hint(id_: str, object_: HintObject = HintObject.HUBSPOT_INVOICE) -> Hint:
    return Hint("acme", object_, id_, datetime(2026, 3, 2, tzinfo=UTC), Cause.WEBHOOK, f"trace-{id_}")


class Desk:
    """A person who redrives. The queues are in memory unless others are given."""

    def __init__(self, queues: DeadLetterQueues | None = None) -> None:
        clock = VirtualClock()
        self.letters = MemoryLetters()
        self.records = MemoryRecords()
        self.trail = MemoryTrail(self.records)
        self.service = Redrive(queues or self.letters, self.records, self.trail, clock)

    def run(self, *, dry_run: bool = False) -> list[Redriven]:
        return list(self.service.run([QUEUE], "Ada", "cli-1", dry_run=dry_run))

    @property
    def sent(self) -> list[str]:
        return [one.id for _, one in self.letters.sent]


def test_every_letter_is_sent_where_it_came_from_and_then_gone() -> None:
    desk = Desk()
    for number in range(5):
        desk.letters.bury(QUEUE, hint(str(number)).to_json())
    assert [one.fate for one in desk.run()] == [Fate.SENT] * 5
    assert desk.letters.sent == [(QUEUE, hint(str(number))) for number in range(5)]
    assert desk.letters.left() == []
    assert [(line.actor, line.action) for line in desk.trail.own] == [("Ada", "sent dead letter again")] * 5
    assert desk.trail.own[0].facts["hint_trace_id"] == "trace-0"


def test_a_dry_run_sends_and_deletes_nothing_and_hides_nothing() -> None:
    desk = Desk()
    desk.letters.bury(QUEUE, hint("1").to_json())
    assert [one.fate for one in desk.run(dry_run=True)] == [Fate.WOULD_BE_SENT]
    assert desk.letters.sent == []
    assert [one.fate for one in desk.run()] == [Fate.SENT]


def test_what_is_no_hint_stays_and_is_told_with_its_reason() -> None:
    desk = Desk()
    desk.letters.bury(QUEUE, "rubbish", "not a hint")
    desk.letters.bury(QUEUE, hint("1").to_json())
    found = desk.run()
    assert [(one.fate, one.letter.reason) for one in found] == [(Fate.NOT_A_HINT, "not a hint"), (Fate.SENT, "")]
    assert desk.letters.left() == ["rubbish"]
    # It is visible again at once, and does not keep the command from ending.
    assert [one.fate for one in desk.run()] == [Fate.NOT_A_HINT]


def test_after_a_crash_between_sending_and_deleting_the_hint_comes_twice_and_nothing_is_lost() -> None:
    desk = Desk()
    for number in range(3):
        desk.letters.bury(QUEUE, hint(str(number)).to_json())
    desk.letters.dies = "delete"
    with pytest.raises(StoreUnavailable):
        desk.run()
    assert len(desk.letters.left()) == 3
    assert len(desk.run()) == 3
    assert sorted(desk.sent) == ["0", "0", "1", "2"]


def test_a_hint_that_was_not_taken_is_not_deleted() -> None:
    desk = Desk()
    desk.letters.bury(QUEUE, hint("1").to_json())
    desk.letters.dies = "send_again"
    with pytest.raises(StoreUnavailable):
        desk.run()
    assert len(desk.letters.left()) == 1
    assert desk.sent == []
    assert [one.fate for one in desk.run()] == [Fate.SENT]


def test_a_record_that_cannot_be_read_stops_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    for number in range(3):
        desk.letters.bury(QUEUE, hint(str(number)).to_json())

    def unreadable(*_: object) -> None:
        raise UnreadableRecord(RecordKey("acme", Kind.INVOICE, "hubspot", "1"))

    monkeypatch.setattr(desk.records, "get", unreadable)
    assert [one.fate for one in desk.run()] == [Fate.SENT] * 3
    assert desk.letters.left() == []


def test_a_letter_that_cannot_be_given_back_comes_back_by_itself() -> None:
    desk = Desk()
    desk.letters.bury(QUEUE, "rubbish")
    desk.letters.dies = "put_back"
    desk.run()
    assert desk.run() == []
    desk.letters.time_passes()
    assert len(desk.run()) == 1


def test_two_who_redrive_at_once_share_the_letters() -> None:
    desk = Desk()
    for number in range(4):
        desk.letters.bury(QUEUE, hint(str(number)).to_json())
    one, other = (desk.service.run([QUEUE], name, "t") for name in ("Ada", "Bo"))
    next(one)
    assert len(list(other)) == 2
    assert len(list(one)) == 1
    assert sorted(desk.sent) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("object_", "id_", "key"),
    [
        (HintObject.HUBSPOT_INVOICE, "1", RecordKey("acme", Kind.INVOICE, "hubspot", "1")),
        (HintObject.HUBSPOT_PAYMENT, "2", RecordKey("acme", Kind.PAYMENT, "hubspot", "2")),
        (HintObject.QUICKBOOKS_PAYMENT, "3", RecordKey("acme", Kind.PAYMENT, "quickbooks", "3")),
        (HintObject.QUICKBOOKS_REFUND_RECEIPT, "4", RecordKey("acme", Kind.REFUND, "quickbooks", "4")),
        (HintObject.QUICKBOOKS_OWN_INVOICE, "5", RecordKey("acme", Kind.INVOICE, "quickbooks", "5")),
        (HintObject.QUICKBOOKS_INVOICE, "90", RecordKey("acme", Kind.INVOICE, "hubspot", "1")),
        (HintObject.MIRRORED_INVOICE, "91", RecordKey("acme", Kind.INVOICE, "quickbooks", "5")),
    ],
)
def test_the_record_that_a_letter_is_about_is_found(object_: HintObject, id_: str, key: RecordKey) -> None:
    desk = Desk()
    link = Link({"1": "90", "5": "91"}[key.origin_id]) if key.origin_id in ("1", "5") else None
    desk.records.put(SyncRecord(key=key, state=State.WAITING, reason="internal_error", link=link))
    desk.letters.bury(QUEUE, hint(id_, object_).to_json())
    [found] = desk.run(dry_run=True)
    assert found.record is not None
    assert found.record.key == key


def test_a_letter_about_a_document_of_a_payment_is_found_by_it() -> None:
    desk = Desk()
    desk.letters.bury(QUEUE, hint(f"{Document.PAYMENT.holder_kind}:9", HintObject.POSTED_DOCUMENT).to_json())
    [found] = desk.run(dry_run=True)
    assert (found.record, found.fate) == (None, Fate.WOULD_BE_SENT)


def test_in_sqs_letters_are_received_hidden_sent_again_and_deleted() -> None:
    with aws.aws():
        client = aws.sqs()
        push, dead = (client.create_queue(QueueName=name)["QueueUrl"] for name in ("push", "dead"))
        queues = SqsDeadLetterQueues(lambda: client, {QUEUE: (push, dead)})
        desk = Desk(queues)
        for number in range(12):
            client.send_message(QueueUrl=dead, MessageBody=hint(str(number)).to_json())
        DeadLetters(client, dead).bury("rubbish", "not a hint")
        assert len(desk.run(dry_run=True)) == 13
        found = desk.run()
        assert sum(one.fate is Fate.SENT for one in found) == 12
        [stays] = [one for one in found if one.fate is Fate.NOT_A_HINT]
        assert (stays.letter.body, stays.letter.reason) == ("rubbish", "not a hint")
        assert stays.letter.sent_at.tzinfo is UTC
        received: list[str] = []
        while messages := client.receive_message(QueueUrl=push, MaxNumberOfMessages=10).get("Messages"):
            received += [json.loads(one["Body"])["id"] for one in messages]
        assert sorted(received, key=int) == [str(number) for number in range(12)]
        [left] = client.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
        assert left["Body"] == "rubbish"
